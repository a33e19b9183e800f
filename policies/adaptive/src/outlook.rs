//! Looking ahead: what each ratio would abandon, and the ratio to go to.

use paced_policy::Input;
use paced_policy::model::{Capacity, Forecast, freed_probability};

use crate::causes::Causes;

/// The ratio moves by at least this share of itself: less is noise of the estimates. It is also the most that it rises
/// in [`RISE_S`].
const TENTH: f64 = 0.10;
const RISE_S: f64 = 15.0;
/// Most that it rises at a time, which is also the guard's default; and least, so that it gets up from the lowest.
const MOST_RISE: f64 = 0.5;
const LEAST_RISE: f64 = 0.05;
/// Most that it falls at a time, as a share of itself.
const MOST_FALL: f64 = 0.4;
/// How fine a longer way is searched, in halvings: an eighth of it.
const HALVINGS: u32 = 3;

/// A settled campaign has its mean of idle agents, and deviates; one with more than 1.3 times the mean, four standard
/// deviations and one agent has not settled.
const UNSETTLED: f64 = 1.3;
const DEVIATIONS: f64 = 4.0;
/// Bursts are forecast for groups scaled down to so many agents: that errs to the safe side, and bounds the cost.
const MOST_AGENTS: f64 = 200.0;

/// What to expect of the campaign.
#[derive(Clone, Debug)]
pub(crate) struct Outlook {
    pub(crate) forecast: Forecast,
    pub(crate) causes: Causes,
    /// The ratio in force and the forecast for it: forecasts are the dearest part of a decision, and this one is known.
    pub(crate) at_present: (f64, f64),
    /// The campaign's limit as a share of live answers.
    pub(crate) limit: f64,
    /// Answers per second that agents take at the ratio in force.
    pub(crate) answers_per_s: f64,
    pub(crate) answers_per_line_s: f64,
    /// Seconds since the reading before.
    pub(crate) elapsed_s: f64,
    /// 1 just after a pause, and falling.
    pub(crate) since_pause: f64,
    /// How likely a sudden rise of the answers seems, 0 to 1.
    pub(crate) doubt: f64,
    /// Lines bring no answers at all.
    pub(crate) is_drought: bool,
}

/// A ratio, and why.
pub(crate) struct Wish {
    pub(crate) ratio: f64,
    pub(crate) reason: &'static str,
}

impl Outlook {
    /// The share of answers that `ratio` abandons, in the long run.
    pub(crate) fn abandonment(&self, ratio: f64) -> f64 {
        let (now, forecast_now) = self.at_present;
        let forecast = if ratio == now { forecast_now } else { self.forecast.abandonment(ratio) };
        self.causes.abandonment(forecast, ratio)
    }

    /// The ratio to go to for at most `aim` abandoned.
    pub(crate) fn ratio(&self, input: &Input, aim: f64) -> Wish {
        let ceiling = self.forecast.ratio_for_utilization(input.campaign.target_utilization);
        let mut wish = self.settled(input, aim);
        if wish.ratio > ceiling {
            wish = Wish { ratio: ceiling, reason: "busy enough" };
        }
        if self.is_drought && wish.ratio > input.dial_ratio {
            wish = Wish { ratio: input.dial_ratio, reason: "no answers at all" };
        }
        match self.burst(input, aim) {
            Some(burst) if burst < wish.ratio => Wish { ratio: burst, reason: "many agents idle at once" },
            _ => wish,
        }
    }

    /// The ratio by the long run alone: it stays where neither a tenth more is borne nor a tenth less is called for.
    fn settled(&self, input: &Input, aim: f64) -> Wish {
        let now = input.dial_ratio;
        if self.abandonment(now) > aim {
            let edge = now * (1.0 - TENTH);
            if self.abandonment(edge) <= aim {
                return Wish { ratio: now, reason: "as forecast" };
            }
            let ratio = self.most(aim, now * (1.0 - MOST_FALL), edge);
            return Wish { ratio, reason: "the budget bears less" };
        }
        let rise = (now * TENTH * (self.elapsed_s / RISE_S).max(1.0)).clamp(LEAST_RISE, MOST_RISE);
        let high = (now + rise).min(input.campaign.max_dial_ratio);
        let edge = (now * (1.0 + TENTH)).min(high);
        if high <= now || self.abandonment(edge) > aim {
            return Wish { ratio: now, reason: "as forecast" };
        }
        let ratio = if high > edge && self.abandonment(high) > aim { self.most(aim, edge, high) } else { high };
        Wish { ratio, reason: "the budget bears more" }
    }

    /// The highest ratio over `low` and under `high` that abandons at most `aim`, of those tried; `low` if none does.
    fn most(&self, aim: f64, low: f64, high: f64) -> f64 {
        let (mut allowed, mut above) = (low, high);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(allowed, above);
            if self.abandonment(middle) <= aim {
                allowed = middle;
            } else {
                above = middle;
            }
        }
        allowed
    }

    /// The ratio that the agents who are idle right now bear at once, where they are more than a settled campaign has.
    fn burst(&self, input: &Input, aim: f64) -> Option<f64> {
        let (idle, busy) = (input.reading.agents_available, input.reading.agents_busy);
        let idle_share = 1.0 - self.forecast.utilization(input.dial_ratio);
        let mean = self.forecast.agents * idle_share;
        let deviation = (mean * (1.0 - idle_share)).sqrt();
        if idle <= UNSETTLED * mean + DEVIATIONS * deviation + 1.0 {
            return None;
        }
        let scale = (MOST_AGENTS / (idle + busy)).min(1.0);
        let freed = freed_probability(self.forecast.ring_s, self.forecast.handle_s);
        let scaled = (scale * idle).floor().max(1.0);
        let at_most = (scaled * input.dial_ratio.max(1.0)).ceil() as u32 + 1;
        let capacity = Capacity::new(scaled as u32, (scale * busy) as u32, freed);
        Some(f64::from(capacity.max_lines(self.forecast.answer_probability, aim, at_most)) / scaled)
    }
}

#[cfg(test)]
impl Outlook {
    /// 18 agents who answer as calls usually do, and a limit of 5 %.
    pub(crate) fn example() -> Self {
        let forecast = Forecast { agents: 18.0, answer_probability: 0.28, line_s: 13.0, ring_s: 13.0, handle_s: 160.0 };
        Self {
            forecast,
            causes: Causes::default(),
            at_present: (2.0, forecast.abandonment(2.0)),
            limit: 0.05,
            answers_per_s: 0.1,
            answers_per_line_s: 0.28 / 13.0,
            elapsed_s: 15.0,
            since_pause: 0.0,
            doubt: 0.0,
            is_drought: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use paced_policy::testing::InputBuilder;

    use super::*;

    fn at(ratio: f64) -> InputBuilder {
        InputBuilder::new().dial_ratio(ratio).available(3.0).busy(15.0).target_utilization(1.0)
    }

    fn wish(ratio: f64, aim: f64) -> f64 {
        Outlook::example().ratio(&at(ratio).build(), aim).ratio
    }

    #[test]
    fn it_rises_by_a_tenth_while_that_is_borne_and_then_rests() {
        assert!((wish(1.0, 0.03) - 1.1).abs() < 1e-9);
        let mut ratio = 1.0;
        for _ in 0..30 {
            ratio = wish(ratio, 0.03);
        }
        let outlook = Outlook::example();
        assert!(outlook.abandonment(ratio) <= 0.03 && outlook.abandonment(1.1 * ratio) > 0.03, "{ratio}");
        assert_eq!(wish(ratio, 0.03), ratio);
        assert_eq!(wish(1.05 * ratio, 0.03), 1.05 * ratio, "within a tenth");
    }

    #[test]
    fn it_falls_at_once_as_far_as_it_must() {
        let ratio = wish(5.0, 0.03);
        assert!((ratio - 3.0).abs() < 0.3, "{ratio}");
        let lower = wish(wish(ratio, 0.03), 0.03);
        assert!(lower < ratio && Outlook::example().abandonment(lower) <= 0.03, "{lower}");
    }

    #[test]
    fn readings_that_come_seldom_allow_larger_steps() {
        let outlook = Outlook { elapsed_s: 300.0, ..Outlook::example() };
        assert!((outlook.ratio(&at(1.0).build(), 0.03).ratio - 1.5).abs() < 1e-9);
    }

    #[test]
    fn target_and_drought_are_ceilings() {
        // 0.28 x 160 / 13 = 3.446; 0.7 busy is a ratio of 0.7 / (0.3 x 3.446) = 0.677.
        let input = at(2.0).target_utilization(0.7).build();
        assert!((Outlook::example().ratio(&input, 0.03).ratio - 0.677).abs() < 0.001);
        let dry = Outlook { is_drought: true, ..Outlook::example() };
        assert_eq!(dry.ratio(&at(1.0).build(), 0.03).ratio, 1.0);
    }

    #[test]
    fn many_idle_agents_get_no_more_lines_than_they_bear_at_once() {
        let many = Forecast { agents: 180.0, answer_probability: 0.55, ..Outlook::example().forecast };
        let outlook = Outlook { forecast: many, ..Outlook::example() };
        let after_a_pause = at(3.0).available(100.0).busy(80.0).build();
        let ratio = outlook.ratio(&after_a_pause, 0.02).ratio;
        // 100 idle agents and a few freed ones bear some 200 lines, of which 110 answer.
        assert!((1.7..2.1).contains(&ratio), "{ratio}");
        let settled = at(3.0).available(7.0).busy(173.0).build();
        assert!(outlook.burst(&settled, 0.02).is_none());
    }
}
