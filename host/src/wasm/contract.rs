//! The versions of the contract that this host runs, and the bindings that answer for each.
//!
//! A new version is a folder under `wit/`, a module of bindings beside `v0_1`, and a variant of the two enums here: the
//! compiler then names every place that has to know it. A version that was released never leaves this table, and its
//! bindings never change, so that a component of today loads for ever.

use paced_core::params::Descriptor;
use paced_core::policy::{Input, Proposal};
use semver::Version;
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};

use super::call::Guest;
use super::fault::CallError;
use super::v0_1;

/// A version of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contract {
    V0_1,
}

/// A component that has what its contract asks for, ready to be instantiated.
pub(super) enum Prepared {
    V0_1(v0_1::Prepared),
}

impl Contract {
    /// Every version that this host runs, oldest first.
    pub(super) const ALL: &[Self] = &[Self::V0_1];

    /// Major and minor version; a patch version never changes a type, so it says nothing here.
    pub(super) const fn number(self) -> (u64, u64) {
        match self {
            Self::V0_1 => (0, 1),
        }
    }

    /// The contract that goes by this version, if this host runs it.
    pub(super) fn of(version: &Version) -> Option<Self> {
        Self::ALL.iter().copied().find(|contract| contract.number() == (version.major, version.minor))
    }

    /// Offers the contract's imports to a component.
    pub(super) fn add_to_linker(self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
        match self {
            Self::V0_1 => v0_1::add_to_linker(linker),
        }
    }

    /// Checks that a component exports what the contract asks for.
    pub(super) fn prepare(self, pre: InstancePre<Guest>) -> wasmtime::Result<Prepared> {
        match self {
            Self::V0_1 => v0_1::Prepared::new(pre).map(Prepared::V0_1),
        }
    }
}

impl Prepared {
    /// Calls `describe` in a fresh instance.
    pub(super) fn describe(&self, store: &mut Store<Guest>) -> Result<Descriptor, CallError> {
        match self {
            Self::V0_1(prepared) => prepared.describe(store),
        }
    }

    /// Calls `decide` in a fresh instance; the inner error is the policy's own.
    pub(super) fn decide(
        &self,
        store: &mut Store<Guest>,
        input: &Input,
    ) -> Result<Result<Proposal, String>, CallError> {
        match self {
            Self::V0_1(prepared) => prepared.decide(store, input),
        }
    }

    /// Calls `migrate` in a fresh instance; the inner error is the policy's own.
    pub(super) fn migrate(
        &self,
        store: &mut Store<Guest>,
        from_version: u32,
        state: &[u8],
    ) -> Result<Result<Vec<u8>, String>, CallError> {
        match self {
            Self::V0_1(prepared) => prepared.migrate(store, from_version, state),
        }
    }
}
