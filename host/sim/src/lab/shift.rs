//! What a shift came to.

use serde::Serialize;

use super::course::Sample;
use crate::totals::{AgentTime, Totals};

/// One shift of a scenario, after its warm-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// Its seed.
    pub seed: u64,
    /// All agents' time by state, whichever campaign they worked on.
    pub agent_time: AgentTime,
    /// Its campaigns, in the scenario's order.
    pub campaigns: Vec<CampaignShift>,
}

/// What a shift came to in one campaign, after its warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CampaignShift {
    /// The campaign.
    pub id: String,
    /// Every call by outcome, and the agents' time; ready agents count in each campaign that they are ready for.
    pub totals: Totals,
    /// Decisions made.
    pub decisions: u32,
    /// Decisions that the policy's fault prevented.
    pub faults: u32,
    /// Decisions at which abandonment was over the limit, so that the guard let the ratio rise no more.
    pub ceiling_decisions: u32,
    /// Decisions after which the ratio stood at the campaign's highest.
    pub highest_decisions: u32,
    /// Times that the safety trip paused the campaign.
    pub trips: u32,
    /// The sum of the ratio's moves, up and down.
    pub ratio_moved: f64,
    /// Times that the ratio turned back by 0.10 or more from where it was going.
    pub reversals: u32,
    /// Its course since the start, warm-up included; empty where it was not asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<Sample>,
}

impl Shift {
    /// Persons who reached an agent.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.campaigns.iter().map(|campaign| campaign.totals.answered).sum()
    }

    /// Persons who answered and found no agent in time.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.campaigns.iter().map(|campaign| campaign.totals.abandoned).sum()
    }

    /// Busy share of the signed-in agents' time, 0 to 1; none where nobody was signed in.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        self.agent_time.utilization()
    }

    /// Hours of signed-in agents.
    #[must_use]
    pub fn agent_hours(&self) -> f64 {
        self.agent_time.signed_in_ms() as f64 / 3_600_000.0
    }

    /// Persons who reached an agent, per hour of a signed-in agent; none where nobody was signed in.
    #[must_use]
    pub fn answers_per_agent_hour(&self) -> Option<f64> {
        (self.agent_hours() > 0.0).then(|| self.answered() as f64 / self.agent_hours())
    }

    /// Abandoned / (answered + abandoned), persons only, of all campaigns; none without an answer.
    #[must_use]
    pub fn abandonment(&self) -> Option<f64> {
        let live = self.answered() + self.abandoned();
        (live > 0).then(|| self.abandoned() as f64 / live as f64)
    }
}

impl CampaignShift {
    /// How far the ratio moved in an hour, up and down together.
    #[must_use]
    pub fn ratio_volatility(&self) -> f64 {
        per_hour(self.ratio_moved, &self.totals)
    }

    /// How often the ratio turned back in an hour.
    #[must_use]
    pub fn reversals_per_hour(&self) -> f64 {
        per_hour(f64::from(self.reversals), &self.totals)
    }
}

fn per_hour(count: f64, totals: &Totals) -> f64 {
    let hours = totals.elapsed_ms as f64 / 3_600_000.0;
    if hours > 0.0 { count / hours } else { 0.0 }
}
