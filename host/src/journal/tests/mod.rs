//! The journal as a whole: what is recorded is read again, whatever happens to the process or the file between.

mod reading;
mod recording;
mod recovery;
mod retention;
mod revisions;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use paced_core::policy::Revision;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// 2026-03-02 09:00:00 UTC.
const NINE: Timestamp = Timestamp::from_millis(1_772_442_000_000);

fn open(dir: &TempDir) -> Journal {
    Journal::open(dir.path(), JournalConfig::default()).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    NINE + Duration::from_secs(seconds)
}

fn decision(id: DecisionId, campaign: &str, at: Timestamp) -> Decision {
    Decision {
        id,
        at,
        campaign: campaign.to_owned(),
        policy: "proportional".to_owned(),
        revision: Some(Revision([0xa1; 32])),
        arm: None,
        ratio_before: DialRatio::ONE,
        proposal: Some(1.437_219),
        ruled: Setting { ratio: DialRatio::from_hundredths_clamped(144), status: Status::Active },
        sends: true,
        cause: "tick",
        reasons: "ramp-up,rounded".to_owned(),
        utilization: Some(0.831),
        agents_available: Some(3.0),
        agents_busy: Some(17.0),
        answered: 125,
        abandoned: 4,
        abandonment: Some(4.0 / 129.0),
        reading: "fresh",
        reading_age: Some(Duration::from_millis(1_400)),
        fuel: Some(48_211),
        took: Duration::from_micros(61),
        breaker: "closed",
        exact: vec![7; 60],
        checkpoint: None,
    }
}

fn outcome(decision: DecisionId, at: Timestamp, kind: OutcomeKind) -> Record {
    Record::Outcome(Outcome { decision, at, kind, message: None, exact: None })
}

fn event(at: Timestamp, campaign: Option<&str>, message: &str) -> Record {
    let campaign = campaign.map(str::to_owned);
    let message = message.to_owned();
    Record::Event(Event { at, campaign, level: Level::Warn, name: "circuit_breaker_open", message, exact: None })
}

fn state(campaign: &str, bytes: &[u8]) -> Record {
    Record::State { campaign: campaign.to_owned(), bytes: bytes.to_vec() }
}

/// Records one decision and waits for its commit.
async fn decide(journal: &Journal, campaign: &str, at: Timestamp) -> DecisionId {
    let id = journal.next_id();
    journal.record(vec![Record::Decision(Box::new(decision(id, campaign, at)))]).await.unwrap();
    id
}

fn ids(reader: &JournalReader, filter: Filter) -> Vec<i64> {
    reader.decisions(filter).map(|row| row.unwrap().id).collect()
}

/// 50 campaigns, each with a state of 1 KB, decided in turn; most directives are applied.
async fn record_days_work(journal: &Journal, decisions: u64) {
    for tick in 0..decisions / 50 {
        let at = after(15 * tick);
        let mut decided = Vec::new();
        let mut applied = Vec::new();
        for campaign in 0..50_u64 {
            let id = journal.next_id();
            let name = format!("{}", 4_100_000 + campaign);
            let wobble = (tick * 31 + campaign * 17) % 97;
            let record = Decision {
                proposal: Some(1.0 + wobble as f64 / 71.0),
                utilization: Some(wobble as f64 / 97.0),
                abandonment: Some(wobble as f64 / 1999.0),
                checkpoint: (tick % 100 == campaign).then(|| vec![3; 1_500]),
                exact: (0..77).map(|byte| (byte * wobble) as u8).collect(),
                ..decision(id, &name, at)
            };
            decided.push(Record::Decision(Box::new(record)));
            decided.push(state(&name, &vec![wobble as u8; 1_000]));
            // Each campaign is read back every fourth decision.
            if tick % 4 == 0 {
                decided.push(Record::Quiet(QuietRow { at, campaign: name.clone(), exact: vec![5; 19] }));
            }
            if wobble < 70 {
                applied.push(outcome(id, at + Duration::from_millis(300), OutcomeKind::Applied));
            }
        }
        journal.record(decided).await.unwrap();
        journal.record(applied).await.unwrap();
    }
}
