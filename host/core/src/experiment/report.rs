//! What comes out of an experiment: a verdict in one sentence, and the numbers beneath it.
//!
//! The shell shows it as text, JSON or a page; nothing here is formatted but the sentence. Shares and effects are
//! fractions: 0.031 is 3.1 %.

use serde::{Deserialize, Serialize};

use super::design::{Kind, Primary, Side};
use super::permutation::{Method, P};
use super::sums::Sums;
use super::tally::Exclusions;
use super::verdict::Outcome;
use crate::time::Timestamp;

/// The level of every test and interval here: 5 %, and 95 %.
pub const ALPHA: f64 = 0.05;

/// At which point one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// The experiment goes on: only what holds at every look may be claimed.
    Interim,
    /// It has come to its planned end: the test is taken, once.
    Final,
}

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The experiment.
    pub experiment: String,
    /// What was assigned.
    pub kind: Kind,
    /// When one looked.
    pub look: Look,
    /// What decides.
    pub primary: Primary,
    /// Both arms, as they were assigned.
    pub arms: [ArmReport; 2],
    /// The units that chance decided on, by time or size.
    pub units: Vec<UnitReport>,
    /// Units that are over or under way and don't count, because too much of them was left out.
    pub units_left_out: usize,
    /// B's primary measure relative to A's: 0.031 if B has 3.1 % more. None before the end, and where there are too few
    /// units to say.
    pub effect: Option<Estimate>,
    /// B's abandonment less A's, in absolute terms; none where the effect is none.
    pub abandonment: Option<Estimate>,
    /// B's effect late in blocks less that early in them, relative to A; see [`carry_over`](super::carry_over). None
    /// where the effect is none, and in a split.
    pub carry_over: Option<Estimate>,
    /// What may be said at every look; none with too few pairs, and in a split.
    pub at_every_look: Option<AtEveryLook>,
    /// Buckets that don't count, by reason.
    pub excluded: Exclusions,
    /// What may be said.
    pub outcome: Outcome,
    /// The same in a sentence.
    pub verdict: String,
}

/// What holds however often one looks; see [`sequential`](super::sequential).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtEveryLook {
    /// B's primary measure relative to A's, less 1.
    pub effect: f64,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// B's abandonment less A's, in absolute terms; none without calls.
    pub abandonment: Option<f64>,
    /// One-sided bounds of 95 % each around that.
    pub abandonment_bounds: Option<(f64, f64)>,
}

/// An arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmReport {
    /// Its name.
    pub name: String,
    /// Everything that counts of it.
    pub sums: Sums,
    /// Answers by hours of signed-in agents.
    pub answers_per_agent_hour: Option<f64>,
    /// Busy share of signed-in agents' time.
    pub utilization: Option<f64>,
    /// Abandonment rate by the guard's definition.
    pub abandonment: Option<f64>,
    /// The guard stopped it.
    pub stopped: bool,
}

/// A pair of blocks, or a campaign of a split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitReport {
    /// The campaign.
    pub campaign: String,
    /// Start of the pair; none in a split.
    pub starts: Option<Timestamp>,
    /// The arm of the pair's first block, or the campaign's.
    pub first: Side,
    /// The primary measure under A.
    pub a: Option<f64>,
    /// The primary measure under B.
    pub b: Option<f64>,
}

/// An estimate with what chance allows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval; an end is infinite (null in JSON) where nothing bounds it.
    pub interval: (f64, f64),
    /// Its 90 % interval, whose ends are one-sided bounds of 95 % each.
    pub one_sided: (f64, f64),
    /// The test of no effect, two-sided.
    pub p: P,
    /// How assignments were gone through.
    pub method: Method,
    /// The level that the test attains.
    pub attained_level: f64,
}
