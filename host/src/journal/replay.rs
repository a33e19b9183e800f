//! What core was fed with, in the order in which it was fed: the rows that a replay runs on.
//!
//! Decisions, the outcomes that core was told of, the events that changed a campaign's state and the quiet rows are
//! merged by their sequence. An outcome lies with its decision and is recorded later, so it waits here for its turn.
//!
//! A daemon may write meanwhile. What is given ends with the newest row that there is when the first one is asked for:
//! the rows of a campaign are committed in their order, so those up to there are all there, whatever comes after.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use paced_core::policy::Revision;
use paced_core::time::Timestamp;
use rusqlite::{OptionalExtension, Row};

use super::error::JournalError;
use super::reader::{DecisionRow, JournalReader, decision_row, parse_revision};

/// Rows of one kind that one query fetches.
const PAGE_ROWS: i64 = 512;

/// One thing that core was fed with.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub enum FedBy {
    /// A decision.
    Decision {
        /// The revision that decided.
        revision: Option<Revision>,
        /// The campaign after the decision, where it was recorded.
        checkpoint: Option<Vec<u8>>,
        /// The decision's columns, or what is wrong with one of them.
        columns: Result<Box<DecisionRow>, String>,
    },
    /// What became of the decision of this number.
    Outcome(i64),
    /// An event of this name.
    Event(String),
    /// Nothing that anybody needs to be told of.
    Quiet,
}

/// An outcome that waits for its turn.
#[derive(Debug)]
struct Waiting(Fed);

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.0.seq == other.0.seq
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.seq.cmp(&other.0.seq)
    }
}

/// The rows of one campaign in the order of their recording. After an error there are no more.
#[derive(Debug)]
pub struct Replay<'r> {
    reader: &'r JournalReader,
    campaign: String,
    /// The last row to give; none before the first is asked for.
    until: Option<i64>,
    decisions: Feed,
    events: Feed,
    quiet: Feed,
    outcomes: BinaryHeap<Reverse<Waiting>>,
}

/// Rows of one table, fetched a page at a time.
#[derive(Debug)]
struct Feed {
    sql: &'static str,
    parse: fn(&Row<'_>) -> rusqlite::Result<Fed>,
    fetched: VecDeque<Fed>,
    after: i64,
    ended: bool,
}

const DECISIONS: &str = "SELECT v.*, d.exact, c.state AS checkpoint \
     FROM decision AS d CROSS JOIN decisions AS v ON v.id = d.id LEFT JOIN checkpoint AS c ON c.decision = d.id \
     WHERE d.campaign = (SELECT id FROM term WHERE value = ?1) AND d.id > ?2 AND d.id <= ?3 ORDER BY d.id LIMIT ?4";

/// The outcomes of the decisions after the one and up to the other.
const OUTCOMES: &str = "SELECT o.seq AS id, o.at_ms, o.exact, o.decision \
     FROM decision AS d CROSS JOIN outcome AS o ON o.decision = d.id \
     WHERE d.campaign = (SELECT id FROM term WHERE value = ?1) AND d.id > ?2 AND d.id <= ?3 AND o.exact IS NOT NULL";

const EVENTS: &str = "SELECT e.seq AS id, e.at_ms, e.exact, name.value AS name \
     FROM event AS e LEFT JOIN term AS name ON name.id = e.name \
     WHERE e.campaign = (SELECT id FROM term WHERE value = ?1) AND e.exact IS NOT NULL AND e.seq > ?2 AND e.seq <= ?3 \
     ORDER BY e.seq LIMIT ?4";

const QUIET: &str = "SELECT seq AS id, at_ms, exact FROM quiet \
     WHERE campaign = (SELECT id FROM term WHERE value = ?1) AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// The newest row of a campaign. The outcome of a decision comes long before the 64th decision after it.
const NEWEST: &str = "WITH mine AS (SELECT id FROM term WHERE value = ?1), \
     latest AS (SELECT id FROM decision WHERE campaign = (SELECT id FROM mine) ORDER BY id DESC LIMIT 64) \
     SELECT max(\
         ifnull((SELECT max(id) FROM latest), 0), \
         ifnull((SELECT max(o.seq) FROM latest CROSS JOIN outcome AS o ON o.decision = latest.id), 0), \
         ifnull((SELECT max(seq) FROM event WHERE campaign = (SELECT id FROM mine)), 0), \
         ifnull((SELECT max(seq) FROM quiet WHERE campaign = (SELECT id FROM mine)), 0))";

impl Feed {
    fn new(sql: &'static str, parse: fn(&Row<'_>) -> rusqlite::Result<Fed>, after: i64) -> Self {
        Self { sql, parse, fetched: VecDeque::new(), after, ended: false }
    }

    /// Fetches the next page once the last one is used up.
    fn fetch(&mut self, reader: &JournalReader, campaign: &str, until: i64) -> rusqlite::Result<()> {
        if self.ended || !self.fetched.is_empty() {
            return Ok(());
        }
        let mut statement = reader.connection.prepare_cached(self.sql)?;
        let mut rows = statement.query((campaign, self.after, until, PAGE_ROWS))?;
        while let Some(row) = rows.next()? {
            let fed = (self.parse)(row)?;
            if fed.seq <= self.after {
                // Damaged pages could lead round in a circle.
                return Err(out_of_order(fed.seq));
            }
            self.after = fed.seq;
            self.fetched.push_back(fed);
        }
        self.ended = self.fetched.is_empty();
        Ok(())
    }

    fn next_seq(&self) -> i64 {
        self.fetched.front().map_or(i64::MAX, |fed| fed.seq)
    }

    fn end(&mut self) {
        self.fetched.clear();
        self.ended = true;
    }
}

fn out_of_order(seq: i64) -> rusqlite::Error {
    let message = format!("the row {seq} is out of order");
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(message))
}

impl JournalReader {
    /// What core was fed with for `campaign`, after the sequence number `after` (0: from the start of the journal).
    #[must_use]
    pub fn replay(&self, campaign: &str, after: i64) -> Replay<'_> {
        Replay {
            reader: self,
            campaign: campaign.to_owned(),
            until: None,
            decisions: Feed::new(DECISIONS, decision, after),
            events: Feed::new(EVENTS, event, after),
            quiet: Feed::new(QUIET, quiet, after),
            outcomes: BinaryHeap::new(),
        }
    }

    /// The campaigns that have decisions, in the order of their identifiers, with how many.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn campaigns(&self) -> Result<Vec<(String, u32)>, JournalError> {
        let sql = "SELECT term.value, n FROM (SELECT campaign, count(*) AS n FROM decision GROUP BY campaign) \
                   JOIN term ON term.id = campaign ORDER BY 1";
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| self.error(error))
    }

    /// Whether the journal has what a replay needs: one of the first version has not, until a daemon writes to it again.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn can_replay(&self) -> Result<bool, JournalError> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'quiet'";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.error(error))
    }

    /// The latest state of a campaign, unless rows of it were recorded after the one of this number.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn state_after(&self, campaign: &str, seq: i64) -> Result<Option<Vec<u8>>, JournalError> {
        let sql = format!("SELECT state FROM campaign_state WHERE campaign = ?1 AND ?2 >= ({NEWEST})");
        let state = self.connection.query_row(&sql, (campaign, seq), |row| row.get(0)).optional();
        state.map_err(|error| self.error(error))
    }
}

impl Replay<'_> {
    /// The number of the last row to be given; 0 before the first was asked for.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.until.unwrap_or(0)
    }

    fn try_next(&mut self) -> rusqlite::Result<Option<Fed>> {
        let until = match self.until {
            Some(until) => until,
            None => *self.until.insert(self.newest()?),
        };
        let before = self.decisions.after;
        self.decisions.fetch(self.reader, &self.campaign, until)?;
        self.fetch_outcomes(before)?;
        self.events.fetch(self.reader, &self.campaign, until)?;
        self.quiet.fetch(self.reader, &self.campaign, until)?;
        let [decision, event, quiet] = [&self.decisions, &self.events, &self.quiet].map(Feed::next_seq);
        let next = decision.min(event).min(quiet);
        if self.outcomes.peek().is_some_and(|Reverse(outcome)| outcome.0.seq < next) {
            return Ok(self.outcomes.pop().map(|Reverse(outcome)| outcome.0));
        }
        let feeds = [&mut self.decisions, &mut self.events, &mut self.quiet];
        Ok(feeds.into_iter().find(|feed| feed.next_seq() == next).and_then(|feed| feed.fetched.pop_front()))
    }

    fn newest(&self) -> rusqlite::Result<i64> {
        self.reader.connection.query_row(NEWEST, [&self.campaign], |row| row.get(0))
    }

    /// Fetches the outcomes of the decisions that were just fetched.
    fn fetch_outcomes(&mut self, after: i64) -> rusqlite::Result<()> {
        if after == self.decisions.after {
            return Ok(());
        }
        let mut statement = self.reader.connection.prepare_cached(OUTCOMES)?;
        let mut rows = statement.query((&self.campaign, after, self.decisions.after))?;
        while let Some(row) = rows.next()? {
            let outcome = outcome(row)?;
            if self.until.is_some_and(|until| outcome.seq <= until) {
                self.outcomes.push(Reverse(Waiting(outcome)));
            }
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
                [&mut self.decisions, &mut self.events, &mut self.quiet].into_iter().for_each(Feed::end);
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
            columns: decision_row(row).map(Box::new).map_err(|error| match error {
                rusqlite::Error::FromSqlConversionFailure(_, _, problem) => problem.to_string(),
                other => other.to_string(),
            }),
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
        by: FedBy::Event(row.get::<_, Option<String>>("name")?.unwrap_or_default()),
        exact: row.get("exact")?,
    })
}

fn quiet(row: &Row<'_>) -> rusqlite::Result<Fed> {
    Ok(Fed {
        seq: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        by: FedBy::Quiet,
        exact: row.get("exact")?,
    })
}
