//! `paced policy bench --loads`: what each stage of a load takes, with nothing compiled before and with all of it.
//!
//! Each load is the daemon's own up to the swap, which is one pointer store: the file at rest, the cache on disk, and a
//! dry run on as many inputs as one ever takes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use paced_core::state::PolicyMemory;
use serde_json::{Map, Value as Json, json};

use super::super::PolicyCommandError;
use super::super::table::write_table;
use super::measure::Spread;
use crate::cli::exit::Exit;
use crate::registry::{PolicySpec, Recorder, Refusal, Source, Use, moments, rehearse};
use crate::wasm::{Compiled, Engine, Limits, Stage, Timeline};

/// Campaigns whose recorded inputs the dry run takes, and inputs of each: together the most that it takes.
const CAMPAIGNS: usize = 10;
const INPUTS: usize = 20;

/// Loads a component so many times cold and so many times warm, and writes what each stage took.
pub(super) fn run(
    file: &Path,
    limits: Limits,
    loads: u32,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, PolicyCommandError> {
    let folder = Scratch::new()?;
    let uses: Vec<_> = (0..CAMPAIGNS).map(|n| Use { campaign: n.to_string(), params: Vec::new() }).collect();
    let recorder = recorder(&uses);
    let spec = PolicySpec { name: "bench".to_owned(), source: Source::File(file.to_owned()), limits, uses };
    match measure(&folder, &spec, &recorder, loads)? {
        Ok([cold, warm]) => {
            let written = if json { write_json(&cold, &warm, out) } else { write(&cold, &warm, loads, out) };
            written?;
            Ok(Exit::Done)
        }
        Err(refusal) => {
            writeln!(out, "{}: paced would refuse it (stage {}): {refusal}", file.display(), refusal.stage())?;
            Ok(Exit::Findings)
        }
    }
}

fn recorder(uses: &[Use]) -> Recorder {
    let recorder = Recorder::default();
    for used in uses {
        for seed in 0..INPUTS {
            let mut input = moments::ordinary();
            used.campaign.clone_into(&mut input.campaign.id);
            input.seed = seed as u64;
            recorder.keep(input, &PolicyMemory::default());
        }
    }
    recorder
}

/// The timelines of cold and of warm loads.
fn measure(
    folder: &Scratch,
    spec: &PolicySpec,
    recorder: &Recorder,
    loads: u32,
) -> Result<Result<[Vec<Timeline>; 2], Refusal>, PolicyCommandError> {
    let [mut cold, mut warm] = [Vec::new(), Vec::new()];
    for n in 0..loads {
        // An engine of its own for each, whose cache is empty.
        let engine = Engine::start_caching_in(&folder.0.join(n.to_string()))?;
        for (timelines, expected) in [(&mut cold, Compiled::Afresh), (&mut warm, Compiled::FromCache)] {
            match rehearse(&engine, spec, recorder) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok((loaded, _)) if loaded.compiled() != expected => {
                    let path = folder.0.clone();
                    let source = io::Error::other("compiled code could not be kept there");
                    return Err(PolicyCommandError::WriteFile { path, source });
                }
                Ok((_, timeline)) => timelines.push(timeline),
            }
        }
        fs::remove_dir_all(folder.0.join(n.to_string()))?;
    }
    Ok(Ok([cold, warm]))
}

/// Every stage that ran with its spread, and all but settling together.
fn spreads(timelines: &[Timeline]) -> Vec<(&'static str, Spread<Duration>)> {
    let of = |stage: Stage| timelines.iter().filter_map(|timeline| timeline.of(stage)).collect::<Vec<_>>();
    let stages = Stage::ALL.iter().filter(|stage| !of(**stage).is_empty());
    let mut spreads: Vec<_> = stages.map(|stage| (stage.as_str(), Spread::of(of(*stage)))).collect();
    spreads.push(("all but settle", Spread::of(timelines.iter().map(Timeline::work).collect())));
    spreads
}

fn write(cold: &[Timeline], warm: &[Timeline], loads: u32, out: &mut dyn Write) -> io::Result<()> {
    let inputs = CAMPAIGNS * INPUTS;
    writeln!(out, "{loads} loads cold and {loads} warm, each with a dry run on {inputs} recorded inputs; ms")?;
    let heads = ["stage", "cold p50", "p99", "max", "warm p50", "p99", "max"].map(str::to_owned);
    let mut rows = vec![heads];
    for ((stage, cold), (_, warm)) in spreads(cold).into_iter().zip(spreads(warm)) {
        let [c50, c99, cmax, w50, w99, wmax] =
            [cold.p50, cold.p99, cold.max, warm.p50, warm.p99, warm.max].map(|took| format!("{:8.2}", ms(took)));
        rows.push([stage.to_owned(), c50, c99, cmax, w50, w99, wmax]);
    }
    write_table(&rows, out)
}

fn write_json(cold: &[Timeline], warm: &[Timeline], out: &mut dyn Write) -> io::Result<()> {
    let object = |timelines: &[Timeline]| {
        let spreads = spreads(timelines).into_iter();
        let spread = |spread: Spread<Duration>| json!({ "p50_ms": ms(spread.p50), "p99_ms": ms(spread.p99), "max_ms": ms(spread.max) });
        Json::Object(spreads.map(|(stage, took)| (stage.to_owned(), spread(took))).collect::<Map<_, _>>())
    };
    writeln!(out, "{:#}", json!({ "loads": cold.len(), "cold": object(cold), "warm": object(warm) }))
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// A folder that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, PolicyCommandError> {
        let path = std::env::temp_dir().join(format!("paced-bench-{}", std::process::id()));
        let made = fs::create_dir(&path);
        made.map_err(|source| PolicyCommandError::WriteFile { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind in the system's own folder for such things does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
