//! The policy's part: what it is shown, what its faults cost, and how a successor takes over.

use paced_core::entry::Event;
use paced_core::policy::FaultClass;
use paced_core::ratio::DialRatio;
use paced_core::reading::Status;

use crate::campaign::Campaign;
use crate::platform::{Analytics, Put, active};
use crate::script::{Answer, Script};

#[test]
fn it_is_shown_the_ratio_in_force_its_state_and_what_the_guard_did() {
    let mut campaign = Campaign::new().answering([Answer::Ratio(99.0), Answer::Hold]);
    campaign.ticks(2);
    let [first, second] = &campaign.policy.asked[..] else { panic!("asked at each tick") };
    assert_eq!((first.dial_ratio, first.since_last_decision_s, first.state.len()), (2.0, None, 0));
    assert_eq!((second.dial_ratio, second.since_last_decision_s), (2.5, Some(15.0)));
    assert_eq!(second.state, b"v1 after 1");
    assert_eq!(second.guard_reasons, ["bounds", "ramp-up"]);
    assert_ne!(first.seed, second.seed);
    assert_eq!(second.windows.last_5m.answered, 30);
    assert!(second.reading.fresh);
}

#[test]
fn the_ratio_that_it_is_shown_moves_only_when_the_platform_accepts_it() {
    let mut campaign = Campaign::new().settled().answering([Answer::Change(0.1)]);
    campaign.platform.put = Put::Busy;
    campaign.ticks(5);
    assert!(campaign.policy.asked.iter().all(|input| input.dial_ratio == 2.0));
    assert_eq!(campaign.state.setting, active(2.0));
}

#[test]
fn numbers_that_are_none_hold() {
    for ratio in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut campaign = Campaign::new().settled().answering([Answer::Ratio(ratio)]);
        campaign.ticks(3);
        assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "not-finite"));
    }
}

#[test]
fn a_fault_holds_and_the_fifth_in_a_row_brings_the_fallback() {
    let mut campaign = Campaign::new().settled().answering([Answer::Fault]);
    campaign.ticks(4);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "fault"));
    assert_eq!(campaign.entry.as_ref().unwrap().fault.as_ref().unwrap().class, FaultClass::Trap);
    campaign.tick();
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![active(1.0)], "fault,fallback"));
    assert!(matches!(campaign.events()[..], [Event::FallbackStarted(_)]));
}

#[test]
fn a_decision_in_between_starts_the_count_of_faults_again() {
    use Answer::{Fault, Hold};
    let mut campaign = Campaign::new().settled();
    campaign.policy = Script::new([Fault, Fault, Fault, Fault, Hold, Fault, Fault, Fault, Fault, Hold]);
    campaign.ticks(12);
    assert_eq!(campaign.events(), []);
}

#[test]
fn the_fallback_never_raises() {
    let mut campaign = Campaign::new();
    campaign.platform.setting = active(0.4);
    let mut campaign = campaign.settled().answering([Answer::Fault]);
    campaign.ticks(10);
    assert_eq!(campaign.platform.setting, active(0.4));
}

#[test]
fn the_policy_is_tried_again_after_the_cooldown() {
    let mut campaign = Campaign::new().settled().answering([Answer::Fault]);
    campaign.ticks(5);
    campaign.forget();
    campaign.policy = Script::new([Answer::Fault, Answer::Ratio(1.2)]);
    campaign.ticks(2);
    assert_eq!((campaign.policy.asked.len(), campaign.reasons().as_str()), (0, "fallback"));
    campaign.tick();
    assert_eq!(campaign.policy.asked.len(), 1, "tried once, and it failed");
    campaign.ticks(2);
    assert_eq!((campaign.policy.asked.len(), campaign.events()), (1, vec![]));
    campaign.tick();
    assert_eq!((campaign.sent(), campaign.events()), (vec![active(1.2)], vec![Event::FallbackEnded]));
}

#[test]
fn a_new_revision_is_tried_at_once_and_starts_with_no_faults() {
    let mut campaign = Campaign::new().settled().answering([Answer::Fault]);
    campaign.ticks(5);
    campaign.forget();
    campaign.policy = Script::new([Answer::Fault]).revised(2);
    campaign.ticks(4);
    assert_eq!(campaign.events(), [Event::FallbackEnded]);
    assert_eq!(campaign.policy.asked.len(), 4);
    campaign.tick();
    assert!(matches!(campaign.events()[..], [Event::FallbackStarted(_)]));
}

#[test]
fn a_successor_of_the_same_state_version_goes_on_from_the_state() {
    let mut campaign = Campaign::new().settled();
    let state = campaign.state.policy.state.clone();
    campaign.policy = Script::new([Answer::Hold]).revised(2);
    campaign.tick();
    assert_eq!(campaign.policy.asked[0].state, state);
}

#[test]
fn a_successor_of_another_state_version_migrates_the_state_or_starts_afresh() {
    let mut campaign = Campaign::new().settled();
    campaign.policy = Script::new([Answer::Hold]).revised(2).with_state_version(2, true);
    campaign.tick();
    assert_eq!(campaign.policy.asked[0].state, b"from 1: v1 after 2");
    campaign.tick();
    assert_eq!(campaign.policy.asked[1].state, b"v2 after 1", "migrated once");
    assert_eq!(campaign.events(), []);

    campaign.policy = Script::new([Answer::Hold]).revised(3).with_state_version(3, false);
    campaign.ticks(2);
    assert!(campaign.policy.asked[0].state.is_empty());
    assert_eq!(campaign.events(), [Event::StateDropped]);
}

#[test]
fn another_policy_never_gets_the_state_of_the_one_before() {
    let mut campaign = Campaign::new().settled();
    campaign.policy = Script::new([Answer::Hold]).revised(2).named("other");
    campaign.tick();
    assert!(campaign.policy.asked[0].state.is_empty());
    assert_eq!(campaign.events(), [Event::StateDropped]);
}

#[test]
fn a_campaign_that_is_paused_is_no_question_for_the_policy() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks_until(5, Campaign::is_paused).unwrap();
    campaign.policy.asked.clear();
    campaign.ticks(2);
    assert!(campaign.policy.asked.is_empty());
}

#[test]
fn few_agents_are_dialled_one_line_each_at_most() {
    let mut campaign = Campaign::new().settled().answering([Answer::Ratio(3.0)]);
    campaign.platform.agents = (1.0, 1.0);
    campaign.tick();
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![active(1.0)], "small-group"));
    let setting = campaign.entry.as_ref().unwrap().ruled;
    assert_eq!((setting.ratio, setting.status), (DialRatio::ONE, Status::Active));
}
