//! The policy that `paced policy new` hands out compiles against this SDK, and passes its own tests.

#![expect(unreachable_pub, reason = "it is a crate's root in its author's hands")]

#[path = "../../../host/src/cli/policy/template/src/lib.rs"]
mod template;
