//! How a command ends.

use std::process::ExitCode;

/// The outcome of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed, and said why.
    Failed,
    /// Done, and there are findings.
    Findings,
    /// Bad configuration or usage.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Findings => 2,
            Exit::Usage => 64,
        })
    }
}
