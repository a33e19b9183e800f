//! What the campaign has shown so far, from decision to decision.

use paced_policy::Input;
use paced_policy::model::{Filtered, Forecast, Traffic};
use serde::{Deserialize, Serialize};

use crate::answering::Answering;
use crate::causes::Causes;
use crate::outlook::Outlook;

/// Mean time that a line is held, however it ends, seconds: with the simulator's mix of outcomes. Only its quotient with
/// the answer probability matters much, and that is measured.
const LINE_S: f64 = 13.0;
/// The time in which an agent may become free for a call that is dialled now: 11 s until it is answered on average, and
/// 2 s that it may then wait. With this [`Forecast`] is right within a third from 5 to 500 agents, answer probabilities of
/// 0.16 to 0.53 and talks of 150 to 300 s, where 1 to 6 % are abandoned.
const HORIZON_S: f64 = 13.0;

/// Mean handle time before anything is known, and the calls that it counts as.
const HANDLE_S: f64 = 170.0;
const HANDLE_CALLS: f64 = 20.0;

/// Estimates look back on so many calls, which makes them good to 6 %, but neither over minutes nor over a whole shift.
const MEMORY_CALLS: f64 = 300.0;
const LEAST_MEMORY_S: f64 = 1_200.0;
const MOST_MEMORY_S: f64 = 7_200.0;

/// Agents come from breaks and go; that is noise to follow slowly. More than a tenth, and one or two, is news.
const AGENTS_S: f64 = 400.0;
const AGENTS_NEWS: f64 = 1.5;
const AGENTS_NEWS_SHARE: f64 = 0.1;
/// A group larger than this is counted as of this size.
const MOST_AGENTS: f64 = 1e5;

/// Time constant within which a pause is forgotten.
const PAUSE_S: f64 = 3_600.0;

/// The policy's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    traffic: Traffic,
    answering: Answering,
    causes: Causes,
    agents: Filtered,
    /// The ratio of the last decision and what was forecast for it.
    forecast: Option<(f64, f64)>,
    since_fresh_s: f64,
    since_pause: f64,
}

impl Learned {
    /// Learns from a reading, and looks ahead; none where the reading is not fresh or nobody is signed in.
    pub(crate) fn take(&mut self, input: &Input) -> Option<Outlook> {
        self.since_fresh_s += input.since_last_decision_s.unwrap_or(0.0).clamp(0.0, 1e6);
        let signed_in = input.reading.agents_signed_in();
        let has_agents = signed_in > 0.0 && signed_in.is_finite();
        if !input.reading.fresh || !has_agents {
            self.traffic.take(input, MOST_MEMORY_S);
            return None;
        }
        let elapsed_s = std::mem::take(&mut self.since_fresh_s);
        let agents = self.follow(signed_in.min(MOST_AGENTS), elapsed_s);
        self.since_pause *= libm::exp(-elapsed_s / PAUSE_S);
        if input.guard_reasons.iter().any(|reason| reason == "resume") {
            // Nothing was dialled, whatever the ratio said, and all that rang was from before.
            self.since_pause = 1.0;
            self.traffic.pass_over(input);
        } else {
            self.learn(input, agents);
        }
        Some(self.look(input, agents, elapsed_s))
    }

    /// The agents to plan for.
    fn follow(&mut self, signed_in: f64, elapsed_s: f64) -> f64 {
        let before = self.agents.get().unwrap_or(signed_in);
        if (signed_in - before).abs() > AGENTS_NEWS + AGENTS_NEWS_SHARE * before {
            self.agents = Filtered::default();
        }
        self.agents.take(signed_in, elapsed_s, AGENTS_S)
    }

    fn learn(&mut self, input: &Input, agents: f64) {
        let memory_s = (MEMORY_CALLS * self.handle_s() / agents).clamp(LEAST_MEMORY_S, MOST_MEMORY_S);
        let forecast = match self.forecast {
            Some((ratio, forecast)) if ratio == input.dial_ratio => forecast,
            _ => self.forecast(agents).abandonment(input.dial_ratio),
        };
        let news = self.traffic.take(input, memory_s);
        let answers = news.answered + news.abandoned;
        let abandonment = self.causes.abandonment(forecast, input.dial_ratio);
        self.answering.take(&news, abandonment * answers, libm::exp(-news.elapsed_s / memory_s));
        self.causes.take(answers, news.abandoned, forecast, input.dial_ratio, news.elapsed_s);
    }

    fn look(&mut self, input: &Input, agents: f64, elapsed_s: f64) -> Outlook {
        let forecast = self.forecast(agents);
        let at_present = (input.dial_ratio, forecast.abandonment(input.dial_ratio));
        self.forecast = Some(at_present);
        Outlook {
            forecast,
            causes: self.causes,
            at_present,
            limit: self.traffic.max_abandonment_of_answers(&input.campaign),
            answers_per_s: agents * forecast.utilization(input.dial_ratio) / forecast.handle_s,
            answers_per_line_s: self.answering.rate(),
            elapsed_s,
            since_pause: self.since_pause,
            doubt: self.answering.doubt(),
            is_drought: self.answering.is_drought(),
        }
    }

    fn handle_s(&self) -> f64 {
        self.traffic.handle_s(HANDLE_S, HANDLE_CALLS).max(1.0)
    }

    fn forecast(&self, agents: f64) -> Forecast {
        Forecast {
            agents,
            answer_probability: (self.answering.cautious_rate() * LINE_S).min(1.0),
            line_s: LINE_S,
            ring_s: HORIZON_S,
            handle_s: self.handle_s(),
        }
    }
}
