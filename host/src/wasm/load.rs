//! Loading a component: from any bytes to a policy that can decide, or to a verdict that says why not.
//!
//! The stages run in the order of [`LoadError`]'s variants, cheapest first, so that a hostile file is refused before it
//! costs anything. Loading compiles, which takes tens of milliseconds: keep it off the async threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use paced_core::params::Descriptor;
use paced_core::policy::{Fault, FaultClass, Input, Proposal};
use semver::Version;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre, Linker, LinkerInstance, ResourceType};

use super::call::{self, Caller, Guest};
use super::contract::{Contract, Prepared};
use super::descriptor::{self, DescriptorError};
use super::engine::Engine;
use super::fault::{self, CallError, Phase, StubCalled};
use super::guest_log::LogGate;
use super::imports::{self, ForbiddenImports};
use super::limits::Limits;
use super::revision::Digest;
use super::scan::{self, ScanError};
use super::stage::{Compiled, Stage, Timeline};
use super::version::{self, VersionError};

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is too large.
    #[error("it has {bytes} bytes, and a component may have at most {limit} (`component_bytes` of its limits)")]
    Size {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes are no component, or one that would cost too much to compile.
    #[error(transparent)]
    Validate(#[from] ScanError),
    /// It is built for another version of the contract, or is no policy.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// It imports what a policy can't have.
    #[error(transparent)]
    Import(#[from] ForbiddenImports),
    /// The compiler refuses it: it is not valid, or uses a WebAssembly feature that this host leaves out.
    #[error("it can't be compiled: {0}")]
    Compile(String),
    /// Its imports have other types than the contract's.
    #[error("its imports don't fit: {0}")]
    Link(String),
    /// `describe` failed.
    #[error("it can't describe itself: {0}")]
    Describe(Fault),
    /// What it says of itself can't be.
    #[error("it describes itself wrongly: {0}")]
    Descriptor(#[from] DescriptorError),
}

impl LoadError {
    /// The stage that refused the component, for logs and metrics.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Size { .. } => Stage::Read,
            Self::Validate(_) => Stage::Validate,
            Self::Version(_) => Stage::Version,
            Self::Import(_) | Self::Link(_) => Stage::Imports,
            Self::Compile(_) => Stage::Compile,
            Self::Describe(_) | Self::Descriptor(_) => Stage::Describe,
        }
    }
}

/// A loaded component, which any number of campaigns and threads may use at once.
pub struct Loaded {
    pub(super) engine: Engine,
    pub(super) prepared: Prepared,
    contract: Version,
    descriptor: Descriptor,
    digest: Digest,
    limits: Limits,
    size_bytes: u64,
    imports: Vec<String>,
    compiled: Compiled,
    pub(super) log: Arc<LogGate>,
}

impl Engine {
    /// Loads a component.
    ///
    /// # Errors
    /// The first stage that refuses it.
    pub fn load(&self, bytes: &[u8], limits: &Limits) -> Result<Loaded, LoadError> {
        self.load_by_stage(bytes, limits, &mut Timeline::default())
    }

    /// As [`Engine::load`], which also notes what each stage took, the one that refused it included.
    ///
    /// # Errors
    /// The first stage that refuses it.
    pub fn load_by_stage(&self, bytes: &[u8], limits: &Limits, timeline: &mut Timeline) -> Result<Loaded, LoadError> {
        let size_bytes = bytes.len() as u64;
        if size_bytes > limits.component_bytes {
            return Err(LoadError::Size { bytes: size_bytes, limit: limits.component_bytes });
        }
        let digest = timeline.time(Stage::Digest, || Digest::of(bytes));
        let outline = timeline.time(Stage::Validate, || scan::scan(bytes))?;
        let (contract, version) = timeline.time(Stage::Version, || version::contract(&outline.exports))?;
        let stubs = timeline.time(Stage::Imports, || imports::stubs(&outline.imports))?;
        let (component, compiled) = timeline.time(Stage::Compile, || compile(self, digest, bytes))?;
        let log = Arc::new(LogGate::new());
        let (prepared, descriptor) = timeline.time(Stage::Describe, || {
            let prepared = prepare(self, &component, &stubs, contract, &version)?;
            let descriptor = describe(self, &prepared, &version, limits, &log)?;
            descriptor::check(&descriptor)?;
            Ok::<_, LoadError>((prepared, descriptor))
        })?;
        Ok(Loaded {
            engine: self.clone(),
            prepared,
            contract: version,
            descriptor,
            digest,
            limits: limits.clone(),
            size_bytes,
            imports: outline.imports,
            compiled,
            log,
        })
    }
}

fn prepare(
    engine: &Engine,
    component: &Component,
    stubs: &[&str],
    contract: Contract,
    version: &Version,
) -> Result<Prepared, LoadError> {
    let pre = link(engine, component, contract, stubs)?;
    contract.prepare(pre).map_err(|error| mismatch(version, &error))
}

fn mismatch(version: &Version, error: &wasmtime::Error) -> LoadError {
    VersionError::Mismatch { version: version.clone(), difference: format!("{error:#}") }.into()
}

fn compile(engine: &Engine, digest: Digest, bytes: &[u8]) -> Result<(Component, Compiled), LoadError> {
    // A compiler is large and its input hostile: should it panic, that is a verdict on this component and no more.
    let compile = || catch_unwind(AssertUnwindSafe(|| Component::from_binary(engine.wasmtime(), bytes)));
    let (made, compiled) = engine.cached(digest, compile);
    match made {
        Ok(Ok(component)) => Ok((component, compiled)),
        Ok(Err(error)) => Err(LoadError::Compile(format!("{error:#}"))),
        Err(_) => Err(LoadError::Compile("the compiler gave up on it with a panic".to_owned())),
    }
}

fn link(
    engine: &Engine,
    component: &Component,
    contract: Contract,
    stubs: &[&str],
) -> Result<InstancePre<Guest>, LoadError> {
    let mut linker = Linker::new(engine.wasmtime());
    let linked = contract
        .add_to_linker(&mut linker)
        .and_then(|()| stub_imports(engine, component, &mut linker, stubs))
        .and_then(|()| linker.instantiate_pre(component));
    linked.map_err(|error| LoadError::Link(format!("{error:#}")))
}

/// Defines everything in these imported interfaces as traps.
fn stub_imports(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<Guest>,
    stubs: &[&str],
) -> wasmtime::Result<()> {
    let ty = component.component_type();
    for (name, item) in ty.imports(engine.wasmtime()).filter(|(name, _)| stubs.contains(name)) {
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        let mut stubbed = linker.instance(name)?;
        for (member, item) in interface.exports(engine.wasmtime()) {
            stub(&mut stubbed, name, member, &item.ty)?;
        }
    }
    Ok(())
}

fn stub(
    interface: &mut LinkerInstance<'_, Guest>,
    name: &str,
    member: &str,
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    let called = StubCalled(format!("{name}#{member}"));
    match item {
        ComponentItem::ComponentFunc(_) => interface.func_new(member, move |_, _, _, _| Err(called.clone().into())),
        // No function ever hands one out, so that none is ever dropped.
        ComponentItem::Resource(_) => interface.resource(member, ResourceType::host::<StubCalled>(), |_, _| Ok(())),
        _ => Ok(()),
    }
}

fn describe(
    engine: &Engine,
    prepared: &Prepared,
    version: &Version,
    limits: &Limits,
    log: &Arc<LogGate>,
) -> Result<Descriptor, LoadError> {
    let _slot = engine.slot();
    let mut store = call::open(engine, limits, log, Caller { policy: "", campaign: "" });
    prepared.describe(&mut store).map_err(|error| match error.phase {
        // The types of an export are only compared with the contract's once there is an instance.
        Phase::Bind => mismatch(version, &error.source),
        Phase::Instantiate | Phase::Answer => LoadError::Describe(fault::fault(&error, store.data(), limits)),
    })
}

impl Loaded {
    /// What the policy says of itself.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The version of the contract it is built for.
    #[must_use]
    pub const fn contract(&self) -> &Version {
        &self.contract
    }

    /// The limits of each of its calls.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Size of the component in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Names of its imports, as they stand in the component.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Whether its machine code was made for it or lay in the cache.
    #[must_use]
    pub const fn compiled(&self) -> Compiled {
        self.compiled
    }

    /// Runs `decide` in a fresh instance, and gives the proposal, unchecked, with the fuel that it took.
    pub(super) fn decide(&self, input: &Input) -> Result<(Proposal, u64), Fault> {
        let (decided, fuel) = self.run(&input.campaign.id, |prepared, store| prepared.decide(store, input))?;
        Ok((decided.map_err(|words| declined(&words))?, fuel))
    }

    /// Linear memory of an instance when `decide` has answered, in bytes: the most it had, since memory never shrinks.
    ///
    /// # Errors
    /// The call gave no answer.
    pub fn memory_bytes(&self, input: &Input) -> Result<u64, Fault> {
        let (bytes, _) = self.run(&input.campaign.id, |prepared, store| {
            prepared.decide(store, input)?.ok();
            Ok(store.data().memory_bytes())
        })?;
        Ok(bytes)
    }

    /// Runs `migrate` in a fresh instance.
    pub(super) fn migrate(&self, from_version: u32, state: &[u8]) -> Result<Vec<u8>, Fault> {
        let (migrated, _) = self.run("", |prepared, store| prepared.migrate(store, from_version, state))?;
        migrated.map_err(|words| declined(&words))
    }

    fn run<T>(
        &self,
        campaign: &str,
        function: impl FnOnce(&Prepared, &mut wasmtime::Store<Guest>) -> Result<T, CallError>,
    ) -> Result<(T, u64), Fault> {
        let _slot = self.engine.slot();
        let caller = Caller { policy: &self.descriptor.name, campaign };
        let mut store = call::open(&self.engine, &self.limits, &self.log, caller);
        match function(&self.prepared, &mut store) {
            Ok(answer) => {
                let fuel_left = store.get_fuel().unwrap_or_default();
                Ok((answer, self.limits.fuel.saturating_sub(fuel_left)))
            }
            Err(error) => Err(fault::fault(&error, store.data(), &self.limits)),
        }
    }
}

pub(super) fn declined(words: &str) -> Fault {
    Fault { class: FaultClass::Declined, message: super::guest_log::one_line(words, call::MESSAGE_BYTES) }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { descriptor, digest, .. } = self;
        write!(f, "Loaded({} {} {})", descriptor.name, descriptor.version, digest.short())
    }
}
