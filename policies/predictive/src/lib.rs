//! Looks ahead: the highest ratio whose forecast abandons no more than the aim.
//!
//! **Theory.** What a ratio leads to is calculated, not tried out (see [`Forecast`]): how many agents are idle is
//! binomial, their lines bring Bin(lines, p) answers, and what exceeds the agents who are idle or will be in time,
//! idle + Bin(busy, 1 - exp(-ring/handle)), is abandoned. So a change of the group or of the answers acts at once,
//! before anybody has been abandoned, and a small group gets the few lines that it bears.
//!
//! **What is estimated.** The answer probability can't be seen where the platform calls answers offered, and dials are
//! reported nowhere. But ratio x available lines ring, so the answers per second over the lines give
//! p / (time that a line is held) (see [`Traffic`]); with 13 s a line that is p. Where offered plainly counts dials, p is
//! measured, and with it the time of a line. Handle times follow from busy agents and answered calls. Both estimates are
//! drawn towards seeds from the params, as if some calls had shown them, and fade with a time constant of 20 minutes.
//!
//! **What keeps it honest.** A forecast is off by a factor that belongs to the campaign. [`Calibration`] learns it from
//! the calls that were abandoned against those forecast.
//!
//! It is bumpless, since the search starts at the ratio in force and ends within the ramps.
//!
//! [`Forecast`]: paced_policy::model::Forecast
//! [`Traffic`]: paced_policy::model::Traffic
//! [`Calibration`]: paced_policy::model::Calibration

use paced_policy::model::{Experience, Seeds, Slew, Span};
use paced_policy::{Decision, Input, Policy, params};

params! {
    /// Parameters of [`Predictive`].
    pub struct Params {
        /// The abandonment aimed at, as a share of the campaign's limit.
        pub aim: f64 = 0.7, in 0.0..=1.0;
        /// Answer probability to begin with.
        pub answer_seed: f64 = 0.3, in 0.01..=1.0;
        /// Mean handle time (talk and wrap-up) to begin with.
        pub handle_seed_s: f64 = 180.0, in 1.0..=3600.0, unit "s";
        /// Calls that it takes for an estimate to count as much as its seed.
        pub seed_calls: f64 = 30.0, in 1.0..=1000.0, unit "calls";
        /// Mean time that a line is held, however it ends.
        pub line_s: f64 = 13.0, in 1.0..=60.0, unit "s";
        /// Time from dialling to an answer.
        pub ring_s: f64 = 10.0, in 1.0..=60.0, unit "s";
        /// Time within which estimates forget.
        pub memory_s: f64 = 1200.0, in 60.0..=28800.0, unit "s";
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

/// Dials as much as the forecast allows.
pub struct Predictive;

impl Policy for Predictive {
    const NAME: &'static str = "predictive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Binomial look-ahead with online estimates";
    type Params = Params;
    type State = Experience;

    fn decide(params: &Params, experience: &mut Experience, input: &Input) -> Result<Decision, String> {
        let Some(outlook) = experience.take(input, &params.seeds()) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let campaign = &input.campaign;
        let slew = Slew { up: params.up, down: params.down };
        let wanted = outlook.ratio(params.aim * outlook.limit, campaign.target_utilization, slew, params.deadband);
        let span = Span::of(campaign, input.reading.agents_signed_in(), params.min_agents);
        let reason = match wanted - input.dial_ratio {
            change if change > 0.0 => "the limit bears more",
            change if change < 0.0 => "the limit or the target bears less",
            _ => "as forecast",
        };
        Ok(Decision::ratio(span.clamp(wanted))
            .because(reason)
            .signal("answer_probability", outlook.forecast.answer_probability)
            .signal("handle_s", outlook.forecast.handle_s)
            .signal("abandonment_forecast", outlook.abandonment)
            .signal("line_scale", outlook.scale))
    }
}

impl Params {
    const fn seeds(&self) -> Seeds {
        Seeds {
            answer_probability: self.answer_seed,
            handle_s: self.handle_seed_s,
            calls: self.seed_calls,
            line_s: self.line_s,
            ring_s: self.ring_s,
            memory_s: self.memory_s,
        }
    }
}

paced_policy::export!(Predictive);

#[cfg(test)]
mod tests;
