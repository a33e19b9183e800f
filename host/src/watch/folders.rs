//! The folders of policy files, watched as far as the system allows.
//!
//! A folder may be missing, or be replaced by another of the same name, which ends the system's watch without a word.
//! So who uses this asks it again and again to keep watching.

use std::collections::BTreeMap;
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
    /// The parents of these files; `changed` is called, on a thread of the system's, when something in one changes.
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a Path>, changed: impl Fn() + Send + 'static) -> Self {
        let handler = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, may_be_news) {
                changed();
            }
        };
        let watcher = notify::recommended_watcher(handler)
            .inspect_err(|error| {
                tracing::warn!(
                    event = "policy_watch_unavailable",
                    error = error.to_string(),
                    "changed policy files are noticed a few seconds later"
                );
            })
            .ok();
        Self { watcher, watched: files.map(|file| (parent(file), None)).collect() }
    }

    /// Watches the folders that are there and not watched yet, or not any longer.
    pub(super) fn keep_watching(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
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

/// Whether an event may mean a new file. Reading one must not, because looking at a policy reads it.
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
