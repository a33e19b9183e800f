//! The watch over real folders, with a registry that looks. Each test waits for an outcome, not for a time.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::*;
use crate::registry::{Activated, Outcome, PolicySpec, Registry, Source};
use crate::wasm::tests::{Hand, engine};
use crate::wasm::{Digest, Limits};

/// Far beyond what any step takes.
const LONG: Duration = Duration::from_secs(60);
/// Leaves everything to events.
const NO_POLL: Pace = Pace { poll: Duration::from_secs(3600), quiet: Duration::from_millis(10) };
const QUICK_POLL: Pace = Pace { poll: Duration::from_millis(20), quiet: Duration::from_millis(10) };

fn answering(ratio: f64) -> Vec<u8> {
    Hand::deciding(&format!("(call $answer (f64.const {ratio}))")).component()
}

struct Watched {
    registry: Arc<Registry>,
    outcomes: Receiver<Outcome>,
    _watch: Watch,
}

fn watch(file: &Path, pace: Pace) -> Watched {
    let spec = PolicySpec {
        name: "mine".to_owned(),
        source: Source::File(file.to_owned()),
        limits: Limits::default(),
        uses: Vec::new(),
    };
    let (registry, _) = Registry::open(engine().clone(), vec![spec], None);
    let registry = Arc::new(registry);
    let (sender, outcomes) = mpsc::channel();
    let looked_at = Arc::clone(&registry);
    let look = move |_| match looked_at.reload("mine") {
        Outcome::Unchanged => {}
        outcome => sender.send(outcome).unwrap_or_default(),
    };
    let file = file.to_owned();
    let watch = Watch::start(pace, move || vec![file.clone()], look).unwrap();
    Watched { registry, outcomes, _watch: watch }
}

impl Watched {
    fn next(&self) -> Outcome {
        self.outcomes.recv_timeout(LONG).unwrap()
    }

    /// Waits until these bytes are in force.
    fn expect(&self, bytes: &[u8]) {
        loop {
            if let Outcome::Activated(Activated { loaded, .. }) = self.next()
                && loaded.digest() == Digest::of(bytes)
            {
                break;
            }
        }
        assert_eq!(self.registry.get("mine").unwrap().digest(), Digest::of(bytes));
    }

    /// Waits until these bytes are in force, and nothing else has been meanwhile.
    fn expect_only(&self, bytes: &[u8]) {
        loop {
            match self.next() {
                Outcome::Activated(Activated { loaded, .. }) => break assert_eq!(loaded.digest(), Digest::of(bytes)),
                // A writer may stall for longer than a file must rest.
                Outcome::Refused { .. } => {}
                Outcome::Unchanged => panic!("reported without need"),
            }
        }
    }

    fn expect_refusal(&self, stage: &str) {
        match self.next() {
            Outcome::Refused { refusal, .. } => assert_eq!(refusal.stage().as_str(), stage),
            other => panic!("{other:?}"),
        }
    }
}

fn folder_with(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.wasm");
    fs::write(&file, bytes).unwrap();
    (folder, file)
}

/// Replaces a file as `sed -i`, editors and deploys do.
fn rename_over(file: &Path, bytes: &[u8]) {
    let beside = file.with_extension("new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, file).unwrap();
}

#[test]
fn a_file_written_in_place_renamed_over_or_made_anew_is_loaded() {
    let (_folder, file) = folder_with(&answering(1.0));
    // By polling alone this holds wherever events are to be had or not; the next test is about events.
    let watched = watch(&file, QUICK_POLL);
    fs::write(&file, answering(2.0)).unwrap();
    watched.expect(&answering(2.0));
    rename_over(&file, &answering(3.0));
    watched.expect(&answering(3.0));
    fs::remove_file(&file).unwrap();
    watched.expect_refusal("read");
    assert!(watched.registry.get("mine").is_some());
    fs::write(&file, answering(4.0)).unwrap();
    watched.expect(&answering(4.0));
}

/// Replaces a file as vim does where it keeps a backup.
fn write_anew(file: &Path, bytes: &[u8]) {
    let backup = file.with_extension("wasm~");
    fs::rename(file, &backup).unwrap();
    fs::write(file, bytes).unwrap();
    fs::remove_file(&backup).unwrap();
}

/// Replaces a file as `cargo build` does, which links the file that it has just written elsewhere.
fn link_anew(file: &Path, bytes: &[u8]) {
    let deps = file.with_file_name("deps");
    fs::create_dir_all(&deps).unwrap();
    let built = deps.join("mine.wasm");
    fs::write(&built, bytes).unwrap();
    fs::remove_file(file).unwrap();
    fs::hard_link(&built, file).unwrap();
    fs::remove_file(&built).unwrap();
}

/// Overwrites a file as `cp` does, a slice at a time.
fn copy_in_slices(file: &Path, bytes: &[u8]) {
    let mut file = File::create(file).unwrap();
    for slice in bytes.chunks(100) {
        file.write_all(slice).unwrap();
        file.sync_all().unwrap();
    }
}

#[test]
fn every_way_to_replace_a_file_is_noticed_and_nothing_half_written_comes_into_force() {
    let (_folder, file) = folder_with(&answering(1.0));
    let watched = watch(&file, QUICK_POLL);
    let ways = [rename_over, write_anew, link_anew, copy_in_slices];
    for (way, ratio) in ways.iter().zip([2.0, 3.0, 4.0, 1.5]) {
        way(&file, &answering(ratio));
        watched.expect_only(&answering(ratio));
    }
}

#[test]
fn a_burst_of_writes_ends_with_the_last_one_in_force() {
    let (_folder, file) = folder_with(&answering(1.0));
    let watched = watch(&file, Pace { poll: NO_POLL.poll, ..Pace::default() });
    for step in 1..=50 {
        rename_over(&file, &answering(1.0 + f64::from(step) / 100.0));
    }
    watched.expect(&answering(1.5));
    assert!(watched.outcomes.try_recv().is_err(), "nothing comes after it");
}

#[cfg(unix)]
#[test]
fn where_no_event_comes_the_poll_notices() {
    let (_folder, file) = folder_with(&answering(1.0));
    // What a link points to changes in another folder than the one that is watched.
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("mine.wasm");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let watched = watch(&link, QUICK_POLL);
    rename_over(&file, &answering(2.0));
    watched.expect_only(&answering(2.0));
}

#[test]
fn a_request_has_a_look_taken_that_knows_it() {
    let (sender, causes) = mpsc::channel();
    let watch = Watch::start(NO_POLL, Vec::new, move |cause| sender.send(cause).unwrap_or_default()).unwrap();
    assert_eq!(causes.recv_timeout(LONG), Ok(Cause::Routine));
    watch.request_look();
    assert_eq!(causes.recv_timeout(LONG), Ok(Cause::Request));
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_a_look_adds_is_watched_from_then_on() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = folders.each_ref().map(|folder| folder.path().join("a"));
    let (sender, looks) = mpsc::channel();
    let (of_files, of_look) = (Arc::new(AtomicBool::new(false)), second.clone());
    let has_looked = Arc::clone(&of_files);
    let files = move || vec![if of_files.load(Ordering::Relaxed) { of_look.clone() } else { first.clone() }];
    let look = move |_| {
        has_looked.store(true, Ordering::Relaxed);
        sender.send(()).unwrap_or_default();
    };
    let _watch = Watch::start(NO_POLL, files, look).unwrap();
    for _ in 0..2 {
        looks.recv_timeout(LONG).unwrap();
    }
    fs::write(&second, "").unwrap();
    looks.recv_timeout(LONG).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn events_alone_bring_a_change_in() {
    let (_folder, file) = folder_with(&answering(1.0));
    let watched = watch(&file, NO_POLL);
    // The first change may come before the watch stands, and is then seen by its first look.
    rename_over(&file, &answering(2.0));
    watched.expect(&answering(2.0));
    rename_over(&file, &answering(3.0));
    watched.expect(&answering(3.0));
    rename_over(&file, &answering(4.0));
    watched.expect(&answering(4.0));
}

#[cfg(unix)]
#[test]
fn a_symlink_that_is_swapped_is_followed() {
    let (folder, _) = folder_with(b"");
    for (version, ratio) in [("v1", 1.0), ("v2", 2.0)] {
        fs::create_dir(folder.path().join(version)).unwrap();
        fs::write(folder.path().join(version).join("it.wasm"), answering(ratio)).unwrap();
    }
    std::os::unix::fs::symlink("v1", folder.path().join("..data")).unwrap();
    let file = folder.path().join("it.wasm");
    std::os::unix::fs::symlink("..data/it.wasm", &file).unwrap();
    let watched = watch(&file, QUICK_POLL);
    assert_eq!(watched.registry.get("mine").unwrap().digest(), Digest::of(&answering(1.0)));
    std::os::unix::fs::symlink("v2", folder.path().join("..new")).unwrap();
    fs::rename(folder.path().join("..new"), folder.path().join("..data")).unwrap();
    watched.expect(&answering(2.0));
}

#[test]
fn half_a_file_is_refused_and_the_whole_one_taken() {
    let (_folder, file) = folder_with(&answering(1.0));
    let watched = watch(&file, QUICK_POLL);
    let two = answering(2.0);
    fs::write(&file, &two[..two.len() / 2]).unwrap();
    watched.expect_refusal("validate");
    assert_eq!(watched.registry.get("mine").unwrap().digest(), Digest::of(&answering(1.0)));
    fs::write(&file, &two).unwrap();
    watched.expect(&two);
}

#[test]
fn a_folder_may_come_later_and_be_replaced() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("policies");
    let file = folder.join("mine.wasm");
    let watched = watch(&file, QUICK_POLL);
    assert!(watched.registry.get("mine").is_none());
    fs::create_dir(&folder).unwrap();
    fs::write(&file, answering(1.0)).unwrap();
    watched.expect(&answering(1.0));
    fs::rename(&folder, outer.path().join("old")).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(&file, answering(2.0)).unwrap();
    watched.expect(&answering(2.0));
}
