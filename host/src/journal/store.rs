//! Writing records into the open database.
//!
//! Each batch stands or falls alone, by a savepoint within the one transaction of its group: a batch that breaks a rule
//! must not take others with it. What a failed transaction interned is forgotten with it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use paced_core::time::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::JournalConfig;
use super::error::JournalError;
use super::record::{Decision, Event, MAX_MESSAGE_BYTES, Outcome, QuietRow, Record};
use super::revisions;
use super::schema;
use super::terms::Terms;

/// Sequence numbers are set aside by so many at a time.
const SEQUENCE_STEP: i64 = 4096;
/// The size of a page of the database, SQLite's default.
pub(super) const PAGE_BYTES: u32 = 4096;

/// A record with its place in the sequence.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub(super) seq: i64,
    pub(super) record: Record,
}

/// The open database of a writer.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) terms: Terms,
    pub(super) config: JournalConfig,
    /// The newest platform time that a decision or event brought.
    pub(super) newest: Option<Timestamp>,
    file: FileId,
    /// No sequence number from here on is in the file.
    set_aside: i64,
}

/// Tells a file from another one that took its name.
type FileId = (u64, u64);

impl Store {
    pub(super) fn open(path: &Path, config: JournalConfig) -> Result<Self, JournalError> {
        let connection = schema::open_for_writing(path)?;
        let sql = |error| JournalError::sql(path, "set it up", error);
        let checkpoint_pages = (config.wal_allowance() / 2 / PAGE_BYTES).max(1);
        connection.pragma_update(None, "wal_autocheckpoint", checkpoint_pages).map_err(sql)?;
        connection.pragma_update(None, "journal_size_limit", config.wal_allowance()).map_err(sql)?;
        let set_aside = connection.query_one("SELECT next FROM sequence", [], |row| row.get(0)).map_err(sql)?;
        let file = file_id(path).ok_or_else(|| JournalError::Missing { path: path.to_owned() })?;
        Ok(Self { connection, path: path.to_owned(), terms: Terms::default(), config, newest: None, file, set_aside })
    }

    /// The first sequence number that is surely free.
    pub(super) const fn first_free(&self) -> i64 {
        self.set_aside
    }

    /// Whether the path still names the file that is open; a deleted file would take writes and lose them.
    pub(super) fn is_in_place(&self) -> bool {
        file_id(&self.path) == Some(self.file)
    }

    /// Writes all batches in one transaction, and gives one result for each.
    pub(super) fn write(&mut self, batches: &[&[Numbered]]) -> Vec<Result<(), JournalError>> {
        match self.try_write(batches) {
            Ok(results) => {
                if results.iter().any(Result::is_err) {
                    self.terms.forget();
                }
                results
            }
            Err(error) => {
                self.terms.forget();
                let error = JournalError::sql(&self.path, "write to it", error);
                vec![Err(error); batches.len()]
            }
        }
    }

    fn try_write(&mut self, batches: &[&[Numbered]]) -> rusqlite::Result<Vec<Result<(), JournalError>>> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut results = Vec::with_capacity(batches.len());
        let mut newest = self.newest;
        for batch in batches {
            let savepoint = transaction.savepoint()?;
            match write_batch(&savepoint, &mut self.terms, batch) {
                Ok(()) => {
                    savepoint.commit()?;
                    newest = newest.max(batch.iter().filter_map(|numbered| time_of(&numbered.record)).max());
                    results.push(Ok(()));
                }
                // SQLite has undone the whole transaction (disk full, I/O error): no batch is kept.
                Err(error) if savepoint.is_autocommit() => return Err(error),
                Err(error) => {
                    drop(savepoint);
                    self.terms.forget();
                    results.push(Err(JournalError::sql(&self.path, "write to it", error)));
                }
            }
        }
        let last = batches.iter().flat_map(|batch| batch.iter()).map(|numbered| numbered.seq).max();
        let mut set_aside = self.set_aside;
        if let Some(last) = last.filter(|last| *last >= set_aside) {
            set_aside = last.saturating_add(SEQUENCE_STEP);
            transaction.prepare_cached("UPDATE sequence SET next = ?1")?.execute([set_aside])?;
        }
        transaction.commit()?;
        (self.newest, self.set_aside) = (newest, set_aside);
        Ok(results)
    }

    /// Brings the write-ahead log into the main file and closes it.
    pub(super) fn close(self) -> Result<(), JournalError> {
        let sql = |error| JournalError::sql(&self.path, "close it", error);
        // A reader may hold the log back; nothing is lost then, and the next start goes on from it.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(sql)?;
        self.connection.close().map_err(|(_, error)| sql(error))
    }
}

fn file_id(path: &Path) -> Option<FileId> {
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn time_of(record: &Record) -> Option<Timestamp> {
    match record {
        Record::Decision(decision) => Some(decision.at),
        Record::Event(event) => Some(event.at),
        Record::Outcome(_) | Record::Quiet(_) | Record::Revision(_) | Record::State { .. } => None,
    }
}

fn write_batch(connection: &Connection, terms: &mut Terms, batch: &[Numbered]) -> rusqlite::Result<()> {
    for Numbered { seq, record } in batch {
        match record {
            Record::Decision(decision) => write_decision(connection, terms, decision)?,
            Record::Outcome(outcome) => write_outcome(connection, *seq, outcome)?,
            Record::Event(event) => write_event(connection, terms, *seq, event)?,
            Record::Quiet(quiet) => write_quiet(connection, terms, *seq, quiet)?,
            Record::Revision(parts) => revisions::write(connection, terms, parts)?,
            Record::State { campaign, bytes } => write_state(connection, campaign, bytes)?,
        }
    }
    Ok(())
}

fn write_decision(connection: &Connection, terms: &mut Terms, decision: &Decision) -> rusqlite::Result<()> {
    let id = decision.id.get();
    let mut term = |value: &str| terms.id(connection, value, id);
    let revision = decision.revision.map(|revision| term(&revision.to_string())).transpose()?;
    let arm = decision.arm.as_deref().map(&mut term).transpose()?;
    let (campaign, policy, cause) = (term(&decision.campaign)?, term(&decision.policy)?, term(decision.cause)?);
    let (reasons, reading) = (term(&decision.reasons)?, term(decision.reading)?);
    let breaker = term(decision.breaker)?;
    connection
        .prepare_cached(
            "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
             ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        )?
        .execute(params![
            id,
            decision.at.as_millis(),
            campaign,
            policy,
            revision,
            arm,
            decision.ratio_before.hundredths(),
            decision.proposal,
            decision.ruled.ratio.hundredths(),
            decision.ruled.status == paced_core::reading::Status::Paused,
            decision.sends,
            cause,
            reasons,
            decision.utilization,
            decision.agents_available,
            decision.agents_busy,
            decision.answered,
            decision.abandoned,
            decision.abandonment,
            reading,
            decision.reading_age.map(|age| saturating(age.as_millis())),
            decision.fuel.map(|fuel| saturating(fuel.into())),
            saturating(decision.took.as_micros()),
            breaker,
            decision.exact,
        ])?;
    if let Some(state) = &decision.checkpoint {
        connection.prepare_cached("INSERT INTO checkpoint VALUES (?1, ?2)")?.execute(params![id, state])?;
    }
    Ok(())
}

fn write_outcome(connection: &Connection, seq: i64, outcome: &Outcome) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO outcome SELECT id, ?2, ?3, ?4, ?5, ?6 FROM decision WHERE id = ?1")?
        .execute(params![
            outcome.decision.get(),
            seq,
            outcome.at.as_millis(),
            outcome.kind.code(),
            outcome.message.as_deref().map(shortened),
            outcome.exact,
        ])?;
    Ok(())
}

fn write_event(connection: &Connection, terms: &mut Terms, seq: i64, event: &Event) -> rusqlite::Result<()> {
    let campaign = event.campaign.as_deref().map(|campaign| terms.id(connection, campaign, seq)).transpose()?;
    let name = terms.id(connection, event.name, seq)?;
    connection.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
        seq,
        event.at.as_millis(),
        campaign,
        event.level.code(),
        name,
        shortened(&event.message),
        event.exact,
    ])?;
    Ok(())
}

fn write_quiet(connection: &Connection, terms: &mut Terms, seq: i64, quiet: &QuietRow) -> rusqlite::Result<()> {
    let campaign = terms.id(connection, &quiet.campaign, seq)?;
    connection.prepare_cached("INSERT INTO quiet VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        seq,
        quiet.at.as_millis(),
        campaign,
        quiet.exact,
    ])?;
    Ok(())
}

fn write_state(connection: &Connection, campaign: &str, bytes: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO campaign_state VALUES (?1, ?2) ON CONFLICT (campaign) DO UPDATE SET state = excluded.state",
        )?
        .execute((campaign, bytes))?;
    Ok(())
}

fn shortened(message: &str) -> &str {
    &message[..message.floor_char_boundary(MAX_MESSAGE_BYTES)]
}

fn saturating(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
