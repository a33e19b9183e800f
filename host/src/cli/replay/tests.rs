//! How `paced replay` ends, and what it prints.

use std::sync::Arc;

use clap::Parser;
use paced_core::config::CampaignConfig;
use paced_core::ratio::DialRatio;
use paced_core::reading::Observation;
use paced_core::settle::Fed;
use paced_core::state::{CampaignState, Knowledge};
use paced_core::step::step;
use paced_core::time::{Moment, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::journal::exact::{self, Answer, Checkpoint, Quiet, Why};
use crate::journal::{Decision, Journal, JournalConfig, QuietRow, Record};
use crate::shipped;
use crate::wasm::Limits;
use crate::wasm::tests::engine;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// What the command prints about a data directory, and how it ends.
fn replay(dir: &TempDir, line: &str) -> (Exit, String) {
    let words = ["replay", dir.path().to_str().unwrap()].into_iter().chain(line.split_whitespace());
    let mut out = Vec::new();
    let exit = run_to(&Cli::try_parse_from(words).unwrap().args, &mut out).unwrap();
    (exit, String::from_utf8(out).unwrap())
}

/// 2026-03-02 09:00:00 UTC.
const NINE: Timestamp = Timestamp::from_millis(1_772_442_000_000);

/// A journal of three decisions of campaign 7, on answers that have nothing on it; the second one may be tampered with.
fn journal(tamper: fn(&mut Decision)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let journal = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    let write = |records| runtime.block_on(journal.record(records)).unwrap();
    let config = CampaignConfig::with_defaults("7", 20);
    let mut state = CampaignState { knowledge: Knowledge::Confirmed, ..CampaignState::new(&config) };
    let loaded = engine().load(shipped::find("fixed").unwrap(), &Limits::default()).unwrap();
    let mut policy = WasmPolicy::new(Arc::new(loaded), &[]).unwrap();
    let checkpoint = Checkpoint { state: state.clone(), config: config.clone() };
    let anchor = Quiet::Anchor(Why::Started("0.1.0".to_owned()), Box::new(checkpoint));
    let exact = exact::of_quiet(&anchor, &exact::bytes(&state));
    write(vec![Record::Quiet(QuietRow { at: NINE, campaign: "7".to_owned(), exact })]);
    for n in 1..=3_u32 {
        let moment = Moment { now: NINE + config.poll_interval * n, day: 0, month_start_day: 0, shift_end: None };
        let (before, observation) = (state.stepped_at, Some(Observation::Quiet));
        let stepped = step(&config, state, observation.as_ref(), &mut policy, &moment);
        let after = exact::bytes(&stepped.state);
        let exact = exact::of_step(&Fed::Step(observation, moment), &Answer::Component, before, &stepped, &after);
        let mut decision = Decision { exact, ..Decision::of_step(journal.next_id(), "7", "fixed", &stepped) };
        if n == 2 {
            tamper(&mut decision);
        }
        state = stepped.state;
        let state = Record::State { campaign: "7".to_owned(), bytes: after };
        write(vec![Record::Decision(Box::new(decision)), state]);
    }
    runtime.block_on(journal.close()).unwrap();
    dir
}

#[test]
fn a_journal_that_replays_is_said_to() {
    let dir = journal(|_| {});
    let (exit, shown) = replay(&dir, "");
    assert_eq!(exit, Exit::Done);
    let rows = "7         3          3          0          0             0           1       \
                2026-03-02T09:00:00.000Z, the start of paced 0.1.0";
    assert!(shown.contains(rows), "{shown}");
    let verdict = "Everything came out the same, bit for bit: 3 decisions, 0 other rows, 1 whole state.\n";
    assert!(shown.ends_with(verdict), "{shown}");
}

#[test]
fn a_difference_is_shown_with_both_sides() {
    let dir = journal(|decision| decision.ruled.ratio = DialRatio::MAX);
    let (exit, shown) = replay(&dir, "");
    assert_eq!(exit, Exit::Findings);
    assert!(shown.contains("the first difference is decision 3, at 2026-03-02T09:00:30.000Z"), "{shown}");
    assert!(shown.contains("fed with: nothing on this campaign"), "{shown}");
    let line = shown.lines().find(|line| line.starts_with("  *")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["*", "ratio", "5.0", "1.0"]);
    assert!(shown.contains("Not everything came out the same"), "{shown}");
    let (exit, json) = replay(&dir, "--json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((exit, &json["is_clean"]), (Exit::Findings, &serde_json::Value::Bool(false)));
    assert_eq!(json["campaigns"][0]["differences"][0]["fields"].as_array().unwrap().len(), 18);
}

#[test]
fn what_cant_be_asked_for_is_wrong_usage() {
    let dir = journal(|_| {});
    for line in [
        "--campaign 8",
        "--policy nowhere.wasm",
        "--policy fixed --params ratio",
        "--policy fixed --params ratio=9",
        "--policy fixed --params ratoi=1",
        "--policy fixed --fuel 1",
    ] {
        assert_eq!(replay(&dir, line).0, Exit::Usage, "{line}");
    }
}

#[test]
fn another_policy_comes_with_the_word_that_it_is_open_loop() {
    let dir = journal(|_| {});
    let (exit, shown) = replay(&dir, "--policy fixed --params ratio=2 --campaign 7");
    assert_eq!(exit, Exit::Done);
    assert!(shown.contains("fixed 0.1.0 on the same readings (ratio = 2)"), "{shown}");
    assert!(shown.contains(text::OPEN_LOOP), "{shown}");
}

#[test]
fn a_file_that_is_damaged_is_a_finding_and_one_that_is_no_journal_an_error() {
    let dir = journal(|_| {});
    let path = dir.path().join("journal.db");
    let whole = std::fs::read(&path).unwrap();
    // The header stays, every later page is damaged.
    let damaged: Vec<u8> = whole.iter().enumerate().map(|(at, byte)| if at < 4096 { *byte } else { !*byte }).collect();
    std::fs::write(&path, damaged).unwrap();
    let (exit, shown) = replay(&dir, "");
    assert_eq!(exit, Exit::Findings, "{shown}");
    assert!(shown.contains("damaged"), "{shown}");
    std::fs::write(&path, &whole[..whole.len() - 3 * 4096]).unwrap();
    let (exit, shown) = replay(&dir, "");
    assert!(exit == Exit::Findings && shown.contains("damaged"), "{shown}");

    std::fs::write(&path, "no journal at all ".repeat(100)).unwrap();
    let args = Cli::try_parse_from(["replay", path.to_str().unwrap()]).unwrap().args;
    assert!(run_to(&args, &mut Vec::new()).unwrap_err().to_string().contains("no journal of paced"));
}
