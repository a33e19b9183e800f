//! Components that are too much of something: refused while they are looked through, before anything is compiled.

use super::*;

const THIRTY_MB: usize = 30 << 20;

fn too_much(wat: &str, what: &str) {
    let (stage, refused) = refusal_of(wat);
    assert_eq!(stage, "validate", "{refused}");
    assert!(refused.starts_with(&format!("it has {what}: ")), "{refused}");
}

#[test]
fn thirty_megabytes_of_zeros_are_refused_at_their_first_bytes() {
    let (stage, refused) = refusal(&vec![0; THIRTY_MB]);
    assert_eq!(stage, "validate");
    assert!(refused.ends_with("at byte 0): is the file complete?"), "{refused}");
    let header = b"\0asm\x0d\0\x01\0".to_vec();
    let (stage, refused) = refusal(&[header, vec![0; THIRTY_MB]].concat());
    assert_eq!(stage, "validate", "{refused}");
}

#[test]
fn thirty_megabytes_of_nothing_in_a_sound_component_are_let_be() {
    let mut bytes = Hand::default().component();
    // A section for tools: its number, its size, an empty name.
    bytes.push(0);
    let mut left = THIRTY_MB;
    while left >= 0x80 {
        bytes.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes.resize(bytes.len() + THIRTY_MB, 0);
    assert!(engine().load(&bytes, &Limits::default()).is_ok());
}

#[test]
fn data_that_does_not_fit_into_the_memory_is_a_memory_fault() {
    let fields = "(memory $big 200) (data (memory $big) (i32.const 13000000) \"x\")".to_owned();
    let (stage, refused) = refusal_of_hand(&Hand { fields, ..Hand::default() });
    assert_eq!(stage, "describe");
    assert!(refused.starts_with("it can't describe itself: memory: it wanted "), "{refused}");
}

/// Seen to fail when `Scan::types` does not count.
#[test]
fn thousands_of_types_functions_names_and_components_are_refused() {
    too_much(&format!("(component (core module {}))", "(type (func))".repeat(50_001)), "types");
    too_much(&format!("(component {})", "(type (list u8))".repeat(50_001)), "types");
    too_much(&format!("(component {})", "(core type (func))".repeat(50_001)), "types");
    too_much(&format!("(component (core module {}))", "(func)".repeat(100_001)), "functions");
    let imports: String = (0..1_001).map(|n| format!("(import \"i{n}\" (func))")).collect();
    too_much(&format!("(component {imports})"), "imports");
    let (stage, refused) = refusal(&component_of_depth(2_000));
    assert_eq!((stage, refused.starts_with("it has nested components: ")), ("validate", true), "{refused}");
}

/// Components within each other, each of which has a header and one section: the next.
fn component_of_depth(depth: usize) -> Vec<u8> {
    let header = b"\0asm\x0d\0\x01\0";
    (0..depth).fold(header.to_vec(), |inner, _| {
        let mut outer = header.to_vec();
        outer.push(4);
        let mut left = inner.len();
        while left >= 0x80 {
            outer.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        outer.push(left as u8);
        outer.extend(inner);
        outer
    })
}

#[test]
fn thousands_of_components_side_by_side_are_looked_through_and_not_run() {
    let (stage, refused) = refusal_of(&format!("(component {} {EMPTY_CONTROLLER})", "(component)".repeat(5_000)));
    assert!(matches!(stage, "compile" | "version"), "{stage}: {refused}");
    let many = "(instance (instantiate 0))".repeat(5_000);
    too_much(&format!("(component (component) {many} (instance $i) (export \"x\" (instance $i)))"), "instances");
}

/// A third of the limit, so that the suite does not spend half a minute on what it would also refuse.
#[test]
fn a_great_many_functions_that_are_allowed_load() {
    let fields = "(func)".repeat(2_000) + &"(type (func (param i32 i64)))".repeat(2_000);
    assert!(engine().load(&Hand { fields, ..Hand::default() }.component(), &Limits::default()).is_ok());
}
