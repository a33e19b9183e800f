//! What a policy may import: the log, and the WASI interfaces that Rust's std leaves behind without using them.
//!
//! The latter are named one by one and become traps. Anything else is refused when the component is loaded, by name and
//! with the way out, because a policy that could reach a clock, a file or a network would not replay.

use super::few::few;
use super::version::SUPPORTED_CONTRACTS;

/// WASI interfaces (0.2) that a `wasm32-wasip2` build of a policy imports because std does. None of them does anything.
const STUBBED: &[(&str, &[&str])] = &[
    (
        "wasi:cli",
        &[
            "environment",
            "exit",
            "stderr",
            "stdin",
            "stdout",
            "terminal-input",
            "terminal-output",
            "terminal-stderr",
            "terminal-stdin",
            "terminal-stdout",
        ],
    ),
    ("wasi:io", &["error", "poll", "streams"]),
];

/// Imports that a policy may not have, at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it imports {}", few(.0.iter(), "; "))]
pub struct ForbiddenImports(pub Vec<ForbiddenImport>);

/// An import that a policy may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`, which a policy can't have: {way_out}")]
pub struct ForbiddenImport {
    /// The import's name.
    pub name: String,
    /// What to do about it.
    pub way_out: String,
}

/// What the host gives for an allowed import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// An interface of the contract itself.
    Contract,
    /// Functions that trap when they are called.
    Trap,
}

/// The imports that are to be traps.
pub(super) fn stubs(names: &[String]) -> Result<Vec<&str>, ForbiddenImports> {
    let mut stubs = Vec::new();
    let mut forbidden = Vec::new();
    for name in names {
        match judge(name) {
            Ok(Given::Trap) => stubs.push(name.as_str()),
            Ok(Given::Contract) => {}
            Err(import) => forbidden.push(import),
        }
    }
    if forbidden.is_empty() { Ok(stubs) } else { Err(ForbiddenImports(forbidden)) }
}

/// Judges an import by its name.
fn judge(name: &str) -> Result<Given, ForbiddenImport> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    match interface {
        "paced:policy/log" | "paced:policy/types" => contract(name, version),
        _ if is_stubbed(interface) && version.starts_with("0.2.") => Ok(Given::Trap),
        _ => Err(refuse(name, way_out(interface).to_owned())),
    }
}

fn contract(name: &str, version: &str) -> Result<Given, ForbiddenImport> {
    let parsed = semver::Version::parse(version);
    if parsed.is_ok_and(|version| SUPPORTED_CONTRACTS.contains(&(version.major, version.minor))) {
        return Ok(Given::Contract);
    }
    Err(refuse(name, "this paced has contract 0.1; rebuild with `paced-policy = \"0.1\"`".to_owned()))
}

fn refuse(name: &str, way_out: String) -> ForbiddenImport {
    ForbiddenImport { name: name.to_owned(), way_out }
}

fn is_stubbed(interface: &str) -> bool {
    interface.split_once('/').is_some_and(|(package, name)| {
        STUBBED.iter().any(|(stubbed, names)| *stubbed == package && names.contains(&name))
    })
}

fn way_out(interface: &str) -> &'static str {
    match interface.split_once('/').map(|(package, _)| package) {
        Some("wasi:clocks") => "time is an input, `now-ms` and `since-last-decision-s`",
        Some("wasi:random") => "chance is an input, `seed`; in Rust a HashMap draws randomness too, so use a BTreeMap",
        Some("wasi:filesystem") => {
            "no file reaches a policy, put what it needs into its params or state; and if it uses none, the adapter for \
             wasip1 is to blame, so build it for `wasm32-wasip2` or `wasm32-unknown-unknown`"
        }
        Some("wasi:sockets" | "wasi:http") => "no network reaches a policy; what it may know is in its input",
        Some("wasi:cli" | "wasi:io") => "it is of a version of WASI other than 0.2, or std does not need it",
        _ => "the only import that does anything is `paced:policy/log`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_and_the_leftovers_of_std_are_allowed() {
        assert_eq!(judge("paced:policy/log@0.1.0"), Ok(Given::Contract));
        assert_eq!(judge("paced:policy/types@0.1.3"), Ok(Given::Contract));
        assert_eq!(judge("wasi:cli/terminal-stdout@0.2.6"), Ok(Given::Trap));
        assert_eq!(judge("wasi:io/streams@0.2.12"), Ok(Given::Trap));
    }

    #[test]
    fn anything_else_is_refused_with_the_way_out() {
        for (name, way_out) in [
            ("wasi:clocks/wall-clock@0.2.6", "time is an input"),
            ("wasi:random/random@0.2.6", "BTreeMap"),
            ("wasi:filesystem/preopens@0.2.6", "no file"),
            ("wasi:http/outgoing-handler@0.2.6", "no network"),
            ("wasi:cli/stdout@0.3.0", "other than 0.2"),
            ("wasi:cli/stdout", "other than 0.2"),
            ("wasi:cli/run@0.2.6", "std does not need it"),
            ("paced:policy/log@0.2.0", "this paced has contract 0.1"),
            ("paced:policy/log", "this paced has contract 0.1"),
            ("paced:policy/journal@0.1.0", "the only import"),
            ("env", "the only import"),
        ] {
            let error = judge(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(way_out), "{error}");
        }
    }
}
