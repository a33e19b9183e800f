//! Who answers for the policy when a step is replayed: its component, or what the journal says that it answered.

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy, Proposal, Revision};
use paced_core::state::PolicyMemory;

use crate::wasm::WasmPolicy;

/// What answers in a replayed step.
pub(super) struct Seat {
    component: Option<WasmPolicy>,
    /// The answer, where the component is not to be run for it.
    answer: Option<Result<Decided, Fault>>,
    revision: Revision,
    name: String,
    state_version: u32,
}

impl Seat {
    /// The component itself.
    pub(super) fn component(policy: WasmPolicy) -> Self {
        Self {
            revision: *policy.revision(),
            name: policy.name().to_owned(),
            state_version: policy.state_version(),
            component: Some(policy),
            answer: None,
        }
    }

    /// The component, which is known to answer with this fault.
    pub(super) fn faulted(policy: WasmPolicy, fault: Fault) -> Self {
        Self { answer: Some(Err(fault)), ..Self::component(policy) }
    }

    /// Nobody: the policy was not asked, or could not be, for this reason. `memory` is what the campaign remembers, so
    /// that nothing is taken over from one policy to another.
    pub(super) fn vacant(why: &str, memory: &PolicyMemory) -> Self {
        let fault = Fault { class: FaultClass::Declined, message: why.to_owned() };
        Self::stand_in(memory.revision, Err(fault), memory)
    }

    /// The recorded proposal of a component that can't be had, or that it faulted.
    pub(super) fn recorded(revision: Revision, dial_ratio: Option<f64>, faulted: bool, memory: &PolicyMemory) -> Self {
        let answer = if faulted {
            let message = "it faulted, and its component can't be had".to_owned();
            Err(Fault { class: FaultClass::Declined, message })
        } else {
            let proposal = Proposal { dial_ratio, state: memory.state.clone(), ..Proposal::default() };
            Ok(Decided { proposal, fuel: 0 })
        };
        Self::stand_in(revision, answer, memory)
    }

    fn stand_in(revision: Revision, answer: Result<Decided, Fault>, memory: &PolicyMemory) -> Self {
        let (name, state_version) = (memory.name.clone(), memory.state_version);
        Self { component: None, answer: Some(answer), revision, name, state_version }
    }
}

impl Policy for Seat {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        match (&self.answer, &mut self.component) {
            (Some(answer), _) => answer.clone(),
            (None, Some(policy)) => policy.decide(input),
            (None, None) => Err(Fault { class: FaultClass::Declined, message: "nobody answers".to_owned() }),
        }
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        self.component.as_mut()?.migrate(from_version, state)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn state_version(&self) -> u32 {
        self.state_version
    }

    fn params(&self) -> &[(String, ParamValue)] {
        self.component.as_ref().map_or(&[], |policy| policy.params())
    }

    fn revision(&self) -> &Revision {
        &self.revision
    }
}
