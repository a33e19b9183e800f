//! Policies side by side, over the same seeds.
//!
//! A shift is one observation, since what happens within one hangs together; so each interval is over shifts. Rates are
//! ratios of sums, and differences are taken seed by seed, where both policies met the same day.

use serde::Serialize;

use super::scenario::Scenario;
use super::shift::{CampaignShift, Shift};
use crate::interval;

/// Intervals leave the truth out with this probability.
const MISS: f64 = 0.05;

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// The interval's ends; none where there are fewer than two shifts.
    pub interval: Option<(f64, f64)>,
}

/// How a policy did over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Shifts.
    pub shifts: u32,
    /// Busy share of the signed-in agents' time, 0 to 1.
    pub utilization: Estimate,
    /// Persons who reached an agent, per hour of a signed-in agent.
    pub answers_per_agent_hour: Estimate,
    /// Abandoned / (answered + abandoned), persons only, 0 to 1.
    pub abandonment: Estimate,
    /// Persons who reached an agent.
    pub answered: u64,
    /// Persons who answered and found no agent in time.
    pub abandoned: u64,
    /// Share of shifts with a campaign whose abandonment was over its limit, 0 to 1.
    pub over_limit: f64,
    /// How far the ratio moved in an hour, up and down together; the mean over campaigns, as below.
    pub ratio_volatility: f64,
    /// How often the ratio turned back in an hour, by 0.10 or more.
    pub reversals_per_hour: f64,
    /// Share of decisions at which the guard let the ratio rise no more, 0 to 1.
    pub at_ceiling: f64,
    /// Faults of the policy, in all shifts together.
    pub faults: u64,
    /// Times that the safety trip paused a campaign, in all shifts together.
    pub trips: u64,
    /// Answers per agent-hour less those of the policy that it is compared with, seed by seed; none for itself.
    pub difference: Option<Estimate>,
}

/// How a policy did in `shifts`, and beside `base`, the shifts of another policy on the same seeds in the same order.
#[must_use]
pub fn standing(scenario: &Scenario, shifts: &[Shift], base: Option<&[Shift]>) -> Standing {
    let sum = |count: fn(&CampaignShift) -> u64| campaigns(shifts).map(count).sum::<u64>();
    let decisions = sum(|campaign| campaign.decisions.into()).max(1);
    Standing {
        shifts: shifts.len() as u32,
        utilization: rate(shifts, |shift| (shift.agent_time.busy_ms() as f64, shift.agent_time.signed_in_ms() as f64)),
        answers_per_agent_hour: rate(shifts, |shift| (shift.answered() as f64, shift.agent_hours())),
        abandonment: rate(shifts, |shift| (shift.abandoned() as f64, (shift.answered() + shift.abandoned()) as f64)),
        answered: shifts.iter().map(Shift::answered).sum(),
        abandoned: shifts.iter().map(Shift::abandoned).sum(),
        over_limit: share(shifts, |shift| is_over_limit(scenario, shift)),
        ratio_volatility: mean(campaigns(shifts).map(CampaignShift::ratio_volatility)),
        reversals_per_hour: mean(campaigns(shifts).map(CampaignShift::reversals_per_hour)),
        at_ceiling: sum(|campaign| campaign.ceiling_decisions.into()) as f64 / decisions as f64,
        faults: sum(|campaign| campaign.faults.into()),
        trips: sum(|campaign| campaign.trips.into()),
        difference: base.map(|base| difference(shifts, base)),
    }
}

fn campaigns(shifts: &[Shift]) -> impl Iterator<Item = &CampaignShift> {
    shifts.iter().flat_map(|shift| &shift.campaigns)
}

fn rate(shifts: &[Shift], parts: fn(&Shift) -> (f64, f64)) -> Estimate {
    let parts: Vec<_> = shifts.iter().map(parts).collect();
    if parts.iter().map(|(_, whole)| whole).sum::<f64>() <= 0.0 {
        return Estimate { value: 0.0, interval: None };
    }
    let (value, half) = interval::ratio_of_sums(&parts, MISS);
    // No rate is below 0.
    Estimate { value, interval: (parts.len() > 1).then(|| ((value - half).max(0.0), value + half)) }
}

/// The mean of the differences, seed by seed.
fn difference(shifts: &[Shift], base: &[Shift]) -> Estimate {
    let answers = |shift: &Shift| shift.answers_per_agent_hour().unwrap_or_default();
    let differences: Vec<_> = shifts.iter().zip(base).map(|(one, other)| answers(one) - answers(other)).collect();
    let (value, half) = interval::mean(&differences, MISS);
    Estimate { value, interval: (differences.len() > 1).then_some((value - half, value + half)) }
}

fn is_over_limit(scenario: &Scenario, shift: &Shift) -> bool {
    shift.campaigns.iter().zip(&scenario.campaigns).any(|(campaign, planned)| {
        campaign.totals.abandonment().is_some_and(|rate| rate > planned.pacing.abandonment.limit)
    })
}

fn share(shifts: &[Shift], holds: impl Fn(&Shift) -> bool) -> f64 {
    mean(shifts.iter().map(|shift| f64::from(u8::from(holds(shift)))))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0_f64), |(sum, count), value| (sum + value, count + 1.0));
    sum / count.max(1.0)
}
