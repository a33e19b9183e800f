//! What is counted of a bucket, a block or an arm: sums only, so that any two can be put together.
//!
//! Rates are quotients of sums, never means of quotients: a lunch hour with two agents must not weigh as much as a
//! morning with twenty.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::design::Primary;
use crate::policy::AbandonmentOf;

/// Sums over some time of some campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Agents' time talking and in wrap-up, seconds.
    pub busy_s: f64,
    /// Agents' time signed in, seconds.
    pub signed_in_s: f64,
    /// Calls that the platform calls offered.
    pub offered: u64,
    /// Live answers that reached an agent.
    pub answered: u64,
    /// Live answers that were abandoned.
    pub abandoned: u64,
    /// Changes of the dial ratio in force.
    pub ratio_moves: u64,
    /// Faults of the policy.
    pub faults: u64,
}

impl Sums {
    /// Calls that an abandonment rate is counted of.
    #[must_use]
    pub fn abandonment_base(&self, of: AbandonmentOf) -> u64 {
        let live = self.answered + self.abandoned;
        match of {
            AbandonmentOf::Answered => live,
            AbandonmentOf::Offered => self.offered.max(live),
        }
    }

    /// The abandonment rate, 0 to 1; none without calls.
    #[must_use]
    pub fn abandonment(&self, of: AbandonmentOf) -> Option<f64> {
        quotient(self.abandoned as f64, self.abandonment_base(of) as f64)
    }

    /// The primary measure as numerator and denominator: answers and hours, or seconds and seconds.
    #[must_use]
    pub fn parts(&self, primary: Primary) -> (f64, f64) {
        match primary {
            Primary::AnswersPerAgentHour => (self.answered as f64, self.signed_in_s / 3_600.0),
            Primary::Utilization => (self.busy_s, self.signed_in_s),
        }
    }

    /// The primary measure; none where nobody was signed in.
    #[must_use]
    pub fn measure(&self, primary: Primary) -> Option<f64> {
        let (part, whole) = self.parts(primary);
        quotient(part, whole)
    }
}

fn quotient(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.busy_s += other.busy_s;
        self.signed_in_s += other.signed_in_s;
        self.offered += other.offered;
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.ratio_moves += other.ratio_moves;
        self.faults += other.faults;
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Self::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_quotients_of_sums() {
        let busy = Sums { busy_s: 3_600.0, signed_in_s: 7_200.0, answered: 30, abandoned: 1, ..Sums::default() };
        let quiet = Sums { signed_in_s: 1_800.0, offered: 500, answered: 10, abandoned: 9, ..Sums::default() };
        let all: Sums = [busy, quiet].into_iter().sum();
        assert_eq!(all.measure(Primary::AnswersPerAgentHour), Some(40.0 / 2.5));
        assert_eq!(all.measure(Primary::Utilization), Some(0.4));
        assert_eq!(all.abandonment(AbandonmentOf::Answered), Some(0.2));
        assert_eq!(all.abandonment(AbandonmentOf::Offered), Some(0.02));
        assert_eq!(busy.abandonment(AbandonmentOf::Offered), Some(1.0 / 31.0), "offered may lag behind live answers");
        assert_eq!(Sums::default().measure(Primary::Utilization), None);
    }
}
