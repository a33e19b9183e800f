//! `paced policy`: what authors and operators of policies ask about them.
//!
//! Everything here goes through the loader and the limits that the daemon uses, so that what these commands say of a
//! component is what would happen to it. Problems read like rustc's (`diagnostic`).

mod bench;
mod cases;
mod check;
pub(super) mod component;
mod dev;
mod diagnostic;
mod inspect;
mod new;
mod remedy;
pub(super) mod table;

use std::io;
use std::path::PathBuf;

use clap::Subcommand;

use super::exit::Exit;
use crate::shipped;
use crate::wasm::{Engine, EngineError, LoadError};

/// A command of `paced policy` can't do its work.
#[derive(Debug, thiserror::Error)]
pub enum PolicyCommandError {
    /// The file can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file can't be written.
    #[error("can't write {}", path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The component is refused.
    #[error("{} is no policy that this paced can run (stage {})", name, source.stage())]
    Load {
        /// The file, or the built-in policy.
        name: String,
        /// Why.
        source: LoadError,
    },
    /// The arguments ask for what can't be.
    #[error("{0}")]
    Usage(String),
    /// No policy can be run here at all.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The answer can't be written.
    #[error("can't write the answer")]
    Write(#[from] io::Error),
}

/// The commands of `paced policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Show what a component is: name, version, parameters, imports
    Inspect {
        /// The component's file, or the name of a built-in policy
        file: PathBuf,
    },
    /// List the built-in policies
    List,
    /// Start a crate for a policy of your own
    New(new::Args),
    /// Tell whether paced would accept a component, stage by stage
    Check(check::Args),
    /// Run golden cases against a component
    Test(cases::Args),
    /// Measure what a component's decisions cost
    Bench(bench::Args),
    /// Build a crate whenever it changes, and swap it into a running demo
    Dev(dev::Args),
}

/// Runs a command of `paced policy`.
///
/// # Errors
/// `inspect` or `list` has a component that can't be read or is refused, no engine starts, or an answer can't be
/// written.
pub fn run(command: &PolicyCommand) -> anyhow::Result<Exit> {
    // Not locked for good: `dev` logs from many threads.
    let mut out = io::stdout();
    let exit = match command {
        PolicyCommand::Inspect { file } => inspect::inspect(file, &mut out).map(|()| Exit::Done)?,
        PolicyCommand::List => inspect::list(shipped::SHIPPED, &mut out).map(|()| Exit::Done)?,
        PolicyCommand::New(args) => usage(new::run(args, &mut out))?,
        PolicyCommand::Check(args) => usage(check::run(args, &Engine::start()?, &mut out))?,
        PolicyCommand::Test(args) => usage(cases::run(args, &Engine::start()?, &mut out))?,
        PolicyCommand::Bench(args) => usage(bench::run(args, &Engine::start()?, &mut out))?,
        PolicyCommand::Dev(args) => return dev::run(args),
    };
    Ok(exit)
}

/// Says of a file that can't be read, and of arguments that can't be, that the command line is wrong.
#[expect(clippy::print_stderr, reason = "wrong usage is an error of the command")]
fn usage(ended: Result<Exit, PolicyCommandError>) -> Result<Exit, PolicyCommandError> {
    match ended {
        Err(PolicyCommandError::Read { path, source }) => {
            eprintln!("paced: can't read {}: {source}", path.display());
            Ok(Exit::Usage)
        }
        Err(PolicyCommandError::Usage(problem)) => {
            eprintln!("paced: {problem}");
            Ok(Exit::Usage)
        }
        ended => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_command_line_got_wrong_is_a_usage_error() {
        let path = || PathBuf::from("x");
        let read = PolicyCommandError::Read { path: path(), source: io::ErrorKind::NotFound.into() };
        assert_eq!(usage(Err(read)).unwrap(), Exit::Usage);
        assert_eq!(usage(Err(PolicyCommandError::Usage("no".to_owned()))).unwrap(), Exit::Usage);
        assert_eq!(usage(Ok(Exit::Findings)).unwrap(), Exit::Findings);
        let write = PolicyCommandError::WriteFile { path: path(), source: io::ErrorKind::StorageFull.into() };
        assert!(usage(Err(write)).is_err());
    }
}
