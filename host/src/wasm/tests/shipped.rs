//! The policies that ship with paced, through the whole host.

use paced_core::policy::{FaultClass, Policy};

use super::*;
use crate::shipped::SHIPPED;
use crate::wasm::WasmPolicy;

fn shipped() -> impl Iterator<Item = (&'static str, WasmPolicy)> {
    SHIPPED.iter().map(|(name, component)| {
        let loaded = engine().load(component, &Limits::default()).unwrap();
        (*name, WasmPolicy::new(Arc::new(loaded), &[]).unwrap())
    })
}

fn shown_to(policy: &WasmPolicy) -> Input {
    Input { params: policy.params().to_vec(), ..input() }
}

#[test]
fn each_goes_by_its_name_and_imports_nothing_but_the_contract() {
    for (name, policy) in shipped() {
        assert_eq!(policy.loaded().descriptor().name, name);
        let foreign: Vec<_> = policy.loaded().imports().iter().filter(|name| !name.starts_with("paced:")).collect();
        assert!(foreign.is_empty(), "{name} imports {foreign:?}");
    }
}

/// What a policy is shown of so many agents, one in twenty of them idle, at this ratio.
fn shown_of(policy: &WasmPolicy, agents: f64, dial_ratio: f64) -> Input {
    let mut shown = Input { dial_ratio, ..shown_to(policy) };
    shown.campaign.target_utilization = 1.0;
    (shown.reading.agents_available, shown.reading.agents_busy) = (agents * 0.05, agents * 0.95);
    shown
}

#[test]
fn each_decides_well_within_its_fuel_and_the_same_again() {
    for (name, mut policy) in shipped() {
        for agents in [2.0, 20.0, 50.0, 200.0, 500.0, 2_000.0] {
            for ratio in [0.1, 1.0, 2.0, 3.5, 5.0] {
                let shown = shown_of(&policy, agents, ratio);
                let decided = policy.decide(&shown).unwrap();
                let most = policy.loaded().limits().fuel / 50;
                assert!(decided.fuel < most, "{name} used {} for {agents} agents at {ratio}", decided.fuel);
                assert_eq!(policy.decide(&shown).unwrap(), decided, "{name}");
            }
        }
    }
}

#[test]
fn proportional_raises_the_ratio_by_its_gain_for_each_agent_of_error() {
    let (_, mut policy) = shipped().find(|(name, _)| *name == "proportional").unwrap();
    // 20 agents signed in, 4 of them available: 0.85 of 20 busy would leave 3.
    let decided = policy.decide(&shown_to(&policy.clone())).unwrap();
    assert_eq!(decided.proposal.dial_ratio, Some(1.65));
}

#[test]
fn a_policy_without_its_params_or_with_foreign_state_declines_in_words() {
    let (_, mut policy) = shipped().find(|(name, _)| *name == "proportional").unwrap();
    let without_params = Input { params: Vec::new(), ..input() };
    let fault = policy.decide(&without_params).unwrap_err();
    assert_eq!(fault.class, FaultClass::Declined);
    assert!(fault.message.contains("kp"), "{fault}");
    let foreign_state = Input { state: vec![0xff; 9], ..shown_to(&policy) };
    let fault = policy.decide(&foreign_state).unwrap_err();
    assert_eq!(fault.class, FaultClass::Declined);
    assert!(fault.message.contains("state"), "{fault}");
}
