//! What all tests stand on: a tenant, a configuration, a running `paced`, and what must hold whatever happened.

mod daemon;
mod line;
mod settings;
mod stage;
mod updates;

use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub(crate) use daemon::Daemon;
pub(crate) use line::Line;
pub(crate) use settings::Settings;
pub(crate) use stage::Stage;
pub(crate) use updates::Update;

use paced::tenant::{Fault, Operation, RetryAfterForm, Rule};

/// How many times as fast as the wall the platform's clock runs in most tests: a tick of 15 s takes 0.375 s.
pub(crate) const TIME_SCALE: f64 = 40.0;

/// The time, by the wall, after which something that should have happened is taken to never happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time, by the wall, between two looks at something that has no event to wait for.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(crate) const QUERY: &[Operation] = &[Operation::Query];
pub(crate) const PUT: &[Operation] = &[Operation::Put];
pub(crate) const GET: &[Operation] = &[Operation::Get];
pub(crate) const TOKEN: &[Operation] = &[Operation::Token];

/// Looks until there is something to see.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < until, "never seen: {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// This binary, with nothing in its environment that means something to it.
pub(crate) fn paced() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paced"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CXONE_")) {
        command.env_remove(name);
    }
    command.env_remove("POLL_INTERVAL_MS").env_remove("RUST_LOG");
    command
}

/// Runs a command to its end.
pub(crate) fn run<const N: usize>(arguments: [&str; N]) -> Ended {
    Ended::of(paced().args(arguments))
}

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

/// This status in the platform's stead, every time.
pub(crate) fn status(on: &[Operation], status: u16) -> Rule {
    let fault = Fault::Status { status, retry_after_s: None, retry_after_as: RetryAfterForm::None, body: None };
    Rule::on(on, fault)
}

/// A hang without end, every time.
pub(crate) fn hang(on: &[Operation]) -> Rule {
    Rule::on(on, Fault::Hang { answer_after_s: None })
}
