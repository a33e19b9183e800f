//! What each campaign is doing right now, for whoever wants to show it: the demo, the control socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use paced_core::reading::Setting;

/// The latest about one campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The setting in force.
    pub setting: Setting,
    /// Busy agents / signed-in agents.
    pub utilization: Option<f64>,
    /// Abandonment rate in the guard's window.
    pub abandonment: Option<f64>,
    /// Live answers in the guard's window.
    pub answers: u32,
    /// Circuit breaker, as one word.
    pub breaker: &'static str,
    /// The policy's name.
    pub policy: String,
    /// The first digits of its revision.
    pub revision: String,
    /// What the guard did last.
    pub reasons: String,
    /// Decisions taken since the start.
    pub decisions: u64,
    /// Ticks at which nothing was decided because the cycle before was still under way.
    pub missed_ticks: u64,
}

/// The latest about every campaign. Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, Status>>>);

impl Board {
    /// Shows `status` for `campaign`.
    pub fn show(&self, campaign: &str, status: Status) {
        self.lock().insert(campaign.to_owned(), status);
    }

    /// A copy of everything shown, by campaign.
    #[must_use]
    pub fn read(&self) -> BTreeMap<String, Status> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Status>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
