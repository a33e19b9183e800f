//! What a shift is like: how long, with which campaigns, and what happens meanwhile.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use paced_core::config::CampaignConfig;
use paced_core::ratio::DialRatio;
use paced_core::time::{Moment, Timestamp};

use crate::config::CentreConfig;
use crate::timeline::Change;

/// Midnight before every simulated shift: Monday, 13 November 2023, UTC. Some day it must be; nothing depends on which.
const MIDNIGHT: Timestamp = Timestamp::from_millis(1_699_833_600_000);
/// That day as a number of days since 1970, and the first of its month.
const DAY: i32 = 19_674;
const MONTH_START_DAY: i32 = 19_662;

/// Pacing in the lab tries to answer as many calls as the law allows: 3 % in the US.
const ABANDONMENT_LIMIT: f64 = 0.03;

/// A kind of shift. Durations count from its start unless they say otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name: a-z, 0-9 and -.
    pub name: String,
    /// What it is, in one line.
    pub summary: String,
    /// When the shift starts, as the time since midnight.
    pub starts: Duration,
    /// How long it is.
    pub length: Duration,
    /// Time at its start that results leave out.
    pub warm_up: Duration,
    /// How long after a decision its ratio is in force.
    pub actuation_delay: Duration,
    /// The campaigns, at least one. They share their agents: what their centres say of agents and trunks is the same.
    pub campaigns: Vec<Campaign>,
    /// What changes meanwhile.
    pub changes: Vec<Change>,
    /// Where an oracle may change its ratio, besides the start: in order, each within the shift.
    pub segments: Vec<Segment>,
    /// What must come of it at a constant ratio, if that is stated.
    pub envelope: Option<Envelope>,
}

/// A part of a shift for which an oracle has a ratio of its own, up to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is called.
    pub name: String,
    /// When it begins.
    pub from: Duration,
}

/// What must come of a scenario, many seeds together, at a constant ratio without a guard.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The ratio.
    pub ratio: DialRatio,
    /// Busy share of the signed-in agents' time, 0 to 1.
    pub utilization: RangeInclusive<f64>,
    /// Abandoned / (answered + abandoned), persons only, 0 to 1.
    pub abandonment: RangeInclusive<f64>,
}

/// A campaign of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its identifier, which its streams of chance are named after.
    pub id: String,
    /// Its agents, which it may share, its calls and feed.
    pub centre: CentreConfig,
    /// How it is paced.
    pub pacing: CampaignConfig,
}

impl Scenario {
    /// Eight hours from nine o'clock with so many agents, in which nothing changes.
    #[must_use]
    pub fn steady(name: &str, agents: u32) -> Self {
        Self {
            name: name.to_owned(),
            summary: format!("{agents} agents, nothing changes"),
            starts: Duration::from_secs(9 * 3_600),
            length: Duration::from_secs(8 * 3_600),
            warm_up: Duration::ZERO,
            actuation_delay: Duration::ZERO,
            campaigns: vec![Campaign::new("1", CentreConfig::with_agents(agents))],
            changes: Vec::new(),
            segments: Vec::new(),
            envelope: None,
        }
    }

    /// The instant at which the shift starts.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        MIDNIGHT + self.starts
    }

    /// The instant at which it ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start() + self.length
    }

    /// The parts of the shift for which an oracle has a ratio each, in order; all of it where no segments are named.
    pub(super) fn spans(&self) -> Vec<Range<Duration>> {
        let later = self.segments.iter().map(|segment| segment.from).filter(|from| !from.is_zero());
        let starts: Vec<_> = std::iter::once(Duration::ZERO).chain(later).collect();
        let ends = starts.iter().skip(1).copied().chain([self.length]);
        starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
    }

    /// The same ratio all shift long, as [`run_fixed`](super::run_fixed) takes it.
    #[must_use]
    pub fn constant_plan(&self, ratio: DialRatio) -> Vec<DialRatio> {
        vec![ratio; self.spans().len()]
    }

    /// `now` as core wants it; the end of the shift is known.
    pub(super) fn moment(&self, now: Timestamp) -> Moment {
        let days_passed = now.since(MIDNIGHT).as_secs() / 86_400;
        let day = DAY.saturating_add(i32::try_from(days_passed).unwrap_or(i32::MAX));
        Moment { now, day, month_start_day: MONTH_START_DAY, shift_end: Some(self.end()) }
    }
}

impl Campaign {
    /// A campaign with the lab's own settings: a target utilization of 1.0, which is a ceiling, and 3 % abandonment.
    #[must_use]
    pub fn new(id: &str, centre: CentreConfig) -> Self {
        let mut pacing = CampaignConfig::with_defaults(id, centre.agents);
        pacing.target_utilization = 1.0;
        pacing.abandonment.limit = ABANDONMENT_LIMIT;
        Self { id: id.to_owned(), centre, pacing }
    }
}
