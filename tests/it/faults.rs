//! The platform on a bad day: errors, broken answers, silence.

use std::time::Duration;

use paced::tenant::{Cursor, Fault, Operation, Rule};

use crate::harness::{Daemon, GET, PUT, QUERY, Settings, Stage, TIME_SCALE, hang, status};

/// Two campaigns of 20 agents at ratio 2.0 that share no query; all that happens is to happen to `1`.
fn two_campaigns() -> (Stage, Settings) {
    let stage = Stage::with(TIME_SCALE, &[20, 20], |_| {});
    let settings = Settings::fixed(2.0).campaign("2", 20, "policy = \"fixed\"").platform("batch_size = 1");
    (stage, settings)
}

/// Runs until both campaigns are where their policy wants them.
fn settled(stage: &Stage, settings: &Settings) -> Daemon {
    let paced = stage.run(settings);
    for campaign in ["1", "2"] {
        stage.wait_for_setting(campaign, 2.0, true);
    }
    paced
}

/// Campaign `2` was decided on from fresh readings all the time, and never paused.
fn assert_the_other_went_on(stage: &Stage, paced: &Daemon) {
    let of_2: Vec<_> = paced.lines().into_iter().filter(|line| line.decides("2")).collect();
    let troubled: Vec<_> = of_2.iter().filter(|line| line.text("reading") == "failed").collect();
    assert!(of_2.len() > 3 && troubled.is_empty(), "{} of {} decisions on campaign 2", troubled.len(), of_2.len());
    assert!(stage.updates().iter().all(|update| update.campaign != "2" || update.is_active));
}

/// From the opening of campaign 1's breaker to its end: paused once, probed once each cooldown, resumed low.
fn goes_through_an_open_breaker(stage: &Stage, paced: &mut Daemon, class: &str) {
    let failures = paced.wait_for_times(3, "a failed cycle", |line| line.is_of("pacing_loop_error", "1"));
    for failure in &failures {
        assert_eq!(failure.text("class"), class, "{failure}");
    }
    paced.wait_for("the breaker to open", |line| line.is_of("circuit_breaker_open", "1"));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused_by_breaker", "1"));
    paced.wait_for("a failed probe", |line| line.is_of("circuit_breaker_open", "1"));
    stage.clear_faults();
    paced.wait_for("a good probe", |line| line.is_of("circuit_breaker_closed", "1"));
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    let pauses = stage.updates().into_iter().filter(|update| !update.is_active).count();
    assert_eq!(pauses, 1, "a pause that was confirmed is not sent again");
    assert_one_probe_each_cooldown(stage);
}

fn assert_one_probe_each_cooldown(stage: &Stage) {
    let decisions = stage.decisions();
    let of_1 = decisions.iter().filter(|decision| decision.campaign == "1");
    let opened: Vec<_> = of_1
        .skip_while(|decision| decision.breaker == "closed")
        .filter(|decision| decision.reading != "not-asked")
        .take_while(|decision| decision.breaker != "closed")
        .collect();
    assert!(opened.len() >= 2, "the failure that opened it, and a failed probe");
    for pair in opened.windows(2) {
        let gap = pair[1].at.since(pair[0].at);
        assert!(gap >= Duration::from_secs(45), "probed again after {gap:?}");
    }
}

/// A fault in what campaign 1's queries are answered opens its breaker, and no other.
fn opens_the_breaker_of_one(fault: Fault, class: &str) -> Stage {
    let (stage, settings) = two_campaigns();
    let mut paced = settled(&stage, &settings);
    paced.pass();
    stage.inject(Rule::on(QUERY, fault).for_campaign("1"));
    goes_through_an_open_breaker(&stage, &mut paced, class);
    assert_the_other_went_on(&stage, &paced);
    assert_eq!(stage.too_many(), 0);
    stage.finish(paced);
    stage
}

#[test]
fn server_errors_open_the_breaker_which_pauses_once_and_probes_once_a_cooldown() {
    let (stage, settings) = two_campaigns();
    let mut paced = settled(&stage, &settings);
    paced.pass();
    stage.inject(status(QUERY, 500).for_campaign("1"));
    goes_through_an_open_breaker(&stage, &mut paced, "server");
    assert_the_other_went_on(&stage, &paced);
    stage.finish(paced);
}

#[test]
fn a_minute_in_which_nothing_works_is_survived() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(2.0));
    stage.wait_for_setting("1", 2.0, true);
    let minute = Duration::from_secs(60);
    stage.inject(status(&Operation::all(), 503).for_time(minute));
    paced.wait_for("the breaker to open", |line| line.is("circuit_breaker_open"));
    paced.wait_for("the pause", |line| line.is("campaign_paused_by_breaker"));
    let resumed = paced.wait_for("the resumption", |line| line.is("campaign_resumed"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    let pauses = stage.updates().into_iter().filter(|update| !update.is_active && update.is_accepted).count();
    assert_eq!(pauses, 1);
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn a_body_that_is_no_json_is_a_failed_cycle() {
    opens_the_breaker_of_one(Fault::Malformed { body: None }, "malformed");
}

#[test]
fn a_body_without_entities_is_a_failed_cycle() {
    opens_the_breaker_of_one(Fault::Malformed { body: Some("{\"entities\": null}".to_owned()) }, "malformed");
}

#[test]
fn a_body_that_breaks_off_is_a_failed_cycle() {
    opens_the_breaker_of_one(Fault::Truncated { bytes: None }, "network");
}

#[test]
fn an_answer_that_never_comes_ends_with_the_cycles_deadline() {
    opens_the_breaker_of_one(Fault::Hang { answer_after_s: None }, "timeout");
}

#[test]
fn pages_that_lead_in_a_circle_are_followed_once() {
    let stage = opens_the_breaker_of_one(Fault::EndlessPages { cursor: Cursor::Same }, "malformed");
    assert_pages_at_most(&stage, 2);
}

#[test]
fn pages_without_end_are_followed_to_a_bound() {
    let stage = opens_the_breaker_of_one(Fault::EndlessPages { cursor: Cursor::New }, "malformed");
    assert_pages_at_most(&stage, 20);
}

/// No more further pages are asked for in a row than a bound allows.
fn assert_pages_at_most(stage: &Stage, most: usize) {
    let queries: Vec<_> = stage.requests_of(Operation::Query).into_iter().filter(|q| !q.faults.is_empty()).collect();
    let mut in_a_row = 0;
    for query in &queries {
        in_a_row = if query.path.contains("nextPage=") { in_a_row + 1 } else { 1 };
        assert!(in_a_row <= most, "{in_a_row} pages in a row");
    }
    assert!(queries.iter().any(|query| query.path.contains("nextPage=")));
}

#[test]
fn every_endpoint_hanging_at_once_stops_nothing_for_good() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(2.0));
    stage.wait_for_setting("1", 2.0, true);
    paced.pass();
    stage.inject(hang(&Operation::all()));
    paced.wait_for_times(2, "a cycle that ends by its deadline", |line| {
        line.is("pacing_loop_error") && line.text("class") == "timeout"
    });
    stage.clear_faults();
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn a_ratio_that_the_platform_refuses_is_not_in_force_and_opens_the_breaker() {
    let stage = Stage::new();
    stage.inject(status(PUT, 500));
    // Long enough that the probe does not come between the pauses.
    let mut paced = stage.run(&Settings::fixed(2.0).default_of("breaker_cooldown = \"120s\""));
    paced.wait_for_times(3, "a failed update", |line| line.is_of("update_failed", "1"));
    paced.wait_for("the breaker to open", |line| line.is_of("circuit_breaker_open", "1"));
    for decision in paced.lines().iter().filter(|line| line.decides("1")) {
        assert_eq!(decision.number("ratio_before"), 1.0, "moved before the platform did: {decision}");
    }
    assert!(stage.updates().iter().all(|update| update.ratio <= 1.5), "wound up while updates failed");

    paced.wait_for_times(2, "a pause tried again", |line| line.is_of("pause_failed", "1"));
    stage.clear_faults();
    paced.wait_for("the pause", |line| line.is_of("campaign_paused_by_breaker", "1"));
    assert_eq!(paced.lines_of("circuit_breaker_open").len(), 1, "a failed pause renews no cooldown");
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    stage.finish(paced);
}

/// A platform without the call that reads a campaign back.
fn paces_without_reading_back(answer: u16) {
    let stage = Stage::new();
    stage.inject(status(GET, answer));
    let mut paced = stage.run(&Settings::fixed(2.0));
    paced.wait_for("that it is said", |line| line.is_of("read_back_unavailable", "1"));
    stage.wait_for_setting("1", 2.0, true);
    // Longer than from one reading back to the next.
    paced.wait_for_times(6, "decisions", |line| line.decides_afresh("1"));
    assert_eq!(paced.lines_of("read_back_unavailable").len(), 1, "said once");
    assert_eq!(stage.requests_of(Operation::Get).len(), 1, "asked once");
    assert!(paced.lines_of("circuit_breaker_open").is_empty());
    stage.finish(paced);
}

#[test]
fn a_platform_where_a_campaign_can_not_be_read_back_is_paced_all_the_same() {
    paces_without_reading_back(405);
}

#[test]
fn a_platform_without_that_resource_is_paced_all_the_same() {
    paces_without_reading_back(404);
}
