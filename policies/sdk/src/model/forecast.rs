//! What a dial ratio leads to once a campaign has settled at it: how busy the agents are, and what is abandoned.

use super::capacity::abandoned;
use super::{Binomial, freed_probability};

/// Larger groups are calculated as this many agents: what is abandoned falls with the size of the group, so this errs
/// to the safe side, and bounds the cost of any input.
const MAX_AGENTS: f64 = 400.0;

/// Where the number of idle agents deviates by more than this, it is taken in steps.
const FINE_DEVIATION: f64 = 1.5;

/// Numbers of idle agents that differ by less than one in so many agents count as one to whoever may be freed.
const NEAR: u32 = 25;

/// Numbers of idle agents that are less likely than this are left out.
const UNLIKELY: f64 = 3e-4;

/// A campaign on a dialer that keeps ratio x available lines ringing, settled.
///
/// **Utilization.** A line is held for `line_s` on average and ends in an answer with the probability p, so r lines for
/// each idle agent give that agent a call every line_s / (r p) seconds; the call keeps them busy for `handle_s`. Hence
/// busy/idle = r g, with the *load of a line* g = p x handle_s / line_s, and utilization = r g / (1 + r g).
///
/// **Abandonment.** Seen one by one, agents come and go independently: idle ~ Bin(agents, 1 - utilization). With i of
/// them idle there are round(r i) lines, and what they abandon is the overdial of [`Capacity`](super::Capacity), over the time `ring_s`
/// that it takes to be answered. The mean over i, weighed by answers, is the forecast.
///
/// Against the shipped simulator (5 to 500 agents, answer probability 0.16 to 0.54, 60 to 400 s of talk) utilization is
/// right within 0.03 and, where 1 to 6 % are abandoned, the forecast is 0.65 to 2 times what happens: a little low for
/// small groups and many answers, high for large groups, whose lines spread out more than a burst does.
///
/// ```
/// use paced_policy::model::Forecast;
///
/// let forecast = Forecast { agents: 20.0, answer_probability: 0.25, line_s: 13.0, ring_s: 10.0, handle_s: 180.0 };
/// assert!((forecast.utilization(1.0) - 0.776).abs() < 0.001);
/// assert!(forecast.abandonment(1.0) < 0.001 && forecast.abandonment(3.0) > 0.03);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Agents signed in.
    pub agents: f64,
    /// Probability that a dialled line ends in an answer that wants an agent.
    pub answer_probability: f64,
    /// Mean time that a line is held, however it ends, seconds.
    pub line_s: f64,
    /// Time from dialling to an answer, seconds.
    pub ring_s: f64,
    /// Mean time that a call keeps an agent busy: talk and wrap-up, seconds.
    pub handle_s: f64,
}

impl Forecast {
    /// Busy agents for each idle one, for each line: g = p x handle time / line time.
    #[must_use]
    pub fn load_of_a_line(&self) -> f64 {
        let load = self.answer_probability * self.handle_s / self.line_s;
        if load.is_finite() { load.max(0.0) } else { 0.0 }
    }

    /// The share of the agents that are busy, 0 to 1.
    #[must_use]
    pub fn utilization(&self, ratio: f64) -> f64 {
        let load = ratio.max(0.0) * self.load_of_a_line();
        load / (1.0 + load)
    }

    /// The ratio that keeps this share of the agents busy; infinite where none does.
    #[must_use]
    pub fn ratio_for_utilization(&self, utilization: f64) -> f64 {
        let (busy, idle) = (utilization.clamp(0.0, 1.0), 1.0 - utilization.clamp(0.0, 1.0));
        if busy == 0.0 { 0.0 } else { busy / (idle * self.load_of_a_line()) }
    }

    /// The share of the answers that is abandoned, 0 to 1; 0 where nothing is answered.
    #[must_use]
    pub fn abandonment(&self, ratio: f64) -> f64 {
        let agents = if self.agents.is_nan() { 0.0 } else { self.agents.round().clamp(0.0, MAX_AGENTS) };
        let utilization = self.utilization(ratio);
        let mut freed = Freed::new(agents as u32, freed_probability(self.ring_s, self.handle_s));
        let (mut answers, mut lost) = (0.0, 0.0);
        for (idle, weight) in idle_agents(agents as u32, 1.0 - utilization) {
            // Platforms dial whole lines: with few agents the staircase is what decides.
            let lines = (ratio * f64::from(idle)).round().max(0.0) as u32;
            answers += weight * f64::from(lines) * self.answer_probability;
            lost += weight * abandoned(idle, freed.of(idle), lines, self.answer_probability);
        }
        if answers > 0.0 { (lost / answers).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The highest ratio from `low` to `high`, to about `tolerance`, whose forecast is at most `limit` abandoned; `low`
    /// if none is. It halves the range until it fits, so a narrow range is cheap.
    #[must_use]
    pub fn max_ratio(&self, limit: f64, low: f64, high: f64, tolerance: f64) -> f64 {
        if self.abandonment(high) <= limit { high } else { self.max_ratio_below(limit, low, high, tolerance) }
    }

    /// The same where the forecast for `high` is known to be over the limit.
    pub(super) fn max_ratio_below(&self, limit: f64, low: f64, high: f64, tolerance: f64) -> f64 {
        let (mut allowed, mut above) = (low, high);
        // At most 20: a range of 5 down to a millionth of it.
        for _ in 0..20 {
            if above - allowed <= tolerance {
                break;
            }
            let middle = f64::midpoint(allowed, above);
            if self.abandonment(middle) <= limit {
                allowed = middle;
            } else {
                above = middle;
            }
        }
        allowed
    }
}

/// How many agents are idle, with weights: all that matter where they are few, and steps of a standard deviation where
/// they are many. (Sums of a smooth function over a bell curve in such steps are exact to about 1e-8.)
fn idle_agents(agents: u32, idle_share: f64) -> impl Iterator<Item = (u32, f64)> {
    let deviation = (f64::from(agents) * idle_share * (1.0 - idle_share)).sqrt();
    let step = if deviation < FINE_DEVIATION { 1 } else { deviation.round() as usize };
    let likely = Binomial::new(agents, idle_share).terms().filter(|(_, term)| *term > UNLIKELY).collect::<Vec<_>>();
    likely.into_iter().step_by(step)
}

/// How many busy agents are free again in time. Of few agents exactly; among many, one idle more or less changes nothing
/// worth the calculation.
struct Freed {
    agents: u32,
    probability: f64,
    last: Option<(u32, Binomial)>,
}

impl Freed {
    const fn new(agents: u32, probability: f64) -> Self {
        Self { agents, probability, last: None }
    }

    fn of(&mut self, idle: u32) -> &Binomial {
        let is_near = |before: u32| idle.abs_diff(before) * NEAR <= self.agents;
        if self.last.as_ref().is_some_and(|(before, _)| !is_near(*before)) {
            self.last = None;
        }
        let (_, freed) =
            self.last.get_or_insert_with(|| (idle, Binomial::new(self.agents.saturating_sub(idle), self.probability)));
        freed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Capacity;

    fn forecast(agents: f64) -> Forecast {
        Forecast { agents, answer_probability: 0.285, line_s: 13.0, ring_s: 10.0, handle_s: 160.0 }
    }

    #[test]
    fn a_group_is_as_busy_as_lines_and_answers_make_it() {
        // g = 0.285 x 160 / 13 = 3.508; 2 g / (1 + 2 g) = 0.875.
        assert!((forecast(20.0).utilization(2.0) - 0.875_2).abs() < 1e-4);
        assert!((forecast(20.0).ratio_for_utilization(0.875_2) - 2.0).abs() < 0.01);
        assert_eq!(forecast(20.0).ratio_for_utilization(1.0), f64::INFINITY);
        assert_eq!(forecast(20.0).ratio_for_utilization(0.0), 0.0);
    }

    /// What the simulator shows for these centres at constant ratios (18, 44 and 175 signed in of 20, 50 and 200), over
    /// 6 shifts of 8 hours: 2.35 %, 1.68 % and 0.67 %. The forecast is off by less than a half, or for large groups on
    /// the safe side.
    #[test]
    fn abandonment_is_about_what_the_simulator_shows() {
        let percent = |agents, ratio| 100.0 * forecast(agents).abandonment(ratio);
        assert!((1.6..3.5).contains(&percent(18.0, 2.0)), "{}", percent(18.0, 2.0));
        assert!((1.1..2.5).contains(&percent(44.0, 3.0)), "{}", percent(44.0, 3.0));
        assert!((0.6..2.0).contains(&percent(175.0, 5.0)), "{}", percent(175.0, 5.0));
    }

    #[test]
    fn steps_agree_with_the_whole_sum() {
        for agents in [50_u32, 150, 400] {
            let (ratio, this) = (4.0, forecast(f64::from(agents)));
            let freed = freed_probability(this.ring_s, this.handle_s);
            let (mut answers, mut lost) = (0.0, 0.0);
            for (idle, weight) in Binomial::new(agents, 1.0 - this.utilization(ratio)).terms() {
                let lines = 4 * idle;
                answers += weight * f64::from(lines) * this.answer_probability;
                lost += weight * Capacity::new(idle, agents - idle, freed).abandoned(lines, this.answer_probability);
            }
            let (whole, stepped) = (lost / answers, this.abandonment(ratio));
            assert!((whole - stepped).abs() < 2e-4 + 0.05 * whole, "{agents} agents: {stepped}, not {whole}");
        }
    }

    #[test]
    fn the_highest_ratio_keeps_the_limit() {
        let (few, many) = (forecast(18.0), forecast(200.0));
        let ratio = few.max_ratio(0.03, 0.1, 5.0, 0.01);
        assert!(few.abandonment(ratio) <= 0.03 && few.abandonment(ratio + 0.02) > 0.03, "{ratio}");
        assert!(many.max_ratio(0.03, 0.1, 5.0, 0.01) > ratio, "more agents bear more lines");
        assert_eq!(few.max_ratio(0.03, 0.1, 1.2, 0.01), 1.2);
        assert_eq!(few.max_ratio(0.0, 3.0, 3.1, 0.01), 3.0, "none is allowed");
    }

    proptest! {
        #[test]
        fn it_is_a_share_whatever_it_is_asked(
            agents in prop_oneof![0.0_f64..50.0, 0.0_f64..5_000.0, Just(f64::NAN), Just(4e9)],
            p in -0.5_f64..1.5, line_s in 0.0_f64..60.0, ring_s in 0.0_f64..60.0, handle_s in 0.0_f64..2_000.0,
            ratio in -1.0_f64..6.0,
        ) {
            let this = Forecast { agents, answer_probability: p, line_s, ring_s, handle_s };
            prop_assert!((0.0..=1.0).contains(&this.utilization(ratio)));
            prop_assert!((0.0..=1.0).contains(&this.abandonment(ratio)));
        }
    }
}
