//! What one call of a policy may use.
//!
//! Fuel is the real limit: it is counted in instructions, so a call that ends within it does so on every machine. The
//! deadline only backs it up, and is therefore far above what the fuel takes on a busy machine. Limits are part of a
//! policy's revision.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most memory that a policy's limit may be set to; the pool reserves address space for this much.
pub const MAX_MEMORY_BYTES: u64 = 128 << 20;

/// The limits of one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fuel per call: about one unit an instruction, one for each byte logged, copied or filled at once, and 500 for
    /// each line of log; 1 million to 100 billion. A small Rust policy uses some ten thousand, and the default is at
    /// least 50 times what any policy that ships uses.
    pub fuel: u64,
    /// Wall time per call, 10 ms to 60 s, rounded up to whole ticks of 10 ms.
    pub deadline: Duration,
    /// Linear memory of an instance, 64 KiB to [`MAX_MEMORY_BYTES`].
    pub memory_bytes: u64,
    /// State that a decision may return, at most 1 MiB.
    pub state_bytes: u32,
    /// A decision's reason, at most 4 KiB.
    pub reason_bytes: u32,
    /// Signals of a decision, at most 256.
    pub signals: u32,
    /// Log lines of a call, at most 1,000; more are dropped.
    pub log_lines: u32,
    /// Log text of a call, at most 1 MiB; lines are cut to fit.
    pub log_bytes: u32,
    /// Size of a component, 1 KiB to 64 MiB.
    pub component_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // The largest policy that ships uses 206,000; a loop takes half a nanosecond a unit.
            fuel: 50_000_000,
            deadline: Duration::from_secs(1),
            memory_bytes: 8 << 20,
            state_bytes: 16 << 10,
            reason_bytes: 256,
            signals: 32,
            log_lines: 16,
            log_bytes: 4 << 10,
            component_bytes: 32 << 20,
        }
    }
}

/// A limit that is set out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is {value}: it must be from {min} to {max}")]
pub struct LimitError {
    /// The limit, with its unit.
    pub name: &'static str,
    /// The value given.
    pub value: u128,
    /// Lowest value.
    pub min: u128,
    /// Highest value.
    pub max: u128,
}

impl Limits {
    /// Checks that each limit is within its range.
    ///
    /// # Errors
    /// Every limit that is not.
    pub fn check(&self) -> Result<(), Vec<LimitError>> {
        let ranges: [(&'static str, u128, u128, u128); 9] = [
            ("fuel", self.fuel.into(), 1_000_000, 100_000_000_000),
            ("deadline_ms", self.deadline.as_millis(), 10, 60_000),
            ("memory_bytes", self.memory_bytes.into(), 64 << 10, MAX_MEMORY_BYTES.into()),
            ("state_bytes", self.state_bytes.into(), 0, 1 << 20),
            ("reason_bytes", self.reason_bytes.into(), 0, 4 << 10),
            ("signals", self.signals.into(), 0, 256),
            ("log_lines", self.log_lines.into(), 0, 1_000),
            ("log_bytes", self.log_bytes.into(), 0, 1 << 20),
            ("component_bytes", self.component_bytes.into(), 1 << 10, 64 << 20),
        ];
        let outside = ranges.into_iter().filter(|(_, value, min, max)| !(min..=max).contains(&value));
        let errors: Vec<_> = outside.map(|(name, value, min, max)| LimitError { name, value, min, max }).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// How many bytes one call may hand to the host at once: its answer, or one line of log.
    ///
    /// This only bounds what the host allocates before it can check the answer itself, so it is roomy: an answer
    /// moderately over a limit is then refused with that limit's name.
    pub(super) fn transfer_bytes(&self) -> usize {
        (256 << 10) + 4 * self.state_bytes as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_ranges() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn every_limit_out_of_range_is_named() {
        let limits = Limits { fuel: 1, memory_bytes: 1 << 40, ..Limits::default() };
        let messages: Vec<_> = limits.check().unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "`fuel` is 1: it must be from 1000000 to 100000000000",
                "`memory_bytes` is 1099511627776: it must be from 65536 to 134217728",
            ]
        );
    }
}
