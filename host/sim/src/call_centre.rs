//! A centre that works on one campaign, as the simulated tenant and the comparisons with theory have it.

use paced_core::reading::Setting;
use paced_core::time::Timestamp;

use crate::centre::SharedCentre;
use crate::config::{CentreConfig, ConfigError};
use crate::feed::Bucket;
use crate::totals::Totals;

/// A simulated call centre that works on one campaign. A copy goes on exactly as the original would.
///
/// ```
/// use std::time::Duration;
/// use paced_core::{ratio::DialRatio, reading::{Setting, Status}, time::Timestamp};
/// use paced_sim::{CallCentre, CentreConfig};
///
/// let nine_o_clock = Timestamp::from_millis(1_700_038_800_000);
/// let mut centre = CallCentre::new(&CentreConfig::with_agents(20), 7, "spring", nine_o_clock)?;
/// centre.set(Setting { ratio: DialRatio::ONE, status: Status::Active }, 100);
/// centre.advance(nine_o_clock + Duration::from_secs(3_600));
/// assert!(centre.totals().answered > 200);
/// let latest = centre.buckets(nine_o_clock, centre.time()).pop();
/// assert!(latest.is_some_and(|bucket| bucket.agents_available + bucket.agents_busy <= 20));
/// # Ok::<(), paced_sim::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallCentre(SharedCentre);

impl CallCentre {
    /// A centre that opens at `start` with its agents ready or away and no calls, paused until it is [set](Self::set).
    ///
    /// # Errors
    /// A field of `config` is out of its range.
    pub fn new(config: &CentreConfig, seed: u64, campaign: &str, start: Timestamp) -> Result<Self, ConfigError> {
        SharedCentre::new(&[(campaign, config)], &[], seed, start).map(Self)
    }

    /// Sets the campaign, as of the instant advanced to.
    pub fn set(&mut self, setting: Setting, max_concurrent_calls: u32) {
        self.0.set(0, setting, max_concurrent_calls);
    }

    /// Lets everything happen that happens up to `to`; an instant that has passed changes nothing.
    pub fn advance(&mut self, to: Timestamp) {
        self.0.advance(to);
    }

    /// The instant advanced to.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.0.time()
    }

    /// The platform's buckets that share time with `from..to`, oldest first; at most a day of them.
    #[must_use]
    pub fn buckets(&self, from: Timestamp, to: Timestamp) -> Vec<Bucket> {
        self.0.buckets(0, from, to)
    }

    /// The whole truth so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.0.totals(0)
    }

    /// What the campaign is set to, with its ceiling on ringing and connected calls.
    #[must_use]
    pub fn setting(&self) -> (Setting, u32) {
        self.0.setting(0)
    }

    /// Dials so many calls at once, whatever the setting says: as calls come in theory, and on no platform.
    pub(crate) fn dial_now(&mut self, lines: u32) {
        self.0.dial_now(0, lines);
    }
}
