//! Proportional-integral control of utilization, with abandonment as the override.
//!
//! **Theory.** Two errors are computed, and the smaller one steers (a *selector*, as in process control):
//!
//! - e_u = target - utilization, the latter filtered. Both are shares of the agents signed in, so that the gain does
//!   not grow with the group, which is what makes the tutorial's controller swing.
//! - e_a = weight x (aim - abandonment) / aim, the rate over five minutes, shrunk towards the aim. So a few calls say
//!   little, and a group of five steers as calmly as one of five hundred.
//!
//! The ratio moves by Kp (e - e before) + Ki T e from the ratio *in force*: the velocity form. Nothing winds up while a
//! bound, a ramp, a person or a stale feed holds the ratio, and control resumes without a jump. While the guard's
//! ceiling acts, rises are not even asked for.
//!
//! **Stability.** A settled campaign has d(utilization)/d(ratio) = u (1 - u) / ratio, 0.13 at ratio 1 and 0.03 at 3.
//! With Ki = 0.008 /s the loop's time constant is 16 minutes and more, four times the filter's, at any group size.

use paced_policy::model::{Filtered, Slew, Span, VelocityPi, shrunk_rate};
use paced_policy::{Decision, Input, Policy, params};
use serde::{Deserialize, Serialize};

params! {
    /// Parameters of [`Pi`].
    pub struct Params {
        /// Change of the ratio for a change of the error by 1.
        pub kp: f64 = 0.5, in 0.0..=10.0, unit "ratio";
        /// Change of the ratio for each minute that the error is 1.
        pub ki: f64 = 0.5, in 0.0..=10.0, unit "ratio per min";
        /// Time constant of the utilization's filter: one to two handle times.
        pub filter_s: f64 = 180.0, in 0.0..=3600.0, unit "s";
        /// What the abandonment aims at, as a share of the campaign's limit.
        pub aim: f64 = 0.8, in 0.0..=1.0;
        /// Weight of abandonment against utilization: the error of a campaign without any abandoned call, over its aim.
        pub abandonment_weight: f64 = 0.25, in 0.0..=5.0;
        /// Answers that it takes for the rate to count half.
        pub shrink_answers: f64 = 50.0, in 0.0..=1000.0, unit "answers";
        /// Most that the ratio rises at a time.
        pub up: f64 = 0.10, in 0.0..=5.0, unit "ratio";
        /// Most that the ratio falls at a time.
        pub down: f64 = 0.25, in 0.0..=5.0, unit "ratio";
        /// With fewer agents signed in the ratio stays at most 1.
        pub min_agents: f64 = 3.0, in 0.0..=100.0, unit "agents";
    }
}

/// What is remembered from one decision to the next.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct State {
    utilization: Filtered,
    error: Option<f64>,
    since_fresh_s: f64,
}

/// Moves the ratio by the error and its change.
pub struct Pi;

/// An aim of nothing abandoned at all counts as one in ten thousand, to divide by.
const LEAST_AIM: f64 = 1e-4;

/// A longer gap than this between two fresh readings counts as this much.
const MAX_ELAPSED_S: f64 = 60.0;

impl Policy for Pi {
    const NAME: &'static str = "pi";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Normalised proportional-integral control";
    type Params = Params;
    type State = State;

    fn decide(params: &Params, state: &mut State, input: &Input) -> Result<Decision, String> {
        state.since_fresh_s += input.since_last_decision_s.unwrap_or(0.0);
        let Some(now) = input.utilization().filter(|_| input.reading.fresh) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let elapsed_s = std::mem::take(&mut state.since_fresh_s).clamp(0.0, MAX_ELAPSED_S);
        let agents = input.reading.agents_signed_in();
        let utilization = state.utilization.take(now, elapsed_s, params.filter_s);

        let by_utilization = outside_deadband(input.campaign.target_utilization - utilization, agents);
        let (by_abandonment, rate) = abandonment_error(params, input);
        let error = by_utilization.min(by_abandonment);
        let before = state.error.replace(error).unwrap_or(error);

        let pi = VelocityPi { kp: params.kp, ki_per_s: params.ki / 60.0 };
        let change = pi.change(error, before, elapsed_s);
        let change = if input.guard_applied("ceiling") { change.min(0.0) } else { change };
        let wanted = Slew { up: params.up, down: params.down }.limit(input.dial_ratio, input.dial_ratio + change);
        let ratio = Span::of(&input.campaign, agents, params.min_agents).clamp(wanted);
        let reason = if by_abandonment < by_utilization { "abandonment steers" } else { "utilization steers" };
        Ok(Decision::ratio(ratio)
            .because(reason)
            .signal("utilization_filtered", utilization)
            .signal("abandonment_shrunk", rate)
            .signal("error", error))
    }
}

/// No error where it is less than half an agent: nobody can be half busy.
fn outside_deadband(error: f64, agents: f64) -> f64 {
    if error.abs() * agents < 0.5 { 0.0 } else { error }
}

/// The abandonment's error in terms of utilization, and the shrunk rate that it comes from.
fn abandonment_error(params: &Params, input: &Input) -> (f64, f64) {
    let (campaign, window) = (&input.campaign, &input.windows.last_5m);
    let aim = (params.aim * campaign.max_abandonment).max(LEAST_AIM);
    let calls = f64::from(window.calls(campaign.abandonment_of));
    let rate = shrunk_rate(f64::from(window.abandoned), calls, aim, params.shrink_answers);
    (params.abandonment_weight * (aim - rate) / aim, rate)
}

paced_policy::export!(Pi);

#[cfg(test)]
mod tests;
