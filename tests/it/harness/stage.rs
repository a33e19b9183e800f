//! A tenant with a folder for paced's files, and all that a test does to either.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use paced::clock::Clock;
use paced::journal::{DecisionRow, EventRow, Filter, JournalReader};
use paced::tenant::{Change, LoggedRequest, Operation, Rule, RunningTenant, Tenant, TenantConfig};
use paced_core::ratio::DialRatio;
use paced_core::reading::Status;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::updates::{self, ByHand, Origin, Update};
use super::{Daemon, Ended, Settings, TIME_SCALE, eventually, paced};

/// A simulated platform, and a folder with a configuration for it.
pub(crate) struct Stage {
    tenant: RunningTenant,
    folder: TempDir,
    time_scale: f64,
    start: DialRatio,
    people: Mutex<Vec<ByHand>>,
    /// After the tenant, which runs on it.
    _runtime: Runtime,
}

impl Stage {
    /// A tenant with one campaign, `1`, of 20 agents at dial ratio 1.0.
    pub(crate) fn new() -> Self {
        Self::with(TIME_SCALE, &[20], |_| {})
    }

    /// A tenant with campaigns `1`, `2` ... of so many agents each.
    pub(crate) fn with(time_scale: f64, agents: &[u32], adjust: impl FnOnce(&mut TenantConfig)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut config = TenantConfig::new(Clock::start(time_scale), agents);
        adjust(&mut config);
        let start = config.dial_ratio;
        let tenant = runtime.block_on(Tenant::start(config)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { tenant, folder, time_scale, start, people: Mutex::default(), _runtime: runtime }
    }

    // ---- paced -------------------------------------------------------------------------------------------------

    /// Starts `paced run` with these settings.
    pub(crate) fn run(&self, settings: &Settings) -> Daemon {
        self.run_with(settings, &[])
    }

    /// Starts `paced run` with these settings and further arguments.
    pub(crate) fn run_with(&self, settings: &Settings, arguments: &[&str]) -> Daemon {
        self.configure(settings);
        Daemon::spawn(self.command().args(arguments))
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, settings: &Settings) {
        fs::write(self.config(), settings.text(&self.tenant.base_url())).unwrap();
    }

    /// `paced run` with the configuration as it is.
    pub(crate) fn command(&self) -> Command {
        let mut command = paced();
        command.args(["run", "--config"]).arg(self.config());
        command.args(["--time-scale", &self.time_scale.to_string()]);
        command.env("CXONE_CLIENT_SECRET", "demo-secret");
        command
    }

    /// Gives the running paced a command about a campaign.
    pub(crate) fn order(&self, command: &str, campaign: &str) -> Ended {
        Ended::of(paced().args([command, campaign, "--config"]).arg(self.config()))
    }

    /// The configuration's file.
    pub(crate) fn config(&self) -> PathBuf {
        self.path("paced.toml")
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// A file of the folder that the configuration lies in.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    // ---- the platform ------------------------------------------------------------------------------------------

    pub(crate) fn base_url(&self) -> String {
        self.tenant.base_url()
    }

    pub(crate) fn inject(&self, rule: Rule) {
        self.tenant.inject(rule).unwrap();
    }

    pub(crate) fn clear_faults(&self) {
        self.tenant.clear_faults();
    }

    pub(crate) fn revoke_tokens(&self) {
        assert!(self.tenant.revoke_tokens() > 0);
    }

    /// Pauses a campaign at the platform's own desk.
    pub(crate) fn person_pauses(&self, campaign: &str) {
        self.tenant.change(campaign, Change { status: Some(Status::Paused), ..Change::default() }).unwrap();
    }

    /// Lets a campaign dial again at the platform's own desk.
    pub(crate) fn person_resumes(&self, campaign: &str) {
        self.tenant.change(campaign, Change { status: Some(Status::Active), ..Change::default() }).unwrap();
    }

    /// Sets a campaign's ratio at the platform's own desk.
    pub(crate) fn person_sets(&self, campaign: &str, ratio: f64) {
        let ratio = DialRatio::new(ratio).unwrap();
        self.tenant.change(campaign, Change { dial_ratio: Some(ratio), ..Change::default() }).unwrap();
        let change = ByHand { after: self.last_request(), campaign: campaign.to_owned(), ratio };
        self.people.lock().unwrap().push(change);
    }

    /// What the platform has: the ratio and whether the campaign dials.
    pub(crate) fn setting(&self, campaign: &str) -> (f64, bool) {
        let (setting, _) = self.tenant.setting(campaign).unwrap();
        (setting.ratio.value(), setting.status == Status::Active)
    }

    /// Waits until the platform has this.
    pub(crate) fn wait_for_setting(&self, campaign: &str, ratio: f64, is_active: bool) {
        eventually("the setting", || (self.setting(campaign) == (ratio, is_active)).then_some(()));
    }

    /// Requests so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.tenant.requests()
    }

    /// Requests of one kind so far.
    pub(crate) fn requests_of(&self, operation: Operation) -> Vec<LoggedRequest> {
        self.requests().into_iter().filter(|request| request.operation == Some(operation)).collect()
    }

    /// The number of the last request.
    pub(crate) fn last_request(&self) -> u64 {
        self.requests().last().map_or(0, |request| request.number)
    }

    /// Waits for a request after the one of this number.
    pub(crate) fn wait_for_request(&self, operation: Operation, after: u64) -> LoggedRequest {
        let fits = |request: &LoggedRequest| request.number > after && request.operation == Some(operation);
        eventually(&format!("a request of the kind {operation:?}"), || self.requests().into_iter().find(fits))
    }

    /// Updates so far, of all campaigns.
    pub(crate) fn updates(&self) -> Vec<Update> {
        self.requests_of(Operation::Put).iter().map(Update::of).collect()
    }

    /// Updates that came after the request of this number.
    pub(crate) fn updates_after(&self, number: u64) -> Vec<Update> {
        self.updates().into_iter().filter(|update| update.number > number).collect()
    }

    /// Answers of 429 so far: paced keeps within the quotas by itself, whatever happens.
    pub(crate) fn too_many(&self) -> u64 {
        self.tenant.counts().too_many
    }

    // ---- the journal -------------------------------------------------------------------------------------------

    pub(crate) fn decisions(&self) -> Vec<DecisionRow> {
        self.journal().decisions(Filter::default()).map(Result::unwrap).collect()
    }

    pub(crate) fn events(&self, name: &str) -> Vec<EventRow> {
        let events = self.journal().events(Filter::default()).map(Result::unwrap).collect::<Vec<_>>();
        events.into_iter().filter(|event| event.name == name).collect()
    }

    fn journal(&self) -> JournalReader {
        JournalReader::open(&self.data_dir()).unwrap()
    }

    // ---- the end -----------------------------------------------------------------------------------------------

    /// Checks what must hold whatever happened; see [`updates::check`].
    pub(crate) fn check(&self) {
        updates::check(&self.updates(), &Origin { start: self.start, people: &self.people.lock().unwrap() });
    }

    /// Ends paced as an operator does, and checks what must hold whatever happened.
    pub(crate) fn finish(&self, mut daemon: Daemon) {
        daemon.end();
        self.check();
        let (_, replayed) = self.replay(&[]);
        for campaign in replayed["campaigns"].as_array().unwrap() {
            let differing = ["differing", "changes_differing", "states_differing"].map(|count| &campaign[count]);
            assert_eq!(differing, [0, 0, 0], "the journal replays to something else: {campaign:#}");
        }
    }

    /// The journal replayed: how that ended, and what it came to.
    pub(crate) fn replay(&self, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
        let ended = Ended::of(paced().arg("replay").arg(self.data_dir()).arg("--json").args(arguments));
        let replayed = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        (ended.code, replayed)
    }
}
