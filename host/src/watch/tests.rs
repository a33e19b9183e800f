//! The watch over real folders. Each test waits for an outcome, not for a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use super::*;
use crate::registry::{Activated, PolicySpec, Source};
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
    let report = move |_: &str, outcome| {
        let _ = sender.send(outcome);
    };
    let watch = Watch::start(Arc::clone(&registry), pace, report).unwrap();
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

/// Replaces a file as editors and deploys do.
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
