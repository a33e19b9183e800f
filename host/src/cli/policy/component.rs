//! A component's file, and the limits to run it under.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::PolicyCommandError;
use super::remedy;
use crate::wasm::{Engine, Limits, Loaded, Stage, Timeline, few};

/// Limits of each call, where they are not the host's own; as a configuration has them in `[policies.NAME.limits]`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LimitArgs {
    /// Fuel of a call
    #[arg(long, value_name = "UNITS")]
    pub fuel: Option<u64>,
    /// Memory of a call
    #[arg(long, value_name = "BYTES")]
    pub memory_bytes: Option<u64>,
    /// Wall time of a call
    #[arg(long, value_name = "MS")]
    pub deadline_ms: Option<u64>,
}

impl LimitArgs {
    /// The host's limits with these instead of its own.
    pub(in crate::cli) fn limits(&self) -> Result<Limits, PolicyCommandError> {
        let mut limits = Limits::default();
        limits.fuel = self.fuel.unwrap_or(limits.fuel);
        limits.memory_bytes = self.memory_bytes.unwrap_or(limits.memory_bytes);
        limits.deadline = self.deadline_ms.map_or(limits.deadline, Duration::from_millis);
        limits.check().map_err(|errors| PolicyCommandError::Usage(few(errors.iter(), "; ")))?;
        Ok(limits)
    }
}

/// Reads a file up to the size limit; a larger one is read one byte beyond it, for the loader to refuse.
pub(in crate::cli) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, PolicyCommandError> {
    read_at_most(path, limits.component_bytes + 1)
}

/// Reads a file's first bytes.
pub(super) fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, PolicyCommandError> {
    let unreadable = |source| PolicyCommandError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Loads a component with the time its compilation took, or explains on `out` why it is refused.
pub(super) fn load_or_explain(
    engine: &Engine,
    path: &Path,
    bytes: &[u8],
    limits: &Limits,
    out: &mut dyn Write,
) -> io::Result<Option<(Arc<Loaded>, Duration)>> {
    let mut timeline = Timeline::default();
    match engine.load_by_stage(bytes, limits, &mut timeline) {
        Ok(loaded) => Ok(Some((Arc::new(loaded), timeline.of(Stage::Compile).unwrap_or_default()))),
        Err(refusal) => {
            writeln!(out, "{}", remedy::of_load(&path.display().to_string(), &refusal))?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_given_replace_the_hosts_and_stay_within_their_ranges() {
        let args = LimitArgs { fuel: Some(2_000_000), ..LimitArgs::default() };
        assert_eq!(args.limits().unwrap(), Limits { fuel: 2_000_000, ..Limits::default() });
        let error = LimitArgs { memory_bytes: Some(1), ..args }.limits().unwrap_err().to_string();
        assert_eq!(error, "`memory_bytes` is 1: it must be from 65536 to 134217728");
    }
}
