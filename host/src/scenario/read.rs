//! From a scenario's text to the simulator's [`Scenario`], or to everything that is wrong with it.

use std::collections::BTreeSet;
use std::time::Duration;

use paced_core::ratio::DialRatio;
use paced_sim::CentreConfig;
use paced_sim::lab::{Campaign, Envelope, Scenario};
use toml_edit::{Document, Value};

use super::calls::{read_calls, read_feed};
use super::changes::Shift;
use super::rules::{DAY, shares, time};
use crate::config::section::Section;
use crate::config::source::{Site, Source};
use crate::config::values::{Taken, duration, fraction, number, ratio, text, time_of_day, whole};
use crate::config::{Finding, in_order};

/// The page that lists a scenario's keys.
const PAGE: &str = "docs/simulator.md";
/// Longest name of a scenario, in bytes.
const LONGEST_NAME: usize = 64;
/// Most campaigns that share agents.
const MOST_CAMPAIGNS: usize = 20;

/// Reads the scenario `name` from the text of `file`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn parse(name: &str, file: &str, text: &str) -> Result<Scenario, Vec<Finding>> {
    let source = Source::new(file.to_owned(), text).listed_in(PAGE);
    let scenario = match Document::parse(text) {
        Ok(document) => {
            let scenario = read(&source, Section::top(&source, document.as_table()), name);
            Some(scenario)
        }
        Err(error) => {
            let offset = error.span().map_or(text.len(), |span| span.start);
            let site = Site { line: Some(source.line(offset)), key: String::new(), value: None };
            source.error(&site, format!("not TOML: {}", error.message().replace('\n', ", ")));
            None
        }
    };
    let findings = in_order(source.into_findings());
    match scenario {
        Some(scenario) if findings.is_empty() => Ok(scenario),
        _ => Err(findings),
    }
}

/// Every key that reading this text asks for.
#[cfg(test)]
pub(super) fn keys(text: &str) -> Vec<&'static str> {
    let source = Source::new(String::new(), text);
    let document = Document::parse(text).expect("the test's own text");
    read(&source, Section::top(&source, document.as_table()), "keys");
    source.known().into_keys().collect()
}

fn read(source: &Source<'_>, top: Section<'_>, name: &str) -> Scenario {
    check_name(source, &top, name);
    let default = Scenario::steady(name, 1);
    let summary = top.require("summary", "what it is, in one line", text(200, "20 agents, nothing changes"));
    let minute = Duration::from_secs(60);
    let length = top.get("length", duration(minute..=DAY)).map_or(default.length, |length| length.value);
    let warm_up = top.get("warm_up", time).map_or(Duration::ZERO, |warm_up| {
        if warm_up.value >= length {
            source.error(&warm_up.site, "must be shorter than the shift");
        }
        warm_up.value
    });
    let centre = read_centre(&top);
    let centre = read_calls(source, top.section("calls", "[calls]"), &centre);
    let feed = read_feed(top.section("feed", "[feed]"), centre.feed);
    let centre = CentreConfig { feed, ..centre };
    let campaigns = read_campaigns(source, &top, &centre);
    let shift = Shift { source, length, campaigns: &campaigns };
    let scenario = Scenario {
        name: name.to_owned(),
        summary: summary.map(|summary| summary.value).unwrap_or_default(),
        starts: top.get("starts", starts).map_or(default.starts, |starts| starts.value),
        length,
        warm_up,
        actuation_delay: top
            .get("actuation_delay", duration(Duration::ZERO..=Duration::from_secs(600)))
            .map_or(Duration::ZERO, |delay| delay.value),
        changes: shift.changes(&top),
        segments: shift.segments(&top),
        envelope: read_envelope(top.section("envelope", "[envelope]")),
        campaigns,
    };
    top.finish();
    scenario
}

fn check_name(source: &Source<'_>, top: &Section<'_>, name: &str) {
    let right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(right) {
        let message = format!("the file's name is the scenario's: it must be 1 to {LONGEST_NAME} of a-z, 0-9, - and _");
        source.error(top.site(), message);
    }
}

/// Time since midnight.
fn starts(value: &Value) -> Taken<Duration> {
    let time = time_of_day(value)?;
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// What all campaigns share: agents and trunks.
fn read_centre(top: &Section<'_>) -> CentreConfig {
    let default = CentreConfig::default();
    CentreConfig {
        agents: top
            .require("agents", "the agents staffed at the start, 1 to 10000", whole(1..=10_000))
            .map_or(1, |n| n.value),
        present_share: top.get("present_share", fraction).map_or(default.present_share, |share| share.value),
        break_s_mean: top
            .get("break_mean", duration(Duration::from_secs(1)..=DAY))
            .map_or(default.break_s_mean, |mean| mean.value.as_secs_f64()),
        trunks: top.get("trunks", whole(1..=1_000_000)).map_or(default.trunks, |trunks| trunks.value),
        ..default
    }
}

/// The campaigns with their pacing; one where none is named.
fn read_campaigns(source: &Source<'_>, top: &Section<'_>, centre: &CentreConfig) -> Vec<Campaign> {
    let pacing = read_pacing(source, top);
    let paced = |id: &str, centre: CentreConfig| {
        let mut campaign = Campaign::new(id, centre);
        pacing.apply(&mut campaign);
        campaign
    };
    let mut sections = top.sections("campaigns", "[[campaigns]]").unwrap_or_default();
    if sections.is_empty() {
        return vec![paced("1", centre.clone())];
    }
    if sections.len() > MOST_CAMPAIGNS {
        let message = format!("{} campaigns are too many: at most {MOST_CAMPAIGNS}", sections.len());
        source.error(&top.place_of("campaigns"), message);
        sections.truncate(MOST_CAMPAIGNS);
    }
    let mut ids = BTreeSet::new();
    let mut campaigns = Vec::new();
    for mut section in sections {
        let id = section.require("id", "the campaign's identifier in quotes, such as \"sales\"", text(128, "sales"));
        match &id {
            Some(id) if !ids.insert(id.value.clone()) => {
                source.error(&id.site, "another campaign has the same id: each may stand once");
            }
            Some(id) => section.rename(format!("campaigns.{:?}", id.value)),
            None => {}
        }
        let own = read_calls(source, section.section("calls", "[campaigns.calls]"), centre);
        let feed = read_feed(section.section("feed", "[campaigns.feed]"), own.feed);
        section.finish();
        campaigns.push(paced(&id.map(|id| id.value).unwrap_or_default(), CentreConfig { feed, ..own }));
    }
    campaigns
}

/// What a scenario may say of pacing; the rest is the lab's own.
struct Pacing {
    poll_interval: Option<Duration>,
    target_utilization: Option<f64>,
    max_abandonment: Option<f64>,
    initial: Option<DialRatio>,
    lowest: Option<DialRatio>,
    highest: Option<DialRatio>,
    ramp_up: Option<f64>,
    ramp_down: Option<f64>,
}

fn read_pacing(source: &Source<'_>, top: &Section<'_>) -> Pacing {
    let a_ratio = |key| top.get(key, ratio).map(|ratio| ratio.value);
    let (lowest, highest) = (top.get("min_dial_ratio", ratio), top.get("max_dial_ratio", ratio));
    if let (Some(lowest), Some(highest)) = (&lowest, &highest)
        && lowest.value > highest.value
    {
        source.error(&lowest.site, format!("must be at most max_dial_ratio, which is {}", highest.value));
    }
    let second = Duration::from_secs(1);
    Pacing {
        poll_interval: top.get("poll_interval", duration(second..=second * 3_600)).map(|interval| interval.value),
        target_utilization: top.get("target_utilization", fraction).map(|target| target.value),
        max_abandonment: top.get("max_abandonment", fraction).map(|limit| limit.value),
        initial: a_ratio("initial_dial_ratio"),
        lowest: lowest.map(|ratio| ratio.value),
        highest: highest.map(|ratio| ratio.value),
        ramp_up: top.get("ramp_up", number(0.01..=5.0)).map(|ramp| ramp.value),
        ramp_down: top.get("ramp_down", number(0.01..=5.0)).map(|ramp| ramp.value),
    }
}

impl Pacing {
    fn apply(&self, campaign: &mut Campaign) {
        let pacing = &mut campaign.pacing;
        if let Some(interval) = self.poll_interval {
            pacing.poll_interval = interval;
            // As a configuration has it where it does not say: three intervals and ten, and the defaults at least.
            pacing.stale_after = pacing.stale_after.max(interval * 3);
            pacing.blind_after = pacing.blind_after.max(interval * 10);
        }
        pacing.target_utilization = self.target_utilization.unwrap_or(pacing.target_utilization);
        pacing.abandonment.limit = self.max_abandonment.unwrap_or(pacing.abandonment.limit);
        pacing.initial_dial_ratio = self.initial.unwrap_or(pacing.initial_dial_ratio);
        pacing.min_dial_ratio = self.lowest.unwrap_or(pacing.min_dial_ratio);
        pacing.max_dial_ratio = self.highest.unwrap_or(pacing.max_dial_ratio);
        // Not `clamp`, which panics where the bounds are the wrong way round: that is reported, and read on.
        pacing.initial_dial_ratio = pacing.initial_dial_ratio.min(pacing.max_dial_ratio).max(pacing.min_dial_ratio);
        pacing.ramp_up = self.ramp_up.unwrap_or(pacing.ramp_up);
        pacing.ramp_down = self.ramp_down.unwrap_or(pacing.ramp_down);
    }
}

fn read_envelope(section: Section<'_>) -> Option<Envelope> {
    if !section.is_present() {
        return None;
    }
    let ratio = section.require("ratio", "the constant dial ratio that it is stated for", ratio);
    let range = "the range that it must lie in, such as [0.80, 0.85]";
    let utilization = section.require("utilization", range, shares);
    let abandonment = section.require("abandonment", range, shares);
    section.finish();
    Some(Envelope { ratio: ratio?.value, utilization: utilization?.value, abandonment: abandonment?.value })
}
