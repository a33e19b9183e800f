//! Opening the database file: what it must be, and how a new one is made.
//!
//! A file that isn't ours, or is newer than we are, is refused before anything in it is changed.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::JournalError;

/// Marks a SQLite file as a journal of paced: "pace" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x7061_6365;
/// The version of `schema.sql`.
pub(super) const SCHEMA_VERSION: i64 = 2;
/// How long to wait for another process to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Opens the journal at `path` for writing, and makes it where there is none.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, JournalError> {
    make_file(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = check(&connection, path)?;
    let is_new = found == Found::Empty;
    let sql = |error| JournalError::sql(path, "set up the database", error);
    if is_new {
        // Only an empty file takes this setting.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(sql)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(sql)?;
    // References are for readers of the schema: to check them, each deletion would look through every table.
    connection.pragma_update(None, "foreign_keys", false).map_err(sql)?;
    if is_new {
        create(&mut connection).map_err(sql)?;
    }
    if found == Found::Journal(1) {
        upgrade(&mut connection).map_err(sql)?;
    }
    Ok(connection)
}

/// Opens the journal at `path` for reading.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, JournalError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(JournalError::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(JournalError::io(path, "look at it", error)),
        Ok(_) => refuse_other_than_file(path)?,
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match check(&connection, path)? {
        Found::Journal(_) => Ok(connection),
        Found::Empty => Err(JournalError::Missing { path: path.to_owned() }),
    }
}

/// Makes folder and file, both for their owner alone. SQLite gives its side files the permissions of the main one.
fn make_file(path: &Path) -> Result<(), JournalError> {
    if let Some(dir) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| JournalError::io(dir, "create this folder", error))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            refuse_other_than_file(path)?;
            fs::set_permissions(path, Permissions::from_mode(0o600))
                .map_err(|error| JournalError::io(path, "keep it to its owner", error))
        }
        Err(error) => Err(JournalError::io(path, "create it", error)),
    }
}

fn refuse_other_than_file(path: &Path) -> Result<(), JournalError> {
    let metadata = fs::metadata(path).map_err(|error| JournalError::io(path, "look at it", error))?;
    if metadata.is_file() {
        return Ok(());
    }
    let found = if metadata.is_dir() { "a folder" } else { "not a plain file" };
    Err(JournalError::Foreign { path: path.to_owned(), found: found.to_owned() })
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, JournalError> {
    let sql = |error| JournalError::sql(path, "open it", error);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(sql)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sql)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Nothing has been written to it yet, or a first start was cut short.
    Empty,
    /// A journal of a version that we know, with that version.
    Journal(i64),
}

fn check(connection: &Connection, path: &Path) -> Result<Found, JournalError> {
    let sql = |error| JournalError::sql(path, "read its header", error);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application_id = pragma("application_id").map_err(sql)?;
    let version = pragma("user_version").map_err(sql)?;
    let tables: i64 = connection.query_one("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sql)?;
    match (application_id, version) {
        (0, 0) if tables == 0 => Ok(Found::Empty),
        (APPLICATION_ID, 1..=SCHEMA_VERSION) => Ok(Found::Journal(version)),
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => {
            Err(JournalError::Newer { path: path.to_owned(), found, supported: SCHEMA_VERSION })
        }
        _ => Err(JournalError::Foreign {
            path: path.to_owned(),
            found: "a SQLite database of another program".to_owned(),
        }),
    }
}

/// All or nothing: a start that is cut short leaves an empty file, which the next start fills.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

/// Brings a journal of version 1 up to version 2, all or nothing.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(include_str!("upgrade_2.sql"))?;
    transaction.pragma_update(None, "user_version", 2)?;
    transaction.commit()
}
