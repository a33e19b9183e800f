//! `[[campaigns]]`: each campaign over `[defaults]`, each identifier once, each policy known.

use std::collections::BTreeMap;

use super::finding::nearest;
use super::policies::{self, PolicyEntry};
use super::section::Section;
use super::settings::{Layers, Settings};
use super::source::{Site, Source};
use super::values::{text, whole};
use super::{Campaign, POLICY, campaign};

/// Beyond any client's quota: even in full batches they could be polled only every two minutes.
const MOST_CAMPAIGNS: usize = 10_000;

/// Longest identifier of a campaign, in bytes.
pub(super) const LONGEST_ID: usize = 128;

/// Most agents that one campaign may have.
pub(super) const MOST_AGENTS: u32 = 100_000;

/// What campaigns are read against.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) defaults: &'a Settings,
    pub(super) policies: &'a BTreeMap<String, PolicyEntry>,
    pub(super) built_in: &'a [&'a str],
}

/// Every campaign, also one with something wrong.
pub(super) struct Campaigns {
    pub(super) list: Vec<Campaign>,
    /// Whether every poll interval is as it was written.
    pub(super) intervals_are_right: bool,
}

/// Reads the campaigns of the section `top`.
pub(super) fn read(context: &Context<'_>, top: &Section<'_>) -> Campaigns {
    let sections = top.sections("campaigns", "[[campaigns]]");
    if sections.as_ref().is_some_and(Vec::is_empty) {
        let message = "is missing: at least one [[campaigns]] with id and total_agents";
        context.source.error(&top.place_of("campaigns"), message);
    }
    let sections = sections.unwrap_or_default();
    if sections.len() > MOST_CAMPAIGNS {
        let message = format!("{} campaigns are too many: at most {MOST_CAMPAIGNS}", sections.len());
        context.source.error(&top.place_of("campaigns"), message);
    }
    let mut lines_of_ids = BTreeMap::new();
    let mut intervals_are_right = !context.defaults.poll_interval.is_wrong();
    let mut list = Vec::new();
    for mut section in sections.into_iter().take(MOST_CAMPAIGNS) {
        let id = read_id(context, &mut section, &mut lines_of_ids);
        let own = Settings::read(&section);
        intervals_are_right &= !own.poll_interval.is_wrong();
        list.push(read_one(context, section, &id, &own));
    }
    Campaigns { list, intervals_are_right }
}

/// The campaign's identifier, "" where it is wrong. From here on findings name the campaign by it.
fn read_id(
    context: &Context<'_>,
    section: &mut Section<'_>,
    lines_of_ids: &mut BTreeMap<String, Option<usize>>,
) -> String {
    let what = "the platform's identifier in quotes, such as \"12345\"";
    let Some(id) = section.require("id", what, text(LONGEST_ID, "12345")) else { return String::new() };
    match lines_of_ids.get(&id.value) {
        Some(line) => {
            let line = line.map_or_else(String::new, |line| format!(" on line {line}"));
            context.source.error(&id.site, format!("the campaign{line} has the same id: each may stand once"));
        }
        None => {
            lines_of_ids.insert(id.value.clone(), section.site().line);
            section.rename(format!("campaigns.{:?}", id.value));
        }
    }
    id.value
}

fn read_one(context: &Context<'_>, section: Section<'_>, id: &str, own: &Settings) -> Campaign {
    let what = format!("the number of agents staffed, 1 to {MOST_AGENTS}");
    let total_agents = section.require("total_agents", &what, whole(1..=MOST_AGENTS)).map_or(1, |agents| agents.value);
    let params = policies::read_params(&section.section("params", "params = { name = value }"));
    let header = section.site().clone();
    section.finish();

    let layers = Layers { own, defaults: context.defaults };
    Campaign {
        pacing: campaign::resolve(context.source, &header, id, total_agents, layers),
        policy: policy_of(context, &header, layers),
        params,
        shift_end: layers.given(|s| &s.shift_end),
        line: header.line,
    }
}

/// The name of the policy that counts; an unknown one is reported.
fn policy_of(context: &Context<'_>, header: &Site, layers: Layers<'_>) -> String {
    let policy = layers.or(|s| &s.policy, POLICY.to_owned());
    let own = context.policies.keys().map(String::as_str);
    let known: Vec<_> = own.chain(context.built_in.iter().copied()).collect();
    if !policy.origin.broken && !known.contains(&policy.value.as_str()) {
        let message = match nearest(&policy.value, known.iter().copied()) {
            Some(name) => format!("no such policy; did you mean \"{name}\"?"),
            None => format!("no such policy: name one of {}, or add it as [policies.NAME]", known.join(", ")),
        };
        context.source.error(policy.origin.site.unwrap_or(header), message);
    }
    policy.value
}
