//! Start and restart: paced goes on from what the platform has, and knows its own pauses from a person's.

use std::time::Duration;

use paced_core::breaker::Breaker;
use paced_core::entry::Event;
use paced_core::ratio::DialRatio;
use paced_core::reading::Status;
use paced_core::state::CampaignState;

use crate::campaign::Campaign;
use crate::platform::{Analytics, Get, Put, active, paused};
use crate::script::Answer;

#[test]
fn the_platforms_own_ratio_is_adopted() {
    let mut campaign = Campaign::new().answering([Answer::Change(0.1)]);
    campaign.tick();
    assert_eq!(campaign.events(), [Event::Adopted(active(2.0))]);
    assert_eq!(campaign.sent(), [active(2.1)]);
}

#[test]
fn a_ratio_out_of_bounds_is_brought_within_by_the_first_decision() {
    let mut campaign = Campaign::new();
    campaign.config.max_dial_ratio = DialRatio::new(1.5).unwrap();
    campaign.config.ramp_down = 0.1;
    campaign.tick();
    assert_eq!(campaign.sent(), [active(1.5)]);
    assert_eq!(campaign.reasons(), "policy-hold,bounds,ramp-down,rounded");
}

#[test]
fn a_campaign_that_a_person_paused_before_the_start_is_left_alone() {
    let mut campaign = Campaign::new().answering([Answer::Change(0.1)]);
    campaign.platform.setting = paused(2.0);
    campaign.ticks(10);
    assert_eq!(campaign.sent(), []);
    assert!(campaign.state.people_hold.is_some());
    assert!(matches!(campaign.events()[..], [Event::PeopleHold { .. }]));
}

#[test]
fn a_pause_from_before_a_crash_is_our_own_and_lifted_at_no_more_than_the_resume_ratio() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks_until(5, Campaign::is_paused).unwrap();
    campaign.crash();
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks_until(5, |campaign| !campaign.is_paused()).unwrap();
    assert_eq!(campaign.platform.setting, active(1.0));
}

#[test]
fn a_pause_that_was_sent_just_before_a_crash_is_our_own() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(2);
    campaign.platform.put = Put::Lost;
    campaign.ticks_until(2, Campaign::is_paused).unwrap();
    campaign.crash();
    campaign.platform.put = Put::Works;
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks_until(8, |campaign| !campaign.is_paused()).unwrap();
    assert_eq!(campaign.state.people_hold, None);
}

#[test]
fn a_ratio_that_changed_while_paced_was_away_is_adopted() {
    let mut campaign = Campaign::new().settled();
    campaign.crash();
    campaign.platform.setting = active(0.7);
    campaign.tick();
    assert_eq!(campaign.events(), [Event::Adopted(active(0.7))]);
    assert_eq!(campaign.state.setting, active(0.7));
}

#[test]
fn a_pause_or_a_resumption_while_paced_was_away_is_a_persons() {
    let mut campaign = Campaign::new().settled();
    campaign.crash();
    campaign.platform.setting = paused(2.0);
    campaign.ticks(3);
    assert_eq!(campaign.state.people_hold, Some(paused(2.0)));

    let mut campaign = Campaign::new().settled();
    campaign.operate(paced_core::people::Command::Pause).unwrap();
    campaign.tick();
    campaign.crash();
    campaign.forget();
    campaign.platform.setting = active(2.0);
    campaign.ticks(3);
    assert_eq!(campaign.state.people_hold, Some(active(2.0)));
    assert_eq!(campaign.sent(), []);
}

#[test]
fn where_reading_back_is_unavailable_it_is_said_once_and_pacing_starts_from_the_initial_ratio() {
    let mut campaign = Campaign::new().answering([Answer::Hold, Answer::Change(0.1)]);
    campaign.platform.get = Get::Missing;
    campaign.tick();
    assert_eq!(campaign.events(), [Event::ReadBackUnavailable]);
    assert_eq!(campaign.sent(), [active(1.0)], "nothing is known to be in force, so it is set");
    campaign.tick();
    assert_eq!(campaign.sent(), [active(1.1)]);
    campaign.ticks(20);
    assert_eq!((campaign.gets, campaign.events()), (1, vec![]));
}

#[test]
fn where_reading_back_is_unavailable_pacing_goes_on_from_the_journal() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.get = Get::Missing;
    campaign.crash();
    campaign.tick();
    assert_eq!(campaign.sent(), [active(2.0)]);
}

#[test]
fn nothing_is_sent_while_the_platforms_own_setting_is_unknown() {
    let mut campaign = Campaign::new().answering([Answer::Change(0.1)]);
    campaign.platform.get = Get::Down;
    campaign.ticks(2);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "unconfirmed"));
    campaign.platform.get = Get::Works;
    campaign.tick();
    assert_eq!(campaign.sent(), [active(2.1)]);
}

#[test]
fn time_without_a_host_is_time_without_readings() {
    let mut campaign = Campaign::new().settled();
    campaign.pass(Duration::from_secs(3600));
    campaign.crash();
    campaign.platform.analytics = Analytics::Busy;
    campaign.tick();
    assert_eq!(campaign.platform.setting, active(1.0), "blind, hence safe");
}

#[test]
fn a_hold_survives_a_crash_and_costs_no_more_requests_than_before() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.setting = active(0.7);
    campaign.ticks_until(8, |campaign| campaign.state.people_hold.is_some()).unwrap();
    campaign.crash();
    campaign.tick();
    campaign.gets = 0;
    campaign.ticks(8);
    assert_eq!(campaign.gets, 2);
    assert_eq!(campaign.platform.setting, active(0.7));
}

#[test]
fn a_persons_pause_outlasts_a_platform_that_was_down_at_the_start() {
    let mut campaign = Campaign::new();
    campaign.platform.setting = paused(2.0);
    (campaign.platform.get, campaign.platform.put) = (Get::Down, Put::Down);
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(3);
    (campaign.platform.get, campaign.platform.put) = (Get::Works, Put::Works);
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks(10);
    assert_eq!(campaign.platform.setting, paused(2.0));
    assert_eq!(campaign.state.people_hold, Some(paused(2.0)));
}

/// A platform that comes back while the breaker is open is asked what it has before it is told to pause.
#[test]
fn a_platform_that_was_down_at_the_start_keeps_its_own_ratio() {
    let mut campaign = Campaign::new();
    (campaign.platform.get, campaign.platform.put) = (Get::Down, Put::Down);
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(3);
    assert!(campaign.state.breaker.is_open());
    (campaign.platform.get, campaign.platform.put) = (Get::Works, Put::Works);
    campaign.tick();
    assert_eq!(campaign.platform.setting, paused(2.0));
    assert_eq!(campaign.state.setting, paused(2.0));
}

#[test]
fn our_pause_that_a_person_changed_while_paced_was_away_is_the_persons() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks_until(5, Campaign::is_paused).unwrap();
    campaign.crash();
    campaign.platform.setting = paused(0.5);
    campaign.platform.analytics = Analytics::Running;
    campaign.ticks(8);
    assert_eq!(campaign.platform.setting, paused(0.5));
    assert_eq!(campaign.state.people_hold, Some(paused(0.5)));
}

#[test]
fn a_clock_that_went_back_leaves_cooldowns_as_long_as_they_were() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(3);
    assert!(campaign.state.breaker.is_open());
    let hours_earlier = campaign.now - Duration::from_secs(10_000);
    campaign.state = campaign.state.clone().recovered(hours_earlier);
    let cooldown = campaign.config.breaker_cooldown;
    assert!(campaign.state.breaker.at(hours_earlier).is_open());
    assert_eq!(campaign.state.breaker.at(hours_earlier + cooldown), Breaker::HalfOpen);
    assert_eq!(campaign.state.stepped_at, Some(hours_earlier));
}

#[test]
fn a_recovered_state_has_to_be_confirmed_again() {
    let mut campaign = Campaign::new().settled();
    assert!(campaign.state.is_settled());
    campaign.crash();
    assert!(!campaign.state.is_settled());
    assert_eq!(campaign.state.setting.status, Status::Active);

    campaign.state = CampaignState::new(&campaign.config);
    campaign.platform.get = Get::Missing;
    campaign.platform.put = Put::Busy;
    campaign.tick();
    campaign.crash();
    assert!(!campaign.state.is_settled(), "what was unreadable may be readable by now");
}
