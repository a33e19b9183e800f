//! The `paced` binary: parse, run, exit.

use std::process::ExitCode;

use clap::Parser;
use paced::cli::{self, Cli, Exit};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match cli::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&error);
            Exit::Failed.into()
        }
    }
}

/// clap's own exit code for wrong usage is 2, which here means findings.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do where even this can't be printed.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

#[expect(clippy::print_stderr, reason = "the last word of a failed command")]
fn complain(error: &anyhow::Error) {
    eprintln!("paced: {error:#}");
}
