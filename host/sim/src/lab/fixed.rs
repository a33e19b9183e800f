//! A shift at ratios that are fixed beforehand, without policy or guard: what an oracle is chosen from.

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};

use super::run::{LabError, open_centre};
use super::scenario::Scenario;
use super::shift::{CampaignShift, Shift};
use crate::centre::SharedCentre;
use crate::totals::{AgentTime, Totals};

/// Answers in a segment of a shift, all campaigns together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Persons who reached an agent.
    pub answered: u64,
    /// Persons who answered and found no agent in time.
    pub abandoned: u64,
}

impl Answers {
    const fn minus(self, earlier: Self) -> Self {
        Self { answered: self.answered - earlier.answered, abandoned: self.abandoned - earlier.abandoned }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { answered: self.answered + other.answered, abandoned: self.abandoned + other.abandoned }
    }

    /// Abandoned / (answered + abandoned); 0 without an answer.
    #[must_use]
    pub fn abandonment(self) -> f64 {
        self.abandoned as f64 / ((self.answered + self.abandoned) as f64).max(1.0)
    }
}

/// Runs one seed of a scenario with one ratio for each of its [segments](Scenario::segments), the same in all campaigns,
/// and gives the shift with its segments' answers.
///
/// # Errors
/// The scenario describes no call centre.
pub fn run_fixed(scenario: &Scenario, seed: u64, ratios: &[DialRatio]) -> Result<(Shift, Vec<Answers>), LabError> {
    let mut centre = open_centre(scenario, seed)?;
    let mut before = Books::of(&centre, scenario);
    let mut segments = Vec::with_capacity(ratios.len());
    for (span, ratio) in scenario.spans().into_iter().zip(ratios) {
        set_all(&mut centre, scenario, *ratio);
        // A segment that ends within the warm-up counts nothing.
        let counts_from = scenario.warm_up.clamp(span.start, span.end);
        centre.advance(scenario.start() + counts_from);
        let start = Books::of(&centre, scenario);
        centre.advance(scenario.start() + span.end);
        segments.push(Books::of(&centre, scenario).answers().minus(start.answers()));
        if span.contains(&scenario.warm_up) {
            before = start;
        }
    }
    Ok((before.shift(seed, &centre, scenario), segments))
}

fn set_all(centre: &mut SharedCentre, scenario: &Scenario, ratio: DialRatio) {
    for (index, campaign) in scenario.campaigns.iter().enumerate() {
        let setting = Setting { ratio, status: Status::Active };
        centre.set(index, setting, campaign.pacing.max_concurrent_calls(ratio));
    }
}

/// The books of a centre at an instant.
struct Books {
    agent_time: AgentTime,
    totals: Vec<Totals>,
}

impl Books {
    fn of(centre: &SharedCentre, scenario: &Scenario) -> Self {
        let totals = (0..scenario.campaigns.len()).map(|index| centre.totals(index)).collect();
        Self { agent_time: centre.agent_time(), totals }
    }

    fn answers(&self) -> Answers {
        let of = |totals: &Totals| Answers { answered: totals.answered, abandoned: totals.abandoned };
        self.totals.iter().map(of).fold(Answers::default(), Answers::plus)
    }

    /// What has come of the shift since.
    fn shift(&self, seed: u64, centre: &SharedCentre, scenario: &Scenario) -> Shift {
        let campaign = |(index, before): (usize, &Totals)| CampaignShift {
            id: scenario.campaigns[index].id.clone(),
            totals: centre.totals(index).since(before),
            ..CampaignShift::default()
        };
        let campaigns = self.totals.iter().enumerate().map(campaign).collect();
        Shift { seed, agent_time: centre.agent_time().since(&self.agent_time), campaigns }
    }
}
