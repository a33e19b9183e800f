//! Why calls were abandoned: too many lines of our own, or somebody else took the agents.
//!
//! The forecast knows the first cause, up to a factor that belongs to the campaign: how its lines spread, how its agents
//! go away. It knows nothing of other campaigns that dial for the same agents; they abandon our calls even at one line an
//! agent, in proportion to our lines. So abandonment = factor x forecast + others x ratio, and both are learned: each
//! abandoned call is divided among the causes as they explain it at present (the step of expectation maximisation for a
//! mixture; Dempster, Laird and Rubin 1977), and each cause's rate is a shrunk one of its own.

use paced_policy::model::shrunk_rate;
use serde::{Deserialize, Serialize};

/// Calls that are forecast before what was seen of them counts half: the forecast is good to a half or so, the spread of
/// six calls.
const FORECAST_CALLS: f64 = 6.0;
/// However wrong a forecast seems, its factor is from an eighth to eight.
const MOST_FACTOR: f64 = 8.0;
/// Abandoned share at one line an agent before anything is known: agents go to a break while a line rings, about 1 in
/// 1,000 in simulation.
const SEED_OTHERS: f64 = 0.001;
/// Calls, each times its ratio, that it takes for what was seen of the others to count half.
const OTHERS_CALLS: f64 = 150.0;
/// Time constant within which causes are forgotten: abandoned calls are rare, and what is learned of them is slow news.
const MEMORY_S: f64 = 7_200.0;

/// What the abandoned calls have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Causes {
    /// Calls that the forecast said, and those that it answers for.
    forecast: f64,
    own: f64,
    /// Answers times the ratio at which they came, and the calls that others abandoned.
    exposed: f64,
    by_others: f64,
}

impl Causes {
    /// What the forecast is to be multiplied by, 1/8 to 8.
    pub(crate) fn factor(&self) -> f64 {
        shrunk_rate(self.own, self.forecast, 1.0, FORECAST_CALLS).clamp(1.0 / MOST_FACTOR, MOST_FACTOR)
    }

    /// The share of answers that others abandon for each line an agent, 0 to 1.
    pub(crate) fn others(&self) -> f64 {
        shrunk_rate(self.by_others, self.exposed, SEED_OTHERS, OTHERS_CALLS).min(1.0)
    }

    /// The share of answers that is abandoned at `ratio`, for which the forecast says `forecast`.
    pub(crate) fn abandonment(&self, forecast: f64, ratio: f64) -> f64 {
        (self.factor() * forecast + self.others() * ratio).clamp(0.0, 1.0)
    }

    /// Takes in `elapsed_s` with so many answers, at `ratio`, for which the forecast said `forecast`.
    pub(crate) fn take(&mut self, answers: f64, abandoned: f64, forecast: f64, ratio: f64, elapsed_s: f64) {
        let own = self.factor() * forecast;
        let all = own + self.others() * ratio;
        let share = if all > 0.0 { own / all } else { 0.0 };
        let kept = libm::exp(-elapsed_s / MEMORY_S);
        let add = |sum: &mut f64, more: f64| *sum = *sum * kept + more;
        add(&mut self.forecast, forecast * answers);
        add(&mut self.own, share * abandoned);
        add(&mut self.exposed, ratio * answers);
        add(&mut self.by_others, (1.0 - share) * abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many hours of 300 answers each, with `rate` of them abandoned where the forecast says `forecast`.
    fn hours(count: usize, rate: f64, forecast: f64, ratio: f64) -> Causes {
        let mut causes = Causes::default();
        (0..count).for_each(|_| causes.take(300.0, 300.0 * rate, forecast, ratio, 3_600.0));
        causes
    }

    #[test]
    fn nothing_seen_is_the_forecast_and_a_little_more() {
        assert!((Causes::default().abandonment(0.02, 2.0) - 0.022).abs() < 1e-12);
    }

    #[test]
    fn a_forecast_that_is_too_low_is_raised_as_evidence_comes() {
        let after = |count| hours(count, 0.04, 0.02, 2.0).abandonment(0.02, 2.0);
        assert!(
            after(1) > 0.026 && after(3) > after(1) && after(8) > after(3),
            "{} {} {}",
            after(1),
            after(3),
            after(8)
        );
        // Shrinking and fading leave it a fifth short.
        assert!((0.032..0.041).contains(&after(50)), "{}", after(50));
        let lower = hours(8, 0.005, 0.02, 2.0).abandonment(0.02, 2.0);
        assert!(lower < 0.012, "{lower}");
    }

    #[test]
    fn what_no_forecast_explains_is_the_others() {
        // 5 % abandoned at one line an agent, of which the forecast knows nothing.
        let causes = hours(4, 0.05, 0.0, 1.0);
        assert!((0.03..0.055).contains(&causes.others()), "{causes:?}");
        assert_eq!(causes.factor(), 1.0, "it is not blamed");
    }

    #[test]
    fn one_call_alone_proves_little_and_nothing_is_without_end() {
        let mut causes = Causes::default();
        causes.take(1.0, 1.0, 0.02, 2.0, 15.0);
        assert!(causes.factor() < 1.2 && causes.others() < 0.01, "{causes:?}");
        causes.take(1e6, 1e6, 1e-9, 1.0, 15.0);
        assert!(causes.factor() <= 8.0 && causes.abandonment(0.5, 5.0) <= 1.0);
    }
}
