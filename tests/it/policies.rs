//! Policies that change, break or misbehave while paced runs: at worst a campaign is held.

use std::fs;

use paced::shipped;

use crate::hand::Hand;
use crate::harness::{Daemon, Settings, Stage, TIME_SCALE, eventually};

/// A policy that remembers seven bytes, and wants 1.5.
const REMEMBERS: &str = "(i32.store (i32.const 296) (i32.const 4096)) (i32.store (i32.const 300) (i32.const 7))
    (call $answer (f64.const 1.5))";

/// One that wants 1.0 and a tenth for each byte of state that it finds (a list at 264 of the input), which it keeps.
const COUNTS_WHAT_IT_REMEMBERS: &str = "(i32.store (i32.const 296) (i32.load offset=264 (local.get $input)))
    (i32.store (i32.const 300) (i32.load offset=268 (local.get $input)))
    (call $answer (f64.add (f64.const 1) (f64.div
        (f64.convert_i32_u (i32.load offset=268 (local.get $input))) (f64.const 10))))";

/// Remembers a byte more with each decision, up to five, and wants a tenth for each: 1.5 in the end.
const LEARNS: &str = "(i32.store (i32.const 296) (i32.load offset=264 (local.get $input)))
    (i32.store (i32.const 300) (select (i32.const 5)
        (i32.add (i32.load offset=268 (local.get $input)) (i32.const 1))
        (i32.ge_u (i32.load offset=268 (local.get $input)) (i32.const 4))))
    (call $answer (f64.add (f64.const 1) (f64.div
        (f64.convert_i32_u (i32.load offset=268 (local.get $input))) (f64.const 10))))";

/// The same without a bound, which traps once it remembers nine bytes: no dry run on today's state can tell.
const LEARNS_TOO_MUCH: &str =
    "(if (i32.ge_u (i32.load offset=268 (local.get $input)) (i32.const 9)) (then unreachable))
    (i32.store (i32.const 296) (i32.load offset=264 (local.get $input)))
    (i32.store (i32.const 300) (i32.add (i32.load offset=268 (local.get $input)) (i32.const 1)))
    (call $answer (f64.add (f64.const 1) (f64.div
        (f64.convert_i32_u (i32.load offset=268 (local.get $input))) (f64.const 10))))";

/// Does this where the campaign's identifier has one letter, as all here have and no input at the edges; else it wants 1.0.
pub(crate) fn in_the_field(does: &str) -> String {
    format!(
        "(if (result i32) (i32.eq (i32.load offset=4 (local.get $input)) (i32.const 1))
            (then {does}) (else (call $answer (f64.const 1))))"
    )
}

/// One campaign under the policy `mine`, whose file holds this component.
fn with_file(component: &[u8]) -> (Stage, Settings) {
    on_stage(Stage::new(), component)
}

fn on_stage(stage: Stage, component: &[u8]) -> (Stage, Settings) {
    fs::write(stage.path("mine.wasm"), component).unwrap();
    let settings = Settings::default()
        .default_of("max_abandonment = 1.0")
        .policy("[policies.mine]\nfile = \"mine.wasm\"")
        .campaign("1", 20, "policy = \"mine\"");
    (stage, settings)
}

fn replace(stage: &Stage, component: &[u8]) {
    fs::write(stage.path("mine.wasm"), component).unwrap();
}

/// The revision of campaign 1's next decision.
fn revision(paced: &mut Daemon) -> String {
    paced.pass();
    paced.wait_for("a decision", |line| line.decides_afresh("1")).text("revision").to_owned()
}

#[test]
fn a_changed_file_is_picked_up_with_the_state_carried_over() {
    let (stage, settings) = with_file(&Hand::deciding(REMEMBERS).component());
    let mut paced = stage.run(&settings);
    stage.wait_for_setting("1", 1.5, true);
    replace(&stage, &Hand::deciding(COUNTS_WHAT_IT_REMEMBERS).component());
    paced.wait_for("the swap", |line| line.is("policy_loaded") && !line.text("previous").is_empty());
    stage.wait_for_setting("1", 1.7, true);
    assert!(paced.lines_of("policy_fault").is_empty());
    assert_eq!(stage.events("policy_loaded").len(), 2, "in the journal too");
    stage.finish(paced);
}

#[test]
fn one_shipped_policy_takes_over_from_another() {
    let (stage, settings) = with_file(shipped::find("fixed").unwrap());
    let mut paced = stage.run(&settings);
    let decision = paced.wait_for("a decision", |line| line.decides_afresh("1"));
    assert_eq!(decision.text("reason"), "constant");
    replace(&stage, shipped::find("proportional").unwrap());
    paced.wait_for("the other's decision", |line| line.decides("1") && line.text("reason") == "agents to target");
    stage.finish(paced);
}

#[test]
fn a_file_that_is_no_policy_leaves_the_running_one() {
    let good = Hand::deciding(REMEMBERS).component();
    let (stage, settings) = with_file(&good);
    let mut paced = stage.run(&settings);
    stage.wait_for_setting("1", 1.5, true);
    let running = revision(&mut paced);
    let traps = Hand::deciding("unreachable").component();
    for bad in [&b"not a component"[..], &good[..good.len() / 2], b"", &traps] {
        replace(&stage, bad);
        let rejected = paced.wait_for("the refusal", |line| line.is("policy_rejected"));
        assert!(!rejected.text("running").is_empty() && !rejected.text("error").is_empty(), "{rejected}");
        assert_eq!(revision(&mut paced), running);
    }
    fs::remove_file(stage.path("mine.wasm")).unwrap();
    paced.wait_for("that it is missed", |line| line.is("policy_rejected"));
    assert_eq!(revision(&mut paced), running);
    let rejected = stage.events("policy_rejected");
    assert_eq!(rejected.len(), 5);
    assert!(
        rejected[3].message.starts_with("mine, dry-run: it fails in the dry run on \"an ordinary moment\": trap: ")
    );
    assert!(rejected[3].message.contains(", compile ") && rejected[3].message.contains(", dry-run "));
    assert!(paced.lines_of("policy_fault").is_empty());

    replace(&stage, &Hand::deciding("(call $answer (f64.const 1.2))").component());
    stage.wait_for_setting("1", 1.2, true);
    stage.finish(paced);
}

#[test]
fn a_policy_that_misbehaves_holds_its_campaign_and_then_the_fallback_decides() {
    const MISBEHAVIOURS: [(&str, &str); 4] = [
        ("trap", "unreachable"),
        ("fuel", "(loop $l (br $l)) unreachable"),
        ("bad-output", "(call $answer (f64.const nan))"),
        ("declined", "(call $decline (i32.const 32) (i32.const 13))"),
    ];
    let two = paced_core::ratio::DialRatio::new(2.0).unwrap();
    let stage = Stage::with(TIME_SCALE, &[20; 5], |tenant| tenant.dial_ratio = two);
    let mut settings = Settings::default().default_of("max_abandonment = 1.0");
    for ((class, decide), id) in MISBEHAVIOURS.iter().zip(["1", "2", "3", "4"]) {
        fs::write(stage.path(&format!("{class}.wasm")), Hand::deciding(&in_the_field(decide)).component()).unwrap();
        settings = settings.policy(&format!("[policies.{class}]\nfile = \"{class}.wasm\""));
        settings = settings.campaign(id, 20, &format!("policy = \"{class}\""));
    }
    settings = settings.campaign("5", 20, "policy = \"fixed\"\nparams = { ratio = 2.2 }");
    let mut paced = stage.run(&settings);
    for (_, id) in MISBEHAVIOURS.iter().zip(["1", "2", "3", "4"]) {
        stage.wait_for_setting(id, 1.0, true);
    }
    paced.wait_for_times(3, "decisions", |line| line.decides("5"));
    assert_eq!(stage.setting("5"), (2.2, true));

    for ((class, _), id) in MISBEHAVIOURS.iter().zip(["1", "2", "3", "4"]) {
        let lines = paced.lines();
        let fallback = lines.iter().position(|line| line.is_of("policy_fallback", id)).expect("the fallback");
        let faults: Vec<_> = lines[..fallback].iter().filter(|line| line.is_of("policy_fault", id)).collect();
        assert!(faults.iter().all(|fault| fault.text("class") == *class), "{}", faults[0]);
        let held: Vec<_> = lines[..fallback].iter().filter(|line| line.decides_by(id, "fault")).collect();
        // The fifth's decision is told before its events are.
        assert_eq!(held.len(), 5, "campaign {id}");
        for decision in &held[..4] {
            assert_eq!((decision.number("ratio"), decision.flag("sends")), (2.0, false), "{decision}");
        }
        assert_eq!(held[4].number("ratio"), 1.0, "{}", held[4]);
    }
    let of_5: Vec<_> = paced.lines().into_iter().filter(|line| line.decides("5")).collect();
    assert!(of_5.iter().all(|line| !line.decides_by("5", "fault") && line.text("breaker") == "closed"));
    stage.finish(paced);
}

#[test]
fn a_policy_that_is_mended_decides_again_at_once() {
    let (stage, settings) = with_file(&Hand::deciding(&in_the_field("unreachable")).component());
    let mut paced = stage.run(&settings);
    paced.wait_for("the fallback", |line| line.is_of("policy_fallback", "1"));
    replace(&stage, &Hand::deciding("(call $answer (f64.const 1.3))").component());
    paced.wait_for("the end of the fallback", |line| line.is_of("policy_fallback_ended", "1"));
    stage.wait_for_setting("1", 1.3, true);
    stage.finish(paced);
}

/// A stage whose campaign is paced by a policy that has passed its probation, with that policy's revision.
fn proven() -> (Stage, Settings, Daemon, String) {
    let (stage, settings) = on_stage(Stage::with(100.0, &[20], |_| {}), &Hand::deciding(LEARNS).component());
    let mut paced = stage.run(&settings);
    paced.wait_for("the promotion", |line| line.is("policy_promoted"));
    stage.wait_for_setting("1", 1.5, true);
    let revision = revision(&mut paced);
    (stage, settings, paced, revision)
}

/// Waits for the end of the probation that `LEARNS_TOO_MUCH` fails, and checks that the one before goes on as it was.
fn goes_back(paced: &mut Daemon, revision: &str) {
    let rolled_back = paced.wait_for("the roll-back", |line| line.is("policy_rolled_back"));
    assert!(rolled_back.text("message").contains("3 faults in "), "{rolled_back}");
    let decision = paced.wait_for("a decision", |line| line.decides_afresh("1"));
    assert_eq!(decision.text("revision"), revision);
    assert_eq!(decision.number("proposal"), 1.5, "with its own state, not the nine bytes of the other: {decision}");
    let rejected = paced.wait_for("that it is not tried again", |line| line.is("policy_rejected"));
    assert_eq!((rejected.text("stage"), rejected.text("running").is_empty()), ("digest", false));
}

#[test]
fn a_policy_that_faults_on_probation_is_rolled_back_with_the_state_of_the_good_one() {
    let (stage, settings, mut paced, good) = proven();
    replace(&stage, &Hand::deciding(LEARNS_TOO_MUCH).component());
    paced.wait_for("the swap", |line| line.is("policy_loaded") && line.text("standing") == "on probation");
    goes_back(&mut paced, &good);
    assert!(paced.lines_of("policy_fallback").is_empty());
    for (event, times) in [("policy_rolled_back", 1), ("policy_state_restored", 1), ("policy_rejected", 1)] {
        // The watch logs what it found before it queues it for the journal.
        eventually(event, || (stage.events(event).len() == times).then_some(()));
    }

    paced.kill();
    let mut paced = stage.run(&settings);
    assert_eq!(revision(&mut paced), good, "the file still holds the bad one, and the good one stands in");
    replace(&stage, &Hand::deciding("(call $answer (f64.const 1.2))").component());
    stage.wait_for_setting("1", 1.2, true);
    stage.finish(paced);
}

#[test]
fn a_kill_during_the_probation_forgets_neither_the_trial_nor_the_good_state() {
    let (stage, settings, mut paced, good) = proven();
    replace(&stage, &Hand::deciding(LEARNS_TOO_MUCH).component());
    paced.wait_for("its second decision", |line| line.decides("1") && line.number("ratio") > 1.55);
    paced.kill();

    let mut paced = stage.run(&settings);
    let loaded = paced.wait_for("the start", |line| line.is("policy_loaded"));
    assert_eq!((loaded.text("standing"), loaded.text("compiled")), ("on probation", "from the cache"));
    goes_back(&mut paced, &good);
    stage.finish(paced);
}

#[test]
fn limits_that_are_too_tight_are_found_before_anything_is_paced() {
    let stage = Stage::new();
    let settings = Settings::proportional().policy("[policies.proportional.limits]\nfuel = 1");
    let mut paced = stage.run(&settings);
    let code = paced.wait_for_end().code();
    let problem = paced.lines_of("configuration_problem");
    assert_eq!(code, Some(64), "{}", paced.errors());
    assert!(problem.iter().any(|line| line.text("message").contains("proportional")), "{problem:?}");
    assert!(stage.requests().is_empty());
}
