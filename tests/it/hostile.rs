//! One policy for each way to misbehave, each with a campaign of its own, beside innocent ones under one daemon.
//!
//! Each behaves in the dry run, whose inputs are of a campaign named `example`, so that it comes to decide at all. What the
//! host does about it stands in docs/policy-runtime.md, in the words that are checked here.

use std::collections::BTreeSet;
use std::fs;

use paced_core::ratio::DialRatio;

use crate::hand::Hand;
use crate::harness::{Daemon, Settings, Stage};

/// The ratio that the platform has when paced comes, and that no innocent policy wants.
const START: f64 = 2.0;

/// Ticks that each campaign is watched for.
const TICKS: usize = 6;

/// A tick of 15 s takes a second: all misbehaviour of a tick together takes a tenth of it.
const TIME_SCALE: f64 = 15.0;

/// How it misbehaves, what its policy does, and the words in the log and in the journal.
struct Misbehaviour {
    name: &'static str,
    hand: Hand,
    class: &'static str,
    words: &'static str,
}

/// One that decides like this.
fn deciding(name: &'static str, decide: &str, class: &'static str, words: &'static str) -> Misbehaviour {
    Misbehaviour { name, hand: Hand::deciding(decide), class, words }
}

/// Answers with a list of so many items, all of zeros: the reason (280), the signals (288) or the state (296).
fn with_list(at: u32, items: u32) -> String {
    let length = at + 4;
    format!(
        "(i32.store (i32.const {at}) (i32.const 8192)) (i32.store (i32.const {length}) (i32.const {items}))
         (call $answer (f64.const 1))"
    )
}

fn misbehaviours() -> Vec<Misbehaviour> {
    const FOREVER: &str = "(loop $l (br $l)) unreachable";
    // The state that it finds, and 6 KiB more.
    const GROWING: &str = "(i32.store (i32.const 296) (i32.const 65536))
        (i32.store (i32.const 300) (i32.add (i32.load offset=268 (local.get $input)) (i32.const 6144)))
        (call $answer (f64.const 2))";
    let recursion = Hand {
        decide: "(call $deeper (i32.const 0))".to_owned(),
        fields: "(func $deeper (param i32) (result i32)
            (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))"
            .to_owned(),
        ..Hand::default()
    };
    let after = Hand {
        // Only an answer of 1.5 has something come after it.
        decide: "(call $answer (f64.const 1.5))".to_owned(),
        post_return: "(if (f64.eq (f64.load (i32.const 272)) (f64.const 1.5)) (then unreachable))".to_owned(),
        ..Hand::default()
    };
    let import = Hand { with_wasi: true, ..Hand::deciding("(call $exit (i32.const 0)) unreachable") };
    let panic = Hand {
        decide: "(call $log (i32.const 3) (i32.const 4096) (i32.const 9)) unreachable".to_owned(),
        fields: r#"(data (i32.const 4096) "no agents")"#.to_owned(),
        ..Hand::default()
    };
    let of = |name, hand, class, words| Misbehaviour { name, hand, class, words };
    // The table in docs/policy-runtime.md has a row for each.
    vec![
        deciding("loops", FOREVER, "fuel", "it used up its 50000000 units of fuel before it answered"),
        deciding("lingers", FOREVER, "deadline", "it ran into its deadline of 50 ms"),
        of("recurses", recursion, "trap", "it trapped: call stack exhausted"),
        deciding(
            "grows",
            "(loop $l (drop (memory.grow (i32.const 1))) (br $l)) unreachable",
            "memory",
            "it wanted 8454144 bytes of memory; its limit is 8388608",
        ),
        of("panics", panic, "trap", "no agents"),
        of("exits", import, "trap", "it called `wasi:cli/exit@0.2.6#exit`, which no policy can use"),
        of("after", after, "trap", "it panicked or aborted without a word"),
        deciding("nan", "(call $answer (f64.const nan))", "bad-output", "its dial ratio is NaN"),
        deciding(
            "text",
            &format!("(drop (memory.grow (i32.const 100))) {}", with_list(280, 6_000_000)),
            "bad-output",
            "what it handed over can't be read: ",
        ),
        deciding("bytes", &with_list(296, 16_385), "bad-output", "its state has 16385 bytes: at most 16384 are taken"),
        deciding("hoards", GROWING, "bad-output", "its state has 18432 bytes: at most 16384 are taken"),
        deciding("signals", &with_list(288, 33), "bad-output", "it gives 33 signals: at most 32 are taken"),
        deciding("declines", "(call $decline (i32.const 32) (i32.const 13))", "declined", "as it is told"),
    ]
}

/// The policy as a file: it misbehaves where the campaign's name is short.
fn file_of(misbehaviour: &Misbehaviour) -> Vec<u8> {
    let Hand { decide, .. } = &misbehaviour.hand;
    let decide = format!(
        "(if (result i32) (i32.lt_u (i32.load offset=4 (local.get $input)) (i32.const 3))
            (then {decide}) (else (call $answer (f64.const 1))))"
    );
    Hand { decide, ..misbehaviour.hand.clone() }.component()
}

fn id(place: usize) -> String {
    (place + 1).to_string()
}

/// The ticks at which a campaign was decided on.
fn ticks(paced: &Daemon, campaign: &str) -> BTreeSet<u64> {
    let lines = paced.lines();
    lines.iter().filter(|line| line.decides(campaign)).map(|line| line.number("at_ms") as u64).collect()
}

/// What stands beside the hostile ones: one that proposes far too much, one that does what it should, and one that logs a
/// thousand lines with each decision, which is a nuisance and no fault.
struct Others {
    huge: String,
    innocent: String,
    flood: String,
}

/// Every policy with its campaign; so many faults are allowed that no fallback decides meanwhile.
fn settings(stage: &Stage, misbehaviours: &[Misbehaviour], others: &Others) -> Settings {
    const FLOOD: &str = "(local $n i32) (loop $l (call $log (i32.const 1) (i32.const 32) (i32.const 13)) (br_if $l
            (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
        (call $answer (f64.const 2))";
    let with_file = |settings: Settings, id: &str, name: &str, component: Vec<u8>| {
        fs::write(stage.path(&format!("{name}.wasm")), component).unwrap();
        let settings = settings.policy(&format!("[policies.{name}]\nfile = \"{name}.wasm\""));
        settings.campaign(id, 20, &format!("policy = \"{name}\""))
    };
    let mut settings = Settings::default().default_of("max_abandonment = 1.0\npolicy_faults = 1000");
    for (place, misbehaviour) in misbehaviours.iter().enumerate() {
        settings = with_file(settings, &id(place), misbehaviour.name, file_of(misbehaviour));
    }
    let huge = Hand::deciding("(call $answer (f64.const 1e300))").component();
    settings = with_file(settings, &others.huge, "huge", huge);
    settings = with_file(settings, &others.flood, "flood", Hand::deciding(FLOOD).component());
    settings.policy("[policies.lingers.limits]\nfuel = 100000000000\ndeadline = \"50ms\"").campaign(
        &others.innocent,
        20,
        "policy = \"fixed\"\nparams = { ratio = 2.2 }",
    )
}

/// A tick is missed if there is none within half a tick of its time.
fn check_on_time(paced: &Daemon, innocent: &str) {
    let ticks = ticks(paced, innocent);
    let apart: Vec<_> = ticks.iter().zip(ticks.iter().skip(1)).map(|(before, after)| after - before).collect();
    assert!(apart.iter().all(|ms| (ms + 7_500) / 15_000 == 1), "a tick of the innocent was missed: {apart:?}");
    assert!(paced.lines_of("tick_skipped").is_empty());
}

/// Its ratio was never touched, and each of its faults was told in the words for it.
fn check_held(paced: &Daemon, id: &str, Misbehaviour { name, class, words, .. }: &Misbehaviour) {
    let lines = paced.lines();
    let decided: Vec<_> = lines.iter().filter(|line| line.decides(id)).collect();
    assert!(decided.len() >= TICKS, "{name}: {} decisions", decided.len());
    for decision in &decided {
        assert_eq!((decision.number("ratio"), decision.flag("sends")), (START, false), "{name}: {decision}");
    }
    let faults: Vec<_> = lines.iter().filter(|line| line.is_of("policy_fault", id)).collect();
    // The one that hoards takes two calls to fill its state.
    assert!(faults.len() >= TICKS - 2, "{name}: {} faults", faults.len());
    for fault in &faults {
        assert_eq!(fault.text("class"), *class, "{name}: {fault}");
        assert!(fault.text("message").starts_with(words), "{name}: {fault}");
    }
}

/// The first sixteen lines of a call, and none of a fault.
fn check_flood(paced: &Daemon, flood: &str) {
    let lines = paced.lines();
    let logged = lines.iter().filter(|line| line.is_of("policy_log", flood)).count();
    let calls = lines.iter().filter(|line| line.decides(flood)).count();
    assert!(logged > 0 && logged <= 16 * (calls + 1), "{logged} lines of {calls} calls");
    assert!(!lines.iter().any(|line| line.is_of("policy_fault", flood)));
}

/// Seen to fail when core's `step` takes a fault for the lowest ratio instead of holding, and when `campaign::record` leaves
/// the fault's message out of the journal.
#[test]
fn whatever_a_policy_does_its_campaign_is_held_and_the_others_are_on_time() {
    let misbehaviours = misbehaviours();
    let hostile = misbehaviours.len();
    let others = Others { huge: id(hostile), innocent: id(hostile + 1), flood: id(hostile + 2) };
    let start = DialRatio::new(START).unwrap();
    let stage = Stage::with(TIME_SCALE, &vec![20; hostile + 3], |tenant| tenant.dial_ratio = start);

    let mut paced = stage.run(&settings(&stage, &misbehaviours, &others));
    // Two ticks more, so that the others have had theirs.
    paced.wait_for_times(TICKS + 2, "decisions", |line| line.decides(&others.innocent));
    // The absurd ratio goes up by the ramps to the bound, and no further.
    stage.wait_for_setting(&others.huge, 5.0, true);

    check_on_time(&paced, &others.innocent);
    assert_eq!(stage.setting(&others.innocent), (2.2, true));
    for (place, misbehaviour) in misbehaviours.iter().enumerate() {
        check_held(&paced, &id(place), misbehaviour);
        assert_eq!(stage.setting(&id(place)), (START, true), "{}", misbehaviour.name);
    }
    check_flood(&paced, &others.flood);

    stage.finish(paced);
    let journalled = stage.events("policy_fault");
    for (place, Misbehaviour { name, words, .. }) in misbehaviours.iter().enumerate() {
        let of_it = journalled.iter().filter(|event| event.campaign.as_deref() == Some(&id(place)));
        let messages: Vec<_> = of_it.map(|event| event.message.as_str()).collect();
        let in_words = messages.iter().all(|message| message.starts_with(words));
        assert!(!messages.is_empty() && in_words, "{name}: {messages:?}");
    }
}
