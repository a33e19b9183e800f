//! Bytes that were a component once: cut short, or changed.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::shipped::SHIPPED;

#[test]
fn every_prefix_of_a_component_is_refused() {
    let bytes = Hand::default().component();
    assert!((2_000..10_000).contains(&bytes.len()), "small, and yet whole: {}", bytes.len());
    // What comes after the exports is for tools (names, producers): cut there, it is a whole component.
    let whole = exports_end(&bytes);
    assert!(engine().load(&bytes[..whole], &Limits::default()).is_ok());
    for end in 0..whole {
        assert!(engine().load(&bytes[..end], &Limits::default()).is_err(), "{end} of {}", bytes.len());
    }
}

fn exports_end(bytes: &[u8]) -> usize {
    let ends = wasmparser::Parser::new(0).parse_all(bytes).filter_map(|payload| match payload.unwrap() {
        wasmparser::Payload::ComponentExportSection(section) => Some(section.range().end),
        _ => None,
    });
    ends.max().unwrap()
}

/// Some two hundred prefixes of each: those that end at a section or a byte beside it, and others at equal distances.
#[test]
fn prefixes_of_real_components_are_refused() {
    for (name, bytes) in SHIPPED {
        let whole = exports_end(bytes);
        let sections = wasmparser::Parser::new(0).parse_all(bytes).filter_map(|payload| payload.unwrap().as_section());
        let at_sections = sections.flat_map(|(_, range)| [range.start, range.end]).flat_map(|end| end - 1..=end + 1);
        let equally_far = (0..100).map(|n| n * whole / 100);
        for end in at_sections.chain(equally_far).filter(|end| *end < whole) {
            assert!(engine().load(&bytes[..end], &Limits::default()).is_err(), "{name}, {end} of {}", bytes.len());
        }
    }
}

/// Loads it, and asks for a decision if that can be done: whatever comes, something comes.
fn try_out(bytes: &[u8]) {
    if let Ok(loaded) = engine().load(bytes, &Limits::default()) {
        let params = loaded.descriptor().resolve(&[]).unwrap_or_default();
        if let Ok(mut policy) = WasmPolicy::new(Arc::new(loaded), &[]) {
            let _ = policy.decide(&Input { params, ..input() });
        }
    }
}

/// The seeds of the fuzz target `loader`, and whatever it found.
#[test]
fn the_fuzzers_corpus_is_borne() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/loader");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    files.iter().for_each(|file| try_out(&fs::read(file).unwrap()));
}

/// Changes to some bytes, a stretch that is left out, or one that stands twice.
fn mutate(bytes: &mut Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) {
    for (at, kind, value) in changes {
        let at = at.index(bytes.len());
        let end = (at + usize::from(*value)).min(bytes.len());
        match kind % 4 {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => drop(bytes.drain(at..end)),
            _ => bytes.splice(at..at, bytes[at..end].to_vec()).for_each(drop),
        }
        if bytes.is_empty() {
            bytes.push(*value);
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let header = b"\0asm\x0d\0\x01\0";
        prop_assert!(engine().load(&bytes, &Limits::default()).is_err());
        prop_assert!(engine().load(&[header.as_slice(), &bytes].concat(), &Limits::default()).is_err());
    }

    #[test]
    fn a_component_that_was_changed_loads_or_is_refused(changes in changes()) {
        let mut bytes = Hand::default().component();
        mutate(&mut bytes, &changes);
        try_out(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_real_component_that_was_changed_loads_or_is_refused(
        which in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let mut bytes = which.get(SHIPPED).1.to_vec();
        mutate(&mut bytes, &changes);
        try_out(&bytes);
    }
}
