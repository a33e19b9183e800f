//! Readings that can't be used, or are none: the ratio is held, and nobody is taken for idle.

use paced::tenant::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Daemon, QUERY, Settings, Stage};

/// A stage whose campaign has come to its policy's 2.0.
fn at_two(settings: &Settings) -> (Stage, Daemon) {
    let stage = Stage::new();
    let mut paced = stage.run(settings);
    stage.wait_for_setting("1", 2.0, true);
    paced.wait_for("a decision", |line| line.decides_afresh("1") && line.number("ratio_before") == 2.0);
    (stage, paced)
}

/// Hold when stale, the safe ratio when blind, and back to the policy by what it may rise.
fn goes_blind_and_sees_again(fault: Fault, reading: &str) {
    let (stage, mut paced) = at_two(&Settings::fixed(2.0));
    stage.inject(Rule::on(QUERY, fault));
    let stale = paced.wait_for("a hold", |line| line.decides_by("1", "stale"));
    assert_eq!((stale.text("reading"), stale.number("ratio"), stale.flag("sends")), (reading, 2.0, false));
    paced.wait_for("that it is said", |line| line.is_of("readings_missing", "1"));
    stage.wait_for_setting("1", 1.0, true);
    assert!(paced.lines_of("circuit_breaker_open").is_empty(), "the platform answers");

    stage.clear_faults();
    paced.wait_for("readings", |line| line.is_of("readings_back", "1"));
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn a_quiet_campaign_is_no_outage_but_silence_is_not_trusted_for_ever() {
    goes_blind_and_sees_again(Fault::Empty, "quiet");
}

#[test]
fn an_interval_that_was_seen_before_is_no_news() {
    goes_blind_and_sees_again(Fault::Stale, "repeated");
}

#[test]
fn when_blind_a_campaign_can_be_held_or_paused_instead() {
    let (stage, mut paced) = at_two(&Settings::fixed(2.0).default_of("when_blind = \"hold\""));
    stage.inject(Rule::on(QUERY, Fault::Stale));
    let blind = paced.wait_for("a decision when blind", |line| line.decides_by("1", "blind"));
    assert_eq!((blind.number("ratio"), blind.flag("sends")), (2.0, false));
    stage.finish(paced);

    let (stage, mut paced) = at_two(&Settings::fixed(2.0).default_of("when_blind = \"pause\""));
    stage.inject(Rule::on(QUERY, Fault::Stale));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused", "1"));
    stage.clear_faults();
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    stage.finish(paced);
}

#[test]
fn numbers_that_are_none_hold_the_ratio_and_are_named() {
    let (stage, mut paced) = at_two(&Settings::fixed(2.0));
    let cases: [(&str, Value); 8] = [
        ("agentsBusy", Value::Null),
        ("agentsAvailable", json!(-1)),
        ("callsOffered", json!("NaN")),
        ("callsAnswered", json!(1e300)),
        ("callsAbandoned", json!("12")),
        ("agentsBusy", json!(true)),
        ("avgWrapUpTime", json!(-3.5)),
        ("dateTo", json!("yesterday")),
    ];
    for (field, value) in &cases {
        paced.pass();
        let fault = Fault::Field { field: (*field).to_owned(), value: value.clone(), missing: false };
        stage.inject(Rule::on(QUERY, fault).for_campaign("1"));
        let said = paced.wait_for("the reason", |line| line.is_of("reading_unusable", "1"));
        assert!(said.text("message").starts_with(&format!("{field} is ")), "{field} = {value}: {said}");
        stage.clear_faults();
        paced.wait_for("a good reading", |line| line.decides_afresh("1"));
    }
    let unusable: Vec<_> = paced.lines().into_iter().filter(|line| line.text("reading") == "unusable").collect();
    assert!(unusable.len() >= cases.len());
    for decision in &unusable {
        assert_eq!((decision.number("ratio"), decision.flag("sends")), (2.0, false), "{decision}");
    }
    let journalled = stage.events("reading_unusable");
    for (field, _) in &cases {
        assert!(journalled.iter().any(|event| event.message.starts_with(field)), "{field} is not in the journal");
    }
    assert!(paced.lines_of("circuit_breaker_open").is_empty(), "values are no matter of transport");
    stage.finish(paced);
}

#[test]
fn a_field_that_is_missing_makes_a_reading_unusable_but_for_the_wrap_up() {
    let (stage, mut paced) = at_two(&Settings::fixed(2.0));
    let missing = |field: &str| Fault::Field { field: field.to_owned(), value: Value::Null, missing: true };
    stage.inject(Rule::on(QUERY, missing("agentsAvailable")));
    paced.wait_for("the reason", |line| line.is_of("reading_unusable", "1"));
    stage.clear_faults();
    stage.inject(Rule::on(QUERY, missing("avgWrapUpTime")));
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("1"));
    stage.finish(paced);
}

#[test]
fn another_campaigns_entity_is_nobodys_news() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    stage.inject(Rule::on(QUERY, Fault::Foreign { campaign: "999".to_owned() }));
    paced.wait_for_times(6, "decisions", |line| line.decides_afresh("1"));
    for decision in paced.lines().iter().filter(|line| line.decides_afresh("1")) {
        // The foreign entity has 999 busy agents and 500 abandoned calls.
        assert!(decision.number("agents_busy") <= 20.0 && decision.number("answers") < 500.0, "{decision}");
    }
    assert!(stage.decisions().iter().all(|decision| decision.campaign == "1"));
    stage.finish(paced);
}
