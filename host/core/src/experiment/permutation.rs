//! The randomisation test: is what came out remarkable among everything that the design could have drawn?
//!
//! Under the hypothesis that B is worth exactly `ratio` times A (or exactly `difference` more), one knows what every
//! block would have shown under the other arm, and so what the statistic would have been under each other assignment.
//! The p-value is the share of assignments, the drawn one included, that come out at least as far on one side, doubled
//! for the smaller side; it errs in at most its level of experiments, whatever the distribution of the data (Fisher
//! 1935; Lehmann and Romano, Testing Statistical Hypotheses, chapter 15). The interval holds the hypotheses that are
//! not rejected.
//!
//! Both statistics here are linear in the hypothesis: another assignment comes out at least as high as the drawn one if
//! and only if `part - hypothesis x whole <= 0`, with a part and a whole that don't depend on the hypothesis. So each
//! assignment has its own turning point, `part / whole`, and the interval's ends are order statistics of these
//! (Hartigan 1969, "Using subsample values as typical values"): nothing is searched for. Parts and wholes add up over
//! the groups in which chance drew independently.

use serde::Serialize;

use crate::hash::Draw;

/// Assignments that are enumerated at most; beyond them the test samples.
pub const MAX_EXACT: usize = 1 << 20;
/// Assignments that the test samples, besides the drawn one.
pub const SAMPLES: usize = 9_999;

/// A term of an estimate, which is a sum of parts by a sum of wholes. For an assignment: the sums over what it would
/// assign otherwise than the drawn one, which itself is (0, 0).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Term {
    /// Its share of the numerator.
    pub part: f64,
    /// Its share of the denominator.
    pub whole: f64,
}

/// Every assignment of one group, each as likely as the others, the drawn one among them.
pub type Group = Vec<Term>;

/// How the assignments were gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Every assignment, so many.
    Exact(usize),
    /// A seeded sample of so many, the drawn one included (Phipson and Smyth 2010: a p-value is never 0).
    Sampled(usize),
}

/// All assignments, or a sample of them, by what they would assign otherwise than the drawn one.
#[derive(Clone, Debug)]
pub struct Permutations {
    terms: Vec<Term>,
    method: Method,
    /// What counts as equal, so that rounding splits no ties: an error of sums, in units of parts.
    tolerance: f64,
}

/// The result of a two-sided test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct P {
    /// The p-value, above 0 and at most 1.
    pub value: f64,
    /// Standard error from sampling; 0 where every assignment was gone through.
    pub standard_error: f64,
}

impl Permutations {
    /// The assignments of independent groups; `seed` matters only where there are too many to go through.
    #[must_use]
    pub fn of(groups: &[Group], seed: u64) -> Self {
        let all =
            groups.iter().try_fold(1_usize, |all, group| all.checked_mul(group.len()).filter(|n| *n <= MAX_EXACT));
        let (terms, method) = match all {
            Some(all) => (enumerate(groups), Method::Exact(all)),
            None => (sample(groups, &mut Draw::named(seed, &["permutation"])), Method::Sampled(SAMPLES + 1)),
        };
        let largest = terms.iter().map(|term| term.part.abs().max(term.whole.abs())).fold(0.0, f64::max);
        Self { terms, method, tolerance: 1e-11 * largest }
    }

    /// How it goes through the assignments.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The test of the hypothesis.
    #[must_use]
    pub fn p(&self, hypothesis: f64) -> P {
        let excess = |term: &Term| term.part - hypothesis * term.whole;
        let tolerance = self.tolerance * hypothesis.abs().max(1.0);
        let high = self.share(|term| excess(term) <= tolerance);
        let low = self.share(|term| excess(term) >= -tolerance);
        let side = high.min(low);
        let standard_error = match self.method {
            Method::Exact(_) => 0.0,
            Method::Sampled(count) => 2.0 * libm::sqrt(side * (1.0 - side) / count as f64),
        };
        P { value: (2.0 * side).min(1.0), standard_error }
    }

    /// The hypotheses that the two-sided test at level `alpha` does not reject; an end is infinite where nothing bounds
    /// it.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> (f64, f64) {
        let rejected = self.most_rejected(alpha);
        // An assignment without a turning point, like the drawn one, speaks for every hypothesis.
        let mut ascending: Vec<f64> = self.terms.iter().map(|term| turning_point(term, f64::NEG_INFINITY)).collect();
        let low = *ascending.select_nth_unstable_by(rejected, f64::total_cmp).1;
        let mut descending: Vec<f64> = self.terms.iter().map(|term| turning_point(term, f64::INFINITY)).collect();
        let place = descending.len() - 1 - rejected;
        let high = *descending.select_nth_unstable_by(place, f64::total_cmp).1;
        (low, high)
    }

    /// The level that a test at `alpha` attains if no two assignments come out alike: at most `alpha`.
    #[must_use]
    pub fn attained_level(&self, alpha: f64) -> f64 {
        2.0 * self.most_rejected(alpha) as f64 / self.terms.len() as f64
    }

    /// The smallest p-value that any data could give under the drawn assignment.
    #[must_use]
    pub fn smallest_p(&self) -> f64 {
        (2.0 * self.share(|term| *term == Term::default())).min(1.0)
    }

    /// Assignments that may come out as far on one side while the test still rejects.
    fn most_rejected(&self, alpha: f64) -> usize {
        let most = libm::floor(alpha / 2.0 * self.terms.len() as f64 + 1e-9);
        (most as usize).min(self.terms.len() - 1)
    }

    fn share(&self, holds: impl Fn(&Term) -> bool) -> f64 {
        self.terms.iter().filter(|term| holds(term)).count() as f64 / self.terms.len() as f64
    }
}

/// The hypothesis at which an assignment comes out exactly as high as the drawn one; `otherwise` where it does so at
/// none or, against the rule, falls behind with a higher one.
fn turning_point(term: &Term, otherwise: f64) -> f64 {
    if term.whole > 0.0 {
        term.part / term.whole
    } else if term.whole == 0.0 && term.part != 0.0 {
        // It is on the same side under every hypothesis.
        f64::INFINITY.copysign(term.part)
    } else {
        otherwise
    }
}

fn enumerate(groups: &[Group]) -> Vec<Term> {
    groups.iter().fold(vec![Term::default()], |so_far, group| {
        so_far.iter().flat_map(|sum| group.iter().map(|term| plus(*sum, *term))).collect()
    })
}

fn sample(groups: &[Group], draw: &mut Draw) -> Vec<Term> {
    let drawn = std::iter::once(Term::default());
    let others = (0..SAMPLES)
        .map(|_| groups.iter().fold(Term::default(), |sum, group| plus(sum, group[draw.below(group.len())])));
    drawn.chain(others).collect()
}

fn plus(one: Term, other: Term) -> Term {
    Term { part: one.part + other.part, whole: one.whole + other.whole }
}

impl std::iter::Sum for Term {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::default(), plus)
    }
}

/// The level that the two-sided sign-flip test at `alpha` attains with so many freely drawn pairs and no ties: at most
/// `alpha`, and 0 where no outcome would do. Six pairs attain 3.1 % of 5 %, five nothing.
#[must_use]
pub fn attained_level(pairs: u32, alpha: f64) -> f64 {
    let all = libm::exp2(f64::from(pairs));
    2.0 * libm::floor(alpha / 2.0 * all + 1e-9) / all
}

/// The fewest freely drawn pairs with which the sign-flip test can reject at `alpha` at all.
#[must_use]
pub fn fewest_pairs(alpha: f64) -> usize {
    (1..64).find(|pairs| attained_level(*pairs, alpha) > 0.0).map_or(usize::MAX, |pairs| pairs as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sign flips of these differences, one group each, by the hypothesis of a common difference.
    fn flips(differences: &[f64]) -> Permutations {
        let groups: Vec<Group> = differences
            .iter()
            .map(|difference| vec![Term::default(), Term { part: *difference, whole: 1.0 }])
            .collect();
        Permutations::of(&groups, 1)
    }

    #[test]
    fn attained_levels_are_those_of_the_sign_flip_test() {
        for (pairs, level) in [(5, 0.0), (6, 2.0 / 64.0), (8, 12.0 / 256.0), (12, 204.0 / 4_096.0)] {
            assert!((attained_level(pairs, 0.05) - level).abs() < 1e-12, "{pairs} pairs");
        }
        assert_eq!((fewest_pairs(0.05), fewest_pairs(0.01)), (6, 8));
    }

    /// All six the same sign is the most extreme of 64; Fisher's own count for Darwin's 15 pairs of maize is 1,726 of
    /// 32,768 (The Design of Experiments, section 21), in eighths of an inch.
    #[test]
    fn p_values_agree_with_hand_and_with_fisher() {
        assert!((flips(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).p(0.0).value - 2.0 / 64.0).abs() < 1e-12);
        let maize = [49., -67., 8., 16., 6., 23., 28., 41., 14., 29., 56., 24., 75., 60., -48.];
        let fisher = flips(&maize);
        assert_eq!(fisher.method(), Method::Exact(32_768));
        assert!((fisher.p(0.0).value - 1_726.0 / 32_768.0).abs() < 1e-12, "{:?}", fisher.p(0.0));
    }

    #[test]
    fn the_interval_holds_exactly_what_is_not_rejected() {
        let test = flips(&[3.0, -1.0, 4.5, 1.0, 5.0, 9.0, -2.0, 6.0]);
        let (low, high) = test.interval(0.05);
        for (inside, outside) in [(low + 1e-6, low - 1e-6), (high - 1e-6, high + 1e-6)] {
            assert!(test.p(inside).value > 0.05 && test.p(outside).value <= 0.05, "{low} to {high}");
        }
    }

    #[test]
    fn too_few_pairs_bound_nothing() {
        let test = flips(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(test.interval(0.05), (f64::NEG_INFINITY, f64::INFINITY));
        assert!((test.smallest_p() - 2.0 / 32.0).abs() < 1e-12);
    }

    #[test]
    fn a_sample_agrees_with_the_whole_and_states_its_error() {
        let differences: Vec<f64> = (0..24).map(|n| f64::from(n * 37 % 50) - 15.0).collect();
        let (exact, sampled) = (flips(&differences[..20]), flips(&differences));
        assert_eq!((exact.method(), sampled.method()), (Method::Exact(1 << 20), Method::Sampled(10_000)));
        assert!(exact.p(2.0).standard_error == 0.0);
        // A sample of the same 2^20 assignments, against all of them.
        let groups: Vec<Group> =
            differences[..20].iter().map(|d| vec![Term::default(), Term { part: *d, whole: 1.0 }]).collect();
        let terms = sample(&groups, &mut Draw::named(3, &[]));
        let sample = Permutations { terms, method: Method::Sampled(SAMPLES + 1), tolerance: 1e-9 };
        for hypothesis in [0.0, 3.0, 6.0, 12.0] {
            let (p, all) = (sample.p(hypothesis), exact.p(hypothesis));
            assert!((p.value - all.value).abs() < 4.0 * p.standard_error + 1e-3, "{p:?}, not {all:?}");
        }
        assert!(sampled.p(1e9).value > 0.0, "never 0");
    }

    /// Whatever the data: over everything that could have been drawn, the test rejects in exactly its attained level.
    #[test]
    fn the_level_is_exact() {
        let differences = [0.3, -1.7, 2.9, 0.11, -0.77, 1.3, -2.1, 0.9];
        let rejected = (0..256_u32)
            .filter(|signs| {
                let drawn: Vec<f64> = differences
                    .iter()
                    .enumerate()
                    .map(|(place, difference)| if signs >> place & 1 == 1 { -difference } else { *difference })
                    .collect();
                flips(&drawn).p(0.0).value <= 0.05
            })
            .count();
        assert_eq!(rejected as f64 / 256.0, attained_level(8, 0.05));
    }
}
