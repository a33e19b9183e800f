//! Policies written by hand for the tests, hostile ones among them.
//!
//! [`Hand`] is a core module in WebAssembly text with the contract's functions, and [`Hand::component`] makes it a
//! component as a policy author's tools would. The end-to-end tests include this file too: it names nothing of paced.

/// A policy in WebAssembly text. Memory below 4096 is the template's; `$answer` makes a decision of a ratio.
#[derive(Clone)]
pub(crate) struct Hand {
    /// Body of `decide`, with `$input` pointing to the input; it leaves a pointer to the result.
    pub(crate) decide: String,
    /// Body of `describe`; it leaves a pointer to the descriptor.
    pub(crate) describe: String,
    /// Body of `migrate`, with `$from`, `$state` and `$length`; it leaves a pointer to the result.
    pub(crate) migrate: String,
    /// Body of `cabi_realloc`, by which the host asks for room for what it hands over.
    pub(crate) realloc: String,
    /// Body of what is called once an answer of `decide` was read, with `$answered` pointing to it; "" for none.
    pub(crate) post_return: String,
    /// More fields of the module.
    pub(crate) fields: String,
    /// Whether it imports what Rust's std leaves behind, as `$exit` and `$stderr`.
    pub(crate) with_wasi: bool,
}

impl Default for Hand {
    fn default() -> Self {
        Self {
            decide: "(call $answer (f64.const 1.5))".to_owned(),
            describe: "(i32.const 64)".to_owned(),
            migrate: "(i32.store8 (i32.const 320) (i32.const 1)) (i32.const 320)".to_owned(),
            realloc: BUMP.to_owned(),
            post_return: String::new(),
            fields: String::new(),
            with_wasi: false,
        }
    }
}

impl Hand {
    /// One that decides like this.
    pub(crate) fn deciding(decide: &str) -> Self {
        Self { decide: decide.to_owned(), ..Self::default() }
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let Self { decide, describe, migrate, realloc, post_return, fields, with_wasi } = self;
        let post_return = match post_return.as_str() {
            "" => String::new(),
            body => {
                let name = "cabi_post_paced:policy/controller@0.1.0#decide";
                format!("(func (export \"{name}\") (param $answered i32) {body})")
            }
        };
        let wasi = if *with_wasi { WASI_IMPORTS } else { "" };
        let wat = format!(
            r#"(module
                (import "paced:policy/log@0.1.0" "write" (func $log (param i32 i32 i32)))
                {wasi}
                (memory (export "memory") 2)
                (data (i32.const 16) "test") (data (i32.const 24) "1.0.0") (data (i32.const 32) "as it is told")
                (data (i32.const 64)
                    "\10\00\00\00\04\00\00\00" "\18\00\00\00\05\00\00\00" "\20\00\00\00\0d\00\00\00"
                    "\01\00\00\00" "\80\00\00\00\01\00\00\00")
                ;; at 128 the one parameter: kp, a number from 0 to 5, 0.15 by default
                (data (i32.const 120) "kp")
                (data (i32.const 128)
                    "\78\00\00\00\02\00\00\00" "\00\00\00\00\00\00\00\00"
                    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\14\40"
                    "\00\00\00\00\00\00\00\00" "\33\33\33\33\33\33\c3\3f"
                    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
                (global $heap (mut i32) (i32.const 65536))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                {post_return}
                (func $answer (param $ratio f64) (result i32)
                    (i32.store8 (i32.const 264) (i32.const 1))
                    (f64.store (i32.const 272) (local.get $ratio))
                    (i32.const 256))
                (func $decline (param $text i32) (param $length i32) (result i32)
                    (i32.store8 (i32.const 256) (i32.const 1))
                    (i32.store (i32.const 264) (local.get $text))
                    (i32.store (i32.const 268) (local.get $length))
                    (i32.const 256))
                (func (export "paced:policy/controller@0.1.0#describe") (result i32) {describe})
                (func (export "paced:policy/controller@0.1.0#decide") (param $input i32) (result i32) {decide})
                (func (export "paced:policy/controller@0.1.0#migrate")
                    (param $from i32) (param $state i32) (param $length i32) (result i32) {migrate})
                {fields})"#
        );
        let mut module = wat::parse_str(&wat).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        let mut package = resolve.push_str("policy.wit", include_str!("../../../../wit/0.1/policy.wit")).unwrap();
        if *with_wasi {
            for wit in WASI_WIT {
                package = resolve.push_str("wasi.wit", wit).unwrap();
            }
        }
        let world = resolve.select_world(&[package], Some("policy")).unwrap();
        let utf8 = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
        wit_component::ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
    }
}

/// An allocator that never frees: an instance lives for one call.
const BUMP: &str = "(global.get $heap)
    (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get 3)) (i32.const 15)) (i32.const -8)))";

const WASI_IMPORTS: &str = r#"
    (import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))
    (import "wasi:cli/stderr@0.2.6" "get-stderr" (func $stderr (result i32)))"#;

/// A little of WASI, and the world of a policy that imports it.
const WASI_WIT: [&str; 3] = [
    "package wasi:io@0.2.6; interface streams { resource output-stream { flush: func(); } }",
    "package wasi:cli@0.2.6;
     interface exit { exit: func(status: result); }
     interface stderr { use wasi:io/streams@0.2.6.{output-stream}; get-stderr: func() -> output-stream; }",
    "package test:it;
     world policy {
        include paced:policy/policy@0.1.0;
        import wasi:cli/exit@0.2.6;
        import wasi:cli/stderr@0.2.6;
     }",
];
