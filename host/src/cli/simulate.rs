//! `paced simulate --validate`: does the simulator agree with theory? The whole table, and a verdict.
//!
//! The simulator itself is single-threaded and pure; the threads are here. Each replication's numbers depend on nothing
//! but the seed, the case and the replication's number, so the table is the same on one core and on many.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use paced_sim::validation::{self, Case, FALSE_ALARMS, Measure, Row, Sample};
use serde_json::json;

use super::exit::Exit;

/// The arguments of `paced simulate`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Compare the simulator with theory: overdialling, Erlang-B, Erlang-A, constant patience, conservation
    #[arg(long, required = true)]
    pub validate: bool,
    /// Independent runs of each case; four times as many halve the intervals
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub replications: u32,
    /// Seed of every run; the same seed gives the same table
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Validates the simulator and prints the table; a row outside its interval is a finding.
///
/// # Errors
/// Standard output can't be written.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let cases = validation::cases();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rows = validation::judge(&cases, &replicate(&cases, args, cores)?);
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&rows, args, &mut out)?;
    } else {
        print_table(&rows, args, &mut out)?;
    }
    Ok(verdict(&rows))
}

fn verdict(rows: &[Row]) -> Exit {
    if rows.iter().all(|row| row.inside) { Exit::Done } else { Exit::Findings }
}

/// All replications of all cases, on so many threads; in each case by their numbers.
fn replicate(cases: &[Case], args: &Args, threads: usize) -> anyhow::Result<Vec<Vec<Sample>>> {
    let jobs = cases.len() * args.replications as usize;
    let progress = progress_bar(jobs as u64);
    let next = AtomicUsize::new(0);
    // Neighbouring jobs are different cases: the long ones don't all come last.
    let work = || -> anyhow::Result<Vec<(usize, Sample)>> {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return Ok(done);
            }
            let case = &cases[job % cases.len()];
            done.push((job, case.replicate(args.seed, (job / cases.len()) as u64)?));
            progress.inc(1);
        }
    };
    let mut done: Vec<(usize, Sample)> = Vec::with_capacity(jobs);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            done.extend(worker.join().map_err(|_| anyhow::anyhow!("a replication panicked"))??);
            anyhow::Ok(())
        })
    })?;
    progress.finish_and_clear();
    done.sort_by_key(|(job, _)| *job);
    let mut samples = vec![Vec::new(); cases.len()];
    for (job, sample) in done {
        samples[job % cases.len()].push(sample);
    }
    Ok(samples)
}

/// On standard error, and only on a terminal.
fn progress_bar(jobs: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{pos} of {len} replications  {wide_bar:.cyan/dim}  {eta} left")
        .expect("the template is well formed");
    ProgressBar::new(jobs).with_style(style)
}

fn print_json(rows: &[Row], args: &Args, out: &mut dyn Write) -> io::Result<()> {
    let report = json!({
        "seed": args.seed,
        "replications": args.replications,
        "false_alarms": FALSE_ALARMS,
        "inside": rows.iter().all(|row| row.inside),
        "rows": rows,
    });
    writeln!(out, "{report:#}")
}

fn print_table(rows: &[Row], args: &Args, out: &mut dyn Write) -> io::Result<()> {
    let headings = ["case", "measure", "theory", "simulation", "95 %", "deciding interval", ""].map(str::to_owned);
    let lines: Vec<[String; 7]> = [headings].into_iter().chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..7).map(width).collect();
    for line in &lines {
        let padded: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    let inside = rows.iter().filter(|row| row.inside).count();
    writeln!(out, "\n{inside} of {} rows inside: {} replications, seed {}.", rows.len(), args.replications, args.seed)?;
    writeln!(
        out,
        "A simulator that agrees with theory has a row outside its deciding interval in {} % of seeds at most.",
        FALSE_ALARMS * 100.0
    )
}

fn cells(row: &Row) -> [String; 7] {
    let show = |value: f64| match row.measure {
        Measure::Abandonment | Measure::Utilization => format!("{:.3} %", value * 100.0),
        Measure::Unaccounted => value.to_string(),
    };
    let measure = match row.measure {
        Measure::Abandonment => "abandonment",
        Measure::Utilization => "utilization",
        Measure::Unaccounted => "unaccounted for",
    };
    let interval = |(low, high): (f64, f64)| format!("{} to {}", show(low).trim_end_matches(" %"), show(high));
    let verdict = if row.inside { "inside" } else { "OUTSIDE" };
    [
        row.case.clone(),
        measure.to_owned(),
        show(row.theory),
        show(row.simulation),
        interval(row.interval_95),
        interval(row.interval),
        verdict.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: Args = Args { validate: true, replications: 10, seed: 7, json: false };

    fn row(inside: bool) -> Row {
        Row {
            case: "a case".to_owned(),
            measure: Measure::Abandonment,
            theory: 0.03,
            simulation: 0.04,
            interval_95: (0.038, 0.042),
            interval: (0.035, 0.045),
            inside,
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let cases: Vec<Case> = validation::cases().into_iter().take(3).collect();
        let [one, many] = [1, 5].map(|threads| replicate(&cases, &ARGS, threads).unwrap());
        assert_eq!(one, many);
        assert!(one.iter().all(|of_case| of_case.len() == 10));
        assert_ne!(one[1][0], one[1][1], "replications differ");
    }

    #[test]
    fn a_row_outside_is_a_finding_and_stands_out() {
        let rows = [row(true), row(false)];
        let mut out = Vec::new();
        print_table(&rows, &ARGS, &mut out).unwrap();
        let table = String::from_utf8(out).unwrap();
        let line = "a case  abandonment  3.000 %  4.000 %     3.800 to 4.200 %  3.500 to 4.500 %   OUTSIDE\n";
        assert!(table.contains(line), "{table}");
        assert!(table.contains("1 of 2 rows inside: 10 replications, seed 7."), "{table}");
        assert_eq!((verdict(&rows), verdict(&rows[..1])), (Exit::Findings, Exit::Done));
    }
}
