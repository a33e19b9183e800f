//! The daemon: puts clock, platform, policies, journal and campaigns together, and takes them apart again.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use paced_core::state::CampaignState;
use paced_core::time::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::board::Board;
use crate::calendar::Calendar;
use crate::campaign::{Batch, Campaign, Host, InForce, Settings, batches};
use crate::clock::Clock;
use crate::config::{Config, ConfigFile, Finding};
use crate::control;
use crate::data_dir::{DataDir, DataDirError};
use crate::dialer::Dialer;
use crate::dialer::cxone::{Cxone, CxoneConfig, CxoneError};
use crate::http::sent::RequestsSent;
use crate::journal::{self, Journal, JournalConfig, JournalError, Level, Record};
use crate::live::{Live, Reporter};
use crate::policies;
use crate::registry::{ComponentStore, Registry};
use crate::wasm::{Digest, Engine, EngineError};
use crate::watch::{Pace, Watch};

/// The folder of compiled policies in the data directory.
const COMPILED: &str = "compiled";
/// Commands that wait for one batch.
const QUEUE_ORDERS: usize = 16;
/// How long, by the wall, the batches may take to end.
const SHUTDOWN: Duration = Duration::from_secs(17);
/// How long, by the wall, the watch may take to end.
const WATCH: Duration = Duration::from_secs(1);

/// How the daemon runs, beside its configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Platform time.
    pub clock: Clock,
    /// Observe and decide, and send nothing.
    pub dry_run: bool,
    /// Where the configuration came from, to take over what changes there.
    pub file: Option<ConfigFile>,
}

/// The daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration does not fit the policies.
    #[error("the configuration has {} problems", .0.len())]
    Findings(Vec<Finding>),
    /// The data directory can't be had.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The journal can't be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No policy can be run here at all.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Components can't be kept.
    #[error("can't keep components in the data directory: {0}")]
    Components(io::Error),
    /// The platform's client can't be made.
    #[error(transparent)]
    Dialer(#[from] CxoneError),
    /// The system has no thread for the watch.
    #[error("can't watch files: {0}")]
    Watch(io::Error),
}

/// A running daemon.
pub struct Daemon {
    board: Board,
    dialer: Arc<Cxone>,
    journal: Journal,
    clock: Clock,
    batches: JoinSet<()>,
    control: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    watch: Watch,
    _data_dir: DataDir,
}

impl Daemon {
    /// Starts pacing every campaign of `config`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Something that pacing needs can't be had; nothing has been sent then.
    pub async fn start(config: Config, options: Options) -> Result<Self, DaemonError> {
        let data_dir = DataDir::lock(&config.data_dir)?;
        let clock = options.clock;
        let engine = Engine::start_caching_in(&data_dir.path().join(COMPILED))?;
        let findings = policies::check(&config, &engine);
        if findings.iter().any(Finding::is_error) {
            return Err(DaemonError::Findings(findings));
        }
        let journal_config = JournalConfig { max_age: config.journal.max_age, max_size: config.journal.max_size_bytes };
        let journal = Journal::open(data_dir.path(), journal_config)?;
        let reporter = Reporter::new(journal.clone(), clock);
        let registry = open_registry(&config, engine.clone(), &journal, &reporter)?;
        let in_force = InForce::of(&config);
        let dialer = Arc::new(Cxone::new(&cxone(&config), clock)?);
        let board = Board::default();
        let host = Host {
            clock,
            calendar: Calendar::new(config.time_zone.clone()),
            dialer: Arc::clone(&dialer) as Arc<dyn Dialer>,
            registry: Arc::clone(&registry),
            in_force: in_force.clone(),
            journal: journal.clone(),
            board: board.clone(),
            dry_run: options.dry_run,
        };
        let campaigns = campaigns(&config, &journal, clock.now())?;
        tell(&journal, clock, "daemon_started", &format!("{} campaigns", campaigns.len())).await;
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut routes = HashMap::new();
        for (schedule, campaigns) in batches(campaigns, config.platform.batch_size as usize, clock.now()) {
            let (sender, orders) = mpsc::channel(QUEUE_ORDERS);
            routes.extend(campaigns.iter().map(|campaign| (campaign.config.id.clone(), sender.clone())));
            tasks.spawn(Batch::new(host.clone(), schedule, campaigns).run(orders, stopping.clone()));
        }
        let control = control::listen(&config.data_dir, Arc::new(routes));
        if let Err(error) = &control {
            tracing::warn!(event = "control_unavailable", message = %error, "paced can't be commanded while it runs");
        }
        let live = Live::new(options.file, config, engine, registry, in_force, reporter);
        let watch = watch(live).map_err(DaemonError::Watch)?;
        Ok(Self {
            board,
            dialer,
            journal,
            clock,
            batches: tasks,
            control: control.ok(),
            stop,
            watch,
            _data_dir: data_dir,
        })
    }

    /// The latest about each campaign.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Requests sent to the platform so far, by kind.
    #[must_use]
    pub fn requests_sent(&self) -> RequestsSent {
        self.dialer.requests_sent()
    }

    /// The journal's file.
    #[must_use]
    pub fn journal_path(&self) -> &Path {
        self.journal.path()
    }

    /// Looks at the configuration's file and the policies' at once, and says what came of it.
    pub fn reload(&self) {
        self.watch.request_look();
    }

    /// Ends the cycle in hand, leaves each campaign as its `on_exit` says, and closes the journal: within 20 s.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let end = async { while self.batches.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN, end).await.is_err() {
            tracing::error!(event = "shutdown_cut_short", "not every batch ended in time");
        }
        if let Some(control) = self.control {
            control.abort();
        }
        // Ending the watch waits for the look that it may be taking, and a look may hang on a network folder.
        let watch = self.watch;
        let _ = tokio::time::timeout(WATCH, tokio::task::spawn_blocking(move || drop(watch))).await;
        tell(&self.journal, self.clock, "daemon_stopped", "").await;
        if let Err(error) = self.journal.close().await {
            tracing::error!(event = "journal_failed", message = %error);
        }
        tracing::info!(event = "daemon_stopped");
    }
}

/// Loads every policy; what is refused here has just been found in order, so a refusal is a change in between.
fn open_registry(
    config: &Config,
    engine: Engine,
    journal: &Journal,
    reporter: &Reporter,
) -> Result<Arc<Registry>, DaemonError> {
    let components = ComponentStore::open(&config.data_dir).map_err(DaemonError::Components)?;
    let named = journal.clone();
    let components = components.with_named(move || {
        let named = named.reader().and_then(|reader| reader.components());
        Some(named.ok()?.into_iter().map(Digest).collect())
    });
    let (registry, outcomes) = Registry::open(engine, policies::specs(config), Some(components));
    for (policy, outcome) in outcomes {
        reporter.policy(&policy, &outcome);
    }
    Ok(Arc::new(registry))
}

fn watch(mut live: Live) -> io::Result<Watch> {
    Watch::start(Pace::default(), live.files(), move |cause| live.look(cause))
}

async fn tell(journal: &Journal, clock: Clock, name: &'static str, message: &str) {
    let event = journal::Event {
        at: clock.now(),
        campaign: None,
        level: Level::Info,
        name,
        message: message.to_owned(),
        exact: None,
    };
    if let Err(error) = journal.record(vec![Record::Event(event)]).await {
        tracing::error!(event = "journal_failed", message = %error);
    }
}

/// The campaigns with what the journal remembers of them, their intervals stretched to the request budget.
fn campaigns(config: &Config, journal: &Journal, now: Timestamp) -> Result<Vec<Campaign>, DaemonError> {
    let mut states = journal.states()?;
    let stretch = config.budget().stretch();
    if stretch > 1.0 {
        tracing::warn!(
            event = "intervals_stretched",
            factor = stretch,
            "the analytics quota does not bear the configured intervals"
        );
    }
    let campaign = |settings: Settings| {
        let id = &settings.config.id;
        let state = states.remove(id).and_then(|bytes| recover(id, &bytes, now));
        let state = state.unwrap_or_else(|| CampaignState::new(&settings.config));
        Campaign::new(settings, state)
    };
    Ok(Settings::of(config).map(campaign).collect())
}

fn recover(campaign: &str, bytes: &[u8], now: Timestamp) -> Option<CampaignState> {
    match postcard::from_bytes::<CampaignState>(bytes) {
        Ok(state) => Some(state.recovered(now)),
        Err(error) => {
            tracing::warn!(
                event = "state_unreadable",
                campaign,
                message = %error,
                "the journal's state was written by another version; the campaign starts afresh"
            );
            None
        }
    }
}

fn cxone(config: &Config) -> CxoneConfig {
    let platform = &config.platform;
    let shortest = config.campaigns.iter().map(|campaign| campaign.pacing.poll_interval).min();
    CxoneConfig {
        base_url: platform.base_url.to_string(),
        client_id: platform.client_id.clone(),
        client_secret: platform.client_secret.clone(),
        analytics_per_minute: platform.analytics_per_minute,
        updates_per_minute: platform.updates_per_minute,
        request_timeout: platform.request_timeout,
        poll_interval: shortest.unwrap_or(Duration::from_secs(15)),
    }
}
