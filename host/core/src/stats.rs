//! The statistics that safety rests on: how sure may one be that a rate is over its limit?

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
}
