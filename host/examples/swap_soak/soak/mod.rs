//! A daemon's own pieces (registry, batch, journal, watch) under a platform in this process, and two revisions of one
//! policy that are swapped under them.
//!
//! The two revisions are the same code: the second has one more custom section, which changes its digest and nothing
//! that it does. So any difference in the decisions would be the swap's.

mod audit;
mod memory;
mod platform;
pub(crate) mod swaps;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use paced::board::Board;
use paced::calendar::Calendar;
use paced::campaign::{Batch, Campaign, Host, InForce, Schedule, Settings};
use paced::clock::Clock;
use paced::journal::{Journal, JournalConfig};
use paced::registry::{ComponentStore, PolicySpec, Registry, Source, Use};
use paced::wasm::{Engine, Limits};
use paced_core::config::CampaignConfig;
use paced_core::policy::{Policy, Revision};
use paced_core::state::CampaignState;
use paced_core::time::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) use audit::{Audit, audit};
pub(crate) use memory::Memory;
use platform::Steady;
use swaps::Swaps;

/// Campaigns of a soak, all in one batch.
pub(crate) const CAMPAIGNS: usize = 50;
/// Time between two ticks, the shortest that a configuration may ask for.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);
/// The policy's name in the registry.
const POLICY: &str = "soak";

/// Whether what comes into force is on probation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probation {
    On,
    Off,
}

/// Campaigns under way.
pub(crate) struct Soak {
    clock: Clock,
    registry: Arc<Registry>,
    platform: Arc<Steady>,
    board: Board,
    journal: Journal,
    first_tick: Timestamp,
    stop: watch::Sender<bool>,
    batch: JoinHandle<()>,
}

/// The two components that a soak swaps.
pub(crate) fn revisions() -> anyhow::Result<[&'static [u8]; 2]> {
    let one = paced::shipped::find("proportional").context("no policy `proportional` is shipped")?;
    // A custom section: its kind, its size, and its name, which begins with a length.
    let section = [&[0, 5, 4][..], b"soak"].concat();
    Ok([one, Box::leak([one, &section].concat().into_boxed_slice())])
}

fn spec(source: Source) -> PolicySpec {
    let uses = ids().map(|campaign| Use { campaign, params: Vec::new() });
    PolicySpec { name: POLICY.to_owned(), source, limits: Limits::default(), uses: uses.collect() }
}

fn ids() -> impl Iterator<Item = String> {
    (1..=CAMPAIGNS).map(|n| n.to_string())
}

/// The revision in force; every campaign's, because their params are the same.
fn in_force(registry: &Registry) -> anyhow::Result<Revision> {
    Ok(*registry.policy(POLICY, &[])?.revision())
}

impl Soak {
    /// Starts pacing by the policy of `source`, with everything that is kept in `folder`.
    pub(crate) fn start(folder: &Path, source: Source, probation: Probation) -> anyhow::Result<Self> {
        let clock = Clock::start(1.0);
        let engine = Engine::start_caching_in(&folder.join("compiled"))?;
        let (registry, _) = Registry::open(engine, vec![spec(source)], Some(ComponentStore::open(folder)?));
        let registry = if probation == Probation::On { registry } else { registry.without_probation() };
        let (registry, board) = (Arc::new(registry), Board::default());
        let journal = Journal::open(folder, JournalConfig::default())?;
        let platform = Arc::new(Steady::new(clock));
        let host = Host {
            clock,
            calendar: Calendar::new(jiff::tz::TimeZone::UTC),
            dialer: Arc::clone(&platform) as Arc<dyn paced::dialer::Dialer>,
            registry: Arc::clone(&registry),
            in_force: InForce::default(),
            journal: journal.clone(),
            board: board.clone(),
            dry_run: false,
        };
        let first_tick = clock.now() + INTERVAL;
        let (stop, stopping) = watch::channel(false);
        let (_, orders) = mpsc::channel(1);
        let campaigns = ids().map(|id| campaign(&id)).collect();
        let batch = Batch::new(host, Schedule::new(first_tick, INTERVAL), campaigns).run(orders, stopping);
        let batch = tokio::spawn(batch);
        Ok(Self { clock, registry, platform, board, journal, first_tick, stop, batch })
    }

    /// Waits, at most a minute, until every campaign shows something on the board that `is_there`.
    fn wait_until(&self, what: &str, is_there: impl Fn(&paced::board::Status) -> bool) -> anyhow::Result<()> {
        let patience = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let shown = self.board.read();
            if shown.len() == CAMPAIGNS && shown.values().all(&is_there) {
                return Ok(());
            }
            anyhow::ensure!(std::time::Instant::now() < patience, "not every campaign {what} within a minute");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends the campaigns, and holds what the journal says against the swaps.
    pub(crate) async fn finish(self, swaps: &Swaps) -> anyhow::Result<Audit> {
        self.stop.send_replace(true);
        self.batch.await?;
        self.journal.close().await?;
        let reported = self.board.read().values().map(|status| status.missed_ticks).max().unwrap_or(0);
        audit(&self.journal.reader()?, self.first_tick, &swaps.activations, &self.platform.answered(), reported)
    }
}

fn campaign(id: &str) -> Campaign {
    let config = CampaignConfig { poll_interval: INTERVAL, ..CampaignConfig::with_defaults(id, 20) };
    let state = CampaignState::new(&config);
    let settings =
        Settings { config: Arc::new(config), policy: POLICY.to_owned(), params: Vec::new(), shift_end: None };
    Campaign::new(settings, state)
}
