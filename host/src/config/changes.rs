//! From one configuration to the next while paced runs: what changes at once, and what waits for a restart.
//!
//! What ticks, queries, limiters and files are built from waits: the platform's section, the journal's, the folder, the
//! time zone, the poll interval and which campaigns there are. Everything else that a campaign is paced by changes at
//! its next tick. What waits is left as it runs, so that the two together are again a configuration that is in order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use paced_core::config::CampaignConfig;

use super::listing::{self, Listing};
use super::source::HIDDEN;
use super::{Campaign, Config};

/// One setting that is to be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The campaign's identifier, where the setting is one of a campaign's.
    pub campaign: Option<String>,
    /// The dotted key, such as `campaigns."12345".ramp_up`.
    pub key: String,
    /// The value before, as a file has it; none where it was not set.
    pub from: Option<String>,
    /// The value after, likewise.
    pub to: Option<String>,
}

/// `campaigns."12345".ramp_up: 0.5 -> 0.3`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        write!(f, "{}: {} -> {}", self.key, words(&self.from), words(&self.to))
    }
}

/// What a wanted configuration comes to in a running daemon.
#[derive(Debug)]
pub struct Takeover {
    /// The configuration to go on with.
    pub config: Config,
    /// What changes by that.
    pub live: Vec<Change>,
    /// What was wanted besides, and waits for a restart.
    pub waiting: Vec<Change>,
}

/// Takes over from `wanted` what may change while a daemon runs by `running`.
#[must_use]
pub fn take_over(running: &Config, wanted: &Config) -> Takeover {
    let by_id = by_id(wanted);
    let mut policies = wanted.policies.clone();
    let campaign = |campaign: &Campaign| match by_id.get(campaign.pacing.id.as_str()) {
        Some(wanted) => take_over_campaign(campaign, wanted),
        None => {
            // It is paced until the restart, and so keeps its policy.
            if let Some(entry) = running.policies.get(&campaign.policy) {
                policies.entry(campaign.policy.clone()).or_insert_with(|| entry.clone());
            }
            campaign.clone()
        }
    };
    let campaigns = running.campaigns.iter().map(campaign).collect();
    let config = Config { source: wanted.source.clone(), policies, campaigns, ..running.clone() };
    let (live, waiting) = (changes(running, &config), changes(&config, wanted));
    Takeover { config, live, waiting }
}

fn take_over_campaign(running: &Campaign, wanted: &Campaign) -> Campaign {
    let (now, then) = (&running.pacing, &wanted.pacing);
    let pacing = if now.poll_interval == then.poll_interval {
        then.clone()
    } else {
        // The ages are measured by the interval, and wait with it.
        let CampaignConfig { poll_interval, stale_after, blind_after, .. } = *now;
        CampaignConfig { poll_interval, stale_after, blind_after, ..then.clone() }
    };
    Campaign { pacing, ..wanted.clone() }
}

fn by_id(config: &Config) -> BTreeMap<&str, &Campaign> {
    config.campaigns.iter().map(|campaign| (campaign.pacing.id.as_str(), campaign)).collect()
}

/// What differs between two configurations: first outside the campaigns, then by campaign.
fn changes(from: &Config, to: &Config) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&mut changes, None, &listing::of_daemon(from), &listing::of_daemon(to));
    if from.platform.client_secret != to.platform.client_secret {
        let hidden = || Some(HIDDEN.to_owned());
        changes.push(Change { campaign: None, key: "platform.client_secret".to_owned(), from: hidden(), to: hidden() });
    }
    let (before, after) = (by_id(from), by_id(to));
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(id), after.get(id)) {
            (Some(before), Some(after)) => {
                compare(&mut changes, Some(id), &listing::of_campaign(before), &listing::of_campaign(after));
            }
            (before, _) => changes.push(coming_or_going(id, before.is_some())),
        }
    }
    changes
}

fn compare(changes: &mut Vec<Change>, campaign: Option<&str>, from: &Listing, to: &Listing) {
    for key in from.keys().chain(to.keys()).collect::<BTreeSet<_>>() {
        if from.get(key) != to.get(key) {
            changes.push(Change {
                campaign: campaign.map(str::to_owned),
                key: campaign.map_or_else(|| key.clone(), |id| format!("campaigns.{id:?}.{key}")),
                from: from.get(key).cloned(),
                to: to.get(key).cloned(),
            });
        }
    }
}

fn coming_or_going(id: &str, goes: bool) -> Change {
    let [from, to] = if goes { ["paced", "not paced"] } else { ["not paced", "paced"] };
    Change {
        campaign: Some(id.to_owned()),
        key: format!("campaigns.{id:?}"),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
    }
}
