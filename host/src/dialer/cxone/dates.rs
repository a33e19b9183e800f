//! Dates as the platform writes them: ISO 8601.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use paced_core::time::Timestamp;

/// An instant in UTC with milliseconds, which is how the platform wants to be asked.
pub(super) fn write(at: Timestamp) -> String {
    // Only years beyond 9999 can't be written; no clock shows them.
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    format!("{at:.3}")
}

/// Reads a date, in UTC where it does not say; a fraction of a millisecond is dropped.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_utc_with_milliseconds() {
        assert_eq!(write(Timestamp::from_millis(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(write(Timestamp::from_millis(1_700_000_000_000)), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn reads_what_platforms_write() {
        let at = Some(Timestamp::from_millis(1_700_000_000_000));
        for text in [
            "2023-11-14T22:13:20.000Z",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.0004Z",
            "2023-11-14T23:13:20+01:00",
            "2023-11-14T22:13:20+0000",
            "2023-11-14T22:13:20",
            " 2023-11-14 22:13:20Z ",
        ] {
            assert_eq!(read(text), at, "{text}");
        }
        for text in ["", "now", "2023-13-14T22:13:20Z", "1700000000000", "99999-01-01T00:00:00Z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
