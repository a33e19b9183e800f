//! The NICE CXone platform: metrics by analytics query, campaigns by PUT and GET.
//!
//! One client, one token and two rate limits serve all campaigns of a tenant: reading metrics must never hold up a
//! pause. What is sent is strict (`wire`), what is read is tolerant (`reader`), and what the platform's clock and feed
//! are like is learned from its answers (`feed`).

mod dates;
mod entity;
mod feed;
mod fields;
mod reader;
mod setting;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paced_core::reading::{Failure, FailureClass, Observation, Setting};
use paced_core::time::Timestamp;
use reqwest::Method;

use self::feed::{Feed, PlatformNow};
use self::reader::Reader;
use super::{Answer, Dialer, RequestError, Update, Urgency};
use crate::clock::Clock;
use crate::http::Secret;
use crate::http::client::{Call, CallError, Client, ClientError, Operation};
use crate::http::limiter::Limiter;
use crate::http::sent::{Kind, RequestsSent};
use crate::http::transport::Reply;

/// Most pages of one answer.
const PAGES_MAX: usize = 20;
/// Most requests that go at once.
const BURST: u32 = 5;
/// All metric queries are as urgent as each other.
const ONE_PRIORITY: u8 = 0;

static QUERY: Operation =
    Operation { name: "querying metrics", kind: Kind::Query, method: Method::POST, scope: "analytics:read" };
static READ_BACK: Operation =
    Operation { name: "reading back the campaign", kind: Kind::ReadBack, method: Method::GET, scope: "campaigns:read" };
static UPDATE: Operation =
    Operation { name: "updating the campaign", kind: Kind::Update, method: Method::PUT, scope: "campaigns:write" };

/// Where the platform is and how it may be used.
#[derive(Clone, Debug)]
pub struct CxoneConfig {
    /// Its address; https, or http on loopback.
    pub base_url: String,
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// Metric queries in a minute of platform time, all campaigns together; at least 1.
    pub analytics_per_minute: u32,
    /// Updates and read-backs in a minute of platform time, all campaigns together; at least 1.
    pub updates_per_minute: u32,
    /// Longest that one attempt may take, wall time; above zero.
    pub request_timeout: Duration,
    /// Platform time between two queries about a campaign; the shortest where they differ.
    pub poll_interval: Duration,
}

/// Why the platform can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CxoneError {
    /// Its address or the credentials are unusable, or TLS can't be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A limit or a timeout of zero would let nothing through.
    #[error("{0} must be above zero")]
    Zero(&'static str),
}

/// A client of one CXone tenant.
#[derive(Debug)]
pub struct Cxone {
    client: Client,
    analytics: Limiter,
    campaigns: Limiter,
    clock: Clock,
    feed: Mutex<Feed>,
    unattributed_reported: AtomicBool,
}

impl Cxone {
    /// A client that has sent nothing yet.
    ///
    /// # Errors
    /// The configuration can't work: see [`CxoneError`].
    pub fn new(config: &CxoneConfig, clock: Clock) -> Result<Self, CxoneError> {
        let CxoneConfig { analytics_per_minute, updates_per_minute, request_timeout, .. } = *config;
        for (name, is_zero) in [
            ("analytics_per_minute", analytics_per_minute == 0),
            ("updates_per_minute", updates_per_minute == 0),
            ("request_timeout", request_timeout.is_zero()),
        ] {
            if is_zero {
                return Err(CxoneError::Zero(name));
            }
        }
        let client = Client::new(&config.base_url, &config.client_id, &config.client_secret, request_timeout, clock)?;
        Ok(Self {
            client,
            analytics: Limiter::new("analytics", analytics_per_minute, BURST, clock),
            campaigns: Limiter::new("campaigns", updates_per_minute, BURST, clock),
            clock,
            feed: Mutex::new(Feed::new(config.poll_interval)),
            unattributed_reported: AtomicBool::new(false),
        })
    }

    /// The requests that have been put on the wire so far.
    #[must_use]
    pub fn requests_sent(&self) -> RequestsSent {
        self.client.requests_sent()
    }

    async fn query(
        &self,
        campaigns: &[String],
        deadline: Timestamp,
    ) -> Result<HashMap<String, Observation>, CallError> {
        let body = {
            let feed = self.feed();
            let platform_now = feed.platform_now(self.clock.now());
            wire::query(campaigns, feed.date_from(campaigns, platform_now), platform_now)
        };
        let mut reader = Reader::new(campaigns);
        let mut cursor = None;
        let mut followed = BTreeSet::new();
        for _ in 0..PAGES_MAX {
            let reply = self.page(cursor.as_deref(), &body, deadline).await?;
            let next = reader.page(&reply.body).map_err(|reason| malformed(&QUERY, &format!("the answer {reason}")))?;
            let Some(next) = next else { return Ok(self.observations(campaigns, reader, &reply)) };
            if !followed.insert(next.clone()) {
                return Err(malformed(&QUERY, "the answer's nextPage leads in a circle"));
            }
            cursor = Some(next);
        }
        Err(malformed(&QUERY, &format!("the answer has more than {PAGES_MAX} pages")))
    }

    async fn page(&self, cursor: Option<&str>, body: &[u8], deadline: Timestamp) -> Result<Reply, CallError> {
        let path = wire::query_path(cursor);
        let (limiter, priority) = (&self.analytics, ONE_PRIORITY);
        self.client.send(&Call { operation: &QUERY, path: &path, body: Some(body), limiter, priority, deadline }).await
    }

    fn observations(&self, campaigns: &[String], reader: Reader<'_>, reply: &Reply) -> HashMap<String, Observation> {
        if reader.has_unattributed() && !self.unattributed_reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "entity_without_campaign",
                "the platform does not say which campaign its metrics belong to: set batch_size = 1"
            );
        }
        let PlatformNow { now, latest } = self.feed().learn(campaigns, reply, &reader.dates_to());
        reader.finish(now, latest)
    }

    async fn send_to_campaign(
        &self,
        operation: &'static Operation,
        campaign: &str,
        body: Option<&[u8]>,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Result<Reply, RequestError> {
        let path = wire::campaign_path(campaign).map_err(|error| {
            RequestError::Failed(Failure {
                class: FailureClass::Refused,
                message: format!("{}: {error}", operation.name),
            })
        })?;
        let (limiter, priority) = (&self.campaigns, urgency as u8);
        let call = Call { operation, path: &path, body, limiter, priority, deadline };
        self.client.send(&call).await.map_err(|error| match error {
            CallError::Failed(failure) => RequestError::Failed(failure),
            CallError::Delayed(reason) => RequestError::Delayed(reason),
            CallError::NotFound(_) => RequestError::Unknown,
            CallError::NotOffered(_) => RequestError::Unsupported,
        })
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dialer for Cxone {
    fn observe<'a>(&'a self, campaigns: &'a [String], deadline: Timestamp) -> Answer<'a, HashMap<String, Observation>> {
        Box::pin(async move {
            if campaigns.is_empty() {
                return HashMap::new();
            }
            self.query(campaigns, deadline).await.unwrap_or_else(|error| {
                let observation = observation_of(error);
                campaigns.iter().map(|id| (id.clone(), observation.clone())).collect()
            })
        })
    }

    fn read_back<'a>(
        &'a self,
        campaign: &'a str,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Answer<'a, Result<Setting, RequestError>> {
        Box::pin(async move {
            let reply = self.send_to_campaign(&READ_BACK, campaign, None, urgency, deadline).await?;
            setting::read(&reply.body, campaign)
                .map_err(|reason| RequestError::Failed(malformed_failure(&READ_BACK, &format!("the answer {reason}"))))
        })
    }

    fn update<'a>(
        &'a self,
        update: &'a Update,
        deadline: Timestamp,
    ) -> Answer<'a, Result<Option<Setting>, RequestError>> {
        Box::pin(async move {
            let body = wire::update(update);
            let reply = self.send_to_campaign(&UPDATE, &update.campaign, Some(&body), update.urgency, deadline).await?;
            // It was accepted; what the answer adds is welcome, and no more.
            Ok(setting::read(&reply.body, &update.campaign).ok())
        })
    }
}

/// What a failed query says of each of its campaigns.
fn observation_of(error: CallError) -> Observation {
    match error {
        CallError::Failed(failure) => Observation::Failed(failure),
        CallError::Delayed(reason) => Observation::Delayed(reason),
        // The query names no campaign in its path: whatever is unknown, it is none of them.
        CallError::NotFound(_) | CallError::NotOffered(_) => {
            Observation::Failed(malformed_failure(&QUERY, &format!("{error}; does base_url point at the platform?")))
        }
    }
}

fn malformed(operation: &Operation, what: &str) -> CallError {
    CallError::Failed(malformed_failure(operation, what))
}

fn malformed_failure(operation: &Operation, what: &str) -> Failure {
    Failure { class: FailureClass::Malformed, message: format!("{}: {what}", operation.name) }
}

#[cfg(test)]
mod tests;
