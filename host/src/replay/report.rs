//! What a replay of one campaign came to.

use std::collections::BTreeMap;

use paced_core::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::compare::Field;
use super::open_loop::OpenLoop;

/// The most differences, and the most problems, that are kept in full; all are counted.
const KEPT: usize = 10;
/// The most distinct reasons that are counted apart.
const REASONS: usize = 32;

/// What a replay of one campaign came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CampaignReport {
    /// The campaign's identifier.
    pub campaign: String,
    /// From where on it could be replayed; none where nothing could.
    pub start: Option<Start>,
    /// Platform time of the last row.
    #[serde(rename = "until_ms", serialize_with = "millis")]
    pub until: Option<Timestamp>,
    /// Decisions in the journal.
    pub decisions: u64,
    /// Decisions that came out the same, to the bit.
    pub identical: u64,
    /// Decisions that came out otherwise.
    pub differing: u64,
    /// Decisions whose columns came out the same on the recorded proposal, by why the component could not be asked.
    pub on_recorded_proposals: BTreeMap<String, u64>,
    /// Decisions from before there was anything to start from; retention leaves such.
    pub before_start: u64,
    /// Decisions that could not be compared, by why.
    pub not_compared: BTreeMap<String, u64>,
    /// Other rows that core was fed with (outcomes, read-backs, commands), and how many of them came out otherwise.
    pub changes: u64,
    /// How many of them came out otherwise.
    pub changes_differing: u64,
    /// Starts of paced in between that went on from exactly the state that the one before had left.
    pub restarts: u64,
    /// Changes of the settings while paced ran.
    pub reconfigured: u64,
    /// Whole states that were compared: checkpoints, restarts, and the latest one of all.
    pub states: u64,
    /// How many of them differ.
    pub states_differing: u64,
    /// The first differences in full.
    pub differences: Vec<Difference>,
    /// What is wrong with rows: damage, other forms, rows that the journal could not take. The first ones.
    pub problems: Vec<Problem>,
    /// How many there are.
    pub problems_count: u64,
    /// Another policy's answers to the same readings.
    #[serde(skip)]
    pub open_loop: Option<OpenLoop>,
}

/// Where a replay starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    /// The row's number.
    pub seq: i64,
    /// Platform time.
    #[serde(rename = "at_ms", serialize_with = "millis")]
    pub at: Timestamp,
    /// What there is to start from, in words.
    pub from: String,
}

/// Something that came out otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The row's number.
    pub seq: i64,
    /// Platform time.
    #[serde(rename = "at_ms", serialize_with = "millis")]
    pub at: Timestamp,
    /// What was replayed, in words.
    pub what: String,
    /// What core was fed with, in words; empty for a whole state.
    pub summary: String,
    /// The same, whole.
    pub fed: Value,
    /// The values on both sides, those that agree included.
    pub fields: Vec<Field>,
    /// What else the replay came to, which the journal keeps only the sum of.
    pub notes: Vec<String>,
}

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The row's number; none where it concerns the file.
    pub seq: Option<i64>,
    /// What is wrong.
    pub what: String,
}

fn millis<T, S>(at: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Clone + Into<Option<Timestamp>>,
    S: serde::Serializer,
{
    at.clone().into().map(Timestamp::as_millis).serialize(serializer)
}

impl CampaignReport {
    /// Whether everything that there is to replay was compared and came out the same.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differing == 0
            && self.changes_differing == 0
            && self.states_differing == 0
            && self.problems_count == 0
            && self.on_recorded_proposals.is_empty()
            && self.not_compared.is_empty()
            && (self.start.is_some() || self.decisions == 0)
    }

    pub(super) fn differ(&mut self, difference: Difference) {
        if self.differences.len() < KEPT {
            self.differences.push(difference);
        }
    }

    pub(super) fn problem(&mut self, seq: Option<i64>, what: String) {
        self.problems_count += 1;
        if self.problems.len() < KEPT {
            self.problems.push(Problem { seq, what });
        }
    }
}

/// Counts one more for `reason`; of reasons there may be many in a damaged journal.
pub(super) fn count(counts: &mut BTreeMap<String, u64>, reason: &str) {
    let is_full = counts.len() >= REASONS && !counts.contains_key(reason);
    *counts.entry(if is_full { "other reasons" } else { reason }.to_owned()).or_default() += 1;
}
