//! One burst of lines for some idle agents: how many who answer find nobody, exactly.
//!
//! Of `lines` calls, each is answered with the same probability, independently: the answers are binomial, and those
//! beyond the idle agents are abandoned, because nobody waits. (Elementary; the predictive-dialling literature calls
//! it overdialling.)

/// The callers of one burst who find no agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overdial {
    /// Mean number of answers: lines x probability.
    pub answers: f64,
    /// Mean number abandoned.
    pub mean: f64,
    /// Variance of the number abandoned.
    pub variance: f64,
    /// The most that can be abandoned.
    pub most: f64,
}

impl Overdial {
    /// For so many idle agents and lines and a probability of an answer, above 0 and below 1.
    #[must_use]
    pub fn new(agents: u32, lines: u32, answer_probability: f64) -> Self {
        let over = |k: u32| f64::from(k - agents);
        // Not by `sum`, which gives -0 for nothing.
        let (mean, square) = ((agents + 1)..=lines).fold((0.0, 0.0), |(mean, square), k| {
            let part = over(k) * binomial(lines, k, answer_probability);
            (mean + part, square + over(k) * part)
        });
        Self {
            answers: f64::from(lines) * answer_probability,
            mean,
            variance: square - mean * mean,
            most: f64::from(lines.saturating_sub(agents)),
        }
    }

    /// Abandoned share of the answers, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.mean / self.answers
    }
}

/// The most lines, up to 10,000, that abandon at most a share `limit` of the answers.
#[must_use]
pub fn largest_burst(agents: u32, answer_probability: f64, limit: f64) -> u32 {
    // The share grows with every line, so the first that is too many ends the search.
    (1..=10_000)
        .take_while(|lines| Overdial::new(agents, *lines, answer_probability).share() <= limit)
        .last()
        .unwrap_or_default()
}

/// The probability of exactly `k` in `n`, by logarithms: the factorials alone would overflow.
fn binomial(n: u32, k: u32, p: f64) -> f64 {
    let log_factorial = |x: u32| libm::lgamma(f64::from(x) + 1.0);
    let ways = log_factorial(n) - log_factorial(k) - log_factorial(n - k);
    libm::exp(ways + f64::from(k) * libm::log(p) + f64::from(n - k) * libm::log1p(-p))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In per cent, to two digits, as published for an answer probability of 25 %.
    #[test]
    fn the_table_of_bursts_comes_out() {
        for (agents, shares) in [
            (5, [0.0, 0.95, 6.06, 15.17]),
            (10, [0.0, 0.10, 2.53, 10.83]),
            (20, [0.0, 0.00, 0.75, 7.69]),
            (50, [0.0, 0.00, 0.06, 4.88]),
        ] {
            for (lines_per_agent, wanted) in (1..).zip(shares) {
                let share = 100.0 * Overdial::new(agents, agents * lines_per_agent, 0.25).share();
                assert!((share - wanted).abs() <= 0.005_001, "{agents} x {lines_per_agent}: {share}");
            }
        }
    }

    #[test]
    fn one_agent_comes_out_by_hand() {
        // Two lines: both answer with p^2, and one of them is abandoned, of 2p answers: p / 2.
        for p in [0.05, 0.10, 0.20] {
            assert!((Overdial::new(1, 2, p).share() - p / 2.0).abs() < 1e-12, "{p}");
        }
        for (p, shares) in [(0.05, [2.5, 4.9, 7.3]), (0.10, [5.0, 9.7, 14.0]), (0.20, [10.0, 18.7, 26.2])] {
            for (lines, wanted) in (2..).zip(shares) {
                let share = 100.0 * Overdial::new(1, lines, p).share();
                assert!((share - wanted).abs() <= 0.050_001, "{lines} lines at {p}: {share}");
            }
        }
    }

    #[test]
    fn the_largest_bursts_come_out() {
        let known = [(1, 1), (2, 3), (3, 6), (5, 12), (10, 30), (20, 69), (50, 190), (100, 396)];
        for (agents, lines) in known {
            assert_eq!(largest_burst(agents, 0.25, 0.03), lines, "{agents} agents");
        }
    }

    #[test]
    fn the_variance_is_that_of_counting_by_hand() {
        // One agent, three lines, p = 1/2: 0, 1 or 2 are abandoned with 4/8, 3/8 and 1/8.
        let overdial = Overdial::new(1, 3, 0.5);
        assert!((overdial.mean - 5.0 / 8.0).abs() < 1e-12);
        assert!((overdial.variance - (7.0 / 8.0 - 25.0 / 64.0)).abs() < 1e-12);
    }
}
