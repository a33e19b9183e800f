//! What a cycle learned of one campaign, from "a usable report" to "the platform did not answer".
//!
//! The dialer turns whatever the platform sent into one [`Observation`]; a value that can't be used makes the whole
//! report unusable *with its reason*, never zero.

use serde::{Deserialize, Serialize};

use crate::ratio::DialRatio;
use crate::time::Timestamp;

/// One campaign's metrics in one interval ("bucket") of the platform, every value checked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Start of the bucket. Where the platform does not say, the start of the five minutes that hold `date_to`.
    pub date_from: Timestamp,
    /// The instant up to which the values count: the bucket's end, or earlier while it is running.
    pub date_to: Timestamp,
    /// Calls offered so far in this bucket.
    pub offered: u32,
    /// Live answers that reached an agent so far in this bucket.
    pub answered: u32,
    /// Live answers abandoned so far in this bucket.
    pub abandoned: u32,
    /// Mean wrap-up in seconds; none where the platform reports none.
    pub wrap_up_s_mean: Option<f64>,
    /// Agents signed in and ready.
    pub agents_available: f64,
    /// Agents talking or in wrap-up.
    pub agents_busy: f64,
}

/// The outcome of asking for one campaign's metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Observation {
    /// Usable reports.
    Reports {
        /// The platform's clock when it answered; ages are taken against it.
        platform_now: Timestamp,
        /// One report for each bucket, oldest first, at least one.
        reports: Vec<Report>,
    },
    /// The platform answered and had nothing on this campaign.
    Quiet,
    /// The platform answered, and its values can't be used, for this reason.
    Unusable(String),
    /// The request failed; this counts against the circuit breaker.
    Failed(Failure),
    /// The request was put off (429, or no place in the rate limit); this is not a failure.
    Delayed(String),
    /// The platform does not know the campaign (404).
    Unknown,
}

/// Why a request failed, in the operator's words, with the class that reports count by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The class of the failure.
    pub class: FailureClass,
    /// What happened: the operation and the cause.
    pub message: String,
}

/// The classes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureClass {
    /// No connection, a reset, or a name that does not resolve.
    Network,
    /// No answer in time.
    Timeout,
    /// A 5xx answer after every attempt.
    Server,
    /// No access token could be had.
    Token,
    /// 401 also with a fresh token.
    Unauthorized,
    /// 403: a scope or role is missing.
    Forbidden,
    /// An answer that is not what the API promises.
    Malformed,
    /// An update refused by the platform (400, 409 and other 4xx).
    Refused,
}

impl FailureClass {
    /// The word for logs, metrics and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Token => "token",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
        }
    }
}

/// Whether a campaign dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The campaign dials.
    Active,
    /// The campaign does not dial.
    Paused,
}

impl Status {
    /// The platform's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
        }
    }
}

/// What the platform is set to, or is to be set to: always absolute, so that repeating it is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The dial ratio.
    pub ratio: DialRatio,
    /// Whether the campaign dials.
    pub status: Status,
}
