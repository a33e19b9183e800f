//! The tenant's state: campaigns, tokens, quotas, faults, and the log of requests, each behind its own lock.
//!
//! Locks are held for computation only, never across an await, and no two at a time but a fault's snapshot of the
//! campaigns.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paced_core::time::Timestamp;
use paced_sim::{Bucket, CentreConfig};
use tokio::sync::{Semaphore, watch};

use super::answer::Answer;
use super::api::{Call, Operation};
use super::campaign::{Campaign, Change, UnknownCampaign};
use super::config::{TenantConfig, TenantError};
use super::fault::{BadRule, Fault, Faults, Rule, Strikes};
use super::quota::Quota;
use super::requests::Requests;
use super::token::{self, Client, Tokens};
use super::{RetryAfterForm, analytics, script};
use crate::clock::Clock;

/// How far back a frozen feed remembers.
const FROZEN: Duration = Duration::from_secs(24 * 3_600);

/// A simulated tenant's state.
pub(super) struct Platform {
    pub(super) clock: Clock,
    pub(super) campaigns: BTreeMap<String, Campaign>,
    pub(super) tokens: Mutex<Tokens>,
    pub(super) faults: Mutex<Faults>,
    pub(super) requests: Mutex<Requests>,
    analytics: Metered,
    updates: Metered,
    retry_after: RetryAfterForm,
    page_size: usize,
    stopping: watch::Sender<bool>,
    /// Places for running scripts.
    pub(super) scripts: Arc<Semaphore>,
}

/// A quota and the name that errors call it by.
struct Metered {
    name: String,
    quota: Mutex<Quota>,
}

impl Metered {
    fn new(kind: &str, per_minute: u32) -> Self {
        Self { name: format!("{per_minute} {kind}"), quota: Mutex::new(Quota::new(per_minute)) }
    }
}

/// Locks a mutex. A panic elsewhere leaves a state that is still worth serving.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Platform {
    pub(super) fn new(config: &TenantConfig) -> Result<Self, TenantError> {
        config.check()?;
        let now = config.clock.now();
        let mut campaigns = BTreeMap::new();
        for setup in &config.campaigns {
            let centre = CentreConfig { agents: setup.agents, ..config.centre.clone() };
            let campaign = Campaign::open(&setup.id, &centre, config.seed, config.dial_ratio, now)
                .map_err(|source| TenantError::Centre { id: setup.id.clone(), source })?;
            campaigns.insert(setup.id.clone(), campaign);
        }
        let client = Client { id: config.client_id.clone(), secret: config.client_secret.clone() };
        Ok(Self {
            clock: config.clock,
            campaigns,
            tokens: Mutex::new(Tokens::new(client, config.token_lifetime)),
            faults: Mutex::default(),
            requests: Mutex::default(),
            analytics: Metered::new("analytics", config.analytics_per_minute),
            updates: Metered::new("campaign", config.updates_per_minute),
            retry_after: config.retry_after,
            page_size: config.page_size,
            stopping: watch::Sender::new(false),
            scripts: Arc::new(Semaphore::new(script::MAX_SCRIPTS)),
        })
    }

    /// Answers a request as the platform does when nothing is wrong with it but what `strikes` freeze.
    pub(super) fn handle(&self, call: &Call, strikes: &Strikes, now: Timestamp) -> Answer {
        self.try_handle(call, strikes, now).unwrap_or_else(|refusal| refusal)
    }

    fn try_handle(&self, call: &Call, strikes: &Strikes, now: Timestamp) -> Result<Answer, Answer> {
        match call.operation {
            Operation::Token => Ok(lock(&self.tokens).issue(&call.headers, &call.body, now)),
            Operation::Query => {
                self.admit(call, token::ANALYTICS_READ, &self.analytics, now)?;
                let pages = analytics::Pages { size: self.page_size, cursor: call.next_page.as_deref() };
                analytics::answer(call, pages, |id, from, to| self.shown(id, from, to, strikes, now))
            }
            Operation::Put => {
                self.admit(call, token::CAMPAIGNS_WRITE, &self.updates, now)?;
                self.asked_for(call)?.put(call, now)
            }
            Operation::Get => {
                self.admit(call, token::CAMPAIGNS_READ, &self.updates, now)?;
                Ok(Answer::ok(self.asked_for(call)?.object(now)))
            }
        }
    }

    /// Token first, then scope, then quota: whoever may not ask uses up nothing.
    fn admit(&self, call: &Call, scope: &str, metered: &Metered, now: Timestamp) -> Result<(), Answer> {
        lock(&self.tokens).authorize(&call.headers, scope, now)?;
        let taken = lock(&metered.quota).take(now);
        taken.map_err(|wait_s| Answer::too_many(&metered.name, wait_s, self.retry_after, now))
    }

    fn asked_for(&self, call: &Call) -> Result<&Campaign, Answer> {
        let id = call.campaigns.first().map_or("", String::as_str);
        self.campaigns.get(id).ok_or_else(|| Answer::unknown_campaign(id))
    }

    /// The buckets that a query is shown, none of an unknown campaign.
    fn shown(&self, id: &str, from: Timestamp, to: Timestamp, strikes: &Strikes, now: Timestamp) -> Vec<Bucket> {
        if let Some(frozen) = strikes.frozen(id) {
            // The newest is shown whatever the range: a platform whose aggregation is stuck repeats its last.
            let newest = frozen.last().map(|bucket| bucket.date_from);
            let overlaps = |bucket: &Bucket| bucket.date_from < to && bucket.date_from + paced_sim::BUCKET > from;
            let shown = frozen.iter().filter(|bucket| overlaps(bucket) || Some(bucket.date_from) == newest);
            return shown.copied().collect();
        }
        self.campaigns.get(id).map(|campaign| campaign.buckets(from, to, now)).unwrap_or_default()
    }

    /// Adds a fault.
    pub(super) fn inject(&self, rule: Rule) -> Result<u64, BadRule> {
        let now = self.clock.now();
        let frozen = matches!(rule.fault, Fault::Stale).then(|| self.snapshot(now));
        lock(&self.faults).add(rule, frozen, now)
    }

    fn snapshot(&self, now: Timestamp) -> BTreeMap<String, Vec<Bucket>> {
        let buckets = |campaign: &Campaign| campaign.buckets(now - FROZEN, now + FROZEN, now);
        self.campaigns.iter().map(|(id, campaign)| (id.clone(), buckets(campaign))).collect()
    }

    /// Changes a campaign as a person does at the platform's own desk.
    pub(super) fn change(&self, id: &str, change: Change) -> Result<(), UnknownCampaign> {
        let campaign = self.campaigns.get(id).ok_or_else(|| UnknownCampaign(id.to_owned()))?;
        campaign.change(change, self.clock.now());
        Ok(())
    }

    /// Tells everything that waits to stop.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the tenant is told to stop.
    pub(super) async fn stopped(&self) {
        // The sender lives as long as this borrow, so the only way out is the value.
        let _ = self.stopping.subscribe().wait_for(|stop| *stop).await;
    }
}
