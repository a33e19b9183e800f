//! Inputs for tests: an ordinary moment of an ordinary campaign, with what a test is about changed.

use crate::{AbandonmentOf, Campaign, Input, Reading, Window, Windows};

/// Builds an [`Input`], beginning with [`Input::example`]; set any other field on the input itself.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct InputBuilder {
    input: Input,
}

impl Input {
    /// An ordinary moment: 20 agents, 15 of them busy, 30 s of wrap-up, the ratio at 1.0, two calls abandoned of a
    /// hundred in five minutes, a limit of 5 % of answers.
    #[must_use]
    pub fn example() -> Self {
        let last_5m = Window { offered: 100, answered: 98, abandoned: 2, covered_s: 300.0 };
        let campaign = Campaign {
            id: "example".to_owned(),
            configured_agents: 20,
            target_utilization: 0.85,
            min_dial_ratio: 0.1,
            max_dial_ratio: 5.0,
            max_abandonment: 0.05,
            abandonment_of: AbandonmentOf::Answered,
            abandonment_budget: 3.0,
            shift_end_ms: None,
        };
        Self {
            campaign,
            // 2026-01-05, a Monday, 10:00 UTC.
            now_ms: 1_767_607_200_000,
            since_last_decision_s: Some(15.0),
            dial_ratio: 1.0,
            reading: Reading {
                age_s: 5.0,
                fresh: true,
                agents_available: 5.0,
                agents_busy: 15.0,
                wrap_up_s_mean: Some(30.0),
            },
            windows: Windows { last_5m, last_1h: last_5m, today: last_5m, last_30d: last_5m },
            seed: 1,
            guard_reasons: Vec::new(),
        }
    }
}

impl Default for InputBuilder {
    fn default() -> Self {
        Self { input: Input::example() }
    }
}

impl InputBuilder {
    /// Begins with [`Input::example`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Agents that the configuration says are staffed.
    pub const fn configured_agents(mut self, agents: u32) -> Self {
        self.input.campaign.configured_agents = agents;
        self
    }

    /// Agents signed in and ready for a call.
    pub const fn available(mut self, agents: f64) -> Self {
        self.input.reading.agents_available = agents;
        self
    }

    /// Agents talking or in wrap-up.
    pub const fn busy(mut self, agents: f64) -> Self {
        self.input.reading.agents_busy = agents;
        self
    }

    /// Mean wrap-up in seconds, or none where the platform reports none.
    pub const fn wrap_up_s_mean(mut self, seconds: Option<f64>) -> Self {
        self.input.reading.wrap_up_s_mean = seconds;
        self
    }

    /// The dial ratio in force.
    pub const fn dial_ratio(mut self, ratio: f64) -> Self {
        self.input.dial_ratio = ratio;
        self
    }

    /// The campaign's lowest and highest dial ratio.
    pub const fn bounds(mut self, min: f64, max: f64) -> Self {
        self.input.campaign.min_dial_ratio = min;
        self.input.campaign.max_dial_ratio = max;
        self
    }

    /// The campaign's target utilization, 0 to 1.
    pub const fn target_utilization(mut self, share: f64) -> Self {
        self.input.campaign.target_utilization = share;
        self
    }

    /// The campaign's limit of abandonment, 0 to 1, and what it is counted of.
    pub const fn max_abandonment(mut self, rate: f64, of: AbandonmentOf) -> Self {
        self.input.campaign.max_abandonment = rate;
        self.input.campaign.abandonment_of = of;
        self
    }

    /// The calls of the last five minutes, and no others in the longer windows.
    pub const fn calls(mut self, offered: u32, answered: u32, abandoned: u32) -> Self {
        let window = Window { offered, answered, abandoned, covered_s: 300.0 };
        self.input.windows = Windows { last_5m: window, last_1h: window, today: window, last_30d: window };
        self
    }

    /// The latest reading is this old, and was seen before.
    pub const fn stale(mut self, age_s: f64) -> Self {
        self.input.reading.age_s = age_s;
        self.input.reading.fresh = false;
        self
    }

    /// The input.
    #[must_use]
    pub fn build(self) -> Input {
        self.input
    }
}
