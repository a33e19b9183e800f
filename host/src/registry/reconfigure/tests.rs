//! Configurations that change over a registry with a file.

use std::fs;
use std::path::PathBuf;

use paced_core::params::ParamValue;

use super::*;
use crate::registry::{PolicyError, Use};
use crate::shipped;
use crate::wasm::tests::{Hand, engine};
use crate::wasm::{Digest, Limits};

fn answering(ratio: f64) -> Vec<u8> {
    Hand::deciding(&format!("(call $answer (f64.const {ratio}))")).component()
}

fn uses(param: &str, value: f64) -> Vec<Use> {
    vec![Use { campaign: "1".to_owned(), params: vec![(param.to_owned(), ParamValue::Number(value))] }]
}

/// A folder, and a registry with the policy `mine` from its file `mine.wasm`, which takes `kp` from 0 to 5.
struct Place {
    folder: tempfile::TempDir,
    registry: Registry,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.wasm"), answering(1.0)).unwrap();
        let (registry, _) = Registry::open(engine().clone(), Vec::new(), None);
        let place = Self { folder, registry };
        place.change(vec![place.mine()]);
        place
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn mine(&self) -> PolicySpec {
        let source = Source::File(self.path("mine.wasm"));
        PolicySpec { name: "mine".to_owned(), source, limits: Limits::default(), uses: Vec::new() }
    }

    /// The names of the components that came into force.
    fn change(&self, specs: Vec<PolicySpec>) -> Vec<String> {
        let prepared = self.registry.prepare(specs).unwrap_or_else(|refusals| panic!("{refusals:?}"));
        self.registry.adopt(prepared).into_iter().map(|(name, _)| name).collect()
    }

    /// What is refused, as one text.
    fn refused(&self, specs: Vec<PolicySpec>) -> String {
        let Err(refusals) = self.registry.prepare(specs) else { panic!("not refused") };
        refusals.iter().map(|(name, refusal)| format!("{name}, {}: {refusal}", refusal.stage())).collect()
    }

    fn digest(&self) -> Option<Digest> {
        self.registry.get("mine").map(|loaded| loaded.digest())
    }
}

#[test]
fn what_is_unchanged_stays_in_force_and_what_is_new_comes() {
    let place = Place::new();
    let before = place.registry.get("mine").unwrap();
    let source = Source::BuiltIn(shipped::find("fixed").unwrap());
    let fixed = PolicySpec { name: "fixed".to_owned(), source, ..place.mine() };
    assert_eq!(place.change(vec![place.mine(), fixed.clone()]), ["fixed"]);
    assert!(Arc::ptr_eq(&before, &place.registry.get("mine").unwrap()), "not loaded again");
    assert_eq!(place.change(vec![fixed]), [""; 0]);
    let gone = place.registry.policy("mine", &[]).unwrap_err();
    assert!(matches!(gone, PolicyError::Unknown { .. }), "{gone}");
}

#[test]
fn another_file_and_other_limits_load_anew_under_the_same_name() {
    let place = Place::new();
    let revision = |place: &Place| *paced_core::policy::Policy::revision(&place.registry.policy("mine", &[]).unwrap());
    let first = revision(&place);
    let roomy = Limits { fuel: Limits::default().fuel * 2, ..Limits::default() };
    let roomy = PolicySpec { limits: roomy, ..place.mine() };
    assert_eq!(place.change(vec![roomy.clone()]), ["mine"]);
    assert_ne!(revision(&place), first, "limits are part of the revision");

    fs::write(place.path("other.wasm"), answering(2.0)).unwrap();
    let other = PolicySpec { source: Source::File(place.path("other.wasm")), ..roomy };
    assert_eq!(place.change(vec![other]), ["mine"]);
    assert_eq!(place.digest(), Some(Digest::of(&answering(2.0))));
    assert_eq!(place.registry.files(), [("mine".to_owned(), place.path("other.wasm"))]);
}

#[test]
fn one_refusal_keeps_everything_as_it_was() {
    let place = Place::new();
    fs::write(place.path("broken.wasm"), b"not a component").unwrap();
    let broken = PolicySpec { source: Source::File(place.path("broken.wasm")), ..place.mine() };
    let source = Source::BuiltIn(shipped::find("fixed").unwrap());
    let fixed = PolicySpec { name: "fixed".to_owned(), source, ..place.mine() };
    let refused = place.refused(vec![fixed, broken]);
    assert!(refused.starts_with("mine, validate: "), "{refused}");
    assert!(place.registry.get("fixed").is_none());
    assert_eq!(place.digest(), Some(Digest::of(&answering(1.0))));
    assert_eq!(place.registry.files(), [("mine".to_owned(), place.path("mine.wasm"))]);
}

#[test]
fn params_are_held_against_the_component_in_force() {
    let place = Place::new();
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.3), ..place.mine() }]), [""; 0]);
    let refused = place.refused(vec![PolicySpec { uses: uses("kp", 7.0), ..place.mine() }]);
    assert_eq!(
        refused,
        "mine, params: it does not take the params of campaign 1: `kp` is 7: it must be a number from 0 to 5"
    );
}

#[test]
fn a_component_and_the_params_that_go_with_it_come_together() {
    let place = Place::new();
    let proportional = shipped::find("proportional").unwrap();
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.3), ..place.mine() }]), [""; 0]);
    // The file comes first, and the params in force are none that it takes.
    fs::write(place.path("mine.wasm"), shipped::find("fixed").unwrap()).unwrap();
    let Outcome::Refused { refusal, .. } = place.registry.reload("mine") else { panic!("not refused") };
    assert_eq!(refusal.stage().as_str(), "params");
    let spec = PolicySpec { uses: uses("ratio", 1.5), ..place.mine() };
    assert!(place.registry.stays(&spec).is_none());
    assert_eq!(place.change(vec![spec]), ["mine"]);
    assert_eq!(place.digest(), Some(Digest::of(shipped::find("fixed").unwrap())));

    // Or the params come first, while the file is being replaced.
    fs::write(place.path("mine.wasm"), proportional).unwrap();
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.2), ..place.mine() }]), ["mine"]);
    assert_eq!(place.digest(), Some(Digest::of(proportional)));
}

#[test]
fn a_file_that_is_gone_or_broken_leaves_the_component_and_lets_params_change() {
    let place = Place::new();
    fs::remove_file(place.path("mine.wasm")).unwrap();
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.3), ..place.mine() }]), [""; 0]);
    fs::write(place.path("mine.wasm"), b"not a component").unwrap();
    assert!(matches!(place.registry.reload("mine"), Outcome::Refused { .. }));
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.4), ..place.mine() }]), [""; 0]);
    // Other params are other conditions, under which a dry run may come out differently: the bytes get one more look.
    assert!(matches!(place.registry.reload("mine"), Outcome::Refused { .. }));
    assert!(matches!(place.registry.reload("mine"), Outcome::Unchanged), "reported once");
    assert_eq!(place.digest(), Some(Digest::of(&answering(1.0))));
}

#[test]
fn what_did_not_fit_is_examined_again_once_the_params_are_others() {
    let place = Place::new();
    assert_eq!(place.change(vec![PolicySpec { uses: uses("kp", 0.3), ..place.mine() }]), [""; 0]);
    let fixed = shipped::find("fixed").unwrap();
    fs::write(place.path("mine.wasm"), fixed).unwrap();
    assert!(matches!(place.registry.reload("mine"), Outcome::Refused { .. }));
    fs::remove_file(place.path("mine.wasm")).unwrap();
    assert_eq!(place.change(vec![place.mine()]), [""; 0]);
    fs::write(place.path("mine.wasm"), fixed).unwrap();
    assert!(matches!(place.registry.reload("mine"), Outcome::Activated(_)));
}
