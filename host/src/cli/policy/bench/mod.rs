//! `paced policy bench`: what a component's decisions cost, as a share of what they may cost.
//!
//! With `--against`, the two components take turns call by call, so that a busy machine slows both alike.

mod loads;
mod measure;
mod report;

use std::io::Write;
use std::path::{Path, PathBuf};

use self::measure::{Measured, Subject};
use super::component::{self, LimitArgs};
use super::{Exit, PolicyCommandError};
use crate::wasm::{Engine, Limits};

/// Arguments of `paced policy bench`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    pub file: PathBuf,
    /// Another component to compare it with
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,
    /// Decisions to measure
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub calls: u32,
    /// Measure so many loads instead, stage by stage: with nothing in the cache, and with the compiled code in it
    #[arg(long, value_name = "N", conflicts_with_all = ["against", "calls"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub loads: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Measures a component, or two of them.
///
/// # Errors
/// A file can't be read, the limits can't be, or the answer can't be written.
pub(super) fn run(args: &Args, engine: &Engine, out: &mut dyn Write) -> Result<Exit, PolicyCommandError> {
    let limits = args.limits.limits()?;
    if let Some(loads) = args.loads {
        return loads::run(&args.file, limits, loads, args.json, out);
    }
    let files = std::iter::once(&args.file).chain(&args.against);
    let mut subjects = Vec::new();
    for file in files {
        match subject(engine, file, &limits, out)? {
            Some(subject) => subjects.push(subject),
            None => return Ok(Exit::Findings),
        }
    }
    let measured = measure::measure(engine, &limits, subjects, args.calls);
    if args.json {
        report::write_json(&measured, &limits, out)?;
    } else {
        report::write(&measured, &limits, out)?;
    }
    Ok(if measured.iter().any(Measured::faulted) { Exit::Findings } else { Exit::Done })
}

/// The component in a file, or what refuses it on `out`.
fn subject(
    engine: &Engine,
    file: &Path,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Option<Subject>, PolicyCommandError> {
    let bytes = component::read(file, limits)?;
    let loaded = component::load_or_explain(engine, file, &bytes, limits, out)?;
    let Some((loaded, compile)) = loaded else { return Ok(None) };
    Subject::new(file.display().to_string(), bytes, loaded, compile).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;
    use crate::wasm::tests::{Hand, engine};

    fn bench(new: &[u8], old: Option<&[u8]>, json: bool) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let file = write("new.wasm", new);
        let against = old.map(|old| write("old.wasm", old));
        let mut out = Vec::new();
        let args = Args { file, against, calls: 20, loads: None, json, limits: LimitArgs::default() };
        let exit = run(&args, engine(), &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    fn number(json: &serde_json::Value, pointer: &str) -> f64 {
        json.pointer(pointer).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {json}"))
    }

    #[test]
    fn every_cost_is_measured_and_within_its_limit() {
        let (exit, shown) = bench(shipped::find("proportional").unwrap(), None, true);
        assert_eq!(exit, Exit::Done);
        let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let limits = Limits::default();
        let (p50, max) = (number(&json, "/new/fuel_p50"), number(&json, "/new/fuel_max"));
        assert!(0.0 < p50 && p50 <= max && max < limits.fuel as f64 / 50.0, "{shown}");
        let memory = number(&json, "/new/memory_bytes");
        assert!(65_536.0 <= memory && memory <= limits.memory_bytes as f64, "{shown}");
        assert_eq!(number(&json, "/new/component_bytes"), shipped::find("proportional").unwrap().len() as f64);
        assert!(number(&json, "/new/wall_p50_us") > 0.0 && number(&json, "/new/compile_ms") > 0.0);
        assert_eq!((number(&json, "/new/faults"), number(&json, "/calls")), (0.0, 20.0));
        assert!(json.get("old").is_none() && json.get("ratio").is_none());
    }

    #[test]
    fn two_components_are_shown_side_by_side_with_ratios() {
        let (old, new) =
            (Hand::default(), Hand::deciding("(drop (f64.sqrt (f64.const 2))) (call $answer (f64.const 1))"));
        let (_, shown) = bench(&new.component(), Some(&old.component()), true);
        let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let ratio = number(&json, "/new/fuel_p50") / number(&json, "/old/fuel_p50");
        assert!(ratio > 1.0 && (number(&json, "/ratio/fuel_p50") - ratio).abs() < 1e-12, "{shown}");
        let (exit, shown) = bench(&new.component(), Some(&old.component()), false);
        assert_eq!(exit, Exit::Done);
        assert!(
            shown.lines().any(|line| line.starts_with("fuel p50") && line.matches("units").count() == 2),
            "{shown}"
        );
    }

    #[test]
    fn a_component_that_faults_is_a_finding_with_the_fault() {
        let (exit, shown) = bench(&Hand::deciding("unreachable").component(), None, false);
        assert_eq!(exit, Exit::Findings);
        assert!(shown.contains("faults") && shown.contains("20 of 20") && shown.contains("trap: "), "{shown}");
    }

    #[test]
    fn every_stage_of_a_load_is_measured_cold_and_warm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.wasm");
        let loads = |component: &[u8], json: bool| {
            std::fs::write(&file, component).unwrap();
            let mut out = Vec::new();
            let limits = LimitArgs::default();
            let args = Args { file: file.clone(), against: None, calls: 20, loads: Some(2), json, limits };
            let exit = run(&args, engine(), &mut out).unwrap();
            (exit, String::from_utf8(out).unwrap())
        };
        let (exit, shown) = loads(&Hand::default().component(), true);
        let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((exit, number(&json, "/loads")), (Exit::Done, 2.0));
        for stage in ["read", "settle", "compile", "dry-run", "all but settle"] {
            assert!(number(&json, &format!("/cold/{stage}/p50_ms")) > 0.0, "{shown}");
            assert!(number(&json, &format!("/warm/{stage}/max_ms")) > 0.0, "{shown}");
        }
        let (_, shown) = loads(&Hand::default().component(), false);
        assert!(shown.lines().any(|line| line.starts_with("dry-run ")), "{shown}");
        let (exit, shown) = loads(&Hand::deciding("unreachable").component(), false);
        assert!(exit == Exit::Findings && shown.contains("refuse it (stage dry-run)"), "{shown}");
    }
}
