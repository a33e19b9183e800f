//! What core was fed with, in the order in which it was fed: the rows that a replay runs on.
//!
//! Decisions, the outcomes that core was told of, and the events that changed a campaign's state are merged by their
//! sequence. An outcome lies with its decision and is recorded later, so it waits here for its turn.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use paced_core::policy::Revision;
use paced_core::time::Timestamp;
use rusqlite::Row;

use super::error::JournalError;
use super::reader::{JournalReader, parse_revision};

/// Decisions that one query fetches.
const PAGE_ROWS: i64 = 512;

/// One thing that core was fed with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fed {
    /// Its place in the sequence; for a decision its [`DecisionId`](super::DecisionId).
    pub seq: i64,
    /// Platform time.
    pub at: Timestamp,
    /// What it came as.
    pub by: FedBy,
    /// The bytes that were recorded.
    pub exact: Vec<u8>,
}

/// What fed core.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FedBy {
    /// A decision.
    Decision {
        /// The revision that decided.
        revision: Option<Revision>,
        /// The campaign's whole state after the decision, where it was recorded.
        checkpoint: Option<Vec<u8>>,
    },
    /// What became of the decision of this number.
    Outcome(i64),
    /// An event of this name.
    Event(String),
}

/// The rows of one campaign in the order of their recording. After an error there are no more.
#[derive(Debug)]
pub struct Replay<'r> {
    reader: &'r JournalReader,
    campaign: String,
    decisions: Feed,
    events: Feed,
    outcomes: BinaryHeap<Reverse<Fed>>,
}

/// Rows of one table, fetched a page at a time.
#[derive(Debug)]
struct Feed {
    sql: &'static str,
    fetched: VecDeque<Fed>,
    after: i64,
    ended: bool,
}

const DECISIONS: &str = "SELECT d.id, d.at_ms, d.exact, revision.value AS revision, c.state AS checkpoint \
     FROM decision AS d LEFT JOIN term AS revision ON revision.id = d.revision \
     LEFT JOIN checkpoint AS c ON c.decision = d.id \
     WHERE d.campaign = (SELECT id FROM term WHERE value = ?1) AND d.id > ?2 ORDER BY d.id LIMIT ?3";

/// The outcomes of the decisions after the one and up to the other.
const OUTCOMES: &str = "SELECT o.seq AS id, o.at_ms, o.exact, o.decision \
     FROM decision AS d CROSS JOIN outcome AS o ON o.decision = d.id \
     WHERE d.campaign = (SELECT id FROM term WHERE value = ?1) AND d.id > ?2 AND d.id <= ?3 AND o.exact IS NOT NULL";

const EVENTS: &str = "SELECT e.seq AS id, e.at_ms, e.exact, name.value AS name \
     FROM event AS e JOIN term AS name ON name.id = e.name \
     WHERE e.campaign = (SELECT id FROM term WHERE value = ?1) AND e.exact IS NOT NULL AND e.seq > ?2 \
     ORDER BY e.seq LIMIT ?3";

impl Feed {
    fn new(sql: &'static str, after: i64) -> Self {
        Self { sql, fetched: VecDeque::new(), after, ended: false }
    }

    /// Fetches the next page once the last one is used up.
    fn fetch(
        &mut self,
        reader: &JournalReader,
        campaign: &str,
        parse: fn(&Row<'_>) -> rusqlite::Result<Fed>,
    ) -> rusqlite::Result<()> {
        if self.ended || !self.fetched.is_empty() {
            return Ok(());
        }
        let mut statement = reader.connection.prepare_cached(self.sql)?;
        let mut rows = statement.query((campaign, self.after, PAGE_ROWS))?;
        while let Some(row) = rows.next()? {
            self.fetched.push_back(parse(row)?);
        }
        match self.fetched.back() {
            Some(last) => self.after = last.seq,
            None => self.ended = true,
        }
        Ok(())
    }

    fn next_seq(&self) -> i64 {
        self.fetched.front().map_or(i64::MAX, |fed| fed.seq)
    }
}

impl JournalReader {
    /// What core was fed with for `campaign`, after the sequence number `after` (0: from the start of the journal).
    #[must_use]
    pub fn replay(&self, campaign: &str, after: i64) -> Replay<'_> {
        Replay {
            reader: self,
            campaign: campaign.to_owned(),
            decisions: Feed::new(DECISIONS, after),
            events: Feed::new(EVENTS, after),
            outcomes: BinaryHeap::new(),
        }
    }
}

impl Replay<'_> {
    fn try_next(&mut self) -> rusqlite::Result<Option<Fed>> {
        let before = self.decisions.after;
        self.decisions.fetch(self.reader, &self.campaign, decision)?;
        self.fetch_outcomes(before)?;
        self.events.fetch(self.reader, &self.campaign, event)?;
        let (decision, event) = (self.decisions.next_seq(), self.events.next_seq());
        if self.outcomes.peek().is_some_and(|Reverse(outcome)| outcome.seq < decision.min(event)) {
            return Ok(self.outcomes.pop().map(|Reverse(outcome)| outcome));
        }
        Ok(if decision <= event { self.decisions.fetched.pop_front() } else { self.events.fetched.pop_front() })
    }

    /// Fetches the outcomes of the decisions that were just fetched.
    fn fetch_outcomes(&mut self, after: i64) -> rusqlite::Result<()> {
        if after == self.decisions.after {
            return Ok(());
        }
        let mut statement = self.reader.connection.prepare_cached(OUTCOMES)?;
        let mut rows = statement.query((&self.campaign, after, self.decisions.after))?;
        while let Some(row) = rows.next()? {
            self.outcomes.push(Reverse(outcome(row)?));
        }
        Ok(())
    }
}

impl Iterator for Replay<'_> {
    type Item = Result<Fed, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.try_next() {
            Ok(fed) => fed.map(Ok),
            Err(error) => {
                self.outcomes.clear();
                for feed in [&mut self.decisions, &mut self.events] {
                    feed.fetched.clear();
                    feed.ended = true;
                }
                Some(Err(self.reader.error(error)))
            }
        }
    }
}

fn decision(row: &Row<'_>) -> rusqlite::Result<Fed> {
    let revision: Option<String> = row.get("revision")?;
    Ok(Fed {
        seq: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        by: FedBy::Decision {
            revision: revision.as_deref().and_then(parse_revision),
            checkpoint: row.get("checkpoint")?,
        },
        exact: row.get("exact")?,
    })
}

fn outcome(row: &Row<'_>) -> rusqlite::Result<Fed> {
    Ok(Fed {
        seq: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        by: FedBy::Outcome(row.get("decision")?),
        exact: row.get("exact")?,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Fed> {
    Ok(Fed {
        seq: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        by: FedBy::Event(row.get("name")?),
        exact: row.get("exact")?,
    })
}
