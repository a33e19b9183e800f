//! The writer's thread: takes batches from the queue, commits them in groups, and sweeps in between.
//!
//! SQLite allows one writer, so there is one; it holds the only connection that writes. After a failure the database is
//! opened anew for the next group, so that a file which was deleted, replaced or repaired is found again; the writer
//! ends only when the journal is closed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::JournalConfig;
use super::error::JournalError;
use super::retention::{SWEEP_ROWS, Swept};
use super::store::{Numbered, Store};

/// A group takes no further batch once it has so many records.
const GROUP_RECORDS: usize = 1024;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Write these.
    Write(Batch),
    /// Bring everything into the main file, and end.
    Close(oneshot::Sender<Result<(), JournalError>>),
}

/// Records that are kept together or not at all.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<Numbered>,
    pub(super) done: oneshot::Sender<Result<(), JournalError>>,
}

/// What the handle and the writer both count.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    /// The next free number of the sequence.
    pub(super) next: AtomicI64,
    /// Records in the queue.
    pub(super) queued: AtomicUsize,
}

/// The state of the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) config: JournalConfig,
    pub(super) queue: mpsc::Receiver<Order>,
    /// None after a failure, until the next group.
    pub(super) store: Option<Store>,
    /// Whether the last sweep failed, so that a lasting failure is logged once.
    pub(super) sweep_failed: bool,
}

impl Writer {
    /// Works until the journal is closed, or all its handles are gone.
    pub(super) fn run(mut self) {
        while let Some(order) = self.queue.blocking_recv() {
            let (group, close) = self.gather(order);
            let written: usize = group.iter().map(|batch| batch.records.len()).sum();
            self.commit(group);
            if let Some(closed) = close {
                // The receiver may have given up waiting.
                let _ = closed.send(self.store.take().map_or(Ok(()), Store::close));
                return;
            }
            self.sweep(written);
        }
    }

    /// Takes what else is waiting, up to one group.
    fn gather(&mut self, first: Order) -> (Vec<Batch>, Option<oneshot::Sender<Result<(), JournalError>>>) {
        let mut group = Vec::new();
        let mut records = 0;
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Close(done) => return (group, Some(done)),
                Order::Write(batch) => {
                    records += batch.records.len();
                    group.push(batch);
                }
            }
            next = if records < GROUP_RECORDS { self.queue.try_recv().ok() } else { None };
        }
        (group, None)
    }

    fn commit(&mut self, group: Vec<Batch>) {
        if group.is_empty() {
            return;
        }
        let batches: Vec<&[Numbered]> = group.iter().map(|batch| batch.records.as_slice()).collect();
        let results = match self.store() {
            Ok(store) => store.write(&batches),
            Err(error) => vec![Err(error); batches.len()],
        };
        if results.iter().filter_map(|result| result.as_ref().err()).any(calls_for_reopening) {
            self.store = None;
        }
        for (batch, result) in group.into_iter().zip(results) {
            self.shared.queued.fetch_sub(batch.records.len(), Ordering::Relaxed);
            // Nobody need wait for a batch.
            let _ = batch.done.send(result);
        }
    }

    /// The open database, opened anew where it failed or its file is gone.
    fn store(&mut self) -> Result<&mut Store, JournalError> {
        if self.store.as_ref().is_some_and(|store| !store.is_in_place()) {
            self.store = None;
        }
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let store = Store::open(&self.shared.path, self.config)?;
                // Another file may have taken this one's place, with rows of its own.
                self.shared.next.fetch_max(store.first_free(), Ordering::Relaxed);
                store
            }
        };
        Ok(self.store.insert(store))
    }

    /// Sweeps at least as fast as rows come in, and for as long as nothing else is to be done.
    fn sweep(&mut self, written: usize) {
        let Some(store) = &mut self.store else { return };
        let mut steps = 1 + written / SWEEP_ROWS as usize;
        while steps > 0 || self.queue.is_empty() {
            steps = steps.saturating_sub(1);
            match store.sweep() {
                Ok(Swept::Some) => self.sweep_failed = false,
                Ok(Swept::All) => {
                    self.sweep_failed = false;
                    return;
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.sweep_failed, true) {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(event = "journal_retention_failed", error, "the journal can't shed old rows");
                    }
                    return;
                }
            }
        }
    }
}

/// A rule broken by one batch, or a lock held by someone else, says nothing against the open file.
fn calls_for_reopening(error: &JournalError) -> bool {
    match error {
        JournalError::Busy { .. } => false,
        JournalError::Sql { source, .. } => {
            source.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation)
        }
        _ => true,
    }
}
