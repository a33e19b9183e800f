//! Watches the files of policies, and has the registry reload what changed.
//!
//! It watches the folder, never the file: editors rename a new file over the old one, Kubernetes swaps a symlink, a
//! deploy deletes and copies. Events can get lost, and folders come and go, so a slow poll of every file's digest stands
//! behind them; an event only means that the poll comes early. Everything runs on a thread of its own.

mod folders;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::folders::Folders;
use crate::registry::{Outcome, Registry};

/// Signals that may wait. One is enough to cause a look; the rest only keep it waiting for quiet.
const SIGNALS: usize = 16;
/// A look waits for at most so many times the quiet span.
const MOST_QUIET_SPANS: u32 = 10;

/// When to look.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time between looks where no event comes, of the wall's.
    pub poll: Duration,
    /// After an event, the look waits until none has come for so long.
    pub quiet: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { poll: Duration::from_secs(5), quiet: Duration::from_millis(100) }
    }
}

/// A running watch; it ends when this is dropped, after the look that it may be taking (some seconds at most).
#[derive(Debug)]
pub struct Watch {
    running: Option<(SyncSender<Signal>, JoinHandle<()>)>,
}

/// What wakes the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Changed,
    Stop,
}

impl Watch {
    /// Starts watching. Each outcome but "unchanged" is logged, and handed to `report` on the watch's thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(
        registry: Arc<Registry>,
        pace: Pace,
        report: impl FnMut(&str, Outcome) + Send + 'static,
    ) -> io::Result<Self> {
        let (signals, woken) = mpsc::sync_channel(SIGNALS);
        let events = signals.clone();
        let thread = thread::Builder::new().name("paced-watch".to_owned()).spawn(move || {
            let folders = Folders::of(registry.files().iter().map(|(_, path)| path.as_path()), move || {
                // Full is as good as sent: a look is due anyway.
                let _ = events.try_send(Signal::Changed);
            });
            Watching { registry, pace, report, folders }.run(&woken);
        })?;
        Ok(Self { running: Some((signals, thread)) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((signals, thread)) = self.running.take() {
            // Blocks while the queue is full, which the thread empties. Either way it ends: a send fails only when
            // the thread has ended already.
            let _ = signals.send(Signal::Stop);
            let _ = thread.join();
        }
    }
}

struct Watching<R> {
    registry: Arc<Registry>,
    pace: Pace,
    report: R,
    folders: Folders,
}

impl<R: FnMut(&str, Outcome)> Watching<R> {
    fn run(mut self, woken: &Receiver<Signal>) {
        loop {
            // First, so that a change after the look raises an event.
            self.folders.keep_watching();
            self.look();
            match woken.recv_timeout(self.pace.poll) {
                Ok(Signal::Changed) if self.wait_for_quiet(woken) => {}
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            }
        }
    }

    /// Waits until events cease, and says whether to go on.
    fn wait_for_quiet(&self, woken: &Receiver<Signal>) -> bool {
        let latest = Instant::now() + self.pace.quiet * MOST_QUIET_SPANS;
        while Instant::now() < latest {
            match woken.recv_timeout(self.pace.quiet) {
                Ok(Signal::Changed) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    fn look(&mut self) {
        for (name, _) in self.registry.files() {
            match self.registry.reload(&name) {
                Outcome::Unchanged => {}
                outcome => {
                    outcome.log(&name);
                    (self.report)(&name, outcome);
                }
            }
        }
    }
}
