//! The end: what paced leaves behind when it stops, what it sends again, and a campaign that the platform lost.

use paced_core::config::Stance;
use paced_core::directive::Urgency;
use paced_core::entry::Event;
use paced_core::people::Command;
use paced_core::reading::Setting;
use paced_core::settle::exit;

use crate::campaign::Campaign;
use crate::platform::{Analytics, Get, Put, active, paused};
use crate::script::Answer;

fn left(campaign: &mut Campaign, stance: Stance) -> Option<Setting> {
    campaign.config.on_exit = stance;
    exit(&campaign.config, &campaign.state).map(|directive| directive.setting)
}

#[test]
fn each_stance_leaves_what_it_says() {
    let mut campaign = Campaign::new().settled();
    assert_eq!(left(&mut campaign, Stance::Hold), None);
    assert_eq!(left(&mut campaign, Stance::Safe), Some(active(1.0)));
    assert_eq!(left(&mut campaign, Stance::Pause), Some(paused(2.0)));

    campaign.state.setting = active(0.6);
    assert_eq!(left(&mut campaign, Stance::Safe), None, "never a rise");
}

#[test]
fn a_campaign_that_is_paused_held_or_unknown_is_left_as_it_is() {
    let mut campaign = Campaign::new().settled();
    campaign.operate(Command::Pause).unwrap();
    campaign.tick();
    assert_eq!((left(&mut campaign, Stance::Safe), left(&mut campaign, Stance::Pause)), (None, None));

    let mut held = Campaign::new().settled();
    held.platform.setting = active(3.0);
    held.ticks(6);
    assert_eq!((left(&mut held, Stance::Safe), left(&mut held, Stance::Pause)), (None, None));

    let mut unread = Campaign::new();
    assert_eq!(left(&mut unread, Stance::Pause), None);
}

#[test]
fn what_nothing_has_confirmed_for_long_is_sent_again() {
    let mut campaign = Campaign::new();
    campaign.platform.get = Get::Missing;
    campaign.tick();
    campaign.forget();
    assert_eq!(campaign.ticks_until(60, |campaign| !campaign.sent.is_empty()), Some(40), "ten minutes");
    assert_eq!(campaign.sent, [(active(1.0), Urgency::Reassert)]);
    assert_eq!(campaign.reasons(), "policy-hold,reassert");
}

#[test]
fn reading_back_confirms_so_that_nothing_needs_sending_again() {
    let mut campaign = Campaign::new().settled();
    campaign.ticks(100);
    assert_eq!(campaign.sent(), []);
}

#[test]
fn a_campaign_that_the_platform_does_not_know_stops_until_released() {
    for is_update in [false, true] {
        let mut campaign = Campaign::new().answering([Answer::Change(0.1)]).settled();
        if is_update {
            campaign.platform.put = Put::Missing;
        } else {
            campaign.platform.analytics = Analytics::Missing;
        }
        campaign.ticks(10);
        assert_eq!(campaign.events(), [Event::Unknown]);
        assert!(campaign.sent.len() <= 1 && left(&mut campaign, Stance::Pause).is_none());
        campaign.platform.put = Put::Works;
        campaign.platform.analytics = Analytics::Running;
        campaign.operate(Command::Release).unwrap();
        campaign.forget();
        campaign.tick();
        assert_eq!(campaign.sent().len(), 1);
    }
}

/// The pause or the resumption before the end went unanswered.
#[test]
fn the_end_trusts_no_answer_that_never_came() {
    let mut resumed = Campaign::new().settled();
    resumed.operate(Command::Pause).unwrap();
    resumed.tick();
    resumed.operate(Command::Resume).unwrap();
    resumed.platform.put = Put::Lost;
    resumed.tick();
    assert_eq!(left(&mut resumed, Stance::Pause), Some(paused(2.0)));

    let mut stopped = Campaign::new().settled();
    stopped.operate(Command::Pause).unwrap();
    stopped.platform.put = Put::Lost;
    stopped.tick();
    assert_eq!(left(&mut stopped, Stance::Safe), None, "that would resume it");
}

/// Sending a pause again is no pause: it waits until the campaign was read, lest a person's change be overwritten.
#[test]
fn a_pause_is_sent_again_only_after_reading_back() {
    let mut campaign = Campaign::new().settled();
    campaign.config.read_back = std::time::Duration::from_secs(3600);
    campaign.operate(Command::Pause).unwrap();
    campaign.tick();
    campaign.forget();
    campaign.platform.setting = active(1.3);
    campaign.ticks(45);
    assert_eq!(campaign.platform.setting, active(1.3));
    assert_eq!(campaign.state.people_hold, Some(active(1.3)));
}

#[test]
fn a_pause_at_the_end_is_lifted_at_the_next_start() {
    let mut campaign = Campaign::new().settled();
    for put in [Put::Works, Put::Lost] {
        campaign.config.on_exit = Stance::Pause;
        let directive = exit(&campaign.config, &campaign.state).unwrap();
        campaign.platform.put = put;
        campaign.send(&directive);
        campaign.crash();
        campaign.platform.put = Put::Works;
        campaign.ticks(2);
        assert_eq!(campaign.platform.setting, active(1.0), "{put:?}");
    }
}
