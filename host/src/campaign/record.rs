//! What the journal is given: decisions, outcomes and whatever else moved a campaign's state.

use std::time::Duration;

use paced_core::directive::Directive;
use paced_core::entry::{Entry, Event, ReadingKind, Reason};
use paced_core::policy::Policy;
use paced_core::reading::Setting;
use paced_core::settle::{Fed, Outcome};
use paced_core::state::{CampaignState, Knowledge};
use paced_core::step::Step;
use paced_core::time::Timestamp;
use serde::Serialize;

use super::Campaign;
use super::seat::Seat;
use super::tell::{self, in_words};
use crate::journal::{self, DecisionId, Level, OutcomeKind, Record, RevisionParts};
use crate::registry::Judgement;

/// A decision in so many carries the campaign's whole state, for a replay to start from.
const CHECKPOINT_EVERY: u64 = 100;

/// Adds a step's decision and events, and logs both.
pub(super) fn decision(
    records: &mut Vec<Record>,
    campaign: &mut Campaign,
    step: &Step,
    fed: &Fed,
    id: DecisionId,
    took: Duration,
) {
    let entry = &step.entry;
    tell::decision(campaign, step, took);
    let gauges = entry.gauges;
    records.push(Record::Decision(Box::new(journal::Decision {
        id,
        at: entry.at,
        campaign: campaign.config.id.clone(),
        policy: campaign.policy.clone(),
        revision: (entry.proposal.is_some() || entry.fault.is_some()).then_some(entry.revision),
        arm: None,
        ratio_before: entry.before.ratio,
        proposal: entry.proposal.as_ref().and_then(|proposal| proposal.dial_ratio),
        ruled: entry.ruled,
        sends: step.directive.is_some(),
        cause: cause(entry),
        reasons: entry.reason_codes(),
        utilization: entry.utilization,
        agents_available: gauges.map(|gauges| gauges.agents_available),
        agents_busy: gauges.map(|gauges| gauges.agents_busy),
        answered: entry.evidence.counts.answered,
        abandoned: entry.evidence.counts.abandoned,
        abandonment: entry.evidence.rate,
        reading: entry.reading.as_str(),
        reading_age: gauges.map(|gauges| Duration::try_from_secs_f64(gauges.age_s).unwrap_or_default()),
        fuel: (entry.fuel > 0).then_some(entry.fuel),
        took,
        breaker: entry.breaker,
        exact: bytes(fed),
        checkpoint: is_checkpoint(campaign).then(|| bytes(&step.state)),
    })));
    let detail = entry.reading.detail().or(entry.fault.as_ref().map(|fault| fault.message.as_str()));
    if let Some(detail) = news(campaign, detail) {
        records.push(event(campaign, trouble_name(entry), Level::Warn, detail, None, entry.at));
    }
    records.extend(events(campaign, &entry.events, None, entry.at));
}

const fn is_checkpoint(campaign: &Campaign) -> bool {
    campaign.decisions % CHECKPOINT_EVERY == 1
}

/// What the revision that was asked is made of: with the first decision that it makes for the campaign, and with each
/// checkpoint, because the journal may have been cleared or replaced meanwhile.
pub(super) fn revision(campaign: &mut Campaign, step: &Step, seat: &Seat) -> Option<Record> {
    let policy = seat.component()?;
    let was_asked = step.entry.proposal.is_some() || step.entry.fault.is_some();
    let is_known = campaign.journalled == Some(*policy.revision()) && !is_checkpoint(campaign);
    if !was_asked || is_known {
        return None;
    }
    campaign.journalled = Some(*policy.revision());
    let descriptor = policy.loaded().descriptor();
    let params: Vec<_> = policy.params().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Some(Record::Revision(Box::new(RevisionParts {
        revision: *policy.revision(),
        name: descriptor.name.clone(),
        version: descriptor.version.clone(),
        component: policy.loaded().digest().0,
        params: params.join(", "),
        exact: policy.recipe().encode(),
    })))
}

/// What a probation came to, at the decision that settled it.
pub(super) fn judgement(campaign: &Campaign, judgement: &Judgement, entry: &Entry) -> Record {
    let (name, level, message) = tell::judged(&campaign.policy, judgement, &campaign.config.id, entry.fault.as_ref());
    tell::event(campaign, name, level, &message);
    Record::Event(journal::Event { at: entry.at, campaign: None, level, name, message, exact: None })
}

/// A trouble's particulars, if they are not those of the step before.
fn news(campaign: &mut Campaign, detail: Option<&str>) -> Option<String> {
    if campaign.trouble.as_deref() == detail {
        return None;
    }
    campaign.trouble = detail.map(str::to_owned);
    campaign.trouble.clone()
}

const fn trouble_name(entry: &Entry) -> &'static str {
    match entry.reading {
        ReadingKind::Unusable(_) => "reading_unusable",
        ReadingKind::Failed(_) => "pacing_loop_error",
        ReadingKind::Delayed(_) => "reading_delayed",
        _ => "policy_fault",
    }
}

/// What decided: the policy, or the first reason.
fn cause(entry: &Entry) -> &'static str {
    match (&entry.proposal, entry.reasons.first()) {
        (Some(_), _) => "policy",
        (None, Some(reason)) => reason.as_str(),
        (None, None) => "none",
    }
}

/// The campaign's state as it is now.
pub(super) fn state(campaign: &Campaign) -> Record {
    Record::State { campaign: campaign.config.id.clone(), bytes: bytes(&campaign.state) }
}

/// What changed a campaign's state between two steps, with the state. Every such change is journalled, for replay; a
/// read-back that found what was known is not one.
pub(super) fn changed(
    campaign: &Campaign,
    before: &CampaignState,
    fed: &Fed,
    events_seen: &[Event],
    at: Timestamp,
) -> Vec<Record> {
    let mut records: Vec<_> = events(campaign, events_seen, Some(fed), at).collect();
    if events_seen.is_empty() {
        let (name, message) = match fed {
            Fed::Operated(command, _) => ("operator_command", command.as_str().to_owned()),
            Fed::Failed(failure, _) => ("read_back_failed", failure.message.clone()),
            Fed::TrialEnded(..) => ("policy_trial_ended", "what the revision before left is let go".to_owned()),
            Fed::ReadBack(found, _) if is_known(before, *found) => return vec![state(campaign)],
            _ => ("read_back", in_words(campaign.state.setting)),
        };
        records.push(event(campaign, name, Level::Info, message, Some(bytes(fed)), at));
    }
    records.push(state(campaign));
    records
}

fn is_known(before: &CampaignState, found: Setting) -> bool {
    before.knowledge == Knowledge::Confirmed && before.setting == found && before.unconfirmed.is_empty()
}

/// An outcome with the events that it caused, and the state.
pub(super) fn outcome(
    campaign: &Campaign,
    directive: &Directive,
    decision: DecisionId,
    outcome: Outcome,
    events_seen: &[Event],
    at: Timestamp,
) -> Vec<Record> {
    let kind = match &outcome {
        Outcome::Applied(_) => OutcomeKind::Applied,
        Outcome::Failed(_) | Outcome::Unknown => OutcomeKind::Failed,
        Outcome::Deferred(_) => OutcomeKind::Deferred,
        Outcome::Superseded => OutcomeKind::Superseded,
        Outcome::Found(_) => OutcomeKind::Unsent,
    };
    let message = detail(&outcome);
    let exact = Some(bytes(&Fed::Settled(directive.clone(), outcome, at)));
    let mut records = vec![Record::Outcome(journal::Outcome { decision, at, kind, message, exact })];
    records.extend(events(campaign, events_seen, None, at));
    records.push(state(campaign));
    records
}

fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Applied(_) | Outcome::Superseded => None,
        Outcome::Failed(failure) => Some(failure.message.clone()),
        Outcome::Deferred(why) => Some(why.clone()),
        Outcome::Found(found) => Some(format!("a person had set {}", in_words(*found))),
        Outcome::Unknown => Some("the platform does not know the campaign (404)".to_owned()),
    }
}

/// A directive that was kept back on purpose.
pub(super) fn unsent(decision: DecisionId, at: Timestamp, why: &str) -> Record {
    let message = Some(why.to_owned());
    Record::Outcome(journal::Outcome { decision, at, kind: OutcomeKind::Unsent, message, exact: None })
}

/// The decision to leave a campaign as its `on_exit` says.
pub(super) fn exit(campaign: &Campaign, directive: &Directive, id: DecisionId, at: Timestamp) -> Record {
    Record::Decision(Box::new(journal::Decision {
        id,
        at,
        campaign: campaign.config.id.clone(),
        policy: campaign.policy.clone(),
        revision: None,
        arm: None,
        ratio_before: campaign.state.setting.ratio,
        proposal: None,
        ruled: directive.setting,
        sends: true,
        cause: Reason::Exit.as_str(),
        reasons: Reason::Exit.as_str().to_owned(),
        utilization: None,
        agents_available: None,
        agents_busy: None,
        answered: 0,
        abandoned: 0,
        abandonment: None,
        reading: ReadingKind::NotAsked.as_str(),
        reading_age: None,
        fuel: None,
        took: Duration::ZERO,
        breaker: campaign.state.breaker.as_str(),
        exact: Vec::new(),
        checkpoint: None,
    }))
}

fn events<'a>(
    campaign: &'a Campaign,
    events: &'a [Event],
    fed: Option<&'a Fed>,
    at: Timestamp,
) -> impl Iterator<Item = Record> + 'a {
    events.iter().enumerate().map(move |(index, happened)| {
        let (name, level, message) = tell::in_short(happened);
        tell::event(campaign, name, level, &message);
        // What core was fed with stands with the first event only: it was fed once.
        let exact = fed.filter(|_| index == 0).map(bytes);
        event(campaign, name, level, message, exact, at)
    })
}

fn event(
    campaign: &Campaign,
    name: &'static str,
    level: Level,
    message: String,
    exact: Option<Vec<u8>>,
    at: Timestamp,
) -> Record {
    let campaign = Some(campaign.config.id.clone());
    Record::Event(journal::Event { at, campaign, level, name, message, exact })
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("core's plain records always serialise")
}
