//! Contracts that were released never change: components of their time load, and decide as they did then.
//!
//! `tests/frozen/` holds for each version the contract as it was, components built for it, and what they answered.
//! Nothing there is ever recorded anew; how it was made stands in its README.

use std::fs;
use std::path::{Path, PathBuf};

use paced_core::params::ParamValue;
use paced_core::policy::Policy;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::wasm::contract::Contract;
use crate::wasm::{Digest, WasmPolicy};

/// SHA-256 of everything that is frozen.
const DIGESTS: &[(&str, &str)] = &[
    ("0.1.0/by-hand.json", "a5a0c8831f563f3f73b35041e0eaca747af8f240f52d2db1a612a4ac407fac90"),
    ("0.1.0/by-hand.wasm", "8164b2886a4b83f21d9a9187f5c7fd796ddb738630bc82cb92091050c99e52c7"),
    ("0.1.0/by-hand.wat", "e4ba573456cd00e05538944aa68cd73ca800661c168b700836cd465535f4e717"),
    ("0.1.0/contract.wit", "3a8ed0adfb4a314ae519e8ce777dda93c8c8f68f5144bf80643164a6524dd4c9"),
    ("0.1.0/proportional.json", "67a92b95aa68ebb33bb505a2410b8ee2bd6620c6df17a42753044610db43270a"),
    ("0.1.0/proportional.wasm", "e23ed472bcbdf47641f951e464efff37e3dd57adb06b21428b7b1de0e7187312"),
];

/// What to say to whom a frozen thing stands in the way.
const WAY_OUT: &str = "a released contract never changes: leave it as it is, and make the change a new minor version \
                       (a folder under wit/, a module of bindings beside v0_1, a folder under tests/frozen/)";

/// One recorded call.
#[derive(Deserialize)]
struct Recorded {
    /// Params over the component's defaults.
    given: Vec<(String, ParamValue)>,
    /// What it was shown, with the state that the call before left.
    input: Input,
    /// What it answered, to the last digit.
    output: Box<RawValue>,
}

fn frozen(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/frozen").join(path)
}

fn load(path: &str) -> Arc<Loaded> {
    Arc::new(engine().load(&fs::read(frozen(path)).unwrap(), &Limits::default()).unwrap())
}

/// The frozen files with this ending, without it.
fn with_ending(ending: &str) -> impl Iterator<Item = &'static str> {
    DIGESTS.iter().filter_map(move |(path, _)| path.strip_suffix(ending))
}

fn answer(loaded: &Arc<Loaded>, recorded: &Recorded) -> String {
    let mut policy = WasmPolicy::new(Arc::clone(loaded), &recorded.given).unwrap();
    let input = Input { params: policy.params().to_vec(), ..recorded.input.clone() };
    let output = policy.decide(&input).map(|decided| decided.proposal).map_err(|fault| fault.to_string());
    // Floats are written with as many digits as tell them from their neighbours: the same text is the same bits.
    serde_json::to_string(&output).unwrap()
}

/// Seen to fail when a byte of by-hand.json is changed.
#[test]
fn what_is_frozen_is_as_it_was() {
    for (path, digest) in DIGESTS {
        assert_eq!(Digest::of(&fs::read(frozen(path)).unwrap()).to_string(), *digest, "{path}: {WAY_OUT}");
    }
}

/// Seen to fail when `last_1h` and `today` change places in the conversion of `v0_1`.
#[test]
fn a_frozen_component_loads_and_answers_as_it_did() {
    for name in with_ending(".wasm") {
        let loaded = load(&format!("{name}.wasm"));
        let recorded: Vec<Recorded> =
            serde_json::from_str(&fs::read_to_string(frozen(&format!("{name}.json"))).unwrap()).unwrap();
        assert!(recorded.len() >= 12, "{name}");
        for (at, call) in recorded.iter().enumerate() {
            assert_eq!(answer(&loaded, call), call.output.get(), "{name}, call {at}: {WAY_OUT}");
        }
    }
}

#[test]
fn a_frozen_component_describes_itself_and_migrates_as_it_did() {
    let loaded = load("0.1.0/by-hand.wasm");
    let descriptor = loaded.descriptor();
    assert_eq!((descriptor.name.as_str(), descriptor.version.as_str()), ("by-hand", "0.1.0"));
    assert_eq!((descriptor.summary.as_str(), descriptor.state_version), ("every field, by hand", 1));
    let params: Vec<_> = descriptor.params.iter().map(|spec| format!("{} = {}", spec.name, spec.default)).collect();
    assert_eq!(params, ["kp = 0.25", "n = 3", "on = true", r#"text = "text""#, r#"word = "text""#]);
    assert_eq!((descriptor.params[0].unit.as_str(), descriptor.params[0].help.as_str()), ("s", "help"));
    let mut policy = WasmPolicy::new(loaded, &[]).unwrap();
    assert_eq!(policy.migrate(8, b"old"), Some(b"old".to_vec()));
    assert_eq!(policy.migrate(9, b"old"), None);
}

/// Seen to fail when a function is added to `log` in wit/0.1/policy.wit, and not by a comment.
#[test]
fn the_wit_of_a_released_contract_means_what_it_meant() {
    for version in with_ending("/contract.wit") {
        let minor = version.rsplit_once('.').unwrap().0;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit").join(minor).join("policy.wit");
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str(&path, &fs::read_to_string(&path).unwrap()).unwrap();
        let mut printer = wit_component::WitPrinter::default();
        printer.emit_docs(false);
        printer.print(&resolve, package, &[]).unwrap();
        let (is, was) =
            (printer.output.to_string(), fs::read_to_string(frozen(&format!("{version}/contract.wit"))).unwrap());
        let differs = is.lines().zip(was.lines()).find(|(is, was)| is != was);
        assert!(is == was, "wit/{minor} differs from contract {version}, first at {differs:?}: {WAY_OUT}");
    }
}

#[test]
fn every_contract_of_the_table_is_frozen_with_its_components() {
    for contract in Contract::ALL {
        let (major, minor) = contract.number();
        let version = format!("{major}.{minor}.0");
        assert!(with_ending("/contract.wit").any(|frozen| frozen == version), "no {version}/contract.wit");
        let components: Vec<_> = with_ending(".wasm").filter(|name| name.starts_with(&version)).collect();
        assert!(components.len() >= 2, "a real one and one by hand for {version}, not {components:?}");
        for name in components {
            assert_eq!(load(&format!("{name}.wasm")).contract().to_string(), version);
        }
    }
}
