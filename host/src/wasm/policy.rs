//! A component with its params, as core's [`Policy`].

use std::sync::Arc;

use paced_core::params::{ParamError, ParamValue};
use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy, Proposal, Revision};

use super::limits::Limits;
use super::load::Loaded;
use super::recipe::Recipe;
use super::revision;

/// Longest name of a signal, bytes.
const SIGNAL_NAME_BYTES: usize = 64;

/// A policy that runs as a component; cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct WasmPolicy {
    loaded: Arc<Loaded>,
    params: Vec<(String, ParamValue)>,
    revision: Revision,
}

impl WasmPolicy {
    /// A policy with these params over the component's defaults; later entries win.
    ///
    /// # Errors
    /// Every value that no parameter takes.
    pub fn new(loaded: Arc<Loaded>, given: &[(String, ParamValue)]) -> Result<Self, Vec<ParamError>> {
        let params = loaded.descriptor().resolve(given)?;
        let revision = revision::revision(&loaded.digest(), &params, loaded.limits());
        Ok(Self { loaded, params, revision })
    }

    /// The component.
    #[must_use]
    pub fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    /// What its revision is made of.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        let (component, limits) = (self.loaded.digest(), self.loaded.limits().clone());
        Recipe { component, params: self.params.clone(), limits }
    }
}

impl Policy for WasmPolicy {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        let (proposal, fuel) = self.loaded.decide(input)?;
        check(&proposal, self.loaded.limits())?;
        Ok(Decided { proposal, fuel })
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        let migrated = self.loaded.migrate(from_version, state);
        let checked = migrated.and_then(|state| check_state(&state, self.loaded.limits()).map(|()| state));
        checked
            .inspect_err(|fault| {
                tracing::warn!(
                    event = "policy_state_dropped",
                    policy = self.loaded.descriptor().name,
                    revision = self.revision.short(),
                    from_version,
                    error = fault.to_string(),
                    "the policy does not take over its earlier state and starts afresh"
                );
            })
            .ok()
    }

    fn name(&self) -> &str {
        &self.loaded.descriptor().name
    }

    fn state_version(&self) -> u32 {
        self.loaded.descriptor().state_version
    }

    fn params(&self) -> &[(String, ParamValue)] {
        &self.params
    }

    fn revision(&self) -> &Revision {
        &self.revision
    }
}

/// Checks a proposal against the limits on what a decision may hold. Whether the ratio is wise is the guard's business.
pub(super) fn check(proposal: &Proposal, limits: &Limits) -> Result<(), Fault> {
    if let Some(ratio) = proposal.dial_ratio.filter(|ratio| !ratio.is_finite()) {
        return bad_output(format!("its dial ratio is {ratio}: it must be a finite number, or none to hold"));
    }
    if proposal.reason.len() > limits.reason_bytes as usize {
        let bytes = proposal.reason.len();
        return bad_output(format!("its reason has {bytes} bytes: at most {} are taken", limits.reason_bytes));
    }
    if proposal.signals.len() > limits.signals as usize {
        let count = proposal.signals.len();
        return bad_output(format!("it gives {count} signals: at most {} are taken", limits.signals));
    }
    proposal.signals.iter().try_for_each(|(name, value)| check_signal(name, *value))?;
    check_state(&proposal.state, limits)
}

fn check_signal(name: &str, value: f64) -> Result<(), Fault> {
    if name.is_empty() || name.len() > SIGNAL_NAME_BYTES || name.chars().any(char::is_control) {
        let shown = super::guest_log::one_line(name, SIGNAL_NAME_BYTES);
        return bad_output(format!("a signal is named {shown:?}: a name has 1 to {SIGNAL_NAME_BYTES} bytes"));
    }
    if !value.is_finite() {
        return bad_output(format!("its signal {name:?} is {value}: leave out what is not a finite number"));
    }
    Ok(())
}

fn check_state(state: &[u8], limits: &Limits) -> Result<(), Fault> {
    if state.len() > limits.state_bytes as usize {
        let bytes = state.len();
        return bad_output(format!("its state has {bytes} bytes: at most {} are taken", limits.state_bytes));
    }
    Ok(())
}

fn bad_output<T>(message: String) -> Result<T, Fault> {
    Err(Fault { class: FaultClass::BadOutput, message })
}
