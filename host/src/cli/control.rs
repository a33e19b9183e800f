//! `paced pause|resume|release ID`.

use std::path::PathBuf;

use paced_core::people::Command;

use super::exit::Exit;
use crate::config::DATA_DIR;
use crate::control;

/// Arguments of `paced pause`, `resume` and `release`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The campaign's identifier.
    campaign: String,
    /// The data directory of the running paced.
    #[arg(long, default_value = DATA_DIR)]
    data_dir: PathBuf,
    /// The configuration of the running paced, to take its data directory from.
    #[arg(long, conflicts_with = "data_dir")]
    config: Option<PathBuf>,
}

/// Sends the command and prints the answer.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer is the command's output")]
pub fn run(args: &Args, command: Command) -> anyhow::Result<Exit> {
    let data_dir = match &args.config {
        Some(path) => super::journal::data_dir_in(path)?,
        None => args.data_dir.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(control::send(&data_dir, command, &args.campaign)) {
        Ok(message) => {
            println!("{}: {message}", args.campaign);
            Ok(Exit::Done)
        }
        Err(error) => {
            eprintln!("paced: {error}");
            Ok(Exit::Failed)
        }
    }
}
