//! A daemon and the simulated tenant that it paces, started and ended together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use paced_core::config::CampaignConfig;

use super::summary::Summary;
use crate::clock::Clock;
use crate::config::{Campaign, Config, Finding, Journal, Params, Platform, PolicyEntry, Secret};
use crate::daemon::{Daemon, DaemonError, Options};
use crate::shipped;
use crate::tenant::{RunningTenant, Tenant, TenantConfig};

/// Agents of the three campaigns: a small, a middling and a large group.
pub(super) const AGENTS: [u32; 3] = [5, 20, 80];

/// The ordinary daemon, with the tenant and the clock that it shares with it.
pub(in crate::cli) struct Rehearsal {
    pub(in crate::cli) clock: Clock,
    pub(in crate::cli) tenant: RunningTenant,
    pub(in crate::cli) daemon: Daemon,
}

impl Rehearsal {
    /// Starts both; `policy` is a component's file or a built-in policy's name.
    pub(in crate::cli) async fn start(
        policy: &str,
        seed: u64,
        time_scale: f64,
        data_dir: &Path,
    ) -> anyhow::Result<Self> {
        let clock = Clock::start(time_scale);
        let tenant = Tenant::start(TenantConfig { seed, ..TenantConfig::new(clock, &AGENTS) }).await?;
        let config = config(policy, data_dir, &tenant)?;
        let daemon = match Daemon::start(config, Options { clock, dry_run: false, file: None }).await {
            Ok(daemon) => daemon,
            Err(DaemonError::Findings(findings)) => bail!("{}", in_words(&findings)),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { clock, tenant, daemon })
    }

    /// Ends both, and says what came of it.
    pub(in crate::cli) async fn end(self) -> anyhow::Result<Summary> {
        let Self { tenant, daemon, .. } = self;
        let (board, requests, journal) =
            (daemon.board().clone(), daemon.requests_sent(), daemon.journal_path().to_owned());
        daemon.stop().await;
        let totals = AGENTS.iter().zip(1..).filter_map(|(_, id): (_, u32)| tenant.totals(&id.to_string()));
        let summary = Summary::new(totals.collect(), &board, requests, &journal)?;
        tenant.shutdown().await;
        Ok(summary)
    }
}

/// What is wrong with the policy: all else of the demo's configuration is its own.
fn in_words(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn config(named: &str, data_dir: &Path, tenant: &RunningTenant) -> anyhow::Result<Config> {
    let (policy, entry) = policy(named)?;
    let campaign = |(id, agents): (u32, u32)| Campaign {
        pacing: CampaignConfig::with_defaults(&id.to_string(), agents),
        policy: policy.clone(),
        params: Params::default(),
        shift_end: None,
        line: None,
    };
    Ok(Config {
        source: "demo".to_owned(),
        data_dir: data_dir.to_owned(),
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
