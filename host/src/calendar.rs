//! The calendar that core does not know: which local day an instant falls on, and when a shift ends.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use paced_core::time::{Moment, Timestamp};

/// Local time in the configured zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of `zone`.
    #[must_use]
    pub const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// `now` as core needs it. `shift_end` is a local time of day; the next one counts.
    #[must_use]
    pub fn moment(&self, now: Timestamp, shift_end: Option<Time>) -> Moment {
        let instant = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
        let date = instant.to_zoned_datetime(self.zone.clone()).date();
        Moment {
            now,
            day: days_since_1970(date),
            month_start_day: days_since_1970(date.first_of_month()),
            shift_end: shift_end.and_then(|time| self.next(now, date, time)),
        }
    }

    /// The first `time` of day that is not before `now`.
    fn next(&self, now: Timestamp, today: Date, time: Time) -> Option<Timestamp> {
        let on = |date: Date| {
            let zoned = date.to_datetime(time).to_zoned_datetime(self.zone.clone()).ok()?;
            Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
        };
        on(today).filter(|end| *end >= now).or_else(|| on(today.tomorrow().ok()?))
    }
}

fn days_since_1970(date: Date) -> i32 {
    const DAY: Duration = Duration::from_secs(86_400);
    let midnight = date.to_zoned_datetime(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
    i32::try_from(midnight / DAY.as_secs().cast_signed()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_day_turns_at_local_midnight() {
        let calendar = Calendar::new(TimeZone::get("America/New_York").unwrap());
        let before = calendar.moment(timestamp("2026-03-01T04:59:59Z"), None);
        let after = calendar.moment(timestamp("2026-03-01T05:00:00Z"), None);
        assert_eq!(after.day, before.day + 1);
        assert_eq!(after.month_start_day, after.day);
        assert_eq!(before.day - before.month_start_day, 27);
    }

    #[test]
    fn the_shift_ends_at_the_next_such_time_also_over_a_clock_change() {
        let calendar = Calendar::new(TimeZone::get("America/New_York").unwrap());
        let end = Time::constant(18, 0, 0, 0);
        let moment = calendar.moment(timestamp("2026-03-07T23:30:00Z"), Some(end));
        assert_eq!(moment.shift_end, Some(timestamp("2026-03-08T22:00:00Z")), "6 pm is an hour earlier in summer time");
    }
}
