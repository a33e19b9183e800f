//! The course of a shift: what was so at each decision, for plots.

use std::time::Duration;

use paced_core::entry::{Entry, Reason};
use paced_core::policy::FaultClass;
use paced_core::reading::{Setting, Status};
use serde::Serialize;

use crate::totals::{AgentCounts, Totals};

/// How much a run keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What a whole shift came to.
    #[default]
    Results,
    /// Its course besides, a [`Sample`] for each decision.
    Course,
}

/// A moment of a campaign, just after a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// Time since the start of the shift, seconds.
    pub at_s: f64,
    /// The dial ratio in force.
    pub ratio: f64,
    /// Whether the campaign is paused.
    pub paused: bool,
    /// The agents by state, in truth.
    pub agents: AgentCounts,
    /// Busy share of the signed-in agents' time since the previous sample, 0 to 1; none where nobody was signed in.
    pub utilization: Option<f64>,
    /// Persons who reached an agent since the start.
    pub answered: u64,
    /// Persons who were abandoned since the start.
    pub abandoned: u64,
    /// Lines ringing.
    pub ringing: u64,
    /// Why the ratio came out as it did: the guard's rules that acted, and whatever took the policy's place.
    pub reasons: Vec<&'static str>,
    /// The policy's fault, if it misbehaved.
    pub fault: Option<&'static str>,
    /// What the policy signalled: numbers worth plotting.
    pub signals: Vec<(String, f64)>,
}

impl Sample {
    pub(super) fn new(
        at: Duration,
        entry: &Entry,
        in_force: Setting,
        agents: AgentCounts,
        before: &Totals,
        now: &Totals,
    ) -> Self {
        let signals = entry.proposal.as_ref().map(|proposal| proposal.signals.clone());
        Self {
            at_s: at.as_secs_f64(),
            ratio: in_force.ratio.value(),
            paused: in_force.status == Status::Paused,
            agents,
            utilization: now.since(before).utilization(),
            answered: now.answered,
            abandoned: now.abandoned,
            ringing: now.ringing,
            reasons: entry.reasons.iter().copied().map(Reason::as_str).collect(),
            fault: entry.fault.as_ref().map(|fault| fault.class).map(FaultClass::as_str),
            signals: signals.unwrap_or_default(),
        }
    }
}
