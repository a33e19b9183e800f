//! A policy's state as bytes: postcard, which is compact and gives the same bytes for the same value everywhere.
//!
//! The encoding holds no field names, so that bytes of another layout can decode into nonsense: a changed layout
//! needs a new `STATE_VERSION`.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes that a state may have once encoded; the host takes more as a fault.
pub const MAX_STATE_BYTES: usize = 16 * 1024;

/// State that can't be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    what: &'static str,
    bytes: usize,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            0 => f.write_str(self.what),
            bytes => write!(f, "{} ({bytes} bytes)", self.what),
        }
    }
}

impl std::error::Error for StateError {}

/// The bytes of a state.
///
/// # Errors
/// A type that postcard can't encode, for example a sequence of unknown length.
pub fn encode_state<S: Serialize>(state: &S) -> Result<Vec<u8>, StateError> {
    postcard::to_allocvec(state).map_err(|_| StateError { what: "the state can't be encoded", bytes: 0 })
}

/// The state in these bytes; no bytes are the default.
///
/// # Errors
/// Bytes that are not such a state, or more of them than it takes.
pub fn decode_state<S: DeserializeOwned + Default>(bytes: &[u8]) -> Result<S, StateError> {
    if bytes.is_empty() {
        return Ok(S::default());
    }
    match postcard::take_from_bytes(bytes) {
        Ok((state, [])) => Ok(state),
        Ok(_) => Err(StateError { what: "the state is longer than this version's", bytes: bytes.len() }),
        Err(_) => Err(StateError { what: "the state is not of this version's layout", bytes: bytes.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was() {
        let state = (7_u32, vec![0.5, -1.0], Some("x".to_owned()));
        assert_eq!(decode_state(&encode_state(&state).unwrap()), Ok(state));
    }

    #[test]
    fn no_bytes_are_the_default() {
        assert_eq!(decode_state::<(u32, bool)>(&[]), Ok((0, false)));
    }

    #[test]
    fn bytes_of_another_layout_are_an_error() {
        let message = |result: Result<(u8, bool), StateError>| result.unwrap_err().to_string();
        assert_eq!(message(decode_state(&[7])), "the state is not of this version's layout (1 bytes)");
        assert_eq!(message(decode_state(&[7, 2])), "the state is not of this version's layout (2 bytes)");
        assert_eq!(message(decode_state(&[7, 1, 0])), "the state is longer than this version's (3 bytes)");
    }
}
