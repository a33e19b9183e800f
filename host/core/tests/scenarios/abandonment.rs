//! Abandonment: the ceiling while it is over the limit, and the safety trip when that is beyond doubt.

use std::time::Duration;

use paced_core::entry::Event;
use paced_core::people::Command;

use crate::campaign::Campaign;
use crate::platform::{Analytics, Put, active, paused};
use crate::script::{Answer, Script};

/// Every fourth live answer is abandoned.
fn abandoning() -> Campaign {
    let mut campaign = Campaign::new().settled();
    campaign.platform.calls_per_s = (3, 1);
    campaign
}

fn is_tripped(campaign: &Campaign) -> bool {
    campaign.state.trip.is_tripped()
}

#[test]
fn the_ratio_may_fall_and_not_rise_while_abandonment_is_over_the_limit() {
    let mut campaign = abandoning().answering([Answer::Change(0.3), Answer::Change(-0.2)]);
    campaign.config.abandonment.trip_readings = 100;
    campaign.tick();
    assert!(campaign.entry.as_ref().unwrap().evidence.over);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "ceiling"));
    campaign.tick();
    assert_eq!(campaign.sent(), [active(1.8)], "the lowered ratio is applied, not only wished");
}

#[test]
fn too_few_answers_are_no_evidence() {
    let mut campaign = Campaign::new().settled().answering([Answer::Change(0.1)]);
    campaign.config.abandonment.min_answers = 1000;
    campaign.platform.calls_per_s = (0, 1);
    campaign.ticks(5);
    assert_eq!(campaign.platform.setting, active(2.5));
}

#[test]
fn three_readings_over_the_limit_pause_it_with_the_ratio_in_force() {
    let mut campaign = abandoning();
    assert_eq!(campaign.ticks_until(5, is_tripped), Some(3));
    assert!(matches!(campaign.events()[..], [Event::Tripped(evidence)] if evidence.shown_over));
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![paused(2.0)], "tripped"));
}

#[test]
fn readings_that_are_no_news_do_not_count() {
    let mut campaign = abandoning();
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Stuck;
    campaign.ticks(2);
    assert!(!is_tripped(&campaign));
    campaign.platform.analytics = Analytics::Running;
    campaign.tick();
    assert!(is_tripped(&campaign));
}

#[test]
fn after_the_cooldown_it_resumes_and_only_calls_since_then_count() {
    let mut campaign = abandoning();
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.forget();
    campaign.ticks(2);
    assert_eq!(campaign.sent(), []);
    campaign.platform.calls_per_s = (4, 0);
    campaign.tick();
    assert_eq!((campaign.sent(), campaign.events()), (vec![active(1.0)], vec![Event::Rearmed]));
    campaign.policy = Script::new([Answer::Change(0.1)]);
    campaign.ticks(5);
    assert_eq!(campaign.platform.setting, active(1.5), "no ceiling from before the pause");
}

#[test]
fn a_second_trip_within_the_hour_lasts_twice_as_long() {
    let mut campaign = abandoning();
    campaign.ticks_until(5, is_tripped).unwrap();
    assert_eq!(campaign.ticks_until(20, |campaign| !is_tripped(campaign)), Some(3));
    campaign.ticks_until(20, is_tripped).unwrap();
    assert_eq!(campaign.ticks_until(20, |campaign| !is_tripped(campaign)), Some(6));
}

#[test]
fn it_resumes_on_a_sign_of_life_and_not_by_the_clock_alone() {
    let mut campaign = abandoning();
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(5);
    assert!(campaign.is_paused());
    campaign.platform.analytics = Analytics::Quiet;
    campaign.tick();
    assert_eq!(campaign.platform.setting, active(1.0));
}

#[test]
fn trip_and_breaker_at_once_both_have_to_be_over() {
    let mut campaign = abandoning();
    campaign.config.abandonment.trip_readings = 3;
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(3);
    assert!(is_tripped(&campaign) && campaign.state.breaker.is_open());
    campaign.forget();
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Running;
    assert!(campaign.is_paused());
    campaign.tick();
    assert_eq!(campaign.events(), [Event::BreakerClosed, Event::Rearmed]);
    assert_eq!(campaign.sent(), [active(1.0)]);
}

#[test]
fn a_pause_that_does_not_get_through_is_sent_until_it_does() {
    let mut campaign = abandoning();
    campaign.platform.put = Put::Busy;
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.ticks(1);
    campaign.platform.put = Put::Works;
    campaign.tick();
    assert_eq!(campaign.sent(), [paused(2.0); 3]);
    assert!(campaign.is_paused());
}

#[test]
fn a_trip_does_not_lift_an_operators_pause() {
    let mut campaign = abandoning();
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.operate(Command::Pause).unwrap();
    campaign.ticks(20);
    assert!(!is_tripped(&campaign) && campaign.is_paused());
}

/// Calls that a reading brings in the very step that resumes were offered before it.
#[test]
fn calls_that_come_in_with_the_resumption_are_from_before_it() {
    let mut campaign = abandoning();
    campaign.ticks_until(5, is_tripped).unwrap();
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(2);
    campaign.platform.setting = active(2.0);
    campaign.pass(Duration::from_secs(60));
    campaign.platform.setting = paused(2.0);
    campaign.platform.analytics = Analytics::Running;
    campaign.tick();
    assert_eq!(campaign.events().last(), Some(&Event::Rearmed));
    let evidence = campaign.entry.as_ref().unwrap().evidence;
    assert_eq!(evidence.counts.live(), 0);
    campaign.platform.calls_per_s = (4, 0);
    campaign.tick();
    assert_eq!(campaign.entry.as_ref().unwrap().evidence.counts.abandoned, 0);
}
