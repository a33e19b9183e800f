//! How small an effect can be found, and how long that takes, from how much blocks varied before.
//!
//! History gives the spread of the relative differences between adjacent blocks under one policy; the experiment's
//! differences will vary as much around their effect. The sign-flip test's power is taken from the t-test, which it
//! approaches quickly (Lehmann and Romano, chapter 15): with n pairs of relative spread s an effect d is found with
//! probability T(d sqrt(n)/s - q), where q is the two-sided quantile of Student's t with n-1 degrees of freedom at the
//! level that n pairs attain, and T its distribution function. A test over m of all assignments finds a little less; of
//! that power it keeps a share of at least 1 - sqrt((1-a) / (2 pi m a)) at level a (Jöckel 1986), and that much is
//! forecast. The forecast is as good as the assumption that the future varies as the past did.

use serde::{Deserialize, Serialize};

use super::design::Primary;
use super::orders::KEPT;
use super::permutation::{SAMPLES, attained_level, fewest_pairs};
use super::sums::Sums;
use super::switchback::MAX_PAIRS;
use crate::stats::{student_quantile, student_within};

/// The level of the tests.
pub const ALPHA: f64 = 0.05;
/// The probability with which an effect is to be found.
pub const POWER: f64 = 0.8;
/// Fewer adjacent blocks than this say nothing about their spread.
pub const FEWEST_IN_HISTORY: usize = 6;

/// How much adjacent blocks differ under one policy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Root mean square of the relative differences, above 0: 0.1 means that adjacent blocks differ by 10 %.
    relative: f64,
    /// Pairs of blocks that it was taken from.
    pairs: usize,
}

/// What an experiment of so many pairs can find.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// The relative effect.
    pub effect: f64,
    /// Pairs that find it with probability [`POWER`]; none if not even [`MAX_PAIRS`] do.
    pub pairs: Option<u32>,
    /// The days that these pairs take.
    pub days: Option<f64>,
}

impl Spread {
    /// The spread over pairs of adjacent blocks of the past, washout left out as it will be; none with fewer than
    /// [`FEWEST_IN_HISTORY`] pairs in which somebody was signed in, or where they don't differ at all.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (Sums, Sums)>, primary: Primary) -> Option<Self> {
        let (mut count, mut squares, mut level, mut weights) = (0_usize, 0.0, 0.0, 0.0);
        for (one, other) in pairs {
            let (Some(first), Some(second)) = (one.measure(primary), other.measure(primary)) else { continue };
            let weight = weight(one.parts(primary).1, other.parts(primary).1);
            count += 1;
            weights += weight;
            level += weight * f64::midpoint(first, second);
            squares += (weight * (second - first)) * (weight * (second - first));
        }
        let relative = libm::sqrt(squares * count as f64) / level;
        (count >= FEWEST_IN_HISTORY && weights > 0.0 && relative > 0.0 && relative.is_finite())
            .then_some(Self { relative, pairs: count })
    }

    /// Root mean square of the relative differences.
    #[must_use]
    pub const fn relative(self) -> f64 {
        self.relative
    }

    /// Pairs of blocks that it was taken from.
    #[must_use]
    pub const fn pairs(self) -> usize {
        self.pairs
    }

    /// The probability that so many pairs find this relative effect at [`ALPHA`], at least 0.
    #[must_use]
    pub fn power(self, pairs: u32, effect: f64) -> f64 {
        self.power_of_all_assignments(pairs, effect) * share_kept(pairs)
    }

    /// The same if the test went through every order that free coins can give: the most that it can find.
    #[must_use]
    pub fn power_of_all_assignments(self, pairs: u32, effect: f64) -> f64 {
        let Some(quantile) = quantile(pairs) else { return 0.0 };
        let reach = effect.abs() * libm::sqrt(f64::from(pairs)) / self.relative - quantile;
        let half = student_within(reach.abs(), pairs as usize - 1) / 2.0;
        if reach < 0.0 { 0.5 - half } else { 0.5 + half }
    }

    /// The smallest relative effect that so many pairs find with probability [`POWER`]; none with too few pairs.
    #[must_use]
    pub fn detectable_effect(self, pairs: u32) -> Option<f64> {
        // Student's t exceeds this in one direction with what is left to the power of all assignments.
        let left = 1.0 - POWER / share_kept(pairs);
        let beyond = student_quantile(pairs.checked_sub(1)? as usize, 2.0 * left);
        Some((quantile(pairs)? + beyond) * self.relative / libm::sqrt(f64::from(pairs)))
    }

    /// The pairs and days that this relative effect takes, at so many pairs a day.
    #[must_use]
    pub fn forecast(self, effect: f64, pairs_per_day: f64) -> Forecast {
        let finds = |pairs: &u32| self.power(*pairs, effect) >= POWER;
        let pairs = (1..=MAX_PAIRS as u32).find(finds);
        let days = pairs.filter(|_| pairs_per_day > 0.0).map(|pairs| f64::from(pairs) / pairs_per_day);
        Forecast { effect, pairs, days }
    }
}

/// The share of its power that the test keeps, though it goes through a part of the orders only.
fn share_kept(pairs: u32) -> f64 {
    let assignments = match pairs as usize {
        // All orders are drawn from, and the test goes through them.
        0..=10 => return 1.0,
        11..24 => KEPT,
        // Two rounds are still gone through; that more are sampled is as bad as it gets.
        24.. => SAMPLES,
    };
    1.0 - libm::sqrt((1.0 - ALPHA) / (2.0 * std::f64::consts::PI * assignments as f64 * ALPHA))
}

/// The weight of a pair: Mantel and Haenszel's for the difference of two rates (Greenland and Robins 1985). With equal
/// wholes the estimate is the quotient of sums; a pair in which hardly anybody worked hardly counts.
#[must_use]
pub(super) fn weight(one_whole: f64, other_whole: f64) -> f64 {
    if one_whole > 0.0 && other_whole > 0.0 { one_whole * other_whole / (one_whole + other_whole) } else { 0.0 }
}

/// Student's quantile at the level that so many pairs attain; none where they attain nothing.
fn quantile(pairs: u32) -> Option<f64> {
    (pairs as usize >= fewest_pairs(ALPHA)).then(|| student_quantile(pairs as usize - 1, attained_level(pairs, ALPHA)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(answered: u64) -> Sums {
        Sums { answered, signed_in_s: 36_000.0, ..Sums::default() }
    }

    #[test]
    fn the_spread_is_relative_and_about_zero() {
        let pairs = [(100, 110), (110, 100), (95, 105), (105, 95), (100, 110), (110, 100)];
        let pairs = pairs.map(|(one, other)| (block(one), block(other)));
        let spread = Spread::of(pairs, Primary::AnswersPerAgentHour).unwrap();
        assert!((spread.relative() - 10.0 / 103.333).abs() < 1e-3, "{spread:?}");
        assert_eq!(Spread::of(pairs[1..].to_vec(), Primary::AnswersPerAgentHour), None, "too few");
        assert_eq!(Spread::of([(block(9), block(9)); 9], Primary::AnswersPerAgentHour), None, "no spread at all");
        assert_eq!(Spread::of([(block(9), Sums::default()); 9], Primary::AnswersPerAgentHour), None, "nobody worked");
    }

    /// 12 pairs: t(11) leaves 4.98 % at 2.203. The test keeps 94.6 % of its power, which must then be 84.6 %, and t(11)
    /// leaves 15.4 % above 1.070.
    #[test]
    fn the_detectable_effect_is_found_with_the_promised_power() {
        let spread = Spread { relative: 0.05, pairs: 40 };
        let effect = spread.detectable_effect(12).unwrap();
        assert!((effect - (2.203 + 1.070) * 0.05 / libm::sqrt(12.0)).abs() < 1e-4, "{effect}");
        assert!((spread.power(12, effect) - POWER).abs() < 1e-9);
        assert!((spread.power(12, -effect) - POWER).abs() < 1e-9);
        assert_eq!((spread.detectable_effect(5), spread.power(5, 9.0)), (None, 0.0), "five pairs attain nothing");
    }

    #[test]
    fn smaller_effects_take_more_days() {
        let spread = Spread { relative: 0.05, pairs: 40 };
        let (small, large) = (spread.forecast(0.02, 5.0), spread.forecast(0.05, 5.0));
        assert_eq!((small.pairs, large.pairs), (Some(53), Some(10)));
        assert_eq!(large.days, Some(2.0));
        assert_eq!(spread.forecast(0.001, 5.0), Forecast { effect: 0.001, pairs: None, days: None });
    }
}
