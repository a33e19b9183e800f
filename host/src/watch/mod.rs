//! Watches files for whoever depends on them, and says when to look at them again.
//!
//! It watches the folder, never the file: editors rename a new file over the old one, Kubernetes swaps a symlink, a
//! deploy deletes and copies. Events can get lost, network folders have none, and folders come and go, so a slow poll
//! stands behind them; an event only means that the poll comes early. What a look finds is the looker's own affair:
//! it must tell by itself whether anything has changed. Everything runs on one thread, so looks never overlap.

pub mod file;
mod folders;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::folders::Folders;

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

/// Why a look is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is time, or a folder has changed.
    Routine,
    /// Somebody asked for it, and waits for an answer.
    Request,
}

/// A running watch; it ends when this is dropped, after the look that it may be taking (some seconds at most).
#[derive(Debug)]
pub struct Watch {
    running: Option<(SyncSender<Signal>, JoinHandle<()>)>,
    is_asked: Arc<AtomicBool>,
}

/// What wakes the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Changed,
    Stop,
}

impl Watch {
    /// Starts watching, with a look. `files` names what to watch, and is asked around each look, which may have changed
    /// it; `look` takes a look. Both run on the watch's thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(
        pace: Pace,
        files: impl Fn() -> Vec<PathBuf> + Send + 'static,
        look: impl FnMut(Cause) + Send + 'static,
    ) -> io::Result<Self> {
        let (signals, woken) = mpsc::sync_channel(SIGNALS);
        let events = signals.clone();
        let is_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_asked);
        let thread = thread::Builder::new().name("paced-watch".to_owned()).spawn(move || {
            let folders = Folders::none(move || {
                // Full is as good as sent: a look is due anyway.
                let _ = events.try_send(Signal::Changed);
            });
            Watching { pace, files, look, folders, is_asked: asked }.run(&woken);
        })?;
        Ok(Self { running: Some((signals, thread)), is_asked })
    }

    /// Has a look taken soon, whatever the pace; further requests until then are the same one.
    pub fn request_look(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
        if let Some((signals, _)) = &self.running {
            // Full is as good as sent here too.
            let _ = signals.try_send(Signal::Changed);
        }
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

struct Watching<F, L> {
    pace: Pace,
    files: F,
    look: L,
    folders: Folders,
    is_asked: Arc<AtomicBool>,
}

impl<F: Fn() -> Vec<PathBuf>, L: FnMut(Cause)> Watching<F, L> {
    fn run(mut self, woken: &Receiver<Signal>) {
        loop {
            let files = (self.files)();
            // First, so that a change after the look raises an event.
            self.folders.keep_watching(&files);
            let is_asked = self.is_asked.swap(false, Ordering::Relaxed);
            (self.look)(if is_asked { Cause::Request } else { Cause::Routine });
            // What the look has added may have changed before it was watched.
            if (self.files)() == files && !self.wait(woken) {
                return;
            }
        }
    }

    /// Waits until a look is due, and says whether to go on.
    fn wait(&self, woken: &Receiver<Signal>) -> bool {
        match woken.recv_timeout(self.pace.poll) {
            Ok(Signal::Changed) => self.wait_for_quiet(woken),
            Err(RecvTimeoutError::Timeout) => true,
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => false,
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
}
