//! The cache's files, and who may have written them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::super::revision::Digest;
use super::{CacheError, Entry, Manifest};

/// The list of what we had wasmtime write.
const MANIFEST: &str = "manifest";
/// Where wasmtime writes; it removes what it does not know there, so the manifest lies outside.
const CODE: &str = "code";
/// Ending of wasmtime's notes on a file, which it writes when it likes.
const NOTES: &str = ".stats";
/// The most files that are looked through; more than these are never there by our doing.
const MAX_FILES: usize = 4096;
/// The most bytes of a manifest.
const MAX_MANIFEST: u64 = 1 << 20;

/// The folder.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Makes the folder, or checks that the one there is ours alone.
    pub(super) fn open(folder: &Path) -> Result<Self, CacheError> {
        let unusable = |source| CacheError::Unusable { path: folder.to_owned(), source };
        let folder = std::path::absolute(folder).map_err(unusable)?;
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&folder).map_err(unusable)?,
            Err(error) => return Err(unusable(error)),
            Ok(metadata) if !metadata.is_dir() => return Err(CacheError::NoFolder(folder)),
            Ok(metadata) if metadata.uid() != rustix::process::geteuid().as_raw() => {
                return Err(CacheError::Foreign(folder));
            }
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                close_to_others(&folder).map_err(unusable)?;
            }
            Ok(_) => {}
        }
        let files = Self { folder };
        make(&files.code()).map_err(unusable)?;
        Ok(files)
    }

    /// Wasmtime's part of the folder.
    pub(super) fn code(&self) -> PathBuf {
        self.folder.join(CODE)
    }

    /// What is listed; nothing where the list can't be read, so that nothing is trusted.
    pub(super) fn manifest(&self) -> Manifest {
        let mut text = String::new();
        let read =
            File::open(self.folder.join(MANIFEST)).and_then(|file| file.take(MAX_MANIFEST).read_to_string(&mut text));
        if read.is_ok() { Manifest::parse(&text) } else { Manifest::default() }
    }

    /// Writes the list beside and renames it over, so that a crash leaves the old one.
    pub(super) fn write(&self, manifest: &Manifest) -> io::Result<()> {
        let unfinished = self.folder.join("manifest.tmp");
        let _ = fs::remove_file(&unfinished);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(manifest.text().as_bytes())?;
        fs::rename(unfinished, self.folder.join(MANIFEST))
    }

    /// Removes what is not listed, and what is listed for this component and has changed since.
    pub(super) fn purge(&self, manifest: &mut Manifest, component: Digest) -> io::Result<()> {
        for path in self.list()? {
            if !manifest.lists(&path) {
                tracing::warn!(
                    event = "compile_cache_foreign",
                    file = path,
                    "paced did not put this there: removed unread"
                );
                self.remove(&path)?;
            }
        }
        let mut removed = Ok(());
        manifest.0.retain(|entry| {
            if entry.component != component || self.is_as_listed(entry) {
                return true;
            }
            if self.code().join(&entry.path).exists() {
                tracing::warn!(
                    event = "compile_cache_damaged",
                    file = entry.path,
                    "the file has changed: compiled afresh"
                );
                removed = self.remove(&entry.path);
            }
            false
        });
        removed
    }

    /// Lists the files that were written for this component.
    pub(super) fn note_new(&self, manifest: &mut Manifest, component: Digest) -> io::Result<()> {
        for path in self.list()? {
            if !manifest.lists(&path) {
                let (code, bytes) = self.digest(&path)?;
                manifest.0.push(Entry { component, code, bytes, path });
            }
        }
        Ok(())
    }

    /// Lets go of the files that were used longest ago, until the bounds are kept.
    pub(super) fn shed(&self, manifest: &mut Manifest, max_entries: usize, max_bytes: u64) -> io::Result<()> {
        while manifest.0.len() > max_entries || manifest.bytes() > max_bytes {
            let oldest = manifest.0.remove(0);
            self.remove(&oldest.path)?;
        }
        Ok(())
    }

    fn is_as_listed(&self, entry: &Entry) -> bool {
        self.digest(&entry.path).is_ok_and(|found| found == (entry.code, entry.bytes))
    }

    fn digest(&self, path: &str) -> io::Result<(Digest, u64)> {
        let bytes = fs::read(self.code().join(path))?;
        Ok((Digest::of(&bytes), bytes.len() as u64))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let path = self.code().join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                // The notes may not be written yet, or never.
                let _ = fs::remove_file(with_notes(&path));
                Ok(())
            }
        }
    }

    /// Every file of machine code by its path within wasmtime's folder, however deep. Links are files like
    /// any other, and never followed.
    fn list(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let root = self.code();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for file in fs::read_dir(&folder)? {
                let file = file?;
                let path = file.path();
                if file.file_type()?.is_dir() {
                    folders.push(path);
                    continue;
                }
                // Notes, marks and unfinished files have a dot in their names, and no code is read from such.
                let is_code = !file.file_name().as_encoded_bytes().contains(&b'.');
                if let (true, Ok(path)) = (is_code, path.strip_prefix(&root)) {
                    found.push(path.to_string_lossy().into_owned());
                }
                if found.len() > MAX_FILES {
                    return Err(io::Error::other(format!("there are over {MAX_FILES} files: remove the folder")));
                }
            }
        }
        Ok(found)
    }
}

fn with_notes(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NOTES);
    name.into()
}

/// A folder for its owner alone; one that is there stays as it is.
fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Others could have written here: nothing of it is kept.
fn close_to_others(folder: &Path) -> io::Result<()> {
    tracing::warn!(
        event = "compile_cache_open",
        folder = %folder.display(),
        "other users could reach the compiled policies: the folder is closed to them, and emptied"
    );
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    fs::remove_dir_all(folder.join(CODE)).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    fs::remove_file(folder.join(MANIFEST)).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}
