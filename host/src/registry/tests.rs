//! Reloads from real files.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::wasm::Limits;
use crate::wasm::tests::{Hand, engine};

fn answering(ratio: f64) -> Vec<u8> {
    Hand::deciding(&format!("(call $answer (f64.const {ratio}))")).component()
}

struct Place {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn place(bytes: &[u8]) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.wasm");
    fs::write(&path, bytes).unwrap();
    Place { folder, path }
}

fn used_with(name: &str, value: f64) -> Vec<Use> {
    vec![Use { campaign: "c1".to_owned(), params: vec![(name.to_owned(), ParamValue::Number(value))] }]
}

fn open(place: &Place, uses: Vec<Use>) -> (Registry, Outcome) {
    let source = Source::File(place.path.clone());
    let spec = PolicySpec { name: "mine".to_owned(), source, limits: Limits::default(), uses };
    let components = ComponentStore::open(place.folder.path()).unwrap();
    let (registry, mut outcomes) = Registry::open(engine().clone(), vec![spec], Some(components));
    (registry, outcomes.remove(0).1)
}

fn digest(registry: &Registry) -> Option<Digest> {
    registry.get("mine").map(|loaded| loaded.digest())
}

fn stage(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Refused { refusal, .. } => refusal.stage(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_changed_file_comes_into_force_and_is_kept() {
    let (one, two) = (answering(1.0), answering(2.0));
    let place = place(&one);
    let (registry, opened) = open(&place, Vec::new());
    assert!(matches!(opened, Outcome::Activated(Activated { previous: None, .. })));
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));

    fs::write(&place.path, &two).unwrap();
    let Outcome::Activated(activated) = registry.reload("mine") else { panic!("not activated") };
    assert_eq!(activated.previous, Some(Digest::of(&one)));
    assert_eq!(digest(&registry), Some(Digest::of(&two)));

    let kept = ComponentStore::open(place.folder.path()).unwrap();
    assert_eq!(kept.get(Digest::of(&one)).unwrap(), Some(one));
    assert_eq!(kept.get(Digest::of(&two)).unwrap(), Some(two));
}

#[test]
fn a_bad_file_leaves_the_running_one_and_is_reported_once() {
    let one = answering(1.0);
    let place = place(&one);
    let (registry, _) = open(&place, Vec::new());
    fs::write(&place.path, &one[..one.len() / 2]).unwrap();
    assert_eq!(stage(&registry.reload("mine")), "validate");
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));
    assert_eq!(digest(&registry), Some(Digest::of(&one)));
    // The good bytes again are nothing new; after them the bad ones are.
    fs::write(&place.path, &one).unwrap();
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));
    fs::write(&place.path, &one[..one.len() / 2]).unwrap();
    assert_eq!(stage(&registry.reload("mine")), "validate");
}

#[test]
fn a_deleted_file_does_not_unload_and_a_missing_one_is_loaded_once_it_is_there() {
    let one = answering(1.0);
    let place = place(&one);
    let (registry, _) = open(&place, Vec::new());
    fs::remove_file(&place.path).unwrap();
    assert_eq!(stage(&registry.reload("mine")), "read");
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));
    assert_eq!(digest(&registry), Some(Digest::of(&one)));

    let (late, opened) = open(&place, Vec::new());
    assert_eq!(stage(&opened), "read");
    assert_eq!(late.policy("mine", &[]).unwrap_err(), PolicyError::NotLoaded("mine".to_owned()));
    fs::write(&place.path, &one).unwrap();
    assert!(matches!(late.reload("mine"), Outcome::Activated(_)));
    assert!(late.policy("mine", &[]).is_ok());
}

#[test]
fn a_component_that_does_not_take_the_campaigns_params_is_refused() {
    let place = place(&answering(1.0));
    let (registry, opened) = open(&place, used_with("kp", 9.0));
    assert_eq!(stage(&opened), "params");
    let Outcome::Refused { refusal, .. } = opened else { panic!("not refused") };
    assert_eq!(
        refusal.to_string(),
        "it does not take the params of campaign c1: `kp` is 9: it must be a number from 0 to 5"
    );
    assert_eq!(digest(&registry), None);
    assert!(matches!(open(&place, used_with("kp", 0.2)).1, Outcome::Activated(_)));
}

#[test]
fn a_policy_in_hand_outlives_its_replacement() {
    use paced_core::policy::Policy;

    let place = place(&answering(1.0));
    let (registry, _) = open(&place, Vec::new());
    let mut in_hand = registry.policy("mine", &[]).unwrap();
    fs::write(&place.path, answering(2.0)).unwrap();
    registry.reload("mine");
    let mut next = registry.policy("mine", &[]).unwrap();
    let input = crate::wasm::tests::input();
    assert_eq!(in_hand.decide(&input).unwrap().proposal.dial_ratio, Some(1.0));
    assert_eq!(next.decide(&input).unwrap().proposal.dial_ratio, Some(2.0));
    assert_ne!(in_hand.revision(), next.revision());
}

#[test]
fn an_unknown_policy_is_named_with_those_there_are() {
    let place = place(b"");
    let (registry, _) = open(&place, Vec::new());
    assert_eq!(registry.policy("mien", &[]).unwrap_err().to_string(), "there is no policy `mien`; there is `mine`");
    assert!(registry.get("mien").is_none());
    assert!(matches!(registry.reload("mien"), Outcome::Unchanged));
}

#[test]
fn a_file_over_the_limit_is_refused_without_being_read() {
    let place = place(&answering(1.0));
    let (registry, _) = open(&place, Vec::new());
    fs::File::create(&place.path).unwrap().set_len(33 << 20).unwrap();
    assert_eq!(stage(&registry.reload("mine")), "size");
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));
}
