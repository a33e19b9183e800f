//! The policy that `paced policy new` hands out compiles against this SDK, and passes its own tests.

#[expect(unreachable_pub, reason = "the template is the root of its own crate")]
#[path = "../../../host/src/cli/policy/template/src/lib.rs"]
mod template;
