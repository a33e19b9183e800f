//! `[[changes]]` and `[[segments]]`: what happens in a shift, and where an oracle may change its ratio.

use std::collections::BTreeSet;
use std::time::Duration;

use paced_sim::lab::{Campaign, Segment};
use paced_sim::{Change, ChangeKind};

use super::rules::time;
use crate::config::section::Section;
use crate::config::source::{Sited, Source};
use crate::config::values::{brief, duration, number, text, whole};

/// Most entries of a list in a scenario.
const MOST_ENTRIES: usize = 1_000;
/// The kinds of change: a change is one of them.
const KINDS: &str = "agents, answer_rate, talk_time, outage, feed_gap or counter_reset";

/// What changes are read against.
pub(super) struct Shift<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) length: Duration,
    pub(super) campaigns: &'a [Campaign],
}

impl Shift<'_> {
    /// The sections of a list, of which there are not too many.
    fn sections<'s>(&self, top: &Section<'s>, key: &'static str, title: &'static str) -> Vec<Section<'s>> {
        let mut sections = top.sections(key, title).unwrap_or_default();
        if sections.len() > MOST_ENTRIES {
            let message = format!("{} are too many: at most {MOST_ENTRIES}", sections.len());
            self.source.error(&top.place_of(key), message);
            sections.truncate(MOST_ENTRIES);
        }
        sections
    }

    /// A time within the shift.
    fn time_within(&self, at: &Sited<Duration>) -> Duration {
        if at.value >= self.length {
            self.source.error(&at.site, format!("must be before the shift ends, after {}", brief(self.length)));
        }
        at.value
    }

    /// Reads `[[changes]]`.
    pub(super) fn changes(&self, top: &Section<'_>) -> Vec<Change> {
        self.sections(top, "changes", "[[changes]]").into_iter().filter_map(|section| self.change(section)).collect()
    }

    fn change(&self, section: Section<'_>) -> Option<Change> {
        let at = section.require("at", "when it happens, since the start of the shift, such as \"2h\"", time);
        let at = at.map(|at| self.time_within(&at));
        let campaign = section.get("campaign", text(128, "1"));
        if let Some(named) = &campaign
            && !self.campaigns.iter().any(|campaign| campaign.id == named.value)
        {
            let ids: BTreeSet<_> = self.campaigns.iter().map(|campaign| format!("{:?}", campaign.id)).collect();
            let ids: Vec<_> = ids.into_iter().collect();
            self.source.error(&named.site, format!("no such campaign: this scenario has {}", ids.join(", ")));
        }
        let kind = self.kind(&section, campaign.is_some());
        section.finish();
        Some(Change { at: at?, campaign: campaign.map(|campaign| campaign.value), kind: kind? })
    }

    fn kind(&self, section: &Section<'_>, has_campaign: bool) -> Option<ChangeKind> {
        let over = section.get("over", time);
        let ramp = over.as_ref().map_or(Duration::ZERO, |over| over.value);
        let lasting = duration(Duration::from_secs(1)..=super::rules::DAY);
        let agents = section.setting("agents", whole(0..=10_000));
        let answer_rate = section.setting("answer_rate", number(0.01..=10.0));
        let talk_time = section.setting("talk_time", number(0.01..=100.0));
        let outage = section.setting("outage", &lasting);
        let feed_gap = section.setting("feed_gap", &lasting);
        let reset = section.setting("counter_reset", only_true);
        let sites = [&agents.site, &answer_rate.site, &talk_time.site, &outage.site, &feed_gap.site, &reset.site];
        if sites.into_iter().flatten().count() != 1 {
            self.source.error(section.site(), format!("must be one change: give one of {KINDS}"));
            return None;
        }
        if let (Some(site), true) = (&agents.site, has_campaign) {
            self.source.error(site, "agents are those of all campaigns: take campaign out");
        }
        let is_ramp = [&agents.site, &answer_rate.site, &talk_time.site].into_iter().any(Option::is_some);
        if let (Some(over), false) = (&over, is_ramp) {
            self.source.error(&over.site, "only agents, answer_rate and talk_time change over a time");
        }
        let kinds = [
            agents.value.map(|to| ChangeKind::Agents { to, over: ramp }),
            answer_rate.value.map(|times| ChangeKind::AnswerRate { times, over: ramp }),
            talk_time.value.map(|times| ChangeKind::TalkTime { times, over: ramp }),
            outage.value.map(|lasts| ChangeKind::Outage { lasts }),
            feed_gap.value.map(|lasts| ChangeKind::FeedGap { lasts }),
            reset.value.map(|()| ChangeKind::CounterReset),
        ];
        kinds.into_iter().flatten().next()
    }

    /// Reads `[[segments]]`.
    pub(super) fn segments(&self, top: &Section<'_>) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for section in self.sections(top, "segments", "[[segments]]") {
            let name = section.require("name", "what the segment is called", text(64, "lunch"));
            let from = section.require("from", "when it begins, since the start of the shift", time);
            if let (Some(from), Some(last)) = (&from, segments.last())
                && from.value <= last.from
            {
                self.source.error(
                    &from.site,
                    format!("must be after the segment before, which begins after {}", brief(last.from)),
                );
            }
            let from = from.map(|from| self.time_within(&from));
            if let (Some(name), Some(from)) = (name, from) {
                segments.push(Segment { name: name.value, from });
            }
            section.finish();
        }
        segments
    }
}

fn only_true(value: &toml_edit::Value) -> Result<(), String> {
    if value.as_bool() == Some(true) { Ok(()) } else { Err("must be true, or left out".to_owned()) }
}
