//! When a failed request is sent again: full-jitter exponential backoff, and what a platform's Retry-After asks for.
//!
//! Pure functions: time and chance are arguments. All durations are platform time.

use std::time::{Duration, UNIX_EPOCH};

use paced_core::time::Timestamp;

/// Most times that a request is sent, not counting the one replay with a fresh token.
pub const ATTEMPTS: u32 = 3;
/// Longest that a Retry-After is honoured: quotas are for a minute, and a longer silence would leave campaigns unwatched.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// The first backoff is at most this long, and each further one at most twice the one before it.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// No backoff is longer.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How long to wait after so many failures in a row (from 1), by a chance from 0 to 1.
///
/// The whole of it is left to chance ("full jitter"), so that clients that failed together do not come back together.
#[must_use]
pub fn backoff(failures: u32, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    BACKOFF_FIRST.saturating_mul(1 << doublings).min(BACKOFF_MAX).mul_f64(chance.clamp(0.0, 1.0))
}

/// The wait that a Retry-After header asks for, in seconds or up to a date, at most [`RETRY_AFTER_MAX`].
///
/// A date is compared with the platform's own clock; one that has passed asks for no wait. None where the header is
/// neither.
#[must_use]
pub fn retry_after(header: &str, platform_now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let wait = match header.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        }
        Ok(_) => return None,
        Err(_) => http_date(header)?.since(platform_now),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// An HTTP date as an instant.
#[must_use]
pub fn http_date(header: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(header).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(date.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

    #[test]
    fn backoff_doubles_up_to_its_bound() {
        let longest = [0, 1, 2, 3, 6, 7, u32::MAX].map(|failures| backoff(failures, 1.0).as_secs());
        assert_eq!(longest, [1, 1, 2, 4, 30, 30, 30]);
        assert_eq!(backoff(3, 0.25), Duration::from_secs(1));
        assert_eq!(backoff(3, 0.0), Duration::ZERO);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (header, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(60)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some(20)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:00 GMT", Some(60)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, NOW), seconds.map(Duration::from_secs), "{header}");
        }
    }
}
