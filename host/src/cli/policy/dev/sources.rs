//! A crate's sources, looked at again and again until something in them changes.
//!
//! Looking works on every file system, and costs less than a build by orders of magnitude. What cargo writes
//! (`target`) and hidden folders but `.cargo` are left out; so are dependencies elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::bail;

use super::LOOK;

/// Most files that a crate may have.
const MOST_FILES: usize = 10_000;

/// The files as they were seen last: time of change and size.
type Seen = BTreeMap<PathBuf, (SystemTime, u64)>;

/// A crate's sources.
#[derive(Debug)]
pub(super) struct Sources {
    dir: PathBuf,
    seen: Seen,
}

impl Sources {
    /// The sources of the crate in `dir`, as they are now.
    pub(super) fn of(dir: &Path) -> anyhow::Result<Self> {
        if !dir.join("Cargo.toml").is_file() {
            bail!("{} holds no Cargo.toml: name a policy's crate, such as `paced policy new` makes", dir.display());
        }
        let seen = look(dir)?;
        Ok(Self { dir: dir.to_owned(), seen })
    }

    /// Waits until something has changed since the last time, and then until nothing changes any more.
    pub(super) async fn changed(&mut self) -> anyhow::Result<()> {
        let mut before = self.seen.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            let dir = self.dir.clone();
            let now = tokio::task::spawn_blocking(move || look(&dir)).await??;
            if now != self.seen && now == before {
                self.seen = now;
                return Ok(());
            }
            before = now;
        }
    }
}

fn look(dir: &Path) -> anyhow::Result<Seen> {
    let (mut seen, mut folders) = (Seen::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        // A folder that goes away meanwhile is a change like any other.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.metadata() {
                Ok(found) if found.is_dir() => {
                    if is_source(&path, dir) {
                        folders.push(path);
                    }
                }
                Ok(_) => {
                    // Through links: an editor's link to a file changes when the file does.
                    if let Ok((time, size)) = times(&path) {
                        seen.insert(path, (time, size));
                    }
                }
                Err(_) => {}
            }
            if seen.len() + folders.len() > MOST_FILES {
                bail!("{} holds more than {MOST_FILES} files: is it a policy's crate?", dir.display());
            }
        }
    }
    Ok(seen)
}

fn times(path: &Path) -> io::Result<(SystemTime, u64)> {
    let found = fs::metadata(path)?;
    Ok((found.modified()?, found.len()))
}

fn is_source(folder: &Path, dir: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_cargos_output = name == "target" && folder.parent() == Some(dir);
    !is_cargos_output && (name == ".cargo" || !name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_crate() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Cargo.toml"), "").unwrap();
        for folder in ["src", "target", ".git"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        dir
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_source_is_noticed_and_what_cargo_and_git_write_is_not() {
        let dir = a_crate();
        let mut sources = Sources::of(dir.path()).unwrap();
        fs::write(dir.path().join("target/out.wasm"), "x").unwrap();
        fs::write(dir.path().join(".git/index"), "x").unwrap();
        assert_eq!(look(dir.path()).unwrap(), sources.seen);
        fs::write(dir.path().join("src/lib.rs"), "x").unwrap();
        sources.changed().await.unwrap();
        assert!(sources.seen.contains_key(&dir.path().join("src/lib.rs")));
        fs::remove_file(dir.path().join("src/lib.rs")).unwrap();
        sources.changed().await.unwrap();
        assert_eq!(sources.seen.len(), 1);
    }

    #[test]
    fn a_folder_without_a_crate_is_refused() {
        let error = Sources::of(tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
        assert!(error.contains("no Cargo.toml"), "{error}");
    }
}
