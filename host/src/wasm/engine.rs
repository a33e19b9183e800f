//! The engine that compiles and runs policies, configured once for every one of them.
//!
//! Its settings are part of the promise that the same component gives the same bytes on every machine: NaN is
//! canonicalised, there are no threads and no relaxed SIMD. A changed setting here can change decisions.

use std::path::Path;
use std::sync::Arc;

use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, Module, PoolingAllocationConfig, Store, Trap, WasmFeatures,
};

use super::cache::CompileCache;
use super::limits::MAX_MEMORY_BYTES;
use super::revision::Digest;
use super::slots::{Slot, Slots};
use super::stage::Compiled;
use super::ticker::Ticker;

/// Calls that run at once; others wait. Decisions take microseconds and cores are few.
const CALLS_AT_ONCE: u32 = 16;
/// Core instances in one component: a policy's own and the shims that its tools add. componentize-py makes 38, for the
/// libraries of CPython and one for each WASI interface that it stubs; the pool pays only for those that there are.
pub(super) const CORE_INSTANCES: u32 = 64;
/// Linear memories in one component: its own and one of an adapter.
pub(super) const MEMORIES: u32 = 2;
/// Tables in one component.
pub(super) const TABLES: u32 = 8;
/// Elements in one table; an interpreter for another language needs some ten thousand.
pub(super) const TABLE_ELEMENTS: usize = 64 << 10;
/// Memory that a slot keeps between calls: a typical policy's whole memory, so that a fresh instance costs no page
/// fault (measured at 14 us instead of 35).
const KEEP_RESIDENT_BYTES: usize = 2 << 20;

/// A shared engine; clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    // Dropped first: it refers to the engine.
    _ticker: Ticker,
    inner: wasmtime::Engine,
    slots: Slots,
    cache: Option<CompileCache>,
    pooled: bool,
}

/// No policy can be run on this machine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Wasmtime does not start.
    #[error("can't set up the WebAssembly engine: {0}")]
    Setup(String),
    /// No thread for the deadlines.
    #[error("can't start the thread that enforces deadlines")]
    Ticker(#[source] std::io::Error),
    /// A test guest that never ends was not stopped as it should be.
    #[error("a guest that never ends was not stopped by its {limit}: {outcome}")]
    Unbounded {
        /// The limit that should have stopped it.
        limit: &'static str,
        /// What happened.
        outcome: String,
    },
}

impl Engine {
    /// Starts an engine: with a pool of instances where it can be reserved, else without; and checks that it stops a
    /// guest that never ends.
    ///
    /// # Errors
    /// Wasmtime, or the thread that enforces deadlines, does not start or does not do its work.
    pub fn start() -> Result<Self, EngineError> {
        Self::with_cache(None)
    }

    /// Starts an engine that keeps machine code in `folder`, which no other process may use. Where it can't be kept, a
    /// warning says why, and each start compiles everything.
    ///
    /// # Errors
    /// As for [`Engine::start`].
    pub fn start_caching_in(folder: &Path) -> Result<Self, EngineError> {
        let cache = CompileCache::open(folder).inspect_err(|error| {
            tracing::warn!(
                event = "compile_cache_unavailable",
                error = error.to_string(),
                "compiled policies are not kept: each start compiles them again"
            );
        });
        Self::with_cache(cache.ok())
    }

    fn with_cache(cache: Option<CompileCache>) -> Result<Self, EngineError> {
        let pooling = InstanceAllocationStrategy::Pooling(pool());
        match wasmtime::Engine::new(&config(pooling, cache.as_ref())) {
            Ok(inner) => Self::with(inner, cache, true),
            Err(error) => {
                tracing::warn!(
                    event = "policy_pool_unavailable",
                    error = format!("{error:#}"),
                    "no room for a pool of policy instances: each decision takes some 30 us longer"
                );
                Self::on_demand(cache)
            }
        }
    }

    /// Starts an engine without a pool, whose instances may be kept as long as anyone likes.
    ///
    /// # Errors
    /// As for [`Engine::start`].
    pub fn without_pool() -> Result<Self, EngineError> {
        Self::on_demand(None)
    }

    fn on_demand(cache: Option<CompileCache>) -> Result<Self, EngineError> {
        let inner = wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand, cache.as_ref()))
            .map_err(|error| EngineError::Setup(format!("{error:#}")))?;
        Self::with(inner, cache, false)
    }

    fn with(inner: wasmtime::Engine, cache: Option<CompileCache>, pooled: bool) -> Result<Self, EngineError> {
        let ticker = Ticker::start(&inner).map_err(EngineError::Ticker)?;
        let slots = Slots::new(CALLS_AT_ONCE as usize);
        let engine = Self { shared: Arc::new(Shared { _ticker: ticker, inner, slots, cache, pooled }) };
        engine.self_test()?;
        Ok(engine)
    }

    /// Runs a compilation of what has this digest, through the cache where there is one.
    pub(super) fn cached<T>(&self, digest: Digest, compile: impl FnOnce() -> T) -> (T, Compiled) {
        match &self.shared.cache {
            Some(cache) => cache.compile(digest, compile),
            None => (compile(), Compiled::Afresh),
        }
    }

    /// Whether instances come from a pool.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.shared.pooled
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.shared.inner
    }

    /// Waits until one more call may run.
    pub(super) fn slot(&self) -> Slot<'_> {
        self.shared.slots.take()
    }

    /// Runs a guest that never ends, once against the deadline (with fuel to end it should the ticker be dead) and
    /// once against the fuel.
    fn self_test(&self) -> Result<(), EngineError> {
        let (module, _) = self.cached(Digest::of(ENDLESS), || Module::new(self.wasmtime(), ENDLESS));
        let module = module.map_err(|error| EngineError::Setup(format!("self-test: {error:#}")))?;
        let seconds_of_fuel = 4_000_000_000;
        self.expect_trap(&module, "deadline", seconds_of_fuel, 1, Trap::Interrupt)?;
        self.expect_trap(&module, "fuel", 1_000, 1_000_000, Trap::OutOfFuel)
    }

    fn expect_trap(
        &self,
        module: &Module,
        limit: &'static str,
        fuel: u64,
        ticks: u64,
        expected: Trap,
    ) -> Result<(), EngineError> {
        let _slot = self.slot();
        let mut store = Store::new(self.wasmtime(), ());
        store.set_epoch_deadline(ticks);
        let run = store.set_fuel(fuel).and_then(|()| wasmtime::Instance::new(&mut store, module, &[]));
        match run {
            Err(error) if error.downcast_ref::<Trap>() == Some(&expected) => Ok(()),
            Err(error) => Err(EngineError::Unbounded { limit, outcome: format!("{error:#}") }),
            Ok(_) => Err(EngineError::Unbounded { limit, outcome: "it ended by itself".to_owned() }),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("pooled", &self.shared.pooled).finish_non_exhaustive()
    }
}

/// `(module (func $f (loop (br 0))) (start $f))`
const ENDLESS: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x08\x01\0\x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";

fn config(strategy: InstanceAllocationStrategy, cache: Option<&CompileCache>) -> Config {
    let mut config = Config::new();
    config
        .cache(cache.map(CompileCache::wasmtime))
        .allocation_strategy(strategy)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_memory64(false)
        // Wasmtime would reserve 4 GiB for each memory to save bounds checks: a pool of those can't be reserved
        // everywhere, and a policy does not notice the checks.
        .memory_reservation(MAX_MEMORY_BYTES)
        .memory_guard_size(64 << 10)
        .memory_reservation_for_growth(1 << 20);
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CALLS_AT_ONCE)
        .total_core_instances(CALLS_AT_ONCE * CORE_INSTANCES)
        .total_memories(CALLS_AT_ONCE * MEMORIES)
        .total_tables(CALLS_AT_ONCE * TABLES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(MAX_MEMORY_BYTES).unwrap_or(usize::MAX))
        .max_unused_warm_slots(CALLS_AT_ONCE)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_engine_stop_an_endless_guest() {
        assert!(Engine::start().is_ok());
        assert!(!Engine::on_demand(None).unwrap().is_pooled());
    }

    #[test]
    fn with_and_without_a_pool_decisions_are_the_same() {
        use paced_core::policy::Policy;

        use crate::wasm::tests::{Hand, input};
        use crate::wasm::{Limits, WasmPolicy};

        let component = Hand::default().component();
        let decide = |engine: Engine| {
            let loaded = engine.load(&component, &Limits::default()).unwrap();
            WasmPolicy::new(Arc::new(loaded), &[]).unwrap().decide(&input()).unwrap()
        };
        assert_eq!(decide(Engine::start().unwrap()), decide(Engine::on_demand(None).unwrap()));
    }

    #[test]
    fn a_guest_that_no_tick_stops_is_reported() {
        let inner = wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand, None)).unwrap();
        let module = Module::new(&inner, ENDLESS).unwrap();
        let shared = Shared {
            // A ticker of another engine leaves this one without ticks.
            _ticker: Ticker::start(&wasmtime::Engine::default()).unwrap(),
            inner,
            slots: Slots::new(1),
            cache: None,
            pooled: false,
        };
        let engine = Engine { shared: Arc::new(shared) };
        let outcome = engine.expect_trap(&module, "deadline", 1_000_000, 1, Trap::Interrupt);
        assert!(matches!(outcome, Err(EngineError::Unbounded { limit: "deadline", .. })), "{outcome:?}");
    }
}
