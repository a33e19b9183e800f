//! How what happens is told to people: lines of log, and the board.
//!
//! The event names are those of the tutorial where it has one.

use std::time::Duration;

use paced_core::directive::{Directive, Urgency};
use paced_core::entry::{Entry, Event, ReadingKind, Reason};
use paced_core::people::Command;
use paced_core::policy::Fault;
use paced_core::reading::{Failure, Setting, Status as Dialling};
use paced_core::settle::Outcome;
use paced_core::step::Step;

use super::Campaign;
use crate::board::Status;
use crate::journal::Level;
use crate::registry::Judgement;
use crate::wasm::Digest;

/// An event's name, its gravity, and a sentence.
pub(super) fn in_short(event: &Event) -> (&'static str, Level, String) {
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
        Event::StateRestored => (
            "policy_state_restored",
            Level::Info,
            "the last good revision goes on from the state that it wrote last".to_owned(),
        ),
    }
}

/// What a probation of `policy` came to by a decision for `campaign`: an event's name, its gravity, and a sentence.
pub(super) fn judged(
    policy: &str,
    judgement: &Judgement,
    campaign: &str,
    fault: Option<&Fault>,
) -> (&'static str, Level, String) {
    let failed = |digest: &Digest, decisions: u32, faults: u32| {
        let last = fault.map(ToString::to_string).unwrap_or_default();
        let digest = digest.short();
        format!("{policy} {digest}: {faults} faults in {decisions} decisions for campaign {campaign}, the last: {last}")
    };
    match judgement {
        Judgement::Promoted { digest } => {
            let digest = digest.short();
            ("policy_promoted", Level::Info, format!("{policy} {digest} has passed its probation"))
        }
        Judgement::RolledBack { digest, to, decisions, faults } => (
            "policy_rolled_back",
            Level::Error,
            format!(
                "{}; every campaign goes back to {}, and these bytes are not tried again",
                failed(digest, *decisions, *faults),
                to.short()
            ),
        ),
        Judgement::Failed { digest, decisions, faults } => (
            "policy_probation_failed",
            Level::Error,
            format!("{}; there is no good one to go back to", failed(digest, *decisions, *faults)),
        ),
    }
}

pub(super) fn in_words(setting: Setting) -> String {
    format!("{} at {}", setting.status.as_str(), setting.ratio)
}

pub(super) fn event(campaign: &Campaign, name: &'static str, level: Level, message: &str) {
    let id = &campaign.config.id;
    match level {
        Level::Info => tracing::info!(event = name, campaign = id, message),
        Level::Warn => tracing::warn!(event = name, campaign = id, message),
        Level::Error => tracing::error!(event = name, campaign = id, message),
    }
}

pub(super) fn decision(campaign: &Campaign, step: &Step, took: Duration) {
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
        ReadingKind::Failed(failure) => failed("pacing_loop_error", id, failure),
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

fn failed(event: &'static str, campaign: &str, failure: &Failure) {
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
    failed("read_back_failed", &campaign.config.id, failure);
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
        Outcome::Failed(failure) if is_pause => failed("pause_failed", id, failure),
        Outcome::Failed(failure) => failed("update_failed", id, failure),
        Outcome::Deferred(why) => tracing::warn!(event = "update_deferred", campaign = id, message = why),
        Outcome::Superseded | Outcome::Found(_) | Outcome::Unknown => {
            tracing::debug!(event = "update_dropped", campaign = id, outcome = outcome.as_str());
        }
    }
}

/// Says that an operator gave a command.
pub(super) fn operated(campaign: &Campaign, command: Command) {
    tracing::info!(event = "operator_command", campaign = campaign.config.id, command = command.as_str());
}

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
