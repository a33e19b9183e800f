//! What is to be sent, and how urgent it is.

use serde::{Deserialize, Serialize};

use crate::entry::Reason;
use crate::reading::{Setting, Status};

/// An update to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// What to set; always all of it, so that repeating it is harmless.
    pub setting: Setting,
    /// Its place in the queue.
    pub urgency: Urgency,
    /// The campaign must be read back first, lest a person's change be overwritten.
    pub read_first: bool,
    /// The reason that decided, where it was not the policy.
    pub cause: Option<Reason>,
}

/// The order in which requests that share a rate limit go: the first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Urgency {
    /// Pausing a campaign.
    Pause,
    /// Lowering a ratio.
    Lower,
    /// Raising a ratio, or resuming.
    Raise,
    /// Sending again what should be in force.
    Reassert,
    /// Reading back.
    Read,
}

impl Urgency {
    /// How urgent it is to go from one setting to another.
    #[must_use]
    pub fn of(from: Setting, to: Setting) -> Self {
        match (from.status, to.status) {
            (_, Status::Paused) => Self::Pause,
            (Status::Paused, Status::Active) => Self::Raise,
            (Status::Active, Status::Active) if to.ratio < from.ratio => Self::Lower,
            (Status::Active, Status::Active) if to.ratio > from.ratio => Self::Raise,
            (Status::Active, Status::Active) => Self::Reassert,
        }
    }

    /// Whether it makes a campaign dial more, or only repeats: such a move can wait for a doubt to be cleared up.
    #[must_use]
    pub const fn can_wait(self) -> bool {
        matches!(self, Self::Raise | Self::Reassert | Self::Read)
    }
}
