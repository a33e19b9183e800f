//! Each component that was ever in force, kept by its digest, so that its decisions can be replayed.
//!
//! A component stays for as long as a decision in the journal names it. The others are bounded in number and size, those
//! in force longest ago going first. A component that decides, or may have to again, is never removed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::wasm::Digest;

/// How many files, and how many bytes of all files together.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    files: usize,
    bytes: u64,
}

/// Beyond these, components go that no decision names.
const SPARE: Bounds = Bounds { files: 64, bytes: 512 << 20 };
/// Beyond these, even components go that decisions name; those can't be replayed any longer.
const MOST: Bounds = Bounds { files: 1024, bytes: 4 << 30 };

/// A folder of components.
#[derive(Clone)]
pub struct ComponentStore {
    folder: PathBuf,
    spare: Bounds,
    most: Bounds,
    named: Arc<Named>,
}

/// Tells which components decisions name; nothing where that can't be told just now.
type Named = dyn Fn() -> Option<BTreeSet<Digest>> + Send + Sync;

struct Kept {
    path: PathBuf,
    digest: Digest,
    bytes: u64,
    since: SystemTime,
}

impl ComponentStore {
    /// The folder `components` of a data directory, made where it is missing.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let folder = data_dir.join("components");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, spare: SPARE, most: MOST, named: Arc::new(|| Some(BTreeSet::new())) })
    }

    /// The store, with what tells which components decisions name. Where that gives none, all count as named.
    #[must_use]
    pub fn with_named(self, named: impl Fn() -> Option<BTreeSet<Digest>> + Send + Sync + 'static) -> Self {
        Self { named: Arc::new(named), ..self }
    }

    /// Where the verdicts on components are kept.
    pub(super) fn verdicts(&self) -> PathBuf {
        self.folder.join("verdicts.json")
    }

    /// Keeps a component, and lets go of old ones; those in force stay.
    ///
    /// # Errors
    /// A file can't be written, or the folder can't be read.
    pub fn keep(&self, digest: Digest, bytes: &[u8], in_force: &[Digest]) -> io::Result<()> {
        let path = self.path(digest);
        match File::options().append(true).open(&path) {
            // In force again: young again.
            Ok(file) if file.metadata()?.len() == bytes.len() as u64 => file.set_modified(SystemTime::now())?,
            _ => self.write(&path, bytes)?,
        }
        self.prune(digest, in_force)
    }

    /// A component by its digest; none where it is not kept (any longer), or is not what it was.
    ///
    /// # Errors
    /// The file is there and can't be read.
    pub fn get(&self, digest: Digest) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(digest)) {
            Ok(bytes) => Ok(Some(bytes).filter(|bytes| Digest::of(bytes) == digest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    /// Writes beside and renames over, so that a crash leaves no half component under a digest.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let unfinished = path.with_extension("tmp");
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    }

    fn prune(&self, newest: Digest, in_force: &[Digest]) -> io::Result<()> {
        let mut kept = self.list()?;
        kept.sort_by_key(|kept| kept.since);
        if is_within(&kept, self.spare) {
            return Ok(());
        }
        let named = (self.named)();
        let is_named = |digest: &Digest| named.as_ref().is_none_or(|named| named.contains(digest));
        shed(&mut kept, self.spare, |old| {
            old.digest != newest && !in_force.contains(&old.digest) && !is_named(&old.digest)
        })?;
        let lost = shed(&mut kept, self.most, |old| old.digest != newest && !in_force.contains(&old.digest))?;
        if lost > 0 {
            tracing::warn!(
                event = "components_shed",
                components = lost,
                "there are too many components to keep: the oldest decisions can't be replayed any longer"
            );
        }
        Ok(())
    }

    /// The components there; what a crash left unfinished is removed, other files are not ours.
    fn list(&self) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            let Some(digest) = path.file_stem().and_then(|stem| Digest::parse(stem.to_str()?)) else { continue };
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("wasm") => {
                    let metadata = fs::metadata(&path)?;
                    kept.push(Kept { digest, bytes: metadata.len(), since: metadata.modified()?, path });
                }
                Some("tmp") => fs::remove_file(&path)?,
                _ => {}
            }
        }
        Ok(kept)
    }
}

impl fmt::Debug for ComponentStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn is_within(kept: &[Kept], bounds: Bounds) -> bool {
    kept.len() <= bounds.files && kept.iter().map(|kept| kept.bytes).sum::<u64>() <= bounds.bytes
}

/// Removes the oldest of those that may go, until the bounds are kept; how many went.
fn shed(kept: &mut Vec<Kept>, bounds: Bounds, may_go: impl Fn(&Kept) -> bool) -> io::Result<usize> {
    let before = kept.len();
    while !is_within(kept, bounds) {
        let Some(oldest) = kept.iter().position(&may_go) else { break };
        fs::remove_file(kept.remove(oldest).path)?;
    }
    Ok(before - kept.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn store(files: usize, bytes: u64) -> (tempfile::TempDir, ComponentStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ComponentStore::open(folder.path()).unwrap();
        (folder, ComponentStore { spare: Bounds { files, bytes }, ..store })
    }

    /// Keeps these, each a minute younger than the one before.
    fn keep_all(store: &ComponentStore, components: &[&[u8]], in_force: &[Digest]) {
        let start = SystemTime::now() - Duration::from_secs(3600);
        for (n, bytes) in components.iter().enumerate() {
            store.keep(Digest::of(bytes), bytes, in_force).unwrap();
            let file = File::options().append(true).open(store.path(Digest::of(bytes))).unwrap();
            file.set_modified(start + Duration::from_secs(60 * n as u64)).unwrap();
        }
    }

    fn has(store: &ComponentStore, bytes: &[u8]) -> bool {
        store.get(Digest::of(bytes)).unwrap().is_some_and(|kept| kept == bytes)
    }

    #[test]
    fn what_is_kept_can_be_had_and_a_damaged_file_can_not() {
        let (_folder, store) = store(64, 1 << 20);
        keep_all(&store, &[b"one"], &[]);
        assert!(has(&store, b"one") && !has(&store, b"two"));
        fs::write(store.path(Digest::of(b"one")), b"0ne").unwrap();
        assert!(!has(&store, b"one"));
    }

    #[test]
    fn the_oldest_go_first_and_those_in_force_never() {
        let (_folder, store) = store(2, 1 << 20);
        keep_all(&store, &[b"a", b"b", b"c", b"d"], &[Digest::of(b"a")]);
        let there: Vec<_> = [b"a", b"b", b"c", b"d"].iter().map(|bytes| has(&store, *bytes)).collect();
        assert_eq!(there, [true, false, false, true]);
    }

    #[test]
    fn what_decisions_name_stays_up_to_the_last_bound() {
        let (_folder, store) = store(1, 1 << 20);
        let named = || Some([b"a", b"b"].map(|bytes| Digest::of(bytes)).into());
        let store = ComponentStore { most: Bounds { files: 3, bytes: 1 << 20 }, ..store.with_named(named) };
        let there = |all: &[&[u8]]| all.iter().map(|bytes| has(&store, bytes)).collect::<Vec<_>>();
        keep_all(&store, &[b"a", b"b", b"c", b"d"], &[]);
        assert_eq!(there(&[b"a", b"b", b"c", b"d"]), [true, true, false, true]);
        let store = store.clone().with_named(|| None);
        keep_all(&store, &[b"e"], &[]);
        assert_eq!(there(&[b"a", b"b", b"d", b"e"]), [false, true, true, true], "the oldest, though named");
    }

    #[test]
    fn the_bytes_of_all_files_are_bounded_too() {
        let (_folder, store) = store(64, 10);
        keep_all(&store, &[b"aaaa", b"bbbb", b"cccc"], &[]);
        assert!(!has(&store, b"aaaa") && has(&store, b"bbbb") && has(&store, b"cccc"));
    }

    #[test]
    fn a_component_in_force_again_is_young_again() {
        let (_folder, store) = store(2, 1 << 20);
        keep_all(&store, &[b"a", b"b"], &[]);
        store.keep(Digest::of(b"a"), b"a", &[]).unwrap();
        store.keep(Digest::of(b"c"), b"c", &[]).unwrap();
        assert!(has(&store, b"a") && !has(&store, b"b") && has(&store, b"c"));
    }

    #[test]
    fn what_a_crash_left_is_removed_and_other_files_stay() {
        let (_folder, store) = store(64, 1 << 20);
        let (unfinished, other) =
            (store.folder.join(format!("{}.tmp", Digest::of(b"x"))), store.folder.join("notes.txt"));
        fs::write(&unfinished, b"").unwrap();
        fs::write(&other, b"").unwrap();
        keep_all(&store, &[b"a"], &[]);
        assert!(!unfinished.exists() && other.exists());
    }
}
