//! The policy that is asked beside the one that decided: its component and its params, from the command line.

use std::path::Path;
use std::sync::Arc;

use paced_core::params::{Descriptor, ParamKind, ParamValue};

use super::Args;
use crate::cli::policy::component;
use crate::shipped;
use crate::wasm::{Engine, WasmPolicy, few};

/// The policy, or what is wrong with what was asked for.
pub(super) fn policy(name: &Path, args: &Args, engine: &Engine) -> Result<WasmPolicy, String> {
    let limits = args.limits.limits().map_err(|error| error.to_string())?;
    let built_in = name.to_str().filter(|_| !name.is_file()).and_then(shipped::find);
    let bytes = match built_in {
        Some(bytes) => bytes.to_vec(),
        None if !name.exists() => {
            let names = shipped::names().join(", ");
            return Err(format!("`{}` is neither a file nor a built-in policy; built in are {names}", name.display()));
        }
        None => component::read(name, &limits).map_err(|error| format!("{:#}", anyhow::Error::from(error)))?,
    };
    let loaded = engine.load(&bytes, &limits).map_err(|error| {
        format!("{} is no policy that this paced can run ({}): {error}", name.display(), error.stage())
    })?;
    let given = params(&args.params, loaded.descriptor())?;
    WasmPolicy::new(Arc::new(loaded), &given).map_err(|errors| few(errors.iter(), "; "))
}

fn params(given: &[String], descriptor: &Descriptor) -> Result<Vec<(String, ParamValue)>, String> {
    let read = |param: &String| {
        let (name, value) =
            param.split_once('=').ok_or_else(|| format!("`{param}` is no param: it must be NAME=VALUE"))?;
        let (name, value) = (name.trim(), value.trim());
        let kind = descriptor.params.iter().find(|spec| spec.name == name).map(|spec| &spec.kind);
        Ok((name.to_owned(), value_of(value, kind)))
    };
    given.iter().map(read).collect()
}

/// The value as its kind has it; what is not of the kind stays text, for the descriptor to refuse with its own words.
fn value_of(value: &str, kind: Option<&ParamKind>) -> ParamValue {
    let read = match kind {
        Some(ParamKind::Number { .. }) => value.parse().ok().map(ParamValue::Number),
        Some(ParamKind::Integer { .. }) => value.parse().ok().map(ParamValue::Integer),
        Some(ParamKind::Flag) => value.parse().ok().map(ParamValue::Flag),
        Some(ParamKind::Text { .. } | ParamKind::Choice(_)) | None => None,
    };
    read.unwrap_or_else(|| ParamValue::Text(value.to_owned()))
}
