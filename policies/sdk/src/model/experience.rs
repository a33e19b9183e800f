//! A forecast that learns: estimates from the campaign's own calls, and a correction by what came of it.

use serde::{Deserialize, Serialize};

use super::{Calibration, Forecast, Slew, Traffic};
use crate::Input;

/// Live answers that the estimates look back on at most: a large group has them in minutes, and notices as soon that
/// answers became more likely. The rate of 400 answers is good to 5 %.
const MEMORY_ANSWERS: f64 = 400.0;

/// How fine a ratio is searched for; the estimates' noise is larger.
const TOLERANCE: f64 = 0.05;

/// What to believe of a campaign before it has shown anything, and what it never shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seeds {
    /// Probability that a dialled line ends in an answer, to begin with.
    pub answer_probability: f64,
    /// Mean handle time to begin with, seconds.
    pub handle_s: f64,
    /// Calls that it takes for an estimate to count as much as its seed.
    pub calls: f64,
    /// Mean time that a line is held, however it ends, seconds; measured only where offered plainly counts dials.
    pub line_s: f64,
    /// Time from dialling to an answer, seconds; never measured.
    pub ring_s: f64,
    /// Time constant within which estimates forget, seconds.
    pub memory_s: f64,
}

impl Seeds {
    /// Those of an ordinary campaign: three in ten answer within 10 s (half an hour's answer probability is 0.27 to 0.41 in
    /// published figures, the median ring 9.5 s), lines last 13 s with the simulator's mix of outcomes, calls 3 min.
    pub const USUAL: Self =
        Self { answer_probability: 0.3, handle_s: 180.0, calls: 30.0, line_s: 13.0, ring_s: 10.0, memory_s: 1200.0 };
}

/// What a campaign has shown so far, to be kept in a policy's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    traffic: Traffic,
    calibration: Calibration,
}

/// The forecast for one decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The campaign as the estimates have it, with the agents who are signed in now.
    pub forecast: Forecast,
    /// What lines are to be multiplied by before their abandonment is forecast.
    pub scale: f64,
    /// The abandonment forecast for the ratio in force, so scaled, as a share of live answers.
    pub abandonment: f64,
    /// The campaign's limit, as a share of live answers.
    pub limit: f64,
    ratio: f64,
}

impl Experience {
    /// Learns from a reading, and looks ahead; none where the reading is not fresh or nobody is signed in.
    pub fn take(&mut self, input: &Input, seeds: &Seeds) -> Option<Outlook> {
        let news = self.traffic.take(input, seeds.memory_s);
        self.traffic.fade_to(MEMORY_ANSWERS);
        if !input.reading.fresh || input.reading.agents_signed_in() <= 0.0 {
            return None;
        }
        let forecast = self.forecast(input, seeds);
        let scale = self.calibration.scale();
        let abandonment = forecast.abandonment(scale * input.dial_ratio);
        self.calibration.take(abandonment * (news.answered + news.abandoned), news.abandoned);
        let limit = self.traffic.max_abandonment_of_answers(&input.campaign);
        Some(Outlook { forecast, scale, abandonment, limit, ratio: input.dial_ratio })
    }

    fn forecast(&self, input: &Input, seeds: &Seeds) -> Forecast {
        let rate = self.traffic.answers_per_line_s(seeds.answer_probability / seeds.line_s, seeds.calls);
        // Offered that plainly counts dials tells the probability itself; the time of a line is then what was inferred.
        let (answer_probability, line_s) = match input.windows.last_1h.answers_per_dial() {
            Some(measured) => (measured, (measured / rate).clamp(0.5 * seeds.line_s, 2.0 * seeds.line_s)),
            None => ((rate * seeds.line_s).min(1.0), seeds.line_s),
        };
        Forecast {
            agents: input.reading.agents_signed_in(),
            answer_probability,
            line_s,
            ring_s: seeds.ring_s,
            handle_s: self.traffic.handle_s(seeds.handle_s, seeds.calls),
        }
    }
}

impl Outlook {
    /// The ratio to go to for at most `aim` abandoned of the answers and at most `utilization`, as far as the ramps allow
    /// it at once. A change smaller than `deadband` is noise of the estimates and is not made, unless a ramp cuts it off.
    #[must_use]
    pub fn ratio(&self, aim: f64, utilization: f64, slew: Slew, deadband: f64) -> f64 {
        let now = self.ratio;
        let by_utilization = self.forecast.ratio_for_utilization(utilization);
        let (low, high) = (slew.limit(now, 0.0), slew.limit(now, by_utilization));
        let (scale, tolerance) = (self.scale, self.scale * TOLERANCE);
        // The forecast at present is known, so that only the half on its side needs to be searched.
        let wish = if self.abandonment <= aim {
            self.forecast.max_ratio(aim, scale * now.min(high), scale * high, tolerance) / scale
        } else {
            (self.forecast.max_ratio_below(aim, scale * low, scale * now, tolerance) / scale).min(high)
        };
        let is_whole = low < wish && wish < high.max(now);
        if is_whole && (wish - now).abs() < deadband { now } else { wish }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Window;
    use crate::testing::InputBuilder;

    const SLEW: Slew = Slew { up: 0.1, down: 0.5 };

    fn look(input: &Input) -> Outlook {
        Experience::default().take(input, &Seeds::USUAL).unwrap()
    }

    fn quiet() -> InputBuilder {
        InputBuilder::new().calls(0, 0, 0)
    }

    #[test]
    fn an_answer_probability_is_measured_only_where_offered_counts_dials() {
        let mut input = quiet().build();
        input.windows.last_1h = Window { offered: 1_000, answered: 95, abandoned: 5, covered_s: 3_600.0 };
        // The rate per line-second is the seed's, 0.3/13: 0.1 of it is 4.3 s a line, half of the seed's at the least.
        assert_eq!(
            look(&input).forecast,
            Forecast { answer_probability: 0.1, line_s: 6.5, ..look(&quiet().build()).forecast }
        );
        input.windows.last_1h.offered = 100;
        assert!((look(&input).forecast.answer_probability - 0.3).abs() < 1e-12);
    }

    #[test]
    fn answers_are_inferred_from_the_lines_that_ring() {
        let mut experience = Experience::default();
        // 3 idle agents at ratio 2 are 6 lines, or 90 line-seconds in 15 s; 1 answer in them is 13/90 = 0.144 a line.
        let busy = |tick| quiet().available(3.0).busy(17.0).calls(tick, tick, 0).dial_ratio(2.0).build();
        let outlook = (0..1_000).filter_map(|tick| experience.take(&busy(tick), &Seeds::USUAL)).last().unwrap();
        assert!((0.14..0.21).contains(&outlook.forecast.answer_probability), "{outlook:?}");
    }

    #[test]
    fn what_is_abandoned_against_the_forecast_scales_its_lines() {
        let after = |abandoned: u32| {
            let mut experience = Experience::default();
            let moment =
                |tick: u32| quiet().calls(10 * tick, (10 - abandoned) * tick, abandoned * tick).dial_ratio(3.0);
            (0..200).filter_map(|tick| experience.take(&moment(tick).build(), &Seeds::USUAL)).last().unwrap().scale
        };
        assert!(after(0) < 0.8 && after(3) > 1.2, "{} {}", after(0), after(3));
    }

    #[test]
    fn a_ramp_ends_a_wish_and_a_deadband_only_a_whole_one() {
        let many = look(&quiet().available(20.0).busy(180.0).build());
        assert_eq!(many.ratio(0.03, 1.0, SLEW, 0.2), 1.1, "a ramp upwards is no noise");
        let few = look(&quiet().available(2.0).busy(6.0).dial_ratio(3.0).build());
        assert_eq!(few.ratio(0.03, 1.0, SLEW, 0.2), 2.5, "a ramp downwards neither");
        let high = look(&quiet().dial_ratio(3.0).build());
        let exact = high.ratio(0.03, 1.0, Slew { up: 5.0, down: 5.0 }, 0.0);
        let near = look(&quiet().dial_ratio(exact + 0.1).build());
        assert_eq!(near.ratio(0.03, 1.0, SLEW, 0.2), exact + 0.1, "noise");
    }

    #[test]
    fn a_target_for_utilization_is_a_ceiling() {
        // g = 0.3 x 180 / 13 = 4.15; 0.7 busy is a ratio of 0.7 / (0.3 x 4.15) = 0.562.
        let outlook = look(&quiet().available(20.0).busy(180.0).build());
        assert!((outlook.ratio(0.03, 0.7, Slew { up: 5.0, down: 5.0 }, 0.0) - 0.562).abs() < 0.001);
    }

    #[test]
    fn without_news_or_agents_there_is_no_outlook() {
        for input in [quiet().stale(20.0), quiet().available(0.0).busy(0.0)] {
            assert_eq!(Experience::default().take(&input.build(), &Seeds::USUAL), None);
        }
    }
}
