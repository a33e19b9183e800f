//! Runs the second cargo, which compiles the policies.
//!
//! What the outer cargo tells its build scripts through the environment must not reach it: the outer compiler, flags
//! and target directory are for the host. Only settings of the network, of registries and of the job server pass.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::Toolchain;
use crate::{Places, TARGET, process, variable};

/// Begins of the variables that cargo sets or takes, all but those in [`KEPT`] removed.
const SCRUBBED: [&str; 5] = ["CARGO", "RUSTC", "RUSTDOC", "DEP_", "DYLD_"];

/// Further variables to remove.
const SCRUBBED_NAMES: [&str; 9] =
    ["DEBUG", "HOST", "LD_LIBRARY_PATH", "NUM_JOBS", "OPT_LEVEL", "OUT_DIR", "PROFILE", "RUSTFLAGS", "TARGET"];

/// Begins of the variables that stay. `CARGO_MAKEFLAGS` names the job server: both cargos share its tokens.
const KEPT: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRY_",
    "CARGO_REGISTRIES_",
    "CARGO_SOURCE_",
];

/// Compiles the policies, and gives the path of each one's component.
pub(crate) fn build(toolchain: &Toolchain, places: &Places, policies: &[String]) -> Result<Vec<PathBuf>, String> {
    if policies.is_empty() {
        return Ok(Vec::new());
    }
    let target_dir = places.target.join("policies");
    let mut cargo = Command::new(variable("CARGO")?);
    scrub(&mut cargo);
    cargo
        .current_dir(&places.root)
        .args(["build", "--profile", "guest", "--target", TARGET])
        .args(["--config", &format!("target.{TARGET}.linker=\"wasm-component-ld\"")])
        .arg("--target-dir")
        .arg(&target_dir)
        .env("PATH", &toolchain.path)
        .env("RUSTC", &toolchain.rustc)
        // Set, so that flags in a user's config, which are meant for the host, don't count either.
        .env("CARGO_ENCODED_RUSTFLAGS", flags(places));
    for policy in policies {
        cargo.arg("--package").arg(format!("policy-{policy}"));
    }
    if toolchain.build_std {
        cargo.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
    }
    process::output(&mut cargo)?;
    let folder = target_dir.join(TARGET).join("guest");
    Ok(policies.iter().map(|policy| folder.join(format!("policy_{}.wasm", policy.replace('-', "_")))).collect())
}

fn scrub(command: &mut Command) {
    let begins = |name: &str, list: &[&str]| list.iter().any(|start| name.starts_with(start));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let scrubbed = begins(&text, &SCRUBBED) || SCRUBBED_NAMES.contains(&&*text);
        if scrubbed && !begins(&text, &KEPT) {
            command.env_remove(&name);
        }
    }
}

/// Takes this machine's folders out of panic messages, so that the same sources give the same component anywhere.
fn flags(places: &Places) -> String {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let toolchain = places.target.join("wasm-toolchain");
    // Of those that match, the last counts.
    let remapped: [(&Path, &str); 3] = [(&places.root, "/paced"), (&cargo_home, "/cargo"), (&toolchain, "/rust")];
    let flags = remapped.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    // Cargo splits them at this character.
    flags.join("\u{1f}")
}
