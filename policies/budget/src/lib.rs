//! Spends the abandonment budget: what the reporting window still bears becomes the rate to aim at.
//!
//! **Theory.** Regulators judge a window, not a moment: 3 % of thirty days' answers, say. Of what the window has seen,
//! *budget* = limit x calls - abandoned calls are left to spend (negative: overspent). If A answers are expected until it
//! should be balanced, then a rate of
//!
//! limit + budget / A, held between a floor and a cap
//!
//! balances it. This outer loop is an integral controller on abandoned calls themselves: whatever the inner loop gets
//! wrong, over the window the error is paid back. The inner loop is a forecast that learns (see [`Experience`]): the
//! ratio is the lower one of that for the rate and that for the target utilization.
//!
//! A is the answers of the next `balance_s`, or of what is left of the shift where its end is known and nearer: so an
//! overspent shift gets stricter towards its end. The cap stays under the limit by default, since the host's guard judges
//! the last answers alone and would stop a campaign that spends a month's savings in an hour.

use paced_policy::model::{Experience, Outlook, Seeds, Slew, Span};
use paced_policy::{Decision, Input, Policy, params};

params! {
    /// Parameters of [`Budget`].
    pub struct Params {
        /// Time within which the budget is balanced, unless the shift ends sooner.
        pub balance_s: f64 = 3600.0, in 300.0..=86400.0, unit "s";
        /// Highest rate aimed at, as a share of the campaign's limit, however much is left.
        pub cap: f64 = 0.85, in 0.0..=2.0;
        /// Lowest rate aimed at, as a share of the campaign's limit, however much is overspent.
        pub floor: f64 = 0.2, in 0.0..=1.0;
        /// Answer probability to begin with.
        pub answer_seed: f64 = 0.3, in 0.01..=1.0;
        /// Mean handle time (talk and wrap-up) to begin with.
        pub handle_seed_s: f64 = 180.0, in 1.0..=3600.0, unit "s";
        /// Most that the ratio rises at a time.
        pub up: f64 = 0.10, in 0.01..=5.0, unit "ratio";
        /// Most that the ratio falls at a time.
        pub down: f64 = 0.5, in 0.01..=5.0, unit "ratio";
        /// A change smaller than this is noise of the estimates, and is not made; a ramp under way goes on.
        pub deadband: f64 = 0.2, in 0.0..=1.0, unit "ratio";
        /// With fewer agents signed in the ratio stays at most 1.
        pub min_agents: f64 = 3.0, in 0.0..=100.0, unit "agents";
    }
}

/// Turns what is left of the budget into a rate, and that into a ratio.
pub struct Budget;

/// A budget is balanced over this at least, however near the shift's end: one call more or less can't be helped.
const LEAST_BALANCE_S: f64 = 300.0;

/// Fewer answers ahead than this count as this many, for the same reason.
const LEAST_ANSWERS: f64 = 20.0;

impl Policy for Budget {
    const NAME: &'static str = "budget";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Spends what is left of the abandonment budget";
    type Params = Params;
    type State = Experience;

    fn decide(params: &Params, experience: &mut Experience, input: &Input) -> Result<Decision, String> {
        let Some(outlook) = experience.take(input, &params.seeds()) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let campaign = &input.campaign;
        let ahead = answers_ahead(params, input, &outlook);
        let balancing = outlook.limit + campaign.abandonment_budget / ahead;
        let cap = params.cap * outlook.limit;
        let aim = balancing.min(cap).max(params.floor.min(params.cap) * outlook.limit);

        let slew = Slew { up: params.up, down: params.down };
        let wanted = outlook.ratio(aim, campaign.target_utilization, slew, params.deadband);
        let span = Span::of(campaign, input.reading.agents_signed_in(), params.min_agents);
        let reason = if aim < cap { "paying back what was overspent" } else { "within the budget" };
        Ok(Decision::ratio(span.clamp(wanted))
            .because(reason)
            .signal("aim", aim)
            .signal("answers_ahead", ahead)
            .signal("abandonment_forecast", outlook.abandonment)
            .signal("line_scale", outlook.scale))
    }
}

/// Answers expected until the budget should be balanced: busy agents, each with a new call every handle time.
fn answers_ahead(params: &Params, input: &Input, outlook: &Outlook) -> f64 {
    let left_s = input.campaign.shift_end_ms.map_or(f64::INFINITY, |end| end.saturating_sub(input.now_ms) as f64 / 1e3);
    let balance_s = params.balance_s.min(left_s).max(LEAST_BALANCE_S);
    let forecast = &outlook.forecast;
    let busy = forecast.agents * forecast.utilization(input.dial_ratio);
    (busy * balance_s / forecast.handle_s.max(1.0)).max(LEAST_ANSWERS)
}

impl Params {
    const fn seeds(&self) -> Seeds {
        Seeds { answer_probability: self.answer_seed, handle_s: self.handle_seed_s, ..Seeds::USUAL }
    }
}

paced_policy::export!(Budget);

#[cfg(test)]
mod tests;
