//! Every setting of a configuration as it counts, by its key and in the words of a file.
//!
//! Where a value comes from does not matter here: a campaign lists what `[defaults]` give it as its own. Structures are
//! taken apart completely, so that a new setting can't be forgotten.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use paced_core::config::{AbandonmentConfig, CampaignConfig, ReportingWindow};
use paced_core::params::ParamValue;

use super::policies::{PolicyEntry, PolicyLimits};
use super::settings::{DEFINITIONS, STANCES};
use super::source::join;
use super::values::{brief, brief_size};
use super::{Campaign, Config, Journal, Platform};

/// Values by key, such as `max_dial_ratio` of a campaign; a key that is not set is not there.
pub(super) type Listing = BTreeMap<String, String>;

/// What stands outside the campaigns, by its full key. The client's secret is left out.
pub(super) fn of_daemon(config: &Config) -> Listing {
    let Config { source: _, data_dir, platform, journal, time_zone, policies, campaigns: _ } = config;
    let Platform {
        base_url,
        client_id,
        client_secret: _,
        analytics_per_minute,
        updates_per_minute,
        request_timeout,
        batch_size,
    } = platform;
    let Journal { max_age, max_size_bytes } = journal;
    let mut listing = of([
        ("data_dir", text(data_dir.display())),
        ("time_zone", text(time_zone.iana_name().unwrap_or("UTC"))),
        ("platform.base_url", text(base_url)),
        ("platform.client_id", text(client_id)),
        ("platform.analytics_per_minute", analytics_per_minute.to_string()),
        ("platform.updates_per_minute", updates_per_minute.to_string()),
        ("platform.request_timeout", duration(*request_timeout)),
        ("platform.batch_size", batch_size.to_string()),
        ("journal.max_age", duration(*max_age)),
        ("journal.max_size", text(brief_size(*max_size_bytes))),
    ]);
    for (name, entry) in policies {
        list_policy(&mut listing, &join("policies", name), entry);
    }
    listing
}

fn list_policy(listing: &mut Listing, key: &str, entry: &PolicyEntry) {
    let PolicyEntry { file, params, limits: PolicyLimits { fuel, memory_bytes, deadline } } = entry;
    let limits = [
        ("file", file.as_ref().map(|file| text(file.display()))),
        ("limits.fuel", fuel.map(|fuel| fuel.to_string())),
        ("limits.memory", memory_bytes.map(|bytes| text(brief_size(bytes)))),
        ("limits.deadline", deadline.map(duration)),
    ];
    listing.extend(limits.into_iter().filter_map(|(name, value)| Some((format!("{key}.{name}"), value?))));
    list_params(listing, &format!("{key}.params"), params.values());
}

fn list_params(listing: &mut Listing, key: &str, params: Vec<(String, ParamValue)>) {
    listing.extend(params.into_iter().map(|(name, value)| {
        let value = if let ParamValue::Text(value) = value { text(value) } else { value.to_string() };
        (join(key, &name), value)
    }));
}

/// What counts for one campaign, by its key within the campaign.
pub(super) fn of_campaign(campaign: &Campaign) -> Listing {
    let Campaign { pacing, policy, params, shift_end, line: _ } = campaign;
    let mut listing = of_pacing(pacing);
    listing.insert("policy".to_owned(), text(policy));
    listing.extend(shift_end.map(|time| ("shift_end".to_owned(), text(time))));
    list_params(&mut listing, "params", params.values());
    listing
}

fn of_pacing(pacing: &CampaignConfig) -> Listing {
    let CampaignConfig {
        id: _,
        total_agents,
        poll_interval,
        target_utilization,
        min_dial_ratio,
        max_dial_ratio,
        initial_dial_ratio,
        ramp_up,
        ramp_down,
        deadband,
        small_group_agents,
        abandonment,
        breaker_failures,
        breaker_cooldown,
        stale_after,
        blind_after,
        when_blind,
        on_exit,
        safe_ratio,
        resume_ratio,
        policy_faults,
        read_back,
        max_concurrent_calls_per_ratio,
    } = pacing;
    let mut listing = of([
        ("total_agents", total_agents.to_string()),
        ("poll_interval", duration(*poll_interval)),
        ("target_utilization", target_utilization.to_string()),
        ("min_dial_ratio", min_dial_ratio.to_string()),
        ("max_dial_ratio", max_dial_ratio.to_string()),
        ("initial_dial_ratio", initial_dial_ratio.to_string()),
        ("ramp_up", ramp_up.to_string()),
        ("ramp_down", ramp_down.to_string()),
        ("deadband", deadband.to_string()),
        ("small_group_agents", small_group_agents.to_string()),
        ("breaker_failures", breaker_failures.to_string()),
        ("breaker_cooldown", duration(*breaker_cooldown)),
        ("stale_after", duration(*stale_after)),
        ("blind_after", duration(*blind_after)),
        ("when_blind", word(STANCES, when_blind)),
        ("on_exit", word(STANCES, on_exit)),
        ("safe_ratio", safe_ratio.to_string()),
        ("resume_ratio", resume_ratio.to_string()),
        ("policy_faults", policy_faults.to_string()),
        ("read_back", duration(*read_back)),
    ]);
    listing.extend(
        max_concurrent_calls_per_ratio.map(|calls| ("max_concurrent_calls_per_ratio".to_owned(), calls.to_string())),
    );
    listing.extend(of_abandonment(abandonment));
    listing
}

fn of_abandonment(abandonment: &AbandonmentConfig) -> Listing {
    let AbandonmentConfig { limit, of: counted_of, min_answers, trip_readings, window, window_answers, reporting } =
        abandonment;
    // Beside limit and definition, a jurisdiction sets nothing but this window.
    let reporting = match reporting {
        ReportingWindow::Today => "a window of a day",
        ReportingWindow::Days30 => "a window of 30 days",
        ReportingWindow::Month => "a window of a calendar month",
    };
    of([
        ("max_abandonment", limit.to_string()),
        ("abandonment_of", word(DEFINITIONS, counted_of)),
        ("min_answers", min_answers.to_string()),
        ("trip_readings", trip_readings.to_string()),
        ("abandonment_window", duration(*window)),
        ("abandonment_window_answers", window_answers.to_string()),
        ("jurisdiction", reporting.to_owned()),
    ])
}

fn of<const N: usize>(settings: [(&str, String); N]) -> Listing {
    settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn text(value: impl Display) -> String {
    format!("{:?}", value.to_string())
}

fn duration(value: Duration) -> String {
    text(brief(value))
}

/// The word that stands for a value in a file.
fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    words.iter().find(|(_, meaning)| meaning == value).map_or_else(String::new, |(word, _)| text(word))
}
