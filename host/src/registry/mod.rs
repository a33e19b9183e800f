//! The policies in force, by name: built in or from files, each replaced by one atomic pointer store.
//!
//! A decision takes its policy once, when it starts, and keeps it to the end; a reload meanwhile only concerns the
//! next one. A candidate goes through named stages (read, settle, load, params), and a stage that refuses it leaves the
//! running policy alone. Reloading reads files, waits and compiles: keep it off the async threads.

mod components;
mod file;
mod outcome;
mod reconfigure;
mod spec;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use paced_core::params::{ParamError, ParamValue};

pub use self::components::ComponentStore;
pub use self::outcome::{Activated, Outcome, Refusal, UnfitParams};
pub use self::reconfigure::Prepared;
pub use self::spec::{PolicySpec, Source, Use};
use crate::wasm::{Digest, Engine, LoadError, Loaded, WasmPolicy, few};

/// The policies of one daemon.
pub struct Registry {
    engine: Engine,
    entries: ArcSwap<Entries>,
    components: Option<ComponentStore>,
}

type Entries = BTreeMap<String, Arc<Entry>>;

struct Entry {
    spec: ArcSwap<PolicySpec>,
    current: ArcSwapOption<Loaded>,
    /// Held during a reload, so that two of them can't overtake each other.
    last_refused: Mutex<Option<Refused>>,
}

/// What was refused last, so that it is not reported again until something changes; bytes are not even examined again.
#[derive(Clone, Copy, PartialEq)]
enum Refused {
    Bytes(Digest),
    /// They are a policy, but not for the params that campaigns set, which the configuration may change.
    Unfit(Digest),
    Unreadable(std::io::ErrorKind),
    TooLarge,
    NeverAtRest,
}

impl Refused {
    fn of(digest: Option<Digest>, refusal: &Refusal) -> Option<Self> {
        match (digest, refusal) {
            (Some(digest), Refusal::Params(_)) => Some(Self::Unfit(digest)),
            (Some(digest), _) => Some(Self::Bytes(digest)),
            (None, Refusal::Read { error, .. }) => Some(Self::Unreadable(error.kind())),
            (None, Refusal::Load(LoadError::Size { .. })) => Some(Self::TooLarge),
            (None, Refusal::Settle { .. }) => Some(Self::NeverAtRest),
            (None, Refusal::Load(_) | Refusal::Params(_)) => None,
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
    /// without a component, to be loaded later when its file is in order.
    ///
    /// `components` keeps what is activated, for replay.
    #[must_use]
    pub fn open(
        engine: Engine,
        specs: Vec<PolicySpec>,
        components: Option<ComponentStore>,
    ) -> (Self, Vec<(String, Outcome)>) {
        let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
        let entries = specs.into_iter().map(|spec| (spec.name.clone(), Arc::new(Entry::new(spec))));
        let entries = ArcSwap::from_pointee(entries.collect());
        let registry = Self { engine, entries, components };
        let outcomes = names.into_iter().map(|name| {
            let outcome = registry.reload(&name);
            (name, outcome)
        });
        let outcomes = outcomes.collect();
        (registry, outcomes)
    }

    /// The component in force.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Loaded>> {
        self.entries.load().get(name)?.current.load_full()
    }

    /// The policy in force, with these params over its defaults; later entries win. Cheap enough for each decision.
    ///
    /// # Errors
    /// There is no such policy, it was never loaded, or it does not take these params.
    pub fn policy(&self, name: &str, given: &[(String, ParamValue)]) -> Result<WasmPolicy, PolicyError> {
        let entries = self.entries.load();
        let entry = entries.get(name).ok_or_else(|| unknown(name, &entries))?;
        let loaded = entry.current.load_full().ok_or_else(|| PolicyError::NotLoaded(name.to_owned()))?;
        WasmPolicy::new(loaded, given).map_err(|errors| PolicyError::Params { name: name.to_owned(), errors })
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
    /// force nor those refused last.
    ///
    /// Takes some 150 ms when there is something new, to see the file at rest; a name that is not there is unchanged.
    pub fn reload(&self, name: &str) -> Outcome {
        let Some(entry) = self.entries.load().get(name).cloned() else { return Outcome::Unchanged };
        let mut last_refused = entry.last_refused.lock().unwrap_or_else(PoisonError::into_inner);
        let candidate = match entry.read() {
            Ok(candidate) => candidate,
            Err(refusal) => return entry.refuse(&mut last_refused, None, refusal),
        };
        if entry.is_in_force(&candidate.digest) {
            *last_refused = None;
            return Outcome::Unchanged;
        }
        if [Refused::Bytes(candidate.digest), Refused::Unfit(candidate.digest)].map(Some).contains(&*last_refused) {
            return Outcome::Unchanged;
        }
        match entry.examine(&self.engine, candidate) {
            Ok((loaded, bytes)) => {
                *last_refused = None;
                self.activate(&entry, loaded, &bytes)
            }
            Err((digest, refusal)) => entry.refuse(&mut last_refused, digest, refusal),
        }
    }

    /// Puts a component in force.
    fn activate(&self, entry: &Entry, loaded: Loaded, bytes: &[u8]) -> Outcome {
        let activated = entry.put_in_force(loaded);
        self.keep(&entry.spec.load().name, activated.loaded.digest(), bytes);
        Outcome::Activated(activated)
    }

    /// Keeps a component for replay.
    fn keep(&self, policy: &str, digest: Digest, bytes: &[u8]) {
        if let Some(components) = &self.components
            && let Err(error) = components.keep(digest, bytes, &self.in_force())
        {
            tracing::warn!(
                event = "component_not_kept",
                policy,
                error = error.to_string(),
                "decisions of this component can't be replayed from the data directory alone"
            );
        }
    }

    fn in_force(&self) -> Vec<Digest> {
        let digest = |entry: &Arc<Entry>| entry.current.load().as_ref().map(|loaded| loaded.digest());
        self.entries.load().values().filter_map(digest).collect()
    }
}

fn unknown(name: &str, entries: &Entries) -> PolicyError {
    let known: Vec<_> = entries.keys().map(|known| format!("`{known}`")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    PolicyError::Unknown { name: name.to_owned(), known }
}

/// Bytes that may become a policy.
struct Candidate {
    bytes: Vec<u8>,
    digest: Digest,
}

impl Candidate {
    fn of(bytes: Vec<u8>) -> Self {
        Self { digest: Digest::of(&bytes), bytes }
    }
}

impl Entry {
    fn new(spec: PolicySpec) -> Self {
        Self { spec: ArcSwap::from_pointee(spec), current: ArcSwapOption::empty(), last_refused: Mutex::new(None) }
    }

    fn put_in_force(&self, loaded: Loaded) -> Activated {
        let loaded = Arc::new(loaded);
        let previous = self.current.swap(Some(Arc::clone(&loaded)));
        Activated { loaded, previous: previous.map(|previous| previous.digest()) }
    }

    fn is_in_force(&self, digest: &Digest) -> bool {
        self.current.load().as_ref().is_some_and(|loaded| loaded.digest() == *digest)
    }

    /// Stage read: the source as it is at this moment.
    fn read(&self) -> Result<Candidate, Refusal> {
        let spec = self.spec.load();
        match &spec.source {
            Source::BuiltIn(bytes) => Ok(Candidate::of(bytes.to_vec())),
            Source::File(path) => file::read(path, &spec.limits).map(Candidate::of),
        }
    }

    /// The stages between reading something new and putting it in force, with what was examined where it is refused.
    fn examine(&self, engine: &Engine, seen: Candidate) -> Result<(Loaded, Vec<u8>), (Option<Digest>, Refusal)> {
        let spec = self.spec.load();
        let candidate = match &spec.source {
            Source::BuiltIn(_) => seen,
            Source::File(path) => {
                file::settled(path, &spec.limits).map(Candidate::of).map_err(|refusal| (None, refusal))?
            }
        };
        let digest = candidate.digest;
        let refused = |refusal| (Some(digest), refusal);
        let loaded = engine.load(&candidate.bytes, &spec.limits).map_err(|error| refused(error.into()))?;
        self.params_fit(&loaded).map_err(refused)?;
        Ok((loaded, candidate.bytes))
    }

    /// Stage params: whether the params of every campaign that uses the policy are still taken.
    fn params_fit(&self, loaded: &Loaded) -> Result<(), Refusal> {
        let spec = self.spec.load();
        let unfit: Vec<_> = spec
            .uses
            .iter()
            .filter_map(|used| {
                let errors = loaded.descriptor().resolve(&used.params).err()?;
                Some(UnfitParams { campaign: used.campaign.clone(), errors })
            })
            .collect();
        if unfit.is_empty() { Ok(()) } else { Err(Refusal::Params(unfit)) }
    }

    fn refuse(&self, last: &mut Option<Refused>, digest: Option<Digest>, refusal: Refusal) -> Outcome {
        let refused = Refused::of(digest, &refusal);
        if refused.is_some() && *last == refused {
            return Outcome::Unchanged;
        }
        *last = refused;
        Outcome::Refused { digest, refusal, running: self.current.load().as_ref().map(|loaded| loaded.digest()) }
    }
}
