//! What is in force during one tick: each policy's component is taken once, however many campaigns use it.
//!
//! A swap in the middle of a tick concerns the next one, so that the campaigns of a batch never decide by two components
//! of one policy at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use paced_core::params::ParamValue;

use super::{InForce, PolicyError, Registry, Standing};
use crate::wasm::WasmPolicy;

/// The policies of one tick.
pub struct Tick<'a> {
    registry: &'a Registry,
    taken: BTreeMap<String, Result<Arc<InForce>, PolicyError>>,
}

impl Registry {
    /// Begins a tick.
    #[must_use]
    pub const fn tick(&self) -> Tick<'_> {
        Tick { registry: self, taken: BTreeMap::new() }
    }
}

impl Tick<'_> {
    /// The policy of this name with these params over its defaults, and how its component stands; later entries win.
    ///
    /// # Errors
    /// There is no such policy, it was never loaded, or it does not take these params.
    pub fn policy(
        &mut self,
        name: &str,
        given: &[(String, ParamValue)],
    ) -> Result<(WasmPolicy, Standing), PolicyError> {
        if !self.taken.contains_key(name) {
            self.taken.insert(name.to_owned(), self.registry.in_force(name));
        }
        let in_force = self.taken[name].clone()?;
        let policy = WasmPolicy::new(Arc::clone(&in_force.loaded), given);
        let policy = policy.map_err(|errors| PolicyError::Params { name: name.to_owned(), errors })?;
        Ok((policy, in_force.standing))
    }
}
