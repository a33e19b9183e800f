//! What paced asks of the platform, and what it makes of a refusal.

use std::time::Duration;

use paced::tenant::{CampaignSetup, Fault, Operation, Rule};
use paced_sim::FeedKind;
use serde_json::{Value, json};

use crate::harness::{PUT, QUERY, Settings, Stage, TIME_SCALE, TOKEN, status};

#[test]
fn a_missing_right_is_named_and_opens_the_breaker() {
    let stage = Stage::new();
    stage.inject(status(QUERY, 403));
    let mut paced = stage.run(&Settings::fixed(1.0));
    let failure = paced.wait_for("the failure", |line| line.is_of("pacing_loop_error", "1"));
    assert_eq!(failure.text("class"), "forbidden");
    assert!(failure.text("message").contains("analytics:read"), "{failure}");
    paced.wait_for("the breaker to open", |line| line.is_of("circuit_breaker_open", "1"));
    stage.clear_faults();
    paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    stage.finish(paced);
}

#[test]
fn an_update_that_is_refused_is_logged_with_what_was_sent() {
    let stage = Stage::new();
    stage.inject(status(PUT, 400).for_requests(1));
    let mut paced = stage.run(&Settings::fixed(1.5));
    let refused = paced.wait_for("the refusal", |line| line.is("request_refused"));
    let payload: Value = serde_json::from_str(refused.text("payload")).unwrap();
    let pacing = json!({"dialRatio": 1.5, "maxConcurrentCalls": 150});
    assert_eq!(payload, json!({"id": "1", "pacing": pacing, "status": "active"}));
    // Sent once: it would be refused again at once. The next decision sends it anew.
    stage.wait_for_setting("1", 1.5, true);
    assert_eq!(stage.requests_of(Operation::Put).len(), 2);
    stage.finish(paced);
}

#[test]
fn a_campaign_that_the_platform_does_not_know_is_reported_and_disturbs_nobody() {
    let stage = Stage::new();
    let settings = Settings::fixed(1.5).campaign("99", 20, "policy = \"fixed\"");
    let mut paced = stage.run(&settings);
    let unknown = paced.wait_for("that it is said", |line| line.is_of("campaign_unknown", "99"));
    assert_eq!(unknown.text("level"), "error");
    stage.wait_for_setting("1", 1.5, true);
    let before = stage.last_request();
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    let later = stage.requests().into_iter().filter(|request| request.number > before);
    assert!(later.into_iter().all(|request| request.campaign.as_deref() != Some("99")), "it is left alone");
    assert!(paced.lines_of("circuit_breaker_open").is_empty());
    stage.finish(paced);
}

#[test]
fn a_campaigns_id_may_be_any_text() {
    const ID: &str = "eu/west 1?&\u{fc}%";
    let stage = Stage::with(TIME_SCALE, &[20], |tenant| {
        tenant.campaigns = vec![CampaignSetup { id: ID.to_owned(), agents: 20 }];
    });
    let fixed = "policy = \"fixed\"\nparams = { ratio = 1.5 }";
    let mut paced = stage.run(&Settings::default().campaign(ID, 20, fixed));
    stage.wait_for_setting(ID, 1.5, true);
    paced.wait_for("a decision", |line| line.decides_afresh(ID));
    stage.finish(paced);
}

#[test]
fn a_tokens_absurd_lifetime_is_no_reason_to_ask_for_another_all_the_time() {
    for value in [json!(-1), json!("soon"), json!(1e300), Value::Null] {
        let stage = Stage::new();
        stage.inject(Rule::on(TOKEN, Fault::Field { field: "expires_in".to_owned(), value, missing: false }));
        let mut paced = stage.run(&Settings::proportional());
        paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
        assert_eq!(stage.requests_of(Operation::Token).len(), 1);
        stage.finish(paced);
    }
}

#[test]
fn an_update_whose_answer_was_lost_is_still_ours() {
    let stage = Stage::new();
    stage.inject(Rule::on(PUT, Fault::Truncated { bytes: None }).for_requests(3));
    let settings = Settings::fixed(2.0);
    let mut paced = stage.run(&settings);
    paced.wait_for("that it failed", |line| line.is_of("update_failed", "1"));
    assert_eq!(stage.setting("1"), (1.5, true), "it was taken all the same");
    // Also by a paced that only has the journal to know it from.
    paced.kill();
    let mut paced = stage.run(&settings);
    stage.wait_for_setting("1", 2.0, true);
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    assert!(paced.lines_of("people_hold").is_empty());
    stage.finish(paced);
}

#[test]
fn a_feed_of_closed_intervals_is_not_stale_between_them() {
    let stage = Stage::with(TIME_SCALE, &[20], |tenant| tenant.centre.feed.kind = FeedKind::Closed);
    let mut paced = stage.run(&Settings::fixed(1.5));
    // Until the first interval is over there is nothing to see; from then on nothing is missing.
    let first = paced.wait_for("an interval", |line| line.decides_afresh("1"));
    let second = paced.wait_for("the next interval", |line| line.decides_afresh("1"));
    let apart = Duration::from_millis((second.number("at_ms") - first.number("at_ms")) as u64);
    assert!(apart > Duration::from_secs(200), "{apart:?}");
    let decisions: Vec<_> = paced.lines().into_iter().filter(|line| line.decides("1")).collect();
    let since_the_first = decisions.iter().filter(|line| line.number("at_ms") > first.number("at_ms"));
    for decision in since_the_first {
        assert!(!decision.decides_by("1", "stale") && !decision.decides_by("1", "blind"), "{decision}");
    }
    stage.finish(paced);
}
