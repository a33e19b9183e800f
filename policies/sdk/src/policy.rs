//! The trait that a policy implements.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Decision, Input, Params};

/// A pacing policy.
///
/// Every function here must be pure: the same arguments, the same answer. Time and a seed stand in the [`Input`].
pub trait Policy {
    /// Lower-case name, as it stands in a configuration.
    const NAME: &'static str;
    /// Semantic version of the policy; `env!("CARGO_PKG_VERSION")` takes the crate's.
    const VERSION: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Version of [`State`](Self::State)'s layout: raise it with every change to the fields of the state.
    const STATE_VERSION: u32 = 1;

    /// The parameters, declared with [`params!`](crate::params!); `()` for none.
    type Params: Params;
    /// What the policy remembers from one decision to the next, at most 16 KiB encoded; `()` for nothing.
    type State: Serialize + DeserializeOwned + Default;

    /// The next decision. `state` is what the previous decision left, or the default at first; what is left in it
    /// comes back with the next call.
    ///
    /// # Errors
    /// The policy declines: the host holds the ratio, keeps the previous state, and counts a fault. To hold on
    /// purpose, return [`Decision::hold`].
    fn decide(params: &Self::Params, state: &mut Self::State, input: &Input) -> Result<Decision, String>;

    /// The state that another version of this policy wrote, as this version's; [`decode_state`](crate::decode_state)
    /// reads the bytes.
    ///
    /// # Errors
    /// The state can't be taken over, which is the default: the policy then starts with empty state.
    fn migrate(from_version: u32, state: &[u8]) -> Result<Self::State, String> {
        let _ = state;
        let (name, version) = (Self::NAME, Self::STATE_VERSION);
        Err(format!("{name} has no way from state version {from_version} to {version}"))
    }
}
