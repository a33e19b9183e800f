//! Additive increase, multiplicative decrease: up by little while all is well, down by much when it plainly is not.
//!
//! **Theory.** It is how TCP finds the bandwidth of a path that tells it nothing but losses (Chiu and Jain, 1989), with
//! abandoned calls for lost packets. Two bounds on the plausible rate (Wilson's score interval) keep it from acting on
//! noise: it rises only while even the *upper* one is within the limit, and falls only when even the *lower* one is over
//! it. In between it waits. After a fall, calls that the ratio before it brought still end for a while and are not
//! counted; then evidence is gathered anew, so that one breach lowers the ratio once.
//!
//! It needs no model and no estimate of answers or handle times. The price is time: the upper bound of no abandoned call
//! among n is z^2 / (n + z^2), so a limit of 3 % wants 33 answers before the first step at z = 1, and a small group
//! gathers them slowly. And it has no idea of the group's size: when agents leave, it acts after the calls are lost.

use paced_policy::model::{Filtered, Span, Traffic, lower_rate, upper_rate};
use paced_policy::{Decision, Input, Policy, params};
use serde::{Deserialize, Serialize};

params! {
    /// Parameters of [`Aimd`].
    pub struct Params {
        /// Rise of the ratio in a minute.
        pub increase: f64 = 0.04, in 0.0..=2.0, unit "ratio per min";
        /// What the ratio is multiplied by on a breach.
        pub decrease: f64 = 0.75, in 0.1..=1.0;
        /// The rate that the upper bound must stay under for a rise, as a share of the campaign's limit.
        pub aim: f64 = 0.7, in 0.0..=1.0;
        /// Width of the bounds, in standard deviations: 1 is one-sided 84 %, 1.64 is 95 %.
        pub z: f64 = 1.0, in 0.1..=4.0;
        /// How long answers count.
        pub memory_s: f64 = 900.0, in 60.0..=28800.0, unit "s";
        /// How many answers count: a large group has them in minutes, and need not look back further.
        pub memory_answers: f64 = 150.0, in 20.0..=10000.0, unit "answers";
        /// Time after a fall in which calls of the ratio before it end.
        pub settle_s: f64 = 60.0, in 0.0..=600.0, unit "s";
        /// With fewer agents signed in the ratio stays at most 1.
        pub min_agents: f64 = 3.0, in 0.0..=100.0, unit "agents";
    }
}

/// What is remembered from one decision to the next.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct State {
    utilization: Filtered,
    /// Calls since the last fall.
    traffic: Traffic,
    /// Time left until calls count again.
    settling_s: f64,
}

/// Probes upwards, and backs off.
pub struct Aimd;

/// A longer gap than this between two fresh readings counts as this much.
const MAX_ELAPSED_S: f64 = 60.0;

/// Utilization is averaged over this before it is held against the target.
const UTILIZATION_S: f64 = 180.0;

impl Policy for Aimd {
    const NAME: &'static str = "aimd";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Additive increase, multiplicative decrease";
    type Params = Params;
    type State = State;

    fn decide(params: &Params, state: &mut State, input: &Input) -> Result<Decision, String> {
        let elapsed_s = state.count(input, params);
        let Some(now) = input.utilization().filter(|_| input.reading.fresh) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let utilization = state.utilization.take(now, elapsed_s, UTILIZATION_S);

        let limit = input.campaign.max_abandonment;
        let (calls, abandoned) = (state.traffic.calls(input.campaign.abandonment_of), state.traffic.abandoned());
        let (lowest, highest) = (lower_rate(abandoned, calls, params.z), upper_rate(abandoned, calls, params.z));
        let step = params.increase * elapsed_s.min(MAX_ELAPSED_S) / 60.0;
        let (wanted, reason) = if lowest > limit {
            state.settling_s = params.settle_s;
            (input.dial_ratio * params.decrease, "a breach")
        } else if utilization > input.campaign.target_utilization {
            (input.dial_ratio - step, "busier than the target")
        } else if highest <= params.aim * limit && !input.guard_applied("ceiling") {
            (input.dial_ratio + step, "within the limit, plausibly")
        } else {
            (input.dial_ratio, "not sure")
        };
        let agents = input.reading.agents_signed_in();
        let ratio = Span::of(&input.campaign, agents, params.min_agents).clamp(wanted);
        Ok(Decision::ratio(ratio)
            .because(reason)
            .signal("abandonment_lower", lowest)
            .signal("abandonment_upper", highest)
            .signal("calls", calls))
    }
}

impl State {
    /// Counts what is new, unless calls of the ratio before a fall are still ending; the time since the last reading.
    fn count(&mut self, input: &Input, params: &Params) -> f64 {
        let elapsed_s = self.traffic.take(input, params.memory_s).elapsed_s;
        self.traffic.fade_to(params.memory_answers);
        if self.settling_s > 0.0 {
            self.settling_s -= elapsed_s;
            self.traffic.forget();
        }
        elapsed_s
    }
}

paced_policy::export!(Aimd);

#[cfg(test)]
mod tests;
