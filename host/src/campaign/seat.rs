//! The policy that a campaign is stepped with: its component, or the empty seat of one that can't run.
//!
//! A policy whose params stopped fitting, or that is gone, must not stop the loop: an empty seat answers each question
//! with a fault, so the ratio is held and the fallback takes over like for any other policy that misbehaves.

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy, Revision};

use crate::wasm::WasmPolicy;

/// What answers for a campaign's policy.
pub(super) enum Seat {
    /// A component, and what it was shown, if it was asked.
    Taken {
        policy: WasmPolicy,
        shown: Option<Box<Input>>,
    },
    Empty {
        why: String,
        revision: Revision,
    },
}

impl Seat {
    /// The seat of `policy`, or an empty one that says why. An empty seat keeps the revision that sat there last, so
    /// that the state is neither migrated nor dropped meanwhile.
    pub(super) fn of<E: std::fmt::Display>(policy: Result<WasmPolicy, E>, last: Revision) -> Self {
        match policy {
            Ok(policy) => Self::Taken { policy, shown: None },
            Err(error) => Self::Empty { why: error.to_string(), revision: last },
        }
    }

    /// The component that sits there.
    pub(super) const fn component(&self) -> Option<&WasmPolicy> {
        match self {
            Self::Taken { policy, .. } => Some(policy),
            Self::Empty { .. } => None,
        }
    }

    /// What the component was shown, if it was asked.
    pub(super) const fn shown(&mut self) -> Option<Box<Input>> {
        match self {
            Self::Taken { shown, .. } => shown.take(),
            Self::Empty { .. } => None,
        }
    }
}

impl Policy for Seat {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        match self {
            Self::Taken { policy, shown } => policy.decide(shown.insert(Box::new(input.clone()))),
            Self::Empty { why, .. } => Err(Fault { class: FaultClass::Declined, message: why.clone() }),
        }
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Taken { policy, .. } => policy.migrate(from_version, state),
            Self::Empty { .. } => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Taken { policy, .. } => policy.name(),
            Self::Empty { .. } => "",
        }
    }

    fn state_version(&self) -> u32 {
        match self {
            Self::Taken { policy, .. } => policy.state_version(),
            Self::Empty { .. } => 0,
        }
    }

    fn params(&self) -> &[(String, ParamValue)] {
        match self {
            Self::Taken { policy, .. } => policy.params(),
            Self::Empty { .. } => &[],
        }
    }

    fn revision(&self) -> &Revision {
        match self {
            Self::Taken { policy, .. } => policy.revision(),
            Self::Empty { revision, .. } => revision,
        }
    }
}
