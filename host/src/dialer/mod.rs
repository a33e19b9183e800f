//! The seam to a dialer platform: observe, read back, update.
//!
//! An implementation hides transport, retries, rate limits and paging. It answers with what happened in core's words
//! and never decides anything about a campaign.

pub mod cxone;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

pub use paced_core::directive::Urgency;
use paced_core::reading::{Failure, Observation, Setting};
use paced_core::time::Timestamp;

/// A future that a [`Dialer`] returns.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A dialer platform.
pub trait Dialer: Send + Sync + 'static {
    /// Asks for the latest metrics of these campaigns, all in one query, and gives one observation for each of them.
    /// Every attempt ends by `deadline` (platform time).
    fn observe<'a>(&'a self, campaigns: &'a [String], deadline: Timestamp) -> Answer<'a, HashMap<String, Observation>>;

    /// Reads back what a campaign is set to, in the rate limit's queue at the place of `urgency`.
    fn read_back<'a>(
        &'a self,
        campaign: &'a str,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Answer<'a, Result<Setting, RequestError>>;

    /// Sets a campaign, and gives what the platform answers that it is set to, where it says so.
    fn update<'a>(
        &'a self,
        update: &'a Update,
        deadline: Timestamp,
    ) -> Answer<'a, Result<Option<Setting>, RequestError>>;
}

/// An update of one campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The platform's identifier.
    pub campaign: String,
    /// What to set; always all of it, so that repeating it is harmless.
    pub setting: Setting,
    /// The platform's own ceiling on calls.
    pub max_concurrent_calls: u32,
    /// Its place in the rate limit's queue.
    pub urgency: Urgency,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It failed; this counts against the circuit breaker.
    #[error("{}", .0.message)]
    Failed(Failure),
    /// It was put off (429, or no place in the rate limit before the deadline); this is not a failure.
    #[error("put off: {0}")]
    Delayed(String),
    /// The platform does not know the campaign (404).
    #[error("the platform does not know this campaign (404)")]
    Unknown,
    /// The platform does not offer this operation (405).
    #[error("the platform does not offer this operation (405)")]
    Unsupported,
}
