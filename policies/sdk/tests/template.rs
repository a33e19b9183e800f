//! The policy that `paced policy new` hands out compiles against this SDK, and passes its own tests.

#[path = "../../../host/src/cli/policy/template/src/lib.rs"]
mod template;
