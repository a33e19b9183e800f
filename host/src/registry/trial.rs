//! What follows from a probation: a component is promoted, or everyone goes back to the last good one.

use std::sync::{Arc, PoisonError};

use paced_core::time::Timestamp;
use paced_core::trial::TrialEnd;

use super::outcome::Activated;
use super::pipeline::Pipeline;
use super::probation::{Mark, Probation};
use super::{Entry, InForce, Outcome, Registry, Tried};
use crate::wasm::{Digest, Loaded};

/// How far the component in force is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its first decisions are being watched.
    OnTrial,
    /// It is good, or taken for good.
    Proven,
    /// It is good, and took the place of one that was not.
    Restored,
}

impl Standing {
    /// The words for logs and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTrial => "on probation",
            Self::Proven => "proven",
            Self::Restored => "restored",
        }
    }

    /// How a trial ended that campaigns still remember, once it has.
    #[must_use]
    pub const fn trial_end(self) -> Option<TrialEnd> {
        match self {
            Self::OnTrial => None,
            Self::Proven => Some(TrialEnd::Promoted),
            Self::Restored => Some(TrialEnd::RolledBack),
        }
    }
}

/// A component's probation, and what it would give way to.
pub(super) struct Trial {
    digest: Digest,
    probation: Probation,
    last_good: Option<Arc<Loaded>>,
}

impl Trial {
    pub(super) const fn last_good(&self) -> Option<&Arc<Loaded>> {
        self.last_good.as_ref()
    }
}

/// What a probation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The component is good.
    Promoted {
        /// It.
        digest: Digest,
    },
    /// Its campaigns have gone back to the last good one.
    RolledBack {
        /// The one that failed.
        digest: Digest,
        /// The one that is in force again.
        to: Digest,
        /// Decisions of the campaign that it failed in.
        decisions: u32,
        /// Faults among them.
        faults: u32,
    },
    /// It failed, and there is none to go back to: it stays, and the fallback steps in as for any policy that faults.
    Failed {
        /// It.
        digest: Digest,
        /// Decisions of the campaign that it failed in.
        decisions: u32,
        /// Faults among them.
        faults: u32,
    },
}

impl Registry {
    /// Counts a decision that the component `decided` has made for a campaign, and says so when that ends its probation.
    /// A decision by a component that is not on trial any longer says nothing.
    ///
    /// Writes a small file where it ends: keep it off the async threads.
    pub fn judge(
        &self,
        policy: &str,
        decided: Digest,
        campaign: &str,
        is_fault: bool,
        now: Timestamp,
    ) -> Option<Judgement> {
        let entry = self.entries.load().get(policy).cloned()?;
        let judgement = entry.judge(decided, campaign, is_fault, now)?;
        match judgement {
            Judgement::Promoted { digest } => self.verdicts.promote(policy, digest),
            Judgement::RolledBack { digest, .. } => self.verdicts.roll_back(&entry.spec.load(), digest),
            Judgement::Failed { .. } => {}
        }
        Some(judgement)
    }

    /// Puts a component in force: what it replaced, and how it stands.
    pub(super) fn activate(&self, entry: &Entry, loaded: &Arc<Loaded>) -> (Option<Digest>, Standing) {
        let mut trial = entry.trial.lock().unwrap_or_else(PoisonError::into_inner);
        let current = entry.current.load_full();
        let spec = entry.spec.load();
        let earlier = trial.take().and_then(|trial| trial.last_good);
        let digest = loaded.digest();
        let standing = if earlier.as_ref().is_some_and(|good| good.digest() == digest) {
            // Somebody else has put the last good one back before the trial of another was over.
            Standing::Restored
        } else if !self.is_probing || self.verdicts.good(&spec.name) == Some(digest) {
            Standing::Proven
        } else {
            Standing::OnTrial
        };
        if standing == Standing::OnTrial {
            let good = current.as_ref().filter(|current| current.standing != Standing::OnTrial);
            let last_good = good.map(|current| Arc::clone(&current.loaded)).or(earlier);
            let campaigns = spec.uses.iter().map(|used| used.campaign.as_str());
            *trial = Some(Trial { digest, probation: Probation::with(campaigns), last_good });
        }
        entry.current.store(Some(Arc::new(InForce { loaded: Arc::clone(loaded), standing })));
        (current.map(|current| current.loaded.digest()), standing)
    }

    /// At the start: gets the component that an earlier run has proven good, to stand in where nothing could be loaded,
    /// and to go back to where something else is on trial.
    pub(super) fn recall(&self, policy: &str) -> Option<Outcome> {
        let entry = self.entries.load().get(policy).cloned()?;
        let good = self.verdicts.good(policy)?;
        if entry.is_in_force(&good) {
            return None;
        }
        let bytes = self.components.as_ref()?.get(good).ok()??;
        let spec = entry.spec.load_full();
        let mut pipeline = Pipeline::new(&self.engine, &spec);
        let loaded = Arc::new(pipeline.load(&bytes).ok()?);
        let mut trial = entry.trial.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trial) = trial.as_mut() {
            trial.last_good = Some(loaded);
            return None;
        }
        if entry.current.load().is_some() {
            return None;
        }
        let standing = Standing::Restored;
        entry.current.store(Some(Arc::new(InForce { loaded: Arc::clone(&loaded), standing })));
        let (tried, timeline) = (Tried::default(), pipeline.timeline);
        Some(Outcome::Activated(Activated { loaded, previous: None, standing, tried, timeline }))
    }
}

impl Entry {
    fn judge(&self, decided: Digest, campaign: &str, is_fault: bool, now: Timestamp) -> Option<Judgement> {
        let mut slot = self.trial.lock().unwrap_or_else(PoisonError::into_inner);
        let trial = slot.as_mut().filter(|trial| trial.digest == decided)?;
        let digest = trial.digest;
        let (judgement, next) = match trial.probation.count(campaign, is_fault, now) {
            Mark::Going => return None,
            Mark::Passed => {
                let loaded = Arc::clone(&self.current.load_full()?.loaded);
                (Judgement::Promoted { digest }, Some(InForce { loaded, standing: Standing::Proven }))
            }
            Mark::Failed { decisions, faults } => match trial.last_good.take() {
                Some(loaded) => {
                    let to = loaded.digest();
                    let next = InForce { loaded, standing: Standing::Restored };
                    (Judgement::RolledBack { digest, to, decisions, faults }, Some(next))
                }
                None => (Judgement::Failed { digest, decisions, faults }, None),
            },
        };
        *slot = None;
        if let Some(next) = next {
            self.current.store(Some(Arc::new(next)));
        }
        Some(judgement)
    }
}
