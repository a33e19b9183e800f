//! A golden case, and whether a decision is the one that it expects.

use std::fmt;
use std::ops::Range;

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, Input};

/// One golden case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) params: Vec<(String, ParamValue)>,
    /// The input with its state, without params.
    pub(super) input: Input,
    /// None where the file says nothing yet.
    pub(super) expect: Option<Expect>,
    /// How far a ratio may be off.
    pub(super) tolerance: f64,
    /// Where the expectation stands in the file, or else the case.
    pub(super) place: Range<usize>,
}

/// What a case expects.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expect {
    /// This dial ratio.
    Ratio(f64),
    /// No ratio, on purpose.
    Hold,
    /// A fault whose text holds this.
    Error(String),
}

/// What a policy answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Actual {
    /// A ratio, with the reason.
    Ratio(f64, String),
    /// No ratio, with the reason.
    Hold(String),
    /// A fault, in words.
    Error(String),
}

impl Expect {
    pub(super) fn is_met_by(&self, actual: &Actual, tolerance: f64) -> bool {
        match (self, actual) {
            (Self::Ratio(expected), Actual::Ratio(actual, _)) => (expected - actual).abs() <= tolerance,
            (Self::Hold, Actual::Hold(_)) => true,
            (Self::Error(part), Actual::Error(whole)) => whole.contains(part),
            _ => false,
        }
    }
}

impl Case {
    /// What is expected, in words.
    pub(super) fn expectation(&self) -> String {
        match &self.expect {
            Some(Expect::Ratio(ratio)) if self.tolerance > 0.0 => format!("{ratio}, within {}", self.tolerance),
            Some(Expect::Ratio(ratio)) => format!("{ratio}, exactly"),
            Some(Expect::Hold) => "hold".to_owned(),
            Some(Expect::Error(part)) => format!("an error with {part:?}"),
            None => "nothing yet: the case has no `expect`".to_owned(),
        }
    }
}

impl Actual {
    pub(super) fn of(decided: Result<Decided, Fault>) -> Self {
        match decided.map(|decided| decided.proposal) {
            Ok(proposal) => match proposal.dial_ratio {
                Some(ratio) => Self::Ratio(ratio, proposal.reason),
                None => Self::Hold(proposal.reason),
            },
            Err(fault) => Self::Error(fault.to_string()),
        }
    }
}

impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(ratio, reason) => write!(f, "{ratio}, because {reason:?}"),
            Self::Hold(reason) => write!(f, "hold, because {reason:?}"),
            Self::Error(words) => write!(f, "an error, {words:?}"),
        }
    }
}
