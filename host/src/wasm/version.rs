//! Which version of the contract a component is built for, told from its exports, and a mismatch said in words.
//!
//! Patch versions of the contract never change a type, so 0.1.0 and 0.1.7 are the same to the host; a new minor version
//! is another contract with a bindings module of its own.

use semver::Version;

use super::few::few;

/// The versions of the contract that this host runs, newest last.
pub const SUPPORTED_CONTRACTS: &[(u64, u64)] = &[(0, 1)];

/// The interface that every policy exports, without its version.
const CONTROLLER: &str = "paced:policy/controller";

/// The component is no policy that this host can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is built for a version of the contract that this host does not know.
    #[error(
        "it exports `{CONTROLLER}@{found}`, and this paced runs policies of contract {}: \
         rebuild it with `paced-policy = \"{}\"`, or run it on a {} paced",
        contracts(), newest(), if is_newer(found) { "newer" } else { "older" }
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

/// The contract that a component with these exports is built for.
pub(super) fn contract(exports: &[String]) -> Result<Version, VersionError> {
    let of_controller = exports
        .iter()
        .filter(|name| name.strip_prefix(CONTROLLER).is_some_and(|rest| rest.is_empty() || rest.starts_with('@')));
    let mut other = None;
    for export in of_controller {
        match export.split_once('@').and_then(|(_, version)| Version::parse(version).ok()) {
            Some(version) if SUPPORTED_CONTRACTS.contains(&(version.major, version.minor)) => return Ok(version),
            Some(found) => other = Some(VersionError::Unsupported { found }),
            None => other = other.or_else(|| Some(VersionError::Unversioned { export: export.clone() })),
        }
    }
    Err(other.unwrap_or_else(|| VersionError::NoPolicy { exports: named(exports) }))
}

fn named(exports: &[String]) -> String {
    if exports.is_empty() { "nothing".to_owned() } else { few(exports.iter().map(|name| format!("`{name}`")), ", ") }
}

fn contracts() -> String {
    let versions: Vec<_> = SUPPORTED_CONTRACTS.iter().map(|(major, minor)| format!("{major}.{minor}")).collect();
    versions.join(", ")
}

fn newest() -> String {
    SUPPORTED_CONTRACTS.last().map(|(major, minor)| format!("{major}.{minor}")).unwrap_or_default()
}

fn is_newer(found: &Version) -> bool {
    SUPPORTED_CONTRACTS.iter().all(|supported| (found.major, found.minor) > *supported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(exports: &[&str]) -> Result<String, String> {
        let exports: Vec<_> = exports.iter().map(|name| (*name).to_owned()).collect();
        contract(&exports).map(|version| version.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn any_patch_version_of_a_supported_contract_is_taken() {
        assert_eq!(verdict(&["paced:policy/controller@0.1.0"]), Ok("0.1.0".to_owned()));
        assert_eq!(verdict(&["x", "paced:policy/controller@0.1.9"]), Ok("0.1.9".to_owned()));
        let both = ["paced:policy/controller@0.2.0", "paced:policy/controller@0.1.0"];
        assert_eq!(verdict(&both), Ok("0.1.0".to_owned()));
    }

    #[test]
    fn a_mismatch_is_said_in_words() {
        assert_eq!(
            verdict(&["paced:policy/controller@0.2.0"]),
            Err("it exports `paced:policy/controller@0.2.0`, and this paced runs policies of contract 0.1: \
                 rebuild it with `paced-policy = \"0.1\"`, or run it on a newer paced"
                .to_owned())
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
