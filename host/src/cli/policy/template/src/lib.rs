//! Steers the smoothed utilization towards the campaign's target.

use paced_policy::{Decision, Input, Policy, params};
use serde::{Deserialize, Serialize};

params! {
    /// Parameters of the policy.
    pub struct Params {
        /// Change of the ratio per decision when all agents wait.
        pub gain: f64 = 0.5, in 0.0..=5.0, unit "ratio";
        /// Weight of the newest reading against those before it.
        pub weight: f64 = 0.3, in 0.01..=1.0;
    }
}

/// What is remembered from one decision to the next.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    utilization: Option<f64>,
}

/// The policy.
pub struct Pacing;

impl Policy for Pacing {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Steers the smoothed utilization towards the target";
    type Params = Params;
    type State = State;

    fn decide(params: &Params, state: &mut State, input: &Input) -> Result<Decision, String> {
        let Some(now) = input.utilization().filter(|_| input.reading.fresh) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let before = state.utilization.unwrap_or(now);
        let smoothed = before + params.weight * (now - before);
        state.utilization = Some(smoothed);

        let campaign = &input.campaign;
        if let Some(rate) = input.abandonment(&input.windows.last_5m)
            && rate > campaign.max_abandonment
        {
            paced_policy::info!("{:.1} % abandoned", rate * 100.0);
            return Ok(Decision::ratio(input.dial_ratio * 0.8).because("abandonment over the limit"));
        }
        let error = campaign.target_utilization - smoothed;
        Ok(Decision::ratio(input.dial_ratio + params.gain * error)
            .because("towards the target")
            .signal("utilization_smoothed", smoothed)
            .signal("error", error))
    }
}

paced_policy::export!(Pacing);

#[cfg(test)]
mod tests {
    use super::*;
    use paced_policy::testing::{self, InputBuilder};

    #[test]
    fn waiting_agents_raise_the_ratio() {
        // 10 of 20 busy is 0.5; 0.85 - 0.5 = 0.35 short; 1 + 0.5 x 0.35 = 1.175.
        let input = InputBuilder::new().available(10.0).busy(10.0).dial_ratio(1.0).build();
        let decision = testing::run::<Pacing>(&Params::default(), &mut State::default(), &input).unwrap();
        assert_eq!(decision.dial_ratio, Some(1.175));
    }

    #[test]
    fn an_old_reading_holds() {
        let input = InputBuilder::new().stale(40.0).build();
        let decision = testing::run::<Pacing>(&Params::default(), &mut State::default(), &input).unwrap();
        assert_eq!(decision.dial_ratio, None);
    }
}
