//! The statistics that safety rests on: how sure may one be that a rate is over its limit?

/// The error rate of the safety trip's evidence: it is wrong about a lawful campaign in at most 5 % of looks.
pub const TRIP_ALPHA: f64 = 0.05;

/// The probability of at least `hits` in `trials` independent trials of probability `p`, with `p` above 0 and below 1.
///
/// By summing the binomial terms in logarithms; exact to rounding for the few hundred trials that it is used with.
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
    let n = f64::from(trials);
    let term = |k: u32| {
        let k = f64::from(k);
        let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::exp(choose + k * libm::log(p) + (n - k) * libm::log1p(-p))
    };
    (hits..=trials).map(term).sum::<f64>().min(1.0)
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
    fn evidence_needs_more_than_a_point_rate_over_the_limit() {
        // 2 of 20 is 10 %, and yet P(X >= 2 | 20, 5 %) = 26 %: no evidence. 4 of 20: 1.6 %.
        assert!(!is_shown_over(2, 20, 0.05));
        assert!(is_shown_over(4, 20, 0.05));
        assert!(!is_shown_over(0, 0, 0.05));
    }
}
