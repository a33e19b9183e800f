//! All that a policy is shown, in plain Rust; `wit/0.1/policy.wit` is the text of record.
//!
//! Missing is `None`, never zero: a rate over no calls and the utilization of nobody are not numbers to steer by.

/// All that a policy is shown, besides its params and state.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The campaign's settings.
    pub campaign: Campaign,
    /// Platform time of this decision, in milliseconds since 1970-01-01 UTC.
    pub now_ms: u64,
    /// Seconds since this campaign's previous decision; none for the first one.
    pub since_last_decision_s: Option<f64>,
    /// The dial ratio in force, as the platform confirmed it last: lines dialled per *available* agent (not per
    /// logged-in agent, the industry's other meaning).
    pub dial_ratio: f64,
    /// The latest reading; it may be old, see its age.
    pub reading: Reading,
    /// Rolling counts of calls.
    pub windows: Windows,
    /// A seed that differs from decision to decision and is the same when a decision is replayed.
    pub seed: u64,
    /// Codes of the rules that the guard applied to the previous decision: "ramp-up", "ceiling", ...
    pub guard_reasons: Vec<String>,
}

/// The campaign's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// The platform's identifier.
    pub id: String,
    /// Agents that the configuration says are staffed.
    pub configured_agents: u32,
    /// Wanted share of signed-in agents that are busy, 0 to 1; a ceiling, not a promise.
    pub target_utilization: f64,
    /// Lowest dial ratio allowed.
    pub min_dial_ratio: f64,
    /// Highest dial ratio allowed.
    pub max_dial_ratio: f64,
    /// Limit of the abandonment rate, 0 to 1.
    pub max_abandonment: f64,
    /// What the limit's rate is counted of.
    pub abandonment_of: AbandonmentOf,
    /// How many more abandoned calls the reporting window bears right now; negative when overspent.
    pub abandonment_budget: f64,
    /// Platform time at which the shift ends, in milliseconds since 1970-01-01 UTC, where it is known.
    pub shift_end_ms: Option<u64>,
}

/// What an abandonment rate is counted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonmentOf {
    /// abandoned / (answered + abandoned)
    Answered,
    /// abandoned / offered
    Offered,
}

/// The gauges of the latest reading; counts are in [`Windows`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Seconds since the platform counted it.
    pub age_s: f64,
    /// Whether it is new since the previous decision.
    pub fresh: bool,
    /// Agents signed in and ready for a call.
    pub agents_available: f64,
    /// Agents talking or in wrap-up.
    pub agents_busy: f64,
    /// Mean wrap-up (after-call work) in seconds; none where the platform reports none.
    pub wrap_up_s_mean: Option<f64>,
}

/// Rolling counts of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Windows {
    /// The last five minutes.
    pub last_5m: Window,
    /// The last hour.
    pub last_1h: Window,
    /// Since midnight in the configured time zone.
    pub today: Window,
    /// The last thirty days.
    pub last_30d: Window,
}

/// Calls counted over a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// Calls that the platform calls offered. On some platforms that is every live answer (answered + abandoned), on
    /// others every dial: a policy must work with both.
    pub offered: u32,
    /// Live answers that reached an agent.
    pub answered: u32,
    /// Live answers that were abandoned.
    pub abandoned: u32,
    /// For how many seconds of the window readings have come in.
    pub covered_s: f64,
}

impl Input {
    /// Busy agents as a share of those signed in, 0 to 1; none while nobody is signed in.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        let signed_in = self.reading.agents_signed_in();
        (signed_in > 0.0).then(|| self.reading.agents_busy / signed_in)
    }

    /// The abandonment rate over a window, counted as this campaign's limit is; none over no calls.
    #[must_use]
    pub fn abandonment(&self, window: &Window) -> Option<f64> {
        window.abandonment(self.campaign.abandonment_of)
    }

    /// Whether the guard applied this rule to the previous decision: "ceiling", "ramp-up", "ramp-down", "bounds" or
    /// "small-group", for example.
    #[must_use]
    pub fn guard_applied(&self, code: &str) -> bool {
        self.guard_reasons.iter().any(|applied| applied == code)
    }
}

impl Reading {
    /// Agents signed in: available + busy.
    #[must_use]
    pub fn agents_signed_in(&self) -> f64 {
        self.agents_available + self.agents_busy
    }
}

/// Fewer calls than this say nothing about whether a platform counts dials as offered.
const TELLING_CALLS: u32 = 100;

impl Window {
    /// Live answers: those that reached an agent and those abandoned.
    #[must_use]
    pub const fn live_answers(&self) -> u32 {
        self.answered.saturating_add(self.abandoned)
    }

    /// The calls that an abandonment rate is counted of.
    #[must_use]
    pub const fn calls(&self, of: AbandonmentOf) -> u32 {
        match of {
            AbandonmentOf::Answered => self.live_answers(),
            AbandonmentOf::Offered => self.offered,
        }
    }

    /// The abandonment rate, 0 to 1; none over no calls.
    #[must_use]
    pub fn abandonment(&self, of: AbandonmentOf) -> Option<f64> {
        let calls = self.calls(of);
        (calls > 0).then(|| f64::from(self.abandoned) / f64::from(calls))
    }

    /// The share of dialled calls that somebody answers, where `offered` plainly counts dials: over at least 100 of
    /// them, of which less than two thirds are live answers. None otherwise; on most platforms it can't be known.
    #[must_use]
    pub fn answers_per_dial(&self) -> Option<f64> {
        let (offered, live) = (f64::from(self.offered), f64::from(self.live_answers()));
        (self.offered >= TELLING_CALLS && live < offered * 2.0 / 3.0).then(|| live / offered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abandonment_is_counted_of_answers_or_of_calls_offered() {
        let window = Window { offered: 100, answered: 36, abandoned: 4, covered_s: 300.0 };
        assert_eq!(window.abandonment(AbandonmentOf::Answered), Some(0.1));
        assert_eq!(window.abandonment(AbandonmentOf::Offered), Some(0.04));
    }

    #[test]
    fn a_rate_over_nothing_is_none() {
        assert_eq!(Window::default().abandonment(AbandonmentOf::Answered), None);
        assert_eq!(Window::default().abandonment(AbandonmentOf::Offered), None);
        let mut input = Input::example();
        input.reading.agents_available = 0.0;
        input.reading.agents_busy = 0.0;
        assert_eq!(input.utilization(), None);
    }

    #[test]
    fn an_answer_probability_needs_offered_to_plainly_count_dials() {
        let window = |offered, answered, abandoned| Window { offered, answered, abandoned, covered_s: 300.0 };
        assert_eq!(window(200, 48, 2).answers_per_dial(), Some(0.25));
        assert_eq!(window(200, 190, 10).answers_per_dial(), None, "offered counts answers");
        assert_eq!(window(99, 20, 0).answers_per_dial(), None, "too few to tell");
    }

    #[test]
    fn utilization_is_busy_of_signed_in() {
        let mut input = Input::example();
        input.reading.agents_available = 5.0;
        input.reading.agents_busy = 15.0;
        assert_eq!(input.utilization(), Some(0.75));
    }
}
