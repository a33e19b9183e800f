//! `paced journal show`: what was decided, why, and what became of it, for people and for programs.
//!
//! It only reads, so it works beside a running daemon and after a crash. The field names of `--json` and `--csv` are
//! those of the views in the database, and a promise: scripts live on them.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use paced_core::reading::Status;
use paced_core::time::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use crate::journal::{DecisionRow, EventRow, Filter, JournalError, JournalReader, Order};

/// Where a configuration that says nothing else has its data.
const DEFAULT_DATA_DIR: &str = "paced-data";
/// Rows of a table that are aligned with each other; a longer table stays in bounded memory.
const ALIGNED_ROWS: usize = 1000;

/// The commands of `paced journal`.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Show the newest decisions, or events
    Show(ShowArgs),
}

/// The arguments of `paced journal show`.
#[derive(Args, Clone, Debug, Default)]
pub struct ShowArgs {
    /// The journal, or the data directory it lies in [default: paced-data]
    #[arg(conflicts_with_all = ["config", "data_dir"])]
    pub file: Option<PathBuf>,
    /// The journal of this configuration
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub config: Option<PathBuf>,
    /// The journal in this data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    pub campaign: Option<String>,
    /// Only from then on: a span before the newest row (90s, 1h, 2d) or a time (2026-03-02T09:00:00Z)
    #[arg(long, value_name = "SPAN|TIME")]
    pub since: Option<Since>,
    /// At most the newest N rows; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Events instead of decisions
    #[arg(long)]
    pub events: bool,
    /// One JSON object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Comma-separated values under a header
    #[arg(long)]
    pub csv: bool,
}

/// The start of the time that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long before the newest row: a rehearsal's clock may be far from the wall's.
    BeforeNewest(Duration),
    /// From this platform time on.
    At(Timestamp),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = humantime::parse_duration(text) {
            return Ok(Self::BeforeNewest(span));
        }
        let time: jiff::Timestamp = text
            .parse()
            .map_err(|_| "expected a span like 90s, 1h or 2d, or a time like 2026-03-02T09:00:00Z".to_owned())?;
        Ok(Self::At(Timestamp::from_millis(time.as_millisecond())))
    }
}

/// Runs a command of `paced journal`.
///
/// # Errors
/// There is no journal, it can't be read, or standard output can't be written.
pub fn run(command: &JournalCommand) -> anyhow::Result<Exit> {
    let JournalCommand::Show(args) = command;
    show(args, &mut io::stdout().lock())?;
    Ok(Exit::Done)
}

/// Writes the rows that `args` ask for to `out`, the oldest first. A reader of `out` that goes away ends it quietly.
///
/// # Errors
/// There is no journal, it can't be read, or `out` can't be written.
pub fn show(args: &ShowArgs, out: &mut impl Write) -> anyhow::Result<()> {
    match try_show(args, out) {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn try_show(args: &ShowArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let reader = JournalReader::open(&journal_of(args)?)?;
    let newest = if args.events { reader.newest_event()? } else { reader.newest_decision()? };
    let filter = filter(args, newest);
    if args.events {
        print(args, &EVENTS, in_order(filter, |filter| reader.events(filter))?, out)?;
    } else {
        print(args, &DECISIONS, in_order(filter, |filter| reader.decisions(filter))?, out)?;
    }
    out.flush()?;
    Ok(())
}

fn journal_of(args: &ShowArgs) -> anyhow::Result<PathBuf> {
    if let Some(config) = &args.config {
        return data_dir_in(config);
    }
    let given = args.file.as_ref().or(args.data_dir.as_ref());
    Ok(given.cloned().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR)))
}

/// Reads nothing but `data_dir`, so that a configuration with a mistake elsewhere still leads to its journal.
pub(super) fn data_dir_in(config: &Path) -> anyhow::Result<PathBuf> {
    let text = fs::read_to_string(config).with_context(|| format!("cannot read {}", config.display()))?;
    let document: toml_edit::DocumentMut =
        text.parse().with_context(|| format!("{} is not valid TOML", config.display()))?;
    let data_dir = match document.get("data_dir") {
        None => DEFAULT_DATA_DIR,
        Some(item) => item
            .as_str()
            .with_context(|| format!("{}: data_dir must be a text, such as \"paced-data\"", config.display()))?,
    };
    Ok(config.parent().unwrap_or(Path::new("")).join(data_dir))
}

fn filter(args: &ShowArgs, newest: Option<Timestamp>) -> Filter {
    let since = args.since.and_then(|since| match since {
        Since::BeforeNewest(span) => newest.map(|newest| newest - span),
        Since::At(time) => Some(time),
    });
    let limit = (args.limit > 0).then_some(args.limit);
    Filter { campaign: args.campaign.clone(), since, until: None, limit, order: Order::OldestFirst }
}

type Found<'r, T> = Box<dyn Iterator<Item = Result<T, JournalError>> + 'r>;

/// The newest rows, the oldest of them first.
fn in_order<'r, T: 'r, I>(filter: Filter, rows: impl Fn(Filter) -> I) -> Result<Found<'r, T>, JournalError>
where
    I: Iterator<Item = Result<T, JournalError>> + 'r,
{
    if filter.limit.is_none() {
        return Ok(Box::new(rows(filter)));
    }
    let mut newest: Vec<T> = rows(Filter { order: Order::NewestFirst, ..filter }).collect::<Result<_, _>>()?;
    newest.reverse();
    Ok(Box::new(newest.into_iter().map(Ok)))
}

/// How one kind of row is shown.
struct Kind<T: 'static> {
    /// What a table says where there is nothing to show.
    none: &'static str,
    /// The field names of JSON and CSV.
    fields: &'static [&'static str],
    /// The values of these fields.
    values: fn(&T) -> Vec<Value>,
    /// The headings of a table.
    headings: &'static [&'static str],
    /// The cells under them.
    cells: fn(&T) -> Vec<String>,
    at: fn(&T) -> Timestamp,
}

const DECISIONS: Kind<DecisionRow> = Kind {
    none: "No decision matches.",
    fields: &[
        "id",
        "time",
        "campaign",
        "policy",
        "revision",
        "arm",
        "ratio_before",
        "proposal",
        "ratio",
        "status",
        "sends",
        "cause",
        "reasons",
        "utilization",
        "agents_available",
        "agents_busy",
        "answered",
        "abandoned",
        "abandonment",
        "reading",
        "reading_age_ms",
        "fuel",
        "took_us",
        "breaker",
        "outcome",
        "outcome_message",
        "outcome_time",
    ],
    values: decision_values,
    headings: &[
        "time",
        "campaign",
        "ratio",
        "proposal",
        "reasons",
        "reading",
        "utilization",
        "abandonment",
        "policy",
        "outcome",
    ],
    cells: decision_cells,
    at: |row| row.at,
};

const EVENTS: Kind<EventRow> = Kind {
    none: "No event matches.",
    fields: &["id", "time", "campaign", "level", "name", "message"],
    values: |row| {
        vec![
            json!(row.id),
            json!(time(row.at)),
            json!(row.campaign),
            json!(row.level),
            json!(row.name),
            json!(row.message),
        ]
    },
    headings: &["time", "level", "campaign", "event", "message"],
    cells: |row| {
        let campaign = row.campaign.clone().unwrap_or_else(none);
        vec![clock(row.at), row.level.clone(), campaign, row.name.clone(), row.message.clone()]
    },
    at: |row| row.at,
};

fn decision_values(row: &DecisionRow) -> Vec<Value> {
    vec![
        json!(row.id),
        json!(time(row.at)),
        json!(row.campaign),
        json!(row.policy),
        json!(row.revision.map(|revision| revision.to_string())),
        json!(row.arm),
        json!(row.ratio_before.value()),
        json!(row.proposal),
        json!(row.ratio.value()),
        json!(row.status.as_str()),
        json!(row.sends),
        json!(row.cause),
        json!(row.reasons),
        json!(row.utilization),
        json!(row.agents_available),
        json!(row.agents_busy),
        json!(row.answered),
        json!(row.abandoned),
        json!(row.abandonment),
        json!(row.reading),
        json!(row.reading_age_ms),
        json!(row.fuel),
        json!(row.took_us),
        json!(row.breaker),
        json!(row.outcome),
        json!(row.outcome_message),
        json!(row.outcome_at.map(time)),
    ]
}

fn decision_cells(row: &DecisionRow) -> Vec<String> {
    let mut ratio = row.ratio_before.to_string();
    if row.ratio != row.ratio_before {
        ratio = format!("{ratio} -> {}", row.ratio);
    }
    if row.status == Status::Paused {
        ratio.push_str(" paused");
    }
    let separator = if row.reasons.is_empty() { "" } else { ": " };
    let mut policy = row.policy.clone();
    if let Some(revision) = row.revision {
        policy = format!("{policy}@{}", revision.short());
    }
    if let Some(arm) = &row.arm {
        policy = format!("{policy} [{arm}]");
    }
    let outcome = match &row.outcome_message {
        Some(message) => format!("{}: {message}", row.outcome),
        None => row.outcome.clone(),
    };
    vec![
        clock(row.at),
        row.campaign.clone(),
        ratio,
        row.proposal.map_or_else(none, number),
        format!("{}{separator}{}", row.cause, row.reasons),
        row.reading.clone(),
        row.utilization.map_or_else(none, percent),
        abandonment(row),
        policy,
        outcome,
    ]
}

/// A rate is worth as much as the number of answers behind it, so it is never shown without.
fn abandonment(row: &DecisionRow) -> String {
    let answers = u64::from(row.answered) + u64::from(row.abandoned);
    match row.abandonment {
        Some(rate) => format!("{} ({} of {answers})", percent(rate), row.abandoned),
        None if answers > 0 => format!("- ({} of {answers})", row.abandoned),
        None => none(),
    }
}

/// Two decimals, unless a policy proposed something out of this world.
fn number(value: f64) -> String {
    if value.abs() < 1e6 { format!("{value:.2}") } else { format!("{value:e}") }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn none() -> String {
    "-".to_owned()
}

/// RFC 3339 in UTC with milliseconds; the plain number where a calendar does not reach.
pub(super) fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => at.to_string(),
    }
}

fn clock(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(time) => time.strftime("%H:%M:%S").to_string(),
        Err(_) => at.to_string(),
    }
}

fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

fn print<T>(args: &ShowArgs, kind: &Kind<T>, rows: Found<'_, T>, out: &mut impl Write) -> anyhow::Result<()> {
    if args.json {
        print_json(kind, rows, out)
    } else if args.csv {
        print_csv(kind, rows, out)
    } else {
        print_table(kind, rows, out)
    }
}

fn print_json<T>(kind: &Kind<T>, rows: Found<'_, T>, out: &mut impl Write) -> anyhow::Result<()> {
    for row in rows {
        // By hand, because a map of serde_json sorts its keys.
        let values = (kind.values)(&row?);
        let members: Vec<_> =
            kind.fields.iter().zip(values).map(|(field, value)| format!("{}:{value}", json!(field))).collect();
        writeln!(out, "{{{}}}", members.join(","))?;
    }
    Ok(())
}

fn print_csv<T>(kind: &Kind<T>, rows: Found<'_, T>, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{}", kind.fields.join(","))?;
    for row in rows {
        let cells: Vec<_> = (kind.values)(&row?).into_iter().map(csv_cell).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

/// Quoted as RFC 4180 has it, and only where it must be.
fn csv_cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.contains([',', '"', '\n', '\r']) => format!("\"{}\"", text.replace('"', "\"\"")),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn print_table<T>(kind: &Kind<T>, mut rows: Found<'_, T>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut widths: Vec<usize> = kind.headings.iter().map(|heading| heading.len()).collect();
    let mut day = None;
    loop {
        let rows: Vec<T> = rows.by_ref().take(ALIGNED_ROWS).collect::<Result<_, _>>()?;
        let lines: Vec<Vec<String>> =
            rows.iter().map(|row| (kind.cells)(row).iter().map(|cell| plain(cell)).collect()).collect();
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        if day.is_none() {
            if rows.is_empty() {
                writeln!(out, "{}", kind.none)?;
                return Ok(());
            }
            let headings: Vec<_> = kind.headings.iter().map(|heading| (*heading).to_owned()).collect();
            print_line(&headings, &widths, out)?;
        }
        for (row, line) in rows.iter().zip(&lines) {
            let today = date((kind.at)(row));
            if day.as_ref() != Some(&today) {
                writeln!(out, "{today} (UTC)")?;
                day = Some(today);
            }
            print_line(line, &widths, out)?;
        }
        if rows.len() < ALIGNED_ROWS {
            return Ok(());
        }
    }
}

fn print_line(cells: &[String], widths: &[usize], out: &mut impl Write) -> io::Result<()> {
    let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    writeln!(out, "{}", padded.join("  ").trim_end())
}

/// What a platform or a policy wrote must not move the cursor of a terminal.
fn plain(cell: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    if cell.contains(char::is_control) { cell.chars().map(escaped).collect() } else { cell.to_owned() }
}
