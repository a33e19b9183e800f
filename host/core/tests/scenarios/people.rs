//! People come first: what someone else set is reported, and left alone until it is released.

use paced_core::directive::{Directive, Urgency};
use paced_core::entry::Event;
use paced_core::people::Command;
use paced_core::reading::Status;
use paced_core::settle::{Outcome, settle};

use crate::campaign::Campaign;
use crate::platform::{Analytics, Get, Put, active, paused};
use crate::script::Answer;

fn is_held(campaign: &Campaign) -> bool {
    campaign.state.people_hold.is_some()
}

#[test]
fn a_ratio_that_a_person_set_is_held_until_released_and_then_adopted() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.setting = active(0.7);
    campaign.ticks_until(5, is_held).unwrap();
    assert_eq!(campaign.events(), [Event::PeopleHold { expected: active(2.0), found: active(0.7) }]);
    campaign.policy = crate::script::Script::new([Answer::Change(0.1)]);
    campaign.ticks(20);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![], "people-hold"));
    campaign.operate(Command::Release).unwrap();
    campaign.tick();
    assert_eq!(campaign.sent(), [active(0.8)]);
}

#[test]
fn a_lower_does_not_resume_what_a_person_has_just_paused() {
    let mut campaign = Campaign::new().settled();
    campaign.policy = crate::script::Script::new([Answer::Change(-0.1)]);
    campaign.platform.setting = paused(2.0);
    campaign.tick();
    assert_eq!(campaign.platform.setting, paused(2.0));
    assert!(is_held(&campaign));
}

#[test]
fn a_pause_by_a_person_is_held_and_lifted_by_a_release() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.setting = paused(2.0);
    campaign.ticks_until(5, is_held).unwrap();
    campaign.ticks(20);
    assert_eq!(campaign.sent(), []);
    campaign.operate(Command::Release).unwrap();
    campaign.tick();
    assert_eq!(campaign.sent(), [active(1.0)]);
    assert_eq!(campaign.events().last(), Some(&Event::Released));
}

#[test]
fn a_person_who_resumes_what_the_breaker_paused_is_not_fought() {
    let mut campaign = Campaign::new().settled();
    campaign.operate(Command::Pause).unwrap();
    campaign.tick();
    campaign.platform.setting = active(1.2);
    campaign.ticks(10);
    assert_eq!(campaign.platform.setting, active(1.2));
    assert!(is_held(&campaign));
}

#[test]
fn a_held_campaign_is_left_alone_by_breaker_and_blindness_too() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.setting = active(3.0);
    campaign.ticks_until(5, is_held).unwrap();
    campaign.platform.analytics = Analytics::Down;
    campaign.ticks(30);
    campaign.platform.analytics = Analytics::Busy;
    campaign.ticks(30);
    assert_eq!((campaign.sent(), campaign.platform.setting), (vec![], active(3.0)));
}

#[test]
fn a_change_is_noticed_before_a_raise_or_a_lower_overwrites_it() {
    for change in [0.1, -0.1] {
        let mut campaign = Campaign::new().settled().answering([Answer::Change(change)]);
        campaign.platform.setting = active(0.5);
        campaign.tick();
        assert!(is_held(&campaign));
        assert_eq!(campaign.platform.setting, active(0.5));
    }
}

#[test]
fn a_lower_goes_where_only_reading_back_fails_and_a_raise_does_not() {
    for (change, sent) in [(-0.1, vec![active(1.9)]), (0.1, vec![])] {
        let mut campaign = Campaign::new().settled().answering([Answer::Change(change)]);
        campaign.platform.get = Get::Down;
        campaign.tick();
        assert_eq!(campaign.sent(), sent);
    }
}

#[test]
fn a_change_is_noticed_at_the_latest_when_the_campaign_is_read_back() {
    let mut campaign = Campaign::new().settled();
    campaign.platform.setting = active(0.5);
    assert_eq!(campaign.ticks_until(10, is_held), Some(3), "read back every 60 s, last at the first tick");
}

#[test]
fn what_equals_a_directive_that_was_never_confirmed_is_our_own() {
    let answers = [Answer::Hold, Answer::Hold, Answer::Ratio(1.5), Answer::Hold];
    let mut campaign = Campaign::new().answering(answers).settled();
    campaign.platform.put = Put::Lost;
    campaign.tick();
    campaign.platform.put = Put::Works;
    campaign.ticks(6);
    assert!(!is_held(&campaign));
    assert_eq!(campaign.state.setting, active(1.5));
}

#[test]
fn a_pause_that_answers_active_is_not_confirmed() {
    let mut campaign = Campaign::new().settled();
    campaign.operate(Command::Pause).unwrap();
    campaign.platform.answers = Some(active(2.0));
    campaign.ticks(2);
    assert_eq!(campaign.sent(), [paused(2.0); 2]);
}

#[test]
fn an_operator_pauses_and_resumes_at_no_more_than_the_resume_ratio() {
    let mut campaign = Campaign::new().settled();
    campaign.operate(Command::Pause).unwrap();
    campaign.ticks(10);
    assert_eq!((campaign.sent(), campaign.reasons().as_str()), (vec![paused(2.0)], "operator-pause"));
    campaign.operate(Command::Resume).unwrap();
    campaign.tick();
    assert_eq!(campaign.sent(), [active(1.0)]);
}

/// Reading back goes well, the raise that waited for it is taken, and the answer is lost.
#[test]
fn a_raise_whose_answer_was_lost_is_our_own() {
    let answers = [Answer::Hold, Answer::Hold, Answer::Ratio(2.3), Answer::Hold];
    let mut campaign = Campaign::new().answering(answers).settled();
    campaign.platform.put = Put::Lost;
    campaign.tick();
    campaign.platform.put = Put::Works;
    campaign.ticks(6);
    assert!(!is_held(&campaign));
}

/// Where a campaign can't be read back, what an update answers is all that there is to see.
#[test]
fn an_update_that_answers_something_else_shows_a_persons_change() {
    let mut campaign = Campaign::new().answering([Answer::Change(-0.1)]);
    campaign.platform.get = Get::Missing;
    campaign.platform.answers = Some(active(0.6));
    campaign.tick();
    assert_eq!(campaign.state.people_hold, Some(active(0.6)));

    let mut campaign = Campaign::new().answering([Answer::Change(-0.1)]);
    campaign.platform.answers = Some(paused(1.9));
    campaign.tick();
    assert_eq!(campaign.state.people_hold, Some(paused(1.9)), "it stays paused although it was told to dial");
    campaign.ticks(5);
    assert_eq!(campaign.sent().len(), 1);
}

#[test]
fn commands_that_fit_nothing_say_what_would() {
    let mut campaign = Campaign::new().settled();
    let refusal = |campaign: &mut Campaign, command| campaign.operate(command).unwrap_err();
    assert_eq!(refusal(&mut campaign, Command::Release), "this campaign is paced already");
    assert_eq!(refusal(&mut campaign, Command::Resume), "this campaign is not paused by an operator");
    campaign.operate(Command::Pause).unwrap();
    assert!(refusal(&mut campaign, Command::Release).contains("use `resume`"));
    campaign.tick();
    campaign.platform.setting = active(0.7);
    campaign.ticks_until(5, is_held).unwrap();
    assert!(refusal(&mut campaign, Command::Pause).contains("release it first"));
    assert!(refusal(&mut campaign, Command::Resume).contains("use `release`"));
}

#[test]
fn a_displaced_raise_that_arrives_after_the_pause_is_no_persons_and_is_undone() {
    let mut campaign = Campaign::new().settled();
    let raised = active(1.7);
    let raise = Directive { setting: raised, urgency: Urgency::Raise, read_first: true, cause: None };
    let (state, _) = settle(&campaign.config, campaign.state.clone(), &raise, &Outcome::Superseded, campaign.now);
    campaign.state = state;
    campaign.operate(Command::Pause).unwrap();
    campaign.tick();
    assert_eq!(campaign.platform.setting.status, Status::Paused);

    campaign.platform.setting = raised;
    campaign.ticks(6);
    assert_eq!(campaign.state.people_hold, None);
    assert_eq!(campaign.platform.setting.status, Status::Paused);
}
