//! What is learned of a platform's feed while asking it: its clock, whether its buckets are running or closed, and how
//! much of the past an answer must hold.
//!
//! Asking for little keeps answers small; asking for too little loses what a bucket counted before it closed. So a query
//! reaches back to the last answer, and to ten minutes at most, which is what the platform's own examples ask for.

use std::collections::HashMap;
use std::time::Duration;

use paced_core::time::Timestamp;

use super::entity::BUCKET;
use crate::http::transport::Reply;

/// A platform whose clock is further off than this is reported.
pub(super) const SKEW_MAX: Duration = Duration::from_secs(120);
/// A Date header shows whole seconds, and some platforms end a bucket a moment before the next.
const RESOLUTION: Duration = Duration::from_secs(1);
/// A Date header may be older than the data beside it: servers keep it for a second, which a rehearsal makes longer.
const HEADER_AGE_MAX: Duration = Duration::from_secs(30);
/// Farthest back that a query reaches, before it is aligned to a bucket.
const REACH_MAX: Duration = Duration::from_secs(600);
/// Least that a query reaches back where buckets are running.
const REACH_MIN: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// Most campaigns whose last answer is remembered.
const REMEMBERED_MAX: usize = 100_000;

/// The feed of one platform.
#[derive(Debug)]
pub(super) struct Feed {
    reach: Duration,
    /// Once a bucket was seen that had not ended; until then they are taken to be closed ones.
    running: bool,
    /// How far the newest bucket was behind the platform's clock.
    lag: Duration,
    /// The platform's clock less ours, in milliseconds; 0 unless it is more than [`SKEW_MAX`].
    skew_ms: i64,
    skew_reported: bool,
    answered_at: HashMap<String, Timestamp>,
}

/// How the platform's clock and ours compare, by one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlatformNow {
    /// What ages are taken against.
    pub(super) now: Timestamp,
    /// No bucket can count up to an instant after this: the running one may bear its end.
    pub(super) latest: Timestamp,
}

impl Feed {
    /// A feed of which nothing is known, asked every `poll_interval` at the most often.
    pub(super) fn new(poll_interval: Duration) -> Self {
        Self {
            reach: REACH_MIN.max(poll_interval.saturating_mul(2)),
            running: false,
            lag: Duration::ZERO,
            skew_ms: 0,
            skew_reported: false,
            answered_at: HashMap::new(),
        }
    }

    /// The platform's clock, as far as is known.
    pub(super) fn platform_now(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.as_millis().saturating_add(self.skew_ms))
    }

    /// From when to ask for these campaigns; always the start of a bucket.
    pub(super) fn date_from(&self, campaigns: &[String], platform_now: Timestamp) -> Timestamp {
        let farthest = platform_now - REACH_MAX;
        let from = if self.running {
            let answered = campaigns.iter().map(|id| self.answered_at.get(id).copied().unwrap_or(farthest)).min();
            answered.map_or(farthest, |at| (at - self.lag).min(platform_now - self.reach).max(farthest))
        } else {
            farthest
        };
        from.floor_to(BUCKET)
    }

    /// Learns from an answer about these campaigns, whose entities count up to `dates_to`.
    pub(super) fn learn(&mut self, campaigns: &[String], reply: &Reply, dates_to: &[Timestamp]) -> PlatformNow {
        let now = reply.answered_at;
        self.skew_ms = match reply.date {
            Some(date) => skew_by_header(date, reply.sent_at, now),
            None => skew_by_data(dates_to, now),
        };
        let platform_now = self.platform_now(now);
        let latest = platform_now + BUCKET + SKEW_MAX;
        let possible = dates_to.iter().copied().filter(|&to| to <= latest);
        let newest = possible.clone().max();
        self.report_skew(platform_now, now);
        self.learn_kind(reply, platform_now, possible);
        if let Some(newest) = newest {
            self.lag = platform_now.since(newest).min(REACH_MAX);
        }
        self.remember(campaigns, platform_now);
        let now = if self.skew_ms == 0 { now } else { newest.unwrap_or(platform_now) };
        PlatformNow { now, latest }
    }

    fn learn_kind(&mut self, reply: &Reply, platform_now: Timestamp, mut dates_to: impl Iterator<Item = Timestamp>) {
        // A bucket that closed a moment ago must not be taken for a running one: once that is believed, less is asked for.
        let surely_ahead = reply.date.map_or(platform_now + SKEW_MAX, |date| date + HEADER_AGE_MAX);
        self.running |= dates_to.any(|to| !on_the_grid(to) || to > surely_ahead);
    }

    fn report_skew(&mut self, platform_now: Timestamp, now: Timestamp) {
        if self.skew_ms != 0 && !self.skew_reported {
            self.skew_reported = true;
            tracing::warn!(
                event = "platform_clock_skew",
                skew_s = self.skew_ms / 1_000,
                platform_now = super::dates::write(platform_now),
                our_now = super::dates::write(now),
                "the platform's clock and ours differ by more than two minutes; ages are taken against its data"
            );
        }
    }

    fn remember(&mut self, campaigns: &[String], platform_now: Timestamp) {
        if self.answered_at.len() >= REMEMBERED_MAX {
            self.answered_at.clear();
        }
        self.answered_at.extend(campaigns.iter().map(|id| (id.clone(), platform_now)));
    }
}

/// The platform's clock less ours, in milliseconds, or 0 where it may be as little as [`SKEW_MAX`].
///
/// The header was written at some moment between sending and answer, so only what lies outside both is certain.
fn skew_by_header(date: Timestamp, sent_at: Timestamp, answered_at: Timestamp) -> i64 {
    if date + RESOLUTION + SKEW_MAX < sent_at || date > answered_at + SKEW_MAX { minus(date, answered_at) } else { 0 }
}

/// The same by data alone: only where all of it lies ahead of what our clock allows, and by less than a day, because one
/// absurd date must not move the clock for everyone. Data that lies behind may just be old.
fn skew_by_data(dates_to: &[Timestamp], now: Timestamp) -> i64 {
    let (Some(&oldest), Some(&newest)) = (dates_to.iter().min(), dates_to.iter().max()) else { return 0 };
    if oldest > now + BUCKET + SKEW_MAX && newest < now + DAY { minus(newest, now) } else { 0 }
}

fn minus(later: Timestamp, earlier: Timestamp) -> i64 {
    later.as_millis().saturating_sub(earlier.as_millis())
}

fn on_the_grid(at: Timestamp) -> bool {
    (at + RESOLUTION).since((at + RESOLUTION).floor_to(BUCKET)) <= RESOLUTION * 2
}

#[cfg(test)]
mod tests;
