//! Inputs that stand for many: an ordinary moment, and the edges of what a policy is ever shown.

use paced_core::params::{Descriptor, ParamKind, ParamValue};
use paced_core::policy::{AbandonmentOf, CampaignView, Input, ReadingView, Window, WindowsView};

/// An input with a name.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// What it stands for.
    pub(crate) name: &'static str,
    /// The input, without params and state.
    pub(crate) input: Input,
}

/// An ordinary moment, the one that the SDK's `InputBuilder` begins with: 20 agents, 15 of them busy, the ratio at 1.0,
/// two calls abandoned of a hundred.
pub(crate) fn ordinary() -> Input {
    let window = Window { offered: 100, answered: 98, abandoned: 2, covered_s: 300.0 };
    Input {
        campaign: CampaignView {
            id: "example".to_owned(),
            configured_agents: 20,
            target_utilization: 0.85,
            min_dial_ratio: 0.1,
            max_dial_ratio: 5.0,
            max_abandonment: 0.05,
            abandonment_of: AbandonmentOf::Answered,
            abandonment_budget: 3.0,
            shift_end_ms: None,
        },
        // 2026-01-05, a Monday, 10:00 UTC.
        now_ms: 1_767_607_200_000,
        since_last_decision_s: Some(15.0),
        dial_ratio: 1.0,
        reading: ReadingView {
            age_s: 5.0,
            fresh: true,
            agents_available: 5.0,
            agents_busy: 15.0,
            wrap_up_s_mean: Some(30.0),
        },
        windows: every_window(window),
        params: Vec::new(),
        state: Vec::new(),
        seed: 1,
        guard_reasons: Vec::new(),
    }
}

const fn every_window(window: Window) -> WindowsView {
    WindowsView { last_5m: window, last_1h: window, today: window, last_30d: window }
}

/// The ordinary moment first, then the edges, in the order in which they are tried.
pub(crate) fn all() -> Vec<Moment> {
    vec![
        Moment { name: "an ordinary moment", input: ordinary() },
        Moment { name: "no agents", input: no_agents() },
        Moment { name: "no answers", input: no_answers() },
        Moment { name: "a long gap", input: long_gap() },
        Moment { name: "all at the lower bound", input: lowest() },
        Moment { name: "all at the upper bound", input: highest() },
    ]
}

fn no_agents() -> Input {
    let mut input = ordinary();
    input.reading.agents_available = 0.0;
    input.reading.agents_busy = 0.0;
    input
}

fn no_answers() -> Input {
    Input { windows: WindowsView::default(), ..ordinary() }
}

/// The first reading after a weekend: old, and not new.
fn long_gap() -> Input {
    let days_s = 3.0 * 86_400.0;
    let mut input = Input { since_last_decision_s: Some(days_s), ..ordinary() };
    input.reading = ReadingView { age_s: days_s, fresh: false, wrap_up_s_mean: None, ..input.reading };
    input
}

fn lowest() -> Input {
    let ordinary = ordinary();
    let campaign = CampaignView {
        configured_agents: 0,
        target_utilization: 0.0,
        max_abandonment: 0.0,
        abandonment_budget: -1e9,
        shift_end_ms: Some(0),
        ..ordinary.campaign
    };
    let reading =
        ReadingView { age_s: 0.0, fresh: true, agents_available: 0.0, agents_busy: 0.0, wrap_up_s_mean: Some(0.0) };
    Input {
        dial_ratio: campaign.min_dial_ratio,
        campaign,
        now_ms: 0,
        since_last_decision_s: None,
        reading,
        windows: WindowsView::default(),
        seed: 0,
        ..ordinary
    }
}

fn highest() -> Input {
    let ordinary = ordinary();
    let most = u32::MAX;
    let campaign = CampaignView {
        configured_agents: most,
        target_utilization: 1.0,
        max_abandonment: 1.0,
        abandonment_of: AbandonmentOf::Offered,
        abandonment_budget: 1e9,
        shift_end_ms: Some(u64::MAX),
        ..ordinary.campaign
    };
    let agents = f64::from(most);
    let reading = ReadingView {
        age_s: 1e9,
        fresh: true,
        agents_available: agents,
        agents_busy: agents,
        wrap_up_s_mean: Some(1e9),
    };
    Input {
        dial_ratio: campaign.max_dial_ratio,
        campaign,
        now_ms: u64::MAX,
        since_last_decision_s: Some(1e9),
        reading,
        windows: every_window(Window { offered: most, answered: most, abandoned: most, covered_s: 2_592_000.0 }),
        seed: u64::MAX,
        guard_reasons: ["ceiling", "maximum", "ramp-up"].map(str::to_owned).to_vec(),
        ..ordinary
    }
}

/// Every parameter that has bounds at its lowest, and at its highest.
pub(crate) fn params_at_bounds(descriptor: &Descriptor) -> [(&'static str, Vec<(String, ParamValue)>); 2] {
    let at = |bound: fn(&ParamKind) -> Option<ParamValue>| {
        descriptor.params.iter().filter_map(|spec| Some((spec.name.clone(), bound(&spec.kind)?))).collect()
    };
    [("all params at their lowest", at(lower_bound)), ("all params at their highest", at(upper_bound))]
}

fn lower_bound(kind: &ParamKind) -> Option<ParamValue> {
    match kind {
        ParamKind::Number { min, .. } => Some(ParamValue::Number(*min)),
        ParamKind::Integer { min, .. } => Some(ParamValue::Integer(*min)),
        ParamKind::Flag => Some(ParamValue::Flag(false)),
        ParamKind::Text { .. } => Some(ParamValue::Text(String::new())),
        ParamKind::Choice(words) => words.first().cloned().map(ParamValue::Text),
    }
}

fn upper_bound(kind: &ParamKind) -> Option<ParamValue> {
    match kind {
        ParamKind::Number { max, .. } => Some(ParamValue::Number(*max)),
        ParamKind::Integer { max, .. } => Some(ParamValue::Integer(*max)),
        ParamKind::Flag => Some(ParamValue::Flag(true)),
        ParamKind::Text { max_bytes } => Some(ParamValue::Text("x".repeat(*max_bytes as usize))),
        ParamKind::Choice(words) => words.last().cloned().map(ParamValue::Text),
    }
}
