//! The folders of files, watched as far as the system allows.
//!
//! A folder may be missing, or be replaced by another of the same name, which ends the system's watch without a word.
//! So who uses this asks it again and again to keep watching.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// The folders, each with the identity under which it is watched, if it is.
pub(super) struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, Option<Identity>>,
}

/// What tells a folder from another of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Folders {
    /// No folders yet; `changed` is called, on a thread of the system's, when something in one of them changes.
    pub(super) fn none(changed: impl Fn() + Send + 'static) -> Self {
        let handler = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, may_be_news) {
                changed();
            }
        };
        let watcher = notify::recommended_watcher(handler)
            .inspect_err(|error| {
                tracing::warn!(
                    event = "watch_unavailable",
                    error = error.to_string(),
                    "changed files are noticed a few seconds later"
                );
            })
            .ok();
        Self { watcher, watched: BTreeMap::new() }
    }

    /// Watches the parents of these files: those that are there and not watched yet, or not any longer. Other folders
    /// are let go.
    pub(super) fn keep_watching(&mut self, files: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<_> = files.iter().map(|file| parent(file)).collect();
        self.watched.retain(|folder, watched| {
            let is_wanted = wanted.contains(folder);
            if !is_wanted && watched.is_some() {
                let _ = watcher.unwatch(folder);
            }
            is_wanted
        });
        for folder in wanted {
            self.watched.entry(folder).or_default();
        }
        for (folder, watched) in &mut self.watched {
            let there = identity(folder);
            if *watched == there {
                continue;
            }
            if watched.take().is_some() {
                // Fails where the system has ended the watch itself.
                let _ = watcher.unwatch(folder);
            }
            // Where it can't be watched the poll goes on, and this is tried again with it.
            *watched = there.filter(|_| watcher.watch(folder, RecursiveMode::NonRecursive).is_ok());
        }
    }
}

/// Whether an event may mean a new file. Reading one must not, because looking at a file reads it.
fn may_be_news(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

fn parent(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn identity(folder: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(folder).ok()?;
    Some(Identity(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(folder: &Path) -> Option<Identity> {
    fs::metadata(folder).ok().map(|_| Identity(0, 0))
}
