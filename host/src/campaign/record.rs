//! How what happened is told: rows for the journal, lines for the log, a status for the board.
//!
//! The event names are those of the tutorial where it has one.

use std::time::Duration;

use paced_core::directive::{Directive, Urgency};
use paced_core::entry::{Entry, Event, ReadingKind, Reason};
use paced_core::people::Command;
use paced_core::reading::{Failure, Setting, Status as Dialling};
use paced_core::settle::{Fed, Outcome};
use paced_core::state::{CampaignState, Knowledge};
use paced_core::step::Step;
use paced_core::time::Timestamp;
use serde::Serialize;

use super::Campaign;
use crate::board::Status;
use crate::journal::{self, DecisionId, Level, OutcomeKind, Record};

/// A decision in so many carries the campaign's whole state, for a replay to start from.
const CHECKPOINT_EVERY: u64 = 100;

// ---- the journal ---------------------------------------------------------------------------------------------------

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
    log_decision(campaign, step, took);
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
        checkpoint: (campaign.decisions % CHECKPOINT_EVERY == 1).then(|| bytes(&step.state)),
    })));
    let detail = entry.reading.detail().or(entry.fault.as_ref().map(|fault| fault.message.as_str()));
    if let Some(detail) = news(campaign, detail) {
        records.push(event(campaign, trouble_name(entry), Level::Warn, detail, None, entry.at));
    }
    records.extend(events(campaign, &entry.events, None, entry.at));
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

/// Says that an operator gave a command.
pub(super) fn operated(campaign: &Campaign, command: Command) {
    tracing::info!(event = "operator_command", campaign = campaign.config.id, command = command.as_str());
}

fn events<'a>(
    campaign: &'a Campaign,
    events: &'a [Event],
    fed: Option<&'a Fed>,
    at: Timestamp,
) -> impl Iterator<Item = Record> + 'a {
    events.iter().enumerate().map(move |(index, happened)| {
        let (name, level, message) = tell(happened);
        log_event(campaign, name, level, &message);
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

/// An event's name, its gravity, and a sentence.
fn tell(event: &Event) -> (&'static str, Level, String) {
    match event {
        Event::BreakerOpened { .. } => ("circuit_breaker_open", Level::Warn, "too many failed cycles".to_owned()),
        Event::BreakerClosed => ("circuit_breaker_closed", Level::Info, "the probe succeeded".to_owned()),
        Event::Tripped(evidence) => (
            "safety_trip",
            Level::Error,
            format!("{} of {} live answers were abandoned", evidence.counts.abandoned, evidence.counts.live()),
        ),
        Event::Rearmed => ("safety_trip_rearmed", Level::Info, "the cooldown is over".to_owned()),
        Event::FallbackStarted(fault) => ("policy_fallback", Level::Error, fault.to_string()),
        Event::FallbackEnded => ("policy_fallback_ended", Level::Info, "the policy decides again".to_owned()),
        Event::Blinded => ("readings_missing", Level::Warn, "no fresh reading for blind_after".to_owned()),
        Event::Sighted => ("readings_back", Level::Info, "readings are back".to_owned()),
        Event::Adopted(found) => {
            ("setting_adopted", Level::Info, format!("starting from the platform's own {}", in_words(*found)))
        }
        Event::PeopleHold { expected, found } => (
            "people_hold",
            Level::Warn,
            format!(
                "someone else set {} where paced had {}: left alone until `paced release`",
                in_words(*found),
                in_words(*expected)
            ),
        ),
        Event::Released => ("released", Level::Info, "paced paces this campaign again".to_owned()),
        Event::Unknown => (
            "campaign_unknown",
            Level::Error,
            "the platform does not know this campaign (404): check its id; it is not paced any more".to_owned(),
        ),
        Event::ReadBackUnavailable => (
            "read_back_unavailable",
            Level::Warn,
            "the platform can't be read back, so people's changes can't be seen".to_owned(),
        ),
        Event::StateDropped => {
            ("policy_state_dropped", Level::Warn, "the new revision starts with empty state".to_owned())
        }
    }
}

fn in_words(setting: Setting) -> String {
    format!("{} at {}", setting.status.as_str(), setting.ratio)
}

// ---- the log -------------------------------------------------------------------------------------------------------

fn log_event(campaign: &Campaign, name: &'static str, level: Level, message: &str) {
    let id = &campaign.config.id;
    match level {
        Level::Info => tracing::info!(event = name, campaign = id, message),
        Level::Warn => tracing::warn!(event = name, campaign = id, message),
        Level::Error => tracing::error!(event = name, campaign = id, message),
    }
}

fn log_decision(campaign: &Campaign, step: &Step, took: Duration) {
    let (entry, id) = (&step.entry, &campaign.config.id);
    tracing::info!(
        event = "pacing_decision",
        campaign = id,
        at_ms = entry.at.as_millis(),
        ratio_before = entry.before.ratio.value(),
        proposal = entry.proposal.as_ref().and_then(|proposal| proposal.dial_ratio),
        ratio = entry.ruled.ratio.value(),
        status = entry.ruled.status.as_str(),
        sends = step.directive.is_some(),
        reasons = entry.reason_codes(),
        reading = entry.reading.as_str(),
        reading_age_s = entry.gauges.map(|gauges| gauges.age_s),
        agents_available = entry.gauges.map(|gauges| gauges.agents_available),
        agents_busy = entry.gauges.map(|gauges| gauges.agents_busy),
        utilization = entry.utilization,
        abandonment = entry.evidence.rate,
        answers = entry.evidence.counts.live(),
        policy = campaign.policy,
        revision = entry.revision.short(),
        reason = entry.proposal.as_ref().map(|proposal| proposal.reason.as_str()),
        signals = signals(entry),
        breaker = entry.breaker,
        fuel = entry.fuel,
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    );
    match &entry.reading {
        ReadingKind::Failed(failure) => log_failure("pacing_loop_error", id, failure),
        ReadingKind::Unusable(why) => tracing::warn!(event = "reading_unusable", campaign = id, message = why),
        ReadingKind::Delayed(why) => tracing::warn!(event = "reading_delayed", campaign = id, message = why),
        _ => {}
    }
    if entry.evidence.over {
        let (abandoned, answers) = (entry.evidence.counts.abandoned, entry.evidence.counts.live());
        let reason = "abandonment_threshold_exceeded";
        tracing::warn!(event = "validation_failed", campaign = id, reason, abandoned, answers);
    }
    if let Some(fault) = &entry.fault {
        let class = fault.class.as_str();
        tracing::warn!(event = "policy_fault", campaign = id, policy = campaign.policy, class, message = fault.message);
    }
}

fn signals(entry: &Entry) -> Option<String> {
    let signals = &entry.proposal.as_ref()?.signals;
    let words: Vec<_> = signals.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn log_failure(event: &'static str, campaign: &str, failure: &Failure) {
    tracing::error!(event, campaign, class = failure.class.as_str(), message = failure.message);
}

/// Says that pacing starts.
pub(super) fn started(campaign: &Campaign) {
    tracing::info!(
        event = "pacing_loop_start",
        campaign = campaign.config.id,
        total_agents = campaign.config.total_agents,
        poll_interval_ms = u64::try_from(campaign.config.poll_interval.as_millis()).unwrap_or(u64::MAX),
        policy = campaign.policy,
    );
}

/// Says that reading back failed.
pub(super) fn read_back_failed(campaign: &Campaign, failure: &Failure) {
    log_failure("read_back_failed", &campaign.config.id, failure);
}

/// Says that ticks were skipped.
pub(super) fn missed(campaigns: usize, ticks: u64, is_busy: bool) {
    let why = if is_busy { "the cycle before was still under way" } else { "the host was late" };
    tracing::warn!(event = "tick_skipped", campaigns, ticks, message = why);
}

/// Says what became of a directive.
pub(super) fn settled(campaign: &Campaign, directive: &Directive, outcome: &Outcome) {
    let id = &campaign.config.id;
    let is_pause = directive.urgency == Urgency::Pause;
    let cause = directive.cause.map(Reason::as_str);
    match outcome {
        Outcome::Applied(_) if is_pause && directive.cause == Some(Reason::BreakerOpen) => {
            tracing::info!(event = "campaign_paused_by_breaker", campaign = id);
        }
        Outcome::Applied(_) if is_pause => tracing::info!(event = "campaign_paused", campaign = id, cause),
        Outcome::Applied(_) if campaign.state.setting.status == Dialling::Paused => {
            let ratio = directive.setting.ratio.value();
            tracing::info!(event = "campaign_resumed", campaign = id, ratio);
        }
        Outcome::Applied(_) => tracing::debug!(event = "update_applied", campaign = id),
        Outcome::Failed(failure) if is_pause => log_failure("pause_failed", id, failure),
        Outcome::Failed(failure) => log_failure("update_failed", id, failure),
        Outcome::Deferred(why) => tracing::warn!(event = "update_deferred", campaign = id, message = why),
        Outcome::Superseded | Outcome::Found(_) | Outcome::Unknown => {
            tracing::debug!(event = "update_dropped", campaign = id, outcome = outcome.as_str());
        }
    }
}

// ---- the board -----------------------------------------------------------------------------------------------------

/// What the board shows after a step.
pub(super) fn status(campaign: &Campaign, entry: &Entry, missed_ticks: u64) -> Status {
    Status {
        setting: campaign.state.setting,
        utilization: entry.utilization,
        abandonment: entry.evidence.rate,
        answers: entry.evidence.counts.live(),
        breaker: entry.breaker,
        policy: campaign.policy.clone(),
        revision: entry.revision.short(),
        reasons: entry.reason_codes(),
        decisions: campaign.decisions,
        missed_ticks,
    }
}
