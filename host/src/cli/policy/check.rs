//! `paced policy check`: would paced accept this component, stage by stage.
//!
//! The stages and their order are the daemon's. What only the daemon has (recorded inputs, a campaign's own params) is
//! replaced: fixed inputs at the edges of what a policy is shown, and the defaults.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use paced_core::params::ParamValue;
use paced_core::policy::{FaultClass, Policy};

use super::component::{self, LimitArgs};
use super::diagnostic::Diagnostic;
use super::table::write_table;
use super::{Exit, PolicyCommandError, remedy};
use crate::registry::{decide, moments, on_edges};
use crate::wasm::{Digest, Engine, Limits, Loaded, Stage, Timeline, WasmPolicy, few};

/// The stages that this command has, in the order in which a component goes through them: a file at rest, and nothing to
/// put it in force for.
const STAGES: [Stage; 9] = [
    Stage::Read,
    Stage::Digest,
    Stage::Validate,
    Stage::Version,
    Stage::Imports,
    Stage::Compile,
    Stage::Describe,
    Stage::Params,
    Stage::DryRun,
];

/// Arguments of `paced policy check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    pub file: PathBuf,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What became of the stages, and what was found.
#[derive(Default)]
struct Report {
    timeline: Timeline,
    found: BTreeMap<Stage, String>,
    failed: Option<Stage>,
    problems: Vec<Diagnostic>,
}

/// Checks a component, and writes what came of each stage.
///
/// # Errors
/// The file can't be read, the limits can't be, or the answer can't be written.
pub(super) fn run(args: &Args, engine: &Engine, out: &mut dyn Write) -> Result<Exit, PolicyCommandError> {
    let limits = args.limits.limits()?;
    let mut report = Report::default();
    let bytes = report.timeline.time(Stage::Read, || component::read(&args.file, &limits))?;
    report.found.insert(Stage::Read, format!("{} bytes", bytes.len()));
    check(engine, &args.file, &bytes, &limits, &mut report);
    report.write(&args.file.display().to_string(), out)?;
    Ok(if report.failed.is_none() { Exit::Done } else { Exit::Findings })
}

fn check(engine: &Engine, file: &Path, bytes: &[u8], limits: &Limits, report: &mut Report) {
    let file = file.display().to_string();
    report.found.insert(Stage::Digest, Digest::of(bytes).short());
    let loaded = match engine.load_by_stage(bytes, limits, &mut report.timeline) {
        Ok(loaded) => Arc::new(loaded),
        Err(refusal) => return report.fail(refusal.stage(), remedy::of_load(&file, &refusal)),
    };
    report.annotate(&loaded);
    let policy = report.timeline.time(Stage::Params, || WasmPolicy::new(Arc::clone(&loaded), &[]));
    let mut policy = match policy {
        Ok(policy) => policy,
        Err(errors) => {
            let problem = Diagnostic::error("params", "its own defaults don't fit its params", file);
            return report.fail(Stage::Params, problem.note("why", few(errors.iter(), "; ")));
        }
    };
    report.found.insert(Stage::Params, params_in_words(policy.params()));
    dry_run(&file, &mut policy, report);
    try_params_at_bounds(&file, &loaded, report);
}

fn params_in_words(params: &[(String, ParamValue)]) -> String {
    if params.is_empty() {
        return "none".to_owned();
    }
    few(params.iter().map(|(name, value)| format!("{name} = {value}")), ", ")
}

/// Asks for a decision on each edge, as the daemon does.
///
/// An error of the policy's own is a warning: it is a fault at that moment, and no sign that the component is broken.
fn dry_run(file: &str, policy: &mut WasmPolicy, report: &mut Report) {
    let (asked, faults) = report.timeline.time(Stage::DryRun, || on_edges(policy));
    report.found.insert(Stage::DryRun, format!("{asked} decisions"));
    for (name, fault) in faults {
        let place = format!("{file}, decide on \"{name}\"");
        if fault.class == FaultClass::Declined {
            let problem = Diagnostic::error("dry-run", "it declines an input that campaigns meet", place).warning();
            report.problems.push(remedy::of_fault(problem, &fault));
        } else {
            let problem = Diagnostic::error("dry-run", "it fails on an input that campaigns meet", place);
            report.fail(Stage::DryRun, remedy::of_fault(problem, &fault));
        }
    }
}

/// Decides with every param at a bound: allowed by the policy itself, so a fault is worth a warning, though no
/// configuration may ever say so.
fn try_params_at_bounds(file: &str, loaded: &Arc<Loaded>, report: &mut Report) {
    for (name, params) in moments::params_at_bounds(loaded.descriptor()) {
        let Ok(mut policy) = WasmPolicy::new(Arc::clone(loaded), &params) else { continue };
        if let Err(fault) = decide(&mut policy, &moments::ordinary(), Vec::new()) {
            let place = format!("{file}, decide with {name}");
            let problem = Diagnostic::error("dry-run", "it fails with params that it allows", place).warning();
            report.problems.push(remedy::of_fault(problem, &fault).help("or give the params tighter bounds"));
        }
    }
}

impl Report {
    fn fail(&mut self, stage: Stage, problem: Diagnostic) {
        self.failed = Some(stage);
        self.problems.push(problem);
    }

    /// Adds what the stages of the loader found.
    fn annotate(&mut self, loaded: &Loaded) {
        let descriptor = loaded.descriptor();
        self.found.extend([
            (Stage::Version, format!("paced:policy {}", loaded.contract())),
            (Stage::Imports, few(loaded.imports().iter(), ", ")),
            (Stage::Describe, format!("{} {}", descriptor.name, descriptor.version)),
        ]);
    }

    fn write(&self, file: &str, out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<_> = STAGES.iter().map(|stage| self.row(*stage)).collect();
        write_table(&rows, out)?;
        for problem in &self.problems {
            writeln!(out, "\n{problem}")?;
        }
        match self.failed {
            None => writeln!(out, "\n{file}: paced would accept it"),
            Some(stage) => writeln!(out, "\n{file}: paced would refuse it (stage {stage})"),
        }
    }

    fn row(&self, stage: Stage) -> [String; 4] {
        let took = self.timeline.of(stage);
        let time = took.map(|took| format!("{:.1} ms", took.as_secs_f64() * 1e3)).unwrap_or_default();
        let verdict = match took {
            _ if self.failed == Some(stage) => "failed",
            Some(_) => "ok",
            None => "not reached",
        };
        let what = self.found.get(&stage).cloned().unwrap_or_default();
        [stage.to_string(), verdict.to_owned(), format!("{time:>9}"), what]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;
    use crate::wasm::tests::{Hand, engine};

    /// The exit and the text, with FILE for the path.
    fn checked(component: &[u8]) -> (Exit, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), component).unwrap();
        let args = Args { file: file.path().to_owned(), limits: LimitArgs::default() };
        let mut out = Vec::new();
        let exit = run(&args, engine(), &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap().replace(&file.path().display().to_string(), "FILE"))
    }

    fn verdicts(shown: &str) -> Vec<(&str, &str)> {
        let words = shown.lines().take(STAGES.len()).map(|line| {
            let (stage, rest) = line.split_once(' ').unwrap();
            (stage, rest.trim_start().split("  ").next().unwrap())
        });
        words.collect()
    }

    #[test]
    fn every_shipped_policy_passes_every_stage() {
        for (name, component) in shipped::SHIPPED {
            let (exit, shown) = checked(component);
            assert_eq!(exit, Exit::Done, "{name}: {shown}");
            assert_eq!(verdicts(&shown), STAGES.map(|stage| (stage.as_str(), "ok")), "{shown}");
            assert!(shown.ends_with("FILE: paced would accept it\n"), "{shown}");
        }
    }

    #[test]
    fn the_stage_that_refuses_is_named_and_the_later_ones_are_not_reached() {
        let (exit, shown) = checked(&wat::parse_str("(component)").unwrap());
        assert_eq!(exit, Exit::Findings);
        let verdicts = verdicts(&shown);
        assert_eq!(verdicts[2..5], [("validate", "ok"), ("version", "failed"), ("imports", "not reached")], "{shown}");
        assert!(shown.contains("error[version]: ") && shown.contains("\nhelp: "), "{shown}");
        assert!(shown.ends_with("FILE: paced would refuse it (stage version)\n"), "{shown}");
    }

    #[test]
    fn a_policy_that_traps_fails_the_dry_run() {
        let (exit, shown) = checked(&Hand::deciding("unreachable").component());
        assert_eq!(exit, Exit::Findings);
        assert!(shown.contains("error[dry-run]: it fails on an input that campaigns meet"), "{shown}");
        assert!(shown.contains("decide on \"no agents\"") && shown.contains("= why: trap: "), "{shown}");
    }

    #[test]
    fn a_ratio_that_is_no_number_fails_the_dry_run_and_declining_only_warns() {
        let (exit, shown) = checked(&Hand::deciding("(call $answer (f64.const nan))").component());
        assert_eq!(exit, Exit::Findings);
        assert!(shown.contains("= why: bad-output: its dial ratio is NaN"), "{shown}");
        let (exit, shown) = checked(&Hand::deciding("(call $decline (i32.const 16) (i32.const 4))").component());
        assert_eq!(exit, Exit::Done);
        assert!(shown.contains("warning[dry-run]: it declines") && shown.contains("= why: declined: test"), "{shown}");
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_of_the_command() {
        let args = Args { file: "/no/such.wasm".into(), limits: LimitArgs::default() };
        let error = run(&args, engine(), &mut Vec::new()).unwrap_err();
        assert!(matches!(error, PolicyCommandError::Read { .. }), "{error}");
    }
}
