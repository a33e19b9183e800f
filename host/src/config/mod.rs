//! The configuration: from a TOML file, or from the environment alone, to values that are complete and checked.
//!
//! Whoever edits a configuration wants every problem at once, each with its place and what would be right. So reading
//! never stops at a problem: it reports a [`Finding`], goes on with the default, and gives a [`Config`] only if no
//! finding is an error. Nothing in here starts anything; the files that a configuration names are looked at, and only
//! a `client_secret_file` is read.

mod budget;
mod campaign;
mod campaigns;
mod changes;
mod connection;
mod environment;
mod file;
mod finding;
mod listing;
mod load;
mod platform;
mod policies;
pub(crate) mod section;
mod settings;
pub(crate) mod source;
#[cfg(test)]
mod tests;
pub(crate) mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use paced_core::budget::Budget;
use paced_core::config::CampaignConfig;
use paced_core::params::ParamValue;
use reqwest::Url;

pub use self::changes::{Change, Takeover, take_over};
pub use self::environment::from_environment;
pub use self::file::ConfigFile;
pub use self::finding::{Finding, Severity};
pub(crate) use self::finding::{in_order, nearest};
pub use self::load::{LARGEST_FILE, Unreadable, load, parse, parse_bytes};
pub use self::policies::{Params, PolicyEntry, PolicyLimits, check_params};
pub use crate::http::Secret;

/// The folder for journal, caches and lock where nothing else is said.
pub const DATA_DIR: &str = "paced-data";

/// The policy where nothing else is said.
pub const POLICY: &str = "proportional";

/// A complete, checked configuration. Durations are platform time unless they say otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file as it was named, or "environment": where findings about this configuration belong.
    pub source: String,
    /// Folder of journal, caches and lock, as a path from the current directory.
    pub data_dir: PathBuf,
    /// The platform and its quotas.
    pub platform: Platform,
    /// How much the journal keeps.
    pub journal: Journal,
    /// Whose midnight starts a day, and in which `shift_end` is meant.
    pub time_zone: TimeZone,
    /// The policies that the configuration names, and entries that it makes for built-in ones.
    pub policies: BTreeMap<String, PolicyEntry>,
    /// The campaigns in the order of the file, at least one, each identifier once.
    pub campaigns: Vec<Campaign>,
}

/// The platform and its quotas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Scheme, host and port, with the path "/"; https except on loopback.
    pub base_url: Url,
    /// The API client's identifier.
    pub client_id: String,
    /// The API client's secret.
    pub client_secret: Secret,
    /// Analytics requests in a minute, all campaigns together, at least 1.
    pub analytics_per_minute: u32,
    /// Requests to campaigns in a minute, all campaigns together, at least 1.
    pub updates_per_minute: u32,
    /// Time for one request, wall time.
    pub request_timeout: Duration,
    /// Most campaigns in one analytics query, 1 to 200.
    pub batch_size: u32,
}

/// How much the journal keeps; whichever bound is reached first counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Age of the oldest entry.
    pub max_age: Duration,
    /// Size on disk, in bytes.
    pub max_size_bytes: u64,
}

/// One campaign with the policy that paces it.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// All settings that pacing depends on.
    pub pacing: CampaignConfig,
    /// Name of a built-in policy or of an entry in [`Config::policies`].
    pub policy: String,
    /// The campaign's own parameters; see [`Config::params_of`].
    pub params: Params,
    /// When the shift ends, in [`Config::time_zone`].
    pub shift_end: Option<Time>,
    /// The line at which the campaign starts, from 1; `None` in environment mode.
    pub line: Option<usize>,
}

/// What a configuration came to.
#[derive(Debug)]
pub struct Checked {
    /// The configuration, if no finding is an error.
    pub config: Option<Config>,
    /// The configuration with defaults in place of what is wrong: to check the rest of it by, never to run.
    pub draft: Option<Config>,
    /// Every problem, in the order of the file.
    pub findings: Vec<Finding>,
    /// What the campaigns need of the platform, unless something that it is made of is wrong.
    pub budget: Option<Budget>,
    /// Findings on the budget. They don't keep a configuration from running: `run` stretches the intervals.
    pub budget_findings: Vec<Finding>,
}

/// What a configuration draws on besides its file.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Looks up a variable of the environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What flags of the command line say.
    pub overrides: &'a Overrides,
    /// Names of the policies that need no file.
    pub built_in: &'a [&'a str],
}

/// What flags of the command line say; it wins over environment and file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--base-url`
    pub base_url: Option<String>,
    /// `--client-id`
    pub client_id: Option<String>,
    /// `--client-secret`
    pub client_secret: Option<Secret>,
    /// `--data-dir`, as a path from the current directory.
    pub data_dir: Option<PathBuf>,
}

impl Config {
    /// The parameters that a campaign's policy is to run with: the policy entry's, then the campaign's own, which win
    /// in [`Descriptor::resolve`](paced_core::params::Descriptor::resolve).
    #[must_use]
    pub fn params_of(&self, campaign: &Campaign) -> Vec<(String, ParamValue)> {
        let of_policy = self.policies.get(&campaign.policy).map(|entry| entry.params.values()).unwrap_or_default();
        [of_policy, campaign.params.values()].concat()
    }

    /// What the campaigns need of the platform.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let Platform { batch_size, analytics_per_minute, updates_per_minute, .. } = self.platform;
        let intervals = self.campaigns.iter().map(|campaign| campaign.pacing.poll_interval);
        Budget::new(intervals, batch_size, analytics_per_minute, updates_per_minute)
    }
}

impl Checked {
    /// The configuration with its warnings, or all findings.
    ///
    /// # Errors
    /// At least one finding is an error.
    pub fn into_config(self) -> Result<(Config, Vec<Finding>), Vec<Finding>> {
        match self.config {
            Some(config) => Ok((config, self.findings)),
            None => Err(self.findings),
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(35 * 86_400), max_size_bytes: 2 << 30 }
    }
}
