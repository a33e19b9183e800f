//! The way through the contract and back, by a policy that does whatever its parameters say.

use serde::{Deserialize, Serialize};

use super::*;
use crate::{MAX_SIGNALS, MAX_STATE_BYTES, Policy, choice, params};

choice! {
    /// What to do.
    enum Act { Count = "count", Decline = "decline", NotFinite = "not-finite", Flood = "flood" }
}

params! {
    /// One of each type.
    struct Everything {
        /// A number,
        /// over two lines.
        number: f64 = 0.5, in 0.0..=1.0, unit "s";
        /// A whole number.
        whole: i64 = -3, in -5..=5;
        /// A flag.
        flag: bool = true;
        /// A text.
        text: String = "hello", in ..=8;
        /// A choice.
        act: Act = Act::Count;
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    calls: u32,
    ballast: Vec<u8>,
}

struct Puppet;

impl Policy for Puppet {
    const NAME: &'static str = "puppet";
    const VERSION: &'static str = "1.2.3";
    const SUMMARY: &'static str = "Does as it is told";
    const STATE_VERSION: u32 = 2;
    type Params = Everything;
    type State = State;

    fn decide(params: &Everything, state: &mut State, input: &Input) -> Result<Decision, String> {
        state.calls += 1;
        crate::info!("call {}", state.calls);
        match params.act {
            Act::Count => {}
            Act::Decline => return Err("told to decline".to_owned()),
            Act::NotFinite => return Ok(Decision::ratio(f64::NAN)),
            Act::Flood => state.ballast = vec![1; MAX_STATE_BYTES],
        }
        Ok(Decision::ratio(input.dial_ratio + params.number).because(&params.text).signal("calls", state.calls.into()))
    }

    fn migrate(from_version: u32, state: &[u8]) -> Result<State, String> {
        match from_version {
            1 => Ok(State { calls: decode_state(state).map_err(|error| error.to_string())?, ballast: Vec::new() }),
            other => Err(format!("version {other} is unknown")),
        }
    }
}

fn acting(act: Act) -> Everything {
    Everything { act, ..Everything::default() }
}

#[test]
fn params_state_and_input_come_through() {
    let params = Everything { number: 0.25, text: "why".to_owned(), ..Everything::default() };
    let mut state = State { calls: 41, ballast: vec![9] };
    let decision = run::<Puppet>(&params, &mut state, &InputBuilder::new().dial_ratio(1.5).build()).unwrap();
    assert_eq!(decision, Decision::ratio(1.75).because("why").signal("calls", 42.0));
    assert_eq!(state, State { calls: 42, ballast: vec![9] });
}

#[test]
fn a_policy_that_declines_leaves_the_state() {
    let mut state = State { calls: 7, ballast: Vec::new() };
    let answer = run::<Puppet>(&acting(Act::Decline), &mut state, &Input::example());
    assert_eq!(answer, Err("told to decline".to_owned()));
    assert_eq!(state.calls, 7);
}

#[test]
fn what_the_host_would_refuse_is_an_error() {
    let refusal = |act| run::<Puppet>(&acting(act), &mut State::default(), &Input::example()).unwrap_err();
    assert_eq!(refusal(Act::NotFinite), "the dial ratio is NaN");
    assert_eq!(refusal(Act::Flood), "16388 bytes of state are more than 16384");
}

#[test]
fn too_many_signals_are_an_error() {
    let signal = |n: usize| crate::bindings::paced::policy::types::Signal { name: n.to_string(), value: 0.0 };
    let mut answer =
        guest::decide::<Puppet>(wire::input(&Everything::default(), Vec::new(), &Input::example())).unwrap();
    answer.signals = (0..=MAX_SIGNALS).map(signal).collect();
    assert_eq!(limits::check_decision(&answer), Err("33 signals are more than 32".to_owned()));
}

#[test]
fn state_that_does_not_decode_declines() {
    let answer = guest::decide::<Puppet>(wire::input(&Everything::default(), vec![0xff; 3], &Input::example()));
    assert_eq!(answer.unwrap_err(), "the state is not of this version's layout (3 bytes)");
}

#[test]
fn values_that_break_the_contract_decline_by_name() {
    let mut input = wire::input(&Everything::default(), Vec::new(), &Input::example());
    input.params.retain(|setting| setting.name != "whole");
    let answer = guest::decide::<Puppet>(input.clone());
    assert_eq!(answer.unwrap_err(), "the host sent no value for parameter `whole`");
    input.params = Vec::new();
    input.params.push(crate::bindings::paced::policy::types::Setting {
        name: "number".to_owned(),
        value: crate::Value::Flag(true).into(),
    });
    let answer = guest::decide::<Puppet>(input);
    assert_eq!(answer.unwrap_err(), "the host sent a value of another kind for parameter `number`");
}

#[test]
fn the_declaration_holds_all_that_stands_in_the_macro() {
    use crate::{Kind, Param, Params, Value};
    let param = |name, kind, default, unit, help| Param { name, kind, default, unit, help };
    let text = |text: &str| Value::Text(text.to_owned());
    let words = &["count", "decline", "not-finite", "flood"];
    assert_eq!(
        Everything::declare(),
        [
            param("number", Kind::Number(0.0..=1.0), Value::Number(0.5), "s", "A number, over two lines."),
            param("whole", Kind::Integer(-5..=5), Value::Integer(-3), "", "A whole number."),
            param("flag", Kind::Flag, Value::Flag(true), "", "A flag."),
            param("text", Kind::Text(8), text("hello"), "", "A text."),
            param("act", Kind::Choice(words), text("count"), "", "A choice."),
        ]
    );
    assert_eq!(limits::check_descriptor(&guest::describe::<Puppet>()), Ok(()));
}

#[test]
fn a_default_outside_its_bounds_is_found() {
    let mut descriptor = guest::describe::<Puppet>();
    descriptor.params[0].default = crate::Value::Number(1.5).into();
    let refused = limits::check_descriptor(&descriptor);
    assert_eq!(refused, Err("the default of `number` is not within its bounds".to_owned()));
}

#[test]
fn state_of_another_version_is_taken_over_or_refused() {
    let bytes = encode_state(&5_u32).unwrap();
    assert_eq!(migrate::<Puppet>(1, &bytes), Ok(State { calls: 5, ballast: Vec::new() }));
    assert_eq!(migrate::<Puppet>(3, &bytes), Err("version 3 is unknown".to_owned()));
}

#[test]
fn messages_are_kept_for_the_test() {
    let _ = logged();
    let _ = run::<Puppet>(&Everything::default(), &mut State::default(), &Input::example()).unwrap();
    assert_eq!(logged(), [(Level::Info, "call 1".to_owned())]);
    assert_eq!(logged(), []);
}
