//! What an author can do about a component that is refused, and about a decision that faults.

use paced_core::policy::{Fault, FaultClass};

use super::diagnostic::Diagnostic;
use crate::wasm::{ForbiddenImports, LoadError, ScanError};

/// The profile that makes a Rust component small.
const SMALL: &str = "set `opt-level = \"s\"`, `lto = true`, `strip = true` and `panic = \"abort\"` in [profile.release], \
                     and build with `--release`";

/// A refusal by the loader, explained.
pub(super) fn of_load(file: &str, refusal: &LoadError) -> Diagnostic {
    let found = |what: &str| Diagnostic::error(refusal.stage().as_str(), what, file);
    match refusal {
        LoadError::Size { .. } => found("the file is too large").note("why", refusal.to_string()).help(SMALL),
        LoadError::Validate(scan) => of_scan(&found, scan),
        LoadError::Version(error) => with_way_out(found("it has no contract that this paced runs"), &error.to_string()),
        LoadError::Import(forbidden) => of_imports(found("it imports what no policy can have"), forbidden),
        LoadError::Compile(_) => found("the compiler refuses it")
            .note("why", refusal.to_string())
            .help("build it without `-C target-feature`: threads, relaxed SIMD and 64-bit memories are left out here"),
        LoadError::Link(_) => found("its imports have other types than the contract's")
            .note("why", refusal.to_string())
            .help("build it against the `paced-policy`, or the WIT, of this paced's own version"),
        LoadError::Describe(fault) => of_fault(found("it can't describe itself"), fault),
        LoadError::Descriptor(error) => with_way_out(found("what it says of itself can't be"), &error.to_string())
            .help("correct NAME, VERSION, SUMMARY or `params!` in the crate"),
    }
}

/// Each import with what usually brings it in; a way out that serves several is given once.
fn of_imports(problem: Diagnostic, forbidden: &ForbiddenImports) -> Diagnostic {
    let mut ways_out: Vec<_> = forbidden.0.iter().map(|import| import.way_out.as_str()).collect();
    ways_out.sort_unstable();
    ways_out.dedup();
    let named = forbidden
        .0
        .iter()
        .fold(problem, |problem, import| problem.note("why", format!("`{}` ({})", import.name, import.cause)));
    ways_out.into_iter().fold(named, Diagnostic::help)
}

fn of_scan(found: &dyn Fn(&str) -> Diagnostic, scan: &ScanError) -> Diagnostic {
    let why = scan.to_string();
    match scan {
        ScanError::Malformed { .. } => found("it is not WebAssembly, or not all of it")
            .note("why", why)
            .help("name the component that the build made, such as target/wasm32-wasip2/release/NAME.wasm"),
        ScanError::CoreModule => with_way_out(found("it is a plain module, not a component"), &why),
        ScanError::TooMuch { .. } => found("compiling it would cost too much").note("why", why).help(SMALL),
    }
}

/// Adds a message of the form "why: what to do".
fn with_way_out(problem: Diagnostic, message: &str) -> Diagnostic {
    match message.rsplit_once(": ") {
        Some((why, way_out)) => problem.note("why", why).help(way_out),
        None => problem.note("why", message),
    }
}

/// Adds a fault, and what to do about its class.
pub(super) fn of_fault(problem: Diagnostic, fault: &Fault) -> Diagnostic {
    let help = match fault.class {
        FaultClass::Trap => "it panicked or broke off: put this input into a unit test with `testing::run`",
        FaultClass::Fuel => "bound its loops; `fuel` in [policies.NAME.limits] raises the limit",
        FaultClass::Deadline => "bound its loops; `deadline` in [policies.NAME.limits] raises the limit",
        FaultClass::Memory => "keep less; `memory` in [policies.NAME.limits] raises the limit",
        FaultClass::Declined => "an error counts as a fault: where there is merely nothing to say, hold",
        FaultClass::BadOutput => "check what it divides by, and bound what it collects",
    };
    problem.note("why", fault.to_string()).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::Limits;
    use crate::wasm::tests::{Hand, engine};

    fn explained(component: &[u8]) -> String {
        let refusal = engine().load(component, &Limits::default()).unwrap_err();
        of_load("x.wasm", &refusal).to_string()
    }

    #[test]
    fn a_plain_module_is_explained_with_the_target_to_build_for() {
        let shown = explained(&wat::parse_str("(module)").unwrap());
        assert!(
            shown.starts_with(
                "error[validate]: it is a plain module, not a component\n --> x.wasm\n  |\n  \
                 = why: it is a core module, not a component\nhelp: build it for `wasm32-wasip2`"
            ),
            "{shown}"
        );
    }

    #[test]
    fn each_forbidden_import_is_explained_with_its_way_out() {
        let wat = r#"(component (import "wasi:random/random@0.2.6" (instance))
                                (import "wasi:clocks/wall-clock@0.2.6" (instance))
                                (instance $i) (export "paced:policy/controller@0.1.0" (instance $i)))"#;
        let shown = explained(&wat::parse_str(wat).unwrap());
        assert!(shown.starts_with("error[imports]: "), "{shown}");
        assert!(shown.contains("use a BTreeMap") && shown.contains("time is an input"), "{shown}");
        assert!(shown.contains("`getrandom`") && shown.contains("`chrono`"), "{shown}");
    }

    #[test]
    fn a_component_that_is_no_policy_is_told_what_makes_one() {
        let shown = explained(&wat::parse_str("(component)").unwrap());
        assert!(shown.starts_with("error[version]: ") && shown.contains("\nhelp: build it with"), "{shown}");
        let shown = explained(b"#!/bin/sh");
        assert!(shown.starts_with("error[validate]: it is not WebAssembly"), "{shown}");
    }

    #[test]
    fn a_policy_that_can_not_describe_itself_gives_the_fault() {
        let shown = explained(&Hand { describe: "unreachable".to_owned(), ..Hand::default() }.component());
        assert!(
            shown.contains("error[describe]: it can't describe itself") && shown.contains("= why: trap: "),
            "{shown}"
        );
    }
}
