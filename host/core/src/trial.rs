//! A new revision on trial: what the good one before it wrote last is kept until the trial ends.
//!
//! The shell decides how a trial ends; here is what the end does to a campaign. A revision that was rolled back may have
//! written anything into the state, so the good one goes on from its own last state. The ratio in force stays as it is:
//! it is the platform's, not the policy's.

use serde::{Deserialize, Serialize};

use crate::entry::Event;
use crate::policy::Revision;
use crate::state::{CampaignState, PolicyMemory};

/// What a revision left when another one took its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The revision.
    pub revision: Revision,
    /// The name of its policy.
    pub name: String,
    /// The state that it wrote last.
    pub state: Vec<u8>,
    /// The version of those bytes.
    pub state_version: u32,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrialEnd {
    /// The new revision is good: what the one before left is let go.
    Promoted,
    /// The new revision is bad: the one before goes on from what it left.
    RolledBack,
}

/// Keeps what the revision in force has written, before another one takes its place. Several that follow each other
/// within a trial leave what is kept alone: it is the last good one's.
pub(crate) fn keep(memory: &mut PolicyMemory) {
    let has_decided = memory.revision != Revision::default();
    if has_decided && memory.kept.is_none() {
        memory.kept = Some(Kept {
            revision: memory.revision,
            name: memory.name.clone(),
            state: memory.state.clone(),
            state_version: memory.state_version,
        });
    }
}

/// The state after the trial ended; unchanged where this campaign never met the revision on trial.
#[must_use]
pub fn end(mut state: CampaignState, end: TrialEnd) -> (CampaignState, Vec<Event>) {
    let memory = &mut state.policy;
    let Some(kept) = memory.kept.take() else { return (state, Vec::new()) };
    if end == TrialEnd::Promoted {
        return (state, Vec::new());
    }
    let mut events = vec![Event::StateRestored];
    memory.revision = kept.revision;
    memory.name = kept.name;
    memory.state = kept.state;
    memory.state_version = kept.state_version;
    memory.faults = 0;
    if memory.fallback_until.take().is_some() {
        events.push(Event::FallbackEnded);
    }
    (state, events)
}
