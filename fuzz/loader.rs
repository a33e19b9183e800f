//! Any bytes in, a typed verdict out; and what loads decides, or faults, and never takes the process with it.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use paced::wasm::{Engine, Limits, WasmPolicy};
use paced_core::policy::{Input, Policy};

/// An input that a campaign meets, as `tests/frozen` has recorded it.
static RECORDED: &str = include_str!("../tests/frozen/0.1.0/by-hand.json");

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::start().expect("an engine starts"))
}

fn input() -> Input {
    static INPUT: OnceLock<Input> = OnceLock::new();
    let read = || {
        let calls: Vec<serde_json::Value> = serde_json::from_str(RECORDED).expect("what is recorded is JSON");
        serde_json::from_value(calls[0]["input"].clone()).expect("what is recorded is an input")
    };
    INPUT.get_or_init(read).clone()
}

/// Fuel for ten milliseconds: the fuzzer has more to try.
fn limits() -> Limits {
    Limits { fuel: 5_000_000, ..Limits::default() }
}

fuzz_target!(|data: &[u8]| {
    let Ok(loaded) = engine().load(data, &limits()) else { return };
    let Ok(mut policy) = WasmPolicy::new(Arc::new(loaded), &[]) else { return };
    let shown = Input { params: policy.params().to_vec(), ..input() };
    let first = policy.decide(&shown);
    assert_eq!(first, policy.decide(&shown), "the same again");
    let _ = policy.migrate(0, b"old");
});
