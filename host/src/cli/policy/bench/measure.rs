//! Measuring: calls by turns, and what each took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use paced_core::policy::{Fault, Input, Policy};

use super::super::PolicyCommandError;
use crate::registry::moments;
use crate::wasm::{Engine, Limits, Loaded, Stage, Timeline, WasmPolicy, few};

/// Compilations of each component, of which the fastest counts: the others had to share the machine.
const COMPILATIONS: usize = 3;
/// Calls before those that count, so that caches are warm and the pool has its memory.
const WARM_UP_CALLS: u32 = 50;

/// A component to measure.
pub(super) struct Subject {
    file: String,
    bytes: Vec<u8>,
    loaded: Arc<Loaded>,
    policy: WasmPolicy,
    compile: Duration,
    state: Vec<u8>,
    fuel: Vec<u64>,
    wall: Vec<Duration>,
    state_bytes: usize,
    faults: u32,
    last_fault: Option<Fault>,
}

/// What a component's decisions took.
pub(super) struct Measured {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
    /// Calls made.
    pub(super) calls: u32,
    /// Of the calls that answered.
    pub(super) fuel: Spread<u64>,
    /// Of every call, in a fresh instance each.
    pub(super) wall: Spread<Duration>,
    /// Largest linear memory after a call.
    pub(super) memory_bytes: u64,
    /// Largest state.
    pub(super) state_bytes: u64,
    pub(super) component_bytes: u64,
    pub(super) compile: Duration,
    pub(super) faults: u32,
    pub(super) last_fault: Option<Fault>,
}

impl Measured {
    pub(super) fn faulted(&self) -> bool {
        self.faults > 0
    }
}

/// Median, 99th percentile and maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread<T> {
    pub(super) p50: T,
    pub(super) p99: T,
    pub(super) max: T,
}

impl<T: Ord + Copy + Default> Spread<T> {
    /// By nearest rank; zero of nothing.
    pub(super) fn of(mut values: Vec<T>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

impl Subject {
    pub(super) fn new(
        file: String,
        bytes: Vec<u8>,
        loaded: Arc<Loaded>,
        compile: Duration,
    ) -> Result<Self, PolicyCommandError> {
        let policy = WasmPolicy::new(Arc::clone(&loaded), &[])
            .map_err(|errors| PolicyCommandError::Usage(format!("{file}: {}", few(errors.iter(), "; "))))?;
        Ok(Self {
            file,
            bytes,
            loaded,
            policy,
            compile,
            state: Vec::new(),
            fuel: Vec::new(),
            wall: Vec::new(),
            state_bytes: 0,
            faults: 0,
            last_fault: None,
        })
    }

    /// The input with this policy's params and state.
    fn input(&self, moment: &Input) -> Input {
        Input { params: self.policy.params().to_vec(), state: self.state.clone(), ..moment.clone() }
    }

    fn call(&mut self, moment: &Input, counts: bool) {
        let input = self.input(moment);
        let since = Instant::now();
        let decided = self.policy.decide(&input);
        let wall = since.elapsed();
        if counts {
            self.wall.push(wall);
        }
        match decided {
            Ok(decided) => {
                if counts {
                    self.fuel.push(decided.fuel);
                }
                self.state_bytes = self.state_bytes.max(decided.proposal.state.len());
                self.state = decided.proposal.state;
            }
            Err(fault) => {
                self.faults += u32::from(counts);
                self.last_fault = Some(fault);
            }
        }
    }

    /// Compiles once more; that it can be is known.
    fn compile_again(&mut self, engine: &Engine, limits: &Limits) {
        let mut timeline = Timeline::default();
        // The verdict is known from the first time.
        let _ = engine.load_by_stage(&self.bytes, limits, &mut timeline);
        self.compile = timeline.of(Stage::Compile).map_or(self.compile, |took| took.min(self.compile));
    }

    fn finish(self, calls: u32, moments: &[Input]) -> Measured {
        let memory = moments.iter().filter_map(|moment| self.loaded.memory_bytes(&self.input(moment)).ok());
        let memory_bytes = memory.max().unwrap_or_default();
        let descriptor = self.loaded.descriptor();
        Measured {
            name: descriptor.name.clone(),
            version: descriptor.version.clone(),
            digest: self.loaded.digest().short(),
            calls,
            fuel: Spread::of(self.fuel),
            wall: Spread::of(self.wall),
            memory_bytes,
            state_bytes: self.state_bytes as u64,
            component_bytes: self.loaded.size_bytes(),
            compile: self.compile,
            faults: self.faults,
            last_fault: self.last_fault,
            file: self.file,
        }
    }
}

/// Calls each subject so many times on ordinary moments and edges in turn, its state carried from call to call.
pub(super) fn measure(engine: &Engine, limits: &Limits, mut subjects: Vec<Subject>, calls: u32) -> Vec<Measured> {
    for _ in 1..COMPILATIONS {
        subjects.iter_mut().for_each(|subject| subject.compile_again(engine, limits));
    }
    let moments: Vec<_> = moments::all().into_iter().map(|moment| moment.input).collect();
    let in_turn = moments.iter().cycle().zip(0..calls.saturating_add(WARM_UP_CALLS));
    for (moment, turn) in in_turn {
        subjects.iter_mut().for_each(|subject| subject.call(moment, turn >= WARM_UP_CALLS));
        // Who goes first finds the caches as the other left them: that alternates, too.
        subjects.reverse();
    }
    if calls.saturating_add(WARM_UP_CALLS) % 2 == 1 {
        subjects.reverse();
    }
    subjects.into_iter().map(|subject| subject.finish(calls, &moments)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        assert_eq!(Spread::of((1..=1000).rev().collect()), Spread { p50: 500, p99: 990, max: 1000 });
        assert_eq!(Spread::of(vec![7]), Spread { p50: 7, p99: 7, max: 7 });
        assert_eq!(Spread::<u64>::of(Vec::new()), Spread::default());
    }
}
