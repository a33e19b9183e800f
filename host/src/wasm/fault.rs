//! How a call that went wrong becomes a fault with its class and plain words.

use paced_core::policy::{Fault, FaultClass};
use wasmtime::Trap;

use super::call::{Guest, MESSAGE_BYTES, OutOfMemory};
use super::guest_log::one_line;
use super::limits::Limits;

/// A call that gave no answer.
#[derive(Debug)]
pub(super) struct CallError {
    /// How far the call got.
    pub(super) phase: Phase,
    /// What wasmtime says.
    pub(super) source: wasmtime::Error,
}

/// How far a call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Making the instance.
    Instantiate,
    /// Finding the contract's functions in it, by their types.
    Bind,
    /// Running the function, and reading its answer.
    Answer,
}

/// An import that is only there to be refused when it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it called `{0}`, which no policy can use")]
pub(super) struct StubCalled(pub(super) String);

/// Whether a call ended because the guest misbehaved, and how.
pub(super) fn fault(error: &CallError, guest: &Guest, limits: &Limits) -> Fault {
    let (class, message) = classify(error, guest, limits);
    Fault { class, message: one_line(&message, 2 * MESSAGE_BYTES) }
}

fn classify(error: &CallError, guest: &Guest, limits: &Limits) -> (FaultClass, String) {
    let source = &error.source;
    if let Some(memory) = source.downcast_ref::<OutOfMemory>() {
        return (FaultClass::Memory, memory.to_string());
    }
    if let Some(stub) = source.downcast_ref::<StubCalled>() {
        return (FaultClass::Trap, with_last_words(stub.to_string(), guest));
    }
    match source.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            (FaultClass::Fuel, format!("it used up its {} units of fuel before it answered", limits.fuel))
        }
        Some(Trap::Interrupt) => {
            (FaultClass::Deadline, format!("it ran into its deadline of {} ms", limits.deadline.as_millis()))
        }
        Some(Trap::UnreachableCodeReached) => (FaultClass::Trap, panicked(guest)),
        Some(trap) => {
            let trap = trap.to_string();
            let trap = trap.strip_prefix("wasm trap: ").unwrap_or(&trap);
            (FaultClass::Trap, with_last_words(format!("it trapped: {trap}"), guest))
        }
        None if error.phase == Phase::Instantiate => {
            (FaultClass::Trap, format!("it can't be instantiated: {source:#}"))
        }
        None if error.phase == Phase::Bind => {
            (FaultClass::Trap, format!("its functions have other types than the contract's: {source:#}"))
        }
        // No trap and none of our own errors: what is left is an answer, or a line of log, that can't be read. Its text is
        // not UTF-8, a list lies outside the memory, a variant is unknown.
        None => (FaultClass::BadOutput, format!("what it handed over can't be read: {source:#}")),
    }
}

/// Rust compiles the end of a panic, and a failed allocation, to `unreachable`.
fn panicked(guest: &Guest) -> String {
    match guest.last_error() {
        Some(words) => words.to_owned(),
        None => "it panicked or aborted without a word (the SDK's export macro logs a panic's message)".to_owned(),
    }
}

fn with_last_words(message: String, guest: &Guest) -> String {
    match guest.last_error() {
        Some(words) => format!("{message}; it had logged: {words}"),
        None => message,
    }
}
