//! What one step leaves for people to read: the journal's row, the reasons, and the events worth a line of log.

use serde::{Deserialize, Serialize};

use crate::policy::{Fault, Proposal, ReadingView, Revision};
use crate::reading::{Failure, Setting};
use crate::time::Timestamp;
use crate::trip::Evidence;

/// Why the ratio or status came out as it did. The codes stand in the journal and in a policy's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The proposal was not a finite number.
    NotFinite,
    /// Brought within the campaign's bounds.
    Bounds,
    /// Few agents are signed in: at most 1.0.
    SmallGroup,
    /// Abandonment is over the limit: no rise.
    Ceiling,
    /// The rise was limited.
    RampUp,
    /// The fall was limited.
    RampDown,
    /// Rounded to two decimals.
    Rounded,
    /// Too small a change to send.
    Deadband,
    /// The policy holds on purpose.
    PolicyHold,
    /// The policy misbehaved.
    Fault,
    /// The fallback decided in the policy's place.
    Fallback,
    /// There is no reading to decide by.
    NoReading,
    /// No fresh reading for `stale_after`.
    Stale,
    /// No fresh reading for `blind_after`.
    Blind,
    /// The cycle failed.
    Failed,
    /// The circuit breaker is open, or half-open and waiting for its probe.
    BreakerOpen,
    /// The safety trip is tripped.
    Tripped,
    /// Paused by an operator through paced.
    OperatorPause,
    /// Resuming what paced paused, at no more than the resume ratio.
    Resume,
    /// A person changed the campaign; it is left alone.
    PeopleHold,
    /// The platform's own setting is not known yet.
    Unconfirmed,
    /// The platform does not know the campaign.
    Unknown,
    /// Sent again though nothing changed.
    Reassert,
    /// paced is ending.
    Exit,
}

impl Reason {
    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFinite => "not-finite",
            Self::Bounds => "bounds",
            Self::SmallGroup => "small-group",
            Self::Ceiling => "ceiling",
            Self::RampUp => "ramp-up",
            Self::RampDown => "ramp-down",
            Self::Rounded => "rounded",
            Self::Deadband => "deadband",
            Self::PolicyHold => "policy-hold",
            Self::Fault => "fault",
            Self::Fallback => "fallback",
            Self::NoReading => "no-reading",
            Self::Stale => "stale",
            Self::Blind => "blind",
            Self::Failed => "failed",
            Self::BreakerOpen => "breaker-open",
            Self::Tripped => "tripped",
            Self::OperatorPause => "operator-pause",
            Self::Resume => "resume",
            Self::PeopleHold => "people-hold",
            Self::Unconfirmed => "unconfirmed",
            Self::Unknown => "unknown-campaign",
            Self::Reassert => "reassert",
            Self::Exit => "exit",
        }
    }
}

/// What a cycle read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadingKind {
    /// Something new.
    Fresh,
    /// The same as before.
    Repeated,
    /// The platform had nothing on this campaign.
    Quiet,
    /// The values can't be used, for this reason.
    Unusable(String),
    /// The request failed.
    Failed(Failure),
    /// The request was put off.
    Delayed(String),
    /// The platform does not know the campaign.
    Unknown,
    /// Nothing was asked.
    NotAsked,
}

impl ReadingKind {
    /// The word for logs and the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Repeated => "repeated",
            Self::Quiet => "quiet",
            Self::Unusable(_) => "unusable",
            Self::Failed(_) => "failed",
            Self::Delayed(_) => "delayed",
            Self::Unknown => "unknown",
            Self::NotAsked => "not-asked",
        }
    }

    /// The particulars, where there are any.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unusable(why) | Self::Delayed(why) => Some(why),
            Self::Failed(failure) => Some(&failure.message),
            _ => None,
        }
    }
}

/// Something that an operator wants to be told once, when it happens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Event {
    /// The circuit breaker opened.
    BreakerOpened {
        /// When a probe may go.
        until: Timestamp,
    },
    /// The probe succeeded.
    BreakerClosed,
    /// Abandonment was shown to be over the limit; the campaign pauses.
    Tripped(Evidence),
    /// The trip's cooldown is over.
    Rearmed,
    /// The policy kept misbehaving; the fallback decides.
    FallbackStarted(Fault),
    /// The policy decides again.
    FallbackEnded,
    /// Readings have been missing for `blind_after`.
    Blinded,
    /// Readings are back.
    Sighted,
    /// The platform's own setting was taken over at the start.
    Adopted(Setting),
    /// Someone else changed the campaign.
    PeopleHold {
        /// What paced had set.
        expected: Setting,
        /// What the platform has.
        found: Setting,
    },
    /// An operator gave the campaign back to paced.
    Released,
    /// The platform does not know the campaign; paced leaves it.
    Unknown,
    /// The platform can't be read back, so that people's changes can't be seen.
    ReadBackUnavailable,
    /// The state that a policy left was not taken over by its successor, which starts afresh.
    StateDropped,
    /// The policy's last good revision goes on from what it wrote last, after the one on trial was rolled back.
    StateRestored,
}

/// All that is worth keeping of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Platform time.
    pub at: Timestamp,
    /// What the cycle read.
    pub reading: ReadingKind,
    /// The latest gauges, however old.
    pub gauges: Option<ReadingView>,
    /// Busy agents / signed-in agents; none without gauges or with nobody signed in.
    pub utilization: Option<f64>,
    /// The abandonment that the guard judged.
    pub evidence: Evidence,
    /// What was in force.
    pub before: Setting,
    /// What the policy wished, where it was asked.
    pub proposal: Option<Proposal>,
    /// Its fault, where it misbehaved.
    pub fault: Option<Fault>,
    /// The revision that was asked.
    pub revision: Revision,
    /// Fuel that it used.
    pub fuel: u64,
    /// What the guard ruled.
    pub ruled: Setting,
    /// The rules that acted.
    pub reasons: Vec<Reason>,
    /// The circuit breaker after the step.
    pub breaker: &'static str,
    /// What happened for the first time.
    pub events: Vec<Event>,
}

impl Entry {
    /// The reasons as one word, comma-separated.
    #[must_use]
    pub fn reason_codes(&self) -> String {
        self.reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(",")
    }
}
