//! A pacing policy as core sees it: a pure function behind the [`Policy`] trait, and the records that it exchanges.
//!
//! The records mirror `wit/0.1/policy.wit`, which documents each field for authors. Core never learns whether a policy
//! is a WebAssembly component or native code.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::params::ParamValue;

/// Something that decides dial ratios.
pub trait Policy {
    /// The next decision, or the fault that prevented it.
    ///
    /// # Errors
    /// The policy misbehaved or declined; the guard then holds the ratio.
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault>;

    /// Rewrites state that was written under state version `from_version`; `None` where the policy refuses it or
    /// faults, so that it starts afresh.
    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>>;

    /// The name that the policy gives itself: state goes from one revision to another of the same name only.
    fn name(&self) -> &str;

    /// The version of the bytes that this policy calls its state.
    fn state_version(&self) -> u32;

    /// The resolved parameters, in the descriptor's order.
    fn params(&self) -> &[(String, ParamValue)];

    /// Identifies component, params and limits together.
    fn revision(&self) -> &Revision;
}

/// SHA-256 of a component's digest with its resolved params and limits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision(pub [u8; 32]);

impl Revision {
    /// The first 12 hexadecimal digits: enough to tell revisions apart in a log.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({})", self.short())
    }
}

/// All that a policy is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The campaign's settings.
    pub campaign: CampaignView,
    /// Platform time of the decision, milliseconds since 1970.
    pub now_ms: u64,
    /// Seconds since this campaign's previous decision.
    pub since_last_decision_s: Option<f64>,
    /// The dial ratio in force.
    pub dial_ratio: f64,
    /// The latest reading's gauges.
    pub reading: ReadingView,
    /// Rolling counts.
    pub windows: WindowsView,
    /// Resolved parameters in the descriptor's order.
    pub params: Vec<(String, ParamValue)>,
    /// The policy's previous state, empty at first.
    pub state: Vec<u8>,
    /// Differs from decision to decision; the same on replay.
    pub seed: u64,
    /// What the guard did to the previous decision.
    pub guard_reasons: Vec<String>,
}

/// A campaign's settings as a policy sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignView {
    /// The platform's identifier.
    pub id: String,
    /// Agents that the configuration says are staffed.
    pub configured_agents: u32,
    /// Wanted share of busy agents, 0 to 1.
    pub target_utilization: f64,
    /// Lowest dial ratio allowed.
    pub min_dial_ratio: f64,
    /// Highest dial ratio allowed.
    pub max_dial_ratio: f64,
    /// Limit of the abandonment rate, 0 to 1.
    pub max_abandonment: f64,
    /// What that rate is counted of.
    pub abandonment_of: AbandonmentOf,
    /// Abandoned calls that the reporting window still bears; negative when overspent.
    pub abandonment_budget: f64,
    /// When the shift ends, milliseconds since 1970.
    pub shift_end_ms: Option<u64>,
}

/// What an abandonment rate is counted of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbandonmentOf {
    /// abandoned / (answered + abandoned), the regulators' definition.
    #[default]
    Answered,
    /// abandoned / offered.
    Offered,
}

/// The latest reading's gauges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingView {
    /// Seconds since the platform counted it.
    pub age_s: f64,
    /// Whether it is new since the previous decision.
    pub fresh: bool,
    /// Agents signed in and ready.
    pub agents_available: f64,
    /// Agents talking or in wrap-up.
    pub agents_busy: f64,
    /// Mean wrap-up, seconds.
    pub wrap_up_s_mean: Option<f64>,
}

/// Rolling counts of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowsView {
    /// The last five minutes.
    pub last_5m: Window,
    /// The last hour.
    pub last_1h: Window,
    /// Since midnight in the configured time zone.
    pub today: Window,
    /// The last thirty days.
    pub last_30d: Window,
}

/// Calls counted over a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Calls that the platform calls offered.
    pub offered: u32,
    /// Live answers that reached an agent.
    pub answered: u32,
    /// Live answers that were abandoned.
    pub abandoned: u32,
    /// Seconds of the window that readings cover.
    pub covered_s: f64,
}

/// What a policy wishes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The next dial ratio, or none to hold on purpose. Not checked: the guard does that.
    pub dial_ratio: Option<f64>,
    /// Why, in a few words.
    pub reason: String,
    /// Numbers worth plotting.
    pub signals: Vec<(String, f64)>,
    /// State for the next decision.
    pub state: Vec<u8>,
}

/// A proposal with what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The policy's wish.
    pub proposal: Proposal,
    /// Fuel used; 0 for native code.
    pub fuel: u64,
}

/// A policy misbehaved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", class.as_str())]
pub struct Fault {
    /// The class, which reports count by.
    pub class: FaultClass,
    /// What happened, in the author's words.
    pub message: String,
}

/// The classes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultClass {
    /// The component trapped: a panic, an out-of-bounds access, a forbidden import called.
    Trap,
    /// The call used up its fuel.
    Fuel,
    /// The call ran into the wall-clock limit.
    Deadline,
    /// The component wanted more memory than its limit.
    Memory,
    /// The policy answered with an error.
    Declined,
    /// The answer breaks a stated limit: not finite, too many signals, too much state or text.
    BadOutput,
}

impl FaultClass {
    /// The word for logs, metrics and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Declined => "declined",
            Self::BadOutput => "bad-output",
        }
    }
}
