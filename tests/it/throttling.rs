//! 429: it delays, is no failure, and says when to come back.

use std::time::Duration;

use paced::tenant::{Fault, Operation, RetryAfterForm, Rule};

use crate::harness::{PUT, QUERY, Settings, Stage};

const RETRY_AFTER_S: u64 = 20;

fn too_many(on: &[Operation], form: RetryAfterForm) -> Rule {
    let fault = Fault::Status { status: 429, retry_after_s: Some(RETRY_AFTER_S), retry_after_as: form, body: None };
    Rule::on(on, fault)
}

/// Six refused queries in a row, enough to open the breaker if they counted as failures.
fn queries_wait(form: RetryAfterForm) {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::proportional());
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    stage.inject(too_many(QUERY, form).for_requests(6));
    let delayed = paced.wait_for_times(3, "a delayed cycle", |line| line.is_of("reading_delayed", "1"));
    assert!(delayed.iter().all(|line| line.text("message").contains("429")));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    assert!(paced.lines_of("circuit_breaker_open").is_empty(), "a 429 is no failure");
    assert!(stage.decisions().iter().all(|decision| decision.breaker == "closed"));

    let queries = stage.requests_of(Operation::Query);
    let refused: Vec<_> = queries.windows(2).filter(|pair| pair[0].status == Some(429)).collect();
    assert_eq!(refused.len(), 6);
    for pair in refused {
        let waited = pair[1].at.since(pair[0].at);
        assert!(waited >= Duration::from_secs(RETRY_AFTER_S), "came back after {waited:?}");
    }
    stage.finish(paced);
}

#[test]
fn retry_after_in_seconds_is_honoured_and_the_breaker_stays_closed() {
    queries_wait(RetryAfterForm::Seconds);
}

#[test]
fn retry_after_as_a_date_is_honoured_and_the_breaker_stays_closed() {
    queries_wait(RetryAfterForm::Date);
}

#[test]
fn an_update_that_is_put_off_comes_later_and_the_ratio_in_force_waits_for_it() {
    let stage = Stage::new();
    stage.inject(too_many(PUT, RetryAfterForm::Seconds).for_requests(4));
    let mut paced = stage.run(&Settings::fixed(1.5));
    paced.wait_for("that it is put off", |line| line.is_of("update_deferred", "1"));
    stage.wait_for_setting("1", 1.5, true);
    assert!(paced.lines_of("circuit_breaker_open").is_empty(), "a 429 is no failure");
    for decision in paced.lines().iter().filter(|line| line.decides("1")).take(2) {
        assert_eq!(decision.number("ratio_before"), 1.0, "{decision}");
    }
    stage.finish(paced);
}

#[test]
fn two_hundred_campaigns_are_observed_within_the_platforms_quotas() {
    let agents = [5; 200];
    let stage = Stage::with(10.0, &agents, |_| {});
    let settings = (1..=200).fold(Settings::default(), |settings, id| settings.campaign(&id.to_string(), 5, ""));
    let mut paced = stage.run(&settings);
    for id in ["1", "100", "200"] {
        paced.wait_for("a decision", |line| line.decides_afresh(id));
    }
    // Batches of 50, four a round: three rounds.
    let queries = |stage: &Stage| stage.requests_of(Operation::Query);
    crate::harness::eventually("three rounds", || (queries(&stage).len() >= 12).then_some(()));
    assert!(queries(&stage).iter().all(|query| query.campaigns == 50));
    assert_eq!(stage.too_many(), 0);
    stage.finish(paced);
}
