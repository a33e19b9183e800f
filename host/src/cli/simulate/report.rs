//! How the outcome of a comparison is written: tables for people, JSON and CSV for programs.

use std::io::{self, Write};

use paced_sim::lab::{Estimate, Standing};
use serde_json::{Value, json};

use super::compare::Judged;
use crate::cli::policy::table::write_table;
use crate::lab::{Hindsight, Plan};

const HEADINGS: [&str; 10] = [
    "policy",
    "utilization",
    "answers/agent-h",
    "abandonment (95 %)",
    "shifts over",
    "volatility",
    "reversals/h",
    "faults",
    "against the first (95 %)",
    "of the oracle's",
];

/// A table for each scenario.
pub(super) fn write_tables(plan: &Plan, results: &[Judged], out: &mut dyn Write) -> io::Result<()> {
    for result in results {
        let scenario = &result.comparison.scenario;
        let limit = scenario.campaigns.first().map_or(0.0, |campaign| campaign.pacing.abandonment.limit);
        writeln!(out, "{}: {}", scenario.name, scenario.summary)?;
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        for entrant in &result.comparison.entrants {
            rows.push(row(&entrant.label, &entrant.standing, result.hindsight.as_ref()));
        }
        if let Some(hindsight) = &result.hindsight {
            rows.push(row(&oracle_label(hindsight), &hindsight.standing, Some(hindsight)));
        }
        if result.hindsight.is_none() {
            rows.iter_mut().for_each(|row| row[9].clear());
        }
        write_table(&rows, out)?;
        if result.hindsight.as_ref().is_some_and(|hindsight| !hindsight.oracle.keeps_limit) {
            writeln!(out, "No constant ratio keeps abandonment within {} % here.", limit * 100.0)?;
        }
        writeln!(out)?;
    }
    let seeds = match plan.seeds {
        1 => format!("seed {}", plan.first_seed),
        count => format!("{count} seeds from {}", plan.first_seed),
    };
    writeln!(
        out,
        "{seeds}. Shifts over: share of shifts whose abandonment was over the limit. Volatility: how far the"
    )?;
    writeln!(out, "ratio moves in an hour, up and down together. Reversals: turns back by 0.10 or more.")
}

fn row(label: &str, standing: &Standing, hindsight: Option<&Hindsight>) -> [String; 10] {
    let of_oracle = hindsight.map(|hindsight| share_of(standing, &hindsight.standing));
    [
        label.to_owned(),
        percent(standing.utilization.value, 1),
        format!("{:.2}", standing.answers_per_agent_hour.value),
        with_interval(&standing.abandonment, |share| format!("{:.2}", share * 100.0), " %"),
        percent(standing.over_limit, 0),
        format!("{:.1}", standing.ratio_volatility),
        format!("{:.1}", standing.reversals_per_hour),
        standing.faults.to_string(),
        standing
            .difference
            .map_or_else(String::new, |difference| with_interval(&difference, |answers| format!("{answers:+.2}"), "")),
        of_oracle.map_or_else(String::new, |share| percent(share, 1)),
    ]
}

/// Answers per agent-hour as a share of another's.
fn share_of(standing: &Standing, other: &Standing) -> f64 {
    standing.answers_per_agent_hour.value / other.answers_per_agent_hour.value
}

fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", share * 100.0)
}

fn with_interval(estimate: &Estimate, show: impl Fn(f64) -> String, unit: &str) -> String {
    let value = show(estimate.value);
    match estimate.interval {
        Some((low, high)) => format!("{value}{unit} ({} to {})", show(low), show(high)),
        None => format!("{value}{unit}"),
    }
}

fn oracle_label(hindsight: &Hindsight) -> String {
    let ratios: Vec<_> = hindsight.oracle.plan.iter().map(ToString::to_string).collect();
    format!("oracle {}", ratios.join("/"))
}

/// One document: what was asked, and for each scenario every policy's standing and the oracle.
pub(super) fn write_json(plan: &Plan, results: &[Judged], out: &mut dyn Write) -> io::Result<()> {
    let scenarios: Vec<_> = results.iter().map(scenario).collect();
    let document = json!({ "first_seed": plan.first_seed, "seeds": plan.seeds, "scenarios": scenarios });
    writeln!(out, "{document:#}")
}

fn scenario(result: &Judged) -> Value {
    let scenario = &result.comparison.scenario;
    let policies: Vec<_> = result
        .comparison
        .entrants
        .iter()
        .map(|entrant| {
            let of_oracle = result.hindsight.as_ref().map(|hindsight| share_of(&entrant.standing, &hindsight.standing));
            json!({ "policy": entrant.label, "standing": entrant.standing, "of_oracle": of_oracle })
        })
        .collect();
    let oracle = result
        .hindsight
        .as_ref()
        .map(|hindsight| json!({ "chosen": hindsight.oracle, "standing": hindsight.standing }));
    json!({ "scenario": scenario.name, "summary": scenario.summary, "policies": policies, "oracle": oracle })
}

/// One line for each scenario and policy, with a heading; shares are from 0 to 1.
pub(super) fn write_csv(results: &[Judged], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "scenario,policy,shifts,utilization,answers_per_agent_hour,answered,abandoned,abandonment,abandonment_low,\
         abandonment_high,over_limit,ratio_volatility,reversals_per_hour,at_ceiling,faults,trips,difference,\
         difference_low,difference_high,of_oracle"
    )?;
    for result in results {
        let name = &result.comparison.scenario.name;
        for entrant in &result.comparison.entrants {
            write_line(name, &entrant.label, &entrant.standing, result.hindsight.as_ref(), out)?;
        }
        if let Some(hindsight) = &result.hindsight {
            write_line(name, &oracle_label(hindsight), &hindsight.standing, Some(hindsight), out)?;
        }
    }
    Ok(())
}

fn write_line(
    scenario: &str,
    label: &str,
    standing: &Standing,
    hindsight: Option<&Hindsight>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let low = |estimate: Option<Estimate>| number(estimate.and_then(|it| it.interval).map(|(low, _)| low));
    let high = |estimate: Option<Estimate>| number(estimate.and_then(|it| it.interval).map(|(_, high)| high));
    let (abandonment, difference) = (Some(standing.abandonment), standing.difference);
    let cells = [
        quoted(scenario),
        quoted(label),
        standing.shifts.to_string(),
        standing.utilization.value.to_string(),
        standing.answers_per_agent_hour.value.to_string(),
        standing.answered.to_string(),
        standing.abandoned.to_string(),
        number(abandonment.map(|it| it.value)),
        low(abandonment),
        high(abandonment),
        standing.over_limit.to_string(),
        standing.ratio_volatility.to_string(),
        standing.reversals_per_hour.to_string(),
        standing.at_ceiling.to_string(),
        standing.faults.to_string(),
        standing.trips.to_string(),
        number(difference.map(|it| it.value)),
        low(difference),
        high(difference),
        number(hindsight.map(|hindsight| share_of(standing, &hindsight.standing))),
    ];
    writeln!(out, "{}", cells.join(","))
}

/// A cell as RFC 4180 wants it.
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use paced_sim::lab::{Detail, Scenario};

    use super::*;
    use crate::lab::{Contestant, compare, hindsight};
    use crate::wasm::Engine;

    fn judged() -> (Plan, Vec<Judged>) {
        let engine = Engine::without_pool().unwrap();
        let find = |name| Contestant::find(name, &engine, &[]).unwrap();
        let scenario = Scenario { length: Duration::from_secs(1_800), ..Scenario::steady("half-hour", 5) };
        let contestants = vec![find("constant:1"), find("constant:2")];
        let plan = Plan { scenarios: vec![scenario], contestants, first_seed: 1, seeds: 2, detail: Detail::Results };
        let judge = |comparison: crate::lab::Comparison| {
            let hindsight = hindsight(&comparison.scenario, &[1, 2], comparison.entrants.first()).unwrap();
            Judged { hindsight: Some(hindsight), comparison }
        };
        let results = compare(&plan).unwrap().into_iter().map(judge).collect();
        (plan, results)
    }

    fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let (plan, results) = judged();
        let table = written(|out| write_tables(&plan, &results, out));
        let csv = written(|out| write_csv(&results, out));
        let json: Value = serde_json::from_str(&written(|out| write_json(&plan, &results, out))).unwrap();
        let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == 20), "{csv}");
        assert_eq!((rows.len(), rows[2][1]), (4, "constant:2"));
        let answers = json.pointer("/scenarios/0/policies/1/standing/answers_per_agent_hour/value").unwrap();
        assert_eq!(rows[2][4], answers.to_string());
        let line = table.lines().find(|line| line.starts_with("constant:2")).unwrap();
        assert!(line.contains(&format!("{:.2}", answers.as_f64().unwrap())), "{table}");
        let first = table.lines().find(|line| line.starts_with("constant:1")).unwrap();
        assert!(!first.contains('+'), "the first is compared with none: {first}");
        let oracle = table.lines().find(|line| line.starts_with("oracle ")).unwrap();
        assert!(oracle.ends_with("100.0 %"), "{oracle}");
    }

    #[test]
    fn cells_with_commas_and_quotes_are_quoted() {
        assert_eq!([quoted("a"), quoted("a,b"), quoted("a\"b")], ["a", "\"a,b\"", "\"a\"\"b\""]);
    }
}
