//! The dry run: a candidate decides before it counts, on what campaigns were shown lately and on the edges of what a
//! policy is ever shown.
//!
//! A trap, a limit or an answer that can't be taken refuses it at once. An error of the policy's own is its right: on an
//! edge it only says that it would rather not decide there. But each one is a fault in operation, so as many on one
//! campaign's recorded inputs as end a probation refuse the candidate here already.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy};

use super::moments::{self, Moment};
use super::probation;
use super::recorded::Recorded;
use super::spec::Use;
use crate::wasm::{Loaded, WasmPolicy};

/// How long a dry run may take, of the wall's time; inputs that are left then are skipped.
const LONGEST: Duration = Duration::from_secs(10);
/// Sets of params that are put to the edges; campaigns mostly share one or a few.
const MAX_PARAMS: usize = 16;

/// What a candidate did in the dry run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Decisions on recorded inputs.
    pub recorded: u32,
    /// Decisions on the edges.
    pub edges: u32,
    /// Errors of the policy's own among all of these.
    pub declined: u32,
    /// Inputs that were left when the time was up.
    pub skipped: u32,
}

/// A decision that refuses a candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it fails in the dry run on {on}: {fault}")]
pub struct DryRunFailure {
    /// The input, in words.
    pub on: String,
    /// The fault.
    pub fault: Fault,
}

/// Has a candidate decide for the campaigns that use it, whose params are known to fit.
pub(super) fn run(
    loaded: &Arc<Loaded>,
    uses: &[Use],
    recorded: &[(String, Recorded)],
) -> Result<Tried, Box<DryRunFailure>> {
    let mut trial = Trial { tried: Tried::default(), until: Instant::now() + LONGEST };
    for mut policy in distinct(loaded, uses) {
        trial.edges(&mut policy)?;
    }
    for (campaign, recorded) in recorded {
        let params = uses.iter().find(|used| used.campaign == *campaign).map_or(&[][..], |used| &used.params);
        if let Ok(mut policy) = WasmPolicy::new(Arc::clone(loaded), params) {
            trial.recorded(&mut policy, campaign, recorded)?;
        }
    }
    Ok(trial.tried)
}

/// The candidate with each set of params that some campaign gives it; with its own defaults where none uses it.
fn distinct(loaded: &Arc<Loaded>, uses: &[Use]) -> Vec<WasmPolicy> {
    let given = uses.iter().map(|used| used.params.as_slice()).chain(uses.is_empty().then_some(&[][..]));
    let mut seen = BTreeSet::new();
    given
        .filter_map(|params| WasmPolicy::new(Arc::clone(loaded), params).ok())
        .filter(|policy| seen.insert(*policy.revision()))
        .take(MAX_PARAMS)
        .collect()
}

struct Trial {
    tried: Tried,
    until: Instant,
}

impl Trial {
    fn edges(&mut self, policy: &mut WasmPolicy) -> Result<(), Box<DryRunFailure>> {
        let (asked, faults) = on_edges(policy);
        self.tried.edges += asked;
        for (on, fault) in faults {
            self.bear(&format!("\"{on}\""), fault)?;
        }
        Ok(())
    }

    fn recorded(
        &mut self,
        policy: &mut WasmPolicy,
        campaign: &str,
        recorded: &Recorded,
    ) -> Result<(), Box<DryRunFailure>> {
        let state = carried_over(policy, recorded);
        let mut declined = 0;
        for input in &recorded.inputs {
            if Instant::now() >= self.until {
                self.tried.skipped += 1;
                continue;
            }
            self.tried.recorded += 1;
            let Err(fault) = decide(policy, input, state.clone()) else { continue };
            self.bear(&format!("an input of campaign {campaign}"), fault.clone())?;
            declined += 1;
            if declined >= probation::FAULTS {
                return Err(Box::new(DryRunFailure { on: format!("{declined} inputs of campaign {campaign}"), fault }));
            }
        }
        Ok(())
    }

    /// Bears an error of the policy's own, and nothing else.
    fn bear(&mut self, on: &str, fault: Fault) -> Result<(), Box<DryRunFailure>> {
        if fault.class != FaultClass::Declined {
            return Err(Box::new(DryRunFailure { on: on.to_owned(), fault }));
        }
        self.tried.declined += 1;
        Ok(())
    }
}

/// The campaign's state as the candidate would be given it.
fn carried_over(policy: &mut WasmPolicy, recorded: &Recorded) -> Vec<u8> {
    if recorded.name != policy.name() {
        return Vec::new();
    }
    if recorded.state_version == policy.state_version() || recorded.state.is_empty() {
        return recorded.state.clone();
    }
    policy.migrate(recorded.state_version, &recorded.state).unwrap_or_default()
}

/// Asks for a decision on each edge, once with empty state and once with the state that an ordinary moment left: how
/// many were asked for, and the faults with what they happened on.
pub(crate) fn on_edges(policy: &mut WasmPolicy) -> (u32, Vec<(String, Fault)>) {
    let mut state_left = Vec::new();
    let mut asked = 0;
    let mut faults = Vec::new();
    for Moment { name, input } in moments::all() {
        for (which, state) in [("", Vec::new()), (", with the state of an earlier decision", state_left.clone())] {
            asked += 1;
            match decide(policy, &input, state) {
                Ok(decided) if state_left.is_empty() => state_left = decided.proposal.state,
                Ok(_) => {}
                Err(fault) => faults.push((format!("{name}{which}"), fault)),
            }
            if state_left.is_empty() {
                break;
            }
        }
    }
    (asked, faults)
}

/// A decision on an input with this state and the policy's own params.
///
/// # Errors
/// The policy's fault.
pub(crate) fn decide(policy: &mut WasmPolicy, input: &Input, state: Vec<u8>) -> Result<Decided, Fault> {
    let params = policy.params().to_vec();
    policy.decide(&Input { params, state, ..input.clone() })
}

#[cfg(test)]
mod tests {
    use paced_core::params::ParamValue;

    use super::*;
    use crate::wasm::tests::{Hand, input};

    /// Ends here if the campaign's identifier (text at 0 of the input) has one letter, as recorded ones here do.
    const ON_RECORDED: &str = "(i32.eq (i32.load offset=4 (local.get $input)) (i32.const 1))";

    fn recorded(inputs: usize) -> Vec<(String, Recorded)> {
        let mut input = input();
        "1".clone_into(&mut input.campaign.id);
        let recorded = Recorded { inputs: vec![input; inputs].into(), ..Recorded::default() };
        vec![("1".to_owned(), recorded)]
    }

    fn tried(decide: &str, recorded: &[(String, Recorded)]) -> Result<Tried, String> {
        run(&Hand::deciding(decide).load(), &[], recorded).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_sound_policy_decides_on_the_edges_and_on_what_was_recorded() {
        let expected = Tried { recorded: 20, edges: 6, ..Tried::default() };
        assert_eq!(tried("(call $answer (f64.const 1.5))", &recorded(20)), Ok(expected));
    }

    #[test]
    fn a_fault_on_an_edge_or_a_recorded_input_refuses_and_is_named() {
        let words = tried("unreachable", &[]).unwrap_err();
        assert!(words.starts_with("it fails in the dry run on \"an ordinary moment\": trap: "), "{words}");
        let words = tried("(call $answer (f64.const nan))", &[]).unwrap_err();
        assert!(words.contains("bad-output: its dial ratio is NaN"), "{words}");
        let on_recorded = format!("(if {ON_RECORDED} (then unreachable)) (call $answer (f64.const 1))");
        assert!(tried(&on_recorded, &[]).is_ok());
        let words = tried(&on_recorded, &recorded(1)).unwrap_err();
        assert!(words.starts_with("it fails in the dry run on an input of campaign 1: trap: "), "{words}");
    }

    #[test]
    fn a_policy_may_decline_edges_and_a_few_recorded_inputs() {
        let declines = "(call $decline (i32.const 32) (i32.const 13))";
        assert_eq!(tried(declines, &[]), Ok(Tried { edges: 6, declined: 6, ..Tried::default() }));
        let on_recorded =
            format!("(if (result i32) {ON_RECORDED} (then {declines}) (else (call $answer (f64.const 1))))");
        assert_eq!(tried(&on_recorded, &recorded(2)).unwrap().declined, 2);
        let words = tried(&on_recorded, &recorded(3)).unwrap_err();
        assert_eq!(words, "it fails in the dry run on 3 inputs of campaign 1: declined: as it is told");
    }

    #[test]
    fn each_set_of_params_is_put_to_the_edges() {
        let with = |campaign: &str, kp: f64| Use {
            campaign: campaign.to_owned(),
            params: vec![("kp".to_owned(), ParamValue::Number(kp))],
        };
        let uses = [with("1", 0.1), with("2", 0.2), with("3", 0.1)];
        let loaded = Hand::default().load();
        assert_eq!(run(&loaded, &uses, &[]).unwrap().edges, 12);
        let many: Vec<_> = (0..40).map(|n| with(&n.to_string(), f64::from(n) / 40.0)).collect();
        assert_eq!(run(&loaded, &many, &[]).unwrap().edges, 6 * MAX_PARAMS as u32);
    }

    #[test]
    fn the_state_is_the_campaigns_own_migrated_or_none() {
        // Wants as many lines as the state has bytes.
        let counts = "(call $answer (f64.convert_i32_u (i32.load offset=268 (local.get $input))))";
        let mut policy = WasmPolicy::new(Hand::deciding(counts).load(), &[]).unwrap();
        let state = |name: &str, state_version| Recorded {
            name: name.to_owned(),
            state_version,
            state: vec![1, 2, 3],
            ..Recorded::default()
        };
        let mut carried = |recorded: &Recorded| carried_over(&mut policy, recorded);
        assert_eq!(carried(&state("test", 1)), [1, 2, 3]);
        assert_eq!(carried(&state("another", 1)), [0; 0]);
        assert_eq!(carried(&state("test", 9)), [0; 0], "this one refuses every migration");
        assert_eq!(decide(&mut policy, &input(), vec![7; 4]).unwrap().proposal.dial_ratio, Some(4.0));
    }
}
