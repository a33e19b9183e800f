//! Swaps two revisions of a policy under 50 campaigns that decide every 100 ms, and says whether anything suffered.
//!
//! `cargo run --release --example swap_soak -- --swaps 10000 --files 200`. First the swaps through the registry's own
//! API, probation off; then those by real files, found by the daemon's watch, probation on. It ends with 1 where a tick
//! was missed, a policy faulted, a decision was made by a revision that was not in force, or memory grew.
#![expect(clippy::print_stdout, reason = "what it found is for people to read")]

mod soak;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use paced::registry::Source;
use paced::wasm::{Stage, Timeline};

use soak::swaps::{Swaps, by_files, by_registry, none};
use soak::{Audit, CAMPAIGNS, INTERVAL, Memory, Probation, Soak, revisions};

/// Swaps of which the first and the last are held against each other.
const SIDE: usize = 1_000;
/// Memory may be so much larger in the last swaps than in the first: the noise of an allocator, not a leak.
const FLAT: f64 = 1.10;

#[derive(Parser)]
struct Args {
    /// Swaps through the registry's API
    #[arg(long, default_value_t = 10_000)]
    swaps: u32,
    /// Time from one of them to the next, milliseconds
    #[arg(long, default_value_t = 20)]
    gap_ms: u64,
    /// Swaps by real files
    #[arg(long, default_value_t = 200)]
    files: u32,
    /// Before both, so many seconds without a swap: ticks missed there are the machine's doing
    #[arg(long, default_value_t = 0)]
    control_s: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let components = revisions()?;
    println!("{CAMPAIGNS} campaigns, a tick every {INTERVAL:?}, two revisions of {} bytes", components[0].len());
    let mut is_good = true;
    if args.control_s > 0 {
        let folder = tempfile::tempdir()?;
        let soak = Soak::start(folder.path(), Source::BuiltIn(components[0]), Probation::Off)?;
        let (soak, swaps) = off_the_ticks(soak, move |soak| none(soak, Duration::from_secs(args.control_s))).await?;
        println!("\nno swaps, {} s", args.control_s);
        report(&swaps, &soak.finish(&swaps).await?);
    }
    if args.swaps > 0 {
        let folder = tempfile::tempdir()?;
        let soak = Soak::start(folder.path(), Source::BuiltIn(components[0]), Probation::Off)?;
        let (began, gap) = (Instant::now(), Duration::from_millis(args.gap_ms));
        let (soak, swaps) = off_the_ticks(soak, move |soak| by_registry(soak, components, args.swaps, gap)).await?;
        let audit = soak.finish(&swaps).await?;
        println!("\n{} swaps through the registry, probation off, in {:.0?}", args.swaps, began.elapsed());
        is_good &= report(&swaps, &audit);
    }
    if args.files > 0 {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("policy.wasm");
        std::fs::write(&file, components[0])?;
        let soak = Soak::start(folder.path(), Source::File(file.clone()), Probation::On)?;
        let began = Instant::now();
        let (soak, swaps) = off_the_ticks(soak, move |soak| by_files(soak, &file, components, args.files)).await?;
        let audit = soak.finish(&swaps).await?;
        println!("\n{} swaps by files, probation on, in {:.0?}", args.files, began.elapsed());
        is_good &= report(&swaps, &audit);
    }
    println!("\n{}", if is_good { "all good" } else { "NOT GOOD: see above" });
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Swaps on a thread that may wait and compute.
async fn off_the_ticks(
    soak: Soak,
    swap: impl FnOnce(&Soak) -> anyhow::Result<Swaps> + Send + 'static,
) -> anyhow::Result<(Soak, Swaps)> {
    tokio::task::spawn_blocking(move || swap(&soak).map(|swaps| (soak, swaps))).await?
}

/// Prints what was found, and says whether it is as it should be.
fn report(swaps: &Swaps, audit: &Audit) -> bool {
    let Audit { decisions, ticks, missed, reported_missed, faults, foreign, mixed, certain, .. } = audit;
    println!("  ticks                      {ticks}, missed {missed} (by the batch's own count {reported_missed})");
    println!("  decisions                  {decisions}, policy faults {faults}");
    println!("  by a revision not in force {foreign}; {certain} could only have been made by one of the two");
    println!("  ticks with both revisions  {mixed}");
    let by_revision = audit.by_revision.iter().map(|(revision, count)| format!("{} {count}", revision.short()));
    println!("  decisions by revision      {}", by_revision.collect::<Vec<_>>().join(", "));
    println!("  warnings and errors        {:?}", audit.troubles);
    if !swaps.took.is_empty() {
        println!("  a swap takes               {}", spread(swaps.took.clone()));
        stages(&swaps.timelines);
    }
    if !audit.latencies.is_empty() {
        println!("  write to first decision    {}", spread(audit.latencies.clone()));
    }
    memory(&swaps.memory) && audit.is_clean()
}

fn stages(timelines: &[Timeline]) {
    for stage in Stage::ALL {
        let took: Vec<_> = timelines.iter().filter_map(|timeline| timeline.of(stage)).collect();
        if !took.is_empty() {
            println!("    {:24} {}", stage.as_str(), spread(took));
        }
    }
    println!("    {:24} {}", "all but settle", spread(timelines.iter().map(Timeline::work).collect()));
}

/// The first swaps beside the last, and whether they are alike.
fn memory(taken: &[Memory]) -> bool {
    let side = SIDE.min(taken.len() / 2);
    if side == 0 {
        return true;
    }
    let (first, last) = (&taken[..side], &taken[taken.len() - side..]);
    println!("  {:26} {:>24} {:>24}", "min, median, max", format!("first {side}"), format!("last {side}"));
    let row = |name: &str, of: fn(&Memory) -> u64| {
        let [was, is] = [first, last].map(|side| {
            let mut values: Vec<_> = side.iter().map(of).collect();
            values.sort_unstable();
            [values[0], values[side.len() / 2], values[side.len() - 1]]
        });
        let shown = |[min, median, max]: [u64; 3]| format!("{min} {median} {max}");
        println!("  {name:26} {:>24} {:>24}", shown(was), shown(is));
        is[1] as f64 <= was[1] as f64 * FLAT
    };
    let rss = row("resident, KiB", |memory| memory.rss_kib);
    let maps = row("mappings", |memory| memory.maps);
    rss && maps
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |percent: usize| {
        let rank = (took.len() * percent).div_ceil(100).max(1);
        took.get(rank - 1).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    };
    format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(50), at(99), at(100))
}
