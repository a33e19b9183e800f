//! One seed of a scenario, from the first call to the last decision.

use std::time::Duration;

use paced_core::policy::Policy;

use super::course::Detail;
use super::desk::Desk;
use super::scenario::{Campaign, Scenario};
use super::shift::Shift;
use crate::centre::CallCentre;
use crate::config::ConfigError;
use crate::totals::AgentTime;

/// A shift that can't be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LabError {
    /// The scenario's centre is misconfigured.
    #[error("scenario {scenario} can't be simulated: {source}")]
    Centre {
        /// The scenario.
        scenario: String,
        /// The field, its value and what would be right.
        source: ConfigError,
    },
    /// There is not one policy for each campaign.
    #[error("scenario {scenario} has {campaigns} campaigns and was given {policies} policies: each needs one")]
    Policies {
        /// The scenario.
        scenario: String,
        /// Its campaigns.
        campaigns: usize,
        /// The policies given.
        policies: usize,
    },
}

/// Runs one seed of a scenario, with one policy for each of its campaigns, in their order.
///
/// ```
/// use paced_core::ratio::DialRatio;
/// use paced_sim::lab::{Constant, Detail, Scenario, run};
///
/// let scenario = Scenario { length: std::time::Duration::from_secs(3_600), ..Scenario::steady("hour", 20) };
/// let mut policy = Constant::new(DialRatio::from_hundredths_clamped(200));
/// let shift = run(&scenario, 7, &mut [&mut policy], Detail::Results)?;
/// assert!(shift.utilization().is_some_and(|share| share > 0.7));
/// assert_eq!(shift, run(&scenario, 7, &mut [&mut policy], Detail::Results)?);
/// # Ok::<(), paced_sim::lab::LabError>(())
/// ```
///
/// # Errors
/// The scenario describes no call centre, or there is not one policy for each campaign.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    policies: &mut [&mut dyn Policy],
    detail: Detail,
) -> Result<Shift, LabError> {
    let mut floor = Floor::open(scenario, seed, policies.len())?;
    while let Some(at) = floor.next() {
        floor.advance(at);
        for (desk, policy) in floor.desks.iter_mut().zip(&mut *policies) {
            desk.work(scenario, at, &mut **policy, detail);
        }
    }
    floor.advance(scenario.length);
    Ok(floor.close(seed))
}

/// The campaigns of a shift.
struct Floor<'a> {
    scenario: &'a Scenario,
    desks: Vec<Desk<'a>>,
}

impl<'a> Floor<'a> {
    fn open(scenario: &'a Scenario, seed: u64, policies: usize) -> Result<Self, LabError> {
        let campaigns = scenario.campaigns.len();
        if policies != campaigns {
            return Err(LabError::Policies { scenario: scenario.name.clone(), campaigns, policies });
        }
        let open = |campaign: &'a Campaign| {
            let centre = CallCentre::new(&campaign.centre, seed, &campaign.id, scenario.start());
            let centre = centre.map_err(|source| LabError::Centre { scenario: scenario.name.clone(), source })?;
            Ok(Desk::open(scenario, campaign, centre))
        };
        Ok(Self { scenario, desks: scenario.campaigns.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// When something is due next; none before the shift ends.
    fn next(&self) -> Option<Duration> {
        let next = self.desks.iter().map(Desk::due).min()?;
        (next < self.scenario.length).then_some(next)
    }

    fn advance(&mut self, to: Duration) {
        self.desks.iter_mut().for_each(|desk| desk.advance(self.scenario.start() + to));
    }

    fn close(self, seed: u64) -> Shift {
        let campaigns: Vec<_> = self.desks.into_iter().map(Desk::close).collect();
        let agent_time = campaigns.iter().fold(AgentTime::default(), |sum, shift| sum.plus(&shift.totals.agent_time));
        Shift { seed, agent_time, campaigns }
    }
}
