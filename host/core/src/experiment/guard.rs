//! Each arm's abandonment guard: is the arm shown to be over its limit, however often one looks?
//!
//! A test that is repeated at every bucket until it rejects stops a lawful arm sooner or later; with exact binomial
//! tests at 5 % that happens in about a quarter of runs. So the guard bets: it holds a fortune that starts at 1 and
//! that a lawful arm makes smaller on average, whatever it did before, since a bucket of n calls multiplies it by
//!
//! ```text
//! 1 + stake x (abandoned - limit x n),   0 <= stake < 1 / (limit x n)
//! ```
//!
//! whose mean is at most 1 as long as the expected share is at most the limit. A lawful arm's fortune ever reaches
//! 1/alpha with a probability of at most alpha (Ville 1939; Waudby-Smith and Ramdas 2024, "Estimating means of bounded
//! random variables by betting"). Only the mean of a bucket enters, not its distribution: calls of a bucket may be
//! abandoned together as much as they like, which the binomial forbids. Several stakes are held side by side, since the
//! best one depends on how far over the limit an arm is and how much its buckets vary. What the bet does rest on is that
//! a lawful arm is lawful at all times: one whose share is at the limit in the mean, and wanders over it for half an
//! hour at a time, is stopped more often than that.
//!
//! Guards judge by what the platform reports: an arm's own buckets, after the washout. Bounded: a few numbers.

use serde::{Deserialize, Serialize};

/// A lawful arm is stopped in at most this share of experiments.
pub const ALPHA: f64 = 0.05;

/// Stakes in fortunes per call. About 0.4 is best against five thirds of the limit where buckets of 20 calls vary as
/// binomials do; the smaller ones, where they vary much more or the arm is less far over.
const STAKES: [f64; 4] = [0.05, 0.1, 0.2, 0.4];

/// The largest part of a fortune that one bucket can lose.
const MOST_LOST: f64 = 0.5;

/// The guard of one arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmGuard {
    limit: f64,
    /// Logarithms of the fortunes, one for each stake.
    fortunes: [f64; STAKES.len()],
    /// Calls judged.
    calls: u64,
    /// Of them abandoned.
    abandoned: u64,
    /// It was shown once, and stays so.
    is_over: bool,
}

impl ArmGuard {
    /// The guard of an arm that has not been seen yet; `limit` above 0 and below 1.
    #[must_use]
    pub const fn new(limit: f64) -> Self {
        Self { limit, fortunes: [0.0; STAKES.len()], calls: 0, abandoned: 0, is_over: false }
    }

    /// Takes a bucket of the arm in and says whether this showed, for the first time, that the arm is over its limit.
    pub fn see(&mut self, calls: u64, abandoned: u64) -> bool {
        self.calls += calls;
        self.abandoned += abandoned;
        let expected = self.limit * calls as f64;
        if expected > 0.0 {
            let excess = abandoned.min(calls) as f64 - expected;
            for (fortune, stake) in self.fortunes.iter_mut().zip(STAKES) {
                *fortune += libm::log1p(stake.min(MOST_LOST / expected) * excess);
            }
        }
        let shows = !self.is_over && self.fortune() >= 1.0 / ALPHA;
        self.is_over |= shows;
        shows
    }

    /// Whether it has been shown that the arm is over its limit.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The fortune now, of 1 at the start: how many times likelier such buckets are over the limit than at it, roughly.
    #[must_use]
    pub fn fortune(&self) -> f64 {
        self.fortunes.iter().map(|fortune| libm::exp(*fortune)).sum::<f64>() / STAKES.len() as f64
    }

    /// Calls judged, and those of them that were abandoned.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.calls, self.abandoned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Draw;
    use crate::hash::tests::normal;
    use crate::stats::binomial_tail;

    const LIMIT: f64 = 0.03;
    /// Ten working days of one arm: half of eight hours each, less washout.
    const BUCKETS: usize = 380;

    /// Buckets of about 23 calls (20 agents) with this share abandoned in the long run. The share itself wanders: its
    /// logarithm is an autoregression with a standard deviation of 0.4 and a correlation of 0.85 from bucket to bucket,
    /// half of it left after 20 minutes, as load and agents come and go.
    fn buckets(draw: &mut Draw, share: f64, count: usize) -> Vec<(u64, u64)> {
        let (deviation, correlation) = (0.4, 0.85);
        let mut level = normal(draw);
        let mut bucket = || {
            level = correlation * level + libm::sqrt(1.0 - correlation * correlation) * normal(draw);
            let now = share * libm::exp(deviation * level - deviation * deviation / 2.0);
            let calls = 13 + draw.below(21) as u64;
            (calls, (0..calls).filter(|_| draw.uniform() < now).count() as u64)
        };
        (0..count).map(|_| bucket()).collect()
    }

    /// The bucket at which the guard stops, of those of one run.
    fn stopped(buckets: &[(u64, u64)], limit: f64) -> Option<usize> {
        let mut guard = ArmGuard::new(limit);
        buckets.iter().position(|(calls, abandoned)| guard.see(*calls, *abandoned))
    }

    fn runs(name: &str, share: f64) -> Vec<Vec<(u64, u64)>> {
        let mut draw = Draw::named(1, &[name]);
        (0..400).map(|_| buckets(&mut draw, share, BUCKETS)).collect()
    }

    /// Seen to fail by: a fortune that may not fall below 1. The same runs with the binomial test at every look are what
    /// the guard is there to avoid.
    #[test]
    fn a_lawful_arm_is_stopped_in_at_most_five_per_cent_of_runs() {
        let runs = runs("lawful", 0.025);
        let share = |count: usize| count as f64 / runs.len() as f64;
        let by_guard = runs.iter().filter(|run| stopped(run, LIMIT).is_some()).count();
        assert!(share(by_guard) <= ALPHA, "{by_guard} of {}", runs.len());
        let by_binomial = runs
            .iter()
            .filter(|run| {
                let mut seen = (0_u32, 0_u32);
                run.iter().any(|(calls, abandoned)| {
                    seen = (seen.0 + *calls as u32, seen.1 + *abandoned as u32);
                    binomial_tail(seen.1, seen.0, LIMIT) < ALPHA
                })
            })
            .count();
        assert!(share(by_binomial) > 3.0 * ALPHA, "{by_binomial} of {}", runs.len());
    }

    /// Seen to fail by: a fortune that may not fall below 1. Where the theory applies, at the very limit and with calls that are abandoned independently.
    #[test]
    fn an_arm_at_its_limit_is_stopped_in_at_most_five_per_cent_of_runs() {
        let mut draw = Draw::named(1, &["limit"]);
        let mut bucket = || (23, (0..23).filter(|_| draw.uniform() < LIMIT).count() as u64);
        let stops =
            (0..1_000).filter(|_| stopped(&(0..BUCKETS).map(|_| bucket()).collect::<Vec<_>>(), LIMIT).is_some());
        let stops = stops.count();
        assert!(stops <= 50 && stops > 5, "{stops} of 1,000");
    }

    /// Seen to fail by: stakes a tenth as high; stakes ten times as high.
    #[test]
    fn an_unlawful_arm_is_stopped_soon() {
        let mut stops: Vec<usize> =
            runs("unlawful", 0.05).iter().map(|run| stopped(run, LIMIT).unwrap_or(BUCKETS)).collect();
        stops.sort_unstable();
        let (median, late) = (stops[stops.len() / 2], stops[stops.len() * 95 / 100]);
        assert!(median < 48, "four hours of the arm's own time, not {median} buckets");
        assert!(late < 3 * 48, "three times that in all but 5 % of runs, not {late} buckets");
    }

    #[test]
    fn what_was_shown_stays_shown_and_is_said_once() {
        let mut guard = ArmGuard::new(LIMIT);
        let shown = (0..20).filter(|_| guard.see(20, 5)).count();
        assert_eq!((shown, guard.is_over(), guard.counts()), (1, true, (400, 100)));
        (0..1_000).for_each(|_| assert!(!guard.see(20, 0)));
        assert!(guard.is_over() && guard.fortune() < 1.0);
    }

    #[test]
    fn odd_buckets_break_nothing() {
        let mut guard = ArmGuard::new(LIMIT);
        for (calls, abandoned) in [(0, 0), (0, 5), (5, 50), (u64::MAX / 4, 0), (1, 0)] {
            guard.see(calls, abandoned);
            assert!(guard.fortune().is_finite() && guard.fortune() > 0.0);
        }
    }
}
