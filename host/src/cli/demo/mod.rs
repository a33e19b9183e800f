//! `paced demo`: the ordinary daemon against a simulated tenant, an hour in about a minute.
//!
//! Nothing is staged: the tenant speaks the platform's API over HTTP on loopback, and the daemon that `paced run` starts
//! paces it. Both share one clock, so a simulated minute is one for either.

mod progress;
mod rehearsal;
mod summary;

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::runtime::Builder;

use super::exit::Exit;
use super::run::time_scale;
use super::signals;
use crate::data_dir::DataDir;
use crate::log;
use crate::tenant::FaultScript;

pub(super) use self::progress::Progress;
pub(super) use self::rehearsal::Rehearsal;

/// The file that marks a data directory as a demo's, to be emptied by the next one.
const MARK: &str = "demo";

/// Arguments of `paced demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seed of the simulated call centre: the same seed meets the same callers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many minutes of platform time to simulate.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// Run the platform's clock so many times as fast as the wall.
    #[arg(long, default_value_t = 60.0, value_parser = time_scale)]
    time_scale: f64,
    /// A policy: a component's file, or the name of a built-in one.
    #[arg(long, default_value = crate::config::POLICY)]
    policy: String,
    /// Let the platform misbehave for a few minutes: refusals, outages, a revoked token, a hung answer.
    #[arg(long)]
    faults: bool,
    /// Where journal and log go; what an earlier demo left there is replaced.
    #[arg(long, default_value = "paced-data/demo")]
    data_dir: PathBuf,
}

/// Runs the demo to its end, or to a signal.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let is_terminal = std::io::stdout().is_terminal();
    clear(&args.data_dir)?;
    start_log(&args.data_dir, is_terminal)?;
    let runtime = Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    let exit = runtime.block_on(play(args, is_terminal));
    runtime.shutdown_background();
    exit
}

/// Starts the log: on standard output, or in a file where the screen is taken.
pub(super) fn start_log(data_dir: &Path, is_terminal: bool) -> anyhow::Result<()> {
    if is_terminal {
        let path = data_dir.join("demo.log");
        log::start_in(File::create(&path).with_context(|| format!("can't write {}", path.display()))?);
    } else {
        log::start(log::Format::Json);
    }
    Ok(())
}

async fn play(args: &Args, is_terminal: bool) -> anyhow::Result<Exit> {
    let rehearsal = Rehearsal::start(&args.policy, args.seed, args.time_scale, &args.data_dir).await?;
    if args.faults {
        rehearsal.tenant.run_script(FaultScript::bad_quarter_hour())?;
    }
    let clock = rehearsal.clock;
    let end = clock.now() + Duration::from_secs(u64::from(args.minutes) * 60);
    let watched = async {
        if is_terminal {
            Progress::until(clock, end).show(&rehearsal.daemon).await;
        } else {
            clock.sleep_until(end).await;
        }
    };
    let mut signal = tokio::spawn(signals::first());
    tokio::select! {
        () = watched => {}
        first = &mut signal => first?.context("can't wait for signals")?,
    }
    if !signal.is_finished() {
        // The demo is over: a signal from now on ends it at once.
        tokio::spawn(async move {
            let _ = signal.await;
            std::process::exit(signals::SECOND_SIGNAL);
        });
    }
    let summary = rehearsal.end().await?;
    if is_terminal {
        summary.print();
    } else {
        summary.log();
    }
    Ok(Exit::Done)
}

/// Removes what an earlier demo left, and nothing else: not the journal of a paced that paces real campaigns.
pub(super) fn clear(data_dir: &Path) -> anyhow::Result<()> {
    let lock = DataDir::lock(data_dir)?;
    let mark = data_dir.join(MARK);
    if data_dir.join("journal.db").exists() && !mark.exists() {
        bail!("{} holds a journal that no demo wrote: choose another --data-dir", data_dir.display());
    }
    File::create(&mark).with_context(|| format!("can't write {}", mark.display()))?;
    for name in ["journal.db", "journal.db-wal", "journal.db-shm", "demo.log"] {
        let path = data_dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                bail!("can't replace {}: {error}", path.display())
            }
            _ => {}
        }
    }
    // The daemon locks it for itself.
    drop(lock);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_replaces_a_demos_journal_and_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.db");
        fs::write(&journal, "real").unwrap();
        let error = clear(dir.path()).unwrap_err().to_string();
        assert!(error.contains("no demo wrote") && journal.exists(), "{error}");
        fs::remove_file(&journal).unwrap();
        clear(dir.path()).unwrap();
        fs::write(&journal, "a demo's").unwrap();
        let held = DataDir::lock(dir.path()).unwrap();
        let error = clear(dir.path()).unwrap_err().to_string();
        assert!(error.contains("in use by process") && journal.exists(), "{error}");
        drop(held);
        clear(dir.path()).unwrap();
        assert!(!journal.exists());
    }
}
