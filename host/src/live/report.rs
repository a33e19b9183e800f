//! What is said, in log and journal, of what changes while paced runs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::clock::Clock;
use crate::config::{Change, Finding};
use crate::journal::{self, Journal, Level, Record};
use crate::registry::Outcome;
use crate::wasm::few;

/// Writes to log and journal.
#[derive(Clone)]
pub struct Reporter {
    journal: Journal,
    clock: Clock,
}

impl Reporter {
    /// Reports to this journal, at this clock's times.
    #[must_use]
    pub const fn new(journal: Journal, clock: Clock) -> Self {
        Self { journal, clock }
    }

    /// What came of a look at a policy's source.
    pub fn policy(&self, policy: &str, outcome: &Outcome) {
        outcome.log(policy);
        let (level, name, message) = match outcome {
            Outcome::Unchanged => return,
            Outcome::Activated(activated) => (Level::Info, "policy_loaded", activated.in_words(policy)),
            Outcome::Refused { refusal, timeline, .. } => {
                (Level::Error, "policy_rejected", format!("{policy}, {}: {refusal} ({timeline})", refusal.stage()))
            }
        };
        self.record(vec![self.event(None, level, name, message)]);
    }

    /// Settings that are in force from the next tick on; one event for each campaign, and one for what is not a
    /// campaign's.
    pub(super) fn changed(&self, changes: &[Change]) {
        let events = by_campaign(changes).map(|(campaign, message)| {
            tracing::info!(event = "config_changed", campaign, message);
            self.event(campaign, Level::Info, "config_changed", message)
        });
        self.record(events.collect());
    }

    /// Settings that were changed in the file and go on as they were.
    pub(super) fn waiting(&self, changes: &[Change]) {
        let events = by_campaign(changes).map(|(campaign, message)| {
            let message = format!("{message}: waits for a restart, and what was in force goes on until then");
            tracing::warn!(event = "config_needs_restart", campaign, message);
            self.event(campaign, Level::Warn, "config_needs_restart", message)
        });
        self.record(events.collect());
    }

    /// A configuration of which nothing was taken over.
    pub(super) fn refused(&self, findings: &[Finding]) {
        findings.iter().for_each(finding);
        let errors: Vec<_> = findings.iter().filter(|finding| finding.is_error()).collect();
        let problems = errors.len();
        tracing::error!(
            event = "config_rejected",
            problems,
            "nothing of the changed configuration applies; what was in force goes on"
        );
        let message = format!("nothing of it applies: {}", few(errors.iter(), "; "));
        self.record(vec![self.event(None, Level::Error, "config_rejected", message)]);
    }

    /// A configuration's file that can't be read.
    pub(super) fn unreadable(&self, path: &Path, why: &str) {
        let message = format!("can't read {}: {why}; what was in force goes on", path.display());
        tracing::error!(event = "config_rejected", message);
        self.record(vec![self.event(None, Level::Error, "config_rejected", message)]);
    }

    /// What is odd about a configuration that was taken over.
    pub(super) fn warnings(&self, warnings: &[Finding]) {
        warnings.iter().for_each(finding);
    }

    /// A configuration that is in order and changes nothing, where somebody may wonder; so many settings of it wait for
    /// a restart.
    pub(super) fn unchanged(&self, waiting: usize) {
        tracing::info!(event = "config_unchanged", waiting, "the configuration is in order and changes nothing now");
    }

    /// A request to look at a configuration where there is no file of it.
    pub(super) fn no_file(&self) {
        tracing::info!(event = "config_unchanged", "the configuration comes from the environment, not from a file");
    }

    fn event(&self, campaign: Option<&str>, level: Level, name: &'static str, message: String) -> Record {
        let campaign = campaign.map(str::to_owned);
        Record::Event(journal::Event { at: self.clock.now(), campaign, level, name, message, exact: None })
    }

    fn record(&self, records: Vec<Record>) {
        if !records.is_empty() {
            // Queued at the call; the log has told it already.
            drop(self.journal.record(records));
        }
    }
}

/// Writes a finding to the log, as `paced check` prints it.
pub(crate) fn finding(finding: &Finding) {
    if finding.is_error() {
        tracing::error!(event = "configuration_problem", message = %finding);
    } else {
        tracing::warn!(event = "configuration_warning", message = %finding);
    }
}

/// The changes of each campaign in one text, after those of no campaign.
fn by_campaign(changes: &[Change]) -> impl Iterator<Item = (Option<&str>, String)> {
    let mut of: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for change in changes {
        of.entry(change.campaign.as_deref()).or_default().push(change.to_string());
    }
    of.into_iter().map(|(campaign, changes)| (campaign, changes.join("; ")))
}
