//! What came of looking at a policy's source, for the log, the journal and the metrics.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use paced_core::params::ParamError;

use crate::wasm::{Digest, LoadError, Loaded, few};

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
    },
}

/// A component came into force.
#[derive(Debug)]
pub struct Activated {
    /// The component.
    pub loaded: Arc<Loaded>,
    /// What it replaced.
    pub previous: Option<Digest>,
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
    pub const fn stage(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Settle { .. } => "settle",
            Self::Load(error) => error.stage(),
            Self::Params(_) => "params",
        }
    }
}

impl Outcome {
    /// Writes what happened to the log; nothing where nothing did.
    pub fn log(&self, policy: &str) {
        match self {
            Self::Unchanged => {}
            Self::Activated(Activated { loaded, previous }) => tracing::info!(
                event = "policy_loaded",
                policy,
                digest = loaded.digest().short(),
                previous = previous.map(|digest| digest.short()),
                version = loaded.descriptor().version,
                size_bytes = loaded.size_bytes(),
                "policy {policy} is in force from the next decision on"
            ),
            Self::Refused { digest, refusal, running } => tracing::error!(
                event = "policy_rejected",
                policy,
                stage = refusal.stage(),
                digest = digest.map(|digest| digest.short()),
                running = running.map(|digest| digest.short()),
                error = refusal.to_string(),
                "policy {policy} was not loaded; {}",
                if running.is_some() { "the running one goes on" } else { "there is none in force" }
            ),
        }
    }
}
