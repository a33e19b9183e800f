//! Stages read and settle: a policy's file, in the words of a refusal.

use std::path::Path;

use super::outcome::Refusal;
use crate::wasm::{Limits, LoadError};
use crate::watch::file::{self, ReadError};

/// Stage read: the file's bytes as they are now.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    file::read(path, limits.component_bytes).map_err(|error| refusal(path, error))
}

/// Stage settle: the file's bytes once it has come to rest.
pub(super) fn settled(path: &Path, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    file::settled(path, limits.component_bytes).map_err(|error| refusal(path, error))
}

fn refusal(path: &Path, error: ReadError) -> Refusal {
    let path = path.to_owned();
    match error {
        ReadError::Io(error) => Refusal::Read { path, error },
        ReadError::TooLarge { bytes, most } => Refusal::Load(LoadError::Size { bytes, limit: most }),
        ReadError::NeverAtRest { seconds } => Refusal::Settle { path, seconds },
    }
}
