//! What became of a directive: the ratio in force moves only when the platform has accepted it.

use serde::{Deserialize, Serialize};

use crate::breaker::{Breaker, Health};
use crate::config::{CampaignConfig, Stance};
use crate::directive::{Directive, Urgency};
use crate::entry::{Event, Reason};
use crate::people;
use crate::reading::{Failure, Observation, Setting, Status};
use crate::state::{CampaignState, Counted};
use crate::time::{Moment, Timestamp};
use crate::trial::TrialEnd;

/// What became of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The platform accepted it, and answered that this is in force, where it says so.
    Applied(Option<Setting>),
    /// Sending it failed.
    Failed(Failure),
    /// It was put off and not sent.
    Deferred(String),
    /// A newer directive took its place.
    Superseded,
    /// Reading back first found a person's change; it was not sent.
    Found(Setting),
    /// The platform does not know the campaign.
    Unknown,
}

impl Outcome {
    /// The word for logs and the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Applied(_) => "applied",
            Self::Failed(_) => "failed",
            Self::Deferred(_) => "deferred",
            Self::Superseded => "superseded",
            Self::Found(_) => "held-back",
            Self::Unknown => "unknown-campaign",
        }
    }
}

/// Everything that changes a campaign's state, as the journal keeps it, so that a replay can feed it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fed {
    /// [`crate::step::step`] ran on this.
    Step(Option<Observation>, Moment),
    /// [`settle`] ran on this.
    Settled(Directive, Outcome, Timestamp),
    /// [`people::read_back`] ran on this.
    ReadBack(Setting, Timestamp),
    /// [`people::read_back_unavailable`] ran.
    ReadBackUnavailable(Timestamp),
    /// [`failed`] ran on this.
    Failed(Failure, Timestamp),
    /// [`people::operate`] ran on this.
    Operated(people::Command, Timestamp),
    /// [`crate::trial::end`] ran on this.
    TrialEnded(TrialEnd, Timestamp),
    /// [`people::read_back_dry`] ran on this.
    ReadBackDry(Setting, Timestamp),
    /// [`kept_back`] ran.
    KeptBack(Timestamp),
    /// [`exit`] asked for a directive, and [`exiting`] ran on it.
    Exit(Timestamp),
}

/// The state after `directive` came to `outcome`.
#[must_use]
pub fn settle(
    config: &CampaignConfig,
    mut state: CampaignState,
    directive: &Directive,
    outcome: &Outcome,
    now: Timestamp,
) -> (CampaignState, Vec<Event>) {
    match outcome {
        Outcome::Applied(Some(found)) if is_someones(&state, directive, *found) => {
            people::take_over(state, directive.setting, *found)
        }
        Outcome::Applied(answer) => {
            state.note_confirmed(answer.unwrap_or(directive.setting), now);
            if state.counted == Counted::Nothing && matches!(state.breaker, Breaker::Closed { .. }) {
                state.breaker = Breaker::default();
            }
            (state, Vec::new())
        }
        Outcome::Failed(_) => {
            // It may have been taken all the same, and reading back before it was sent has cleared what was noted then.
            state.note_sent(directive.setting);
            count(config, state, Counted::Cycle, now)
        }
        Outcome::Superseded => {
            state.note_displaced(directive.setting, now);
            (state, Vec::new())
        }
        Outcome::Deferred(_) => (state, Vec::new()),
        Outcome::Found(found) => people::read_back(state, *found, now),
        Outcome::Unknown => {
            state.is_unknown = true;
            (state, vec![Event::Unknown])
        }
    }
}

/// Whether an update's answer shows that someone else set the campaign: it stays paused although it was told to dial,
/// or, where reading back can't show it, has another ratio. A pause that was not taken is only tried again.
fn is_someones(state: &CampaignState, directive: &Directive, found: Setting) -> bool {
    let is_told_to_dial = directive.setting.status == Status::Active;
    let is_other = found.status == Status::Paused || !state.can_read_back;
    is_told_to_dial && is_other && found != directive.setting
}

/// The state after reading back failed.
#[must_use]
pub fn failed(config: &CampaignConfig, state: CampaignState, now: Timestamp) -> (CampaignState, Vec<Event>) {
    count(config, state, Counted::ReadBack, now)
}

/// Counts the failure of a part of the cycle, unless another part's has been counted. Only a closed breaker counts:
/// the probe of a half-open one is its observation, and nothing else renews the cooldown.
fn count(
    config: &CampaignConfig,
    mut state: CampaignState,
    part: Counted,
    now: Timestamp,
) -> (CampaignState, Vec<Event>) {
    if state.counted != Counted::Nothing || !matches!(state.breaker, Breaker::Closed { .. }) {
        return (state, Vec::new());
    }
    state.counted = part;
    state.breaker = state.breaker.after(Health::Failure, config.breaker_failures, config.breaker_cooldown, now);
    match state.breaker {
        Breaker::Open { until } => (state, vec![Event::BreakerOpened { until }]),
        _ => (state, Vec::new()),
    }
}

/// The state after a dry run kept a directive back: it is not under way, so nothing of it can be in force.
#[must_use]
pub fn kept_back(mut state: CampaignState) -> CampaignState {
    state.unconfirmed.clear();
    state
}

/// The state while the directive that [`exit`] asked for is being sent.
#[must_use]
pub fn exiting(mut state: CampaignState, directive: &Directive) -> CampaignState {
    state.note_sent(directive.setting);
    state
}

/// What to send when paced ends, if anything.
#[must_use]
pub fn exit(config: &CampaignConfig, state: &CampaignState) -> Option<Directive> {
    let is_ours = state.people_hold.is_none() && !state.is_unknown && state.is_settled();
    if !is_ours {
        return None;
    }
    let target = match config.on_exit {
        Stance::Hold => return None,
        // Setting a ratio would resume it.
        Stance::Safe if state.may_be_paused() => return None,
        Stance::Safe => Setting { ratio: state.ratio_at_most(config.safe_ratio), ..state.setting },
        Stance::Pause => Setting { status: Status::Paused, ..state.setting },
    };
    (target != state.setting || state.may_dial_more_than(target)).then(|| Directive {
        setting: target,
        urgency: Urgency::of(state.setting, target),
        read_first: target.status == Status::Active && state.can_read_back,
        cause: Some(Reason::Exit),
    })
}
