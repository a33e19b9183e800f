//! What came of looking at a policy's source, for the log, the journal and the metrics.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use paced_core::params::ParamError;

use super::dry_run::{DryRunFailure, Tried};
use super::trial::Standing;
use crate::wasm::{Digest, LoadError, Loaded, Stage, Timeline, few};

/// What came of a reload.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing new since the last look.
    Unchanged,
    /// Another component is in force.
    Activated(Activated),
    /// What is there was refused; the policy in force, if any, goes on.
    Refused {
        /// The bytes' digest, where they could be read.
        digest: Option<Digest>,
        /// Why.
        refusal: Refusal,
        /// What goes on running.
        running: Option<Digest>,
        /// What the stages took, the one that refused included.
        timeline: Timeline,
    },
}

/// A component came into force.
#[derive(Debug)]
pub struct Activated {
    /// The component.
    pub loaded: Arc<Loaded>,
    /// What it replaced.
    pub previous: Option<Digest>,
    /// How far it is trusted.
    pub standing: Standing,
    /// What the dry run tried.
    pub tried: Tried,
    /// What each stage took.
    pub timeline: Timeline,
}

/// Why a candidate was refused; one kind for each stage.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file can't be read.
    #[error("can't read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file kept changing.
    #[error("{} is still being written after {seconds} s", path.display())]
    Settle {
        /// The file.
        path: PathBuf,
        /// How long it was watched.
        seconds: f64,
    },
    /// The loader refused the bytes.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Campaigns set params that it does not take.
    #[error("it does not take the params of {}", few(.0.iter(), "; "))]
    Params(Vec<UnfitParams>),
    /// It fails in the dry run.
    #[error(transparent)]
    DryRun(#[from] Box<DryRunFailure>),
    /// It was tried before and rolled back.
    #[error("these bytes were rolled back, and are tried again only under other params or limits: mend the policy")]
    RolledBack,
}

/// A campaign's params that a candidate does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfitParams {
    /// The campaign.
    pub campaign: String,
    /// Every value that no parameter takes.
    pub errors: Vec<ParamError>,
}

impl fmt::Display for UnfitParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "campaign {}: {}", self.campaign, few(self.errors.iter(), "; "))
    }
}

impl Refusal {
    /// The stage that refused, for logs and metrics.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Read { .. } => Stage::Read,
            Self::Settle { .. } => Stage::Settle,
            Self::RolledBack => Stage::Digest,
            Self::Load(error) => error.stage(),
            Self::Params(_) => Stage::Params,
            Self::DryRun(_) => Stage::DryRun,
        }
    }
}

impl Outcome {
    /// Writes what happened to the log; nothing where nothing did.
    pub fn log(&self, policy: &str) {
        match self {
            Self::Unchanged => {}
            Self::Activated(activated) => activated.log(policy),
            Self::Refused { digest, refusal, running, timeline } => tracing::error!(
                event = "policy_rejected",
                policy,
                stage = refusal.stage().as_str(),
                digest = digest.map(|digest| digest.short()),
                running = running.map(|digest| digest.short()),
                error = refusal.to_string(),
                stages = timeline.to_string(),
                "policy {policy} was not loaded; {}",
                if running.is_some() { "the running one goes on" } else { "there is none in force" }
            ),
        }
    }
}

impl Activated {
    fn log(&self, policy: &str) {
        let loaded = &self.loaded;
        tracing::info!(
            event = "policy_loaded",
            policy,
            digest = loaded.digest().short(),
            previous = self.previous.map(|digest| digest.short()),
            version = loaded.descriptor().version,
            size_bytes = loaded.size_bytes(),
            standing = self.standing.as_str(),
            compiled = loaded.compiled().as_str(),
            dry_run_decisions = self.tried.recorded + self.tried.edges,
            dry_run_declined = self.tried.declined,
            dry_run_skipped = self.tried.skipped,
            work_ms = self.timeline.work().as_secs_f64() * 1e3,
            stages = self.timeline.to_string(),
            "policy {policy} is in force from the next decision on"
        );
    }

    /// What came into force, in one line for the journal.
    #[must_use]
    pub fn in_words(&self, policy: &str) -> String {
        let loaded = &self.loaded;
        let previous = self.previous.map(|previous| format!(" in place of {}", previous.short()));
        format!(
            "{policy} {} {}{}, {}, compiled {}: {}",
            loaded.descriptor().version,
            loaded.digest().short(),
            previous.unwrap_or_default(),
            self.standing.as_str(),
            loaded.compiled().as_str(),
            self.timeline
        )
    }
}
