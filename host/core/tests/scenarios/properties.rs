//! What holds in every story. Each property names a change to the code that breaks it, and has been seen to fail by it.

use paced_core::breaker::Breaker;
use paced_core::config::CampaignConfig;
use paced_core::directive::Urgency;
use paced_core::entry::Reason;
use paced_core::ratio::DialRatio;
use paced_core::reading::Status;
use paced_core::settle::Outcome;
use paced_core::state::CampaignState;
use proptest::prelude::*;

use crate::campaign::Campaign;
use crate::platform::{Get, Put, active};
use crate::script::Answer;
use crate::story::{Chapter, Look, Says, Seen, Story, story, tell};

/// The ratio that this step wants sent to an active campaign, and the one in force before.
fn active_ratios(look: &Look<'_>) -> Option<(DialRatio, DialRatio)> {
    let directive = look.step.directive.as_ref()?;
    let is_active = directive.setting.status == Status::Active;
    is_active.then_some((directive.setting.ratio, look.before.setting.ratio))
}

fn is_allowed(look: &Look<'_>, ratio: DialRatio) -> bool {
    (look.config.min_dial_ratio..=look.config.max_dial_ratio).contains(&ratio)
}

fn has(look: &Look<'_>, reason: Reason) -> bool {
    look.step.entry.reasons.contains(&reason)
}

/// The size of what the journal keeps of a campaign, but for the policy's own state.
fn size_without_policy(state: &CampaignState) -> usize {
    let mut state = state.clone();
    state.policy.state.clear();
    postcard::to_allocvec(&state).unwrap().len()
}

/// An hour of a campaign with twenty agents.
#[test]
fn a_usual_state_takes_little_of_the_journal() {
    let mut campaign = Campaign::new().answering([Answer::Change(0.1), Answer::Change(-0.1)]);
    campaign.ticks(480);
    let size = size_without_policy(&campaign.state);
    assert!((1000..2000).contains(&size), "{size} bytes");
}

/// Thirty-odd days and an hour, all as full as they can be. Fails when the ledger forgets no slot.
#[test]
fn the_largest_state_fits() {
    let mut chapters = Vec::new();
    for tick in 0..400_i64 {
        // A count that falls was reset, and counts from zero.
        let count = u32::MAX - u32::try_from(tick).unwrap();
        let seen = Seen::Report { age_s: 0, counts: (count, count, count), agents: (f64::MAX, f64::MAX) };
        let after_s = if tick < 40 { 86_400 } else { 30 };
        chapters.push(Chapter::Cycle { after_s, seen, says: Says::Change(0.1), get: Get::Missing, put: Put::Lost });
    }
    let config = CampaignConfig::with_defaults("12345", 20);
    let state = tell(&Story { config, start: active(5.0), chapters }, |_| Ok(())).unwrap();
    let size = size_without_policy(&state);
    assert!((3000..4096).contains(&size), "{size} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Fails when `guard::round_within` does not clamp to the campaign's bounds.
    #[test]
    fn a_ratio_that_is_sent_is_within_bounds_or_in_force_already(story in story(true)) {
        tell(&story, |look| {
            if let Some((sent, current)) = active_ratios(look) {
                prop_assert!(is_allowed(look, sent) || sent == current, "{sent} after {current}");
            }
            Ok(())
        })?;
    }

    /// Fails when a pause takes the safe ratio along.
    #[test]
    fn a_pause_keeps_the_ratio_in_force(story in story(true)) {
        tell(&story, |look| {
            if let Some(directive) = look.step.directive.as_ref().filter(|d| d.setting.status == Status::Paused) {
                prop_assert_eq!(directive.setting.ratio, look.before.setting.ratio);
            }
            Ok(())
        })?;
    }

    /// Fails when `guard::round_within` rounds without regard to the ramps.
    #[test]
    fn only_safety_moves_leave_the_ramps(story in story(true)) {
        tell(&story, |look| {
            let is_safety = [Reason::Resume, Reason::Blind, Reason::Fallback].iter().any(|reason| has(look, *reason));
            if let Some((sent, current)) = active_ratios(look).filter(|(_, current)| is_allowed(look, *current)) {
                let change = sent.value() - current.value();
                prop_assert!(change <= look.config.ramp_up + 1e-9, "{sent} after {current}");
                prop_assert!(is_safety || change >= -look.config.ramp_down - 1e-9, "{sent} after {current}");
            }
            Ok(())
        })?;
    }

    /// Fails when the guard's ceiling asks for `shown_over`, as the trip does.
    #[test]
    fn no_ratio_rises_while_abandonment_is_over_the_limit(story in story(true)) {
        tell(&story, |look| {
            if let Some((sent, current)) = active_ratios(look).filter(|_| look.step.entry.evidence.over) {
                prop_assert!(sent <= current, "{sent} after {current}");
            }
            Ok(())
        })?;
    }

    /// Fails when blind, stale or failed steps ask the policy, or when the safe ratio is set rather than capped by.
    #[test]
    fn no_ratio_rises_without_a_reading_to_decide_by(story in story(true)) {
        tell(&story, |look| {
            let entry = &look.step.entry;
            if let Some((sent, current)) = active_ratios(look).filter(|_| entry.proposal.is_none() && entry.fault.is_none())
            {
                prop_assert!(sent <= current, "{sent} after {current}");
            }
            Ok(())
        })?;
    }

    /// Fails when `CampaignState::may_be_paused` looks at the confirmed setting alone.
    #[test]
    fn what_may_be_paused_resumes_at_no_more_than_the_resume_ratio(story in story(true)) {
        tell(&story, |look| {
            let mut possible = look.before.unconfirmed.iter().chain([&look.before.setting]);
            let may_be_paused = possible.any(|setting| setting.status == Status::Paused);
            if let Some((sent, _)) = active_ratios(look).filter(|_| may_be_paused) {
                prop_assert!(sent <= look.config.resume_ratio, "{sent}");
            }
            Ok(())
        })?;
    }

    /// Fails when `choose` pauses before it looks whether people hold the campaign.
    #[test]
    fn nothing_is_sent_while_people_hold_the_campaign(story in story(true)) {
        tell(&story, |look| {
            prop_assert!(look.before.people_hold.is_none() || look.step.directive.is_none());
            Ok(())
        })?;
    }

    /// Fails when lowers are sent without reading back first, or with `Outcome::Found` taken for confirmed.
    #[test]
    fn no_active_setting_overwrites_what_paced_did_not_set(story in story(true)) {
        tell(&story, |look| {
            if let Some(directive) = &look.step.directive {
                let is_pause = directive.urgency == Urgency::Pause;
                prop_assert_eq!(directive.read_first, !is_pause && look.step.state.can_read_back);
            }
            if let Some(Outcome::Found(found)) = look.outcome {
                prop_assert!(look.after.people_hold == Some(*found), "{found:?}");
            }
            Ok(())
        })?;
    }

    /// Fails when a step moves the setting to what it sends.
    #[test]
    fn the_ratio_in_force_moves_only_when_the_platform_says_so(story in story(true)) {
        tell(&story, |look| {
            prop_assert_eq!(look.step.state.setting, look.before.setting);
            // A directive that reads first may learn of another setting that way, whatever becomes of the update.
            let has_read = look.step.directive.as_ref().is_some_and(|directive| directive.read_first);
            let is_silent = !has_read && matches!(look.outcome, Some(Outcome::Failed(_) | Outcome::Deferred(_)));
            if is_silent && look.after.knowledge == look.before.knowledge && look.before.unconfirmed.is_empty() {
                prop_assert_eq!(look.after.setting, look.before.setting);
            }
            Ok(())
        })?;
    }

    /// Fails when `CampaignState::may_dial_more_than` is always false.
    #[test]
    fn what_is_to_be_paused_is_paused_once_an_update_gets_through(story in story(false)) {
        tell(&story, |look| {
            let state = &look.step.state;
            let wants = state.wants_pause(look.config);
            let is_left = state.people_hold.is_some() || state.is_unknown;
            if !is_left && wants.is_some() && look.put == Put::Works {
                prop_assert_eq!(look.platform.status, Status::Paused);
            }
            Ok(())
        })?;
    }

    /// Fails when `settle` no longer notes what may have been taken.
    #[test]
    fn where_nobody_changed_anything_nobody_is_blamed(mut story in story(false)) {
        for chapter in &mut story.chapters {
            if let Chapter::Cycle { get, .. } = chapter {
                *get = Get::Works;
            }
        }
        tell(&story, |look| {
            prop_assert_eq!(look.after.people_hold, None);
            Ok(())
        })?;
    }

    /// Fails when a failed pause counts while the breaker is half-open.
    #[test]
    fn an_open_breaker_opens_again_only_by_a_failed_probe(story in story(true)) {
        tell(&story, |look| {
            let after_probe = look.step.state.breaker;
            let is_closed = matches!(after_probe, Breaker::Closed { .. });
            prop_assert!(is_closed || look.after.breaker == after_probe);
            let is_pause = look.step.directive.as_ref().is_some_and(|d| d.urgency == Urgency::Pause);
            prop_assert!(!is_pause || !look.step.directive.as_ref().is_some_and(|d| d.read_first));
            Ok(())
        })?;
    }

    /// Fails when `CampaignState::note_sent` forgets nothing.
    #[test]
    fn the_state_stays_small(mut story in story(true), is_cut_off in any::<bool>()) {
        if is_cut_off {
            story.config.abandonment.min_answers = u32::MAX;
            story.config.breaker_failures = u32::MAX;
        }
        for chapter in &mut story.chapters {
            if let Chapter::Cycle { get, put, .. } = chapter && is_cut_off {
                (*get, *put) = (Get::Missing, Put::Busy);
            }
        }
        tell(&story, |look| {
            let size = size_without_policy(look.after);
            prop_assert!(size < 4096 && look.after.unconfirmed.len() <= 8, "{size} bytes");
            Ok(())
        })?;
    }

    /// Fails when the seed of a decision depends on anything but campaign and time, such as a counter.
    #[test]
    fn the_same_story_ends_in_the_same_bytes(story in story(true)) {
        let told = |story: &Story| -> Result<_, TestCaseError> {
            let mut directives = Vec::new();
            let state = tell(story, |look| {
                directives.push(look.step.directive.clone());
                Ok(())
            })?;
            postcard::to_allocvec(&(state, directives)).map_err(|error| TestCaseError::fail(error.to_string()))
        };
        prop_assert_eq!(told(&story)?, told(&story)?);
    }
}
