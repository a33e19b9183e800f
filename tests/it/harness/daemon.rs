//! A running `paced`: its log as it comes, signals, and its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::{Line, PATIENCE, eventually};

/// The lines shown of a log in which something was missing.
const TAIL: usize = 60;

/// A child process whose standard output is a log. It is killed when this is dropped.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Log>,
    errors: Option<JoinHandle<String>>,
    /// Lines that [`Daemon::wait_for`] has gone past.
    passed: usize,
}

#[derive(Default)]
struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<Line>,
    has_ended: bool,
}

impl Daemon {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Log::default());
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let reader = Arc::clone(&log);
        std::thread::spawn(move || reader.read(BufReader::new(stdout)));
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            // Whatever came before it broke off is still worth showing.
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, log, errors: Some(errors), passed: 0 }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line that fits, after the one that was waited for last.
    pub(crate) fn wait_for(&mut self, what: &str, fits: impl Fn(&Line) -> bool) -> Line {
        let until = Instant::now() + PATIENCE;
        let mut state = self.log.state.lock().unwrap();
        loop {
            let found = state.lines.iter().skip(self.passed).position(&fits);
            if let Some(ahead) = found {
                self.passed += ahead + 1;
                return state.lines[self.passed - 1].clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.has_ended || left.is_zero() {
                let from = state.lines.len().saturating_sub(TAIL);
                let tail: Vec<_> = state.lines[from..].iter().map(Line::to_string).collect();
                let has_ended = state.has_ended;
                // The thread that reads the log goes on.
                drop(state);
                panic!("never logged: {what} (ended: {has_ended}); the end of the log:\n{}", tail.join("\n"));
            }
            state = self.log.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// The same so many times, one line after the other.
    pub(crate) fn wait_for_times(&mut self, times: usize, what: &str, fits: impl Fn(&Line) -> bool) -> Vec<Line> {
        (0..times).map(|_| self.wait_for(what, &fits)).collect()
    }

    /// From now on only lines count that come after those here already.
    pub(crate) fn pass(&mut self) {
        self.passed = self.log.state.lock().unwrap().lines.len();
    }

    /// Every line so far.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.log.state.lock().unwrap().lines.clone()
    }

    /// The lines so far of an event.
    pub(crate) fn lines_of(&self, event: &str) -> Vec<Line> {
        self.lines().into_iter().filter(|line| line.is(event)).collect()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let status = eventually("the end of paced", || self.child.try_wait().unwrap());
        // Only then is its log complete.
        eventually("the end of its log", || self.log.state.lock().unwrap().has_ended.then_some(()));
        status
    }

    /// Ends it as an operator does, and checks that it ends well.
    pub(crate) fn end(&mut self) {
        self.signal(Signal::TERM);
        let status = self.wait_for_end();
        assert_eq!(status.code(), Some(0), "paced ended badly: {}", self.errors());
    }

    /// Ends it as a power failure does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.wait_for_end();
    }

    /// What it wrote to standard error, once it has ended.
    pub(crate) fn errors(&mut self) -> String {
        self.errors.take().map(|errors| errors.join().unwrap()).unwrap_or_default()
    }
}

impl Log {
    fn read(&self, output: impl BufRead) {
        for text in output.lines().map_while(Result::ok) {
            self.change(|state| state.lines.push(Line::parse(&text)));
        }
        self.change(|state| state.has_ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
