//! A revision on trial: what it may cost a campaign, and what is left when it is rolled back.

use paced_core::entry::Event;
use paced_core::policy::Revision;
use paced_core::trial::{self, TrialEnd};

use crate::campaign::Campaign;
use crate::script::{Answer, Script};

/// A campaign that revision 1 has paced, with the state that it wrote last.
fn paced() -> (Campaign, Vec<u8>) {
    let campaign = Campaign::new().settled();
    let state = campaign.state.policy.state.clone();
    assert!(!state.is_empty());
    (campaign, state)
}

fn end(campaign: &mut Campaign, how: TrialEnd) -> Vec<Event> {
    let (state, events) = trial::end(campaign.state.clone(), how);
    campaign.state = state;
    events
}

#[test]
fn a_revision_that_is_rolled_back_to_goes_on_from_its_own_last_state_at_the_ratio_in_force() {
    let (mut campaign, state) = paced();
    campaign.policy = Script::new([Answer::Ratio(2.3)]).revised(2).with_state_version(7, true);
    campaign.ticks(3);
    assert_ne!(campaign.state.policy.state, state);
    assert_eq!(end(&mut campaign, TrialEnd::RolledBack), [Event::StateRestored]);

    campaign.policy = Script::new([Answer::Hold]);
    campaign.tick();
    let asked = &campaign.policy.asked[0];
    assert_eq!((&asked.state, asked.dial_ratio), (&state, 2.3));
}

#[test]
fn revisions_that_follow_each_other_within_a_trial_leave_the_good_ones_state_alone() {
    let (mut campaign, state) = paced();
    for revision in 2..6 {
        campaign.policy = Script::new([Answer::Hold]).revised(revision);
        campaign.ticks(2);
    }
    end(&mut campaign, TrialEnd::RolledBack);
    assert_eq!((campaign.state.policy.state, campaign.state.policy.revision), (state, Revision([1; 32])));
}

#[test]
fn a_revision_that_is_promoted_leaves_nothing_of_the_one_before() {
    let (mut campaign, _) = paced();
    campaign.policy = Script::new([Answer::Hold]).revised(2);
    campaign.ticks(2);
    let state = campaign.state.policy.state.clone();
    assert_eq!(end(&mut campaign, TrialEnd::Promoted), []);
    assert_eq!((campaign.state.policy.kept.clone(), &campaign.state.policy.state), (None, &state));
    assert_eq!(end(&mut campaign, TrialEnd::RolledBack), [], "there is nothing left to go back to");
    assert_eq!(campaign.state.policy.state, state);
}

#[test]
fn a_campaign_that_never_met_the_revision_on_trial_keeps_what_it_has() {
    let (mut campaign, _) = paced();
    let before = campaign.state.clone();
    assert_eq!(end(&mut campaign, TrialEnd::RolledBack), []);
    assert_eq!(campaign.state, before);
}

#[test]
fn a_roll_back_ends_the_fallback_that_the_faults_brought() {
    let (mut campaign, _) = paced();
    campaign.policy = Script::new([Answer::Fault]).revised(2);
    campaign.ticks(5);
    assert!(campaign.state.policy.fallback_until.is_some());
    assert_eq!(end(&mut campaign, TrialEnd::RolledBack), [Event::StateRestored, Event::FallbackEnded]);
    campaign.policy = Script::new([Answer::Hold]);
    campaign.tick();
    assert_eq!(campaign.policy.asked.len(), 1);
}

#[test]
fn a_successor_that_refuses_the_state_is_shown_the_ratio_in_force_and_the_ramps_limit_its_first_step() {
    let (mut campaign, _) = paced();
    campaign.policy = Script::new([Answer::Ratio(5.0)]).revised(2).with_state_version(2, false);
    campaign.tick();
    let asked = &campaign.policy.asked[0];
    assert_eq!((asked.state.len(), asked.dial_ratio), (0, 2.0));
    assert_eq!(campaign.events(), [Event::StateDropped]);
    let ruled = campaign.entry.as_ref().unwrap().ruled.ratio.value();
    assert_eq!((ruled, campaign.reasons().as_str()), (2.5, "ramp-up"), "one step of the ramp, not a jump");
}
