//! A policy whose instance is used for many decisions: for the lab, where one run makes thousands.
//!
//! A fresh instance costs ten times what a small policy's decision does. The daemon pays that for isolation; the lab
//! doesn't need it, provided that results stay the same, which it checks by running some seeds with fresh instances too.
//! A policy that keeps something between decisions outside its state is found out there: **never use this where a
//! decision counts**.

use std::sync::Arc;

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, Input, Policy, Proposal, Revision};
use wasmtime::Store;

use super::call::{self, Caller, Guest};
use super::contract::Prepared;
use super::fault::{self, CallError};
use super::load::{Loaded, declined};
use super::policy::{WasmPolicy, check};
use super::v0_1;

/// Decisions of one instance: many enough that a fresh one costs little, and few enough that what it leaks is little.
const DECISIONS: u32 = 500;

/// A policy that keeps its instance from decision to decision.
///
/// Its engine must have no pool ([`Engine::without_pool`](super::Engine::without_pool)), since an instance that is kept would
/// hold a place in it; with a pool each decision gets a fresh instance after all.
pub struct ReusedPolicy {
    policy: WasmPolicy,
    warm: Option<Warm>,
}

struct Warm {
    store: Store<Guest>,
    instance: v0_1::Instance,
    campaign: String,
    decisions_left: u32,
}

impl ReusedPolicy {
    /// The same policy, with an instance that is kept.
    #[must_use]
    pub const fn new(policy: WasmPolicy) -> Self {
        Self { policy, warm: None }
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(self.policy.loaded())
    }

    /// The instance that is kept, if it may decide for this campaign once more.
    fn kept(&mut self, campaign: &str) -> Option<Warm> {
        self.warm.take().filter(|warm| warm.decisions_left > 0 && warm.campaign == campaign)
    }

    /// Decides by `warm`, and keeps it unless the call broke off: a store that trapped is dead.
    fn decide_by(&mut self, mut warm: Warm, loaded: &Loaded, input: &Input) -> Result<Answer, Fault> {
        call::renew(&mut warm.store, loaded.limits());
        let decided = warm.instance.decide(&mut warm.store, input);
        let answer = decided.map_err(|error| to_fault(loaded, &warm.store, &error))?;
        let fuel = loaded.limits().fuel.saturating_sub(warm.store.get_fuel().unwrap_or_default());
        warm.decisions_left -= 1;
        self.warm = Some(warm);
        Ok((answer, fuel))
    }
}

/// A proposal, or the policy's own error, with the fuel that it took.
type Answer = (Result<Proposal, String>, u64);

fn open(loaded: &Loaded, campaign: &str) -> Result<Warm, Fault> {
    let caller = Caller { policy: &loaded.descriptor().name, campaign };
    let mut store = call::open(&loaded.engine, loaded.limits(), &loaded.log, caller);
    let Prepared::V0_1(prepared) = &loaded.prepared;
    match prepared.instantiate(&mut store) {
        Ok(instance) => Ok(Warm { store, instance, campaign: campaign.to_owned(), decisions_left: DECISIONS }),
        Err(error) => Err(to_fault(loaded, &store, &error)),
    }
}

fn to_fault(loaded: &Loaded, store: &Store<Guest>, error: &CallError) -> Fault {
    fault::fault(error, store.data(), loaded.limits())
}

impl Policy for ReusedPolicy {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        let loaded = self.loaded();
        if loaded.engine.is_pooled() {
            return self.policy.decide(input);
        }
        // An instance that breaks off may have been worn out by earlier calls, as by an allocator that never frees: what a
        // new one does is what counts.
        let kept = self.kept(&input.campaign.id);
        let by_kept = kept.and_then(|warm| self.decide_by(warm, &loaded, input).ok());
        let (decided, fuel) = match by_kept {
            Some(answer) => answer,
            None => self.decide_by(open(&loaded, &input.campaign.id)?, &loaded, input)?,
        };
        let proposal = decided.map_err(|words| declined(&words))?;
        check(&proposal, loaded.limits())?;
        Ok(Decided { proposal, fuel })
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        self.policy.migrate(from_version, state)
    }

    fn name(&self) -> &str {
        self.policy.name()
    }

    fn state_version(&self) -> u32 {
        self.policy.state_version()
    }

    fn params(&self) -> &[(String, ParamValue)] {
        self.policy.params()
    }

    fn revision(&self) -> &Revision {
        self.policy.revision()
    }
}
