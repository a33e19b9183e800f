//! Taking over a changed configuration: policies come, go, and get other files, limits or params, all or none.
//!
//! It has two halves. [`Registry::prepare`] takes everything new through the stages while nothing changes, and may
//! refuse; [`Registry::adopt`] only stores pointers, so that campaigns' settings can be replaced in the same breath. A
//! policy whose file and limits stay the same stays in force as it is.

#[cfg(test)]
mod tests;

use std::sync::{Arc, MutexGuard, PoisonError};

use super::file;
use super::pipeline::{Candidate, Pipeline, params_fit};
use super::{Activated, Entries, Entry, Outcome, PolicySpec, Refusal, Refused, Registry, Source, Tried};
use crate::wasm::{Digest, Loaded, Stage, Timeline};

/// Policies as a changed configuration wants them, loaded and not yet in force.
pub struct Prepared(Vec<Change>);

/// A policy as it is to be, with the component where that is another one.
struct Change {
    spec: PolicySpec,
    fresh: Option<Fresh>,
}

/// A component that has passed every stage but the last.
struct Fresh {
    loaded: Arc<Loaded>,
    tried: Tried,
    timeline: Timeline,
    candidate: Candidate,
}

impl Registry {
    /// The component in force, where it would stay so if the configuration changed to `spec`.
    #[must_use]
    pub fn stays(&self, spec: &PolicySpec) -> Option<Arc<Loaded>> {
        let entries = self.entries.load();
        let entry = entries.get(&spec.name).filter(|entry| entry.spec.load().is_same_component(spec))?;
        let in_force = entry.current.load_full()?;
        let loaded = Arc::clone(&in_force.loaded);
        entry.news(spec, &loaded).is_none().then_some(loaded)
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
            match self.examine_news(&spec) {
                Ok(fresh) => prepared.push((spec, fresh)),
                Err(refusal) => refusals.push((spec.name, refusal)),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let change = |(spec, fresh): (PolicySpec, Option<Fresh>)| {
            if let Some(fresh) = &fresh {
                self.keep(&spec.name, fresh.candidate.digest, &fresh.candidate.bytes);
            }
            Change { spec, fresh }
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
            if let Some(Fresh { loaded, tried, mut timeline, .. }) = fresh {
                let (previous, standing) = timeline.time(Stage::Activate, || self.activate(&entry, &loaded));
                let activated = Activated { loaded, previous, standing, tried, timeline };
                outcomes.push((name.clone(), Outcome::Activated(activated)));
            }
            entries.insert(name, entry);
        }
        self.entries.store(Arc::new(entries));
        outcomes
    }

    /// The component for `spec`, where it is another than the one in force.
    fn examine_news(&self, spec: &PolicySpec) -> Result<Option<Fresh>, Refusal> {
        if let Some(in_force) = self.stays(spec) {
            return params_fit(spec, &in_force).map(|()| None);
        }
        let mut pipeline = Pipeline::new(&self.engine, spec);
        let seen = pipeline.look()?;
        let candidate = pipeline.settle(seen)?;
        let (loaded, tried) = self.examine(spec, &candidate, &mut pipeline)?;
        Ok(Some(Fresh { loaded, tried, timeline: pipeline.timeline, candidate }))
    }
}

impl Entry {
    /// The bytes that there are to load instead of the component in force. A file that is gone does not unload it, and
    /// bytes that were refused as such are not tried again.
    fn news(&self, wanted: &PolicySpec, in_force: &Loaded) -> Option<Digest> {
        let Source::File(path) = &wanted.source else { return None };
        let digest = Digest::of(&file::read(path, &wanted.limits).ok()?);
        let was_refused = matches!(*self.refused(), Some(Refused::Bytes(refused, _)) if refused == digest);
        (digest != in_force.digest() && !was_refused).then_some(digest)
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
