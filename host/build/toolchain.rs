//! Finds a compiler that has a standard library for WebAssembly, and the linker that makes components.
//!
//! Rust installations seldom have the target. The first that works is taken: the compiler in use; the same after
//! rustup added the target; Debian's compiler, which builds the library from Debian's sources.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Places, TARGET, debian, process, variable};

/// The linker; it ships with rustc.
const LINKER: &str = "wasm-component-ld";

/// The longest that rustup may take to fetch the target's library (about 20 MB).
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// How policies are compiled.
pub(crate) struct Toolchain {
    /// The compiler.
    pub(crate) rustc: PathBuf,
    /// Whether cargo has to compile the standard library too.
    pub(crate) build_std: bool,
    /// PATH with the folders of the linker and its tools in front.
    pub(crate) path: OsString,
}

impl Toolchain {
    /// The first toolchain that works.
    pub(crate) fn find(places: &Places) -> Result<Self, String> {
        let rustc = PathBuf::from(variable("RUSTC")?);
        let path = path_with_linker(&rustc)?;
        if has_target(&rustc) {
            return Ok(Self { rustc, build_std: false, path });
        }
        // What follows changes folders that builds of other profiles share.
        let _lock = lock(&places.target)?;
        if rustup_adds_target() && has_target(&rustc) {
            return Ok(Self { rustc, build_std: false, path });
        }
        match debian::rustc(&places.target) {
            Ok(rustc) => Ok(Self { rustc, build_std: true, path }),
            Err(error) => Err(format!(
                "this Rust has no standard library for {TARGET}.\nGet it by `rustup target add {TARGET}` and build \
                 again.\n(Debian's rustc-web was tried too: {error})"
            )),
        }
    }
}

/// Waits for the lock over the shared toolchain; it ends with the file.
fn lock(target: &Path) -> Result<File, String> {
    let path = target.join("wasm-toolchain.lock");
    let lock = File::create(&path).and_then(|file| file.lock().map(|()| file));
    lock.map_err(|error| format!("can't lock {}: {error}", path.display()))
}

/// Whether the compiler's own library folder for the target holds a library.
fn has_target(rustc: &Path) -> bool {
    let asked = process::output(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]));
    let Ok(files) = asked.map(|folder| fs::read_dir(folder.trim())) else { return false };
    files.is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

/// Asks rustup for the target, unless the user forbade it to install by itself.
fn rustup_adds_target() -> bool {
    if env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0") {
        return false;
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    // Out of reach is to be known soon.
    rustup.env("RUSTUP_DOWNLOAD_TIMEOUT", "10").env("RUSTUP_MAX_RETRIES", "0");
    process::succeeds_within(RUSTUP_LIMIT, &mut rustup)
}

/// PATH with rustc's own tools in front: the linker, and `wasm-ld`, which it calls.
fn path_with_linker(rustc: &Path) -> Result<OsString, String> {
    let sysroot = process::output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let tools = Path::new(sysroot.trim()).join("lib/rustlib").join(variable("HOST")?).join("bin");
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = [tools.clone(), tools.join("gcc-ld")].into_iter().chain(env::split_paths(&inherited));
    let folders: Vec<_> = folders.collect();
    let linker = format!("{LINKER}{}", env::consts::EXE_SUFFIX);
    if !folders.iter().any(|folder| folder.join(&linker).is_file()) {
        return Err(format!(
            "the linker {LINKER} is neither in {} nor on PATH.\nGet a Rust that ships it from https://rustup.rs, or \
             install it by `cargo install {LINKER}`.",
            tools.display()
        ));
    }
    env::join_paths(folders).map_err(|error| format!("can't make a PATH: {error}"))
}
