//! Taking over a changed configuration: policies come, go, and get other files, limits or params, all or none.
//!
//! It has two halves. [`Registry::prepare`] takes everything new through the stages while nothing changes, and may
//! refuse; [`Registry::adopt`] only stores pointers, so that campaigns' settings can be replaced in the same breath. A
//! policy whose file and limits stay the same stays in force as it is.

#[cfg(test)]
mod tests;

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{Candidate, Entries, Entry, Loaded, Outcome, PolicySpec, Refusal, Refused, Registry, Source};

/// Policies as a changed configuration wants them, loaded and not yet in force.
pub struct Prepared(Vec<Change>);

/// A policy as it is to be, with the component where that is another one.
struct Change {
    spec: PolicySpec,
    fresh: Option<Loaded>,
}

impl Registry {
    /// The component in force, where it would stay so if the configuration changed to `spec`.
    #[must_use]
    pub fn stays(&self, spec: &PolicySpec) -> Option<Arc<Loaded>> {
        let entries = self.entries.load();
        let entry = entries.get(&spec.name).filter(|entry| entry.spec.load().is_same_component(spec))?;
        let in_force = entry.current.load_full()?;
        entry.news(spec, &in_force).is_none().then_some(in_force)
    }

    /// Takes every policy of `specs` through the stages that is another than the one in force: by its file or limits,
    /// or because the file has changed, which may be the very reason for other params. Takes some 150 ms for each file
    /// with something new in it.
    ///
    /// # Errors
    /// Every policy that is refused, by its name. Nothing has changed then.
    pub fn prepare(&self, specs: Vec<PolicySpec>) -> Result<Prepared, Vec<(String, Refusal)>> {
        let mut prepared = Vec::with_capacity(specs.len());
        let mut refusals = Vec::new();
        for spec in specs {
            match self.examine(&spec) {
                Ok(fresh) => prepared.push((spec, fresh)),
                Err(refusal) => refusals.push((spec.name, refusal)),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let change = |(spec, fresh): (PolicySpec, Option<(Loaded, Vec<u8>)>)| {
            if let Some((loaded, bytes)) = &fresh {
                self.keep(&spec.name, loaded.digest(), bytes);
            }
            Change { spec, fresh: fresh.map(|(loaded, _)| loaded) }
        };
        Ok(Prepared(prepared.into_iter().map(change).collect()))
    }

    /// Puts what was prepared in force, and says which components are others. Policies that were not among them are no
    /// more; a decision under way keeps its own to its end.
    pub fn adopt(&self, prepared: Prepared) -> Vec<(String, Outcome)> {
        let known = self.entries.load();
        let mut entries = Entries::new();
        let mut outcomes = Vec::new();
        for Change { spec, fresh } in prepared.0 {
            let name = spec.name.clone();
            let entry = known.get(&name).cloned().unwrap_or_else(|| Arc::new(Entry::new(spec.clone())));
            entry.respecify(spec);
            if let Some(loaded) = fresh {
                outcomes.push((name.clone(), Outcome::Activated(entry.put_in_force(loaded))));
            }
            entries.insert(name, entry);
        }
        self.entries.store(Arc::new(entries));
        outcomes
    }

    /// The component for `spec`, where it is another than the one in force.
    fn examine(&self, spec: &PolicySpec) -> Result<Option<(Loaded, Vec<u8>)>, Refusal> {
        let wanted = Entry::new(spec.clone());
        if let Some(in_force) = self.stays(spec) {
            return wanted.params_fit(&in_force).map(|()| None);
        }
        let candidate = wanted.read()?;
        wanted.examine(&self.engine, candidate).map(Some).map_err(|(_, refusal)| refusal)
    }
}

impl Entry {
    /// What there is to load instead of the component in force. A file that is gone does not unload it, and bytes that
    /// were refused as such are not tried again.
    fn news(&self, wanted: &PolicySpec, in_force: &Loaded) -> Option<Candidate> {
        if matches!(wanted.source, Source::BuiltIn(_)) {
            return None;
        }
        let candidate = self.read().ok().filter(|candidate| candidate.digest != in_force.digest())?;
        let was_refused = *self.refused() == Some(Refused::Bytes(candidate.digest));
        (!was_refused).then_some(candidate)
    }

    /// Goes on under another specification. What the last one refused gets a new chance, unless nothing has changed
    /// that it could turn on.
    fn respecify(&self, spec: PolicySpec) {
        let mut last_refused = self.refused();
        if matches!(*last_refused, Some(Refused::Unfit(_))) || !self.spec.load().is_same_component(&spec) {
            *last_refused = None;
        }
        self.spec.store(Arc::new(spec));
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refused>> {
        self.last_refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PolicySpec {
    /// Whether both come from the same place and run under the same limits.
    fn is_same_component(&self, other: &Self) -> bool {
        self.source == other.source && self.limits == other.limits
    }
}
