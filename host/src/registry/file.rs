//! Reading a policy's file, which someone may be writing at this moment.
//!
//! A copy is half-written for a while, and half a component may even be a valid one. So a file counts only once its
//! size and time of change have stood still for a few looks.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use super::outcome::Refusal;
use crate::wasm::{Limits, LoadError};

/// Time from one look to the next, of the wall's.
const BETWEEN_LOOKS: Duration = Duration::from_millis(75);
/// Looks that must find the file as it was before.
const QUIET_LOOKS: u32 = 2;
/// Looks after which the file is left for later.
const MAX_LOOKS: u32 = 40;

/// What a look sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

/// The file's bytes as they are now.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error| Refusal::Read { path: path.to_owned(), error };
    // Opening a pipe waits for its writer, and whoever stops the watch would wait with it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let too_large = |bytes| Refusal::Load(LoadError::Size { bytes, limit: limits.component_bytes });
    if size > limits.component_bytes {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    file.take(limits.component_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits.component_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Stage settle: the file's bytes once it has come to rest.
pub(super) fn settled(path: &Path, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error| Refusal::Read { path: path.to_owned(), error };
    let mut looks = 0;
    loop {
        let stamp = settle(&mut looks, || look(path), || thread::sleep(BETWEEN_LOOKS)).map_err(unreadable)?;
        let Some(stamp) = stamp else {
            let seconds = (BETWEEN_LOOKS * MAX_LOOKS).as_secs_f64();
            return Err(Refusal::Settle { path: path.to_owned(), seconds });
        };
        let bytes = read(path, limits)?;
        // Reading takes time, too.
        if look(path).map_err(unreadable)? == stamp && bytes.len() as u64 == stamp.size {
            return Ok(bytes);
        }
    }
}

fn look(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    Ok(Stamp { size: metadata.len(), changed: metadata.modified().ok() })
}

/// Looks until the file stands still; none when `looks` reaches its bound.
fn settle(
    looks: &mut u32,
    mut look: impl FnMut() -> io::Result<Stamp>,
    mut wait: impl FnMut(),
) -> io::Result<Option<Stamp>> {
    let mut last = look()?;
    let mut quiet = 0;
    while quiet < QUIET_LOOKS {
        if *looks == MAX_LOOKS {
            return Ok(None);
        }
        *looks += 1;
        wait();
        let now = look()?;
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
    }
    Ok(Some(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle_over(sizes: impl IntoIterator<Item = u64>) -> (Option<u64>, u32) {
        let mut sizes = sizes.into_iter();
        let mut waits = 0;
        let look = || Ok(Stamp { size: sizes.next().unwrap(), changed: None });
        let settled = settle(&mut 0, look, || waits += 1).unwrap();
        (settled.map(|stamp| stamp.size), waits)
    }

    #[test]
    fn a_file_counts_once_it_has_stood_still_twice() {
        assert_eq!(settle_over([5, 5, 5]), (Some(5), 2));
        assert_eq!(settle_over([1, 2, 2, 3, 3, 3]), (Some(3), 5));
    }

    #[test]
    fn a_file_that_never_rests_is_left_for_later() {
        assert_eq!(settle_over(0..), (None, MAX_LOOKS));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_unopened() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path(), Path::new("/dev/zero")] {
            let refusal = read(path, &Limits::default()).unwrap_err().to_string();
            assert!(refusal.contains("no regular file"), "{refusal}");
        }
    }
}
