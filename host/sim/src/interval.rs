//! How far a simulated mean may be from the true one, and how seldom it is farther.

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

/// What Student's t with so many degrees of freedom exceeds, in either direction, with probability `miss`.
fn student_quantile(freedom: usize, miss: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if 1.0 - student_within(middle, freedom) > miss { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The probability that Student's t lies between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4).
fn student_within(t: f64, freedom: usize) -> f64 {
    let angle = libm::atan(t / libm::sqrt(freedom as f64));
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let is_odd = freedom % 2 == 1;
    let (mut term, mut sum) = (if is_odd { cosine } else { 1.0 }, 0.0);
    // The powers of the cosine go up to freedom - 2, by twos.
    for power in (usize::from(is_odd)..freedom.saturating_sub(1)).step_by(2) {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
    }
    if is_odd { std::f64::consts::FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in every table of the distribution.
    #[test]
    fn the_quantiles_of_student_come_out() {
        for (freedom, miss, wanted) in [
            (1, 0.05, 12.706_2),
            (2, 0.05, 4.302_65),
            (9, 0.05, 2.262_16),
            (9, 0.001, 4.780_91),
            (40, 0.05, 2.021_08),
            (99, 0.01, 2.626_41),
        ] {
            let quantile = student_quantile(freedom, miss);
            assert!((quantile / wanted - 1.0).abs() < 1e-5, "{freedom} degrees, {miss}: {quantile}");
        }
    }

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
