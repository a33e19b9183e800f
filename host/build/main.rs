//! Builds every crate under `policies/` (but the SDK) to a WebAssembly component, for `src/shipped.rs` to embed.
//!
//! The build script does it, so that a fresh clone needs nothing but `cargo run` and `cargo test`. It runs a second
//! cargo with a target directory of its own: in the outer one it would wait for the lock that the outer cargo holds
//! until this script ends. An unchanged tree does not run it at all, an edited policy costs a second.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is how a build script speaks to cargo and people")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod debian;
mod nested;
mod process;
mod toolchain;

use toolchain::Toolchain;

/// What policies are compiled for; with `wasm-component-ld` as the linker, the result is a component.
const TARGET: &str = "wasm32-unknown-unknown";

/// The folder under `policies/` that is no policy.
const SDK: &str = "sdk";

/// The directories that this script works with.
struct Places {
    /// The workspace.
    root: PathBuf,
    /// Cargo's target directory.
    target: PathBuf,
    /// This build's own output.
    out: PathBuf,
}

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("can't build the policies to components: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let places = Places::from_env()?;
    let folder = places.root.join("policies");
    let policies = policies(&folder)?;
    for watched in ["wit", "Cargo.toml", "Cargo.lock", "host/build"] {
        println!("cargo::rerun-if-changed={}", places.root.join(watched).display());
    }
    // One by one: the tools of the examples in other languages leave thousands of files under policies/. A new policy
    // is noticed by its entry in Cargo.lock.
    for watched in policies.iter().map(String::as_str).chain([SDK]) {
        println!("cargo::rerun-if-changed={}", folder.join(watched).display());
    }
    let toolchain = Toolchain::find(&places)?;
    let components = nested::build(&toolchain, &places, &policies)?;
    embed(&places.out, &policies, &components)
}

impl Places {
    fn from_env() -> Result<Self, String> {
        let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
        let root = host.parent().ok_or("the host package has no parent folder")?.to_owned();
        let out = PathBuf::from(variable("OUT_DIR")?);
        let target = target_dir(&out).ok_or_else(|| format!("no target directory is above {}", out.display()))?;
        Ok(Self { root, target, out })
    }
}

/// Cargo's target directory, wherever it was put: the folder above the output that cargo tagged as a cache.
fn target_dir(out: &Path) -> Option<PathBuf> {
    let tagged = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    // TARGET/PROFILE/build/PACKAGE/out, where something removed the tag.
    tagged.or_else(|| out.ancestors().nth(4)).map(Path::to_owned)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set; run this by cargo"))
}

/// The folders that hold a policy, in order; each is a package named `policy-FOLDER`.
fn policies(folder: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error| format!("can't read {}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != SDK && entry.path().join("Cargo.toml").is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Copies the components next to `shipped.rs`, the list of them.
fn embed(out: &Path, policies: &[String], components: &[PathBuf]) -> Result<(), String> {
    let mut list = String::from("pub const SHIPPED: &[(&str, &[u8])] = &[\n");
    for (name, component) in policies.iter().zip(components) {
        let copy = out.join(format!("{name}.wasm"));
        fs::copy(component, &copy)
            .map_err(|error| format!("can't copy {} to {}: {error}", component.display(), copy.display()))?;
        list += &format!("    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\"))),\n");
    }
    list += "];\n";
    let path = out.join("shipped.rs");
    fs::write(&path, list).map_err(|error| format!("can't write {}: {error}", path.display()))
}
