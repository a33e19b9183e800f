//! One campaign's step as a piece of work for a thread that may compute, and what it gives back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use paced_core::config::CampaignConfig;
use paced_core::reading::Observation;
use paced_core::settle::Fed;
use paced_core::state::CampaignState;
use paced_core::step::{Step, step};
use paced_core::time::{Moment, Timestamp};
use paced_core::trial::{self, TrialEnd};

use super::seat::Seat;
use super::{Campaign, record};
use crate::journal::Record;
use crate::registry::{Judgement, Registry};

/// A campaign's step, to be done.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) policy: String,
    pub(super) config: Arc<CampaignConfig>,
    pub(super) state: CampaignState,
    pub(super) seat: Seat,
    pub(super) observation: Option<Observation>,
    pub(super) moment: Moment,
}

impl Job {
    /// Steps, and tells the registry what the component was shown and how it did.
    pub(super) fn run(self, registry: &Registry) -> Stepped {
        let Self { index, policy, config, state, mut seat, observation, moment } = self;
        let started = Instant::now();
        let step = step(&config, state, observation.as_ref(), &mut seat, &moment);
        let took = started.elapsed();
        let judgement = seat.shown().and_then(|input| {
            registry.recorder().keep(*input, &step.state.policy);
            let digest = seat.component()?.loaded().digest();
            registry.judge(&policy, digest, &config.id, step.entry.fault.is_some(), moment.now)
        });
        Stepped { index, step, fed: Fed::Step(observation, moment), seat, judgement, took }
    }
}

/// A campaign's step, done.
pub(super) struct Stepped {
    pub(super) index: usize,
    pub(super) step: Step,
    pub(super) fed: Fed,
    pub(super) seat: Seat,
    pub(super) judgement: Option<Judgement>,
    pub(super) took: Duration,
}

/// Feeds core the end of a trial, where the campaign has anything to do with it.
pub(super) fn end_trial(campaign: &mut Campaign, end: TrialEnd, now: Timestamp) -> Vec<Record> {
    if campaign.state.policy.kept.is_none() {
        return Vec::new();
    }
    let (state, events) = trial::end(campaign.state.clone(), end);
    let before = std::mem::replace(&mut campaign.state, state);
    record::changed(campaign, &before, &Fed::TrialEnded(end, now), &events, now)
}
