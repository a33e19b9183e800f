//! The cache against restarts, damage, strangers and its bounds.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use paced_core::policy::Policy;

use super::*;
use crate::wasm::tests::{Hand, input};
use crate::wasm::{Engine, Limits, WasmPolicy};

struct Place {
    _dir: tempfile::TempDir,
    folder: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    Place { folder: dir.path().join("compiled"), _dir: dir }
}

impl Place {
    /// Compiles this policy as a program does that has just started, and has it decide.
    fn load(&self, ratio: f64) -> Compiled {
        let engine = Engine::start_caching_in(&self.folder).unwrap();
        let component = Hand::deciding(&format!("(call $answer (f64.const {ratio}))")).component();
        let loaded = engine.load(&component, &Limits::default()).unwrap();
        let compiled = loaded.compiled();
        let decided = WasmPolicy::new(Arc::new(loaded), &[]).unwrap().decide(&input()).unwrap();
        assert_eq!(decided.proposal.dial_ratio, Some(ratio));
        compiled
    }

    fn mode(&self) -> u32 {
        fs::metadata(&self.folder).unwrap().permissions().mode() & 0o777
    }

    fn files(&self) -> Files {
        Files::open(&self.folder).unwrap()
    }

    /// The file of a policy that was loaded.
    fn code(&self, ratio: f64) -> PathBuf {
        let component = Hand::deciding(&format!("(call $answer (f64.const {ratio}))")).component();
        let digest = Digest::of(&component);
        let manifest = self.files().manifest();
        let entry = manifest.0.iter().find(|entry| entry.component == digest).unwrap();
        self.files().code().join(&entry.path)
    }
}

#[test]
fn a_restart_takes_what_was_compiled_before() {
    let place = place();
    assert_eq!(place.load(1.0), Compiled::Afresh);
    assert_eq!(place.load(1.0), Compiled::FromCache);
    assert_eq!(place.load(2.0), Compiled::Afresh);
    assert_eq!((place.load(1.0), place.mode()), (Compiled::FromCache, 0o700));
}

#[test]
fn a_file_that_has_changed_in_any_way_is_compiled_afresh() {
    let place = place();
    place.load(1.0);
    let code = place.code(1.0);
    let good = fs::read(&code).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let places = [0, 1, good.len() / 3, good.len() / 2, good.len() - 5, good.len() - 1].map(flipped);
    let others = [good[..good.len() / 2].to_vec(), Vec::new(), b"not code at all".to_vec()];
    for bytes in places.iter().chain(&others) {
        fs::write(&code, bytes).unwrap();
        assert_eq!(place.load(1.0), Compiled::Afresh);
        assert_eq!(fs::read(&code).unwrap(), good, "the same code is made again");
        assert_eq!(place.load(1.0), Compiled::FromCache);
    }
    fs::remove_file(&code).unwrap();
    assert_eq!((place.load(1.0), place.load(1.0)), (Compiled::Afresh, Compiled::FromCache));
}

#[test]
fn what_the_manifest_does_not_list_is_removed_unread() {
    let place = place();
    place.load(1.0);
    let code = place.code(1.0);
    let planted = code.with_file_name("planted");
    fs::copy(&code, &planted).unwrap();
    fs::write(place.folder.join("manifest"), "rubbish").unwrap();
    assert_eq!(place.load(1.0), Compiled::Afresh, "code that nobody vouches for is not run");
    assert!(!planted.exists());
    assert_eq!(place.load(1.0), Compiled::FromCache);
}

#[test]
fn a_folder_that_others_could_write_to_is_emptied_and_closed() {
    let place = place();
    place.load(1.0);
    fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o775)).unwrap();
    assert_eq!((place.load(1.0), place.mode()), (Compiled::Afresh, 0o700));
}

#[test]
fn a_folder_of_another_owner_and_what_is_no_folder_are_left_alone_and_nothing_is_cached() {
    let elsewhere = place();
    fs::create_dir(&elsewhere.folder).unwrap();
    // Only root can give a folder away; anyone else finds one that isn't theirs at the root.
    let is_given = chown(&elsewhere.folder, Some(12_345), None).is_ok();
    let foreign = if is_given { elsewhere.folder.as_path() } else { Path::new("/") };
    assert!(matches!(Files::open(foreign), Err(CacheError::Foreign(_))));

    let place = place();
    fs::write(&place.folder, b"mine").unwrap();
    assert!(matches!(Files::open(&place.folder), Err(CacheError::NoFolder(_))));
    assert_eq!((place.load(1.0), place.load(1.0)), (Compiled::Afresh, Compiled::Afresh));
    assert_eq!(fs::read(&place.folder).unwrap(), b"mine");
}

#[test]
fn the_files_used_longest_ago_go_first() {
    let place = place();
    for ratio in [1.0, 2.0, 3.0] {
        place.load(ratio);
    }
    let (one, two, three) = (place.code(1.0), place.code(2.0), place.code(3.0));
    assert_eq!(place.load(1.0), Compiled::FromCache);
    let cache = CompileCache { max_entries: 2, ..CompileCache::open(&place.folder).unwrap() };
    cache.compile(Digest::of(b"nothing"), || ());
    assert_eq!([one, two, three].map(|code| code.exists()), [true, false, false], "beside the engine's self-test");

    let cache = CompileCache { max_bytes: 1, ..CompileCache::open(&place.folder).unwrap() };
    cache.compile(Digest::of(b"nothing"), || ());
    assert!(place.files().manifest().0.is_empty());
}
