//! What the configuration says of a policy.

use std::path::PathBuf;

use paced_core::params::ParamValue;

use crate::wasm::{Digest, Limits, Recipe};

/// A policy that campaigns may name.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySpec {
    /// Its name in the configuration, which need not be the name that the component gives itself.
    pub name: String,
    /// Where its component comes from.
    pub source: Source,
    /// The limits of its calls.
    pub limits: Limits,
    /// The campaigns that use it: a new component must take their params.
    pub uses: Vec<Use>,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Compiled into this program.
    BuiltIn(&'static [u8]),
    /// A file, which may be replaced at any time.
    File(PathBuf),
}

/// A campaign's use of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The campaign's identifier.
    pub campaign: String,
    /// The params that it sets: the policy's own, then the campaign's over them.
    pub params: Vec<(String, ParamValue)>,
}

impl PolicySpec {
    /// What its components run under: the limits and every campaign's params, as one hash. A component that was rolled
    /// back may do better under other conditions.
    #[must_use]
    pub fn conditions(&self) -> Digest {
        let recipe = |params: &[(String, ParamValue)]| {
            let (component, limits) = (Digest::of(b""), self.limits.clone());
            Recipe { component, params: params.to_vec(), limits }.revision().0
        };
        let of_uses = self.uses.iter().flat_map(|used| [Digest::of(used.campaign.as_bytes()).0, recipe(&used.params)]);
        let parts: Vec<_> = std::iter::once(recipe(&[])).chain(of_uses).collect();
        Digest::of(parts.as_flattened())
    }
}
