//! Machine code that is kept on disk, so that a restart or a known component need not be compiled again.
//!
//! Wasmtime's own cache does the keeping, under a key of the component's bytes, its own version and every setting of the
//! engine. It trusts what it finds: it knows no checksum, and a file whose damage survives decompression would be run as
//! machine code. So a manifest beside it says what we had it write. Before a component is compiled its file must still
//! have the SHA-256 that the manifest gives, and a file that the manifest does not list is removed unread.
//!
//! Whoever can write into the folder can have their code run: it belongs to paced's user alone. A folder of another owner
//! is refused, and one that others could write to is emptied first.

mod folder;
mod manifest;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::folder::Files;
use self::manifest::{Entry, Manifest};
use super::revision::Digest;
use super::stage::Compiled;

/// The most components whose code is kept.
const MAX_ENTRIES: usize = 64;
/// The most bytes of code that are kept, compressed as they lie on disk.
const MAX_BYTES: u64 = 512 << 20;

/// The cache can't be had.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder, or something in it, can't be used.
    #[error("can't use {}: {source}", path.display())]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is someone else's.
    #[error("{} belongs to another user, who could have paced run any code: remove it or give it to paced's user", .0.display())]
    Foreign(PathBuf),
    /// The name is taken by something else.
    #[error("{} is no folder of its own: remove it", .0.display())]
    NoFolder(PathBuf),
    /// Wasmtime does not take it.
    #[error("wasmtime refuses the cache: {0}")]
    Setup(String),
}

/// The cache in one folder. Clones are the same cache.
#[derive(Clone)]
pub(super) struct CompileCache {
    inner: wasmtime::Cache,
    files: Arc<Mutex<Files>>,
    max_entries: usize,
    max_bytes: u64,
}

impl CompileCache {
    /// The cache in `folder`, which is made where it is missing. No other process may use the same folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CacheError> {
        let files = Files::open(folder)?;
        let mut config = wasmtime::CacheConfig::new();
        config
            .with_directory(files.code())
            // The files must stay as the manifest has them, and how many there may be is decided here.
            .with_optimized_compression_usage_counter_threshold(u64::MAX)
            .with_cleanup_interval(Duration::from_secs(24 * 3600))
            .with_file_count_soft_limit(4 * MAX_ENTRIES as u64)
            .with_files_total_size_soft_limit(2 * MAX_BYTES);
        let inner = wasmtime::Cache::new(config).map_err(|error| CacheError::Setup(format!("{error:#}")))?;
        Ok(Self { inner, files: Arc::new(Mutex::new(files)), max_entries: MAX_ENTRIES, max_bytes: MAX_BYTES })
    }

    /// What the engine is given.
    pub(super) fn wasmtime(&self) -> wasmtime::Cache {
        self.inner.clone()
    }

    /// Compiles what has this digest, with the cache fit to be trusted meanwhile. One at a time.
    ///
    /// Trouble with the files costs no more than the time of a compilation: it is logged, and nothing is trusted.
    pub(super) fn compile<T>(&self, digest: Digest, compile: impl FnOnce() -> T) -> (T, Compiled) {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut manifest = files.manifest();
        if let Err(error) = files.purge(&mut manifest, digest) {
            told(&error, "what lies in the cache of compiled policies can't be checked");
        }
        let hits = self.inner.cache_hits();
        let made = compile();
        let compiled = if self.inner.cache_hits() > hits { Compiled::FromCache } else { Compiled::Afresh };
        let kept = files.note_new(&mut manifest, digest).and_then(|()| {
            manifest.touch(digest);
            files.shed(&mut manifest, self.max_entries, self.max_bytes)?;
            files.write(&manifest)
        });
        if let Err(error) = kept {
            told(&error, "compiled policies can't be kept, so a restart compiles them again");
        }
        (made, compiled)
    }
}

fn told(error: &io::Error, message: &str) {
    tracing::warn!(event = "compile_cache_failed", error = error.to_string(), message);
}
