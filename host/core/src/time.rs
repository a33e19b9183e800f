//! Platform time: an instant of the platform's clock.
//!
//! Everything that paces (intervals, cooldowns, ages) is counted in platform time, which a rehearsal runs faster than
//! the wall clock. Core never asks for the time; it is always an argument.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC by the platform's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant so many milliseconds after 1970-01-01 UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Time that has passed since `earlier`; zero if `earlier` lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same instant by a clock that has been set back by `by`.
    pub(crate) fn set_back(&mut self, by: Duration) {
        *self = *self - by;
    }

    /// The last multiple of `step` since 1970 that is not after this instant.
    #[must_use]
    pub fn floor_to(self, step: Duration) -> Self {
        let step = millis(step).max(1);
        Self(self.0 - self.0.rem_euclid(step))
    }
}

/// When something happens, in every form that core needs. The shell knows the calendar; core does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Platform time.
    pub now: Timestamp,
    /// The local day, as a number of days since 1970.
    pub day: i32,
    /// The first day of the local month, likewise.
    pub month_start_day: i32,
    /// When the campaign's shift ends, where that is known.
    pub shift_end: Option<Timestamp>,
}

/// A duration in whole milliseconds, saturating.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_never_goes_below_zero() {
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(4_000));
        assert_eq!(late.since(early), Duration::from_secs(3));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn floor_lands_on_the_grid() {
        let five_minutes = Duration::from_secs(300);
        assert_eq!(Timestamp::from_millis(300_000).floor_to(five_minutes), Timestamp::from_millis(300_000));
        assert_eq!(Timestamp::from_millis(599_999).floor_to(five_minutes), Timestamp::from_millis(300_000));
        assert_eq!(Timestamp::from_millis(-1).floor_to(five_minutes), Timestamp::from_millis(-300_000));
    }
}
