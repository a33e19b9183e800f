//! How far a simulated mean may be from the true one, and how seldom it is farther.

use paced_core::stats::student_quantile;

/// Half the width of the interval around the mean of `replications` independent values of this sample standard
/// deviation, which leaves the true mean out with probability `miss` (Student's t). Replications are at least 2.
pub(crate) fn student(deviation: f64, replications: usize, miss: f64) -> f64 {
    student_quantile(replications - 1, miss) * deviation / libm::sqrt(replications as f64)
}

/// A bounded random quantity whose distribution is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) variance: f64,
    /// The farthest that one value can be from the mean.
    pub(crate) most: f64,
}

/// Half the width of the interval around the mean of `count` independent values, which leaves the true mean out with a
/// probability of **at most** `miss` (Bernstein's inequality). Unlike Student's it holds for rare events too.
pub(crate) fn bernstein(known: Known, count: f64, miss: f64) -> f64 {
    // Solves 2 exp(-count h^2 / (2 variance + 2 most h / 3)) = miss for h.
    let log = libm::log(2.0 / miss);
    let skew = known.most * log / 3.0;
    (skew + libm::sqrt(skew * skew + 2.0 * count * known.variance * log)) / count
}

/// A ratio of two sums over replications, each of which gives a part and a whole, with half the width of its interval:
/// replications' residuals from the common ratio are independent and have mean 0, which ratios of each have not.
pub(crate) fn ratio_of_sums(parts: &[(f64, f64)], miss: f64) -> (f64, f64) {
    let count = parts.len() as f64;
    let (part, whole) = parts.iter().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
    let ratio = part / whole;
    let squares: f64 = parts.iter().map(|(x, y)| (x - ratio * y) * (x - ratio * y)).sum();
    let deviation = libm::sqrt(squares / (count - 1.0));
    (ratio, student(deviation, parts.len(), miss) / (whole / count))
}

/// A mean with half the width of its interval, likewise.
pub(crate) fn mean(values: &[f64], miss: f64) -> (f64, f64) {
    let ones: Vec<_> = values.iter().map(|value| (*value, 1.0)).collect();
    ratio_of_sums(&ones, miss)
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
