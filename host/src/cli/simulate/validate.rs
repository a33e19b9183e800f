//! `paced simulate --validate`: does the simulator agree with theory? The whole table, and a verdict.
//!
//! The simulator itself is single-threaded and pure. Each replication's numbers depend on nothing but the seed, the case and the replication's number, so the table is the same on one core and on many.

use std::io::{self, Write};

use paced_sim::validation::{self, Case, FALSE_ALARMS, Measure, Row, Sample};
use serde_json::json;

use super::Args;
use crate::cli::exit::Exit;
use crate::lab::run_all;

/// Validates the simulator and prints the table; a row outside its interval is a finding.
///
/// # Errors
/// Standard output can't be written.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cases = validation::cases();
    let rows = validation::judge(&cases, &replicate(&cases, args)?);
    let mut out = io::stdout().lock();
    let print = if args.json { print_json } else { print_table };
    print(&rows, args, &mut out)?;
    Ok(verdict(&rows))
}

fn verdict(rows: &[Row]) -> Exit {
    if rows.iter().all(|row| row.inside) { Exit::Done } else { Exit::Findings }
}

/// All replications of all cases; in each case by their numbers.
fn replicate(cases: &[Case], args: &Args) -> anyhow::Result<Vec<Vec<Sample>>> {
    let jobs = cases.len() * args.replications as usize;
    // Neighbouring jobs are different cases: the long ones don't all come last.
    let replicate = |job: usize| cases[job % cases.len()].replicate(args.seed, (job / cases.len()) as u64);
    let mut samples = vec![Vec::new(); cases.len()];
    for (job, sample) in run_all(jobs, "replications", replicate)?.into_iter().enumerate() {
        samples[job % cases.len()].push(sample);
    }
    Ok(samples)
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
    use clap::Parser;

    use super::*;

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

    fn args() -> Args {
        let cli = TestCli::parse_from(["simulate", "--validate", "--replications", "10", "--seed", "7"]);
        cli.args
    }

    #[derive(clap::Parser)]
    struct TestCli {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn replications_stand_in_the_order_of_their_cases() {
        let cases: Vec<Case> = validation::cases().into_iter().take(3).collect();
        let samples = replicate(&cases, &args()).unwrap();
        assert!(samples.iter().all(|of_case| of_case.len() == 10));
        assert_eq!(samples[1][4], cases[1].replicate(7, 4).unwrap());
        assert_ne!(samples[1][0], samples[1][1], "replications differ");
    }

    #[test]
    fn a_row_outside_is_a_finding_and_stands_out() {
        let rows = [row(true), row(false)];
        let mut out = Vec::new();
        print_table(&rows, &args(), &mut out).unwrap();
        let table = String::from_utf8(out).unwrap();
        let line = "a case  abandonment  3.000 %  4.000 %     3.800 to 4.200 %  3.500 to 4.500 %   OUTSIDE\n";
        assert!(table.contains(line), "{table}");
        assert!(table.contains("1 of 2 rows inside: 10 replications, seed 7."), "{table}");
        assert_eq!((verdict(&rows), verdict(&rows[..1])), (Exit::Findings, Exit::Done));
    }
}
