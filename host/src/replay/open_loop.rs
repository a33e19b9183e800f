//! Another policy's answers to the readings that were recorded.
//!
//! The policy sees what the deciding one saw, with its own state and params, and the guard rules on what it proposes.
//! Nothing of it takes effect: the ratio in force, and with it every later reading, is that of the record. So this shows
//! where two policies would have differed, and nothing of what would have happened.

use paced_core::config::CampaignConfig;
use paced_core::entry::{Entry, Reason};
use paced_core::reading::Observation;
use paced_core::state::{CampaignState, PolicyMemory};
use paced_core::step::step;
use paced_core::time::{Moment, Timestamp};
use serde::Serialize;

use crate::journal::DecisionRow;
use crate::wasm::WasmPolicy;

/// The most large differences that are kept.
const LARGEST: usize = 10;
/// The rules of the guard that change a proposal. Rounding is left out: it changes nearly every one.
const GUARD: [Reason; 7] = [
    Reason::NotFinite,
    Reason::Bounds,
    Reason::SmallGroup,
    Reason::Ceiling,
    Reason::RampUp,
    Reason::RampDown,
    Reason::Deadband,
];

/// A policy that is asked beside the one that decided, and what came of it so far.
#[derive(Clone, Debug)]
pub struct OpenLoop {
    policy: WasmPolicy,
    memory: PolicyMemory,
    /// Decisions for which either policy was asked.
    pub decisions: u64,
    /// How many of them have another proposal.
    pub differing: u64,
    /// How many of them the guard rules on otherwise: another ratio or status would have been sent.
    pub ruled_otherwise: u64,
    /// Decisions in which both proposed a ratio.
    pub both: u64,
    sum: f64,
    /// The largest absolute difference of the proposals.
    pub max: f64,
    /// The policy that decided.
    pub recorded: Side,
    /// The one that is asked beside it.
    pub other: Side,
    /// The decisions with the largest differences, the largest first.
    pub largest: Vec<Largest>,
}

/// What is counted of each policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Decisions for which it was asked.
    pub asked: u64,
    /// Decisions in which a rule of the guard other than rounding changed its proposal.
    pub guarded: u64,
    /// Decisions in which it wished to raise the ratio while abandonment was over the limit.
    pub raises_over_limit: u64,
    /// Decisions in which it faulted.
    pub faults: u64,
    /// Decisions that the fallback took in its place.
    pub fallbacks: u64,
}

/// A decision in which the two differ much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Largest {
    /// The decision's number.
    pub id: i64,
    /// Platform time.
    #[serde(skip)]
    pub at: Timestamp,
    /// The recorded proposal.
    pub recorded: f64,
    /// The other policy's.
    pub other: f64,
}

impl Largest {
    /// How far they are apart.
    #[must_use]
    pub fn distance(&self) -> f64 {
        (self.recorded - self.other).abs()
    }
}

impl OpenLoop {
    /// Asks `policy`, which starts without state.
    #[must_use]
    pub fn new(policy: WasmPolicy) -> Self {
        Self {
            policy,
            memory: PolicyMemory::default(),
            decisions: 0,
            differing: 0,
            ruled_otherwise: 0,
            both: 0,
            sum: 0.0,
            max: 0.0,
            recorded: Side::default(),
            other: Side::default(),
            largest: Vec::new(),
        }
    }

    /// The mean absolute difference of the proposals, where both proposed any.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.both > 0).then(|| self.sum / self.both as f64)
    }

    /// Asks about the step that led from `state` to the recorded decision.
    pub(super) fn ask(
        &mut self,
        config: &CampaignConfig,
        state: &CampaignState,
        observation: Option<&Observation>,
        moment: &Moment,
        recorded: &DecisionRow,
    ) {
        let beside = CampaignState { policy: std::mem::take(&mut self.memory), ..state.clone() };
        let stepped = step(config, beside, observation, &mut self.policy, moment);
        self.memory = stepped.state.policy;
        self.note(recorded, &stepped.entry);
    }

    fn note(&mut self, recorded: &DecisionRow, entry: &Entry) {
        let codes: Vec<&str> = recorded.reasons.split(',').collect();
        let was_asked = recorded.revision.is_some();
        let is_asked = entry.proposal.is_some() || entry.fault.is_some();
        self.recorded.note(was_asked, |reason| codes.contains(&reason.as_str()));
        self.other.note(is_asked, |reason| entry.reasons.contains(&reason));
        if !was_asked && !is_asked {
            return;
        }
        self.decisions += 1;
        let proposed = entry.proposal.as_ref().and_then(|proposal| proposal.dial_ratio);
        self.differing += u64::from(proposed.map(f64::to_bits) != recorded.proposal.map(f64::to_bits));
        self.ruled_otherwise += u64::from((entry.ruled.ratio, entry.ruled.status) != (recorded.ratio, recorded.status));
        if let (Some(recorded_ratio), Some(other)) = (recorded.proposal, proposed) {
            self.measure(Largest { id: recorded.id, at: recorded.at, recorded: recorded_ratio, other });
        }
    }

    fn measure(&mut self, pair: Largest) {
        let distance = pair.distance();
        self.both += 1;
        self.sum += distance;
        self.max = self.max.max(distance);
        if distance > 0.0 {
            let place = self.largest.partition_point(|kept| kept.distance() >= distance);
            self.largest.insert(place, pair);
            self.largest.truncate(LARGEST);
        }
    }
}

impl Side {
    fn note(&mut self, is_asked: bool, acted: impl Fn(Reason) -> bool) {
        self.asked += u64::from(is_asked);
        self.guarded += u64::from(is_asked && GUARD.into_iter().any(&acted));
        self.raises_over_limit += u64::from(is_asked && acted(Reason::Ceiling));
        self.faults += u64::from(acted(Reason::Fault));
        self.fallbacks += u64::from(acted(Reason::Fallback));
    }
}
