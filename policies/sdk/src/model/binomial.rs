//! The binomial distribution, as much of it as matters.

/// Terms smaller than this share of the largest are left out: all of them together are under 1e-7 of the whole.
const NEGLIGIBLE: f64 = 1e-8;

/// The number of successes in `trials` independent trials of one probability.
///
/// It keeps the terms around the mode, about 12 standard deviations of them, and so takes time and memory of the order
/// of the square root of `trials`. Each term follows from its neighbour and the sum is made 1 afterwards, so that no
/// factorial, logarithm or power is needed, and nothing overflows.
#[derive(Clone, Debug, PartialEq)]
pub struct Binomial {
    trials: u32,
    probability: f64,
    first: u32,
    terms: Vec<f64>,
}

impl Binomial {
    /// The distribution; a probability outside 0 to 1 counts as the nearer bound, NaN as 0.
    #[must_use]
    pub fn new(trials: u32, probability: f64) -> Self {
        let probability = if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) };
        let n = f64::from(trials);
        let mode = (((n + 1.0) * probability) as u32).min(trials);
        if probability == 0.0 || probability == 1.0 {
            return Self { trials, probability, first: mode, terms: vec![1.0] };
        }
        let odds = probability / (1.0 - probability);
        // Some 12 standard deviations, and a few more where the distribution is far from a bell.
        let mut terms = Vec::with_capacity(24 + (13.0 * (n * probability * (1.0 - probability)).sqrt()) as usize);
        let mut term = 1.0;
        let mut below = mode;
        while below > 0 && term > NEGLIGIBLE {
            terms.push(term);
            term *= f64::from(below) / ((n - f64::from(below) + 1.0) * odds);
            below -= 1;
        }
        terms.push(term);
        terms.reverse();
        term = 1.0;
        for above in mode..trials {
            term *= (n - f64::from(above)) * odds / (f64::from(above) + 1.0);
            if term <= NEGLIGIBLE {
                break;
            }
            terms.push(term);
        }
        let share = 1.0 / terms.iter().sum::<f64>();
        terms.iter_mut().for_each(|term| *term *= share);
        Self { trials, probability, first: below, terms }
    }

    /// The probability of so many successes; 0 where it does not matter.
    #[must_use]
    pub fn term(&self, successes: u32) -> f64 {
        let place = successes.wrapping_sub(self.first) as usize;
        self.terms.get(place).copied().unwrap_or(0.0)
    }

    /// The fewest and the most successes whose probability matters.
    #[must_use]
    pub fn range(&self) -> (u32, u32) {
        (self.first, self.first + (self.terms.len() as u32).saturating_sub(1))
    }

    /// Expected number of successes.
    #[must_use]
    pub fn mean(&self) -> f64 {
        f64::from(self.trials) * self.probability
    }

    /// Each number of successes that matters with its probability, from the fewest up.
    pub fn terms(&self) -> impl Iterator<Item = (u32, f64)> {
        let (first, last) = self.range();
        (first..=last).zip(self.terms.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_coins() {
        let terms: Vec<_> = Binomial::new(4, 0.5).terms().collect();
        let binomial = Binomial::new(4, 0.5);
        assert_eq!((binomial.term(2), binomial.term(5), binomial.range()), (0.375, 0.0, (0, 4)));
        assert_eq!(terms, [(0, 1.0 / 16.0), (1, 0.25), (2, 0.375), (3, 0.25), (4, 1.0 / 16.0)]);
    }

    #[test]
    fn certainties_and_nonsense() {
        assert_eq!(Binomial::new(7, 0.0).terms().collect::<Vec<_>>(), [(0, 1.0)]);
        assert_eq!(Binomial::new(7, 3.0).terms().collect::<Vec<_>>(), [(7, 1.0)]);
        assert_eq!(Binomial::new(7, f64::NAN).mean(), 0.0);
        assert_eq!(Binomial::new(0, 0.3).terms().collect::<Vec<_>>(), [(0, 1.0)]);
    }

    proptest! {
        /// Fails, for one, when a factor of a recurrence is off by one.
        #[test]
        fn mean_and_variance_are_those_of_theory(trials in 0_u32..20_000, p in 0.0_f64..=1.0) {
            let binomial = Binomial::new(trials, p);
            let sum = |weigh: &dyn Fn(f64) -> f64| binomial.terms().map(|(k, term)| weigh(f64::from(k)) * term).sum::<f64>();
            let (n, mean) = (f64::from(trials), binomial.mean());
            prop_assert!((sum(&|_| 1.0) - 1.0).abs() < 1e-12);
            prop_assert!((sum(&|k| k) - n * p).abs() < 1e-6 * (1.0 + n * p));
            prop_assert!((sum(&|k| (k - mean) * (k - mean)) - n * p * (1.0 - p)).abs() < 1e-5 * (1.0 + n * p));
        }

        /// The bound on time and memory: some 12 standard deviations.
        #[test]
        fn few_terms_are_kept(trials in 1_u32..1_000_000, p in 0.0_f64..=1.0) {
            let deviation = (f64::from(trials) * p * (1.0 - p)).sqrt();
            let kept = Binomial::new(trials, p).terms().count();
            prop_assert!((kept as f64) < 40.0 + 14.0 * deviation, "{kept} terms");
        }
    }
}
