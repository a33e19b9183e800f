//! Rolling counts of calls, made from buckets that grow.
//!
//! The platform reports five-minute buckets whose newest one is still running, so the same calls come again with every
//! poll. The ledger counts each call once: it adds what a bucket has gained since it was last seen. A bucket that it
//! has forgotten is older than any it still follows and is ignored, so nothing is counted twice.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::{Window, WindowsView};
use crate::reading::Report;
use crate::time::{Moment, Timestamp};

/// Resolution of the rolling windows of up to an hour.
const SLOT: Duration = Duration::from_secs(30);
/// The longest window kept in slots.
const HOUR: Duration = Duration::from_secs(3600);
/// Slots kept: an hour's, and one that a cut may have split. More are dropped from the oldest on.
const MAX_SLOTS: usize = 122;
/// Buckets followed at once: the running one and those just closed.
const MAX_BUCKETS: usize = 4;
/// Days kept: a calendar month, or thirty days and today.
const MAX_DAYS: usize = 32;

/// Calls counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Calls offered.
    pub offered: u32,
    /// Live answers that reached an agent.
    pub answered: u32,
    /// Live answers abandoned.
    pub abandoned: u32,
}

impl Counts {
    /// Live answers: those that reached an agent and those abandoned.
    #[must_use]
    pub const fn live(self) -> u32 {
        self.answered.saturating_add(self.abandoned)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            offered: self.offered.saturating_add(other.offered),
            answered: self.answered.saturating_add(other.answered),
            abandoned: self.abandoned.saturating_add(other.abandoned),
        }
    }

    /// What a counter has gained since `earlier`; a counter that fell was reset and counts from zero.
    fn gained_since(self, earlier: Self) -> Self {
        let reset =
            self.offered < earlier.offered || self.answered < earlier.answered || self.abandoned < earlier.abandoned;
        if reset {
            return self;
        }
        Self {
            offered: self.offered - earlier.offered,
            answered: self.answered - earlier.answered,
            abandoned: self.abandoned - earlier.abandoned,
        }
    }
}

impl From<&Report> for Counts {
    fn from(report: &Report) -> Self {
        Self { offered: report.offered, answered: report.answered, abandoned: report.abandoned }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Bucket {
    date_from: Timestamp,
    seen: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    start: Timestamp,
    counts: Counts,
    covered_ms: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Day {
    day: i32,
    counts: Counts,
    covered_s: u32,
}

/// One campaign's counts: an hour in half-minutes, a month in days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    buckets: VecDeque<Bucket>,
    slots: VecDeque<Slot>,
    days: VecDeque<Day>,
    cut: bool,
}

impl Ledger {
    /// Adds what these reports have gained since the last time, and `covered`, the time since the previous reading.
    pub fn add(&mut self, reports: &[Report], covered: Duration, moment: &Moment) {
        let gained = reports.iter().fold(Counts::default(), |sum, report| sum.plus(self.gain(report)));
        self.add_to_slot(gained, covered, moment.now);
        self.add_to_day(gained, covered, moment.day);
    }

    /// Starts a new slot with the next counts, so that [`Ledger::recent`] can leave out what came before.
    pub const fn cut(&mut self) {
        self.cut = true;
    }

    fn gain(&mut self, report: &Report) -> Counts {
        let now = Counts::from(report);
        if let Some(known) = self.buckets.iter_mut().find(|bucket| bucket.date_from == report.date_from) {
            let gained = now.gained_since(known.seen);
            known.seen = now;
            return gained;
        }
        if self.buckets.front().is_some_and(|oldest| report.date_from < oldest.date_from) {
            return Counts::default();
        }
        let place = self.buckets.partition_point(|bucket| bucket.date_from < report.date_from);
        self.buckets.insert(place, Bucket { date_from: report.date_from, seen: now });
        while self.buckets.len() > MAX_BUCKETS {
            self.buckets.pop_front();
        }
        now
    }

    fn add_to_slot(&mut self, gained: Counts, covered: Duration, now: Timestamp) {
        let covered_ms = u32::try_from(covered.as_millis()).unwrap_or(u32::MAX);
        match self.slots.back_mut() {
            Some(slot) if !self.cut && now.since(slot.start) < SLOT => {
                slot.counts = slot.counts.plus(gained);
                slot.covered_ms = slot.covered_ms.saturating_add(covered_ms);
            }
            _ => self.slots.push_back(Slot { start: now, counts: gained, covered_ms }),
        }
        self.cut = false;
        let is_full = |slots: &VecDeque<Slot>| slots.len() > MAX_SLOTS;
        while is_full(&self.slots) || self.slots.front().is_some_and(|slot| now.since(slot.start) > HOUR) {
            self.slots.pop_front();
        }
    }

    fn add_to_day(&mut self, gained: Counts, covered: Duration, today: i32) {
        let covered_s = u32::try_from(covered.as_secs()).unwrap_or(u32::MAX);
        match self.days.back_mut() {
            Some(day) if day.day >= today => {
                day.counts = day.counts.plus(gained);
                day.covered_s = day.covered_s.saturating_add(covered_s);
            }
            _ => self.days.push_back(Day { day: today, counts: gained, covered_s }),
        }
        while self.days.len() > MAX_DAYS {
            self.days.pop_front();
        }
    }

    /// Adapts to a clock that went back `by` so much. Buckets are in the platform's own time and stay.
    pub(crate) fn move_back(&mut self, by: Duration) {
        for slot in &mut self.slots {
            slot.start = slot.start - by;
        }
    }

    /// The most recent counts: at most `max_live` live answers (by whole slots), none older than `max_age`, and only
    /// those counted after `after`.
    #[must_use]
    pub fn recent(&self, max_live: u32, max_age: Duration, after: Option<Timestamp>, now: Timestamp) -> Counts {
        let mut sum = Counts::default();
        for slot in self.slots.iter().rev() {
            let too_old = now.since(slot.start) > max_age || after.is_some_and(|limit| slot.start <= limit);
            if too_old || sum.live() >= max_live {
                break;
            }
            sum = sum.plus(slot.counts);
        }
        sum
    }

    /// The windows that a policy sees.
    #[must_use]
    pub fn windows(&self, moment: &Moment) -> WindowsView {
        WindowsView {
            last_5m: self.slot_window(Duration::from_secs(300), moment.now),
            last_1h: self.slot_window(HOUR, moment.now),
            today: self.day_window(moment.day),
            last_30d: self.day_window(moment.day - 29),
        }
    }

    /// Counts since the day `first`, a number of days since 1970.
    #[must_use]
    pub fn since_day(&self, first: i32) -> Counts {
        let days = self.days.iter().filter(|day| day.day >= first);
        days.fold(Counts::default(), |sum, day| sum.plus(day.counts))
    }

    fn slot_window(&self, length: Duration, now: Timestamp) -> Window {
        let slots = self.slots.iter().filter(|slot| now.since(slot.start) < length);
        let (counts, covered_ms) = slots.fold((Counts::default(), 0.0), |(counts, covered_ms), slot| {
            (counts.plus(slot.counts), covered_ms + f64::from(slot.covered_ms))
        });
        window(counts, (covered_ms / 1000.0).min(length.as_secs_f64()))
    }

    fn day_window(&self, first: i32) -> Window {
        let days = self.days.iter().filter(|day| day.day >= first);
        window(self.since_day(first), days.map(|day| f64::from(day.covered_s)).sum())
    }
}

const fn window(counts: Counts, covered_s: f64) -> Window {
    Window { offered: counts.offered, answered: counts.answered, abandoned: counts.abandoned, covered_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: i64 = 300;

    fn at(second: i64) -> Moment {
        Moment { now: Timestamp::from_millis(second * 1000), day: 0, month_start_day: 0, shift_end: None }
    }

    fn report(bucket: i64, answered: u32, abandoned: u32) -> Report {
        Report {
            date_from: Timestamp::from_millis(bucket * FIVE_MINUTES * 1000),
            date_to: Timestamp::from_millis((bucket + 1) * FIVE_MINUTES * 1000),
            offered: answered + abandoned,
            answered,
            abandoned,
            wrap_up_s_mean: None,
            agents_available: 1.0,
            agents_busy: 1.0,
        }
    }

    fn add(ledger: &mut Ledger, second: i64, reports: &[Report]) {
        ledger.add(reports, Duration::from_secs(15), &at(second));
    }

    #[test]
    fn a_growing_bucket_counts_each_call_once() {
        let mut ledger = Ledger::default();
        add(&mut ledger, 15, &[report(0, 3, 0)]);
        add(&mut ledger, 30, &[report(0, 3, 0)]);
        add(&mut ledger, 45, &[report(0, 5, 1)]);
        add(&mut ledger, 315, &[report(0, 7, 1), report(1, 2, 0)]);
        assert_eq!(
            ledger.windows(&at(315)).last_1h,
            Window { offered: 10, answered: 9, abandoned: 1, covered_s: 60.0 }
        );
    }

    #[test]
    fn a_counter_that_fell_was_reset_and_counts_from_zero() {
        let mut ledger = Ledger::default();
        add(&mut ledger, 15, &[report(0, 30, 2)]);
        add(&mut ledger, 30, &[report(0, 4, 0)]);
        assert_eq!(ledger.windows(&at(30)).last_5m.answered, 34);
    }

    #[test]
    fn a_bucket_older_than_all_that_are_followed_is_ignored() {
        let mut ledger = Ledger::default();
        for bucket in 10..16 {
            add(&mut ledger, bucket * FIVE_MINUTES, &[report(bucket, 1, 0)]);
        }
        add(&mut ledger, 16 * FIVE_MINUTES, &[report(3, 100, 100)]);
        assert_eq!(ledger.windows(&at(16 * FIVE_MINUTES)).last_1h.answered, 6);
    }

    #[test]
    fn windows_forget_what_is_too_old() {
        let mut ledger = Ledger::default();
        add(&mut ledger, 0, &[report(0, 5, 0)]);
        add(&mut ledger, 600, &[report(2, 7, 0)]);
        let windows = ledger.windows(&at(600));
        assert_eq!((windows.last_5m.answered, windows.last_1h.answered, windows.today.answered), (7, 12, 12));
        add(&mut ledger, 4000, &[report(13, 1, 0)]);
        assert_eq!(ledger.windows(&at(4000)).last_1h.answered, 8);
    }

    #[test]
    fn recent_stops_at_enough_answers_and_at_a_cut() {
        let mut ledger = Ledger::default();
        for minute in 0..10_i64 {
            add(&mut ledger, minute * 60, &[report(minute / 5, 10 * (1 + u32::try_from(minute % 5).unwrap()), 0)]);
        }
        let now = at(540).now;
        assert_eq!(ledger.recent(200, HOUR, None, now).answered, 100);
        assert_eq!(ledger.recent(25, HOUR, None, now).answered, 30);
        ledger.cut();
        add(&mut ledger, 541, &[report(1, 51, 0)]);
        assert_eq!(ledger.recent(200, HOUR, Some(at(540).now), at(541).now).answered, 1);
    }

    #[test]
    fn it_stays_small_whatever_comes() {
        let mut ledger = Ledger::default();
        for second in 0..20_000_i64 {
            let moment = Moment { day: i32::try_from(second / 100).unwrap(), ..at(second) };
            ledger.add(&[report(second / 300, 1, 0)], Duration::from_secs(1), &moment);
            ledger.cut();
        }
        assert!(
            ledger.slots.len() <= MAX_SLOTS && ledger.days.len() <= MAX_DAYS && ledger.buckets.len() <= MAX_BUCKETS
        );
    }
}
