//! An interval that may be looked at every day.
//!
//! Whoever looks at a 5 % test daily and stops at the first success errs far more often than in 5 % of experiments.
//! This interval holds at all looks together: with probability 95 % it never leaves the true effect out. The price is
//! that it is wider than the one of a test taken once, at the planned end.
//!
//! It is the mixture sequential probability ratio test of Robbins (1970) in the form for an unknown variance (Lai 1976;
//! Wang and Ramdas 2024, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance"):
//! the pairs' standardised mean is normal around 0 with variance g, fixed in advance, under the alternative. After n
//! pairs with t-statistic t the evidence against the hypothesis is the Bayes factor of Gönen et al. (2005),
//!
//! ```text
//! (1 + n g)^(-1/2) ((1 + t^2/(n-1)) / (1 + t^2/((n-1)(1 + n g))))^(n/2)
//! ```
//!
//! which under the hypothesis exceeds 1/alpha at any look with probability alpha at most. That is exact for normal
//! differences; those of single pairs are sums over hundreds of calls, and their signs are symmetric by the design. No
//! claim is made before [`FEWEST_PAIRS`] pairs.

use serde::{Deserialize, Serialize};

use super::permutation::Term;

/// Below so many pairs nothing is claimed.
pub const FEWEST_PAIRS: usize = 10;

/// The mixture's variance: fixed before the first pair and never after, for the guarantee rests on that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// Variance g of the standardised effect, above 0.
    variance: f64,
}

impl Mixture {
    /// The mixture whose interval is narrowest after `planned_pairs`: n g = 8.3 minimises
    /// `(1 + 1/(n g)) (ln(1 + n g) + 2 ln(1/alpha))` for alpha = 0.05 (Howard, Ramdas, McAuliffe and Sekhon 2021, on
    /// tuning). No plan counts as one of [`FEWEST_PAIRS`].
    #[must_use]
    pub fn for_pairs(planned_pairs: usize) -> Self {
        Self { variance: 8.3 / planned_pairs.max(FEWEST_PAIRS) as f64 }
    }

    /// The quotients part/whole that the pairs so far, one term each, don't exclude at level `alpha`; none before
    /// [`FEWEST_PAIRS`] or where the whole is not distinguishable from 0.
    #[must_use]
    pub fn interval(self, pairs: &[Term], alpha: f64) -> Option<(f64, f64)> {
        let moments = Moments::of(pairs)?;
        let bound = self.bound(moments.count, alpha)?;
        // n mean^2 <= bound x variance of the values part - quotient x whole, solved for the quotient (Fieller 1954).
        let Moments { count, part, whole, part_part, part_whole, whole_whole } = moments;
        let square = count * whole * whole - bound * whole_whole;
        let middle = count * part * whole - bound * part_whole;
        let constant = count * part * part - bound * part_part;
        if square <= 0.0 {
            return None;
        }
        let half = libm::sqrt((middle * middle - square * constant).max(0.0));
        Some(((middle - half) / square, (middle + half) / square))
    }

    /// What the squared t-statistic of `n` pairs must exceed; none where no value is enough.
    fn bound(self, n: f64, alpha: f64) -> Option<f64> {
        let spread = 1.0 + n * self.variance;
        let root = libm::exp(libm::log(spread / (alpha * alpha)) / n);
        (root < spread).then(|| (n - 1.0) * (root - 1.0) / (1.0 - root / spread))
    }
}

/// Means, variances and the covariance of parts and wholes.
struct Moments {
    count: f64,
    part: f64,
    whole: f64,
    part_part: f64,
    part_whole: f64,
    whole_whole: f64,
}

impl Moments {
    fn of(pairs: &[Term]) -> Option<Self> {
        if pairs.len() < FEWEST_PAIRS {
            return None;
        }
        let count = pairs.len() as f64;
        let sum: Term = pairs.iter().copied().sum();
        let (part, whole) = (sum.part / count, sum.whole / count);
        let mut moments = Self { count, part, whole, part_part: 0.0, part_whole: 0.0, whole_whole: 0.0 };
        for pair in pairs {
            let (of_part, of_whole) = (pair.part - part, pair.whole - whole);
            moments.part_part += of_part * of_part / (count - 1.0);
            moments.part_whole += of_part * of_whole / (count - 1.0);
            moments.whole_whole += of_whole * of_whole / (count - 1.0);
        }
        Some(moments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Draw;
    use crate::hash::tests::normal;

    fn pairs(draw: &mut Draw, count: usize, effect: f64) -> Vec<Term> {
        let pair = |_| Term { whole: 10.0 + normal(draw), part: 10.0 * (1.0 + effect) + normal(draw) };
        (0..count).map(pair).collect()
    }

    fn excludes(interval: Option<(f64, f64)>, ratio: f64) -> bool {
        interval.is_some_and(|(low, high)| ratio < low || high < ratio)
    }

    /// The bound is where the Bayes factor reaches 1/alpha.
    #[test]
    fn the_bound_solves_the_bayes_factor() {
        let (mixture, n, alpha) = (Mixture { variance: 0.4 }, 14.0, 0.05);
        let squared = mixture.bound(n, alpha).unwrap();
        let (nu, spread) = (n - 1.0, 1.0 + n * 0.4);
        let factor = libm::pow((1.0 + squared / nu) / (1.0 + squared / nu / spread), n / 2.0) / libm::sqrt(spread);
        assert!((factor * alpha - 1.0).abs() < 1e-9, "{factor}");
    }

    #[test]
    fn nothing_is_claimed_before_ten_pairs() {
        let pairs = pairs(&mut Draw::named(1, &[]), FEWEST_PAIRS, 9.0);
        let mixture = Mixture::for_pairs(12);
        assert_eq!(mixture.interval(&pairs[..9], 0.05), None);
        assert!(excludes(mixture.interval(&pairs, 0.05), 1.0));
    }

    /// Seen to fail by: the bound of Student's t at each look, 2.2 squared; a variance of nearly nothing.
    #[test]
    fn looking_after_every_pair_errs_in_at_most_five_per_cent() {
        let mut draw = Draw::named(1, &["looks"]);
        let mixture = Mixture::for_pairs(40);
        let wrong = (0..2_000)
            .filter(|_| {
                let pairs = pairs(&mut draw, 60, 0.0);
                (FEWEST_PAIRS..=60).any(|seen| excludes(mixture.interval(&pairs[..seen], 0.05), 1.0))
            })
            .count();
        assert!(wrong <= 100, "{wrong} of 2,000");
        assert!(wrong >= 10, "{wrong} of 2,000: an interval that is never wrong says nothing");
    }

    #[test]
    fn a_large_effect_is_found_before_the_plan_is_through() {
        let mut draw = Draw::named(2, &["looks"]);
        let found = (0..200)
            .filter(|_| excludes(Mixture::for_pairs(40).interval(&pairs(&mut draw, 40, 0.1), 0.05), 1.0))
            .count();
        assert!(found > 140, "{found} of 200");
    }
}
