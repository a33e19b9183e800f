//! The token endpoint on a bad day: pacing waits for a first token, and goes on with the one it has.

use std::time::Duration;

use paced::tenant::Operation;
use paced_core::ratio::DialRatio;
use rustix::process::Signal;

use crate::harness::{Daemon, Settings, Stage, TIME_SCALE, TOKEN, status};

/// No failure of the token endpoint that paced could bridge is held against the platform.
fn assert_undisturbed(paced: &Daemon) {
    let troubles: Vec<_> = paced.lines().into_iter().filter(|line| line.text("reading") == "failed").collect();
    assert!(troubles.is_empty(), "a cycle failed: {}", troubles[0]);
    assert!(paced.lines_of("circuit_breaker_open").is_empty());
}

#[test]
fn without_a_token_nothing_is_sent_until_the_endpoint_recovers() {
    let stage = Stage::new();
    stage.inject(status(TOKEN, 500));
    let mut paced = stage.run(&Settings::fixed(1.5));
    paced.wait_for_times(3, "a failed token", |line| line.is("token_request_failed"));
    assert_eq!(stage.requests_of(Operation::Token).len(), stage.requests().len(), "sent without a token");
    stage.clear_faults();
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    stage.wait_for_setting("1", 1.5, true);
    stage.finish(paced);
}

#[test]
fn a_campaign_that_a_person_paused_before_is_not_resumed_after_an_outage_at_the_start() {
    let stage = Stage::with(TIME_SCALE, &[20], |tenant| tenant.dial_ratio = DialRatio::new(2.0).unwrap());
    stage.person_pauses("1");
    stage.inject(status(TOKEN, 500));
    is_left_paused(&stage);
}

#[test]
fn a_pause_while_paced_was_down_is_a_persons_also_after_an_outage_at_the_restart() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.5));
    stage.wait_for_setting("1", 1.5, true);
    paced.kill();
    stage.person_sets("1", 2.0);
    stage.person_pauses("1");
    stage.revoke_tokens();
    stage.inject(status(TOKEN, 500));
    is_left_paused(&stage);
}

/// The campaign stays as a person left it, paused at 2.0, through an outage that opens the breaker.
fn is_left_paused(stage: &Stage) {
    let before = stage.last_request();
    let mut paced = stage.run(&Settings::fixed(1.5));
    paced.wait_for("the breaker", |line| line.is("circuit_breaker_open"));
    stage.clear_faults();
    paced.wait_for("that it is seen", |line| line.is("people_hold"));
    paced.wait_for_times(6, "decisions", |line| line.decides_by("1", "people-hold"));
    assert_eq!(stage.setting("1"), (2.0, false));
    assert!(stage.updates_after(before).is_empty(), "{:?}", stage.updates_after(before));
    stage.finish(paced);
}

#[test]
fn a_token_that_is_still_valid_is_used_while_its_renewal_fails() {
    // It is due for renewal 40 s before it expires.
    let stage = Stage::with(TIME_SCALE, &[20], |tenant| tenant.token_lifetime = Duration::from_secs(200));
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    stage.inject(status(TOKEN, 500).for_requests(2));
    let failed = paced.wait_for_times(2, "a failed renewal", |line| line.is("token_request_failed"));
    assert!(failed.iter().all(|line| line.flag("still_valid")));
    stage.wait_for_request(Operation::Token, stage.last_request());
    paced.pass();
    paced.wait_for_times(2, "decisions", |line| line.decides_afresh("1"));
    assert_undisturbed(&paced);
    assert!(stage.requests().iter().all(|request| request.status != Some(401)), "a token was used beyond its life");
    stage.finish(paced);
}

#[test]
fn a_revoked_token_is_replaced_once_and_the_request_sent_again() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    let before = stage.last_request();
    stage.revoke_tokens();
    stage.wait_for_request(Operation::Token, before);
    paced.pass();
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
    assert_undisturbed(&paced);
    assert_eq!(stage.requests_of(Operation::Token).len(), 2, "one token at the start, and one for the revoked");
    stage.finish(paced);
}

#[test]
fn no_secret_and_no_token_is_ever_printed_or_kept() {
    let stage = Stage::new();
    stage.inject(status(TOKEN, 401).for_requests(1));
    let mut paced = stage.run_with(&Settings::proportional(), &[]);
    paced.wait_for("the refusal", |line| line.is("token_request_failed"));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    paced.signal(Signal::TERM);
    paced.wait_for_end();
    let log: String = paced.lines().iter().map(ToString::to_string).collect();
    let journal = std::fs::read(stage.data_dir().join("journal.db")).unwrap();
    for text in [log, paced.errors(), String::from_utf8_lossy(&journal).into_owned()] {
        // The tenant's tokens all begin like this.
        assert!(!text.contains("demo-secret") && !text.contains("sim-"), "{text}");
    }
}
