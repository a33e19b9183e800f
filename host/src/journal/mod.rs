//! The journal: every decision with its grounds and outcome, every event, and each campaign's latest state, in SQLite.
//!
//! A directive is recorded before it is sent, so that after a crash it is known what the platform may have been told;
//! the latest state in the same transaction is what a restart goes on from. One thread writes; the batches that wait
//! are committed together. Decisions, outcomes and events share one ascending sequence, so that a replay can feed core
//! in the order in which it was fed.
//!
//! The database runs in WAL mode with `synchronous = NORMAL`: what was committed survives the end of the process, also
//! by SIGKILL; a crash of the whole machine may lose the last moments but never damages the file.
//!
//! A batch is kept whole or not at all, and only a future that gave `Ok` says that it was. Where the journal can't be
//! written, each batch gets the error, and later batches are tried anew.

mod decided;
mod error;
pub mod exact;
mod reader;
mod record;
mod replay;
mod retention;
mod revisions;
mod schema;
mod store;
mod terms;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

pub use error::JournalError;
pub use reader::{DecisionRow, EventRow, Filter, JournalReader, Order, Rows};
pub use record::{
    Decision, DecisionId, Event, Level, MAX_MESSAGE_BYTES, Outcome, OutcomeKind, QuietRow, Record, RevisionParts,
};
pub use replay::{Fed, FedBy, Replay};

use store::{Numbered, Store};
use writer::{Batch, Shared, Writer};

/// The name of the journal's file in a data directory.
pub const FILE_NAME: &str = "journal.db";
/// The most batches that wait to be written.
const QUEUE_BATCHES: usize = 4096;
/// The most records that wait to be written, in all batches together.
const QUEUE_RECORDS: usize = 65_536;

/// How long and how much the journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Rows older than this, in platform time, are deleted. Default: 35 days.
    pub max_age: Duration,
    /// The most bytes on disk, the write-ahead log included; the oldest rows go first. Default: 2 GiB. The newest
    /// thousand rows or so stay in any case. A reader that keeps one query open for long can hold the log above it.
    pub max_size: u64,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(35 * 24 * 3600), max_size: 2 << 30 }
    }
}

impl JournalConfig {
    /// The part of the size that is set aside for the write-ahead log: 8 MiB, or a quarter of a small journal.
    fn wal_allowance(&self) -> u32 {
        u32::try_from(self.max_size / 4).unwrap_or(u32::MAX).min(8 << 20)
    }

    /// What is left for the pages of the main file.
    fn page_allowance(&self) -> u64 {
        self.max_size - u64::from(self.wal_allowance())
    }
}

/// A handle on the journal that a daemon writes. Clones write to the same one.
#[derive(Clone, Debug)]
pub struct Journal {
    orders: mpsc::Sender<writer::Order>,
    shared: Arc<Shared>,
}

impl Journal {
    /// Opens the journal in the folder `dir`, makes it where there is none, and starts its thread.
    ///
    /// # Errors
    /// The file can't be made or opened, isn't a journal, is damaged, or was written by a newer paced.
    pub fn open(dir: &Path, config: JournalConfig) -> Result<Self, JournalError> {
        let path = dir.join(FILE_NAME);
        let store = Store::open(&path, config)?;
        let next = AtomicI64::new(store.first_free());
        let shared = Arc::new(Shared { path, next, queued: AtomicUsize::new(0) });
        let (orders, queue) = mpsc::channel(QUEUE_BATCHES);
        let writer = Writer { shared: Arc::clone(&shared), config, queue, store: Some(store), sweep_failed: false };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| JournalError::io(&shared.path, "start its thread", error))?;
        Ok(Self { orders, shared })
    }

    /// The file that the journal writes.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// A number for a decision that is being taken. Take it when core steps, so that numbers follow the steps.
    #[must_use]
    pub fn next_id(&self) -> DecisionId {
        DecisionId::new(self.next_seq())
    }

    fn next_seq(&self) -> i64 {
        self.shared.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Queues a batch, and gives a future that ends when the batch is committed.
    ///
    /// Batches are written in the order of these calls, whether or not anyone waits for them. The batch is kept whole
    /// or not at all.
    ///
    /// # Errors
    /// The future gives what went wrong with this batch: the queue is full, the disk is full, the file can't be
    /// written, a decision's number was used before.
    pub fn record(&self, records: Vec<Record>) -> impl Future<Output = Result<(), JournalError>> + Send + use<> {
        let queued = self.queue(records);
        async move { queued?.await.unwrap_or(Err(JournalError::Closed)) }
    }

    fn queue(&self, records: Vec<Record>) -> Result<oneshot::Receiver<Result<(), JournalError>>, JournalError> {
        let count = records.len();
        let queued = self.shared.queued.fetch_add(count, Ordering::Relaxed);
        let (done, committed) = oneshot::channel();
        let sent = if queued > 0 && queued.saturating_add(count) > QUEUE_RECORDS {
            Err(JournalError::QueueFull { queued })
        } else {
            let records = records.into_iter().map(|record| self.number(record)).collect();
            self.orders.try_send(writer::Order::Write(Batch { records, done })).map_err(|error| match error {
                TrySendError::Full(_) => JournalError::QueueFull { queued },
                TrySendError::Closed(_) => JournalError::Closed,
            })
        };
        if sent.is_err() {
            self.shared.queued.fetch_sub(count, Ordering::Relaxed);
        }
        sent.map(|()| committed)
    }

    fn number(&self, record: Record) -> Numbered {
        let seq = match &record {
            Record::Decision(decision) => decision.id.get(),
            Record::Outcome(_) | Record::Event(_) | Record::Quiet(_) => self.next_seq(),
            Record::Revision(_) | Record::State { .. } => 0,
        };
        Numbered { seq, record }
    }

    /// The latest state of each campaign, by its identifier: what a restart goes on from.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn states(&self) -> Result<BTreeMap<String, Vec<u8>>, JournalError> {
        self.reader()?.states()
    }

    /// Opens the journal for reading, beside the writer.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn reader(&self) -> Result<JournalReader, JournalError> {
        JournalReader::open(&self.shared.path)
    }

    /// Writes what is queued, brings the write-ahead log into the main file and closes it. What is recorded later gets
    /// [`JournalError::Closed`].
    ///
    /// # Errors
    /// The log could not be brought in; what was committed is kept in it all the same.
    pub async fn close(&self) -> Result<(), JournalError> {
        let (done, closed) = oneshot::channel();
        if self.orders.send(writer::Order::Close(done)).await.is_err() {
            return Ok(());
        }
        closed.await.unwrap_or(Ok(()))
    }
}

/// Where the journal of a data directory lies; any other path is taken as the journal itself.
#[must_use]
pub fn path_in(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() }
}
