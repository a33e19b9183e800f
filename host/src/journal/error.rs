//! What can go wrong with a journal, in words that say which file and what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why the journal could not be opened, written or read.
///
/// One failed commit fails every batch in it, so errors are cheap to clone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder could not be made, looked at or protected.
    #[error("journal {}: cannot {operation}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: Arc<std::io::Error>,
    },
    /// There is no journal to read.
    #[error("there is no journal at {}: paced writes one into its data_dir while it runs", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is no journal of paced ({found}): move it away, or choose another data_dir", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// The file is damaged.
    #[error(
        "the journal {path} is damaged: move {path}, {path}-wal and {path}-shm away together, and paced begins a new \
         one (`sqlite3 {path} .recover` may save what they hold)",
        path = .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        source: Arc<rusqlite::Error>,
    },
    /// The file was written by a newer paced.
    #[error(
        "the journal {} has schema version {found}, and this paced knows up to {supported}: run the newer paced, or \
         move the file away",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's schema version.
        found: i64,
        /// The newest schema version that this program knows.
        supported: i64,
    },
    /// Another process kept the file locked for too long.
    #[error("the journal {} is locked by another process", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// There is no space left for the file.
    #[error("no space is left for the journal {}", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Any other failure of SQLite.
    #[error("journal {}: cannot {operation}", .path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: Arc<rusqlite::Error>,
    },
    /// The writer can't keep up: this many records wait already.
    #[error("the journal's queue is full: {queued} records wait to be written")]
    QueueFull {
        /// Records in the queue.
        queued: usize,
    },
    /// The journal was closed before this was written.
    #[error("the journal is closed")]
    Closed,
}

impl JournalError {
    pub(super) fn io(path: &Path, operation: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), operation, source: Arc::new(source) }
    }

    pub(super) fn sql(path: &Path, operation: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::NotADatabase) => Self::Foreign { path, found: "not a SQLite database".to_owned() },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, source: Arc::new(source) },
            _ => Self::Sql { path, operation, source: Arc::new(source) },
        }
    }
}
