//! A configuration's file, to be read again while paced runs.

use std::path::{Path, PathBuf};

use super::{Checked, Inputs, Overrides, Unreadable, load, parse_bytes};
use crate::shipped;

/// A configuration's file with what wins over it: the command line's flags, and the process's environment.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    overrides: Overrides,
}

impl ConfigFile {
    /// The file at `path`, under these flags.
    #[must_use]
    pub const fn new(path: PathBuf, overrides: Overrides) -> Self {
        Self { path, overrides }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// It can't be read.
    pub fn load(&self) -> Result<Checked, Unreadable> {
        self.with_inputs(|inputs| load(&self.path, inputs))
    }

    /// Checks these bytes of it.
    #[must_use]
    pub fn check(&self, bytes: &[u8]) -> Checked {
        self.with_inputs(|inputs| parse_bytes(bytes, &self.path, inputs))
    }

    fn with_inputs<T>(&self, check: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let env = |name: &str| std::env::var(name).ok();
        check(&Inputs { env: &env, overrides: &self.overrides, built_in: &shipped::names() })
    }
}
