//! Tapered adaptive dialling, as operators of VICIdial know it: more lines while agents wait, and a drop limit that
//! gets stricter as the shift goes on.
//!
//! It is written from a description of how that dialler behaves, and shares no code with it.
//!
//! **What it does.** d = agents ready - calls waiting - agents wanted ready, and m = d / agents. The ratio is multiplied
//! by 1 + m, once for every 15 s; `intensity` makes that stronger or weaker. Over the limit of the day's abandonment one
//! of three things happens: `hard` goes to 1.0, `average` halves, `tapered` takes the part above 1.0 times the share of
//! the shift that is left. More than half dropped of over 20 calls in a minute halves the ratio whatever else.
//!
//! **What is different here.** Nobody reports calls waiting, so they count as none. The agents wanted ready are those
//! that the campaign's target utilization leaves, less `difference`. Where the end of the shift is not known, `tapered`
//! is `average`. Halving waits until the calls of the ratio before have ended.
//!
//! **Theory, or its absence.** Ready agents drive the ratio up without end until calls are dropped, and a day's average
//! answers late: good days overshoot early and pay for it later. It is shipped because people know it, and as something
//! to be measured against.

use paced_policy::model::{Filtered, Span, Traffic};
use paced_policy::{Decision, Input, Policy, choice, params};
use serde::{Deserialize, Serialize};

choice! {
    /// What happens over the limit.
    pub enum OverLimit {
        /// To 1.0 at once.
        Hard = "hard",
        /// Half.
        Average = "average",
        /// The less, the later in the shift.
        Tapered = "tapered",
    }
}

params! {
    /// Parameters of [`Tapered`].
    pub struct Params {
        /// What happens while the day's abandonment is over the campaign's limit.
        pub over_limit: OverLimit = OverLimit::Tapered;
        /// The day's abandonment that counts as over the limit, as a share of the campaign's limit.
        pub aim: f64 = 0.8, in 0.0..=1.0;
        /// How much stronger than m the ratio moves: upwards by 1 + intensity/100, downwards by 1 - intensity/100.
        pub intensity: f64 = 0.0, in -40.0..=40.0, unit "%";
        /// Agents fewer than the target leaves ready that are wanted ready; negative for more.
        pub difference: f64 = 0.0, in -40.0..=40.0, unit "agents";
        /// Highest ratio, if the campaign allows as much.
        pub max_ratio: f64 = 3.0, in 1.0..=5.0, unit "lines per available agent";
        /// Live answers of the day from which the limit counts.
        pub min_calls: i64 = 50, in 1..=1000, unit "answers";
        /// With fewer agents signed in the ratio stays at most 1.
        pub min_agents: f64 = 10.0, in 0.0..=100.0, unit "agents";
    }
}

/// What is remembered from one decision to the next.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct State {
    ready: Filtered,
    last_minute: Traffic,
    /// When this shift was first seen, milliseconds since 1970, and the end that it had then.
    shift: Option<(u64, u64)>,
    /// The last time that the ratio was halved, milliseconds since 1970.
    halved_at_ms: Option<u64>,
}

/// Follows the ready agents, within the drop limit.
pub struct Tapered;

/// The rhythm that m is meant for, in seconds.
const BEAT_S: f64 = 15.0;

/// The ratio falls to no less than this share of itself at a time.
const LEAST_FACTOR: f64 = 0.25;

/// A longer gap than this between two fresh readings counts as this much.
const MAX_ELAPSED_S: f64 = 60.0;

/// What ready agents and dropped calls are averaged over.
const MINUTE_S: f64 = 60.0;

/// A halving is not repeated within this time: calls of the ratio before it are still being counted.
const HALVE_AGAIN_MS: u64 = 60_000;

/// More calls than this in a minute, more than half of them dropped, halve the ratio.
const BURST_CALLS: f64 = 20.0;

impl Policy for Tapered {
    const NAME: &'static str = "tapered";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Tapered adaptive dialling, as dialler operators know it";
    type Params = Params;
    type State = State;

    fn decide(params: &Params, state: &mut State, input: &Input) -> Result<Decision, String> {
        let elapsed_s = state.last_minute.take(input, MINUTE_S).elapsed_s.min(MAX_ELAPSED_S);
        let agents = input.reading.agents_signed_in();
        if !input.reading.fresh || agents <= 0.0 {
            return Ok(Decision::hold().because("nothing new, or nobody signed in"));
        }
        let share_left = state.share_left(input);
        let ready = state.ready.take(input.reading.agents_available, elapsed_s, MINUTE_S);

        let wanted_ready = (1.0 - input.campaign.target_utilization) * agents - params.difference;
        let m = ((ready - wanted_ready) / agents).clamp(-1.0, 1.0);
        let followed = input.dial_ratio * (1.0 + intense(m, params.intensity) * elapsed_s / BEAT_S).max(LEAST_FACTOR);
        let (ratio, reason) = state.limited(params, input, followed, share_left);

        let mut span = Span::of(&input.campaign, agents, params.min_agents);
        span.max = span.max.min(params.max_ratio).max(span.min);
        // Down to the platform's minimum would be to stop dialling: 1.0 is as careful as this method gets.
        let least = span.max.min(1.0);
        Ok(Decision::ratio(span.clamp(ratio.max(least)))
            .because(reason)
            .signal("agents_ready_mean", ready)
            .signal("m", m)
            .signal("shift_left", share_left.unwrap_or(0.0)))
    }
}

/// m, made stronger or weaker: upwards by 1 + intensity/100, downwards by 1 - intensity/100.
fn intense(m: f64, intensity: f64) -> f64 {
    if m < 0.0 { m * (1.0 - intensity / 100.0) } else { m * (1.0 + intensity / 100.0) }
}

impl State {
    /// The share of the shift that is left, 0 to 1; none where its end is not known.
    fn share_left(&mut self, input: &Input) -> Option<f64> {
        let (now, end) = (input.now_ms, input.campaign.shift_end_ms?);
        let (start, _) = *self.shift.filter(|(_, known)| *known == end).get_or_insert((now, end));
        self.shift = Some((start, end));
        let (left, whole) = (end.saturating_sub(now), end.saturating_sub(start));
        Some(if whole == 0 { 0.0 } else { (left as f64 / whole as f64).min(1.0) })
    }

    /// The ratio that the drop limit leaves of `wanted`, and why.
    fn limited(&mut self, params: &Params, input: &Input, wanted: f64, share_left: Option<f64>) -> (f64, &'static str) {
        let calls = self.last_minute.live_answers();
        if calls > BURST_CALLS && self.last_minute.abandoned() > calls / 2.0 {
            return (self.halved(input, wanted), "most calls were dropped");
        }
        let today = &input.windows.today;
        let is_enough = i64::from(today.live_answers()) >= params.min_calls;
        let is_over = input.abandonment(today).is_some_and(|rate| rate > params.aim * input.campaign.max_abandonment);
        if !(is_enough && is_over) {
            return (wanted, "agents ready against wanted");
        }
        let limited = match (params.over_limit, share_left) {
            (OverLimit::Hard, _) => wanted.min(1.0),
            (OverLimit::Tapered, Some(left)) => wanted.min(1.0 + (wanted - 1.0) * left),
            (OverLimit::Average | OverLimit::Tapered, _) => self.halved(input, wanted),
        };
        (limited, "over the day's drop limit")
    }

    /// Half of `wanted`; where that was done a moment ago, no more than the ratio in force.
    fn halved(&mut self, input: &Input, wanted: f64) -> f64 {
        if self.halved_at_ms.is_some_and(|at| input.now_ms.saturating_sub(at) < HALVE_AGAIN_MS) {
            return wanted.min(input.dial_ratio);
        }
        self.halved_at_ms = Some(input.now_ms);
        wanted / 2.0
    }
}

paced_policy::export!(Tapered);

#[cfg(test)]
mod tests;
