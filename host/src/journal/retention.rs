//! Keeping the journal within its age and size, a bounded step at a time.
//!
//! Sweeps run on the writer's thread between commits, so one must be short: it deletes at most [`SWEEP_ROWS`] rows
//! and gives back at most [`SWEEP_PAGES`] pages. The newest rows, and each campaign's latest state, always stay.

use rusqlite::{Connection, TransactionBehavior};

use super::error::JournalError;
use super::store::{PAGE_BYTES, Store};
use super::terms;

/// The most rows that one sweep deletes. Whatever the limits, about as many of the newest stay.
pub(super) const SWEEP_ROWS: u32 = 1024;
/// The most free pages that one sweep gives back to the file system.
const SWEEP_PAGES: u32 = 1024;

/// Whether there is more to sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    /// The journal is within its limits, or can't be brought nearer to them.
    All,
    /// Something was swept; another step may find more.
    Some,
}

/// The size of the database in pages.
#[derive(Clone, Copy, Debug)]
struct Pages {
    all: u64,
    free: u64,
}

impl Store {
    /// Takes one step towards the limits of age and size.
    pub(super) fn sweep(&mut self) -> Result<Swept, JournalError> {
        self.try_sweep().map_err(|error| JournalError::sql(&self.path, "delete its oldest rows", error))
    }

    fn try_sweep(&mut self) -> rusqlite::Result<Swept> {
        let pages = pages(&self.connection)?;
        let allowed = self.config.page_allowance() / u64::from(PAGE_BYTES);
        let mut doomed = self.expired()?;
        if doomed.is_empty() && pages.all - pages.free > allowed {
            doomed = oldest(&self.connection)?;
        }
        if !doomed.is_empty() {
            self.delete(&doomed)?;
            return Ok(Swept::Some);
        }
        if pages.free > 0 && (pages.all > allowed || pages.free > pages.all / 4) {
            return give_back(&self.connection, pages);
        }
        Ok(Swept::All)
    }

    /// The oldest rows that are past their age, by the newest platform time that was recorded since the start.
    fn expired(&self) -> rusqlite::Result<Vec<i64>> {
        let Some(newest) = self.newest else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(
            "SELECT id, at_ms FROM decision WHERE at_ms < ?1 UNION ALL SELECT seq, at_ms FROM event WHERE at_ms < ?1 \
             ORDER BY 2 LIMIT ?2",
        )?;
        let cutoff = (newest - self.config.max_age).as_millis();
        statement.query_map((cutoff, SWEEP_ROWS), |row| row.get(0))?.collect()
    }

    fn delete(&mut self, doomed: &[i64]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for sql in [
            "DELETE FROM decision WHERE id = ?1",
            "DELETE FROM outcome WHERE decision = ?1",
            "DELETE FROM checkpoint WHERE decision = ?1",
            "DELETE FROM event WHERE seq = ?1",
        ] {
            let mut statement = transaction.prepare_cached(sql)?;
            for id in doomed {
                statement.execute([id])?;
            }
        }
        let dropped = match oldest_left(&transaction)? {
            Some(oldest) => {
                transaction.prepare_cached("DELETE FROM quiet WHERE seq < ?1")?.execute([oldest])?;
                terms::drop_unused(&transaction, oldest)?
            }
            None => 0,
        };
        transaction.commit()?;
        if dropped > 0 {
            self.terms.forget();
        }
        Ok(())
    }
}

fn pages(connection: &Connection) -> rusqlite::Result<Pages> {
    let count = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    Ok(Pages { all: count("page_count")?.into(), free: count("freelist_count")?.into() })
}

/// The oldest rows, or none where too few are left.
fn oldest(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM decision UNION ALL SELECT seq FROM event ORDER BY 1 LIMIT ?1")?;
    let mut ids: Vec<i64> =
        statement.query_map([2 * SWEEP_ROWS], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    ids.truncate(ids.len().saturating_sub(SWEEP_ROWS as usize));
    Ok(ids)
}

fn oldest_left(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT min(id) FROM (SELECT min(id) AS id FROM decision UNION ALL SELECT min(seq) FROM event)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

fn give_back(connection: &Connection, before: Pages) -> rusqlite::Result<Swept> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({SWEEP_PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    Ok(if pages(connection)?.all < before.all { Swept::Some } else { Swept::All })
}
