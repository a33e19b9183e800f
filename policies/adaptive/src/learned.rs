//! What the campaign has shown.
use paced_policy::Input;
use paced_policy::model::{Calibration, Capacity, Filtered, Forecast, Traffic, freed_probability};
use serde::{Deserialize, Serialize};

const SEED_P: f64 = 0.28;
const LINE_S: f64 = 13.0;
/// Ring and patience.
const HORIZON_S: f64 = 13.0;
const SEED_CALLS: f64 = 20.0;
const HANDLE_S: f64 = 170.0;
const MEMORY_CALLS: f64 = 300.0;
const CAL_S: f64 = 7200.0;
const CAL_CALLS: f64 = 6.0;
const MOST: f64 = 16.0;
const ALARM: f64 = 5.0;
const BACKGROUND: f64 = 0.001;
const SILENT: f64 = 8.0;

/// State.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    traffic: Traffic,
    /// Since Page's test was at 0.
    since: Traffic,
    calibration: Calibration,
    agents: Filtered,
    suspicion: f64,
    silent: f64,
    waited_s: f64,
}

pub(crate) struct Outlook {
    pub(crate) forecast: Forecast,
    pub(crate) calibration: f64,
    pub(crate) abandonment: f64,
    pub(crate) limit: f64,
    pub(crate) answers_per_s: f64,
    pub(crate) doubt: f64,
    pub(crate) elapsed_s: f64,
    pub(crate) silent: bool,
}

impl Learned {
    pub(crate) fn wait(&mut self, input: &Input) {
        self.traffic.take(input, 1e9);
        self.since.take(input, 1e9);
        self.waited_s += input.since_last_decision_s.unwrap_or(0.0);
    }
    fn agents(&mut self, signed_in: f64, elapsed_s: f64) -> f64 {
        let before = self.agents.get().unwrap_or(signed_in);
        if (signed_in - before).abs() > 1.5 + 0.1 * before {
            self.agents = Filtered::default();
        }
        self.agents.take(signed_in, elapsed_s, 180.0)
    }
    pub(crate) fn take(&mut self, input: &Input) -> Outlook {
        let step_s = input.since_last_decision_s.unwrap_or(0.0);
        let elapsed_s = std::mem::take(&mut self.waited_s) + step_s;
        let agents = self.agents(input.reading.agents_signed_in(), elapsed_s);
        let handle_s = self.handle_s();
        let memory_s = (MEMORY_CALLS * handle_s / agents).clamp(1200.0, 7200.0);
        let paused = step_s > 120.0 || input.guard_reasons.iter().any(|r| r == "resume");
        let before = *self;
        if paused {
            self.traffic.pass_over(input);
            self.since.pass_over(input);
        } else {
            let rate = self.rate();
            let news = self.traffic.take(input, memory_s);
            self.since.take(input, 1e9);
            let live = news.answered + news.abandoned;
            let lines_s = input.dial_ratio * input.reading.agents_available * news.elapsed_s;
            let expected = rate * lines_s;
            self.silent = if live > 0.0 { 0.0 } else { self.silent + expected };
            if self.silent > SILENT {
                self.traffic = before.traffic;
                self.traffic.pass_over(input);
            }
            let at_present = self.forecast(agents).abandonment(input.dial_ratio) + BACKGROUND * input.dial_ratio;
            let factor = self.calibration.factor_within(CAL_CALLS, MOST);
            let expected_ab = at_present * factor * live;
            self.suspicion += live * 0.693 - expected + news.abandoned * 1.79 - 5.0 * expected_ab;
            self.suspicion = self.suspicion.min(ALARM + 3.0);
            if self.suspicion <= 0.0 || news.elapsed_s > 60.0 {
                self.suspicion = 0.0;
                self.since.forget();
            } else if self.suspicion >= ALARM {
                self.suspicion = 0.0;
                self.traffic = self.since;
                self.since.forget();
            }
            self.calibration.take(at_present * live, news.abandoned, news.elapsed_s, CAL_S);
        }
        let forecast = self.forecast(agents);
        let calibration = self.calibration.factor_within(CAL_CALLS, MOST);
        let mut outlook = Outlook {
            forecast,
            calibration,
            abandonment: 0.0,
            limit: self.traffic.max_abandonment_of_answers(&input.campaign),
            answers_per_s: agents * forecast.utilization(input.dial_ratio) / forecast.handle_s,
            doubt: self.suspicion,
            elapsed_s,
            silent: self.silent > SILENT,
        };
        outlook.abandonment = outlook.at(input.dial_ratio);
        outlook
    }
    fn handle_s(&self) -> f64 {
        self.traffic.handle_s(HANDLE_S, SEED_CALLS)
    }
    fn rate(&self) -> f64 {
        self.traffic.answers_per_line_s(SEED_P / LINE_S, SEED_CALLS)
    }
    fn forecast(&self, agents: f64) -> Forecast {
        let rate = self.rate() * (1.0 + 2.0 / (self.traffic.live_answers() + SEED_CALLS));
        Forecast {
            agents,
            answer_probability: (rate * LINE_S).min(1.0),
            line_s: LINE_S,
            ring_s: HORIZON_S,
            handle_s: self.handle_s(),
        }
    }
}

impl Outlook {
    fn at(&self, ratio: f64) -> f64 {
        self.calibration * (self.forecast.abandonment(ratio) + BACKGROUND * ratio)
    }
    pub(crate) fn max_ratio(&self, aim: f64, now: f64, low: f64, high: f64) -> f64 {
        let (mut allowed, mut above) = if self.abandonment <= aim { (now, high) } else { (low, now) };
        if self.abandonment <= aim && self.at(high) <= aim {
            return high;
        }
        while above - allowed > 0.01 {
            let middle = f64::midpoint(allowed, above);
            if self.at(middle) <= aim {
                allowed = middle;
            } else {
                above = middle;
            }
        }
        allowed
    }
    /// The ratio that a pool of idle agents bears when it is larger than settled.
    pub(crate) fn burst(&self, input: &Input, aim: f64, ratio: f64) -> Option<f64> {
        let idle = input.reading.agents_available;
        let share = 1.0 - self.forecast.utilization(ratio);
        let n = self.forecast.agents;
        let mean = n * share;
        let sd = (n * share * (1.0 - share)).sqrt();
        if idle <= mean + 3.0 * sd + 1.0 {
            return None;
        }
        let freed = freed_probability(HORIZON_S, self.forecast.handle_s);
        let lines = Capacity::new(idle as u32, input.reading.agents_busy as u32, freed).max_lines(
            self.forecast.answer_probability,
            aim,
            (5.0 * idle) as u32,
        );
        Some(f64::from(lines) / idle)
    }
}
