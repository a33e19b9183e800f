//! Feed-forward by a forecast that learns, inside the abandonment budget (first working version).
mod aim;
mod answering;
mod learned;

use paced_policy::model::Span;
use paced_policy::{Decision, Input, Policy};

use aim::Aim;
use learned::Learned;

/// Most that the ratio rises and falls at a time, as a share of itself.
const UP: f64 = 0.10;
const DOWN: f64 = 0.25;
const DEADBAND: f64 = 0.10;
const MIN_AGENTS: f64 = 3.0;

/// The recommended policy.
pub struct Adaptive;

impl Policy for Adaptive {
    const NAME: &'static str = "adaptive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "A forecast that learns, inside the abandonment budget";
    type Params = ();
    type State = Learned;

    fn decide((): &(), learned: &mut Learned, input: &Input) -> Result<Decision, String> {
        if !input.reading.fresh || input.reading.agents_signed_in() <= 0.0 {
            learned.wait(input);
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        }
        let outlook = learned.take(input);
        let aim = Aim::of(input, &outlook);
        let now = input.dial_ratio;
        let steps = (outlook.elapsed_s / 15.0).max(1.0);
        let (low, high) = (now * (1.0 - DOWN), now + (UP * now * steps).clamp(0.05, 0.5));
        let by_utilization = outlook.forecast.ratio_for_utilization(input.campaign.target_utilization);
        let wish = outlook.max_ratio(aim.rate, now, low, high).min(by_utilization);
        let is_whole = low < wish && wish < high;
        let mut ratio = if is_whole && (wish - now).abs() < DEADBAND * now { now } else { wish };
        if outlook.silent {
            ratio = ratio.min(now);
        }
        if let Some(burst) = outlook.burst(input, aim.rate, ratio) {
            ratio = ratio.min(burst);
        }
        let span = Span::of(&input.campaign, input.reading.agents_signed_in(), MIN_AGENTS);
        Ok(Decision::ratio(span.clamp(ratio))
            .because("x")
            .signal("aim", aim.rate)
            .signal("forecast", outlook.abandonment)
            .signal("calibration", outlook.calibration)
            .signal("others", outlook.others)
            .signal("q", outlook.forecast.answer_probability)
            .signal("handle", outlook.forecast.handle_s)
            .signal("doubt", outlook.doubt))
    }
}

paced_policy::export!(Adaptive);
