//! The circuit breaker: whether the platform can be talked to.
//!
//! | state     | success   | failure                  | cooldown over |
//! |-----------|-----------|--------------------------|---------------|
//! | Closed    | Closed, 0 | count; Open at the limit | -             |
//! | Open      | -         | -                        | HalfOpen      |
//! | HalfOpen  | Closed, 0 | Open                     | -             |
//!
//! Only a failed cycle that was allowed through moves it: while it is open nothing does but time, so that no failed
//! pause can renew the cooldown.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A campaign's circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breaker {
    /// Cycles run.
    Closed {
        /// Consecutive failed cycles.
        failures: u32,
    },
    /// No cycle runs until the cooldown is over.
    Open {
        /// When a probe may go.
        until: Timestamp,
    },
    /// One probe is allowed; it decides.
    HalfOpen,
}

/// What a cycle came to, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Everything that the cycle asked for worked.
    Success,
    /// The cycle failed.
    Failure,
    /// Neither: it was put off.
    Neither,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// The state after a cycle that was allowed through.
    #[must_use]
    pub fn after(self, health: Health, failures_to_open: u32, cooldown: Duration, now: Timestamp) -> Self {
        match (self, health) {
            (Self::Open { .. }, _) | (_, Health::Neither) => self,
            (_, Health::Success) => Self::default(),
            (Self::Closed { failures }, Health::Failure) if failures + 1 < failures_to_open => {
                Self::Closed { failures: failures + 1 }
            }
            (Self::Closed { .. } | Self::HalfOpen, Health::Failure) => Self::Open { until: now + cooldown },
        }
    }

    /// The state at `now`: an open breaker whose cooldown is over lets a probe through.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Open { until } if now >= until => Self::HalfOpen,
            other => other,
        }
    }

    /// The same state for a clock that went back `by` so much.
    pub(crate) fn moved_back(self, by: Duration) -> Self {
        match self {
            Self::Open { until } => Self::Open { until: until - by },
            other => other,
        }
    }

    /// Whether it lets no cycle through.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The word for logs and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN: Duration = Duration::from_secs(45);
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn follows_the_table() {
        let closed = |failures| Breaker::Closed { failures };
        let open = Breaker::Open { until: NOW + COOLDOWN };
        let earlier = Breaker::Open { until: NOW };
        let table = [
            (closed(0), Health::Success, closed(0)),
            (closed(2), Health::Success, closed(0)),
            (closed(0), Health::Failure, closed(1)),
            (closed(1), Health::Failure, closed(2)),
            (closed(2), Health::Failure, open),
            (closed(2), Health::Neither, closed(2)),
            (earlier, Health::Success, earlier),
            (earlier, Health::Failure, earlier),
            (Breaker::HalfOpen, Health::Success, closed(0)),
            (Breaker::HalfOpen, Health::Failure, open),
            (Breaker::HalfOpen, Health::Neither, Breaker::HalfOpen),
        ];
        for (from, health, to) in table {
            assert_eq!(from.after(health, 3, COOLDOWN, NOW), to, "{from:?} on {health:?}");
        }
    }

    #[test]
    fn only_time_half_opens_it() {
        let open = Breaker::Open { until: NOW };
        assert_eq!(open.at(NOW - Duration::from_millis(1)), open);
        assert_eq!(open.at(NOW), Breaker::HalfOpen);
        assert_eq!(Breaker::default().at(NOW), Breaker::default());
    }
}
