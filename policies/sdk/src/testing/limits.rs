//! What the host enforces, so that a native test finds it first.

use crate::bindings::paced::policy::types::{Decision, Descriptor, Param, ParamKind, Value};
use crate::{MAX_SIGNALS, MAX_STATE_BYTES};

/// The most parameters that a policy may have.
const MAX_PARAMS: usize = 64;

pub(super) fn check_descriptor(descriptor: &Descriptor) -> Result<(), String> {
    check_name("policy", &descriptor.name)?;
    let params = &descriptor.params;
    if params.len() > MAX_PARAMS {
        return Err(format!("{} parameters are more than {MAX_PARAMS}", params.len()));
    }
    params.iter().try_for_each(|param| {
        check_name("parameter", &param.name)?;
        if default_fits(param) {
            Ok(())
        } else {
            Err(format!("the default of `{}` is not within its bounds", param.name))
        }
    })
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!("{what} name {name:?} must be of lower-case letters, digits, `_` and `-`"))
}

fn default_fits(param: &Param) -> bool {
    match (&param.kind, &param.default) {
        (ParamKind::Number(bounds), Value::Number(x)) => (bounds.min..=bounds.max).contains(x),
        (ParamKind::Integer(bounds), Value::Integer(x)) => (bounds.min..=bounds.max).contains(x),
        (ParamKind::Flag, Value::Flag(_)) => true,
        (ParamKind::Text(max_bytes), Value::Text(text)) => u32::try_from(text.len()).is_ok_and(|len| len <= *max_bytes),
        (ParamKind::Choice(words), Value::Text(word)) => words.contains(word),
        _ => false,
    }
}

pub(super) fn check_decision(decision: &Decision) -> Result<(), String> {
    let (signals, state_bytes) = (&decision.signals, decision.state.len());
    if let Some(ratio) = decision.dial_ratio.filter(|ratio| !ratio.is_finite()) {
        return Err(format!("the dial ratio is {ratio}"));
    }
    if let Some(signal) = signals.iter().find(|signal| !signal.value.is_finite()) {
        return Err(format!("signal `{}` is {}", signal.name, signal.value));
    }
    if signals.len() > MAX_SIGNALS {
        return Err(format!("{} signals are more than {MAX_SIGNALS}", signals.len()));
    }
    if state_bytes > MAX_STATE_BYTES {
        return Err(format!("{state_bytes} bytes of state are more than {MAX_STATE_BYTES}"));
    }
    Ok(())
}
