//! Native unit tests of a policy, without any WebAssembly.
//!
//! [`run`] takes the way that the host takes: params, state and input go through the contract's records and bytes and
//! come back, and the limits that the host enforces are checked. So what passes here is decided alike in a component.
//!
//! ```
//! # use paced_policy::{Decision, Input, Policy, params};
//! # params! { pub struct Params {
//! #     /// The ratio.
//! #     pub ratio: f64 = 1.5, in 0.1..=5.0;
//! # } }
//! # struct Constant;
//! # impl Policy for Constant {
//! #     const NAME: &'static str = "constant";
//! #     const VERSION: &'static str = "1.0.0";
//! #     const SUMMARY: &'static str = "A constant ratio";
//! #     type Params = Params;
//! #     type State = ();
//! #     fn decide(params: &Params, (): &mut (), _: &Input) -> Result<Decision, String> {
//! #         Ok(Decision::ratio(params.ratio))
//! #     }
//! # }
//! use paced_policy::testing::{self, InputBuilder};
//!
//! let input = InputBuilder::new().available(5.0).busy(15.0).dial_ratio(1.2).build();
//! let mut state = ();
//! let decision = testing::run::<Constant>(&Params::default(), &mut state, &input).unwrap();
//! assert_eq!(decision.dial_ratio, Some(1.5));
//! ```

mod builder;
mod limits;
mod wire;

pub use builder::InputBuilder;

use crate::log::{self, Level};
use crate::{Decision, Input, Policy, decode_state, encode_state, guest};

/// One decision, as the host would have it; the new state is written only if the policy does not decline.
///
/// # Errors
/// The policy's own, and all that the host would take as a fault or refuse: a ratio or signal that is not finite, too
/// many signals, too much state, a default outside its bounds.
pub fn run<P: Policy>(params: &P::Params, state: &mut P::State, input: &Input) -> Result<Decision, String> {
    limits::check_descriptor(&guest::describe::<P>())?;
    let bytes = encode_state(state).map_err(|error| error.to_string())?;
    let answer = guest::decide::<P>(wire::input(params, bytes, input))?;
    limits::check_decision(&answer)?;
    *state = decode_state(&answer.state).map_err(|error| error.to_string())?;
    let signals = answer.signals.into_iter().map(|signal| (signal.name, signal.value)).collect();
    Ok(Decision { dial_ratio: answer.dial_ratio, reason: answer.reason, signals })
}

/// What the policy makes of state that another version of it wrote.
///
/// # Errors
/// The policy's own; the host then goes on with empty state.
pub fn migrate<P: Policy>(from_version: u32, state: &[u8]) -> Result<P::State, String> {
    let bytes = guest::migrate::<P>(from_version, state)?;
    decode_state(&bytes).map_err(|error| error.to_string())
}

/// The messages that this thread logged since the last call, at most 1000.
#[must_use]
pub fn logged() -> Vec<(Level, String)> {
    log::sink::take()
}

#[cfg(test)]
mod tests;
