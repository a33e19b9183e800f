//! The tutorial's proportional controller, to the letter.
//!
//! It is the specified default, and the baseline that better policies are measured against, so its faults stay in:
//! the error is in agents, not a share of them, so that large teams swing between the bounds; and answered calls count
//! as wrap-up on top of the busy agents, who are already in wrap-up. What the host's guard does (bounds, ramps, the
//! abandonment ceiling) it does besides.

use paced_policy::{AbandonmentOf, Decision, Input, Policy, params};

/// The tutorial's mean wrap-up, in seconds, where the platform reports none.
const DEFAULT_WRAP_UP_S: f64 = 30.0;

params! {
    /// Parameters of [`Proportional`].
    pub struct Params {
        /// Change of the ratio for each agent of error.
        pub kp: f64 = 0.15, in 0.0..=5.0, unit "ratio per agent";
        /// What the ratio is multiplied by while abandonment is over the campaign's limit.
        pub penalty: f64 = 0.8, in 0.0..=1.0;
    }
}

/// Moves the ratio by `kp` for each agent that is missing to the target.
pub struct Proportional;

impl Policy for Proportional {
    const NAME: &'static str = "proportional";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "The specified proportional controller";
    type Params = Params;
    type State = ();

    fn decide(params: &Params, (): &mut (), input: &Input) -> Result<Decision, String> {
        let campaign = &input.campaign;
        let target = f64::from(campaign.configured_agents) * campaign.target_utilization;
        let error = target - busy_capacity(input);
        let adjustment = params.kp * error;
        let abandonment = input.windows.last_5m.abandonment(AbandonmentOf::Offered).unwrap_or(0.0);
        let over_limit = abandonment > campaign.max_abandonment;
        let wanted = (input.dial_ratio + adjustment) * if over_limit { params.penalty } else { 1.0 };
        if !wanted.is_finite() {
            return Err(format!("the ratio comes out as {wanted}"));
        }
        let ratio = round_to_hundredths(wanted.min(campaign.max_dial_ratio).max(campaign.min_dial_ratio));
        let reason = if over_limit { "abandonment over the limit" } else { "agents to target" };
        Ok(Decision::ratio(ratio)
            .because(reason)
            .signal("error", error)
            .signal("adjustment", adjustment)
            .signal("abandonment", abandonment))
    }
}

/// What the tutorial takes for the agents in use: those busy, and a minute's share of wrap-up for each answered call.
fn busy_capacity(input: &Input) -> f64 {
    // The tutorial's `||` takes 0 seconds for missing as well.
    let wrap_up_s = input.reading.wrap_up_s_mean.filter(|mean| *mean != 0.0).unwrap_or(DEFAULT_WRAP_UP_S);
    input.reading.agents_busy + f64::from(input.windows.last_5m.answered) * (wrap_up_s / 60.0)
}

/// `Math.round(x * 100) / 100` as JavaScript has it: halves go up, also below zero.
fn round_to_hundredths(x: f64) -> f64 {
    let scaled = x * 100.0;
    let below = scaled.floor();
    let rounded = if scaled - below >= 0.5 { below + 1.0 } else { below };
    rounded / 100.0
}

paced_policy::export!(Proportional);

#[cfg(test)]
mod tests;
