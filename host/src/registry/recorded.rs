//! What campaigns' policies were shown last: the inputs that a dry run puts to a candidate.
//!
//! They are kept in memory alone. After a restart a campaign has none until its policy is asked again, and the inputs at
//! the edges have to do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use paced_core::policy::Input;
use paced_core::state::PolicyMemory;

/// Inputs kept of each campaign.
const INPUTS: usize = 20;
/// The most inputs that one dry run takes, of all campaigns together.
const MOST_TAKEN: usize = 200;
/// The most campaigns whose inputs are kept, at some 10 KB each.
const MAX_CAMPAIGNS: usize = 2_000;

/// The last inputs of every campaign.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<BTreeMap<String, Recorded>>);

/// What is kept of one campaign.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    /// Its last inputs, the newest at the end, without params and state.
    pub(super) inputs: VecDeque<Input>,
    /// The name of the policy that wrote the state.
    pub(super) name: String,
    /// The version of the state.
    pub(super) state_version: u32,
    /// The state as it is now.
    pub(super) state: Vec<u8>,
}

impl Recorder {
    /// Keeps what a campaign's policy was shown, and the memory that it has now.
    pub fn keep(&self, input: Input, memory: &PolicyMemory) {
        let mut campaigns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = campaigns.contains_key(&input.campaign.id);
        if !is_known && campaigns.len() >= MAX_CAMPAIGNS {
            return;
        }
        let kept = campaigns.entry(input.campaign.id.clone()).or_default();
        if kept.inputs.len() == INPUTS {
            kept.inputs.pop_front();
        }
        kept.inputs.push_back(Input { params: Vec::new(), state: Vec::new(), ..input });
        kept.name.clone_from(&memory.name);
        kept.state_version = memory.state_version;
        kept.state.clone_from(&memory.state);
    }

    /// The last inputs of these campaigns, by campaign: alike many of each, and no more than a dry run takes.
    pub(super) fn last_of<'a>(&self, campaigns: impl Iterator<Item = &'a str>) -> Vec<(String, Recorded)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> =
            campaigns.filter_map(|id| Some((id.to_owned(), kept.get(id)?.clone()))).take(MOST_TAKEN).collect();
        let of_each = MOST_TAKEN / found.len().max(1);
        for (_, recorded) in &mut found {
            let spare = recorded.inputs.len().saturating_sub(of_each);
            recorded.inputs.drain(..spare);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::tests::input;

    fn keep(recorder: &Recorder, campaign: &str, seed: u64) {
        let mut input = Input { seed, state: vec![1], ..input() };
        campaign.clone_into(&mut input.campaign.id);
        recorder.keep(input, &PolicyMemory { state: vec![seed as u8], ..PolicyMemory::default() });
    }

    #[test]
    fn the_last_twenty_are_kept_without_their_state_and_the_newest_memory_with_them() {
        let recorder = Recorder::default();
        (0..25).for_each(|seed| keep(&recorder, "1", seed));
        let found = recorder.last_of(["1", "2"].into_iter());
        let [(campaign, recorded)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((campaign.as_str(), recorded.inputs.len(), &recorded.state[..]), ("1", 20, &[24][..]));
        assert!(recorded.inputs.iter().map(|input| input.seed).eq(5..25));
        assert!(recorded.inputs.iter().all(|input| input.state.is_empty()));
    }

    #[test]
    fn many_campaigns_share_what_a_dry_run_takes() {
        for (campaigns, of_each) in [(10, 20), (50, 4), (250, 1)] {
            let recorder = Recorder::default();
            let ids: Vec<_> = (0..campaigns).map(|n| n.to_string()).collect();
            for id in &ids {
                (0..20).for_each(|seed| keep(&recorder, id, seed));
            }
            let found = recorder.last_of(ids.iter().map(String::as_str));
            assert_eq!(found.iter().map(|(_, recorded)| recorded.inputs.len()).sum::<usize>(), 200);
            assert!(found.iter().all(|(_, recorded)| recorded.inputs.len() == of_each));
        }
    }

    #[test]
    fn campaigns_beyond_the_bound_are_not_kept() {
        let recorder = Recorder::default();
        (0..=MAX_CAMPAIGNS).for_each(|n| keep(&recorder, &n.to_string(), 1));
        keep(&recorder, "0", 2);
        assert_eq!(recorder.0.lock().unwrap().len(), MAX_CAMPAIGNS);
        assert_eq!(recorder.last_of(["0"].into_iter())[0].1.inputs.len(), 2);
    }
}
