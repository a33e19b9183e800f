//! The configuration from the environment alone: one campaign, by the tutorial's variables, and no file at all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use paced_core::config::CampaignConfig;

use super::campaigns::{LONGEST_ID, MOST_AGENTS};
use super::connection::{BASE_URL, CLIENT_ID, CLIENT_SECRET, Connection, Outside, take};
use super::finding::{Finding, Severity, in_order};
use super::platform::{ANALYTICS_PER_MINUTE, BATCH_SIZE, REQUEST_TIMEOUT, UPDATES_PER_MINUTE};
use super::source::Setting;
use super::values::{Taken, check_text};
use super::{Campaign, Checked, Config, DATA_DIR, Inputs, Journal, POLICY, Params, Platform, budget, campaign};

const CAMPAIGN_ID: &str = "CXONE_CAMPAIGN_ID";
const TOTAL_AGENTS: &str = "CXONE_TOTAL_AGENTS";
const POLL_INTERVAL_MS: &str = "POLL_INTERVAL_MS";

/// The tutorial's defaults.
const DEFAULT_AGENTS: u32 = 20;
const DEFAULT_POLL_INTERVAL_MS: u32 = 15_000;

/// Where findings say that they are.
const PLACE: &str = "environment";

/// The configuration of one campaign by `CXONE_BASE_URL`, `CXONE_CLIENT_ID`, `CXONE_CLIENT_SECRET`,
/// `CXONE_CAMPAIGN_ID`, `CXONE_TOTAL_AGENTS` (20) and `POLL_INTERVAL_MS` (15000).
#[must_use]
pub fn from_environment(inputs: &Inputs<'_>) -> Checked {
    let mut findings = Vec::new();
    let connection = Connection::outside(inputs, &mut findings);
    let id = take(Outside::variable(inputs, CAMPAIGN_ID), |_| false, id_of, &mut findings);
    let agents = take(Outside::variable(inputs, TOTAL_AGENTS), |_| false, whole(1, MOST_AGENTS), &mut findings);
    let poll_ms = take(Outside::variable(inputs, POLL_INTERVAL_MS), |_| false, whole(100, 3_600_000), &mut findings);

    require(&connection.base_url, BASE_URL, "the platform's https address", &mut findings);
    require(&connection.client_id, CLIENT_ID, "the API client's identifier", &mut findings);
    require(&connection.client_secret, CLIENT_SECRET, "the API client's secret", &mut findings);
    require(&id, CAMPAIGN_ID, "the campaign's identifier", &mut findings);

    let config = assemble(inputs, connection, id, agents.value, poll_ms.value);
    let budget = config.as_ref().map(Config::budget);
    let over_budget = budget.as_ref().and_then(budget::over);
    let budget_findings = over_budget.map(|message| finding(POLL_INTERVAL_MS, message)).into_iter().collect();
    let findings = in_order(findings);
    let config = config.filter(|_| findings.is_empty());
    Checked { draft: config.clone(), config, findings, budget, budget_findings }
}

fn assemble(
    inputs: &Inputs<'_>,
    connection: Connection,
    id: Setting<String>,
    total_agents: Option<u32>,
    poll_ms: Option<u32>,
) -> Option<Config> {
    let platform = Platform {
        base_url: connection.base_url.value?,
        client_id: connection.client_id.value?,
        client_secret: connection.client_secret.value?,
        analytics_per_minute: ANALYTICS_PER_MINUTE,
        updates_per_minute: UPDATES_PER_MINUTE,
        request_timeout: REQUEST_TIMEOUT,
        batch_size: BATCH_SIZE,
    };
    let poll_interval = Duration::from_millis(u64::from(poll_ms.unwrap_or(DEFAULT_POLL_INTERVAL_MS)));
    let base = CampaignConfig::with_defaults(&id.value?, total_agents.unwrap_or(DEFAULT_AGENTS));
    let (stale_after, blind_after) = campaign::default_ages(&base, poll_interval);
    let campaign = Campaign {
        pacing: CampaignConfig { poll_interval, stale_after, blind_after, ..base },
        policy: POLICY.to_owned(),
        params: Params::default(),
        shift_end: None,
        line: None,
    };
    Some(Config {
        source: PLACE.to_owned(),
        data_dir: inputs.overrides.data_dir.clone().unwrap_or_else(|| PathBuf::from(DATA_DIR)),
        platform,
        journal: Journal::default(),
        time_zone: TimeZone::UTC,
        policies: BTreeMap::new(),
        campaigns: vec![campaign],
    })
}

fn require<T>(setting: &Setting<T>, variable: &str, what: &str, findings: &mut Vec<Finding>) {
    if setting.is_absent() {
        findings.push(finding(variable, format!("is missing: {what} (or give a file with --config)")));
    }
}

fn finding(variable: &str, message: String) -> Finding {
    let (file, key) = (PLACE.to_owned(), variable.to_owned());
    Finding { file, line: None, key, value: None, severity: Severity::Error, message }
}

fn id_of(text: &str) -> Taken<String> {
    check_text(text, LONGEST_ID)?;
    Ok(text.to_owned())
}

fn whole(least: u32, most: u32) -> impl Fn(&str) -> Taken<u32> {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}
