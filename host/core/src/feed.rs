//! What is known of a campaign's metrics, and how old it is.
//!
//! A reading is fresh if its `date_to` or any value changed. Silence counts from the last fresh reading; where the
//! platform gives closed buckets only, from when the next one is due. While a campaign is paused silence stands still:
//! nothing is expected of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::policy::ReadingView;
use crate::reading::Report;
use crate::time::{Moment, Timestamp};

/// Length of the platform's buckets.
pub const BUCKET: Duration = Duration::from_secs(300);
/// The most time that one reading may cover.
const MAX_COVERED: Duration = Duration::from_secs(600);

/// A campaign's metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    latest: Option<Latest>,
    /// The platform showed a bucket that was still running.
    is_running: bool,
    /// Milliseconds without a fresh reading; negative while none is due.
    silence_ms: i64,
    /// Rolling counts.
    pub ledger: Ledger,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Latest {
    report: Report,
    age_at_receipt: Duration,
    received: Timestamp,
}

impl Feed {
    /// Takes in reports, newest last; `true` if the newest is fresh.
    pub fn take(&mut self, reports: &[Report], platform_now: Timestamp, moment: &Moment) -> bool {
        let Some(newest) = reports.last() else { return false };
        // A date that lies ahead of the platform's own clock is wrong, and must not make all that follows look old.
        let is_plausible = |date_to: Timestamp| date_to <= platform_now + BUCKET;
        let is_behind = self
            .latest
            .is_some_and(|latest| newest.date_to < latest.report.date_to && is_plausible(latest.report.date_to));
        let is_repeated = self.latest.is_some_and(|latest| latest.report == *newest);
        if is_behind || is_repeated {
            return false;
        }
        let is_on_grid = newest.date_to == newest.date_to.floor_to(BUCKET);
        self.is_running |= !is_on_grid || newest.date_to > platform_now;
        self.ledger.add(reports, self.covered(newest, platform_now, moment.now), moment);
        let age_at_receipt = platform_now.since(newest.date_to);
        self.latest = Some(Latest { report: *newest, age_at_receipt, received: moment.now });
        let grace = if self.is_running { Duration::ZERO } else { (newest.date_to + BUCKET).since(platform_now) };
        self.silence_ms = -i64::try_from(grace.as_millis()).unwrap_or(0);
        true
    }

    /// The time that a fresh reading covers: since the previous one, or since its bucket began.
    fn covered(&self, newest: &Report, platform_now: Timestamp, now: Timestamp) -> Duration {
        let covered = match self.latest {
            Some(latest) => now.since(latest.received),
            None => platform_now.min(newest.date_to).since(newest.date_from),
        };
        covered.min(MAX_COVERED)
    }

    /// Lets `elapsed` pass without a fresh reading.
    pub fn pass(&mut self, elapsed: Duration) {
        self.silence_ms = self.silence_ms.saturating_add(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
    }

    /// Counts silence from now on.
    pub const fn forget_silence(&mut self) {
        self.silence_ms = 0;
    }

    /// Adapts to a clock that went back `by` so much.
    pub(crate) fn move_back(&mut self, by: Duration) {
        if let Some(latest) = &mut self.latest {
            latest.received = latest.received - by;
        }
        self.ledger.move_back(by);
    }

    /// How long readings have been missing.
    #[must_use]
    pub fn silence(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.silence_ms).unwrap_or(0))
    }

    /// The latest gauges with their age at `now`; none if there has been no reading.
    #[must_use]
    pub fn gauges(&self, fresh: bool, now: Timestamp) -> Option<ReadingView> {
        self.latest.map(|latest| ReadingView {
            age_s: (latest.age_at_receipt + now.since(latest.received)).as_secs_f64(),
            fresh,
            agents_available: latest.report.agents_available,
            agents_busy: latest.report.agents_busy,
            wrap_up_s_mean: latest.report.wrap_up_s_mean,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Moment {
        Moment { now: Timestamp::from_millis(second * 1000), day: 0, month_start_day: 0, shift_end: None }
    }

    fn report(to_second: i64, answered: u32) -> Report {
        let date_to = Timestamp::from_millis(to_second * 1000);
        Report {
            date_from: (date_to - Duration::from_millis(1)).floor_to(BUCKET),
            date_to,
            offered: answered,
            answered,
            abandoned: 0,
            wrap_up_s_mean: Some(30.0),
            agents_available: 2.0,
            agents_busy: 8.0,
        }
    }

    fn take(feed: &mut Feed, second: i64, report: Report) -> bool {
        feed.take(&[report], at(second).now, &at(second))
    }

    #[test]
    fn the_same_reading_again_is_no_news_and_an_older_one_neither() {
        let mut feed = Feed::default();
        assert!(take(&mut feed, 10, report(10, 1)));
        assert!(!take(&mut feed, 25, report(10, 1)));
        assert!(take(&mut feed, 40, report(10, 2)), "a value changed");
        assert!(take(&mut feed, 55, report(40, 2)), "its date changed");
        assert!(!take(&mut feed, 70, report(30, 9)), "it went back in time");
        assert_eq!(feed.gauges(false, at(70).now).map(|gauges| gauges.age_s), Some(30.0));
    }

    #[test]
    fn one_date_in_the_far_future_does_not_make_all_others_old() {
        let mut feed = Feed::default();
        assert!(take(&mut feed, 10, report(10, 1)));
        assert!(take(&mut feed, 25, report(4_000_000_000, 1)));
        assert!(take(&mut feed, 40, report(40, 2)));
        assert!(!take(&mut feed, 55, report(30, 2)));
    }

    #[test]
    fn with_closed_buckets_silence_starts_when_the_next_one_is_due() {
        let mut feed = Feed::default();
        take(&mut feed, 320, report(300, 5));
        feed.pass(Duration::from_secs(280));
        assert_eq!(feed.silence(), Duration::ZERO);
        feed.pass(Duration::from_secs(45));
        assert_eq!(feed.silence(), Duration::from_secs(45));
    }

    #[test]
    fn with_a_running_bucket_silence_starts_at_once() {
        let mut feed = Feed::default();
        take(&mut feed, 310, report(310, 5));
        take(&mut feed, 601, report(600, 9));
        feed.pass(Duration::from_secs(15));
        assert_eq!(feed.silence(), Duration::from_secs(15));
    }
}
