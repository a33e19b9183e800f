//! The loader is total: any bytes in, a typed verdict out.

use super::*;

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

/// A component of another world, with these functions in its controller.
fn with_controller(functions: &str, module: &str) -> Vec<u8> {
    let wit = format!(
        "package paced:policy@0.1.0; interface controller {{ {functions} }} world other {{ export controller; }}"
    );
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("other.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], Some("other")).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    wit_component::ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

#[test]
fn a_controller_without_all_its_functions_is_told_which_is_missing() {
    let bytes =
        with_controller("migrate: func();", r#"(module (func (export "paced:policy/controller@0.1.0#migrate")))"#);
    let (stage, words) = refusal(&bytes);
    assert_eq!(stage, "version");
    assert!(words.contains("but not as contract 0.1.0 has it (") && words.contains("describe"), "{words}");
}

#[test]
fn functions_of_other_types_are_another_contract() {
    let bytes = with_controller(
        "describe: func() -> u32; decide: func(ratio: f64) -> f64; migrate: func();",
        r#"(module
            (func (export "paced:policy/controller@0.1.0#describe") (result i32) (i32.const 1))
            (func (export "paced:policy/controller@0.1.0#decide") (param f64) (result f64) (local.get 0))
            (func (export "paced:policy/controller@0.1.0#migrate")))"#,
    );
    let (stage, words) = refusal(&bytes);
    assert_eq!(stage, "version");
    assert!(words.contains("but not as contract 0.1.0 has it ("), "{words}");
}

#[test]
fn a_component_of_another_world_is_no_policy() {
    for export in ["wasi:cli/run@0.2.6", "wasi:http/incoming-handler@0.2.6", "paced:policy/log@0.1.0"] {
        let (stage, words) = refusal_of(&format!(r#"(component (instance $i) (export "{export}" (instance $i)))"#));
        assert_eq!(stage, "version");
        assert!(words.contains(export) && words.contains("a component but no policy"), "{words}");
    }
}
