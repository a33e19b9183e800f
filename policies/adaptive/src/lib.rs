//! The recommended policy: dial what a forecast bears, let what happens correct the forecast, and stay inside the budget.
//!
//! **Feed-forward.** For any ratio, [`Forecast`](paced_policy::model::Forecast) says what it would abandon once the
//! campaign has settled at it: idle agents are binomial, their lines bring Bin(lines, p) answers, and what exceeds the
//! agents who are idle or free again in time is abandoned. So the size of the group is in it from the first decision: 5
//! agents bear 1.2 lines each where 50 bear 3. A group that shrinks from 20 to 8 gets its lower ratio at once, before
//! anybody has been abandoned. What the platform does not report is inferred: answers per line from answers over
//! ratio x available agents (`answering`), handle times by Little's law. An answer rate that jumps is found by a
//! sequential test within minutes.
//!
//! **Feedback.** A forecast is off by a factor that belongs to the campaign, and other campaigns may take its agents.
//! Both are learned from the calls that were abandoned (`causes`).
//!
//! **Budget.** What may be abandoned from now on follows from what has been abandoned today and in the reporting window:
//! a surplus or deficit is spent over the next two hours (`aim`). Large groups aim lower: it costs them next to no
//! answers, and keeps them away from the host's safety trip.
//!
//! **Calm.** The ratio moves only where the forecast asks for a move that is worth while, 8 % of it. Without news it
//! holds. With more agents idle than a settled campaign has (an outage is over, a pause has ended) the burst of their
//! lines is forecast besides, and the ratio stays under what it bears (`outlook`).
//!
//! There is nothing to tune: what differs between campaigns is estimated. Every constant names its reason, and they were
//! chosen on simulated days that the published results do not use.

mod aim;
mod answering;
mod causes;
mod learned;
mod outlook;

use paced_policy::model::Span;
use paced_policy::{Decision, Input, Policy};

pub use learned::Learned;

/// With fewer agents signed in the ratio stays at most 1: an average says nothing about so few. The host's guard does the
/// same by default.
const MIN_AGENTS: f64 = 3.0;

/// Dials what a forecast bears that learns, inside the abandonment budget.
pub struct Adaptive;

impl Policy for Adaptive {
    const NAME: &'static str = "adaptive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "The recommended policy: a forecast that learns, inside the abandonment budget";
    type Params = ();
    type State = Learned;

    fn decide((): &(), learned: &mut Learned, input: &Input) -> Result<Decision, String> {
        let Some(outlook) = learned.take(input) else {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        };
        let aim = aim::abandonment(input, &outlook);
        let wish = outlook.ratio(input, aim);
        let span = Span::of(&input.campaign, input.reading.agents_signed_in(), MIN_AGENTS);
        Ok(Decision::ratio(span.clamp(wish.ratio))
            .because(wish.reason)
            .signal("aim", aim)
            .signal("abandonment_forecast", outlook.abandonment(input.dial_ratio))
            .signal("answers_per_line_s", outlook.answers_per_line_s)
            .signal("handle_s", outlook.forecast.handle_s)
            .signal("forecast_factor", outlook.causes.factor())
            .signal("others", outlook.causes.others())
            .signal("doubt", outlook.doubt))
    }
}

paced_policy::export!(Adaptive);

#[cfg(test)]
mod tests;
