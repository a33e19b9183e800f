//! `paced run`: pace campaigns until a signal ends it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::runtime::Builder;

use super::exit::Exit;
use super::signals;
use crate::clock::Clock;
use crate::config::{self, Checked, Config, ConfigFile, Finding, Inputs, Overrides, Secret};
use crate::daemon::{Daemon, DaemonError, Options};
use crate::live::report;
use crate::log;
use crate::shipped;

/// Arguments of `paced run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration. Without it everything comes from the environment: CXONE_BASE_URL, CXONE_CLIENT_ID,
    /// CXONE_CLIENT_SECRET, CXONE_CAMPAIGN_ID, CXONE_TOTAL_AGENTS (20), POLL_INTERVAL_MS (15000).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Observe and decide, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Run the platform's clock so many times as fast as the wall, to rehearse against `paced tenant`.
    #[arg(long, default_value_t = 1.0, value_parser = time_scale)]
    time_scale: f64,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t)]
    log: log::Format,
    /// Instead of the configuration's base_url.
    #[arg(long)]
    base_url: Option<String>,
    /// Instead of the configuration's client_id.
    #[arg(long)]
    client_id: Option<String>,
    /// A file with the client secret, instead of the environment's and the configuration's.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Instead of the configuration's data_dir.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Reads a time scale: how many times as fast as the wall, from 0.1 to 1000.
pub(super) fn time_scale(text: &str) -> Result<f64, String> {
    let scale = text.parse().map_err(|_| "it must be a number such as 15".to_owned())?;
    if (0.1..=1000.0).contains(&scale) { Ok(scale) } else { Err("it must be from 0.1 to 1000".to_owned()) }
}

/// Paces until SIGINT or SIGTERM.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    log::start(args.log);
    let (checked, file) = match read(args) {
        Ok(read) => read,
        Err(error) => {
            tracing::error!(event = "bad_configuration", message = %error);
            return Ok(Exit::Usage);
        }
    };
    let config = match checked.into_config() {
        Ok((config, warnings)) => {
            warnings.iter().for_each(report::finding);
            config
        }
        Err(findings) => return Ok(refuse(&findings)),
    };
    let runtime = Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    let exit = runtime.block_on(pace(config, file, args));
    // Blocking tasks that hang must not keep the process.
    runtime.shutdown_background();
    exit
}

async fn pace(config: Config, file: Option<ConfigFile>, args: &Args) -> anyhow::Result<Exit> {
    let options = Options { clock: Clock::start(args.time_scale), dry_run: args.dry_run, file };
    let daemon = match Daemon::start(config, options).await {
        Ok(daemon) => daemon,
        Err(DaemonError::Findings(findings)) => return Ok(refuse(&findings)),
        Err(error) => return Err(error.into()),
    };
    let end = async {
        tokio::select! {
            end = signals::first() => end,
            Err(error) = signals::each_hangup(|| daemon.reload()) => Err(error),
        }
    };
    end.await.context("can't wait for signals")?;
    tracing::info!(event = "shutdown_requested", "a second signal ends paced at once");
    daemon.stop().await;
    Ok(Exit::Done)
}

/// What the arguments name, and the file of it where there is one.
fn read(args: &Args) -> anyhow::Result<(Checked, Option<ConfigFile>)> {
    let overrides = Overrides {
        base_url: args.base_url.clone(),
        client_id: args.client_id.clone(),
        client_secret: args.client_secret_file.as_deref().map(secret_in).transpose()?,
        data_dir: args.data_dir.clone(),
    };
    if let Some(path) = &args.config {
        let file = ConfigFile::new(path.clone(), overrides);
        return Ok((file.load()?, Some(file)));
    }
    let built_in = shipped::names();
    let env = |name: &str| std::env::var(name).ok();
    let inputs = Inputs { env: &env, overrides: &overrides, built_in: &built_in };
    Ok((config::from_environment(&inputs), None))
}

/// The secret that a file holds: its first line. A secret itself is no argument, since command lines are public.
fn secret_in(path: &Path) -> anyhow::Result<Secret> {
    const LONGEST: u64 = 4096;
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map_err(|error| anyhow::anyhow!("can't read the client secret in {}: {error}", path.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        anyhow::bail!("{} holds no client secret: its first line is to be the secret", path.display());
    }
    Ok(Secret::new(line))
}

fn refuse(findings: &[Finding]) -> Exit {
    findings.iter().for_each(report::finding);
    tracing::error!(event = "bad_configuration", problems = findings.len(), "nothing was started");
    Exit::Usage
}
