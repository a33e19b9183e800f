//! One seed of a scenario, from the first call to the last decision.

use std::time::Duration;

use paced_core::policy::Policy;

use super::course::Detail;
use super::desk::Desk;
use super::scenario::Scenario;
use super::shift::Shift;
use crate::centre::SharedCentre;
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
        floor.work(at, policies, detail);
    }
    floor.advance(scenario.length);
    Ok(floor.close(seed))
}

/// A centre with the campaigns that it works on.
struct Floor<'a> {
    scenario: &'a Scenario,
    centre: SharedCentre,
    desks: Vec<Desk<'a>>,
    /// The agents' time when the warm-up was over.
    before: AgentTime,
}

impl<'a> Floor<'a> {
    fn open(scenario: &'a Scenario, seed: u64, policies: usize) -> Result<Self, LabError> {
        let campaigns = scenario.campaigns.len();
        if policies != campaigns {
            return Err(LabError::Policies { scenario: scenario.name.clone(), campaigns, policies });
        }
        let mut centre = open_centre(scenario, seed)?;
        let open = |(index, campaign)| Desk::open(scenario, index, campaign, &mut centre);
        let desks = scenario.campaigns.iter().enumerate().map(open).collect();
        Ok(Self { scenario, centre, desks, before: AgentTime::default() })
    }

    /// When something is due next; none before the shift ends.
    fn next(&self) -> Option<Duration> {
        let next = self.desks.iter().map(Desk::due).min()?;
        (next < self.scenario.length).then_some(next)
    }

    fn advance(&mut self, to: Duration) {
        self.centre.advance(self.scenario.start() + to);
    }

    fn work(&mut self, at: Duration, policies: &mut [&mut dyn Policy], detail: Detail) {
        if at == self.scenario.warm_up {
            self.before = self.centre.agent_time();
        }
        for (desk, policy) in self.desks.iter_mut().zip(policies) {
            desk.work(self.scenario, &mut self.centre, at, &mut **policy, detail);
        }
    }

    fn close(self, seed: u64) -> Shift {
        let agent_time = self.centre.agent_time().since(&self.before);
        let campaigns = self.desks.into_iter().map(|desk| desk.close(&self.centre)).collect();
        Shift { seed, agent_time, campaigns }
    }
}

/// The scenario's centre, with nothing set.
pub(super) fn open_centre(scenario: &Scenario, seed: u64) -> Result<SharedCentre, LabError> {
    let campaigns: Vec<_> =
        scenario.campaigns.iter().map(|campaign| (campaign.id.as_str(), &campaign.centre)).collect();
    SharedCentre::new(&campaigns, &scenario.changes, seed, scenario.start())
        .map_err(|source| LabError::Centre { scenario: scenario.name.clone(), source })
}
