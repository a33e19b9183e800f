//! What the platform shows of a campaign: five-minute buckets on the clock's grid, late by the feed's delay.
//!
//! The feed is told every fact as it happens and publishes it once it is old enough; nothing else decides what an
//! observer may know. The newest bucket is the running one: its counts grow until it closes and its gauges are those
//! of the instant up to which it counts. Bounded: a day of buckets, and the facts of one delay.

use std::collections::VecDeque;
use std::time::Duration;

use paced_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calls::Millis;

/// The length of a bucket.
pub const BUCKET: Duration = Duration::from_secs(300);

/// Closed buckets kept: a day.
const KEPT: usize = 288;

/// What the platform shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// Which buckets.
    pub kind: FeedKind,
    /// What counts as offered.
    pub offered: Offered,
    /// How late the platform is, at most an hour; default not at all.
    pub delay: Duration,
}

/// Which buckets the platform shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// Closed ones and the running one.
    #[default]
    Running,
    /// Closed ones only.
    Closed,
}

/// What the platform calls offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Offered {
    /// Calls offered to agents: answered + abandoned.
    #[default]
    Answers,
    /// Dialled calls.
    Dials,
}

/// One five-minute interval of a campaign, as the platform shows it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its start.
    pub date_from: Timestamp,
    /// The instant up to which it counts: its end, or earlier while it runs.
    pub date_to: Timestamp,
    /// Calls offered, in the configured sense.
    pub offered: u32,
    /// Calls that reached an agent, among them machines taken for persons.
    pub answered: u32,
    /// Answered calls for which no agent was free in time, among them machines taken for persons.
    pub abandoned: u32,
    /// Mean of the wrap-ups that ended in it, seconds; none if none did.
    pub wrap_up_s_mean: Option<f64>,
    /// Agents signed in and ready at `date_to`.
    pub agents_available: u32,
    /// Agents talking or in wrap-up at `date_to`.
    pub agents_busy: u32,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Dialled,
    Answered,
    Abandoned,
    WrappedUp(Millis),
    Agents { available: u32, busy: u32 },
}

/// Counts of the bucket that runs.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    dialled: u32,
    answered: u32,
    abandoned: u32,
    wrap_ups: u32,
    wrap_up_ms: u64,
}

/// Turns facts into buckets.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    config: FeedConfig,
    /// Facts that are younger than the delay, oldest first.
    pending: VecDeque<(Timestamp, Fact)>,
    closed: VecDeque<Bucket>,
    running: Counts,
    running_from: Timestamp,
    available: u32,
    busy: u32,
    /// Everything up to here is published.
    published_to: Timestamp,
    started_at: Timestamp,
}

impl Feed {
    pub(crate) fn new(config: FeedConfig, started_at: Timestamp) -> Self {
        Self {
            config,
            pending: VecDeque::new(),
            closed: VecDeque::new(),
            running: Counts::default(),
            running_from: started_at.floor_to(BUCKET),
            available: 0,
            busy: 0,
            published_to: started_at - config.delay,
            started_at,
        }
    }

    /// Notes what happened at `at`, which no later call may precede.
    pub(crate) fn note(&mut self, at: Timestamp, fact: Fact) {
        self.pending.push_back((at, fact));
    }

    /// Publishes what an observer may know at `now`.
    pub(crate) fn publish(&mut self, now: Timestamp) {
        let limit = now - self.config.delay;
        while let Some((at, fact)) = self.pending.front().copied().filter(|(at, _)| *at <= limit) {
            self.pending.pop_front();
            self.close_before(at);
            self.apply(fact);
        }
        self.close_before(limit);
        self.published_to = limit;
    }

    /// Closes every bucket that ends at or before `at`.
    fn close_before(&mut self, at: Timestamp) {
        while self.running_from + BUCKET <= at {
            let bucket = self.bucket(self.running_from + BUCKET);
            self.closed.push_back(bucket);
            if self.closed.len() > KEPT {
                self.closed.pop_front();
            }
            self.running = Counts::default();
            self.running_from = self.running_from + BUCKET;
        }
    }

    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Dialled => self.running.dialled += 1,
            Fact::Answered => self.running.answered += 1,
            Fact::Abandoned => self.running.abandoned += 1,
            Fact::WrappedUp(took) => {
                self.running.wrap_ups += 1;
                self.running.wrap_up_ms += took;
            }
            Fact::Agents { available, busy } => (self.available, self.busy) = (available, busy),
        }
    }

    /// The running bucket, as of `date_to`.
    fn bucket(&self, date_to: Timestamp) -> Bucket {
        let counts = &self.running;
        Bucket {
            date_from: self.running_from,
            date_to,
            offered: match self.config.offered {
                Offered::Answers => counts.answered + counts.abandoned,
                Offered::Dials => counts.dialled,
            },
            answered: counts.answered,
            abandoned: counts.abandoned,
            wrap_up_s_mean: (counts.wrap_ups > 0)
                .then(|| counts.wrap_up_ms as f64 / 1_000.0 / f64::from(counts.wrap_ups)),
            agents_available: self.available,
            agents_busy: self.busy,
        }
    }

    /// The buckets that share time with `from..to`, oldest first.
    pub(crate) fn buckets(&self, from: Timestamp, to: Timestamp) -> Vec<Bucket> {
        let shows_running = self.config.kind == FeedKind::Running && self.published_to >= self.started_at;
        let running = shows_running.then(|| self.bucket(self.published_to));
        let overlaps = |bucket: &Bucket| bucket.date_from < to && bucket.date_from + BUCKET > from;
        self.closed.iter().copied().chain(running).filter(overlaps).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_700_006_400_000);

    fn at(seconds: u64) -> Timestamp {
        NOON + Duration::from_secs(seconds)
    }

    fn all(feed: &Feed) -> Vec<Bucket> {
        feed.buckets(Timestamp::from_millis(0), at(1_000_000))
    }

    #[test]
    fn the_newest_bucket_runs_and_then_closes() {
        let mut feed = Feed::new(FeedConfig::default(), NOON);
        feed.note(at(10), Fact::Agents { available: 3, busy: 1 });
        feed.note(at(20), Fact::Answered);
        feed.note(at(250), Fact::Abandoned);
        feed.publish(at(100));
        let [running] = all(&feed)[..] else { panic!("one bucket runs") };
        assert_eq!((running.date_to, running.offered, running.agents_available), (at(100), 1, 3));
        feed.publish(at(301));
        let [closed, running] = all(&feed)[..] else { panic!("one closed, one runs") };
        assert_eq!((closed.date_to, closed.offered, closed.abandoned, closed.agents_busy), (at(300), 2, 1, 1));
        assert_eq!((running.date_from, running.date_to, running.offered), (at(300), at(301), 0));
    }

    #[test]
    fn a_closed_feed_shows_no_running_bucket() {
        let mut feed = Feed::new(FeedConfig { kind: FeedKind::Closed, ..FeedConfig::default() }, NOON);
        feed.publish(at(299));
        assert_eq!(all(&feed), []);
        feed.publish(at(300));
        assert_eq!(all(&feed).len(), 1);
    }

    #[test]
    fn a_late_feed_shows_what_was_true_then() {
        let delay = Duration::from_secs(60);
        let mut feed = Feed::new(FeedConfig { delay, ..FeedConfig::default() }, NOON);
        feed.note(at(5), Fact::Answered);
        feed.note(at(70), Fact::Answered);
        feed.publish(at(30));
        assert_eq!(all(&feed), [], "nothing is old enough to be known");
        feed.publish(at(100));
        assert_eq!(all(&feed).iter().map(|b| (b.date_to, b.answered)).collect::<Vec<_>>(), [(at(40), 1)]);
    }

    #[test]
    fn offered_counts_dials_where_asked() {
        let mut feed = Feed::new(FeedConfig { offered: Offered::Dials, ..FeedConfig::default() }, NOON);
        for fact in [Fact::Dialled, Fact::Dialled, Fact::Answered, Fact::WrappedUp(3_000), Fact::WrappedUp(4_000)] {
            feed.note(NOON, fact);
        }
        feed.publish(at(1));
        let [bucket] = all(&feed)[..] else { panic!("one bucket runs") };
        assert_eq!((bucket.offered, bucket.answered, bucket.wrap_up_s_mean), (2, 1, Some(3.5)));
    }

    #[test]
    fn a_day_of_buckets_is_kept_and_a_range_picks_among_them() {
        let mut feed = Feed::new(FeedConfig::default(), NOON);
        feed.publish(at(2 * 86_400 + 7));
        assert_eq!(all(&feed).len(), KEPT + 1);
        let end = 2 * 86_400;
        assert_eq!(feed.buckets(at(end), at(end + 7)).len(), 1);
        assert_eq!(feed.buckets(at(end - 1), at(end + 7)).len(), 2);
        assert_eq!(feed.buckets(at(end - 300), at(end)).len(), 1);
    }
}
