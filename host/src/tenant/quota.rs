//! So many requests in any minute of platform time: a sliding window that remembers each request it let pass.
//!
//! As on many platforms, the whole quota may be used in one burst, and a refused request costs nothing.

use std::collections::VecDeque;
use std::time::Duration;

use paced_core::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// A quota of requests.
#[derive(Debug)]
pub(super) struct Quota {
    per_minute: usize,
    /// When each request of the last minute passed; never more than the quota.
    passed: VecDeque<Timestamp>,
}

impl Quota {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute as usize, passed: VecDeque::new() }
    }

    /// Lets a request pass at `now`, or says in how many whole seconds one will.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), u64> {
        while self.passed.front().is_some_and(|&at| at + MINUTE <= now) {
            self.passed.pop_front();
        }
        match self.passed.front() {
            Some(&oldest) if self.passed.len() >= self.per_minute => {
                Err((oldest + MINUTE).since(now).as_millis().div_ceil(1_000) as u64)
            }
            _ => {
                self.passed.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_millis((seconds * 1_000.0) as i64)
    }

    #[test]
    fn a_burst_of_the_whole_quota_passes_and_then_the_minute_counts() {
        let mut quota = Quota::new(2);
        assert_eq!(quota.take(at(0.0)), Ok(()));
        assert_eq!(quota.take(at(10.5)), Ok(()));
        assert_eq!(quota.take(at(10.6)), Err(50));
        assert_eq!(quota.take(at(59.999)), Err(1));
        assert_eq!(quota.take(at(60.0)), Ok(()));
        assert_eq!(quota.take(at(61.0)), Err(10), "the refused ones cost nothing");
    }
}
