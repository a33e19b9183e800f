//! The tests of the policy host, on policies [written by hand](Hand).
//!
//! `docs/policy-runtime.md` lists every misbehaviour with what stops it and the test that shows it.

mod answers;
mod frozen;
mod hand;
mod hostile;
mod imports;
mod loading;
mod mutations;
mod plumbing;
mod shipped;
mod sizes;

use std::sync::{Arc, OnceLock};

use paced_core::policy::{
    AbandonmentOf, CampaignView, Decided, Fault, FaultClass, Input, Policy, ReadingView, WindowsView,
};

pub(crate) use hand::Hand;

use super::{Engine, Limits, Loaded, WasmPolicy};

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

/// Runs for ever.
const FOREVER: &str = "(loop $l (br $l)) unreachable";

/// Where the texts and lists of a decision stand in the memory of a [`Hand`].
const REASON: u32 = 280;
const SIGNALS: u32 = 288;
const STATE: u32 = 296;

/// Sets a list of the decision, and answers.
fn with_list(offset: u32, pointer: u32, length: u32) -> String {
    let end = offset + 4;
    format!(
        "(i32.store (i32.const {offset}) (i32.const {pointer})) (i32.store (i32.const {end}) (i32.const {length}))
         (call $answer (f64.const 1))"
    )
}

/// The first decision of a policy by hand.
fn decided_by(hand: &Hand, limits: &Limits) -> Result<Decided, Fault> {
    WasmPolicy::new(hand.load_with(limits), &[]).unwrap().decide(&input())
}

/// The first decision of one that decides like this.
fn decide_with(decide: &str, limits: &Limits) -> Result<Decided, Fault> {
    decided_by(&Hand::deciding(decide), limits)
}

fn decide(body: &str) -> Result<Decided, Fault> {
    decide_with(body, &Limits::default())
}

/// The class and the words of what its first decision ends in.
fn fault(body: &str) -> (FaultClass, String) {
    let fault = decide(body).unwrap_err();
    (fault.class, fault.message)
}

/// The stage that refuses these bytes, and why.
fn refusal(bytes: &[u8]) -> (&'static str, String) {
    let error = engine().load(bytes, &Limits::default()).unwrap_err();
    (error.stage().as_str(), error.to_string())
}

fn refusal_of(wat: &str) -> (&'static str, String) {
    refusal(&wat::parse_str(wat).unwrap())
}

/// The stage at which this one is refused, and why.
fn refusal_of_hand(hand: &Hand) -> (&'static str, String) {
    refusal(&hand.component())
}

/// A controller that exports nothing, for a component that is refused for something else.
const EMPTY_CONTROLLER: &str = r#"(instance $i) (export "paced:policy/controller@0.1.0" (instance $i))"#;

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
