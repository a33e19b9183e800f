//! The result for people: a table, a verdict, and the first difference of each campaign in full.

use std::io::{self, Write};

use paced_core::policy::Policy;

use super::Replayed;
use crate::cli::journal::time;
use crate::cli::policy::table::write_table;
use crate::replay::{CampaignReport, Difference, OpenLoop};
use crate::wasm::WasmPolicy;

/// What a comparison with another policy does not say.
pub(super) const OPEN_LOOP: &str = "This is open-loop: the recorded readings came of the ratios that were in force, so \
     it shows where the two policies would have differed on them, and says nothing about what would have happened.";

/// The longest text of a value that is shown; the JSON has all of it.
const VALUE_CHARS: usize = 48;

pub(super) fn print(replayed: &Replayed, out: &mut dyn Write) -> io::Result<()> {
    let decisions: u64 = replayed.campaigns.iter().map(|report| report.decisions).sum();
    let campaigns = count(replayed.campaigns.len() as u64, "campaign");
    writeln!(out, "{}: {} of {campaigns}", replayed.journal.display(), count(decisions, "decision"))?;
    for problem in &replayed.file {
        writeln!(out, "The file is damaged: {}", plain(problem))?;
    }
    writeln!(out)?;
    table(&replayed.campaigns, out)?;
    for report in &replayed.campaigns {
        findings(report, out)?;
    }
    writeln!(out)?;
    verdict(replayed, out)?;
    if let Some(policy) = &replayed.policy {
        writeln!(out)?;
        other(policy, &replayed.campaigns, out)?;
    }
    Ok(())
}

fn table(reports: &[CampaignReport], out: &mut dyn Write) -> io::Result<()> {
    let headings = ["campaign", "decisions", "identical", "different", "not compared", "other rows", "states", "from"];
    let mut rows = vec![headings.map(str::to_owned)];
    for report in reports {
        let not_compared = report.decisions - report.identical - report.differing;
        let differing = |all: u64, differing: u64| match differing {
            0 => all.to_string(),
            differing => format!("{all}, {differing} differ"),
        };
        rows.push([
            plain(&report.campaign),
            report.decisions.to_string(),
            report.identical.to_string(),
            report.differing.to_string(),
            not_compared.to_string(),
            differing(report.changes, report.changes_differing),
            differing(report.states, report.states_differing),
            report
                .start
                .as_ref()
                .map_or_else(|| "nowhere".to_owned(), |start| format!("{}, {}", time(start.at), plain(&start.from))),
        ]);
    }
    write_table(&rows, out)
}

fn verdict(replayed: &Replayed, out: &mut dyn Write) -> io::Result<()> {
    let sum = |of: fn(&CampaignReport) -> u64| replayed.campaigns.iter().map(of).sum::<u64>();
    if replayed.is_clean() {
        let decisions = count(sum(|report| report.identical), "decision");
        let changes = count(sum(|report| report.changes), "other row");
        let states = count(sum(|report| report.states), "whole state");
        let restarts = match sum(|report| report.restarts) {
            0 => String::new(),
            restarts => format!(", across {}", count(restarts, "restart")),
        };
        return writeln!(out, "Everything came out the same, bit for bit: {decisions}, {changes}, {states}{restarts}.");
    }
    writeln!(out, "Not everything came out the same, or could be compared: see above.")
}

// ---- what was found ----------------------------------------------------------------------------------------------

fn findings(report: &CampaignReport, out: &mut dyn Write) -> io::Result<()> {
    let campaign = plain(&report.campaign);
    if report.before_start > 0 {
        writeln!(
            out,
            "\nCampaign {campaign}: {} before the first whole state can't be replayed.",
            count(report.before_start, "decision")
        )?;
    }
    let reasons = report.on_recorded_proposals.iter().map(|(why, n)| (n, "replayed on the recorded proposal", why));
    let reasons = reasons.chain(report.not_compared.iter().map(|(why, n)| (n, "not compared", why)));
    for (n, what, why) in reasons {
        writeln!(out, "\nCampaign {campaign}: {} {what}: {}", count(*n, "decision"), plain(why))?;
    }
    for problem in &report.problems {
        writeln!(out, "\nCampaign {campaign}: {}", plain(&problem.what))?;
    }
    let more = report.problems_count - report.problems.len() as u64;
    if more > 0 {
        writeln!(out, "... and {more} more problems")?;
    }
    if let [first, others @ ..] = report.differences.as_slice() {
        differences(&campaign, first, others, out)?;
    }
    Ok(())
}

fn differences(campaign: &str, first: &Difference, others: &[Difference], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nCampaign {campaign}: the first difference is {}, at {}", place(first), time(first.at))?;
    if !first.summary.is_empty() {
        writeln!(out, "  fed with: {}", plain(&first.summary))?;
    }
    let mut rows = vec![["", "", "recorded", "replayed"].map(str::to_owned)];
    for field in &first.fields {
        let mark = if field.differs() { "  *" } else { "" };
        let [recorded, replayed] = [&field.recorded, &field.replayed].map(|value| short(&value.to_string()));
        rows.push([mark.to_owned(), field.name.clone(), recorded, replayed]);
    }
    write_table(&rows, out)?;
    for note in &first.notes {
        writeln!(out, "  {}", plain(note))?;
    }
    if !others.is_empty() {
        let places: Vec<_> = others.iter().map(|other| format!("{} at {}", place(other), time(other.at))).collect();
        writeln!(out, "  What follows may come of it, up to the next checkpoint: {}", places.join("; "))?;
    }
    Ok(())
}

fn place(difference: &Difference) -> String {
    plain(&difference.what)
}

fn short(value: &str) -> String {
    let value = plain(value);
    if value.chars().count() <= VALUE_CHARS {
        return value;
    }
    value.chars().take(VALUE_CHARS - 3).chain("...".chars()).collect()
}

/// "1 decision", "2 decisions".
fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What stands in a journal must not move the cursor of a terminal.
fn plain(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

// ---- another policy ----------------------------------------------------------------------------------------------

fn other(policy: &WasmPolicy, reports: &[CampaignReport], out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{} {}", policy.name(), policy.loaded().descriptor().version);
    let params: Vec<_> = policy.params().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    writeln!(out, "{} on the same readings ({})", plain(&name), plain(&params.join(", ")))?;
    for report in reports {
        if let Some(open_loop) = &report.open_loop {
            writeln!(out, "\nCampaign {}", plain(&report.campaign))?;
            asked(open_loop, out)?;
        }
    }
    writeln!(out, "\n{OPEN_LOOP}")
}

fn asked(open_loop: &OpenLoop, out: &mut dyn Write) -> io::Result<()> {
    let (recorded, other) = (open_loop.recorded, open_loop.other);
    let mean = open_loop.mean().map_or_else(|| "-".to_owned(), |mean| format!("{mean:.4}"));
    let max = if open_loop.both > 0 { format!("{:.4}", open_loop.max) } else { "-".to_owned() };
    let line = |name: &str, recorded: u64, other: u64| [name.to_owned(), recorded.to_string(), other.to_string()];
    let rows = [
        ["", "recorded", "other"].map(str::to_owned),
        line("decisions it was asked for", recorded.asked, other.asked),
        line("the guard acted on its proposal", recorded.guarded, other.guarded),
        line("would have raised while over the limit", recorded.raises_over_limit, other.raises_over_limit),
        line("faults", recorded.faults, other.faults),
        line("decisions left to the fallback", recorded.fallbacks, other.fallbacks),
    ];
    write_table(&rows, out)?;
    writeln!(
        out,
        "{} of {} proposals differ, by {mean} on average and {max} at most; {} decisions would have been ruled \
         otherwise",
        open_loop.differing, open_loop.decisions, open_loop.ruled_otherwise
    )?;
    if open_loop.largest.is_empty() {
        return Ok(());
    }
    let mut rows = vec![["largest differences", "decision", "recorded", "other"].map(str::to_owned)];
    for pair in &open_loop.largest {
        let [recorded, other] = [pair.recorded, pair.other].map(|ratio| format!("{ratio:.4}"));
        rows.push([time(pair.at), pair.id.to_string(), recorded, other]);
    }
    write_table(&rows, out)
}
