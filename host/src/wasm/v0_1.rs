//! Contract 0.1: the generated bindings, the conversions to and from core's records, and the three calls.
//!
//! A record of the contract never changes, so neither does this module; a new version of the contract gets its own.

use paced_core::params::{Descriptor, ParamKind, ParamSpec, ParamValue};
use paced_core::policy::{self as core, AbandonmentOf, Proposal};
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{Store, StoreContextMut, Trap};

use self::bindings::exports::paced::policy::controller::Guest as Controller;
use self::bindings::paced::policy::{log, types};
use self::bindings::{Policy, PolicyIndices};
use super::call::Guest;
use super::fault::{CallError, Phase};
use super::guest_log::Level;

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/0.1", world: "policy" });
}

/// A component that has what contract 0.1 asks for, ready to be instantiated.
pub(super) struct Prepared {
    pre: InstancePre<Guest>,
    exports: PolicyIndices,
}

/// An instance of such a component.
pub(super) struct Instance(Policy);

/// Offers the contract's imports to a component.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("paced:policy/log@0.1.0")?;
    interface.func_wrap("write", |store, (level, message): (log::Level, String)| write(store, level, &message))
}

/// Fuel for a line of log, beside a unit for each byte: about what taking it costs the host, whether it is written or
/// dropped. Without it ten million empty lines would take seconds and hardly any fuel.
const LINE_FUEL: u64 = 500;

/// A line of log costs fuel, so that logging is bounded as computing is, and alike on every machine.
fn write(mut store: StoreContextMut<'_, Guest>, level: log::Level, message: &str) -> wasmtime::Result<()> {
    let left = store.get_fuel()?.checked_sub(LINE_FUEL + message.len() as u64).ok_or(Trap::OutOfFuel)?;
    store.set_fuel(left)?;
    let level = match level {
        log::Level::Debug => Level::Debug,
        log::Level::Info => Level::Info,
        log::Level::Warn => Level::Warn,
        log::Level::Error => Level::Error,
    };
    store.data_mut().log(level, message);
    Ok(())
}

impl Prepared {
    /// Checks that a component exports what the contract asks for, by name; the types are checked with each instance.
    pub(super) fn new(pre: InstancePre<Guest>) -> wasmtime::Result<Self> {
        let exports = PolicyIndices::new(&pre)?;
        Ok(Self { pre, exports })
    }

    /// Calls `describe` in a fresh instance.
    pub(super) fn describe(&self, store: &mut Store<Guest>) -> Result<Descriptor, CallError> {
        let described = self.call(store, |controller, store| controller.call_describe(store))?;
        Ok(descriptor(described))
    }

    /// Calls `decide` in a fresh instance; the inner error is the policy's own.
    pub(super) fn decide(
        &self,
        store: &mut Store<Guest>,
        shown: &core::Input,
    ) -> Result<Result<Proposal, String>, CallError> {
        let decided = self.call(store, |controller, store| controller.call_decide(store, &input(shown)))?;
        Ok(decided.map(proposal))
    }

    /// An instance for many calls of `decide`.
    pub(super) fn instantiate(&self, store: &mut Store<Guest>) -> Result<Instance, CallError> {
        let failed = |phase| move |source| CallError { phase, source };
        let instance = self.pre.instantiate(&mut *store).map_err(failed(Phase::Instantiate))?;
        self.exports.load(&mut *store, &instance).map(Instance).map_err(failed(Phase::Bind))
    }

    /// Calls `migrate` in a fresh instance; the inner error is the policy's own.
    pub(super) fn migrate(
        &self,
        store: &mut Store<Guest>,
        from_version: u32,
        state: &[u8],
    ) -> Result<Result<Vec<u8>, String>, CallError> {
        self.call(store, |controller, store| controller.call_migrate(store, from_version, state))
    }

    fn call<T>(
        &self,
        store: &mut Store<Guest>,
        function: impl FnOnce(&Controller, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let Instance(instance) = self.instantiate(store)?;
        function(instance.paced_policy_controller(), store).map_err(|source| CallError { phase: Phase::Answer, source })
    }
}

impl Instance {
    /// Calls `decide`; the inner error is the policy's own.
    pub(super) fn decide(
        &self,
        store: &mut Store<Guest>,
        shown: &core::Input,
    ) -> Result<Result<Proposal, String>, CallError> {
        let decided = self.0.paced_policy_controller().call_decide(store, &input(shown));
        decided.map(|decided| decided.map(proposal)).map_err(|source| CallError { phase: Phase::Answer, source })
    }
}

fn descriptor(from: types::Descriptor) -> Descriptor {
    Descriptor {
        name: from.name,
        version: from.version,
        summary: from.summary,
        state_version: from.state_version,
        params: from.params.into_iter().map(param).collect(),
    }
}

fn param(from: types::Param) -> ParamSpec {
    let kind = match from.kind {
        types::ParamKind::Number(bounds) => ParamKind::Number { min: bounds.min, max: bounds.max },
        types::ParamKind::Integer(bounds) => ParamKind::Integer { min: bounds.min, max: bounds.max },
        types::ParamKind::Flag => ParamKind::Flag,
        types::ParamKind::Text(max_bytes) => ParamKind::Text { max_bytes },
        types::ParamKind::Choice(words) => ParamKind::Choice(words),
    };
    let default = match from.default {
        types::Value::Number(x) => ParamValue::Number(x),
        types::Value::Integer(x) => ParamValue::Integer(x),
        types::Value::Flag(x) => ParamValue::Flag(x),
        types::Value::Text(x) => ParamValue::Text(x),
    };
    ParamSpec { name: from.name, kind, default, unit: from.unit, help: from.help }
}

fn proposal(from: types::Decision) -> Proposal {
    Proposal {
        dial_ratio: from.dial_ratio,
        reason: from.reason,
        signals: from.signals.into_iter().map(|signal| (signal.name, signal.value)).collect(),
        state: from.state,
    }
}

fn input(from: &core::Input) -> types::Input {
    types::Input {
        campaign: campaign(&from.campaign),
        now_ms: from.now_ms,
        since_last_decision_s: from.since_last_decision_s,
        dial_ratio: from.dial_ratio,
        reading: types::Reading {
            age_s: from.reading.age_s,
            fresh: from.reading.fresh,
            agents_available: from.reading.agents_available,
            agents_busy: from.reading.agents_busy,
            wrap_up_s_mean: from.reading.wrap_up_s_mean,
        },
        windows: types::Windows {
            last_5m: window(from.windows.last_5m),
            last_1h: window(from.windows.last_1h),
            today: window(from.windows.today),
            last_30d: window(from.windows.last_30d),
        },
        params: from.params.iter().map(setting).collect(),
        state: from.state.clone(),
        seed: from.seed,
        guard_reasons: from.guard_reasons.clone(),
    }
}

fn campaign(from: &core::CampaignView) -> types::Campaign {
    types::Campaign {
        id: from.id.clone(),
        configured_agents: from.configured_agents,
        target_utilization: from.target_utilization,
        min_dial_ratio: from.min_dial_ratio,
        max_dial_ratio: from.max_dial_ratio,
        max_abandonment: from.max_abandonment,
        abandonment_of: match from.abandonment_of {
            AbandonmentOf::Answered => types::AbandonmentOf::Answered,
            AbandonmentOf::Offered => types::AbandonmentOf::Offered,
        },
        abandonment_budget: from.abandonment_budget,
        shift_end_ms: from.shift_end_ms,
    }
}

fn window(from: core::Window) -> types::Window {
    types::Window {
        offered: from.offered,
        answered: from.answered,
        abandoned: from.abandoned,
        covered_s: from.covered_s,
    }
}

fn setting((name, value): &(String, ParamValue)) -> types::Setting {
    let value = match value {
        ParamValue::Number(x) => types::Value::Number(*x),
        ParamValue::Integer(x) => types::Value::Integer(*x),
        ParamValue::Flag(x) => types::Value::Flag(*x),
        ParamValue::Text(x) => types::Value::Text(x.clone()),
    };
    types::Setting { name: name.clone(), value }
}
