//! How far a simulated mean may be from the true one, and how seldom it is farther.

use paced_core::stats::student_quantile;

/// Half the width of the interval around the mean of `replications` independent values of this sample standard
/// deviation, which leaves the true mean out with probability `miss` (Student's t). Replications are at least 2.
pub(super) fn student(deviation: f64, replications: usize, miss: f64) -> f64 {
    student_quantile(replications - 1, miss) * deviation / libm::sqrt(replications as f64)
}

/// A bounded random quantity whose distribution is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Known {
    pub(super) variance: f64,
    /// The farthest that one value can be from the mean.
    pub(super) most: f64,
}

/// Half the width of the interval around the mean of `count` independent values, which leaves the true mean out with a
/// probability of **at most** `miss` (Bernstein's inequality). Unlike Student's it holds for rare events too.
pub(super) fn bernstein(known: Known, count: f64, miss: f64) -> f64 {
    // Solves 2 exp(-count h^2 / (2 variance + 2 most h / 3)) = miss for h.
    let log = libm::log(2.0 / miss);
    let skew = known.most * log / 3.0;
    (skew + libm::sqrt(skew * skew + 2.0 * count * known.variance * log)) / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bernstein_solves_its_inequality() {
        let (known, count, miss) = (Known { variance: 2.0, most: 30.0 }, 500.0, 1e-5);
        let half = bernstein(known, count, miss);
        let probability =
            2.0 * libm::exp(-count * half * half / (2.0 * known.variance + 2.0 * known.most * half / 3.0));
        assert!((probability / miss - 1.0).abs() < 1e-9);
        assert!(bernstein(Known { variance: 0.0, most: 0.0 }, count, miss).abs() < f64::EPSILON);
    }
}
