//! A decision's plain columns, made of what core returned.
//!
//! The daemon writes them and a replay compares them, so both make them here.

use std::time::Duration;

use paced_core::directive::Directive;
use paced_core::entry::{Entry, ReadingKind, Reason};
use paced_core::state::CampaignState;
use paced_core::step::Step;
use paced_core::time::Timestamp;

use super::record::{Decision, DecisionId};

impl Decision {
    /// The columns of a step; what it took, the exact bytes and the checkpoint are left to the caller.
    #[must_use]
    pub fn of_step(id: DecisionId, campaign: &str, policy: &str, step: &Step) -> Self {
        let entry = &step.entry;
        let gauges = entry.gauges;
        Self {
            id,
            at: entry.at,
            campaign: campaign.to_owned(),
            policy: policy.to_owned(),
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
            took: Duration::ZERO,
            breaker: entry.breaker,
            exact: Vec::new(),
            checkpoint: None,
        }
    }

    /// The columns of the decision to leave a campaign as its `on_exit` says.
    #[must_use]
    pub fn of_exit(
        id: DecisionId,
        campaign: &str,
        policy: &str,
        directive: &Directive,
        state: &CampaignState,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            at,
            campaign: campaign.to_owned(),
            policy: policy.to_owned(),
            revision: None,
            arm: None,
            ratio_before: state.setting.ratio,
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
            breaker: state.breaker.as_str(),
            exact: Vec::new(),
            checkpoint: None,
        }
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
