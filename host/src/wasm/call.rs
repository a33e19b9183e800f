//! One call into a policy: a fresh instance under its limits, and what the host keeps about it meanwhile.

use std::sync::Arc;

use wasmtime::{ResourceLimiter, Store};

use super::engine::{CORE_INSTANCES, Engine, MEMORIES, TABLE_ELEMENTS, TABLES};
use super::guest_log::{Level, LogGate, one_line};
use super::limits::Limits;
use super::ticker;

/// Longest text of a guest that stands in a fault's message.
pub(super) const MESSAGE_BYTES: usize = 500;

/// Who is called, for the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// The policy's name.
    pub(super) policy: &'a str,
    /// The campaign's identifier, or "" when no campaign is involved.
    pub(super) campaign: &'a str,
}

/// What a store holds during a call.
pub(super) struct Guest {
    policy: String,
    campaign: String,
    gate: Arc<LogGate>,
    lines_left: u32,
    bytes_left: usize,
    last_error: Option<String>,
    memory_left: u64,
    memory_limit: u64,
}

/// The guest asked for more memory than its limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it wanted {wanted} bytes of memory; its limit is {limit}")]
pub(super) struct OutOfMemory {
    wanted: u64,
    limit: u64,
}

/// Opens a store for one call, with fuel, deadline and memory set.
pub(super) fn open(engine: &Engine, limits: &Limits, gate: &Arc<LogGate>, caller: Caller<'_>) -> Store<Guest> {
    let guest = Guest {
        policy: caller.policy.to_owned(),
        campaign: caller.campaign.to_owned(),
        gate: Arc::clone(gate),
        lines_left: 0,
        bytes_left: 0,
        last_error: None,
        memory_left: limits.memory_bytes,
        memory_limit: limits.memory_bytes,
    };
    let mut store = Store::new(engine.wasmtime(), guest);
    store.limiter(|guest| guest);
    renew(&mut store, limits);
    store
}

/// Sets fuel, deadline and room for log lines for one more call in the same store; memory is what it was.
pub(super) fn renew(store: &mut Store<Guest>, limits: &Limits) {
    store.set_fuel(limits.fuel).expect("the engine counts fuel");
    store.set_epoch_deadline(ticker::ticks(limits.deadline));
    store.set_hostcall_fuel(limits.transfer_bytes());
    let guest = store.data_mut();
    guest.lines_left = limits.log_lines;
    guest.bytes_left = limits.log_bytes as usize;
    guest.last_error = None;
}

impl Guest {
    /// Takes a line of log.
    pub(super) fn log(&mut self, level: Level, message: &str) {
        if level == Level::Error {
            // Kept beyond the limits on logs: a panic's message stands in the fault.
            self.last_error = Some(one_line(message, MESSAGE_BYTES));
        }
        if self.lines_left == 0 || self.bytes_left == 0 {
            return;
        }
        let line = one_line(message, self.bytes_left);
        self.lines_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(line.len());
        self.gate.write(level, &self.policy, &self.campaign, &line);
    }

    /// Linear memory that the guest has by now.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory_limit - self.memory_left
    }

    /// The last line that the guest logged as an error: the message of its panic, if it panicked.
    pub(super) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }
}

impl ResourceLimiter for Guest {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        match self.memory_left.checked_sub(more) {
            Some(left) => {
                self.memory_left = left;
                Ok(true)
            }
            // An error ends the call here, with its true cause: told no, a guest would panic somewhere else.
            None => {
                let wanted = self.memory_limit - self.memory_left + more;
                Err(OutOfMemory { wanted, limit: self.memory_limit }.into())
            }
        }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}
