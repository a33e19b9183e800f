//! Which version of the contract a component is built for, told from its exports, and a mismatch said in words.
//!
//! Patch versions of the contract never change a type, so 0.1.0 and 0.1.7 are the same to the host; a new minor version
//! is another contract with a bindings module of its own.

use semver::Version;

use super::contract::Contract;
use super::few::few;

/// The interface that every policy exports, without its version.
const CONTROLLER: &str = "paced:policy/controller";

/// The component is no policy that this host can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is built for a version of the contract that this host does not know.
    #[error(
        "it exports `{CONTROLLER}@{found}`; this paced supports {}: rebuild it with `paced-policy = \"{}\"`, or {}",
        supported(), newest(), if is_newer(found) { "update paced" } else { "run it on an older paced" }
    )]
    Unsupported {
        /// The version in the export's name.
        found: Version,
    },
    /// It exports the interface without a version, or with one that is none.
    #[error("it exports `{export}`, whose version can't be told: rebuild it with `paced-policy = \"{}\"`", newest())]
    Unversioned {
        /// The export's name.
        export: String,
    },
    /// It exports no policy at all.
    #[error(
        "it exports {exports}, but no `{CONTROLLER}`, so it is a component but no policy: \
         build it with `paced-policy = \"{}\"` and its export macro",
        newest()
    )]
    NoPolicy {
        /// What it exports, or "nothing".
        exports: String,
    },
    /// The export has the right name and other types than that version of the contract.
    #[error(
        "it exports `{CONTROLLER}@{version}`, but not as contract {version} has it ({difference}): \
         rebuild it with `paced-policy = \"{}\"`",
        newest()
    )]
    Mismatch {
        /// The version in the export's name.
        version: Version,
        /// What differs.
        difference: String,
    },
}

/// The contract that a component with these exports is built for, and the version that its export names.
///
/// Of several, the newest that this host runs: a component may well serve older hosts, too.
pub(super) fn contract(exports: &[String]) -> Result<(Contract, Version), VersionError> {
    let of_controller = exports
        .iter()
        .filter(|name| name.strip_prefix(CONTROLLER).is_some_and(|rest| rest.is_empty() || rest.starts_with('@')));
    let mut runs: Option<(Contract, Version)> = None;
    let mut other = None;
    for export in of_controller {
        match export.split_once('@').and_then(|(_, version)| Version::parse(version).ok()) {
            Some(found) => match Contract::of(&found) {
                Some(contract) if runs.as_ref().is_none_or(|(_, best)| found > *best) => runs = Some((contract, found)),
                Some(_) => {}
                None => other = Some(VersionError::Unsupported { found }),
            },
            None => other = other.or_else(|| Some(VersionError::Unversioned { export: export.clone() })),
        }
    }
    runs.ok_or_else(|| other.unwrap_or_else(|| VersionError::NoPolicy { exports: named(exports) }))
}

fn named(exports: &[String]) -> String {
    if exports.is_empty() { "nothing".to_owned() } else { few(exports.iter().map(|name| format!("`{name}`")), ", ") }
}

/// The versions that this host runs, in words.
pub(super) fn supported() -> String {
    let versions: Vec<_> = Contract::ALL.iter().map(|contract| in_words(*contract)).collect();
    versions.join(", ")
}

/// The version to build for.
pub(super) fn newest() -> String {
    Contract::ALL.last().map(|contract| in_words(*contract)).unwrap_or_default()
}

fn in_words(contract: Contract) -> String {
    let (major, minor) = contract.number();
    format!("{major}.{minor}")
}

fn is_newer(found: &Version) -> bool {
    Contract::ALL.iter().all(|contract| (found.major, found.minor) > contract.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(exports: &[&str]) -> Result<String, String> {
        let exports: Vec<_> = exports.iter().map(|name| (*name).to_owned()).collect();
        contract(&exports).map(|(_, version)| version.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn any_patch_version_of_a_supported_contract_is_taken() {
        assert_eq!(verdict(&["paced:policy/controller@0.1.0"]), Ok("0.1.0".to_owned()));
        assert_eq!(verdict(&["x", "paced:policy/controller@0.1.9"]), Ok("0.1.9".to_owned()));
        let patches = ["paced:policy/controller@0.1.9", "paced:policy/controller@0.1.0"];
        assert_eq!(verdict(&patches), Ok("0.1.9".to_owned()), "the newest of those that this host runs");
        let both = ["paced:policy/controller@0.2.0", "paced:policy/controller@0.1.0"];
        assert_eq!(verdict(&both), Ok("0.1.0".to_owned()));
    }

    #[test]
    fn a_mismatch_is_said_in_words() {
        assert_eq!(
            verdict(&["paced:policy/controller@0.2.0"]),
            Err("it exports `paced:policy/controller@0.2.0`; this paced supports 0.1: rebuild it with \
                 `paced-policy = \"0.1\"`, or update paced"
                .to_owned())
        );
        assert!(
            verdict(&["paced:policy/controller@0.0.3"]).unwrap_err().ends_with(", or run it on an older paced"),
            "what came before the first version"
        );
        assert_eq!(
            verdict(&["paced:policy/controller"]),
            Err("it exports `paced:policy/controller`, whose version can't be told: \
                 rebuild it with `paced-policy = \"0.1\"`"
                .to_owned())
        );
        assert_eq!(
            verdict(&["wasi:cli/run@0.2.0"]),
            Err("it exports `wasi:cli/run@0.2.0`, but no `paced:policy/controller`, so it is a component but no \
                 policy: build it with `paced-policy = \"0.1\"` and its export macro"
                .to_owned())
        );
        assert!(verdict(&[]).unwrap_err().starts_with("it exports nothing, but"));
        assert!(verdict(&["paced:policy/controllers@0.1.0"]).unwrap_err().contains("no policy"));
        let many = ["a", "b", "c", "d", "e", "f"];
        assert!(verdict(&many).unwrap_err().starts_with("it exports `a`, `b`, `c`, `d`, and 2 more, but"));
    }
}
