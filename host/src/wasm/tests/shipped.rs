//! The policies that ship with paced, through the whole host.

use paced_core::policy::Window;

use super::*;
use crate::registry::moments;
use crate::shipped::SHIPPED;

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

#[test]
fn each_gives_the_same_answer_again() {
    for (name, mut policy) in shipped() {
        let shown = shown_to(&policy);
        let decided = policy.decide(&shown).unwrap();
        assert_eq!(policy.decide(&shown).unwrap(), decided, "{name}");
    }
}

/// So many agents, one in twenty of them idle, at this ratio: what a look-ahead has to sum up over.
fn nearly_all_busy(agents: f64, dial_ratio: f64) -> Input {
    let mut input = Input { dial_ratio, ..input() };
    input.campaign.target_utilization = 1.0;
    (input.reading.agents_available, input.reading.agents_busy) = (agents * 0.05, agents * 0.95);
    input
}

/// How many times the fuel that the heaviest policy uses a call may use.
const HEADROOM: u64 = 50;

/// Moments that ask much of a policy: the dry run's, and from no call to more than a platform counts, at every ratio.
fn demanding() -> Vec<Input> {
    let windows = |calls: u32| {
        let window = |times: u32| Window {
            offered: calls.saturating_mul(times),
            answered: calls.saturating_mul(times) / 100 * 97,
            abandoned: calls.saturating_mul(times) / 100 * 3,
            covered_s: 300.0 * f64::from(times),
        };
        WindowsView { last_5m: window(1), last_1h: window(12), today: window(100), last_30d: window(2_000) }
    };
    let mut inputs: Vec<_> = moments::all().into_iter().map(|moment| moment.input).collect();
    for agents in [2.0, 20.0, 50.0, 200.0, 500.0, 2_000.0] {
        inputs.extend([0.1, 1.0, 2.0, 3.5, 5.0].map(|dial_ratio| nearly_all_busy(agents, dial_ratio)));
    }
    for calls in [0, 1, 100, 2_000, 100_000, u32::MAX] {
        for (agents, dial_ratio) in [(0, 0.1), (3, 1.0), (20, 1.5), (300, 2.5), (5_000, 5.0), (u32::MAX, 5.0)] {
            let mut input = Input { windows: windows(calls), dial_ratio, ..input() };
            input.campaign.configured_agents = agents;
            input.reading.agents_available = f64::from(agents / 5);
            input.reading.agents_busy = f64::from(agents - agents / 5);
            input.since_last_decision_s = Some(15.0 + f64::from(calls));
            inputs.push(input);
        }
    }
    inputs
}

/// The most fuel that a policy uses on these, its state carried from each to the next; what it declines costs nothing.
fn most_fuel(policy: &mut WasmPolicy) -> u64 {
    let mut state = Vec::new();
    let calls = demanding().into_iter().map(|input| {
        let shown = Input { params: policy.params().to_vec(), state: state.clone(), ..input };
        policy.decide(&shown).map_or(0, |decided| {
            state = decided.proposal.state;
            decided.fuel
        })
    });
    calls.max().unwrap_or_default()
}

/// Seen to fail when the default fuel is 500,000, of which `proportional` uses a 43rd.
#[test]
fn the_default_fuel_is_many_times_what_any_shipped_policy_uses() {
    let fuel = Limits::default().fuel;
    let used: Vec<_> = shipped().map(|(name, mut policy)| (name, most_fuel(&mut policy))).collect();
    let greedy: Vec<_> = used.iter().filter(|(_, used)| used * HEADROOM > fuel).collect();
    assert!(
        greedy.is_empty(),
        "{greedy:?} use more than a {HEADROOM}th of the default fuel of {fuel}: make them cheaper, or raise the default"
    );
    assert!(used.iter().all(|(_, used)| *used > 1_000), "each was asked for decisions: {used:?}");
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
