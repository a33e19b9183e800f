//! Digests of components, and the revision that names component, params and limits together.
//!
//! A revision stands in every journal row, so its encoding must never change and must be unambiguous: each part has a
//! fixed width or its length in front of it. The test pins it.

use std::fmt;

use paced_core::params::ParamValue;
use paced_core::policy::Revision;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::limits::Limits;

/// SHA-256 of a component's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits, as [`fmt::Display`] writes them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let nibble = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let pairs = <&[u8; 64]>::try_from(text.as_bytes()).ok()?.as_chunks::<2>().0;
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }

    /// The first 12 hexadecimal digits: enough to tell components apart in a log.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

/// The revision of a component with its resolved params and its limits.
pub(super) fn revision(digest: &Digest, params: &[(String, ParamValue)], limits: &Limits) -> Revision {
    let mut hash = Sha256::new();
    hash.update(b"paced revision 1\0");
    hash.update(digest.0);
    hash.update((params.len() as u64).to_le_bytes());
    for (name, value) in params {
        text(&mut hash, name);
        param(&mut hash, value);
    }
    for limit in limit_values(limits) {
        hash.update(limit.to_le_bytes());
    }
    Revision(hash.finalize().into())
}

fn param(hash: &mut Sha256, value: &ParamValue) {
    match value {
        ParamValue::Number(x) => {
            hash.update([0]);
            hash.update(x.to_bits().to_le_bytes());
        }
        ParamValue::Integer(x) => {
            hash.update([1]);
            hash.update(x.to_le_bytes());
        }
        ParamValue::Flag(x) => hash.update([2, u8::from(*x)]),
        ParamValue::Text(x) => {
            hash.update([3]);
            text(hash, x);
        }
    }
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

fn limit_values(limits: &Limits) -> [u64; 9] {
    // Taken apart by name, so that a new limit can't be left out of the revision.
    let Limits {
        fuel,
        deadline,
        memory_bytes,
        state_bytes,
        reason_bytes,
        signals,
        log_lines,
        log_bytes,
        component_bytes,
    } = limits;
    [
        *fuel,
        u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX),
        *memory_bytes,
        u64::from(*state_bytes),
        u64::from(*reason_bytes),
        u64::from(*signals),
        u64::from(*log_lines),
        u64::from(*log_bytes),
        *component_bytes,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(params: &[(&str, ParamValue)], limits: &Limits) -> Revision {
        let params: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        revision(&Digest::of(b"component"), &params, limits)
    }

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("e3b0"), None);
        assert_eq!(Digest::parse(&"G".repeat(64)), None);
    }

    #[test]
    fn the_encoding_never_changes() {
        let params = [
            ("kp", ParamValue::Number(0.15)),
            ("n", ParamValue::Integer(-2)),
            ("on", ParamValue::Flag(true)),
            ("word", ParamValue::Text("fast".to_owned())),
        ];
        let pinned = "a70d16b8ae1dd505047c1589c22ba860abaaecf7399bf3ac707c51755eedcc47";
        // Pinned with the default of its time.
        let limits = Limits { fuel: 10_000_000, ..Limits::default() };
        assert_eq!(of(&params, &limits).to_string(), pinned);
    }

    #[test]
    fn params_and_limits_that_differ_give_revisions_that_differ() {
        let text = |x: &str| ParamValue::Text(x.to_owned());
        let limits = Limits::default();
        let revisions = [
            of(&[], &limits),
            of(&[], &Limits { fuel: limits.fuel + 1, ..limits.clone() }),
            of(&[("a", text("b"))], &limits),
            of(&[("ab", text(""))], &limits),
            of(&[("a", ParamValue::Number(1.0))], &limits),
            of(&[("a", ParamValue::Integer(1.0f64.to_bits() as i64))], &limits),
        ];
        let distinct: std::collections::BTreeSet<_> = revisions.iter().collect();
        assert_eq!(distinct.len(), revisions.len());
    }
}
