//! The contract's records to and from the SDK's types, field by field.

use super::wire;
use crate::{AbandonmentOf, Campaign, Input, Kind, Param, Reading, Value, Window, Windows};

/// The values of the parameters, the state's bytes, and the rest.
pub(super) fn split(input: wire::Input) -> (Vec<(String, Value)>, Vec<u8>, Input) {
    let settings = input.params.into_iter().map(|setting| (setting.name, setting.value.into())).collect();
    let rest = Input {
        campaign: input.campaign.into(),
        now_ms: input.now_ms,
        since_last_decision_s: input.since_last_decision_s,
        dial_ratio: input.dial_ratio,
        reading: input.reading.into(),
        windows: input.windows.into(),
        seed: input.seed,
        guard_reasons: input.guard_reasons,
    };
    (settings, input.state, rest)
}

impl From<wire::Campaign> for Campaign {
    fn from(campaign: wire::Campaign) -> Self {
        Self {
            id: campaign.id,
            configured_agents: campaign.configured_agents,
            target_utilization: campaign.target_utilization,
            min_dial_ratio: campaign.min_dial_ratio,
            max_dial_ratio: campaign.max_dial_ratio,
            max_abandonment: campaign.max_abandonment,
            abandonment_of: match campaign.abandonment_of {
                wire::AbandonmentOf::Answered => AbandonmentOf::Answered,
                wire::AbandonmentOf::Offered => AbandonmentOf::Offered,
            },
            abandonment_budget: campaign.abandonment_budget,
            shift_end_ms: campaign.shift_end_ms,
        }
    }
}

impl From<wire::Reading> for Reading {
    fn from(reading: wire::Reading) -> Self {
        Self {
            age_s: reading.age_s,
            fresh: reading.fresh,
            agents_available: reading.agents_available,
            agents_busy: reading.agents_busy,
            wrap_up_s_mean: reading.wrap_up_s_mean,
        }
    }
}

impl From<wire::Windows> for Windows {
    fn from(windows: wire::Windows) -> Self {
        Self {
            last_5m: windows.last_5m.into(),
            last_1h: windows.last_1h.into(),
            today: windows.today.into(),
            last_30d: windows.last_30d.into(),
        }
    }
}

impl From<wire::Window> for Window {
    fn from(window: wire::Window) -> Self {
        Self {
            offered: window.offered,
            answered: window.answered,
            abandoned: window.abandoned,
            covered_s: window.covered_s,
        }
    }
}

impl From<wire::Value> for Value {
    fn from(value: wire::Value) -> Self {
        match value {
            wire::Value::Number(number) => Self::Number(number),
            wire::Value::Integer(whole) => Self::Integer(whole),
            wire::Value::Flag(flag) => Self::Flag(flag),
            wire::Value::Text(text) => Self::Text(text),
        }
    }
}

impl From<Value> for wire::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(number),
            Value::Integer(whole) => Self::Integer(whole),
            Value::Flag(flag) => Self::Flag(flag),
            Value::Text(text) => Self::Text(text),
        }
    }
}

impl From<Param> for wire::Param {
    fn from(param: Param) -> Self {
        Self {
            name: param.name.to_owned(),
            kind: param.kind.into(),
            default: param.default.into(),
            unit: param.unit.to_owned(),
            help: param.help.to_owned(),
        }
    }
}

impl From<Kind> for wire::ParamKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Number(bounds) => Self::Number(wire::NumberBounds { min: *bounds.start(), max: *bounds.end() }),
            Kind::Integer(bounds) => Self::Integer(wire::IntegerBounds { min: *bounds.start(), max: *bounds.end() }),
            Kind::Flag => Self::Flag,
            Kind::Text(max_bytes) => Self::Text(max_bytes),
            Kind::Choice(words) => Self::Choice(words.iter().map(|&word| word.to_owned()).collect()),
        }
    }
}
