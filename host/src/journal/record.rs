//! What the journal is given to keep: decisions, their outcomes, events, revisions and campaign states.
//!
//! The plain fields are for people; `exact` holds the bytes that a replay is fed with, because SQLite turns NaN into
//! NULL and a replay must be exact to the bit. The journal never looks into those bytes.

use std::fmt;
use std::time::Duration;

use paced_core::policy::Revision;
use paced_core::ratio::DialRatio;
use paced_core::reading::Setting;
use paced_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Names one decision for ever, across restarts; later decisions have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecisionId(i64);

impl DecisionId {
    /// The decision with this number in the column `id` of the view `decisions`. A new decision's number comes from
    /// [`Journal::next_id`](super::Journal::next_id).
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number in the column `id` of the view `decisions`.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing to keep.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A decision, recorded before its directive is sent.
    Decision(Box<Decision>),
    /// What became of a decision's directive. The last of several stands; one of a decision that the journal doesn't
    /// hold is dropped.
    Outcome(Outcome),
    /// Something else that an operator will want to know later.
    Event(Event),
    /// Something that only a replay needs.
    Quiet(QuietRow),
    /// What a revision that decided is made of; where the journal has it already, nothing happens.
    Revision(Box<RevisionParts>),
    /// The whole state of a campaign, in place of the one before.
    State {
        /// The platform's identifier.
        campaign: String,
        /// The state; only the caller reads it.
        bytes: Vec<u8>,
    },
}

/// What a campaign was ruled to do, and on what grounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// From [`Journal::next_id`](super::Journal::next_id).
    pub id: DecisionId,
    /// Platform time.
    pub at: Timestamp,
    /// The platform's identifier.
    pub campaign: String,
    /// The policy's name.
    pub policy: String,
    /// The policy's revision; none where no component decided.
    pub revision: Option<Revision>,
    /// The arm of the experiment that the campaign is in.
    pub arm: Option<String>,
    /// The ratio in force before.
    pub ratio_before: DialRatio,
    /// The policy's wish, any number at all; none where it held on purpose, faulted or wasn't asked.
    pub proposal: Option<f64>,
    /// The guard's ruling.
    pub ruled: Setting,
    /// Whether a directive is to be sent.
    pub sends: bool,
    /// Why there was a decision, as one short code.
    pub cause: &'static str,
    /// The guard's reason codes, joined by commas; empty where no rule acted.
    pub reasons: String,
    /// Busy agents / signed-in agents, 0 to 1.
    pub utilization: Option<f64>,
    /// Agents signed in and ready.
    pub agents_available: Option<f64>,
    /// Agents talking or in wrap-up.
    pub agents_busy: Option<f64>,
    /// Live answers in the guard's window that reached an agent.
    pub answered: u32,
    /// Live answers in the guard's window that were abandoned.
    pub abandoned: u32,
    /// The abandonment rate that the guard judged by, 0 to 1, by the campaign's own definition.
    pub abandonment: Option<f64>,
    /// The kind of the reading, as one word: `fresh`, `repeated`, `quiet`, `unusable`, `failed`, `delayed` ...
    pub reading: &'static str,
    /// The age of the newest usable reading.
    pub reading_age: Option<Duration>,
    /// Fuel that the policy used; none where it wasn't asked.
    pub fuel: Option<u64>,
    /// Wall time that the decision took.
    pub took: Duration,
    /// The circuit breaker's state, as one word.
    pub breaker: &'static str,
    /// What core was fed with.
    pub exact: Vec<u8>,
    /// The campaign *after* this decision, given now and then, for a replay to start from; see
    /// [`Checkpoint`](super::exact::Checkpoint).
    pub checkpoint: Option<Vec<u8>>,
}

/// What a revision is made of, so that it can be made again. It is kept for as long as a decision names the revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionParts {
    /// The revision.
    pub revision: Revision,
    /// The name that the policy gives itself.
    pub name: String,
    /// The policy's version.
    pub version: String,
    /// SHA-256 of the component.
    pub component: [u8; 32],
    /// The resolved params, for people.
    pub params: String,
    /// The parts to the bit; only the caller reads them.
    pub exact: Vec<u8>,
}

/// What became of a decision's directive.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The decision.
    pub decision: DecisionId,
    /// Platform time.
    pub at: Timestamp,
    /// What became of it.
    pub kind: OutcomeKind,
    /// Why, where that is not plain. Cut after [`MAX_MESSAGE_BYTES`].
    pub message: Option<String>,
    /// What core was fed with, where it was told.
    pub exact: Option<Vec<u8>>,
}

/// The most bytes of a message that are kept.
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// What became of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The platform accepted it.
    Applied,
    /// The platform refused it, or could not be reached.
    Failed,
    /// It was put off, and is tried again.
    Deferred,
    /// A newer directive took its place before it was sent.
    Superseded,
    /// It was not sent on purpose: a dry run, or a raise while the journal could not be written.
    Unsent,
}

impl OutcomeKind {
    /// The number in the column `outcome.kind`, which the view `decisions` puts into words.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Applied => 0,
            Self::Failed => 1,
            Self::Deferred => 2,
            Self::Superseded => 3,
            Self::Unsent => 4,
        }
    }
}

/// Something that happened beside the decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Platform time.
    pub at: Timestamp,
    /// The campaign that it happened to; none for the daemon as a whole.
    pub campaign: Option<String>,
    /// How grave it is.
    pub level: Level,
    /// What happened, as one word: `policy_loaded`, `circuit_breaker_open` ...
    pub name: &'static str,
    /// What happened, for people. Cut after [`MAX_MESSAGE_BYTES`].
    pub message: String,
    /// What core was fed with, where this event changed a campaign's state.
    pub exact: Option<Vec<u8>>,
}

/// Something that only a replay needs: core was fed with it and nothing worth telling came of it, or a replay may start
/// from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietRow {
    /// Platform time.
    pub at: Timestamp,
    /// The platform's identifier.
    pub campaign: String,
    /// The row; see [`Quiet`](super::exact::Quiet).
    pub exact: Vec<u8>,
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// In the course of things.
    Info,
    /// Someone should look at it.
    Warn,
    /// Something does not work.
    Error,
}

impl Level {
    /// The number in the column `event.level`, which the view `events` puts into words.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Info => 0,
            Self::Warn => 1,
            Self::Error => 2,
        }
    }
}
