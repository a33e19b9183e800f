//! What a simulated tenant is like.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use paced_core::ratio::DialRatio;
use paced_sim::{CentreConfig, ConfigError};

use super::answer::RetryAfterForm;
use crate::clock::Clock;

/// Most campaigns of a tenant.
const MAX_CAMPAIGNS: usize = 10_000;

/// A tenant's settings. Durations are platform time.
#[derive(Clone)]
pub struct TenantConfig {
    /// The platform's clock. Hand over the daemon's own where both run in one process, and they can't drift apart.
    pub clock: Clock,
    /// Where to listen; port 0 takes a free one. Default loopback, port 0.
    pub listen: SocketAddr,
    /// The campaigns, at least one.
    pub campaigns: Vec<CampaignSetup>,
    /// What every campaign's centre is like, but for its agents.
    pub centre: CentreConfig,
    /// The seed of all chance.
    pub seed: u64,
    /// The dial ratio that campaigns start at, active. Default 1.0.
    pub dial_ratio: DialRatio,
    /// The client that may ask for tokens. Default `demo`.
    pub client_id: String,
    /// Its secret. Default `demo-secret`: it guards nothing.
    pub client_secret: String,
    /// How long a token lives. Default an hour.
    pub token_lifetime: Duration,
    /// Analytics queries a minute. Default 100.
    pub analytics_per_minute: u32,
    /// Reads and updates of campaigns a minute. Default 3000.
    pub updates_per_minute: u32,
    /// How a 429 says when to come back. Default in seconds.
    pub retry_after: RetryAfterForm,
    /// Entities on a page of an analytics answer, at least 1. Default 100.
    pub page_size: usize,
}

/// One campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignSetup {
    /// Its identifier.
    pub id: String,
    /// Agents staffed.
    pub agents: u32,
}

/// A tenant that can't be started.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The address can't be listened on.
    #[error("the simulated tenant can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A campaign's centre is misconfigured.
    #[error("campaign {id} of the simulated tenant can't be simulated")]
    Centre {
        /// The campaign.
        id: String,
        /// The field, its value and what would be right.
        source: ConfigError,
    },
    /// Another setting is out of its range.
    #[error("{setting} of the simulated tenant is {value}: it must be {wanted}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        wanted: &'static str,
    },
}

impl TenantConfig {
    /// A tenant on a free loopback port with campaigns `1`, `2` ... of so many agents each.
    #[must_use]
    pub fn new(clock: Clock, agents: &[u32]) -> Self {
        let campaigns = (1..).zip(agents).map(|(id, &agents)| CampaignSetup { id: i32::to_string(&id), agents });
        Self {
            clock,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            campaigns: campaigns.collect(),
            centre: CentreConfig::default(),
            seed: 1,
            dial_ratio: DialRatio::ONE,
            client_id: "demo".to_owned(),
            client_secret: "demo-secret".to_owned(),
            token_lifetime: Duration::from_secs(3_600),
            analytics_per_minute: 100,
            updates_per_minute: 3_000,
            retry_after: RetryAfterForm::Seconds,
            page_size: 100,
        }
    }

    /// Checks what the centres don't check themselves.
    pub(super) fn check(&self) -> Result<(), TenantError> {
        let ids: BTreeSet<_> = self.campaigns.iter().map(|campaign| &campaign.id).collect();
        let count = self.campaigns.len();
        require("the number of campaigns", count, (1..=MAX_CAMPAIGNS).contains(&count), "from 1 to 10,000")?;
        require("the number of different campaign ids", ids.len(), ids.len() == count, "that of the campaigns")?;
        let quotas =
            [("analytics_per_minute", self.analytics_per_minute), ("updates_per_minute", self.updates_per_minute)];
        for (setting, quota) in quotas {
            require(setting, quota, (1..=1_000_000).contains(&quota), "from 1 to 1,000,000")?;
        }
        require("page_size", self.page_size, (1..=10_000).contains(&self.page_size), "from 1 to 10,000")?;
        let lifetime = self.token_lifetime.as_secs();
        require("token_lifetime", lifetime, (1..=31_536_000).contains(&lifetime), "from a second to a year")
    }
}

fn require(
    setting: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    wanted: &'static str,
) -> Result<(), TenantError> {
    if holds { Ok(()) } else { Err(TenantError::Setting { setting, value: value.to_string(), wanted }) }
}
