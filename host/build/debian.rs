//! Debian's Rust compiler and sources, unpacked under the target directory.
//!
//! For machines without the WebAssembly library where rustup's server is out of reach but Debian's is not. It needs no
//! root and installs nothing: apt works on a state of its own, and the packages are only unpacked. Debian ships no
//! library for our target either, but a compiler with the sources that fit it, from which cargo builds one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// The packages to start from: the compiler (kept current for building browsers), and its sources.
const ROOTS: [&str; 2] = ["rustc-web", "rust-web-src"];

/// The dependencies to follow, whose names carry versions; all else is part of any Debian.
const FOLLOWED: [&str; 2] = ["libstd-rust-web", "libllvm"];

/// Debian's compiler under `target`, fetched when it isn't there yet. The caller holds the lock.
pub(crate) fn rustc(target: &Path) -> Result<PathBuf, String> {
    let finished = target.join("wasm-toolchain");
    let wrapper = finished.join("rustc");
    if wrapper.is_file() {
        return Ok(wrapper);
    }
    let partial = target.join("wasm-toolchain.partial");
    // What a build that was killed left behind.
    let _ = fs::remove_dir_all(&partial);
    fetch(&partial)?;
    write_wrapper(&partial)?;
    // Only what is complete gets the name that the next build looks for.
    fs::rename(&partial, &finished).map_err(|error| format!("can't name {}: {error}", finished.display()))?;
    Ok(wrapper)
}

fn fetch(into: &Path) -> Result<(), String> {
    let apt = Apt::new(into.join("apt"))?;
    let packages = apt.closure()?;
    apt.download(&packages)?;
    for package in files(&apt.folder.join("debs"))? {
        process::output(Command::new("dpkg").arg("-x").args([&package, into]))?;
    }
    remove(&apt.folder)?;
    // Of the sources, cargo needs the library; the rest is ten times as large.
    for sources in files(&into.join("usr/src"))? {
        for unneeded in ["compiler", "src"] {
            remove(&sources.join(unneeded))?;
        }
    }
    Ok(())
}

/// A script that runs the compiler with its own libraries.
fn write_wrapper(toolchain: &Path) -> Result<(), String> {
    let libraries = files(&toolchain.join("usr/lib"))?
        .into_iter()
        .find(|folder| files(folder).is_ok_and(|files| files.iter().any(|file| is_driver(file))))
        .ok_or("Debian's package holds no librustc_driver")?;
    let libraries = libraries.strip_prefix(toolchain).unwrap_or(&libraries).display().to_string();
    let script = format!(
        "#!/bin/sh\nhere=${{0%/*}}\nexport LD_LIBRARY_PATH=\"$here/{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
         exec \"$here/usr/bin/rustc\" \"$@\"\n"
    );
    let path = toolchain.join("rustc");
    fs::write(&path, script)
        .and_then(|()| make_executable(&path))
        .map_err(|error| format!("can't write {}: {error}", path.display()))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("Debian's packages run on Linux only"))
}

fn is_driver(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("librustc_driver"))
}

/// Apt with a state of its own, so that it needs no root and meets no lock.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(folder: PathBuf) -> Result<Self, String> {
        for part in ["lists/partial", "cache/archives/partial", "debs"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(|error| format!("can't make {}: {error}", part.display()))?;
        }
        let apt = Self { folder };
        // A source that can't be reached makes this fail while the others are there: what is missing shows later.
        let _ = process::output(apt.command("apt-get").arg("update"));
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let dir = |name: &str, part: &str| format!("Dir::{name}={}", self.folder.join(part).display());
        let settings = [dir("State::lists", "lists"), dir("Cache", "cache")];
        let fixed = [
            "APT::Sandbox::User=root",
            "Acquire::Languages=none",
            "Acquire::Retries=1",
            "Acquire::http::Timeout=10",
            "Acquire::https::Timeout=10",
        ];
        for setting in settings.iter().map(String::as_str).chain(fixed) {
            command.args(["-o", setting]);
        }
        command.env("LC_ALL", "C");
        command
    }

    /// The names of all packages needed.
    fn closure(&self) -> Result<BTreeSet<String>, String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<String> = ROOTS.map(str::to_owned).to_vec();
        while let Some(package) = open.pop() {
            let depends = process::output(self.command("apt-cache").args(["depends", "--important", &package]))
                .map_err(|error| format!("no package {package} is in apt's sources: {error}"))?;
            let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
            open.extend(names.filter(|name| is_followed(name) && !found.contains(*name)).map(str::to_owned));
            found.insert(package);
        }
        Ok(found)
    }

    fn download(&self, packages: &BTreeSet<String>) -> Result<(), String> {
        let mut download = self.command("apt-get");
        process::output(download.arg("download").args(packages).current_dir(self.folder.join("debs"))).map(|_| ())
    }
}

fn is_followed(package: &str) -> bool {
    FOLLOWED.iter().any(|start| package.starts_with(start))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|error| format!("can't read {}: {error}", folder.display()))
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("can't remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}
