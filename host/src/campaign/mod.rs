//! Campaigns under way: the loop that reads, decides, records and applies.
//!
//! Campaigns that are due together form a batch; one task owns a batch with all its state, so nothing is locked and
//! nothing of one batch can delay another. Everything that decides is in core; here is when it is called, and what is
//! done with its answer.

mod actuate;
mod batch;
mod job;
mod record;
mod schedule;
mod seat;
mod settings;
mod tell;

use std::sync::Arc;

use jiff::civil::Time;
use paced_core::config::CampaignConfig;
use paced_core::directive::Directive;
use paced_core::params::ParamValue;
use paced_core::people::Command;
use paced_core::policy::Revision;
use paced_core::state::CampaignState;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::board::Board;
use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::dialer::Dialer;
use crate::journal::{DecisionId, Journal};
use crate::registry::Registry;

pub use batch::Batch;
pub use schedule::{Schedule, batches};
pub use settings::{InForce, Settings, SettingsById};

/// What all batches use.
#[derive(Clone)]
pub struct Host {
    /// Platform time.
    pub clock: Clock,
    /// Local days and shifts.
    pub calendar: Calendar,
    /// The platform.
    pub dialer: Arc<dyn Dialer>,
    /// The policies.
    pub registry: Arc<Registry>,
    /// The campaigns' settings, which may change.
    pub in_force: InForce,
    /// The journal.
    pub journal: Journal,
    /// The latest about each campaign.
    pub board: Board,
    /// Observe and decide, and send nothing.
    pub dry_run: bool,
}

/// One campaign as it is paced. Its settings are those of its last tick.
pub struct Campaign {
    /// What pacing depends on.
    pub config: Arc<CampaignConfig>,
    /// The name of its policy.
    pub policy: String,
    /// The params given for it, weakest first.
    pub params: Vec<(String, ParamValue)>,
    /// When its shift ends, in local time.
    pub shift_end: Option<Time>,
    /// Core's state.
    pub state: CampaignState,
    /// The directive that is being sent.
    pub(crate) sending: Option<Sending>,
    /// The directive to send after that.
    pub(crate) next: Option<(Directive, DecisionId)>,
    /// Whether it is being read back.
    pub(crate) is_reading_back: bool,
    /// Directives sent since the start.
    pub(crate) sent: u64,
    /// Decisions taken since the start.
    pub(crate) decisions: u64,
    /// The revision that decided last and whose parts are in the journal.
    pub(crate) journalled: Option<Revision>,
    /// The particulars of the last trouble, so that a lasting one is journalled once.
    pub(crate) trouble: Option<String>,
}

impl Campaign {
    /// A campaign that starts from `state`.
    #[must_use]
    pub fn new(settings: Settings, state: CampaignState) -> Self {
        let Settings { config, policy, params, shift_end } = settings;
        Self {
            config,
            policy,
            params,
            shift_end,
            state,
            sending: None,
            next: None,
            is_reading_back: false,
            sent: 0,
            decisions: 0,
            journalled: None,
            trouble: None,
        }
    }

    /// Goes on by what is in force now, and says whether that changes what core is stepped with.
    pub(crate) fn take(&mut self, in_force: &SettingsById) -> bool {
        let Some(settings) = in_force.get(&self.config.id) else { return false };
        let Settings { config, policy, params, shift_end } = settings.clone();
        let is_other = self.config != config;
        (self.config, self.policy, self.params, self.shift_end) = (config, policy, params, shift_end);
        is_other
    }
}

/// A directive under way.
pub(crate) struct Sending {
    pub(crate) directive: Directive,
    pub(crate) decision: DecisionId,
    pub(crate) task: AbortHandle,
}

/// An operator's command on its way to the batch that has the campaign.
pub struct Order {
    /// The campaign's identifier.
    pub campaign: String,
    /// What to do.
    pub command: Command,
    /// Where to say what came of it, in words.
    pub reply: oneshot::Sender<Result<String, String>>,
}
