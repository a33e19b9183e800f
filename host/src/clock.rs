//! The platform clock: it starts at the wall's now and runs `time_scale` times as fast.
//!
//! Everything that paces asks this clock; only socket timeouts, file settling, watching and shutdown use wall time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use paced_core::time::Timestamp;
use tokio::time::Instant;

/// A clock of platform time. Copies show the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started_at: Timestamp,
    started: Instant,
    time_scale: f64,
}

impl Clock {
    /// A clock that shows the wall's time now and runs `time_scale` times as fast, `time_scale` being above 0.
    #[must_use]
    pub fn start(time_scale: f64) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        Self { started_at: Timestamp::from_millis(millis), started: Instant::now(), time_scale }
    }

    /// Platform time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.started_at + self.started.elapsed().mul_f64(self.time_scale)
    }

    /// How many times as fast as the wall this clock runs.
    #[must_use]
    pub const fn time_scale(&self) -> f64 {
        self.time_scale
    }

    /// The wall time that so much platform time takes.
    #[must_use]
    pub fn wall(&self, platform: Duration) -> Duration {
        platform.div_f64(self.time_scale)
    }

    /// The wall's instant at which this clock shows `at`; the start where `at` lies before it.
    #[must_use]
    pub fn instant(&self, at: Timestamp) -> Instant {
        self.started + self.wall(at.since(self.started_at))
    }

    /// Waits until this clock shows `at`.
    pub async fn sleep_until(&self, at: Timestamp) {
        tokio::time::sleep_until(self.instant(at)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn runs_time_scale_times_as_fast() {
        let clock = Clock::start(15.0);
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(60));
        clock.sleep_until(start + Duration::from_secs(90)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(90));
        assert_eq!(clock.wall(Duration::from_secs(15)), Duration::from_secs(1));
    }
}
