//! What the revisions that decided are made of.
//!
//! A revision is a hash, so a replay that has only the hash could make nothing of it. The row lies under the number of
//! the revision's term and goes with it, when no decision names the revision any longer.

use std::collections::BTreeSet;

use paced_core::policy::Revision;
use rusqlite::{Connection, OptionalExtension, Row};

use super::error::JournalError;
use super::reader::{JournalReader, parse_digest, parse_revision, required};
use super::record::RevisionParts;
use super::terms::Terms;

/// Writes a revision's parts, unless they are there.
pub(super) fn write(connection: &Connection, terms: &mut Terms, parts: &RevisionParts) -> rusqlite::Result<()> {
    // The decision that comes with it brings the term's last use up to date.
    let id = terms.id(connection, &parts.revision.to_string(), 0)?;
    let component = Revision(parts.component).to_string();
    connection.prepare_cached("INSERT OR IGNORE INTO revision VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
        id,
        &parts.name,
        &parts.version,
        component,
        &parts.params,
        &parts.exact,
    ))?;
    Ok(())
}

impl JournalReader {
    /// What a revision is made of; none where no decision of the journal names it, or it was written before paced kept
    /// this.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn revision(&self, revision: Revision) -> Result<Option<RevisionParts>, JournalError> {
        let sql = "SELECT term.value AS revision, r.* FROM revision AS r JOIN term ON term.id = r.id \
                   WHERE term.value = ?1";
        let read = || {
            if !self.has_revisions()? {
                return Ok(None);
            }
            self.connection.query_row(sql, [revision.to_string()], parts).optional()
        };
        read().map_err(|error| self.error(error))
    }

    /// The components that decisions of this journal were made by, as SHA-256.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn components(&self) -> Result<BTreeSet<[u8; 32]>, JournalError> {
        let read = || {
            if !self.has_revisions()? {
                return Ok(BTreeSet::new());
            }
            let mut statement = self.connection.prepare("SELECT DISTINCT component FROM revision")?;
            statement.query_map([], |row| required(row, "component", |text: String| parse_digest(&text)))?.collect()
        };
        read().map_err(|error| self.error(error))
    }

    /// A journal of the first version has no such table until a daemon writes to it again.
    fn has_revisions(&self) -> rusqlite::Result<bool> {
        self.connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'revision'", [], |row| row.get(0))
    }
}

fn parts(row: &Row<'_>) -> rusqlite::Result<RevisionParts> {
    Ok(RevisionParts {
        revision: required(row, "revision", |text: String| parse_revision(&text))?,
        name: row.get("name")?,
        version: row.get("version")?,
        component: required(row, "component", |text: String| parse_digest(&text))?,
        params: row.get("params")?,
        exact: row.get("exact")?,
    })
}
