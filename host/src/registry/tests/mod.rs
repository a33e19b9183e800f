//! Reloads from real files.

mod trials;

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
        Outcome::Refused { refusal, .. } => refusal.stage().as_str(),
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
    assert_eq!(stage(&registry.reload("mine")), "read");
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged));
}

#[test]
fn the_stages_are_timed_and_told_in_their_order() {
    let place = place(&answering(1.0));
    let (registry, opened) = open(&place, Vec::new());
    let Outcome::Activated(activated) = opened else { panic!("{opened:?}") };
    let stages: Vec<_> = activated.timeline.stages().iter().map(|(stage, _)| *stage).collect();
    assert_eq!(stages.len(), Stage::ALL.len());
    assert!(Stage::ALL.iter().all(|stage| stages.contains(stage)));
    let words = activated.in_words("mine");
    let digest = Digest::of(&answering(1.0)).short();
    assert!(words.starts_with(&format!("mine 1.0.0 {digest}, on probation, compiled afresh: read ")), "{words}");

    fs::write(&place.path, b"no component").unwrap();
    let Outcome::Refused { timeline, .. } = registry.reload("mine") else { panic!("not refused") };
    assert_eq!(timeline.stages().last().unwrap().0, Stage::Validate);
}

#[test]
fn a_component_that_fails_on_what_campaigns_were_shown_is_refused_before_it_decides() {
    use paced_core::policy::Policy;
    use paced_core::state::PolicyMemory;

    let place = place(&answering(1.0));
    let (registry, _) = open(&place, used_with("kp", 0.2));
    // Ends where the ratio in force is 1.5, which no edge has.
    let picky = "(if (f64.eq (f64.load offset=104 (local.get $input)) (f64.const 1.5)) (then unreachable))
        (call $answer (f64.const 1))";
    let picky = Hand::deciding(picky).component();
    fs::write(&place.path, &picky).unwrap();
    assert!(matches!(registry.reload("mine"), Outcome::Activated(_)), "nothing is recorded yet");

    fs::write(&place.path, answering(1.0)).unwrap();
    registry.reload("mine");
    registry.recorder().keep(crate::wasm::tests::input(), &PolicyMemory::default());
    fs::write(&place.path, &picky).unwrap();
    let outcome = registry.reload("mine");
    assert_eq!(stage(&outcome), "dry-run");
    let Outcome::Refused { refusal, .. } = outcome else { unreachable!() };
    assert!(refusal.to_string().starts_with("it fails in the dry run on an input of campaign c1: trap: "), "{refusal}");
    let mut running = registry.policy("mine", &[]).unwrap();
    assert_eq!(running.decide(&crate::wasm::tests::input()).unwrap().proposal.dial_ratio, Some(1.0));
}

#[test]
fn a_swap_in_the_middle_of_a_tick_concerns_the_next_one() {
    use paced_core::policy::Policy;

    let place = place(&answering(1.0));
    let (registry, _) = open(&place, Vec::new());
    let mut tick = registry.tick();
    let (first, _) = tick.policy("mine", &[]).unwrap();
    fs::write(&place.path, answering(2.0)).unwrap();
    registry.reload("mine");
    let (second, _) = tick.policy("mine", &[]).unwrap();
    assert_eq!(first.revision(), second.revision());
    assert_ne!(registry.tick().policy("mine", &[]).unwrap().0.revision(), first.revision());
}
