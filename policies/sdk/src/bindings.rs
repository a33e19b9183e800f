//! The contract in `wit/0.1` as Rust, generated.
//!
//! Nothing outside this crate names these types: authors see the SDK's own, which stay when the contract gets another
//! version.
#![allow(unsafe_code, reason = "generated code crosses the component's ABI through raw pointers")]
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit/0.1",
    world: "policy",
    pub_export_macro: true,
});
