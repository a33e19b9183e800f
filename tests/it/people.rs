//! People come first: what someone else set is left alone until it is released, and operators have the last word.

use paced::tenant::Operation;

use crate::harness::{Daemon, QUERY, Settings, Stage, status};

/// A stage whose campaign has come to its policy's 2.0.
fn at_two() -> (Stage, Daemon) {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(2.0));
    stage.wait_for_setting("1", 2.0, true);
    paced.wait_for("a decision", |line| line.decides_afresh("1") && line.number("ratio_before") == 2.0);
    (stage, paced)
}

/// Waits until the change is seen, and checks that it is left alone for longer than a reading back takes.
fn is_left_alone(stage: &Stage, paced: &mut Daemon) {
    let before = stage.last_request();
    let seen = paced.wait_for("that it is seen", |line| line.is_of("people_hold", "1"));
    assert!(seen.text("message").contains("paced release"), "{seen}");
    paced.wait_for_times(6, "decisions", |line| line.decides_by("1", "people-hold"));
    assert!(stage.updates_after(before).is_empty(), "{:?}", stage.updates_after(before));
    assert_eq!(paced.lines_of("people_hold").len(), 1, "said once");
}

#[test]
fn a_persons_pause_is_left_alone_until_it_is_released() {
    let (stage, mut paced) = at_two();
    stage.person_pauses("1");
    is_left_alone(&stage, &mut paced);
    assert_eq!(stage.setting("1"), (2.0, false));

    let released = stage.order("release", "1");
    assert_eq!(released.code, Some(0), "{released:?}");
    paced.wait_for("the release", |line| line.is_of("released", "1"));
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn a_persons_ratio_is_left_alone_until_it_is_released() {
    let (stage, mut paced) = at_two();
    stage.person_sets("1", 3.4);
    is_left_alone(&stage, &mut paced);
    assert_eq!(stage.setting("1"), (3.4, true));

    assert_eq!(stage.order("release", "1").code, Some(0));
    // It goes on from the person's ratio, which is where the policy's wish is measured from.
    paced.wait_for("a decision", |line| line.decides_afresh("1") && line.number("ratio_before") == 3.4);
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn an_operators_pause_lasts_until_the_operator_resumes() {
    let (stage, mut paced) = at_two();
    let ordered = stage.order("pause", "1");
    assert_eq!(ordered.code, Some(0), "{ordered:?}");
    assert!(ordered.out.starts_with("1: "), "{ordered:?}");
    paced.wait_for("the pause", |line| line.is_of("campaign_paused", "1"));
    let before = stage.last_request();
    paced.wait_for_times(4, "decisions", |line| line.decides_by("1", "operator-pause"));
    assert!(stage.updates_after(before).is_empty(), "paused once");
    assert_eq!(stage.setting("1"), (2.0, false));
    assert!(paced.lines_of("people_hold").is_empty(), "paced's own pause is no person's");

    assert_eq!(stage.order("resume", "1").code, Some(0));
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    stage.wait_for_setting("1", 2.0, true);
    stage.finish(paced);
}

#[test]
fn an_order_that_fits_nothing_is_refused_with_the_reason() {
    let (stage, paced) = at_two();
    for (command, campaign, reason) in [
        ("resume", "1", "this campaign is not paused by an operator"),
        ("release", "1", "this campaign is paced already"),
        ("pause", "77", "campaign `77` is not in this paced's configuration"),
    ] {
        let refused = stage.order(command, campaign);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains(reason), "{refused:?}");
    }
    stage.finish(paced);

    let nobody = stage.order("pause", "1");
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.err.contains("no paced is running"), "{nobody:?}");
}

#[test]
fn a_raise_reads_the_campaign_back_first() {
    let (stage, mut paced) = at_two();
    paced.wait_for("a decision", |line| line.decides_afresh("1"));
    let requests: Vec<_> = stage
        .requests()
        .into_iter()
        .filter(|request| matches!(request.operation, Some(Operation::Put | Operation::Get)))
        .collect();
    for (before, update) in requests.iter().zip(&requests[1..]) {
        if update.operation == Some(Operation::Put) {
            assert_eq!(before.operation, Some(Operation::Get), "{update:?}");
        }
    }
    stage.finish(paced);
}

#[test]
fn a_campaign_that_a_person_resumed_while_the_breaker_had_paused_it_is_theirs() {
    let (stage, mut paced) = at_two();
    stage.inject(status(QUERY, 500));
    paced.wait_for("the pause", |line| line.is("campaign_paused_by_breaker"));
    stage.person_resumes("1");
    stage.clear_faults();
    is_left_alone(&stage, &mut paced);
    assert_eq!(stage.setting("1"), (2.0, true));
    stage.finish(paced);
}
