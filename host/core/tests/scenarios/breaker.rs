//! The circuit breaker: it pauses once until confirmed, probes once, and resumes only what paced paused.

use paced_core::breaker::Breaker;
use paced_core::directive::Urgency;
use paced_core::entry::Event;
use paced_core::people::Command;

use crate::campaign::Campaign;
use crate::platform::{Analytics, Get, Put, active, paused};
use crate::script::Answer;

fn broken() -> Campaign {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign
}

#[test]
fn three_failed_cycles_in_a_row_pause_the_campaign_once() {
    let mut campaign = broken();
    campaign.ticks(2);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "failed"));
    campaign.tick();
    assert!(matches!(campaign.events()[..], [Event::BreakerOpened { .. }]));
    assert_eq!(campaign.sent, [(paused(2.0), Urgency::Pause)], "the ratio in force is kept");
    campaign.forget();
    campaign.ticks(30);
    assert_eq!(campaign.sent(), []);
}

#[test]
fn a_success_in_between_starts_the_count_again_and_429_does_neither() {
    let mut campaign = broken();
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Running;
    campaign.tick();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(2);
    assert!(!campaign.is_paused());
    campaign.platform.analytics = Analytics::Down;
    campaign.tick();
    assert!(campaign.is_paused());
}

#[test]
fn nothing_is_asked_while_it_is_open_then_one_probe_decides() {
    let mut campaign = broken();
    campaign.ticks(3);
    campaign.queries = 0;
    campaign.ticks(2);
    assert_eq!(campaign.queries, 0);
    campaign.tick();
    assert_eq!(campaign.queries, 1);
    assert!(campaign.state.breaker.is_open(), "the probe failed");
    campaign.ticks(2);
    assert_eq!(campaign.queries, 1);
}

#[test]
fn a_probe_that_succeeds_resumes_at_no_more_than_the_resume_ratio() {
    let mut campaign = broken();
    campaign.ticks(3);
    campaign.forget();
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks(3);
    assert_eq!(campaign.events(), [Event::BreakerClosed]);
    assert_eq!(campaign.sent, [(active(1.0), Urgency::Raise)]);
}

#[test]
fn a_quiet_probe_is_a_success_and_a_ratio_below_the_resume_ratio_is_kept() {
    let mut campaign = Campaign::new();
    campaign.platform.setting = active(0.4);
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(3);
    campaign.platform.analytics = Analytics::Quiet;
    campaign.ticks(3);
    assert_eq!(campaign.platform.setting, active(0.4));
}

#[test]
fn a_probe_that_is_put_off_is_repeated_and_decides_nothing() {
    let mut campaign = broken();
    campaign.ticks(3);
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(6);
    assert_eq!(campaign.state.breaker, Breaker::HalfOpen);
    assert!(campaign.is_paused());
    campaign.platform.analytics = Analytics::Running;
    campaign.tick();
    assert!(!campaign.is_paused());
}

#[test]
fn an_unconfirmed_pause_is_sent_at_each_tick_and_does_not_renew_the_cooldown() {
    let mut campaign = broken();
    campaign.platform.put = Put::Down;
    campaign.ticks(3);
    let opened = campaign.state.breaker;
    campaign.ticks(2);
    assert_eq!(campaign.state.breaker, opened);
    assert_eq!(campaign.sent(), [paused(2.0); 3]);
    campaign.platform.put = Put::Works;
    campaign.tick();
    assert_eq!(campaign.sent(), [paused(2.0)]);
    campaign.ticks(8);
    assert_eq!(campaign.sent(), []);
}

#[test]
fn a_pause_that_fails_beside_a_probe_that_is_put_off_does_not_renew_the_cooldown() {
    let mut campaign = broken();
    campaign.platform.put = Put::Down;
    campaign.ticks(3);
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(4);
    assert_eq!(campaign.state.breaker, Breaker::HalfOpen);
}

#[test]
fn updates_that_fail_open_it_although_observations_succeed() {
    let mut campaign = Campaign::new().answering([Answer::Hold, Answer::Hold, Answer::Ratio(1.5)]).settled();
    campaign.platform.put = Put::Down;
    campaign.ticks(2);
    assert!(!campaign.state.breaker.is_open());
    campaign.tick();
    assert!(campaign.state.breaker.is_open());
    assert_eq!(campaign.state.setting, active(2.0), "the ratio in force moves only when it was accepted");
    campaign.forget();
    campaign.platform.put = Put::Works;
    campaign.tick();
    assert_eq!(campaign.sent(), [paused(2.0)]);
}

#[test]
fn a_pause_confirmed_late_is_our_own() {
    let mut campaign = broken();
    campaign.platform.put = Put::Lost;
    campaign.ticks(3);
    campaign.platform.analytics = Analytics::Running;
    campaign.platform.put = Put::Busy;
    campaign.ticks(8);
    assert!(campaign.is_paused());
    campaign.platform.put = Put::Works;
    campaign.ticks(2);
    assert_eq!(campaign.state.people_hold, None);
    assert_eq!(campaign.platform.setting, active(1.0));
}

#[test]
fn it_resumes_nothing_that_an_operator_paused() {
    let mut campaign = broken();
    campaign.operate(Command::Pause).unwrap();
    campaign.ticks(4);
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks(8);
    assert!(campaign.is_paused());
    campaign.operate(Command::Resume).unwrap();
    campaign.tick();
    assert_eq!(campaign.platform.setting, active(1.0));
}

/// The policy changed its mind after a raise whose answer was lost: what is in force is set again.
#[test]
fn a_raise_that_may_have_been_taken_is_undone() {
    let mut campaign = Campaign::new().answering([Answer::Hold, Answer::Hold, Answer::Ratio(2.3), Answer::Hold]);
    campaign.platform.get = Get::Missing;
    campaign.platform.setting = active(1.0);
    campaign.ticks(2);
    campaign.forget();
    campaign.platform.put = Put::Lost;
    campaign.tick();
    assert_eq!(campaign.platform.setting, active(1.5));
    campaign.platform.put = Put::Works;
    campaign.tick();
    assert_eq!(campaign.platform.setting, active(1.0));
    campaign.ticks(5);
    assert_eq!(campaign.sent(), [active(1.5), active(1.0)]);
}

/// The answer to the pause was lost: the campaign may be paused, so going on is resuming.
#[test]
fn what_may_be_paused_is_resumed_at_no_more_than_the_resume_ratio() {
    for put in [Put::Lost, Put::Down] {
        let mut campaign = broken().answering([Answer::Ratio(1.9)]);
        campaign.platform.put = put;
        campaign.ticks(3);
        campaign.platform.analytics = Analytics::Running;
        campaign.ticks(2);
        campaign.platform.put = Put::Works;
        campaign.forget();
        campaign.tick();
        assert_eq!(campaign.sent, [(active(1.0), Urgency::Raise)], "{put:?}");
    }
}

/// The answer to the resumption was lost: the campaign may dial, so it is paused again though it was paused before.
#[test]
fn what_may_have_been_resumed_is_paused() {
    let mut campaign = broken();
    campaign.ticks(3);
    campaign.platform.analytics = Analytics::Running;
    campaign.platform.put = Put::Lost;
    campaign.ticks(3);
    assert!(!campaign.is_paused());
    campaign.platform.put = Put::Works;
    campaign.operate(Command::Pause).unwrap();
    campaign.forget();
    campaign.tick();
    assert_eq!(campaign.sent, [(paused(2.0), Urgency::Pause)]);
    campaign.ticks(3);
    assert!(campaign.is_paused());
}

#[test]
fn a_cycle_that_fails_twice_counts_once() {
    let mut campaign = Campaign::new();
    (campaign.platform.get, campaign.platform.analytics) = (Get::Down, Analytics::Down);
    campaign.ticks(2);
    assert_eq!(campaign.state.breaker, Breaker::Closed { failures: 2 });
    campaign.tick();
    assert!(campaign.state.breaker.is_open());

    let mut campaign = broken();
    campaign.operate(Command::Pause).unwrap();
    campaign.platform.put = Put::Down;
    campaign.ticks(2);
    assert_eq!(campaign.state.breaker, Breaker::Closed { failures: 2 });
}

#[test]
fn a_start_at_which_reading_back_fails_opens_it() {
    let mut campaign = Campaign::new();
    campaign.platform.get = Get::Down;
    campaign.ticks(3);
    assert!(campaign.state.breaker.is_open());
}

#[test]
fn it_opens_once_for_an_operator_to_see() {
    let mut campaign = Campaign::new();
    (campaign.platform.get, campaign.platform.analytics) = (Get::Down, Analytics::Down);
    campaign.ticks(4);
    let opened = campaign.events().iter().filter(|event| matches!(event, Event::BreakerOpened { .. })).count();
    assert_eq!(opened, 1);
}
