//! `paced simulate --scenario ... --policy ...`: who answers more calls, and who keeps the limit.

use std::error::Error;
use std::io;

use paced_sim::lab::{Detail, Scenario};

use super::{Args, report};
use crate::cli::exit::Exit;
use crate::lab::{self, Comparison, Contestant, Hindsight, Plan};
use crate::scenario::{self, ScenarioError};
use crate::wasm::Engine;

/// The word for every shipped scenario.
const ALL: &str = "all";

/// A comparison with its oracle, where one was asked for.
pub(super) struct Judged {
    pub(super) comparison: Comparison,
    pub(super) hindsight: Option<Hindsight>,
}

/// Compares policies and prints how they did.
///
/// # Errors
/// No engine starts, a shift can't be counted on, or standard output can't be written.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let Some(plan) = plan(args)? else { return Ok(Exit::Usage) };
    let comparisons = lab::compare(&plan)?;
    let seeds: Vec<u64> = plan.seeds().collect();
    let mut results = Vec::with_capacity(comparisons.len());
    for comparison in comparisons {
        let first = comparison.entrants.first();
        let hindsight = if args.oracle { Some(lab::hindsight(&comparison.scenario, &seeds, first)?) } else { None };
        results.push(Judged { comparison, hindsight });
    }
    let mut out = io::stdout().lock();
    if args.json {
        report::write_json(&plan, &results, &mut out)?;
    } else if args.csv {
        report::write_csv(&results, &mut out)?;
    } else {
        report::write_tables(&plan, &results, &mut out)?;
    }
    Ok(Exit::Done)
}

/// What the arguments ask for, or everything that is wrong with them on standard error.
#[expect(clippy::print_stderr, reason = "wrong usage is an error of the command")]
fn plan(args: &Args) -> anyhow::Result<Option<Plan>> {
    // Without a pool, so that the lab may keep instances.
    let engine = Engine::without_pool()?;
    let mut problems: Vec<String> = Vec::new();
    let scenarios = keep(scenarios(&args.scenario), &mut problems, |error| match error {
        // Each line begins with its place.
        ScenarioError::Wrong(_) => error.to_string(),
        _ => complaint(error),
    });
    let contestants = args.policy.iter().map(|name| Contestant::find(name, &engine, &args.params));
    let contestants = keep(contestants, &mut problems, complaint);
    if problems.is_empty() {
        problems.extend(strays(args, &contestants));
    }
    if problems.is_empty() {
        let detail = Detail::Results;
        return Ok(Some(Plan { scenarios, contestants, first_seed: args.first_seed, seeds: args.seeds, detail }));
    }
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    Ok(None)
}

fn scenarios(names: &[String]) -> impl Iterator<Item = Result<Scenario, ScenarioError>> {
    let shipped = |name: &String| (name == ALL).then(|| scenario::names().map(str::to_owned).collect());
    names
        .iter()
        .flat_map(move |name| shipped(name).unwrap_or_else(|| vec![name.clone()]))
        .map(|name| scenario::load(&name))
}

fn complaint(error: &impl Error) -> String {
    format!("paced: {error}")
}

/// What is right, while what is wrong is noted in words.
fn keep<T, E>(
    results: impl Iterator<Item = Result<T, E>>,
    problems: &mut Vec<String>,
    words: impl Fn(&E) -> String,
) -> Vec<T> {
    results.filter_map(|result| result.map_err(|error| problems.push(words(&error))).ok()).collect()
}

/// Parameters that no policy has.
fn strays(args: &Args, contestants: &[Contestant]) -> Vec<String> {
    let has = |name: &str| {
        let mut described = contestants.iter().filter_map(Contestant::descriptor);
        described.any(|descriptor| descriptor.params.iter().any(|param| param.name == name))
    };
    let strays = args.params.iter().filter(|(name, _)| !has(name));
    strays.map(|(name, _)| format!("paced: --params {name}: none of these policies has such a parameter")).collect()
}
