//! Reading a journal: typed rows of the views `decisions` and `events`, while a daemon writes or after it crashed.
//!
//! Rows are fetched a page at a time, each page by a query of its own: a reader that kept one open would keep the
//! write-ahead log from being cleared for as long.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use paced_core::policy::Revision;
use paced_core::ratio::DialRatio;
use paced_core::reading::Status;
use paced_core::time::Timestamp;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::error::JournalError;
use super::schema;

/// Rows that one query fetches.
const PAGE_ROWS: usize = 512;

/// A journal that is open for reading.
#[derive(Debug)]
pub struct JournalReader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// Which rows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Rows of this campaign only.
    pub campaign: Option<String>,
    /// Rows from this platform time on.
    pub since: Option<Timestamp>,
    /// Rows before this platform time.
    pub until: Option<Timestamp>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// The order in which they come.
    pub order: Order,
}

/// An order of rows, by their recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The first recorded comes first.
    #[default]
    OldestFirst,
    /// The last recorded comes first.
    NewestFirst,
}

/// A row of the view `decisions`; see [`Decision`](super::Decision) for what is not said here.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is documented where it is recorded")]
pub struct DecisionRow {
    pub id: i64,
    pub at: Timestamp,
    pub campaign: String,
    pub policy: String,
    pub revision: Option<Revision>,
    pub arm: Option<String>,
    pub ratio_before: DialRatio,
    /// None also where the policy proposed NaN.
    pub proposal: Option<f64>,
    pub ratio: DialRatio,
    pub status: Status,
    pub sends: bool,
    pub cause: String,
    pub reasons: String,
    pub utilization: Option<f64>,
    pub agents_available: Option<f64>,
    pub agents_busy: Option<f64>,
    pub answered: u32,
    pub abandoned: u32,
    pub abandonment: Option<f64>,
    pub reading: String,
    pub reading_age_ms: Option<u64>,
    pub fuel: Option<u64>,
    pub took_us: u64,
    pub breaker: String,
    /// An [`OutcomeKind`](super::OutcomeKind) in lower case; `none` where nothing was to be sent, and `pending` where
    /// nothing more is known: not sent yet, or a crash came between.
    pub outcome: String,
    pub outcome_message: Option<String>,
    pub outcome_at: Option<Timestamp>,
}

/// A row of the view `events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the sequence that decisions and events share.
    pub id: i64,
    /// Platform time.
    pub at: Timestamp,
    /// The campaign; none for the daemon as a whole.
    pub campaign: Option<String>,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// What happened, as one word.
    pub name: String,
    /// What happened, for people.
    pub message: String,
}

impl JournalReader {
    /// Opens a journal: its file, or the data directory that it lies in.
    ///
    /// # Errors
    /// There is none, or the file isn't a journal, is damaged, or was written by a newer paced.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let path = super::path_in(path);
        let connection = schema::open_for_reading(&path)?;
        Ok(Self { connection, path })
    }

    /// The latest state of each campaign, by its identifier.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn states(&self) -> Result<BTreeMap<String, Vec<u8>>, JournalError> {
        self.try_states().map_err(|error| self.error(error))
    }

    /// The platform time of the decision that was recorded last.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn newest_decision(&self) -> Result<Option<Timestamp>, JournalError> {
        self.time_of_last("SELECT at_ms FROM decision ORDER BY id DESC LIMIT 1")
    }

    /// The platform time of the event that was recorded last.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn newest_event(&self) -> Result<Option<Timestamp>, JournalError> {
        self.time_of_last("SELECT at_ms FROM event ORDER BY seq DESC LIMIT 1")
    }

    /// What SQLite finds wrong with the file's structure and indexes, at most so many things; a wrong value it does not see.
    /// It reads the whole file.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn check(&self, most: usize) -> Result<Vec<String>, JournalError> {
        let read = || {
            let mut statement = self.connection.prepare(&format!("PRAGMA integrity_check({most})"))?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        let found = read().map_err(|error| self.error(error))?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// The decisions that pass the filter.
    #[must_use]
    pub fn decisions(&self, filter: Filter) -> Rows<'_, DecisionRow> {
        Rows::new(self, filter, DECISIONS, decision_row)
    }

    /// The events that pass the filter.
    #[must_use]
    pub fn events(&self, filter: Filter) -> Rows<'_, EventRow> {
        Rows::new(self, filter, EVENTS, event_row)
    }

    pub(super) fn error(&self, error: rusqlite::Error) -> JournalError {
        JournalError::sql(&self.path, "read it", error)
    }

    fn try_states(&self) -> rusqlite::Result<BTreeMap<String, Vec<u8>>> {
        let mut statement = self.connection.prepare("SELECT campaign, state FROM campaign_state")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn time_of_last(&self, sql: &str) -> Result<Option<Timestamp>, JournalError> {
        let millis = self.connection.query_row(sql, [], |row| row.get(0)).optional();
        millis.map(|millis| millis.map(Timestamp::from_millis)).map_err(|error| self.error(error))
    }
}

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
struct Source {
    select: &'static str,
    /// The first and the last row of a span of time. Left to itself, SQLite would walk the table until one fits.
    first_since: &'static str,
    last_until: &'static str,
}

const DECISIONS: Source = Source {
    select: "SELECT * FROM decisions",
    first_since: "SELECT min(id) FROM decision INDEXED BY decision_by_time WHERE at_ms >= ?1",
    last_until: "SELECT max(id) FROM decision INDEXED BY decision_by_time WHERE at_ms < ?1",
};

const EVENTS: Source = Source {
    select: "SELECT * FROM events",
    first_since: "SELECT min(seq) FROM event INDEXED BY event_by_time WHERE at_ms >= ?1",
    last_until: "SELECT max(seq) FROM event INDEXED BY event_by_time WHERE at_ms < ?1",
};

/// Rows of a journal, in order. After an error there are no more.
#[derive(Debug)]
pub struct Rows<'r, T> {
    reader: &'r JournalReader,
    source: Source,
    parse: fn(&Row<'_>) -> rusqlite::Result<T>,
    filter: Filter,
    /// The sequence numbers that are still to be looked at, both included; none before the first query.
    span: Option<(i64, i64)>,
    fetched: VecDeque<T>,
    left: usize,
}

impl<'r, T> Rows<'r, T> {
    fn new(
        reader: &'r JournalReader,
        filter: Filter,
        source: Source,
        parse: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Self {
        let left = filter.limit.unwrap_or(usize::MAX);
        Self { reader, source, parse, filter, span: None, fetched: VecDeque::new(), left }
    }

    fn first_span(&self) -> rusqlite::Result<(i64, i64)> {
        let bound = |sql: &str, time: Option<Timestamp>, otherwise: i64, nothing: i64| match time {
            None => Ok(otherwise),
            Some(time) => self
                .reader
                .connection
                .query_row(sql, [time.as_millis()], |row| row.get::<_, Option<i64>>(0))
                .map(|id| id.unwrap_or(nothing)),
        };
        let first = bound(self.source.first_since, self.filter.since, i64::MIN, i64::MAX)?;
        let last = bound(self.source.last_until, self.filter.until, i64::MAX, i64::MIN)?;
        Ok((first, last))
    }

    fn fetch(&mut self) -> rusqlite::Result<()> {
        let (first, last) = match self.span {
            Some(span) => span,
            None => self.first_span()?,
        };
        let rows = self.left.min(PAGE_ROWS);
        if first > last || rows == 0 {
            self.left = 0;
            return Ok(());
        }
        // `+at_ms` keeps SQLite to the order of `id`, in which pages are cheap; the span has used the index on time.
        let mut sql = format!("{} WHERE id BETWEEN ? AND ?", self.source.select);
        let mut params = vec![Value::Integer(first), Value::Integer(last)];
        if let Some(campaign) = &self.filter.campaign {
            sql.push_str(" AND campaign = ?");
            params.push(Value::Text(campaign.clone()));
        }
        for (time, condition) in [(self.filter.since, " AND +at_ms >= ?"), (self.filter.until, " AND +at_ms < ?")] {
            if let Some(time) = time {
                sql.push_str(condition);
                params.push(Value::Integer(time.as_millis()));
            }
        }
        sql.push_str(match self.filter.order {
            Order::OldestFirst => " ORDER BY id LIMIT ?",
            Order::NewestFirst => " ORDER BY id DESC LIMIT ?",
        });
        params.push(Value::Integer(rows as i64));
        let mut statement = self.reader.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(params))?;
        let (mut count, mut reached) = (0, 0);
        while let Some(row) = found.next()? {
            reached = row.get("id")?;
            self.fetched.push_back((self.parse)(row)?);
            count += 1;
        }
        self.left = if count < rows { 0 } else { self.left - count };
        self.span = Some(match self.filter.order {
            Order::OldestFirst => (reached + 1, last),
            Order::NewestFirst => (first, reached - 1),
        });
        Ok(())
    }
}

impl<T> Iterator for Rows<'_, T> {
    type Item = Result<T, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.fetched.is_empty()
            && self.left > 0
            && let Err(error) = self.fetch()
        {
            self.left = 0;
            self.fetched.clear();
            return Some(Err(self.reader.error(error)));
        }
        self.fetched.pop_front().map(Ok)
    }
}

pub(super) fn decision_row(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        id: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        campaign: row.get("campaign")?,
        policy: row.get("policy")?,
        revision: parsed(row, "revision", |text: String| parse_revision(&text))?,
        arm: row.get("arm")?,
        ratio_before: required(row, "ratio_before", |value: f64| DialRatio::new(value).ok())?,
        proposal: row.get("proposal")?,
        ratio: required(row, "ratio", |value: f64| DialRatio::new(value).ok())?,
        status: required(row, "status", |word: String| parse_status(&word))?,
        sends: row.get("sends")?,
        cause: row.get("cause")?,
        reasons: row.get("reasons")?,
        utilization: row.get("utilization")?,
        agents_available: row.get("agents_available")?,
        agents_busy: row.get("agents_busy")?,
        answered: row.get("answered")?,
        abandoned: row.get("abandoned")?,
        abandonment: row.get("abandonment")?,
        reading: row.get("reading")?,
        reading_age_ms: parsed(row, "reading_age_ms", |age: i64| u64::try_from(age).ok())?,
        fuel: parsed(row, "fuel", |fuel: i64| u64::try_from(fuel).ok())?,
        took_us: required(row, "took_us", |took: i64| u64::try_from(took).ok())?,
        breaker: row.get("breaker")?,
        outcome: row.get("outcome")?,
        outcome_message: row.get("outcome_message")?,
        outcome_at: row.get::<_, Option<i64>>("outcome_at_ms")?.map(Timestamp::from_millis),
    })
}

fn event_row(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        id: row.get("id")?,
        at: Timestamp::from_millis(row.get("at_ms")?),
        campaign: row.get("campaign")?,
        level: row.get("level")?,
        name: row.get("name")?,
        message: row.get("message")?,
    })
}

fn parsed<T, V>(row: &Row<'_>, column: &str, parse: impl FnOnce(V) -> Option<T>) -> rusqlite::Result<Option<T>>
where
    V: rusqlite::types::FromSql + std::fmt::Debug + Clone,
{
    let Some(value) = row.get::<_, Option<V>>(column)? else { return Ok(None) };
    let problem = format!("{value:?} does not belong in the column {column}");
    let failure = || rusqlite::Error::FromSqlConversionFailure(0, Type::Text, problem.into());
    parse(value).map(Some).ok_or_else(failure)
}

pub(super) fn required<T, V>(row: &Row<'_>, column: &str, parse: impl FnOnce(V) -> Option<T>) -> rusqlite::Result<T>
where
    V: rusqlite::types::FromSql + std::fmt::Debug + Clone,
{
    parsed(row, column, parse)?.ok_or_else(|| {
        let problem = format!("the column {column} is empty");
        rusqlite::Error::FromSqlConversionFailure(0, Type::Null, problem.into())
    })
}

fn parse_status(word: &str) -> Option<Status> {
    [Status::Active, Status::Paused].into_iter().find(|status| status.as_str() == word)
}

pub(super) fn parse_revision(text: &str) -> Option<Revision> {
    parse_digest(text).map(Revision)
}

/// Reads 64 hexadecimal digits.
pub(super) fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
