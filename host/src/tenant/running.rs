//! A tenant that runs, and what its own process can ask of it and do to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use paced_core::reading::Setting;
use paced_sim::Totals;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::campaign::{Change, UnknownCampaign};
use super::config::{TenantConfig, TenantError};
use super::fault::{BadRule, Rule};
use super::platform::{Platform, lock};
use super::requests::{LoggedRequest, RequestCounts};
use super::script::{self, BadScript, FaultScript};
use super::server;
use crate::clock::Clock;

/// How long open connections may go on once the tenant is told to stop, in wall time.
const GRACE: Duration = Duration::from_secs(2);

/// A simulated tenant, to be [started](Self::start).
#[derive(Debug)]
pub struct Tenant;

/// A simulated tenant that runs until it is [shut down](Self::shutdown) or dropped.
pub struct RunningTenant {
    platform: Arc<Platform>,
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

impl Tenant {
    /// Starts a tenant: its campaigns dial from now on, and it answers requests.
    ///
    /// # Errors
    /// A setting is out of its range, or the address can't be listened on.
    pub async fn start(config: TenantConfig) -> Result<RunningTenant, TenantError> {
        let platform = Arc::new(Platform::new(&config)?);
        let cant_listen = |source| TenantError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(cant_listen)?;
        let address = listener.local_addr().map_err(cant_listen)?;
        let server = tokio::spawn(server::serve(Arc::clone(&platform), listener));
        tokio::spawn(server::advance(Arc::clone(&platform)));
        Ok(RunningTenant { platform, address, server })
    }
}

impl RunningTenant {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The platform's base URL.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The platform's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.platform.clock
    }

    /// Requests so far.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        lock(&self.platform.requests).counts()
    }

    /// The latest requests, oldest first, at most 10,000.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.platform.requests).latest().cloned().collect()
    }

    /// The whole truth about a campaign so far; none if there is no such campaign.
    #[must_use]
    pub fn totals(&self, campaign: &str) -> Option<Totals> {
        Some(self.platform.campaigns.get(campaign)?.totals(self.platform.clock.now()))
    }

    /// What a campaign is set to, with its ceiling on calls; none if there is no such campaign.
    #[must_use]
    pub fn setting(&self, campaign: &str) -> Option<(Setting, u32)> {
        Some(self.platform.campaigns.get(campaign)?.setting())
    }

    /// Changes a campaign as a person does at the platform's own desk.
    ///
    /// # Errors
    /// There is no such campaign.
    pub fn change(&self, campaign: &str, change: Change) -> Result<(), UnknownCampaign> {
        self.platform.change(campaign, change)
    }

    /// Adds a fault, and gives its number.
    ///
    /// # Errors
    /// A value is out of its range, or there are too many faults.
    pub fn inject(&self, rule: Rule) -> Result<u64, BadRule> {
        self.platform.inject(rule)
    }

    /// Removes every fault.
    pub fn clear_faults(&self) {
        lock(&self.platform.faults).clear();
    }

    /// Revokes every token, and says how many there were.
    pub fn revoke_tokens(&self) -> usize {
        lock(&self.platform.tokens).revoke_all()
    }

    /// Starts a script of faults, now.
    ///
    /// # Errors
    /// A step can't be done, or too many scripts are running.
    pub fn run_script(&self, script: FaultScript) -> Result<(), BadScript> {
        script::start(&self.platform, script)
    }

    /// Stops: nothing new is accepted, what hangs is answered, and connections are closed as they fall idle.
    pub async fn shutdown(mut self) {
        self.platform.stop();
        // A connection that is busy beyond the grace is left to end by itself.
        let _ = tokio::time::timeout(GRACE, &mut self.server).await;
    }
}

impl Drop for RunningTenant {
    fn drop(&mut self) {
        self.platform.stop();
        self.server.abort();
    }
}
