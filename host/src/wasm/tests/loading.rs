//! The loader is total: any bytes in, a typed verdict out.

use proptest::prelude::*;

use super::*;

fn refusal(bytes: &[u8]) -> (&'static str, String) {
    let error = engine().load(bytes, &Limits::default()).unwrap_err();
    (error.stage().as_str(), error.to_string())
}

fn refusal_of(wat: &str) -> (&'static str, String) {
    refusal(&wat::parse_str(wat).unwrap())
}

#[test]
fn a_sound_component_loads_with_all_that_is_known_of_it() {
    let bytes = Hand::default().component();
    let loaded = engine().load(&bytes, &Limits::default()).unwrap();
    assert_eq!(loaded.descriptor().name, "test");
    assert_eq!(loaded.descriptor().params[0].name, "kp");
    assert_eq!(loaded.contract().to_string(), "0.1.0");
    assert_eq!(loaded.imports(), ["paced:policy/log@0.1.0", "paced:policy/types@0.1.0"]);
    assert_eq!(loaded.size_bytes(), bytes.len() as u64);
    assert_eq!(loaded.digest(), crate::wasm::Digest::of(&bytes));
}

#[test]
fn every_prefix_of_a_component_is_refused() {
    let bytes = Hand::default().component();
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

#[test]
fn bytes_that_are_no_policy_are_refused_at_the_stage_that_tells() {
    assert_eq!(refusal(b"").0, "validate");
    assert_eq!(refusal(b"<html>404</html>").0, "validate");
    let (stage, words) = refusal_of("(module)");
    assert_eq!(stage, "validate");
    assert!(words.contains("core module") && words.contains("wasm32-wasip2"), "{words}");
    let (stage, words) = refusal_of("(component)");
    assert_eq!(stage, "version");
    assert!(words.contains("it exports nothing"), "{words}");
}

#[test]
fn a_file_over_the_size_limit_is_not_even_looked_at() {
    let limits = Limits { component_bytes: 1 << 10, ..Limits::default() };
    let error = engine().load(&[0; 1025], &limits).unwrap_err();
    assert_eq!(error.stage().as_str(), "read");
    assert!(error.to_string().contains("1025 bytes"), "{error}");
}

#[test]
fn another_contract_is_refused_in_words() {
    let controller = |version: &str| {
        refusal_of(&format!(r#"(component (instance $i) (export "paced:policy/controller{version}" (instance $i)))"#))
    };
    let (stage, words) = controller("@0.2.0");
    assert_eq!(stage, "version");
    assert!(words.contains("controller@0.2.0") && words.contains("paced-policy = \"0.1\""), "{words}");
    let (stage, words) = controller("@0.1.0");
    assert_eq!(stage, "version");
    assert!(words.contains("but not as contract 0.1.0 has it"), "{words}");
}

const EMPTY_CONTROLLER: &str = r#"(instance $i) (export "paced:policy/controller@0.1.0" (instance $i))"#;

#[test]
fn forbidden_imports_are_refused_by_name() {
    for (import, way_out) in [
        ("wasi:clocks/wall-clock@0.2.6", "now-ms"),
        ("wasi:random/random@0.2.6", "BTreeMap"),
        ("paced:policy/secrets@0.1.0", "paced:policy/log"),
    ] {
        let (stage, words) = refusal_of(&format!(r#"(component (import "{import}" (instance)) {EMPTY_CONTROLLER})"#));
        assert_eq!(stage, "imports");
        assert!(words.contains(import) && words.contains(way_out), "{words}");
    }
}

#[test]
fn every_forbidden_import_is_named_at_once() {
    let (_, words) = refusal_of(&format!(
        r#"(component (import "wasi:http/types@0.2.6" (instance)) (import "odd" (func)) {EMPTY_CONTROLLER})"#
    ));
    assert_eq!(
        words,
        "it imports `wasi:http/types@0.2.6`, which a policy can't have: no network reaches a policy; what it may know \
         is in its input; `odd`, which a policy can't have: the only import that does anything is `paced:policy/log`"
    );
}

#[test]
fn a_log_of_another_type_is_refused() {
    let (stage, words) = refusal_of(&format!(
        r#"(component
            (import "paced:policy/log@0.1.0" (instance (export "write" (func (param "message" string)))))
            {EMPTY_CONTROLLER})"#
    ));
    assert_eq!(stage, "imports", "{words}");
}

#[test]
fn a_component_of_many_instances_is_compiled_up_to_the_limit() {
    let stage = |instances: usize| {
        let instances = "(core instance (instantiate $m))".repeat(instances);
        refusal_of(&format!("(component (core module $m) {instances} {EMPTY_CONTROLLER})")).0
    };
    // componentize-py makes 38. What compiles is then refused for its empty controller.
    assert_eq!(stage(38), "version");
    assert_eq!(stage(65), "compile");
}

#[test]
fn features_left_out_are_refused() {
    for module in [
        "(memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0))))",
        "(func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))",
        "(memory i64 1)",
    ] {
        let (stage, words) = refusal_of(&format!("(component (core module {module}) {EMPTY_CONTROLLER})"));
        assert_eq!(stage, "compile", "{words}");
    }
}

#[test]
fn a_policy_that_cannot_describe_itself_is_refused() {
    let describe = |body: &str| {
        let hand = Hand { describe: body.to_owned(), ..Hand::default() };
        refusal(&hand.component())
    };
    for (body, words) in [
        ("unreachable", "it can't describe itself: trap: it panicked"),
        ("(loop $l (br $l)) unreachable", "it can't describe itself: fuel:"),
        ("(i32.store (i32.const 68) (i32.const 0)) (i32.const 64)", "the policy is named \"\""),
        ("(i32.store (i32.const 96) (i32.const 2)) (i32.const 64)", "describes itself wrongly"),
        ("(f64.store (i32.const 168) (f64.const 9)) (i32.const 64)", "default 9: it must be a number from 0 to 5"),
        ("(i32.store (i32.const 96) (i32.const 100000000)) (i32.const 64)", "can't be read"),
    ] {
        let (stage, refused) = describe(body);
        assert_eq!(stage, "describe");
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_patch_version_of_the_contract_is_the_same_contract() {
    // Both names have the same length, so that the bytes may simply be replaced.
    let mut bytes = Hand::default().component();
    let (old, new) = (b"@0.1.0", b"@0.1.7");
    while let Some(at) = bytes.windows(old.len()).position(|window| window == old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    let loaded = engine().load(&bytes, &Limits::default()).unwrap();
    assert_eq!(loaded.contract().to_string(), "0.1.7");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let header = b"\0asm\x0d\0\x01\0";
        prop_assert!(engine().load(&bytes, &Limits::default()).is_err());
        prop_assert!(engine().load(&[header.as_slice(), &bytes].concat(), &Limits::default()).is_err());
    }

    #[test]
    fn a_component_with_bytes_changed_loads_or_is_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = Hand::default().component();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Only that it comes back matters.
        let _ = engine().load(&bytes, &Limits::default());
    }
}
