//! What a policy may import: the log, and the WASI interfaces that Rust's std leaves behind without using them.
//!
//! The latter are named one by one and become traps. Anything else is refused when the component is loaded, by name and
//! with the way out, because a policy that could reach a clock, a file or a network would not replay.

use super::contract::Contract;
use super::few::few;
use super::version::{newest, supported};

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
#[error("`{name}`, which a policy can't have ({cause}): {way_out}")]
pub struct ForbiddenImport {
    /// The import's name.
    pub name: String,
    /// What in a crate usually brings it in.
    pub cause: String,
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
        _ => Err(refuse(name, explanation(interface))),
    }
}

fn contract(name: &str, version: &str) -> Result<Given, ForbiddenImport> {
    let parsed = semver::Version::parse(version);
    if parsed.is_ok_and(|version| Contract::of(&version).is_some()) {
        return Ok(Given::Contract);
    }
    let cause = format!("it is of another contract; this paced supports {}", supported());
    let way_out = format!("rebuild it with `paced-policy = \"{}\"`, or update paced", newest());
    Err(ForbiddenImport { name: name.to_owned(), cause, way_out })
}

fn refuse(name: &str, (cause, way_out): (&str, &str)) -> ForbiddenImport {
    ForbiddenImport { name: name.to_owned(), cause: cause.to_owned(), way_out: way_out.to_owned() }
}

fn is_stubbed(interface: &str) -> bool {
    interface.split_once('/').is_some_and(|(package, name)| {
        STUBBED.iter().any(|(stubbed, names)| *stubbed == package && names.contains(&name))
    })
}

/// What usually brings an interface in, by the crates that authors meet, and the way out.
fn explanation(interface: &str) -> (&'static str, &'static str) {
    match interface.split_once('/').map(|(package, _)| package) {
        Some("wasi:clocks") => (
            "usually `std::time`, or `chrono`, `time` or `jiff` asked for the current time",
            "time is an input, `now-ms` and `since-last-decision-s`; take a crate's own clock out by its features \
             (`chrono` without `clock`)",
        ),
        Some("wasi:random") => (
            "usually `rand`, `getrandom` or `uuid`, or a std HashMap, which draws a random key",
            "chance is an input, `seed`, for a generator such as `rand_pcg`; instead of a HashMap use a BTreeMap",
        ),
        Some("wasi:filesystem") => (
            "usually `std::fs`, a crate that reads its data from files, or the adapter for wasip1",
            "no file reaches a policy, so put what it needs into its params or state, or `include_bytes!` it; and if \
             it uses none, build it for `wasm32-wasip2` or `wasm32-unknown-unknown`, which need no adapter",
        ),
        Some("wasi:sockets") => (
            "usually `std::net`, `tokio` or `socket2`",
            "no network reaches a policy; what it may know is in its input",
        ),
        Some("wasi:http") => (
            "usually `reqwest`, `ureq` or another client",
            "no network reaches a policy; what it may know is in its input",
        ),
        Some("wasi:cli" | "wasi:io") => (
            "it is of a version of WASI other than 0.2, or nothing that std needs",
            "build it with a toolchain whose `wasm32-wasip2` means WASI 0.2",
        ),
        _ => (
            "no other interface is given to a policy",
            "the only import that does anything is `paced:policy/log`; take out the crate or the WIT that wants it",
        ),
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
    fn anything_else_is_refused_with_what_usually_causes_it_and_the_way_out() {
        for (name, cause, way_out) in [
            ("wasi:clocks/wall-clock@0.2.6", "`std::time`", "time is an input"),
            ("wasi:random/random@0.2.6", "`getrandom`", "BTreeMap"),
            ("wasi:filesystem/preopens@0.2.6", "`std::fs`", "no file"),
            ("wasi:sockets/tcp@0.2.6", "`std::net`", "no network"),
            ("wasi:http/outgoing-handler@0.2.6", "`reqwest`", "no network"),
            ("wasi:cli/stdout@0.3.0", "other than 0.2", "WASI 0.2"),
            ("wasi:cli/stdout", "other than 0.2", "WASI 0.2"),
            ("wasi:cli/run@0.2.6", "nothing that std needs", "WASI 0.2"),
            ("paced:policy/log@0.2.0", "this paced supports 0.1", "update paced"),
            ("paced:policy/log", "this paced supports 0.1", "update paced"),
            ("paced:policy/journal@0.1.0", "no other interface", "the only import"),
            ("env", "no other interface", "the only import"),
        ] {
            let error = judge(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(cause) && error.contains(way_out), "{error}");
        }
    }
}
