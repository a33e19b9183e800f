//! Replay: a journal's decisions made again come out the same, bit for bit, whatever paced went through.
//!
//! Every other test holds its journal to that too, when it ends paced.
//!
//! Seen to fail by: a read-back that finds what was known and is not journalled. A journal that was written before, the
//! guard's `ramp_up` being multiplied by 1.01 since, is found to differ in its first rise.

use std::fs;

use paced::shipped;
use rusqlite::Connection;
use serde_json::Value;

use crate::hand::Hand;
use crate::harness::{PUT, QUERY, Settings, Stage, TIME_SCALE, status};
use crate::policies::in_the_field;

/// A number that a replay gives for a campaign.
fn count(campaign: &Value, name: &str) -> u64 {
    campaign[name].as_u64().unwrap_or_else(|| panic!("no {name} in {campaign:#}"))
}

fn campaigns(replayed: &Value) -> &[Value] {
    replayed["campaigns"].as_array().unwrap()
}

/// A day with all that a replay could stumble over: people, an outage, a kill, a swap, a refused update.
fn eventful_day(stage: &Stage, settings: &Settings) {
    let mut paced = stage.run(settings);
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    stage.person_sets("2", 1.7);
    paced.wait_for("that it is seen", |line| line.is_of("people_hold", "2"));
    stage.inject(status(QUERY, 500));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused_by_breaker", "1"));
    // In the middle of it, with a directive that may have been taken or not.
    paced.kill();
    stage.clear_faults();

    let mut paced = stage.run(settings);
    paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    stage.order("release", "2");
    paced.wait_for("the release", |line| line.is_of("released", "2"));
    fs::write(stage.path("mine.wasm"), shipped::find("fixed").unwrap()).unwrap();
    paced.wait_for("the swap", |line| line.is("policy_loaded") && !line.text("previous").is_empty());
    stage.inject(status(PUT, 503).for_campaign("1").for_requests(3));
    paced.wait_for("the new one's decision", |line| line.decides("1") && line.text("reason") == "constant");
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    stage.finish(paced);
}

fn stage() -> (Stage, Settings) {
    let stage = Stage::with(TIME_SCALE, &[20, 8], |_| {});
    fs::write(stage.path("mine.wasm"), shipped::find("proportional").unwrap()).unwrap();
    let settings = Settings::default()
        .default_of("read_back = \"15s\"\non_exit = \"safe\"")
        .policy("[policies.mine]\nfile = \"mine.wasm\"")
        .campaign("1", 20, "policy = \"mine\"")
        .campaign("2", 8, "policy = \"proportional\"\nparams = { kp = 0.1 }\nmax_dial_ratio = 3.0");
    (stage, settings)
}

#[test]
fn a_day_with_a_swap_and_a_kill_comes_out_the_same_to_the_bit() {
    let (stage, settings) = stage();
    eventful_day(&stage, &settings);
    let (code, replayed) = stage.replay(&[]);
    assert_eq!((code, &replayed["is_clean"]), (Some(0), &Value::Bool(true)), "{replayed:#}");
    let recorded = stage.decisions();
    for campaign in campaigns(&replayed) {
        let own = recorded.iter().filter(|decision| decision.campaign == campaign["campaign"]).count() as u64;
        assert_eq!((count(campaign, "decisions"), count(campaign, "identical")), (own, own), "{campaign:#}");
        assert_eq!(count(campaign, "restarts"), 1, "{campaign:#}");
        assert!(count(campaign, "changes") > 4 && count(campaign, "states") >= 4, "{campaign:#}");
    }
    let revisions: std::collections::BTreeSet<_> = recorded.iter().filter_map(|decision| decision.revision).collect();
    assert_eq!(revisions.len(), 3, "two components, and one of them with other params");
}

#[test]
fn a_running_journal_can_be_replayed() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
    let (code, replayed) = stage.replay(&[]);
    assert_eq!(code, Some(0), "{replayed:#}");
    assert!(count(&campaigns(&replayed)[0], "identical") >= 3, "{replayed:#}");
    stage.finish(paced);
}

#[test]
fn a_dry_run_can_be_replayed() {
    let stage = Stage::new();
    let mut paced = stage.run_with(&Settings::fixed(2.0), &["--dry-run"]);
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
    stage.person_sets("1", 1.4);
    paced.wait_for("what is in force", |line| line.decides("1") && line.number("ratio_before") == 1.4);
    paced.end();
    let (code, replayed) = stage.replay(&[]);
    assert_eq!(code, Some(0), "{replayed:#}");
}

#[test]
fn policies_that_misbehave_or_were_never_there_are_replayed_with_their_faults() {
    let stage = Stage::with(TIME_SCALE, &[20; 3], |_| {});
    let write = |name: &str, decide: &str| fs::write(stage.path(name), Hand::deciding(decide).component()).unwrap();
    write("traps.wasm", &in_the_field("unreachable"));
    write("hangs.wasm", &in_the_field("(loop $l (br $l)) unreachable"));
    // The dry run refuses it, so that nobody answers for the campaign.
    write("never.wasm", "unreachable");
    let file = |name: &str| format!("[policies.{name}]\nfile = \"{name}.wasm\"");
    let settings = Settings::default()
        .policy(&[file("traps"), file("never"), file("hangs")].join("\n"))
        // The deadline comes first: how far a call gets by then depends on the machine.
        .policy("[policies.hangs.limits]\nfuel = 100000000000\ndeadline = \"50ms\"")
        .campaign("1", 20, "policy = \"traps\"")
        .campaign("2", 20, "policy = \"hangs\"")
        .campaign("3", 20, "policy = \"never\"");
    let mut paced = stage.run(&settings);
    paced.wait_for("a deadline", |line| line.is_of("policy_fault", "2") && line.text("class") == "deadline");
    paced.wait_for("the fallback", |line| line.is_of("policy_fallback", "1"));
    paced.wait_for_times(2, "decisions", |line| line.decides_afresh("3"));
    paced.end();
    let (code, replayed) = stage.replay(&[]);
    assert_eq!(code, Some(0), "{replayed:#}");
    let faults =
        |id: &str| stage.decisions().iter().filter(|d| d.campaign == id && d.reasons.contains("fault")).count();
    assert!(["1", "2", "3"].map(faults).iter().all(|faults| *faults > 0));
}

#[test]
fn what_the_journal_could_not_take_is_counted_and_the_rest_replayed() {
    // SQLite waits for a lock by the wall's clock: each write takes two seconds of it here.
    let stage = Stage::with(5.0, &[20], |_| {});
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    let lock = Connection::open(stage.data_dir().join("journal.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    paced.wait_for("that it is said", |line| line.is("journal_failed"));
    lock.execute_batch("ROLLBACK").unwrap();
    paced.pass();
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
    stage.finish(paced);
    let (code, replayed) = stage.replay(&[]);
    assert_eq!(code, Some(2), "{replayed:#}");
    let campaign = &campaigns(&replayed)[0];
    assert_eq!(count(campaign, "problems_count"), 1, "{campaign:#}");
    assert!(count(campaign, "identical") >= 3, "{campaign:#}");
}

#[test]
fn another_policy_is_shown_the_same_readings() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.5));
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    stage.finish(paced);
    let (code, replayed) = stage.replay(&["--policy", "fixed", "--params", "ratio=1.75"]);
    assert_eq!(code, Some(0), "that two policies differ is no finding: {replayed:#}");
    let beside = &campaigns(&replayed)[0]["open_loop"];
    assert_eq!(beside["differing"], beside["decisions"], "{beside:#}");
    assert_eq!((&beside["mean_difference"], &beside["max_difference"]), (&Value::from(0.25), &Value::from(0.25)));
    let (_, same) = stage.replay(&["--policy", "fixed", "--params", "ratio=1.5"]);
    assert_eq!(campaigns(&same)[0]["open_loop"]["differing"], 0, "{same:#}");
}
