//! What the platform shows of a campaign: five-minute buckets on the clock's grid, late by the feed's delay.
//!
//! The feed is told every fact as it happens and publishes it once it is old enough; nothing else decides what an
//! observer may know. The newest bucket is the running one: its counts grow until it closes and its gauges are those
//! of the instant up to which it counts. Bounded: a day of buckets, and the facts of one delay or gap.

use std::collections::VecDeque;
use std::time::Duration;

use paced_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calls::Millis;
use crate::streams::{Cause, Stream};
use crate::timeline::{Span, whole_ms};

/// The length of a bucket.
pub const BUCKET: Duration = Duration::from_secs(300);

/// Closed buckets kept: a day.
const KEPT: usize = 288;

/// For how long the feed stays as late as it is.
const JITTER_STRETCH_MS: Millis = 10_000;

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
    /// How much later than that it may be, anew every ten seconds, at most an hour; default never.
    pub jitter: Duration,
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
    CounterReset,
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
    /// Whether everything is published as it happens.
    is_prompt: bool,
    /// Facts that are not published yet, oldest first.
    pending: VecDeque<(Timestamp, Fact)>,
    closed: VecDeque<Bucket>,
    running: Counts,
    running_from: Timestamp,
    running_to: Timestamp,
    available: u32,
    busy: u32,
    /// Everything up to here is published.
    published_to: Timestamp,
    started_at: Timestamp,
    /// Nothing is published within these.
    gaps: Vec<Span>,
    lateness: Lateness,
}

/// How late the feed is beyond its delay.
#[derive(Clone, Debug)]
struct Lateness {
    seed: u64,
    campaign: String,
    /// The stretch of time for which `late` was drawn.
    drawn_for: Option<u64>,
    late: Duration,
}

impl Feed {
    pub(crate) fn new(config: FeedConfig, started_at: Timestamp, gaps: &[Span], seed: u64, campaign: &str) -> Self {
        let running_from = started_at.floor_to(BUCKET);
        Self {
            config,
            is_prompt: config.delay.is_zero() && config.jitter.is_zero() && gaps.is_empty(),
            pending: VecDeque::new(),
            closed: VecDeque::new(),
            running: Counts::default(),
            running_from,
            running_to: running_from + BUCKET,
            available: 0,
            busy: 0,
            published_to: started_at - config.delay - config.jitter,
            started_at,
            gaps: gaps.to_vec(),
            lateness: Lateness { seed, campaign: campaign.to_owned(), drawn_for: None, late: Duration::ZERO },
        }
    }

    /// Notes what happened at `at`, which no later call may precede. A prompt feed shows it at once.
    pub(crate) fn note(&mut self, at: Timestamp, fact: Fact) {
        if self.is_prompt {
            self.close_before(at);
            self.apply(fact);
        } else {
            self.pending.push_back((at, fact));
        }
    }

    /// Publishes what an observer may know at `now`.
    pub(crate) fn publish(&mut self, now: Timestamp) {
        let limit = self.limit(now);
        while let Some((at, fact)) = self.pending.front().copied().filter(|(at, _)| *at <= limit) {
            self.pending.pop_front();
            self.close_before(at);
            self.apply(fact);
        }
        self.close_before(limit);
        self.published_to = limit;
    }

    /// The instant up to which an observer may know things at `now`; it never goes back.
    fn limit(&mut self, now: Timestamp) -> Timestamp {
        if self.is_prompt {
            return now;
        }
        let since_start = whole_ms(now.since(self.started_at));
        let gap = self.gaps.iter().find(|gap| gap.holds(since_start));
        let seen_at = gap.map_or(now, |gap| self.started_at + Duration::from_millis(gap.from));
        let late = self.config.delay + self.lateness.at(self.config.jitter, since_start);
        self.published_to.max(seen_at - late)
    }

    /// Closes every bucket that ends at or before `at`.
    fn close_before(&mut self, at: Timestamp) {
        while self.running_to <= at {
            let bucket = self.bucket(self.running_to);
            self.closed.push_back(bucket);
            if self.closed.len() > KEPT {
                self.closed.pop_front();
            }
            self.running = Counts::default();
            self.running_from = self.running_to;
            self.running_to = self.running_to + BUCKET;
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
            Fact::CounterReset => self.running = Counts::default(),
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
        let running = running.filter(|bucket| bucket.date_from < to && self.running_to > from);
        let first = self.closed.partition_point(|bucket| bucket.date_to <= from);
        let closed = self.closed.range(first..).take_while(|bucket| bucket.date_from < to);
        closed.copied().chain(running).collect()
    }
}

impl Lateness {
    /// The lateness at `now`, at most `most`. It depends on the time alone, not on how often anyone looks.
    fn at(&mut self, most: Duration, now: Millis) -> Duration {
        if most.is_zero() {
            return Duration::ZERO;
        }
        let stretch = now / JITTER_STRETCH_MS;
        if self.drawn_for != Some(stretch) {
            self.drawn_for = Some(stretch);
            let drawn = Stream::numbered(self.seed, &self.campaign, Cause::FeedJitter, stretch).uniform();
            self.late = Duration::from_millis((drawn * most.as_millis() as f64) as u64);
        }
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_700_006_400_000);

    fn at(seconds: u64) -> Timestamp {
        NOON + Duration::from_secs(seconds)
    }

    fn feed(config: FeedConfig) -> Feed {
        Feed::new(config, NOON, &[], 1, "1")
    }

    fn all(feed: &Feed) -> Vec<Bucket> {
        feed.buckets(Timestamp::from_millis(0), at(1_000_000))
    }

    #[test]
    fn the_newest_bucket_runs_and_then_closes() {
        let mut feed = feed(FeedConfig::default());
        feed.note(at(10), Fact::Agents { available: 3, busy: 1 });
        feed.note(at(20), Fact::Answered);
        feed.publish(at(100));
        let [running] = all(&feed)[..] else { panic!("one bucket runs") };
        assert_eq!((running.date_to, running.offered, running.agents_available), (at(100), 1, 3));
        feed.note(at(250), Fact::Abandoned);
        feed.publish(at(301));
        let [closed, running] = all(&feed)[..] else { panic!("one closed, one runs") };
        assert_eq!((closed.date_to, closed.offered, closed.abandoned, closed.agents_busy), (at(300), 2, 1, 1));
        assert_eq!((running.date_from, running.date_to, running.offered), (at(300), at(301), 0));
    }

    #[test]
    fn a_closed_feed_shows_no_running_bucket() {
        let mut feed = feed(FeedConfig { kind: FeedKind::Closed, ..FeedConfig::default() });
        feed.publish(at(299));
        assert_eq!(all(&feed), []);
        feed.publish(at(300));
        assert_eq!(all(&feed).len(), 1);
    }

    #[test]
    fn a_late_feed_shows_what_was_true_then() {
        let delay = Duration::from_secs(60);
        let mut feed = feed(FeedConfig { delay, ..FeedConfig::default() });
        feed.note(at(5), Fact::Answered);
        feed.note(at(70), Fact::Answered);
        feed.publish(at(30));
        assert_eq!(all(&feed), [], "nothing is old enough to be known");
        feed.publish(at(100));
        assert_eq!(all(&feed).iter().map(|b| (b.date_to, b.answered)).collect::<Vec<_>>(), [(at(40), 1)]);
    }

    #[test]
    fn offered_counts_dials_where_asked() {
        let mut feed = feed(FeedConfig { offered: Offered::Dials, ..FeedConfig::default() });
        for fact in [Fact::Dialled, Fact::Dialled, Fact::Answered, Fact::WrappedUp(3_000), Fact::WrappedUp(4_000)] {
            feed.note(NOON, fact);
        }
        feed.publish(at(1));
        let [bucket] = all(&feed)[..] else { panic!("one bucket runs") };
        assert_eq!((bucket.offered, bucket.answered, bucket.wrap_up_s_mean), (2, 1, Some(3.5)));
    }

    #[test]
    fn a_day_of_buckets_is_kept_and_a_range_picks_among_them() {
        let mut feed = feed(FeedConfig::default());
        feed.publish(at(2 * 86_400 + 7));
        assert_eq!(all(&feed).len(), KEPT + 1);
        let end = 2 * 86_400;
        assert_eq!(feed.buckets(at(end), at(end + 7)).len(), 1);
        assert_eq!(feed.buckets(at(end - 1), at(end + 7)).len(), 2);
        assert_eq!(feed.buckets(at(end - 300), at(end)).len(), 1);
    }

    #[test]
    fn in_a_gap_nothing_is_new_and_after_it_everything() {
        let gap = Span { from: 100_000, to: 400_000 };
        let mut feed = Feed::new(FeedConfig::default(), NOON, &[gap], 1, "1");
        for second in [50, 150, 350] {
            feed.note(at(second), Fact::Answered);
        }
        let shown = |feed: &mut Feed, second| {
            feed.publish(at(second));
            all(feed).iter().map(|bucket| (bucket.date_to, bucket.answered)).collect::<Vec<_>>()
        };
        assert_eq!(shown(&mut feed, 99), [(at(99), 1)]);
        assert_eq!(shown(&mut feed, 399), [(at(100), 1)]);
        assert_eq!(shown(&mut feed, 400), [(at(300), 2), (at(400), 1)]);
    }

    #[test]
    fn a_jittery_feed_is_late_by_less_than_its_bound_and_never_goes_back() {
        let (delay, jitter) = (Duration::from_secs(10), Duration::from_secs(40));
        let mut feed = feed(FeedConfig { delay, jitter, ..FeedConfig::default() });
        let mut ages = Vec::new();
        let mut last = NOON;
        for second in 60..290 {
            feed.publish(at(second));
            let shown = all(&feed)[0].date_to;
            assert!(shown >= last, "{shown} after {last}");
            last = shown;
            ages.push(at(second).since(shown).as_secs());
        }
        let (least, most) = (*ages.iter().min().unwrap(), *ages.iter().max().unwrap());
        assert!((10..25).contains(&least) && (30..60).contains(&most), "{least} to {most}");
    }

    #[test]
    fn a_reset_takes_the_running_counts_to_zero() {
        let mut feed = feed(FeedConfig::default());
        for (second, fact) in [(10, Fact::Answered), (20, Fact::CounterReset), (30, Fact::Abandoned)] {
            feed.note(at(second), fact);
        }
        feed.publish(at(40));
        let [bucket] = all(&feed)[..] else { panic!("one bucket runs") };
        assert_eq!((bucket.answered, bucket.abandoned), (0, 1));
    }
}
