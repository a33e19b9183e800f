//! Messages for the author: to the host's log in a component, to a buffer in native tests.
//!
//! The host limits their rate and length, so say little. In native code they are kept for
//! [`testing::logged`](crate::testing::logged) and printed nowhere.

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the author, while developing.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// Writes one message.
pub fn write(level: Level, message: &str) {
    sink::write(level, message);
}

/// Logs at [`Level::Debug`](crate::log::Level::Debug), with the arguments of [`format!`].
#[macro_export]
macro_rules! debug {
    ($($arg:tt)+) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($arg)+)) };
}

/// Logs at [`Level::Info`](crate::log::Level::Info), with the arguments of [`format!`].
#[macro_export]
macro_rules! info {
    ($($arg:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($arg)+)) };
}

/// Logs at [`Level::Warn`](crate::log::Level::Warn), with the arguments of [`format!`].
#[macro_export]
macro_rules! warn {
    ($($arg:tt)+) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($arg)+)) };
}

/// Logs at [`Level::Error`](crate::log::Level::Error), with the arguments of [`format!`].
#[macro_export]
macro_rules! error {
    ($($arg:tt)+) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($arg)+)) };
}

#[cfg(target_family = "wasm")]
mod sink {
    use super::Level;
    use crate::bindings::paced::policy::log as host;

    pub(super) fn write(level: Level, message: &str) {
        let level = match level {
            Level::Debug => host::Level::Debug,
            Level::Info => host::Level::Info,
            Level::Warn => host::Level::Warn,
            Level::Error => host::Level::Error,
        };
        host::write(level, message);
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod sink {
    use std::cell::RefCell;

    use super::Level;

    /// Messages kept for a test that never asks; later ones are dropped.
    const MAX_KEPT: usize = 1000;

    thread_local! {
        static KEPT: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn write(level: Level, message: &str) {
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < MAX_KEPT {
                kept.push((level, message.to_owned()));
            }
        });
    }

    pub(crate) fn take() -> Vec<(Level, String)> {
        KEPT.take()
    }
}
