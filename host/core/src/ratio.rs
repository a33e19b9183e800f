//! The dial ratio: lines dialled per *available* agent, in exact hundredths.
//!
//! The platform takes 0.10 to 5.00 with at most two decimals. Counting in hundredths makes a value that it would
//! refuse impossible to hold, and comparisons exact.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A dial ratio that the platform accepts: 0.10 to 5.00 in steps of 0.01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct DialRatio(u16);

/// A number that is no dial ratio.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is no dial ratio: it must be a number from 0.1 to 5.0")]
pub struct NotADialRatio(f64);

impl DialRatio {
    /// The platform's lower bound, 0.10.
    pub const MIN: Self = Self(10);
    /// One line for each available agent.
    pub const ONE: Self = Self(100);
    /// The platform's upper bound, 5.00.
    pub const MAX: Self = Self(500);

    /// The ratio nearest to `value`.
    ///
    /// # Errors
    /// `value` is not finite or, rounded to two decimals, not between 0.10 and 5.00.
    pub fn new(value: f64) -> Result<Self, NotADialRatio> {
        let hundredths = libm::round(value * 100.0);
        if (10.0..=500.0).contains(&hundredths) { Ok(Self(hundredths as u16)) } else { Err(NotADialRatio(value)) }
    }

    /// The ratio of so many hundredths, brought within 0.10 to 5.00.
    #[must_use]
    pub fn from_hundredths_clamped(hundredths: i32) -> Self {
        Self(hundredths.clamp(10, 500) as u16)
    }

    /// The ratio in hundredths, 10 to 500.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// The ratio as a number, 0.1 to 5.0.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl TryFrom<u16> for DialRatio {
    type Error = NotADialRatio;

    fn try_from(hundredths: u16) -> Result<Self, NotADialRatio> {
        Self::new(f64::from(hundredths) / 100.0)
    }
}

impl From<DialRatio> for u16 {
    fn from(ratio: DialRatio) -> Self {
        ratio.0
    }
}

impl fmt::Display for DialRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_exactly_what_the_platform_takes() {
        for (value, hundredths) in [(0.1, 10), (0.0951, 10), (1.005, 100), (1.234, 123), (5.0, 500), (5.004, 500)] {
            assert_eq!(DialRatio::new(value).map(DialRatio::hundredths), Ok(hundredths), "{value}");
        }
        for value in [0.0, 0.094, 5.006, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(DialRatio::new(value).is_err(), "{value}");
        }
    }

    #[test]
    fn prints_two_decimals() {
        assert_eq!(DialRatio::new(0.5).map(|ratio| ratio.to_string()), Ok("0.50".to_owned()));
        assert_eq!(DialRatio::MAX.to_string(), "5.00");
    }
}
