//! What the campaign has shown.
use crate::answering::Answering;
use paced_policy::Input;
use paced_policy::model::{Calibration, Capacity, Filtered, Forecast, Traffic, freed_probability};
use serde::{Deserialize, Serialize};

const LINE_S: f64 = 13.0;
/// Ring and patience.
const HORIZON_S: f64 = 13.0;
const SEED_CALLS: f64 = 20.0;
const HANDLE_S: f64 = 170.0;
const MEMORY_CALLS: f64 = 300.0;
const CAL_S: f64 = 7200.0;
const CAL_CALLS: f64 = 6.0;
const MOST: f64 = 8.0;
const OTHERS_CALLS: f64 = 150.0;
const BACKGROUND: f64 = 0.001;

/// State.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    traffic: Traffic,
    answering: Answering,
    caution: f64,
    calibration: Calibration,
    others: Others,
    agents: Filtered,
    waited_s: f64,
}

pub(crate) struct Outlook {
    pub(crate) forecast: Forecast,
    pub(crate) calibration: f64,
    pub(crate) others: f64,
    pub(crate) abandonment: f64,
    pub(crate) limit: f64,
    pub(crate) answers_per_s: f64,
    pub(crate) doubt: f64,
    pub(crate) caution: f64,
    pub(crate) elapsed_s: f64,
    pub(crate) silent: bool,
}

impl Learned {
    pub(crate) fn wait(&mut self, input: &Input) {
        self.traffic.take(input, 1e9);
        self.waited_s += input.since_last_decision_s.unwrap_or(0.0);
    }
    fn agents(&mut self, signed_in: f64, elapsed_s: f64) -> f64 {
        let before = self.agents.get().unwrap_or(signed_in);
        if (signed_in - before).abs() > 1.5 + 0.1 * before {
            self.agents = Filtered::default();
        }
        self.agents.take(signed_in, elapsed_s, 400.0)
    }
    pub(crate) fn take(&mut self, input: &Input) -> Outlook {
        let step_s = input.since_last_decision_s.unwrap_or(0.0);
        let elapsed_s = std::mem::take(&mut self.waited_s) + step_s;
        let agents = self.agents(input.reading.agents_signed_in(), elapsed_s);
        let handle_s = self.handle_s();
        let memory_s = (MEMORY_CALLS * handle_s / agents).clamp(1200.0, 7200.0);
        let paused = input.guard_reasons.iter().any(|r| r == "resume");
        self.caution *= libm::exp(-elapsed_s / 3600.0);
        if paused {
            self.caution = 1.0;
            self.traffic.pass_over(input);
        } else {
            let news = self.traffic.take(input, memory_s);
            let live = news.answered + news.abandoned;
            let own = self.forecast(agents).abandonment(input.dial_ratio);
            let factor = self.calibration.factor_within(CAL_CALLS, MOST);
            let present = own * factor + self.others.rate() * input.dial_ratio;
            let kept = libm::exp(-news.elapsed_s / memory_s);
            self.answering.take(live, news.line_s, news.abandoned, present * live, kept);
            let to_own = if present > 0.0 { own * factor / present } else { 0.0 };
            self.calibration.take(own * live, news.abandoned * to_own, news.elapsed_s, CAL_S);
            let kept = libm::exp(-news.elapsed_s / CAL_S);
            self.others.abandoned = self.others.abandoned * kept + news.abandoned * (1.0 - to_own);
            self.others.exposed = self.others.exposed * kept + live * input.dial_ratio;
        }
        let forecast = self.forecast(agents);
        let calibration = self.calibration.factor_within(CAL_CALLS, MOST);
        let mut outlook = Outlook {
            forecast,
            calibration,
            others: self.others.rate(),
            abandonment: 0.0,
            limit: self.traffic.max_abandonment_of_answers(&input.campaign),
            answers_per_s: agents * forecast.utilization(input.dial_ratio) / forecast.handle_s,
            doubt: self.answering.suspicion,
            caution: self.caution,
            elapsed_s,
            silent: self.answering.is_silent(),
        };
        outlook.abandonment = outlook.at(input.dial_ratio);
        outlook
    }
    fn handle_s(&self) -> f64 {
        self.traffic.handle_s(HANDLE_S, SEED_CALLS)
    }
    fn forecast(&self, agents: f64) -> Forecast {
        let rate = self.answering.rate() * (1.0 + 2.0 / self.answering.calls());
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
        self.calibration * self.forecast.abandonment(ratio) + self.others * ratio
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
        if idle <= 1.3 * mean + 4.0 * sd + 1.0 {
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Others {
    abandoned: f64,
    exposed: f64,
}
impl Others {
    fn rate(&self) -> f64 {
        paced_policy::model::shrunk_rate(self.abandoned, self.exposed, BACKGROUND, OTHERS_CALLS)
    }
}
