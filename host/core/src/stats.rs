//! The statistics that safety and experiments rest on: how sure may one be that a rate is over its limit, and how far
//! may a mean be off?

/// The error rate of the safety trip's evidence: it is wrong about a lawful campaign in at most 5 % of looks.
pub const TRIP_ALPHA: f64 = 0.05;

/// The probability of at least `hits` in `trials` independent trials of probability `p`, with `p` above 0 and below 1.
///
/// It sums the side of the distribution that `hits` lies on, away from the mean, until a term no longer counts: some
/// ten standard deviations at most, so that absurd counts cost a moment and not hours.
#[must_use]
pub fn binomial_tail(hits: u32, trials: u32, p: f64) -> f64 {
    if hits == 0 {
        return 1.0;
    }
    if hits > trials || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (n, odds) = (f64::from(trials), p / (1.0 - p));
    if f64::from(hits) > n * p {
        let rises = (hits..trials).map(|k| (n - f64::from(k)) / (f64::from(k) + 1.0) * odds);
        sum_of_terms(probability(hits, n, p), rises).min(1.0)
    } else {
        let falls = (1..hits).rev().map(|k| f64::from(k) / (n - f64::from(k) + 1.0) / odds);
        1.0 - sum_of_terms(probability(hits - 1, n, p), falls).min(1.0)
    }
}

/// The probability of exactly `k` hits in `n` trials.
fn probability(k: u32, n: f64, p: f64) -> f64 {
    let k = f64::from(k);
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    libm::exp(choose + k * libm::log(p) + (n - k) * libm::log1p(-p))
}

/// The sum of `first` and the terms that follow it by these factors, as far as they count.
fn sum_of_terms(first: f64, factors: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut term) = (first, first);
    for factor in factors {
        term *= factor;
        sum += term;
        if term <= sum * f64::EPSILON * 1e-3 {
            break;
        }
    }
    sum
}

/// Whether `hits` of `trials` show a rate above `limit`: the one-sided 95 % lower bound (Clopper and Pearson, 1934)
/// lies over it.
#[must_use]
pub fn is_shown_over(hits: u32, trials: u32, limit: f64) -> bool {
    binomial_tail(hits, trials, limit) < TRIP_ALPHA
}

/// What Student's t with so many degrees of freedom exceeds, in either direction, with probability `miss`.
#[must_use]
pub fn student_quantile(freedom: usize, miss: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if 1.0 - student_within(middle, freedom) > miss { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The probability that Student's t lies between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4).
#[must_use]
pub fn student_within(t: f64, freedom: usize) -> f64 {
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

    #[test]
    fn tail_agrees_with_values_worked_out_by_hand() {
        // P(X >= 1 | 3, 1/2) = 7/8; P(X >= 2 | 2, 0.1) = 0.01; P(X >= 2 | 3, 0.2) = 3 x 0.04 x 0.8 + 0.008 = 0.104.
        for (hits, trials, p, expected) in [(1, 3, 0.5, 0.875), (2, 2, 0.1, 0.01), (2, 3, 0.2, 0.104), (0, 9, 0.3, 1.0)]
        {
            let tail = binomial_tail(hits, trials, p);
            assert!((tail - expected).abs() < 1e-12, "{hits} of {trials}: {tail}");
        }
        assert!(binomial_tail(4, 3, 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn both_sides_of_the_mean_agree_with_a_plain_sum() {
        for (trials, p) in [(20, 0.05), (200, 0.05), (200, 0.5), (37, 0.9)] {
            for hits in 1..=trials {
                let plain: f64 = (hits..=trials).map(|k| probability(k, f64::from(trials), p)).sum();
                let tail = binomial_tail(hits, trials, p);
                assert!((tail - plain).abs() < 1e-12, "{hits} of {trials} at {p}: {tail}, not {plain}");
            }
        }
    }

    /// A plain sum over billions of terms would take minutes, and the platform says how many calls there were.
    #[test]
    fn absurd_counts_are_judged_at_once() {
        assert!(is_shown_over(u32::MAX / 2, u32::MAX, 0.05));
        assert!(!is_shown_over(u32::MAX / 50, u32::MAX, 0.05));
        assert!(!is_shown_over(u32::MAX / 20, u32::MAX, 0.05));
    }

    #[test]
    fn evidence_needs_more_than_a_point_rate_over_the_limit() {
        // 2 of 20 is 10 %, and yet P(X >= 2 | 20, 5 %) = 26 %: no evidence. 4 of 20: 1.6 %.
        assert!(!is_shown_over(2, 20, 0.05));
        assert!(is_shown_over(4, 20, 0.05));
        assert!(!is_shown_over(0, 0, 0.05));
    }

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
}
