//! The epoch ticker: a thread that moves an engine's epoch on, so that a call which runs into its deadline is stopped.
//!
//! It ends with the engine. Without it no wall-clock limit holds, which is why the engine tests it at start.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time from one epoch to the next.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// A running ticker; it stops when this is dropped.
pub(super) struct Ticker {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Ticker {
    /// Starts ticking for `engine`.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(engine: &wasmtime::Engine) -> io::Result<Self> {
        let engine = engine.weak();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("paced-epoch".to_owned()).spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { break };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { running: Some((stop, thread)) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // The thread only waits on the channel that was just closed, and has nothing that could panic.
            let _ = thread.join();
        }
    }
}

/// Epochs after which a call that began now has run for at least `deadline`.
pub(super) fn ticks(deadline: Duration) -> u64 {
    let whole = deadline.as_nanos().div_ceil(TICK.as_nanos());
    // One more, because the current epoch is already partly over.
    u64::try_from(whole).unwrap_or(u64::MAX - 1).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_rounded_up_to_whole_ticks_and_one_for_the_tick_under_way() {
        assert_eq!(ticks(Duration::from_millis(1)), 2);
        assert_eq!(ticks(Duration::from_millis(10)), 2);
        assert_eq!(ticks(Duration::from_millis(11)), 3);
        assert_eq!(ticks(Duration::from_secs(1)), 101);
    }
}
