//! The tests of the policy host, on policies [written by hand](Hand).

mod frozen;
mod hand;
mod hostile;
mod loading;
mod shipped;

use std::sync::{Arc, OnceLock};

use paced_core::policy::{AbandonmentOf, CampaignView, Input, ReadingView, WindowsView};

pub(crate) use hand::Hand;

use super::{Engine, Limits, Loaded};

impl Hand {
    /// Loads the component under the default limits.
    pub(crate) fn load(&self) -> Arc<Loaded> {
        self.load_with(&Limits::default())
    }

    /// Loads the component under these limits.
    pub(crate) fn load_with(&self, limits: &Limits) -> Arc<Loaded> {
        Arc::new(engine().load(&self.component(), limits).unwrap())
    }
}

/// One engine for all tests: starting one takes longer than most of them.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::start().unwrap())
}

/// An ordinary input.
pub(crate) fn input() -> Input {
    Input {
        campaign: CampaignView {
            id: "c1".to_owned(),
            configured_agents: 20,
            target_utilization: 0.85,
            min_dial_ratio: 0.1,
            max_dial_ratio: 5.0,
            max_abandonment: 0.05,
            abandonment_of: AbandonmentOf::Answered,
            abandonment_budget: 3.0,
            shift_end_ms: None,
        },
        now_ms: 1_700_000_000_000,
        since_last_decision_s: Some(15.0),
        dial_ratio: 1.5,
        reading: ReadingView {
            age_s: 2.0,
            fresh: true,
            agents_available: 4.0,
            agents_busy: 16.0,
            wrap_up_s_mean: Some(30.0),
        },
        windows: WindowsView::default(),
        params: Vec::new(),
        state: Vec::new(),
        seed: 7,
        guard_reasons: Vec::new(),
    }
}
