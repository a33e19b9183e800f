//! Who may depend on whom, and what the pure crates must not depend on, by what cargo itself says.
//!
//! Seen to fail by: `tokio.workspace = true` in host/core or host/sim; `paced-core.workspace = true` in policies/sdk or
//! policies/fixed; `paced-policy.workspace = true` in host.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What does I/O, reads a clock or draws entropy. Core and sim have nothing to do with any of it.
const IMPURE: [&str; 16] = [
    "arc-swap",
    "axum",
    "chrono",
    "fastrand",
    "getrandom",
    "jiff",
    "mio",
    "notify",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "socket2",
    "tokio",
    "tracing-subscriber",
    "wasmtime",
];

/// A package's dependencies, those for its tests left out.
struct Package {
    folder: String,
    dependencies: BTreeSet<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", manifest];
    let output = Command::new(env!("CARGO")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = metadata["workspace_root"].as_str().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(&package["name"]), Package::read(package, root))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Package {
    fn read(package: &Value, root: &str) -> Self {
        let manifest = text(&package["manifest_path"]);
        let folder = manifest.strip_prefix(root).unwrap().strip_suffix("/Cargo.toml").unwrap().to_owned();
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let shipped = dependencies.filter(|dependency| dependency["kind"] != "dev");
        Self { folder, dependencies: shipped.map(|dependency| text(&dependency["name"])).collect() }
    }
}

/// The packages of this workspace that a package of it may depend on.
fn may_depend_on(name: &str, package: &Package) -> &'static [&'static str] {
    match (name, package.folder.as_str()) {
        ("paced", _) => &["paced-core", "paced-sim"],
        ("paced-sim", _) => &["paced-core"],
        ("paced-core" | "paced-policy", _) => &[],
        (_, folder) if folder.starts_with("/policies/") => &["paced-policy"],
        (other, folder) => panic!("{other} in {folder} has no layer: give it one here and in docs/architecture.md"),
    }
}

#[test]
fn dependencies_point_one_way() {
    let packages = packages();
    assert!(packages.len() >= 6, "{:?}", packages.keys());
    for (name, package) in &packages {
        let allowed = may_depend_on(name, package);
        let inner = package.dependencies.iter().filter(|dependency| packages.contains_key(*dependency));
        for dependency in inner {
            assert!(allowed.contains(&dependency.as_str()), "{name} depends on {dependency}; it may on {allowed:?}");
        }
    }
}

#[test]
fn core_and_sim_depend_on_nothing_that_does_io() {
    let packages = packages();
    for name in ["paced-core", "paced-sim"] {
        for dependency in &packages[name].dependencies {
            assert!(!IMPURE.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn policies_have_their_sdk_and_nothing_of_the_host() {
    let packages = packages();
    let mut policies = 0;
    for (name, package) in packages.iter().filter(|(_, package)| package.folder.starts_with("/policies/")) {
        policies += usize::from(name != "paced-policy");
        for dependency in &package.dependencies {
            assert!(!IMPURE.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
    assert!(policies >= 2, "the shipped ones");
}
