//! What policies log: bounded for each call, and rate-limited for each policy, whatever the number of its campaigns.
//!
//! A policy that logs on every decision of a thousand campaigns must not fill a disk. Lines that are dropped are
//! counted, and the next line that gets through says how many there were.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Lines that may come at once.
const BURST: f64 = 100.0;
/// Lines a second in the long run.
const LINES_PER_S: f64 = 10.0;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The rate limit of one policy.
#[derive(Debug)]
pub(super) struct LogGate(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    dropped: u64,
}

impl LogGate {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Bucket { tokens: BURST, filled: Instant::now(), dropped: 0 }))
    }

    /// Lets a line through, with how many were dropped since the last one, or drops it.
    fn admit(&self, now: Instant) -> Option<u64> {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * LINES_PER_S).min(BURST);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            bucket.dropped += 1;
            return None;
        }
        bucket.tokens -= 1.0;
        Some(std::mem::take(&mut bucket.dropped))
    }

    /// Writes a line to paced's own log, if the rate allows.
    pub(super) fn write(&self, level: Level, policy: &str, campaign: &str, message: &str) {
        let Some(dropped) = self.admit(Instant::now()) else { return };
        match level {
            Level::Debug => tracing::debug!(event = "policy_log", campaign, policy, dropped, "{message}"),
            Level::Info => tracing::info!(event = "policy_log", campaign, policy, dropped, "{message}"),
            Level::Warn => tracing::warn!(event = "policy_log", campaign, policy, dropped, "{message}"),
            Level::Error => tracing::error!(event = "policy_log", campaign, policy, dropped, "{message}"),
        }
    }
}

/// Text from a guest made fit for one line: control characters escaped, and cut after `max_bytes`.
pub(super) fn one_line(text: &str, max_bytes: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max_bytes));
    for c in text.trim_end().chars() {
        let before = line.len();
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        if line.len() > max_bytes {
            line.truncate(before);
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn after_a_burst_lines_come_at_the_rate_and_say_how_many_were_dropped() {
        let gate = LogGate::new();
        let start = Instant::now();
        assert_eq!((0..150).filter(|_| gate.admit(start).is_some()).count(), 100);
        let later = start + Duration::from_secs(1);
        assert_eq!(gate.admit(later), Some(50));
        assert_eq!((0..50).filter(|_| gate.admit(later).is_some()).count(), 9);
    }

    #[test]
    fn a_line_is_one_line_and_bounded() {
        assert_eq!(one_line("a\nb\u{1b}[31m\n", 100), "a\\nb\\u{1b}[31m");
        assert_eq!(one_line("äöü", 4), "äö…");
        assert_eq!(one_line("a\n\n\nb", 4), "a\\n…");
        assert_eq!(one_line("", 0), "");
    }
}
