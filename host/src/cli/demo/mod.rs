//! `paced demo`: the ordinary daemon against a simulated tenant, an hour in about a minute.
//!
//! Nothing is staged: the tenant speaks the platform's API over HTTP on loopback, and the daemon that `paced run` starts
//! paces it. Both share one clock, so a simulated minute is one for either.

mod progress;
mod summary;

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use paced_core::config::CampaignConfig;
use tokio::runtime::Builder;

use super::exit::Exit;
use super::run::time_scale;
use super::signals;
use crate::clock::Clock;
use crate::config::{Campaign, Config, Finding, Journal, Params, Platform, PolicyEntry, Secret};
use crate::daemon::{Daemon, DaemonError, Options};
use crate::data_dir::DataDir;
use crate::log;
use crate::shipped;
use crate::tenant::{FaultScript, RunningTenant, Tenant, TenantConfig};

/// Agents of the three campaigns: a small, a middling and a large group.
const AGENTS: [u32; 3] = [5, 20, 80];
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
    if is_terminal {
        let path = args.data_dir.join("demo.log");
        log::start_in(File::create(&path).with_context(|| format!("can't write {}", path.display()))?);
    } else {
        log::start(log::Format::Json);
    }
    let runtime = Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    let exit = runtime.block_on(play(args, is_terminal));
    runtime.shutdown_background();
    exit
}

async fn play(args: &Args, is_terminal: bool) -> anyhow::Result<Exit> {
    let clock = Clock::start(args.time_scale);
    let tenant = Tenant::start(TenantConfig { seed: args.seed, ..TenantConfig::new(clock, &AGENTS) }).await?;
    let config = config(args, &tenant)?;
    let daemon = match Daemon::start(config, Options { clock, dry_run: false, file: None }).await {
        Ok(daemon) => daemon,
        Err(DaemonError::Findings(findings)) => bail!("{}", in_words(&findings)),
        Err(error) => return Err(error.into()),
    };
    if args.faults {
        tenant.run_script(FaultScript::bad_quarter_hour())?;
    }
    let end = clock.now() + Duration::from_secs(u64::from(args.minutes) * 60);
    let watched = async {
        if is_terminal {
            progress::show(&daemon, clock, end).await;
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
    let (board, requests, journal) = (daemon.board().clone(), daemon.requests_sent(), daemon.journal_path().to_owned());
    daemon.stop().await;
    let totals = AGENTS.iter().zip(1..).filter_map(|(_, id): (_, u32)| tenant.totals(&id.to_string()));
    let summary = summary::Summary::new(totals.collect(), &board, requests, &journal)?;
    tenant.shutdown().await;
    if is_terminal {
        summary.print();
    } else {
        summary.log();
    }
    Ok(Exit::Done)
}

/// What is wrong with the policy: all else of the demo's configuration is its own.
fn in_words(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// Removes what an earlier demo left, and nothing else: not the journal of a paced that paces real campaigns.
fn clear(data_dir: &Path) -> anyhow::Result<()> {
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

fn config(args: &Args, tenant: &RunningTenant) -> anyhow::Result<Config> {
    let (policy, entry) = policy(&args.policy)?;
    let campaign = |(id, agents): (u32, u32)| Campaign {
        pacing: CampaignConfig::with_defaults(&id.to_string(), agents),
        policy: policy.clone(),
        params: Params::default(),
        shift_end: None,
        line: None,
    };
    Ok(Config {
        source: "demo".to_owned(),
        data_dir: args.data_dir.clone(),
        platform: Platform {
            base_url: format!("http://{}/", tenant.address()).parse().context("the tenant's address is no URL")?,
            client_id: "demo".to_owned(),
            client_secret: Secret::new("demo-secret"),
            analytics_per_minute: 100,
            updates_per_minute: 3000,
            request_timeout: Duration::from_secs(10),
            batch_size: 50,
        },
        journal: Journal::default(),
        time_zone: TimeZone::UTC,
        policies: entry.map(|entry| (policy.clone(), entry)).into_iter().collect(),
        campaigns: (1..).zip(AGENTS).map(campaign).collect(),
    })
}

/// The policy's name, with an entry where it is a file.
fn policy(named: &str) -> anyhow::Result<(String, Option<PolicyEntry>)> {
    if shipped::find(named).is_some() {
        return Ok((named.to_owned(), None));
    }
    let path = PathBuf::from(named);
    if !path.is_file() {
        bail!("`{named}` is neither a file nor a built-in policy; built in are {}", shipped::names().join(", "));
    }
    let name = path.file_stem().map_or_else(|| named.to_owned(), |stem| stem.to_string_lossy().into_owned());
    Ok((name, Some(PolicyEntry { file: Some(path), ..PolicyEntry::default() })))
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
