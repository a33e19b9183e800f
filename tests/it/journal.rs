//! The journal: each directive stands in it before it is sent, with what became of it; and pacing outlives it.

use std::fs;

use paced::journal::DecisionRow;
use paced::tenant::{Fault, Operation, Rule};
use paced_core::reading::Status;

use crate::harness::{PUT, QUERY, Settings, Stage, TIME_SCALE, Update, eventually, hang, status};

/// Whether this decision orders this update.
fn orders(decision: &DecisionRow, update: &Update) -> bool {
    decision.sends
        && decision.campaign == update.campaign
        && decision.ratio.value() == update.ratio
        && (decision.status == Status::Active) == update.is_active
}

#[test]
fn a_directive_is_in_the_journal_before_it_is_sent() {
    let stage = Stage::new();
    // The platform takes the update and says nothing: had it been sent first, the journal would not know of it yet.
    stage.inject(hang(PUT));
    let mut paced = stage.run(&Settings::fixed(1.5));
    let request = stage.wait_for_request(Operation::Put, 0);
    let decisions = stage.decisions();
    let ordered = decisions.iter().find(|decision| orders(decision, &Update::of(&request)));
    assert_eq!(ordered.expect("the decision").outcome, "pending");

    stage.clear_faults();
    paced.wait_for("that it failed", |line| line.is_of("update_failed", "1"));
    let decision = eventually("the outcome", || stage.decisions().into_iter().find(|d| d.outcome == "failed"));
    assert!(decision.outcome_message.is_some_and(|message| message.contains("updating the campaign")));
    stage.finish(paced);
}

#[test]
fn every_update_of_a_day_has_its_decision_and_its_outcome() {
    let stage = Stage::with(TIME_SCALE, &[20, 5], |_| {});
    let settings = Settings::proportional().campaign("2", 5, "");
    let mut paced = stage.run(&settings);
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("2"));
    // One that fails at first, and an outage with a pause.
    stage.inject(status(PUT, 503).for_campaign("2").for_requests(3));
    stage.inject(status(QUERY, 500));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused_by_breaker", "1"));
    stage.clear_faults();
    paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    paced.end();
    stage.check();

    for campaign in ["1", "2"] {
        has_decisions_in_order(&stage, campaign);
    }
}

/// The updates of a campaign are those that its decisions ordered, in their order; attempts at one are one.
fn has_decisions_in_order(stage: &Stage, campaign: &str) {
    let decisions: Vec<_> =
        stage.decisions().into_iter().filter(|decision| decision.campaign == campaign && decision.sends).collect();
    assert!(decisions.iter().all(|decision| decision.outcome != "pending"), "each has an outcome once paced has ended");
    let updates: Vec<_> = stage.updates().into_iter().filter(|update| update.campaign == campaign).collect();
    assert!(!updates.is_empty());
    let mut ahead = decisions.iter().peekable();
    for update in &updates {
        while ahead.next_if(|decision| !orders(decision, update)).is_some() {}
        assert!(ahead.peek().is_some(), "no decision ordered {update:?}");
    }
    let applied = decisions.iter().filter(|decision| decision.outcome == "applied").count();
    // One that a pause displaced while it was under way may have been accepted too.
    assert!(applied > 0 && applied <= updates.iter().filter(|update| update.is_accepted).count());
}

#[test]
fn while_the_journal_is_locked_pauses_go_and_raises_wait() {
    // SQLite waits for a lock by the wall's clock: each write takes two seconds of it here.
    let stage = Stage::with(5.0, &[20], |_| {});
    let mut paced = stage.run(&Settings::fixed(1.0));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    // Someone opens the file, begins a transaction, and goes to lunch.
    let lunch = rusqlite::Connection::open(stage.data_dir().join("journal.db")).unwrap();
    lunch.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The answer may be late by then, but the order counts.
    stage.order("pause", "1");
    stage.wait_for_setting("1", 1.0, false);
    paced.wait_for("that it is said", |line| line.is("journal_failed"));

    stage.order("resume", "1");
    let put_off = paced.wait_for("that it waits", |line| line.is_of("update_deferred", "1"));
    assert!(put_off.text("message").contains("journal"), "{put_off}");
    assert_eq!(stage.setting("1"), (1.0, false));

    lunch.execute_batch("ROLLBACK").unwrap();
    stage.wait_for_setting("1", 1.0, true);
    stage.finish(paced);
}

#[test]
fn a_journal_that_is_deleted_is_begun_anew() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.0));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        fs::remove_file(stage.data_dir().join(name)).unwrap();
    }
    eventually("a journal", || stage.data_dir().join("journal.db").exists().then_some(()));
    paced.pass();
    paced.wait_for_times(2, "decisions", |line| line.decides_afresh("1"));
    paced.end();
    assert!(!stage.decisions().is_empty());
}

#[test]
fn a_journal_that_is_no_file_any_more_stops_raises_and_nothing_else() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(2.0));
    stage.wait_for_setting("1", 2.0, true);
    let file = stage.data_dir().join("journal.db");
    fs::rename(&file, stage.path("elsewhere.db")).unwrap();
    fs::create_dir(&file).unwrap();
    paced.wait_for("that it is said", |line| line.is("journal_failed"));
    // Blind: a lower goes, the raise after it does not.
    stage.inject(Rule::on(QUERY, Fault::Stale));
    stage.wait_for_setting("1", 1.0, true);
    stage.clear_faults();
    paced.wait_for("a raise that waits", |line| line.is_of("update_deferred", "1"));
    assert_eq!(stage.setting("1"), (1.0, true));

    fs::remove_dir(&file).unwrap();
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}
