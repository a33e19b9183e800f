//! Silence: stale readings hold, blindness steps down, and a quiet campaign is not a broken one.

use std::time::Duration;

use paced_core::breaker::Breaker;
use paced_core::config::Stance;
use paced_core::entry::Event;
use paced_core::people::Command;
use paced_core::ratio::DialRatio;

use crate::campaign::Campaign;
use crate::platform::{Analytics, active, paused};
use crate::script::{Answer, Script};

fn silent(when_blind: Stance, analytics: Analytics) -> Campaign {
    let mut campaign = Campaign::new().settled().answering([Answer::Change(0.1)]);
    campaign.config.when_blind = when_blind;
    campaign.platform.analytics = analytics;
    campaign
}

#[test]
fn a_reading_seen_before_holds_once_it_is_stale() {
    let mut campaign = silent(Stance::Safe, Analytics::Stuck);
    campaign.ticks(2);
    assert_eq!(campaign.platform.setting, active(2.2), "15 and 30 s old");
    campaign.ticks(5);
    assert_eq!((campaign.platform.setting, campaign.reasons().as_str()), (active(2.2), "stale"));
    assert_eq!(campaign.policy.asked.len(), 2);
    assert!(!campaign.policy.asked[1].reading.fresh && campaign.policy.asked[1].reading.age_s > 29.0);
}

#[test]
fn blind_steps_down_to_the_safe_ratio_and_never_up() {
    let mut campaign = silent(Stance::Safe, Analytics::Busy);
    assert_eq!(campaign.ticks_until(20, |campaign| campaign.ratio() < 200), Some(10));
    assert_eq!((campaign.sent(), campaign.events()), (vec![active(1.0)], vec![Event::Blinded]));
    assert_eq!(campaign.reasons(), "blind");
    campaign.ticks(10);
    assert_eq!((campaign.sent(), campaign.events()), (vec![], vec![]));
    campaign.platform.analytics = Analytics::Running;
    campaign.tick();
    assert_eq!((campaign.sent(), campaign.events()), (vec![active(1.1)], vec![Event::Sighted]));

    let mut low = silent(Stance::Safe, Analytics::Busy);
    low.config.safe_ratio = DialRatio::new(3.0).unwrap();
    low.ticks(20);
    assert_eq!(low.sent(), []);
}

#[test]
fn blind_holds_or_pauses_where_that_is_wanted() {
    let mut holds = silent(Stance::Hold, Analytics::Busy);
    holds.ticks(20);
    assert_eq!((holds.sent(), holds.reasons().as_str()), (vec![], "blind"));

    let mut pauses = silent(Stance::Pause, Analytics::Stuck);
    pauses.ticks(20);
    assert_eq!(pauses.platform.setting, paused(2.2));
    pauses.platform.analytics = Analytics::Running;
    pauses.tick();
    assert_eq!(pauses.platform.setting, active(1.0));
}

#[test]
fn a_campaign_paused_for_blindness_resumes_once_the_platform_answers_although_it_has_nothing_to_say() {
    let mut campaign = silent(Stance::Pause, Analytics::Quiet);
    campaign.ticks_until(20, Campaign::is_paused).unwrap();
    assert_eq!(campaign.ticks_until(20, |campaign| !campaign.is_paused()), Some(3), "after the cooldown");
    assert_eq!(campaign.platform.setting, active(1.0));
}

#[test]
fn quiet_is_a_success_and_holds() {
    let mut campaign = silent(Stance::Safe, Analytics::Down);
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Quiet;
    campaign.tick();
    assert_eq!(campaign.state.breaker, Breaker::default());
    assert_eq!((campaign.sent(), campaign.policy.asked.len()), (vec![], 0));
}

#[test]
fn an_unusable_reading_holds_and_leaves_the_breaker_alone() {
    let mut campaign = silent(Stance::Safe, Analytics::Unusable);
    campaign.ticks(8);
    assert_eq!((campaign.sent(), campaign.state.breaker), (vec![], Breaker::default()));
    campaign.ticks(2);
    assert_eq!(campaign.platform.setting, active(1.0), "the clock of blindness runs");
}

#[test]
fn too_many_requests_leave_the_breaker_alone() {
    let mut campaign = silent(Stance::Safe, Analytics::Down);
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(5);
    assert_eq!(campaign.state.breaker, Breaker::Closed { failures: 2 });
}

#[test]
fn silence_stands_still_while_the_campaign_is_paused() {
    let mut campaign = silent(Stance::Safe, Analytics::Quiet);
    campaign.operate(Command::Pause).unwrap();
    campaign.ticks(100);
    assert_eq!(campaign.events(), []);
    campaign.operate(Command::Resume).unwrap();
    campaign.ticks(2);
    assert_eq!((campaign.reasons().as_str(), campaign.state.blind_since), ("no-reading", None));
}

#[test]
fn closed_buckets_are_not_missed_before_the_next_one_is_due() {
    let mut campaign = Campaign::new();
    campaign.platform.analytics = Analytics::Closed;
    campaign.pass(Duration::from_secs(300));
    campaign.ticks(100);
    assert!(!campaign.events().contains(&Event::Blinded));
    assert!(!campaign.reasons().contains("stale"));
    campaign.platform.analytics = Analytics::Stuck;
    campaign.ticks(20 + 10);
    assert_eq!(campaign.events(), [Event::Blinded]);
}

#[test]
fn without_any_reading_the_policy_is_not_asked() {
    let mut campaign = Campaign::new();
    campaign.policy = Script::new([Answer::Change(0.5)]);
    campaign.platform.analytics = Analytics::Quiet;
    campaign.ticks(2);
    assert_eq!((campaign.policy.asked.len(), campaign.reasons().as_str()), (0, "no-reading"));
}

#[test]
fn blind_goes_before_a_failed_cycle() {
    let mut campaign = silent(Stance::Safe, Analytics::Down);
    campaign.config.breaker_failures = 100;
    campaign.ticks(20);
    assert_eq!(campaign.sent(), [active(1.0)]);
}

#[test]
fn resuming_while_blind_goes_no_higher_than_the_safe_ratio() {
    let mut campaign = silent(Stance::Safe, Analytics::Busy);
    campaign.config.safe_ratio = DialRatio::new(0.8).unwrap();
    campaign.ticks(9);
    campaign.operate(Command::Pause).unwrap();
    campaign.ticks(2);
    campaign.operate(Command::Resume).unwrap();
    campaign.forget();
    campaign.tick();
    assert_eq!(campaign.sent(), [active(0.8)]);
}

#[test]
fn sight_that_a_closed_bucket_restores_lasts_until_the_next_one_is_due() {
    let mut campaign = Campaign::new();
    campaign.platform.analytics = Analytics::Closed;
    campaign.pass(Duration::from_secs(300));
    campaign.ticks(2);
    campaign.platform.analytics = Analytics::Stuck;
    campaign.ticks(40);
    campaign.platform.analytics = Analytics::Closed;
    campaign.forget();
    campaign.ticks(60);
    assert_eq!(campaign.events(), [Event::Sighted]);
}
