//! The end of paced, by power failure or by order, and what it goes on with after.

use rustix::process::Signal;

use crate::harness::{Daemon, GET, PUT, QUERY, Settings, Stage, hang, status};

const RATIO: f64 = 2.5;

/// A stage whose campaign has come to its policy's ratio, which has been confirmed.
fn settled(settings: &Settings) -> (Stage, Daemon) {
    let stage = Stage::new();
    let mut paced = stage.run(settings);
    stage.wait_for_setting("1", RATIO, true);
    paced.wait_for("a decision", |line| line.decides_afresh("1") && line.number("ratio_before") == RATIO);
    (stage, paced)
}

/// The second life of paced on this stage never had, and never sent, another ratio than that of the first.
fn goes_on_at_the_ratio(stage: &Stage, settings: &Settings) {
    let before = stage.last_request();
    let mut paced = stage.run(settings);
    let decisions = paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    for decision in decisions {
        assert_eq!((decision.number("ratio_before"), decision.number("ratio")), (RATIO, RATIO), "{decision}");
    }
    assert!(stage.updates_after(before).iter().all(|update| update.ratio == RATIO && update.is_active));
    stage.finish(paced);
}

#[test]
fn after_a_kill_the_ratio_is_the_platforms() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    paced.kill();
    goes_on_at_the_ratio(&stage, &settings);
}

#[test]
fn after_a_kill_the_ratio_is_the_journals_where_the_platform_can_not_be_read_back() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    paced.kill();
    stage.inject(status(GET, 405));
    goes_on_at_the_ratio(&stage, &settings);
}

#[test]
fn after_a_kill_a_pause_by_the_breaker_is_still_ours_and_is_lifted() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    stage.inject(status(QUERY, 500));
    paced.wait_for("the pause", |line| line.is("campaign_paused_by_breaker"));
    paced.kill();
    stage.clear_faults();

    let before = stage.last_request();
    let mut paced = stage.run(&settings);
    let first = paced.wait_for("a decision", |line| line.decides("1"));
    assert_ne!(first.text("breaker"), "closed", "the breaker is as it was: {first}");
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    assert!(stage.updates_after(before).iter().all(|update| update.is_active), "it had been paused already");
    assert!(paced.lines_of("people_hold").is_empty(), "paced's own pause is no person's");
    stage.wait_for_setting("1", RATIO, true);
    stage.finish(paced);
}

#[test]
fn after_a_kill_a_persons_pause_is_still_theirs() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    stage.person_pauses("1");
    paced.wait_for("that it is seen", |line| line.is_of("people_hold", "1"));
    paced.kill();
    stays_paused(&stage, &settings);
}

#[test]
fn a_pause_by_a_person_while_paced_was_down_is_theirs() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    paced.kill();
    stage.person_pauses("1");
    stays_paused(&stage, &settings);
}

fn stays_paused(stage: &Stage, settings: &Settings) {
    let before = stage.last_request();
    let mut paced = stage.run(settings);
    paced.wait_for_times(6, "decisions", |line| line.decides_by("1", "people-hold"));
    assert!(stage.updates_after(before).is_empty());
    assert_eq!(stage.setting("1"), (RATIO, false));
    stage.finish(paced);
}

#[test]
fn an_operators_pause_outlives_a_kill() {
    let settings = Settings::fixed(RATIO);
    let (stage, mut paced) = settled(&settings);
    assert_eq!(stage.order("pause", "1").code, Some(0));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused", "1"));
    paced.kill();

    let mut paced = stage.run(&settings);
    paced.wait_for_times(3, "decisions", |line| line.decides_by("1", "operator-pause"));
    assert_eq!(stage.order("resume", "1").code, Some(0));
    paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    stage.finish(paced);
}

/// What the platform has after an end by order.
fn left_behind(on_exit: &str) -> (f64, bool) {
    let (stage, mut paced) = settled(&Settings::fixed(RATIO).default_of(&format!("on_exit = \"{on_exit}\"")));
    paced.signal(Signal::TERM);
    assert_eq!(paced.wait_for_end().code(), Some(0), "{}", paced.errors());
    assert!(paced.lines().last().is_some_and(|line| line.is("daemon_stopped")));
    assert_eq!(paced.lines_of("shutdown_cut_short").len(), 0);
    stage.check();
    stage.setting("1")
}

#[test]
fn on_exit_hold_leaves_the_campaign_as_it_is() {
    assert_eq!(left_behind("hold"), (RATIO, true));
}

#[test]
fn on_exit_safe_leaves_it_at_the_safe_ratio() {
    assert_eq!(left_behind("safe"), (1.0, true));
}

#[test]
fn on_exit_pause_leaves_it_paused() {
    assert_eq!(left_behind("pause"), (RATIO, false));
}

#[test]
fn a_pause_on_exit_is_still_ours_at_the_next_start() {
    let settings = Settings::fixed(RATIO).default_of("on_exit = \"pause\"");
    let (stage, mut paced) = settled(&settings);
    paced.end();
    assert_eq!(stage.setting("1"), (RATIO, false));
    let mut paced = stage.run(&settings);
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    paced.end();
}

#[test]
fn an_interrupt_from_the_keyboard_ends_it_well_too() {
    let (_stage, mut paced) = settled(&Settings::fixed(RATIO));
    paced.signal(Signal::INT);
    assert_eq!(paced.wait_for_end().code(), Some(0), "{}", paced.errors());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    // By the wall's clock, so that the first signal has something to wait for.
    let stage = Stage::with(1.0, &[20], |_| {});
    stage.inject(hang(PUT));
    let mut paced = stage.run(&Settings::fixed(1.0).default_of("on_exit = \"pause\""));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    paced.signal(Signal::TERM);
    stage.wait_for_request(paced::tenant::Operation::Put, 0);
    paced.signal(Signal::TERM);
    let status = paced.wait_for_end();
    assert_eq!(status.code(), Some(130), "{status}");
    assert!(paced.lines_of("daemon_stopped").is_empty());
}

#[test]
fn a_data_directory_in_use_names_the_process_that_uses_it() {
    let stage = Stage::new();
    let settings = Settings::proportional();
    let mut first = stage.run(&settings);
    first.wait_for("a decision", |line| line.decides("1"));
    let mut second = Daemon::spawn(&mut stage.command());
    assert_eq!(second.wait_for_end().code(), Some(1));
    let errors = second.errors();
    assert!(errors.contains(&format!("in use by process {}", first.id())), "{errors}");
    stage.finish(first);
}
