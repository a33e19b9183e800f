//! `paced tenant`: a simulated tenant of the platform, alone, to try `paced run` against.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use paced_sim::{CentreConfig, FeedConfig, FeedKind, Offered};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;
use crate::clock::Clock;
use crate::log;
use crate::tenant::{CampaignSetup, RunningTenant, Tenant, TenantConfig};

/// Serve a simulated tenant of the platform: campaigns 1, 2 ... that dial simulated numbers, and faults on demand
#[derive(Args, Clone, Debug)]
pub struct TenantArgs {
    /// Where to listen; port 0 takes a free one. Beyond loopback, anybody who reaches it can control it
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    pub listen: SocketAddr,
    /// How many campaigns
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub campaigns: u32,
    /// Agents staffed in each campaign; several numbers, as in 5,20,80, go round the campaigns in turn
    #[arg(long, value_name = "N", default_value = "20", value_delimiter = ',',
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub agents: Vec<u32>,
    /// How many times as fast as the wall the platform's clock runs
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = time_scale)]
    pub time_scale: f64,
    /// Seed of all chance: the same seed and the same updates give the same calls
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Which five-minute intervals analytics shows
    #[arg(long, value_enum, default_value_t = Feed::Running)]
    pub feed: Feed,
    /// What analytics counts as offered
    #[arg(long, value_enum, default_value_t = OfferedCount::Answers)]
    pub offered: OfferedCount,
    /// Analytics queries that the platform takes a minute
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub analytics_per_minute: u32,
    /// Reads and updates of campaigns that the platform takes a minute
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub updates_per_minute: u32,
}

/// Which five-minute intervals analytics shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Feed {
    /// The running one too; its counts grow until it closes
    Running,
    /// Only those that have closed
    Closed,
}

/// What analytics counts as offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OfferedCount {
    /// Live answers offered to agents: answered + abandoned
    Answers,
    /// Dialled calls
    Dials,
}

fn time_scale(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| "it must be a number".to_owned())?;
    if (0.001..=10_000.0).contains(&factor) { Ok(factor) } else { Err("it must be from 0.001 to 10000".to_owned()) }
}

impl TenantArgs {
    /// The tenant that these arguments describe, its clock starting now.
    #[must_use]
    pub fn config(&self) -> TenantConfig {
        let feed = FeedConfig {
            kind: match self.feed {
                Feed::Running => FeedKind::Running,
                Feed::Closed => FeedKind::Closed,
            },
            offered: match self.offered {
                OfferedCount::Answers => Offered::Answers,
                OfferedCount::Dials => Offered::Dials,
            },
            ..FeedConfig::default()
        };
        let agents = self.agents.iter().copied().cycle();
        let campaigns =
            (1..=self.campaigns).zip(agents).map(|(id, agents)| CampaignSetup { id: id.to_string(), agents });
        TenantConfig {
            listen: self.listen,
            campaigns: campaigns.collect(),
            centre: CentreConfig { feed, ..CentreConfig::default() },
            seed: self.seed,
            analytics_per_minute: self.analytics_per_minute,
            updates_per_minute: self.updates_per_minute,
            ..TenantConfig::new(Clock::start(self.time_scale), &[])
        }
    }
}

/// Runs the tenant on a runtime of its own.
///
/// # Errors
/// As for [`run`], or no runtime can be had.
pub fn run_to_end(args: &TenantArgs) -> anyhow::Result<Exit> {
    log::start(log::Format::Text);
    let runtime = Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    runtime.block_on(run(args))?;
    runtime.shutdown_background();
    Ok(Exit::Done)
}

/// Serves until SIGINT or SIGTERM; a second one ends at once.
///
/// # Errors
/// The tenant can't be started, or standard output can't be written to.
pub async fn run(args: &TenantArgs) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("can't wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("can't wait for SIGTERM")?;
    let config = args.config();
    let (id, secret) = (config.client_id.clone(), config.client_secret.clone());
    let tenant = Tenant::start(config).await?;
    welcome(&mut io::stdout().lock(), args, &tenant, &id, &secret).context("can't write to standard output")?;
    ended(&mut interrupt, &mut terminate).await;
    tokio::select! {
        () = tenant.shutdown() => {}
        () = ended(&mut interrupt, &mut terminate) => {}
    }
    Ok(())
}

async fn ended(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Says where it is and how to get in. The credentials are simulated too, so they may be shown.
fn welcome(out: &mut impl Write, args: &TenantArgs, tenant: &RunningTenant, id: &str, secret: &str) -> io::Result<()> {
    let (base_url, scale) = (tenant.base_url(), args.time_scale);
    let agents = args.agents.first().copied().unwrap_or_default();
    writeln!(out, "simulated tenant at {base_url}, campaigns 1 to {}, {scale} x real time", args.campaigns)?;
    writeln!(out, "client {id}, secret {secret} (simulated)")?;
    writeln!(out, "faults on demand: {base_url}/control, see docs/tenant.md")?;
    writeln!(out, "\nTo pace campaign 1 of it from another terminal:\n")?;
    writeln!(out, "  export CXONE_BASE_URL={base_url} CXONE_CLIENT_ID={id} CXONE_CLIENT_SECRET={secret}")?;
    writeln!(out, "  export CXONE_CAMPAIGN_ID=1 CXONE_TOTAL_AGENTS={agents}")?;
    writeln!(out, "  paced run --time-scale {scale}\n")?;
    if !tenant.address().ip().is_loopback() {
        writeln!(out, "warning: it listens beyond loopback, and whoever reaches it can control it")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: TenantArgs,
    }

    fn parse(args: &[&str]) -> Result<TenantArgs, clap::Error> {
        Command::try_parse_from([&["tenant"], args].concat()).map(|command| command.args)
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let config = parse(&[]).unwrap().config();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!((config.campaigns.len(), config.campaigns[49].id.as_str()), (50, "50"));
        assert!(config.campaigns.iter().all(|campaign| campaign.agents == 20));
        assert_eq!(
            (config.analytics_per_minute, config.updates_per_minute, config.clock.time_scale()),
            (100, 3_000, 1.0)
        );
        assert_eq!(config.centre.feed, FeedConfig::default());
    }

    #[test]
    fn arguments_reach_the_tenant() {
        let args = ["--campaigns", "4", "--agents", "5,20,80", "--feed", "closed", "--offered", "dials", "--seed", "7"];
        let config = parse(&args).unwrap().config();
        let agents: Vec<_> = config.campaigns.iter().map(|campaign| campaign.agents).collect();
        assert_eq!((agents, config.seed), (vec![5, 20, 80, 5], 7));
        assert_eq!((config.centre.feed.kind, config.centre.feed.offered), (FeedKind::Closed, Offered::Dials));
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [["--time-scale", "0"], ["--time-scale", "NaN"], ["--campaigns", "0"], ["--agents", "5,0"]] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
    }
}
