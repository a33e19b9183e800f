//! The same component in a wasmtime that counts and bounds nothing: a fresh instance for each call, and no more.

use paced_core::params::ParamValue;
use paced_core::policy::{AbandonmentOf, Input, Window};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use self::bindings::PolicyPre;
use self::bindings::paced::policy::{log, types};

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/0.1", world: "policy" });
}

/// A component, and an input for it in the contract's own records.
pub(crate) struct Bare {
    engine: Engine,
    policy: PolicyPre<()>,
    input: types::Input,
}

impl Bare {
    pub(crate) fn new(component: &[u8], shown: &Input) -> anyhow::Result<Self> {
        // What paced's own pool keeps between calls: without it each instance costs page faults, and the comparison would
        // flatter paced.
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(2 << 20).table_keep_resident(64 << 10).pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        let mut log = linker.instance("paced:policy/log@0.1.0")?;
        log.func_wrap("write", |_, (_, _): (log::Level, String)| Ok(()))?;
        let component = Component::new(&engine, component)?;
        let policy = PolicyPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, policy, input: input(shown) })
    }

    /// The ratio that the component wants.
    pub(crate) fn decide(&self) -> Option<f64> {
        let mut store = Store::new(&self.engine, ());
        let instance = self.policy.instantiate(&mut store).expect("it was instantiated before");
        let decided = instance.paced_policy_controller().call_decide(&mut store, &self.input);
        decided.expect("it does not trap").expect("it decides at an ordinary moment").dial_ratio
    }
}

fn input(from: &Input) -> types::Input {
    let (campaign, reading, windows) = (&from.campaign, from.reading, from.windows);
    types::Input {
        campaign: types::Campaign {
            id: campaign.id.clone(),
            configured_agents: campaign.configured_agents,
            target_utilization: campaign.target_utilization,
            min_dial_ratio: campaign.min_dial_ratio,
            max_dial_ratio: campaign.max_dial_ratio,
            max_abandonment: campaign.max_abandonment,
            abandonment_of: match campaign.abandonment_of {
                AbandonmentOf::Answered => types::AbandonmentOf::Answered,
                AbandonmentOf::Offered => types::AbandonmentOf::Offered,
            },
            abandonment_budget: campaign.abandonment_budget,
            shift_end_ms: campaign.shift_end_ms,
        },
        now_ms: from.now_ms,
        since_last_decision_s: from.since_last_decision_s,
        dial_ratio: from.dial_ratio,
        reading: types::Reading {
            age_s: reading.age_s,
            fresh: reading.fresh,
            agents_available: reading.agents_available,
            agents_busy: reading.agents_busy,
            wrap_up_s_mean: reading.wrap_up_s_mean,
        },
        windows: types::Windows {
            last_5m: window(windows.last_5m),
            last_1h: window(windows.last_1h),
            today: window(windows.today),
            last_30d: window(windows.last_30d),
        },
        params: from.params.iter().map(setting).collect(),
        state: from.state.clone(),
        seed: from.seed,
        guard_reasons: from.guard_reasons.clone(),
    }
}

fn window(from: Window) -> types::Window {
    let Window { offered, answered, abandoned, covered_s } = from;
    types::Window { offered, answered, abandoned, covered_s }
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
