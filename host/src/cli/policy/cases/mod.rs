//! `paced policy test`: golden cases, each an input with the decision that it must lead to.
//!
//! Every case starts from the same ordinary moment and says only what it changes. Cases run in the order of the file,
//! each on its own: no state goes from one to the next.

mod case;
mod junit;
mod overlay;
mod read;
mod update;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use paced_core::policy::Policy;

use self::case::{Actual, Case};
use super::component::{self, LimitArgs};
use super::diagnostic::Diagnostic;
use super::{Exit, PolicyCommandError};
use crate::wasm::{Engine, Loaded, WasmPolicy};

/// Largest file of cases, bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Arguments of `paced policy test`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    pub file: PathBuf,
    /// The golden cases
    #[arg(long, value_name = "FILE")]
    pub cases: PathBuf,
    /// Write what the policy answers now into the cases that fail
    #[arg(long)]
    pub update: bool,
    /// Write a report in JUnit's format, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// A case that ran.
struct Ran {
    case: Case,
    actual: Actual,
    took: Duration,
}

impl Ran {
    fn passed(&self) -> bool {
        self.case.expect.as_ref().is_some_and(|expect| expect.is_met_by(&self.actual, self.case.tolerance))
    }
}

/// Runs the cases, and writes what came of each.
///
/// # Errors
/// A file can't be read or written, the limits can't be, or the answer can't be written.
pub(super) fn run(args: &Args, engine: &Engine, out: &mut dyn Write) -> Result<Exit, PolicyCommandError> {
    let limits = args.limits.limits()?;
    let component = component::read(&args.file, &limits)?;
    let bytes = component::read_at_most(&args.cases, LARGEST_FILE + 1)?;
    let name = args.cases.display().to_string();
    let Some(text) = text_of(bytes, &name, out)? else { return Ok(Exit::Findings) };
    let Some((loaded, _)) = component::load_or_explain(engine, &args.file, &component, &limits, out)? else {
        return Ok(Exit::Findings);
    };
    let cases = match read::read(&name, &text, loaded.descriptor()) {
        Ok(cases) => cases,
        Err(problems) => {
            problems.iter().try_for_each(|problem| writeln!(out, "{problem}\n"))?;
            writeln!(out, "{name}: nothing was run")?;
            return Ok(Exit::Findings);
        }
    };
    let ran: Vec<_> = cases.into_iter().map(|case| run_case(&loaded, case)).collect();
    if let Some(path) = &args.junit {
        let unwritten = |error| PolicyCommandError::WriteFile { path: path.clone(), source: io::Error::other(error) };
        write_file(path, &junit::report(&loaded.descriptor().name, &ran).map_err(unwritten)?)?;
    }
    if args.update {
        update_file(&args.cases, &text, &ran)?;
    }
    write_outcome(&name, &text, &ran, args.update, out)?;
    Ok(if args.update || ran.iter().all(Ran::passed) { Exit::Done } else { Exit::Findings })
}

fn text_of(bytes: Vec<u8>, name: &str, out: &mut dyn Write) -> Result<Option<String>, PolicyCommandError> {
    let problem = if bytes.len() as u64 > LARGEST_FILE {
        Diagnostic::error("cases", "the file is too large", name).note("why", format!("over {LARGEST_FILE} bytes"))
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => return Ok(Some(text)),
            Err(error) => Diagnostic::error("cases", "the file is not UTF-8 text", name).note("why", error.to_string()),
        }
    };
    writeln!(out, "{problem}")?;
    Ok(None)
}

fn run_case(loaded: &Arc<Loaded>, case: Case) -> Ran {
    let since = Instant::now();
    let actual = match WasmPolicy::new(Arc::clone(loaded), &case.params) {
        Ok(mut policy) => {
            let mut input = case.input.clone();
            input.params = policy.params().to_vec();
            Actual::of(policy.decide(&input))
        }
        // Reading has judged the params by the same descriptor already.
        Err(errors) => Actual::Error(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    };
    Ran { case, actual, took: since.elapsed() }
}

/// Rewrites the expectations that are not met, by way of a file beside it, so that a crash leaves the old or the new.
fn update_file(path: &Path, text: &str, ran: &[Ran]) -> Result<(), PolicyCommandError> {
    let updated = update::rewrite(text, ran);
    if updated == text {
        return Ok(());
    }
    // Renaming replaces a link by a file, so the name is followed first.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let unfinished = path.with_extension("toml.new");
    write_file(&unfinished, &updated)?;
    fs::rename(&unfinished, &path).map_err(|source| PolicyCommandError::WriteFile { path, source })
}

fn write_file(path: &Path, text: &str) -> Result<(), PolicyCommandError> {
    fs::write(path, text).map_err(|source| PolicyCommandError::WriteFile { path: path.to_owned(), source })
}

fn write_outcome(
    name: &str,
    text: &str,
    ran: &[Ran],
    updated: bool,
    out: &mut dyn Write,
) -> Result<(), PolicyCommandError> {
    let failed: Vec<_> = ran.iter().filter(|ran| !ran.passed()).collect();
    for ran in ran {
        let verdict = if ran.passed() {
            "ok"
        } else if updated {
            "updated"
        } else {
            "FAILED"
        };
        writeln!(out, "{verdict:7}  {}", ran.case.name)?;
    }
    for ran in &failed {
        writeln!(out, "\n{}", explain(name, text, ran, updated))?;
    }
    let (passed, verb) = (ran.len() - failed.len(), if updated { "updated" } else { "failed" });
    writeln!(out, "\n{name}: {passed} passed, {} {verb}", failed.len())?;
    Ok(())
}

fn explain(name: &str, text: &str, ran: &Ran, updated: bool) -> Diagnostic {
    let Ran { case, actual, .. } = ran;
    let problem = Diagnostic::error("case", format!("{:?} is not decided as expected", case.name), name)
        .at(text, Some(case.place.clone()))
        .note("expected", case.expectation())
        .note("actual", actual.to_string());
    if updated {
        Diagnostic { what: format!("{:?} is now expected as it is decided", case.name), ..problem.warning() }
    } else {
        problem.help("correct the policy; or, if it is right now, run this again with `--update`")
    }
}

#[cfg(test)]
mod tests;
