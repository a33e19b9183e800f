//! The safety trip: too many people were abandoned, so the campaign pauses.
//!
//! | state   | fresh reading                          | becomes                                  |
//! |---------|----------------------------------------|------------------------------------------|
//! | Armed   | rate shown to be over the limit        | count; Tripped at `trip_readings`        |
//! | Armed   | enough answers, not shown to be over   | Armed, count 0                           |
//! | Armed   | too few answers                        | unchanged                                |
//! | Tripped | cooldown over                          | Armed, judged only on calls offered since |
//!
//! A second trip within the hour doubles the cooldown, up to half an hour.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::AbandonmentConfig;
use crate::ledger::{Counts, Ledger};
use crate::policy::AbandonmentOf;
use crate::stats::is_shown_over;
use crate::time::Timestamp;

/// Trips closer together than this lengthen the cooldown.
const REPEAT_WITHIN: Duration = Duration::from_secs(3600);
/// The longest cooldown.
const MAX_COOLDOWN: Duration = Duration::from_secs(30 * 60);

/// A campaign's safety trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// Consecutive fresh readings that showed the rate over the limit.
    over_readings: u32,
    /// While tripped: when the campaign may resume.
    until: Option<Timestamp>,
    /// The last trip and its cooldown.
    last: Option<(Timestamp, Duration)>,
    /// Calls counted up to this instant don't count any more.
    judged_from: Option<Timestamp>,
}

/// What the guard and the trip judge: the abandonment of recent calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The calls judged.
    pub counts: Counts,
    /// abandoned / what the definition counts it of; none without calls.
    pub rate: Option<f64>,
    /// Enough answers to say anything.
    pub enough: bool,
    /// Enough answers, and the rate is over the limit.
    pub over: bool,
    /// Enough answers, and the rate's lower bound is over the limit.
    pub shown_over: bool,
}

impl Evidence {
    /// Judges these counts by this rule.
    #[must_use]
    pub fn judge(counts: Counts, rule: &AbandonmentConfig) -> Self {
        let of = match rule.of {
            AbandonmentOf::Answered => counts.live(),
            // Never fewer than the live answers, whatever the platform counts as offered.
            AbandonmentOf::Offered => counts.offered.max(counts.live()),
        };
        let rate = (of > 0).then(|| f64::from(counts.abandoned) / f64::from(of));
        let enough = counts.live() >= rule.min_answers;
        Self {
            counts,
            rate,
            enough,
            over: enough && rate.is_some_and(|rate| rate > rule.limit),
            shown_over: enough && is_shown_over(counts.abandoned, of, rule.limit),
        }
    }
}

impl Trip {
    /// The abandonment of recent calls, leaving out those before the last resumption.
    #[must_use]
    pub fn evidence(&self, ledger: &Ledger, rule: &AbandonmentConfig, now: Timestamp) -> Evidence {
        let counts = ledger.recent(rule.window_answers, rule.window, self.judged_from, now);
        Evidence::judge(counts, rule)
    }

    /// The state after a fresh reading; `true` when it trips just now.
    #[must_use]
    pub fn after_reading(
        mut self,
        evidence: &Evidence,
        rule: &AbandonmentConfig,
        cooldown: Duration,
        now: Timestamp,
    ) -> (Self, bool) {
        if self.is_tripped() || !evidence.enough {
            return (self, false);
        }
        self.over_readings = if evidence.shown_over { self.over_readings + 1 } else { 0 };
        if self.over_readings < rule.trip_readings {
            return (self, false);
        }
        let cooldown = match self.last {
            Some((at, last)) if now.since(at) < REPEAT_WITHIN => (last * 2).min(MAX_COOLDOWN).max(cooldown),
            _ => cooldown,
        };
        (Self { over_readings: 0, until: Some(now + cooldown), last: Some((now, cooldown)), ..self }, true)
    }

    /// The same state for a clock that went back `by` so much.
    pub(crate) fn moved_back(self, by: Duration) -> Self {
        Self {
            until: self.until.map(|at| at - by),
            last: self.last.map(|(at, cooldown)| (at - by, cooldown)),
            judged_from: self.judged_from.map(|at| at - by),
            ..self
        }
    }

    /// Whether the campaign is to be paused.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.until.is_some()
    }

    /// Whether the campaign is tripped and its cooldown over.
    #[must_use]
    pub fn may_resume(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Armed again; only calls counted after `now` count.
    #[must_use]
    pub const fn rearmed(self, now: Timestamp) -> Self {
        Self { over_readings: 0, until: None, judged_from: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN: Duration = Duration::from_secs(45);

    fn rule() -> AbandonmentConfig {
        AbandonmentConfig::default()
    }

    fn evidence(answered: u32, abandoned: u32) -> Evidence {
        Evidence::judge(Counts { offered: answered + abandoned, answered, abandoned }, &rule())
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn feed(trip: Trip, evidence: &Evidence, times: usize, from: Timestamp) -> (Trip, bool) {
        (0..times).fold((trip, false), |(trip, _), _| trip.after_reading(evidence, &rule(), COOLDOWN, from))
    }

    #[test]
    fn trips_on_the_third_reading_that_shows_it() {
        let bad = evidence(80, 20);
        assert!(bad.shown_over);
        let (trip, tripped) = feed(Trip::default(), &bad, 2, second(0));
        assert!(!tripped && !trip.is_tripped());
        let (trip, tripped) = feed(trip, &bad, 1, second(30));
        assert!(tripped && trip.is_tripped());
        assert!(!trip.may_resume(second(74)) && trip.may_resume(second(75)));
    }

    #[test]
    fn too_few_answers_neither_count_nor_reset_and_a_good_reading_resets() {
        let bad = evidence(80, 20);
        let (trip, _) = feed(Trip::default(), &bad, 2, second(0));
        let (trip, tripped) = feed(trip, &evidence(10, 9), 5, second(15));
        assert!(!tripped);
        assert!(feed(trip, &bad, 1, second(30)).1);
        let (trip, _) = feed(trip, &evidence(100, 0), 1, second(30));
        assert!(!feed(trip, &bad, 2, second(45)).1);
    }

    #[test]
    fn a_point_rate_over_the_limit_lowers_and_does_not_trip() {
        let noisy = evidence(18, 2);
        assert!(noisy.over && !noisy.shown_over);
        assert!(!feed(Trip::default(), &noisy, 9, second(0)).1);
    }

    #[test]
    fn a_second_trip_within_the_hour_doubles_the_cooldown_up_to_half_an_hour() {
        let bad = evidence(80, 20);
        let mut trip = Trip::default();
        let mut now = second(0);
        let mut cooldowns_s = Vec::new();
        for _ in 0..8 {
            trip = feed(trip, &bad, 3, now).0;
            let until = trip.until.unwrap();
            cooldowns_s.push(until.since(now).as_secs());
            now = until;
            trip = trip.rearmed(now);
        }
        assert_eq!(cooldowns_s, [45, 90, 180, 360, 720, 1440, 1800, 1800]);
        let (trip, _) = feed(trip, &bad, 3, now + Duration::from_secs(3601));
        assert_eq!(trip.until, Some(now + Duration::from_secs(3601 + 45)));
    }

    #[test]
    fn offered_that_counts_dials_understates_and_is_taken_as_asked() {
        let of_offered = AbandonmentConfig { of: AbandonmentOf::Offered, ..rule() };
        let counts = Counts { offered: 400, answered: 90, abandoned: 10 };
        assert_eq!(Evidence::judge(counts, &of_offered).rate, Some(0.025));
        assert_eq!(Evidence::judge(counts, &rule()).rate, Some(0.1));
    }
}
