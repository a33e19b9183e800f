//! How a shadow's candidate differs from the live arm.
//!
//! **A shadow is open-loop**: the candidate sees what the live arm brought about, and what it would have brought about
//! itself nobody knows. Its numbers say how it would *start* to differ, not how it would have done; whoever shows them
//! says so ([`OPEN_LOOP`]). Streaming: a few sums, however long it runs.

use serde::{Deserialize, Serialize};

use crate::ratio::DialRatio;

/// The sentence to show beside every number of a shadow.
pub const OPEN_LOOP: &str = "open-loop: the candidate saw what the live policy brought about; how it would have done \
                             itself can't be seen";

/// One decision of the candidate beside the live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The ratio that the live arm set or kept.
    pub live: DialRatio,
    /// What the guard made of the candidate's wish; none where the candidate faulted.
    pub candidate: Option<Candidate>,
    /// The ratio that was in force before both.
    pub before: DialRatio,
    /// The campaign's abandonment was over its limit.
    pub over_limit: bool,
}

/// What the guard made of a candidate's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The ratio that it wished, within the platform's bounds; none where it held on purpose.
    pub wished: Option<DialRatio>,
    /// The ratio that the guard ruled.
    pub ruled: DialRatio,
    /// A rule of the guard acted on it.
    pub guard_acted: bool,
}

/// Sums over a shadow's decisions, in hundredths of the dial ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    decisions: u64,
    faults: u64,
    guard_acted: u64,
    would_have_raised_over_limit: u64,
    difference: i64,
    distance: u64,
    distance_max: u16,
}

impl Divergence {
    /// Takes one decision in.
    pub fn see(&mut self, compared: &Compared) {
        self.decisions += 1;
        let Some(candidate) = compared.candidate else {
            self.faults += 1;
            return;
        };
        let (ruled, live) = (candidate.ruled.hundredths(), compared.live.hundredths());
        self.difference += i64::from(ruled) - i64::from(live);
        self.distance += u64::from(ruled.abs_diff(live));
        self.distance_max = self.distance_max.max(ruled.abs_diff(live));
        self.guard_acted += u64::from(candidate.guard_acted);
        let raises = candidate.wished.is_some_and(|wished| wished > compared.before);
        self.would_have_raised_over_limit += u64::from(compared.over_limit && raises);
    }

    /// Decisions seen, faults included.
    #[must_use]
    pub const fn decisions(&self) -> u64 {
        self.decisions
    }

    /// Decisions in which the candidate faulted; they enter no mean.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// Mean of candidate's less live ratio; none without decisions.
    #[must_use]
    pub fn difference_mean(&self) -> Option<f64> {
        self.mean(self.difference as f64 / 100.0)
    }

    /// Mean distance between the ratios; none without decisions.
    #[must_use]
    pub fn distance_mean(&self) -> Option<f64> {
        self.mean(self.distance as f64 / 100.0)
    }

    /// Largest distance between the ratios.
    #[must_use]
    pub fn distance_max(&self) -> f64 {
        f64::from(self.distance_max) / 100.0
    }

    /// Share of the candidate's decisions on which a rule of the guard acted, 0 to 1; none without decisions.
    #[must_use]
    pub fn guard_acted_share(&self) -> Option<f64> {
        self.mean(self.guard_acted as f64)
    }

    /// Decisions in which the candidate wished to raise the ratio while abandonment was over its limit.
    #[must_use]
    pub const fn would_have_raised_over_limit(&self) -> u64 {
        self.would_have_raised_over_limit
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        let judged = self.decisions - self.faults;
        (judged > 0).then(|| sum / judged as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(value: f64) -> DialRatio {
        DialRatio::new(value).unwrap()
    }

    fn compared(live: f64, wished: f64, ruled: f64, over_limit: bool) -> Compared {
        let candidate =
            Candidate { wished: Some(ratio(wished)), ruled: ratio(ruled), guard_acted: (wished - ruled).abs() > 1e-9 };
        Compared { live: ratio(live), candidate: Some(candidate), before: ratio(1.5), over_limit }
    }

    #[test]
    fn sums_are_exact() {
        let mut divergence = Divergence::default();
        assert_eq!(divergence.distance_mean(), None);
        divergence.see(&compared(1.5, 1.9, 1.9, false));
        divergence.see(&compared(1.5, 1.4, 1.4, true));
        divergence.see(&compared(1.5, 2.5, 1.5, true));
        divergence.see(&Compared { candidate: None, ..compared(1.5, 1.0, 1.0, true) });
        assert_eq!((divergence.decisions(), divergence.faults()), (4, 1));
        assert!((divergence.difference_mean().unwrap() - 0.1).abs() < 1e-12);
        assert!((divergence.distance_mean().unwrap() - 0.5 / 3.0).abs() < 1e-12);
        assert!((divergence.distance_max() - 0.4).abs() < 1e-12);
        assert_eq!(divergence.guard_acted_share(), Some(1.0 / 3.0));
        assert_eq!(divergence.would_have_raised_over_limit(), 1, "a lower and a fault are no raise");
    }

    #[test]
    fn holding_on_purpose_is_no_raise() {
        let held = Candidate { wished: None, ruled: ratio(1.5), guard_acted: false };
        let mut divergence = Divergence::default();
        divergence.see(&Compared { candidate: Some(held), ..compared(1.5, 1.5, 1.5, true) });
        assert_eq!(divergence.would_have_raised_over_limit(), 0);
    }
}
