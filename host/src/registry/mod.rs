//! The policies in force, by name: built in or from files, each replaced by one atomic pointer store.
//!
//! A decision takes its policy once, when it starts, and keeps it to the end; a reload meanwhile only concerns the
//! next one. A candidate goes through the named stages of the `pipeline`, and a stage that refuses it leaves the
//! running policy alone. What passes is on probation: faults among its first decisions bring the last good component
//! back. Reloading reads files, waits and compiles: keep it off the async threads.

mod components;
mod dry_run;
mod file;
pub(crate) mod moments;
mod outcome;
mod pipeline;
mod probation;
mod reconfigure;
mod recorded;
mod rehearsal;
mod spec;
mod tick;
mod trial;
mod verdicts;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use paced_core::params::{ParamError, ParamValue};

pub use self::components::ComponentStore;
pub use self::dry_run::{DryRunFailure, Tried};
pub(crate) use self::dry_run::{decide, on_edges};
pub use self::outcome::{Activated, Outcome, Refusal, UnfitParams};
use self::pipeline::{Candidate, Pipeline};
pub use self::reconfigure::Prepared;
pub use self::recorded::Recorder;
pub use self::rehearsal::rehearse;
pub use self::spec::{PolicySpec, Source, Use};
pub use self::tick::Tick;
use self::trial::Trial;
pub use self::trial::{Judgement, Standing};
use self::verdicts::Verdicts;
use crate::wasm::{Digest, Engine, LoadError, Loaded, Stage, Timeline, WasmPolicy, few};

/// The policies of one daemon.
pub struct Registry {
    engine: Engine,
    entries: ArcSwap<Entries>,
    components: Option<ComponentStore>,
    verdicts: Verdicts,
    recorder: Recorder,
    /// Whether what comes into force is on probation.
    is_probing: bool,
}

type Entries = BTreeMap<String, Arc<Entry>>;

struct Entry {
    spec: ArcSwap<PolicySpec>,
    current: ArcSwapOption<InForce>,
    /// Held during a reload, so that two of them can't overtake each other.
    last_refused: Mutex<Option<Refused>>,
    /// Held while `current` changes: a verdict on what was in force must not undo a swap.
    trial: Mutex<Option<Trial>>,
}

/// A component that decides, and how far it is trusted.
struct InForce {
    loaded: Arc<Loaded>,
    standing: Standing,
}

/// What was refused last, so that it is not reported again until something changes; bytes are not even examined again.
#[derive(Clone, Copy, PartialEq)]
enum Refused {
    /// These, under these conditions.
    Bytes(Digest, Digest),
    /// They are a policy, but not for the params that campaigns set, which the configuration may change.
    Unfit(Digest),
    Unreadable(std::io::ErrorKind),
    TooLarge,
    NeverAtRest,
}

impl Refused {
    fn of(digest: Option<Digest>, refusal: &Refusal, spec: &PolicySpec) -> Option<Self> {
        match (digest, refusal) {
            (Some(digest), Refusal::Params(_)) => Some(Self::Unfit(digest)),
            (Some(digest), _) => Some(Self::Bytes(digest, spec.conditions())),
            (None, Refusal::Read { error, .. }) => Some(Self::Unreadable(error.kind())),
            (None, Refusal::Load(LoadError::Size { .. })) => Some(Self::TooLarge),
            (None, Refusal::Settle { .. }) => Some(Self::NeverAtRest),
            (None, _) => None,
        }
    }
}

/// A policy can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No policy has this name.
    #[error("there is no policy `{name}`; there is {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The policy has never been loaded successfully.
    #[error("the policy `{0}` has not been loaded yet")]
    NotLoaded(String),
    /// The policy does not take these params.
    #[error("the policy `{name}` does not take these params: {}", few(.errors.iter(), "; "))]
    Params {
        /// The policy.
        name: String,
        /// Every value that no parameter takes.
        errors: Vec<ParamError>,
    },
}

impl Registry {
    /// Loads each policy, and says what came of it, in the order of `specs`. A policy that can't be loaded is there
    /// without a component, to be loaded later when its file is in order; where an earlier run has proven one good, that
    /// one stands in.
    ///
    /// `components` keeps what is activated, for replay and for standing in.
    #[must_use]
    pub fn open(
        engine: Engine,
        specs: Vec<PolicySpec>,
        components: Option<ComponentStore>,
    ) -> (Self, Vec<(String, Outcome)>) {
        let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
        let verdicts = Verdicts::open(components.as_ref().map(ComponentStore::verdicts), &specs);
        let entries = specs.into_iter().map(|spec| (spec.name.clone(), Arc::new(Entry::new(spec))));
        let entries = ArcSwap::from_pointee(entries.collect());
        let recorder = Recorder::default();
        let registry = Self { engine, entries, components, verdicts, recorder, is_probing: true };
        let outcomes = names.into_iter().flat_map(|name| {
            let outcome = registry.reload(&name);
            let recalled = registry.recall(&name);
            std::iter::once(outcome).chain(recalled).map(move |outcome| (name.clone(), outcome))
        });
        let outcomes = outcomes.collect();
        (registry, outcomes)
    }

    /// A registry that puts nothing on probation from now on: what passes the stages is trusted.
    #[must_use]
    pub fn without_probation(self) -> Self {
        Self { is_probing: false, ..self }
    }

    /// Keeps what policies are shown, for dry runs.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The component in force.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Loaded>> {
        Some(Arc::clone(&self.entries.load().get(name)?.current.load_full()?.loaded))
    }

    /// The policy in force, with these params over its defaults; later entries win. Several campaigns that decide
    /// together take theirs from one [`Tick`].
    ///
    /// # Errors
    /// There is no such policy, it was never loaded, or it does not take these params.
    pub fn policy(&self, name: &str, given: &[(String, ParamValue)]) -> Result<WasmPolicy, PolicyError> {
        self.tick().policy(name, given).map(|(policy, _)| policy)
    }

    fn in_force(&self, name: &str) -> Result<Arc<InForce>, PolicyError> {
        let entries = self.entries.load();
        let entry = entries.get(name).ok_or_else(|| unknown(name, &entries))?;
        entry.current.load_full().ok_or_else(|| PolicyError::NotLoaded(name.to_owned()))
    }

    /// Names and files of the policies that come from files.
    #[must_use]
    pub fn files(&self) -> Vec<(String, PathBuf)> {
        let file = |(name, entry): (&String, &Arc<Entry>)| match &entry.spec.load().source {
            Source::File(path) => Some((name.clone(), path.clone())),
            Source::BuiltIn(_) => None,
        };
        self.entries.load().iter().filter_map(file).collect()
    }

    /// Brings a policy up to date with its source. The same bytes are never examined twice in a row: neither those in
    /// force nor those refused last; and those that were rolled back are not tried again.
    ///
    /// Takes some 150 ms when there is something new, to see the file at rest; a name that is not there is unchanged.
    pub fn reload(&self, name: &str) -> Outcome {
        let Some(entry) = self.entries.load().get(name).cloned() else { return Outcome::Unchanged };
        let mut last_refused = entry.last_refused.lock().unwrap_or_else(PoisonError::into_inner);
        let spec = entry.spec.load_full();
        let mut pipeline = Pipeline::new(&self.engine, &spec);
        let candidate = match pipeline.look() {
            Ok(candidate) => candidate,
            Err(refusal) => return entry.refuse(&mut last_refused, None, refusal, pipeline.timeline),
        };
        if entry.is_in_force(&candidate.digest) {
            *last_refused = None;
            return Outcome::Unchanged;
        }
        let refused = [Refused::Bytes(candidate.digest, spec.conditions()), Refused::Unfit(candidate.digest)];
        if refused.map(Some).contains(&*last_refused) {
            return Outcome::Unchanged;
        }
        let (candidate, examined) = match pipeline.settle(candidate) {
            Ok(candidate) => {
                let examined = self.examine(&spec, &candidate, &mut pipeline);
                (candidate, examined)
            }
            Err(refusal) => return entry.refuse(&mut last_refused, None, refusal, pipeline.timeline),
        };
        match examined {
            Ok((loaded, tried)) => {
                *last_refused = None;
                let mut timeline = pipeline.timeline;
                let (previous, standing) = timeline.time(Stage::Activate, || self.activate(&entry, &loaded));
                self.keep(name, loaded.digest(), &candidate.bytes);
                Outcome::Activated(Activated { loaded, previous, standing, tried, timeline })
            }
            Err(refusal) => entry.refuse(&mut last_refused, Some(candidate.digest), refusal, pipeline.timeline),
        }
    }

    /// The stages between a candidate at rest and its activation.
    fn examine(
        &self,
        spec: &PolicySpec,
        candidate: &Candidate,
        pipeline: &mut Pipeline<'_>,
    ) -> Result<(Arc<Loaded>, Tried), Refusal> {
        if self.is_probing && self.verdicts.was_rolled_back(spec, candidate.digest) {
            return Err(Refusal::RolledBack);
        }
        let campaigns = spec.uses.iter().map(|used| used.campaign.as_str());
        pipeline.examine(candidate, &self.recorder.last_of(campaigns))
    }

    /// Keeps a component that came into force, beside those that may still be needed.
    fn keep(&self, policy: &str, digest: Digest, bytes: &[u8]) {
        let Some(components) = &self.components else { return };
        if let Err(error) = components.keep(digest, bytes, &self.needed()) {
            tracing::warn!(
                event = "component_not_kept",
                policy,
                error = error.to_string(),
                "decisions of this component can't be replayed from the data directory alone"
            );
        }
    }

    /// Components that decide, or may have to again.
    fn needed(&self) -> Vec<Digest> {
        let mut needed = self.verdicts.all_good();
        for entry in self.entries.load().values() {
            needed.extend(entry.current.load().as_ref().map(|in_force| in_force.loaded.digest()));
            let trial = entry.trial.lock().unwrap_or_else(PoisonError::into_inner);
            needed.extend(trial.as_ref().and_then(Trial::last_good).map(|good| good.digest()));
        }
        needed
    }
}

fn unknown(name: &str, entries: &Entries) -> PolicyError {
    let known: Vec<_> = entries.keys().map(|known| format!("`{known}`")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    PolicyError::Unknown { name: name.to_owned(), known }
}

impl Entry {
    fn new(spec: PolicySpec) -> Self {
        Self {
            spec: ArcSwap::from_pointee(spec),
            current: ArcSwapOption::empty(),
            last_refused: Mutex::new(None),
            trial: Mutex::new(None),
        }
    }

    fn is_in_force(&self, digest: &Digest) -> bool {
        self.current.load().as_ref().is_some_and(|in_force| in_force.loaded.digest() == *digest)
    }

    fn refuse(
        &self,
        last: &mut Option<Refused>,
        digest: Option<Digest>,
        refusal: Refusal,
        timeline: Timeline,
    ) -> Outcome {
        let refused = Refused::of(digest, &refusal, &self.spec.load());
        if refused.is_some() && *last == refused {
            return Outcome::Unchanged;
        }
        *last = refused;
        let running = self.current.load().as_ref().map(|in_force| in_force.loaded.digest());
        Outcome::Refused { digest, refusal, running, timeline }
    }
}
