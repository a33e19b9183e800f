//! Between the contract's records and the SDK's types: what stands behind [`export!`](crate::export!).
//!
//! All of it is ordinary code that native tests run too; only the panic hook needs a component.

use std::marker::PhantomData;

use crate::bindings::exports::paced::policy::controller::Guest;
use crate::bindings::paced::policy::types as wire;
use crate::{Decision, ParamType, Params, Policy, Value, decode_state, encode_state};

mod convert;

/// A policy as the component's exports.
pub struct Component<P>(PhantomData<P>);

impl<P: Policy> Guest for Component<P> {
    fn describe() -> wire::Descriptor {
        report_panics();
        describe::<P>()
    }

    fn decide(input: wire::Input) -> Result<wire::Decision, String> {
        report_panics();
        decide::<P>(input)
    }

    fn migrate(from_version: u32, state: Vec<u8>) -> Result<Vec<u8>, String> {
        report_panics();
        migrate::<P>(from_version, &state)
    }
}

/// Sends a panic's message to the host before the trap, which says nothing but "unreachable". Every call runs in a
/// fresh instance, so each has to install it.
fn report_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|panic| crate::log::write(crate::log::Level::Error, &panic.to_string())));
}

pub(crate) fn describe<P: Policy>() -> wire::Descriptor {
    wire::Descriptor {
        name: P::NAME.to_owned(),
        version: P::VERSION.to_owned(),
        summary: P::SUMMARY.to_owned(),
        state_version: P::STATE_VERSION,
        params: P::Params::declare().into_iter().map(wire::Param::from).collect(),
    }
}

pub(crate) fn decide<P: Policy>(input: wire::Input) -> Result<wire::Decision, String> {
    let (settings, state, input) = convert::split(input);
    let params = P::Params::read(&settings)?;
    let mut state: P::State = decode_state(&state).map_err(|error| error.to_string())?;
    let Decision { dial_ratio, reason, signals } = P::decide(&params, &mut state, &input)?;
    let state = encode_state(&state).map_err(|error| error.to_string())?;
    let signals = signals.into_iter().map(|(name, value)| wire::Signal { name, value }).collect();
    Ok(wire::Decision { dial_ratio, reason, signals, state })
}

pub(crate) fn migrate<P: Policy>(from_version: u32, state: &[u8]) -> Result<Vec<u8>, String> {
    encode_state(&P::migrate(from_version, state)?).map_err(|error| error.to_string())
}

/// One field of [`Params::read`], for [`params!`](crate::params!).
#[doc(hidden)]
pub fn read_param<T: ParamType>(name: &str, values: &[(String, Value)]) -> Result<T, String> {
    let Some((_, value)) = values.iter().find(|(known, _)| known == name) else {
        return Err(format!("the host sent no value for parameter `{name}`"));
    };
    T::from_value(value).ok_or_else(|| format!("the host sent a value of another kind for parameter `{name}`"))
}
