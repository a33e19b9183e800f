//! What the author of a pacing policy depends on.
//!
//! A policy is a pure function: params, state and input go in, a [`Decision`] and new state come out. Write it as an
//! implementation of [`Policy`], declare its parameters with [`params!`], and turn the crate into a WebAssembly
//! component with [`export!`]. No WIT file, no generated code and no unsafe code stands in your crate, and its unit
//! tests run natively (see [`testing`]).
//!
//! [`model`] has what pacing is calculated with: how many calls a number of lines abandons, estimates that few calls
//! can't upset, controllers that start and stop without a jump.
//!
//! Keep nothing in statics: every call runs in a fresh instance, and only what stands in `State` lives on.
//!
//! ```
//! use paced_policy::{Decision, Input, Policy, params};
//! use serde::{Deserialize, Serialize};
//!
//! params! {
//!     pub struct Params {
//!         /// How far the ratio moves at a time.
//!         pub step: f64 = 0.05, in 0.0..=1.0, unit "ratio";
//!     }
//! }
//!
//! #[derive(Default, Serialize, Deserialize)]
//! pub struct State {
//!     raises: u32,
//! }
//!
//! pub struct Stairs;
//!
//! impl Policy for Stairs {
//!     const NAME: &'static str = "stairs";
//!     const VERSION: &'static str = "1.0.0";
//!     const SUMMARY: &'static str = "Up a step while agents wait, else hold";
//!     type Params = Params;
//!     type State = State;
//!
//!     fn decide(params: &Params, state: &mut State, input: &Input) -> Result<Decision, String> {
//!         if input.utilization().is_none_or(|busy| busy >= input.campaign.target_utilization) {
//!             return Ok(Decision::hold().because("agents are busy enough"));
//!         }
//!         state.raises += 1;
//!         Ok(Decision::ratio(input.dial_ratio + params.step).because("agents wait"))
//!     }
//! }
//!
//! paced_policy::export!(Stairs);
//! ```
#![deny(missing_docs)]

#[doc(hidden)]
pub mod bindings;
mod decision;
#[doc(hidden)]
pub mod guest;
mod input;
pub mod log;
pub mod model;
mod params;
mod policy;
mod state;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use decision::{Decision, MAX_REASON_BYTES, MAX_SIGNALS};
pub use input::{AbandonmentOf, Campaign, Input, Reading, Window, Windows};
pub use params::{Kind, Param, ParamType, Params, Value};
pub use policy::Policy;
pub use state::{MAX_STATE_BYTES, StateError, decode_state, encode_state};

/// Makes this crate's component out of a [`Policy`]; to be called once, at the root of a `cdylib` crate.
///
/// It expands only for WebAssembly: natively the names that a component exports break the linker.
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type PolicyComponent = $crate::guest::Component<$policy>;
    $crate::bindings::export!(PolicyComponent with_types_in $crate::bindings);
        };
    };
}

/// The page's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/writing-a-policy.md")]
mod page {}
