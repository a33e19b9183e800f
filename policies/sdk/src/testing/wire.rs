//! The SDK's input as the contract's, which is the host's part in production.

use crate::bindings::paced::policy::types as wire;
use crate::{AbandonmentOf, Campaign, Input, Params, Reading, Window};

/// All that `decide` is given.
pub(super) fn input(params: &impl Params, state: Vec<u8>, input: &Input) -> wire::Input {
    let setting = |(name, value): (String, crate::Value)| wire::Setting { name, value: value.into() };
    let windows = &input.windows;
    wire::Input {
        campaign: campaign(&input.campaign),
        now_ms: input.now_ms,
        since_last_decision_s: input.since_last_decision_s,
        dial_ratio: input.dial_ratio,
        reading: reading(&input.reading),
        windows: wire::Windows {
            last_5m: window(windows.last_5m),
            last_1h: window(windows.last_1h),
            today: window(windows.today),
            last_30d: window(windows.last_30d),
        },
        params: params.values().into_iter().map(setting).collect(),
        state,
        seed: input.seed,
        guard_reasons: input.guard_reasons.clone(),
    }
}

fn campaign(campaign: &Campaign) -> wire::Campaign {
    wire::Campaign {
        id: campaign.id.clone(),
        configured_agents: campaign.configured_agents,
        target_utilization: campaign.target_utilization,
        min_dial_ratio: campaign.min_dial_ratio,
        max_dial_ratio: campaign.max_dial_ratio,
        max_abandonment: campaign.max_abandonment,
        abandonment_of: match campaign.abandonment_of {
            AbandonmentOf::Answered => wire::AbandonmentOf::Answered,
            AbandonmentOf::Offered => wire::AbandonmentOf::Offered,
        },
        abandonment_budget: campaign.abandonment_budget,
        shift_end_ms: campaign.shift_end_ms,
    }
}

fn reading(reading: &Reading) -> wire::Reading {
    wire::Reading {
        age_s: reading.age_s,
        fresh: reading.fresh,
        agents_available: reading.agents_available,
        agents_busy: reading.agents_busy,
        wrap_up_s_mean: reading.wrap_up_s_mean,
    }
}

fn window(window: Window) -> wire::Window {
    let Window { offered, answered, abandoned, covered_s } = window;
    wire::Window { offered, answered, abandoned, covered_s }
}
