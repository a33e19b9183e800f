//! Reading a file that someone may be writing at this moment.
//!
//! A copy is half-written for a while, and half a component, or half a configuration, may even be a valid one. So a
//! file counts only once its size and time of change have stood still for a few looks.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

/// Time from one look to the next, of the wall's.
const BETWEEN_LOOKS: Duration = Duration::from_millis(75);
/// Looks that must find the file as it was before.
const QUIET_LOOKS: u32 = 2;
/// Looks after which the file is left for later.
const MAX_LOOKS: u32 = 40;

/// What tells one state of a file from another, as far as a look can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

/// A file's bytes can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refuses it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than what is wanted.
    #[error("it is larger than {most} bytes")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The most that is wanted.
        most: u64,
    },
    /// It kept changing.
    #[error("it is still being written after {seconds} s")]
    NeverAtRest {
        /// How long it was watched.
        seconds: f64,
    },
}

/// The bytes of the file as it is now, if there are at most `most` of them.
///
/// # Errors
/// It can't be read, is no regular file, or is larger.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    // Opening a pipe waits for its writer, and whoever stops the watch would wait with it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file").into());
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > most {
        return Err(ReadError::TooLarge { bytes: size, most });
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(ReadError::TooLarge { bytes: bytes.len() as u64, most });
    }
    Ok(bytes)
}

/// The bytes of the file once it has come to rest, if there are at most `most` of them. Takes 150 ms, and 3 s where it
/// keeps changing.
///
/// # Errors
/// As [`read`], or the file does not come to rest.
pub fn settled(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut looks = 0;
    loop {
        let at_rest = settle(&mut looks, || stamp(path), || thread::sleep(BETWEEN_LOOKS))?;
        let Some(at_rest) = at_rest else {
            return Err(ReadError::NeverAtRest { seconds: (BETWEEN_LOOKS * MAX_LOOKS).as_secs_f64() });
        };
        let bytes = read(path, most)?;
        // Reading takes time, too.
        if stamp(path)? == at_rest && bytes.len() as u64 == at_rest.size {
            return Ok(bytes);
        }
    }
}

/// The file as a look sees it.
///
/// # Errors
/// It is not there, or can't be looked at.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
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
            let refusal = read(path, 1 << 20).unwrap_err().to_string();
            assert!(refusal.contains("no regular file"), "{refusal}");
        }
    }
}
