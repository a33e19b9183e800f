//! Strings kept once: campaigns, policies, revisions and reason codes are numbers in the rows that name them.
//!
//! A term's `last_used` lags behind its newest use by at most [`SLACK`], so that a use seldom costs a write. Retention
//! must leave that slack, or it drops a term that a row still names.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

/// How far `last_used` may lag behind the newest row that names a term.
pub(super) const SLACK: i64 = 1024;
/// The most terms that are remembered; beyond it the memory starts afresh.
const REMEMBERED: usize = 16_384;

/// The numbers of terms that were seen lately.
#[derive(Debug, Default)]
pub(super) struct Terms(HashMap<String, Known>);

#[derive(Clone, Copy, Debug)]
struct Known {
    id: i64,
    last_used: i64,
}

impl Terms {
    /// The number of `value`, for use in the row `seq`.
    pub(super) fn id(&mut self, connection: &Connection, value: &str, seq: i64) -> rusqlite::Result<i64> {
        let known = match self.0.get(value) {
            Some(known) => *known,
            None => look_up_or_insert(connection, value, seq)?,
        };
        if seq <= known.last_used.saturating_add(SLACK) && self.0.contains_key(value) {
            return Ok(known.id);
        }
        let last_used = known.last_used.max(seq);
        connection.prepare_cached("UPDATE term SET last_used = ?1 WHERE id = ?2")?.execute((last_used, known.id))?;
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(value.to_owned(), Known { id: known.id, last_used });
        Ok(known.id)
    }

    /// Forgets what was remembered, after the database took something back.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

fn look_up_or_insert(connection: &Connection, value: &str, seq: i64) -> rusqlite::Result<Known> {
    let found = connection
        .prepare_cached("SELECT id, last_used FROM term WHERE value = ?1")?
        .query_row([value], |row| Ok(Known { id: row.get(0)?, last_used: row.get(1)? }))
        .optional()?;
    if let Some(known) = found {
        return Ok(known);
    }
    let id = connection.prepare_cached("INSERT INTO term (value, last_used) VALUES (?1, ?2)")?.insert((value, seq))?;
    Ok(Known { id, last_used: seq })
}

/// Drops the terms that no row from `oldest` on can name.
pub(super) fn drop_unused(connection: &Connection, oldest: i64) -> rusqlite::Result<usize> {
    let unused = params![oldest.saturating_sub(SLACK)];
    connection
        .prepare_cached("DELETE FROM revision WHERE id IN (SELECT id FROM term WHERE last_used < ?1)")?
        .execute(unused)?;
    connection.prepare_cached("DELETE FROM term WHERE last_used < ?1")?.execute(unused)
}
