//! `[calls]` and `[feed]`: what a campaign's calls and its metrics are like, over the simulator's defaults.

use std::time::Duration;

use paced_sim::{CentreConfig, Distribution, FeedConfig, FeedKind, Offered};

use super::rules::{distribution, probability};
use crate::config::section::Section;
use crate::config::source::Source;
use crate::config::values::{duration, number, whole_number, word};

const FEED_KINDS: &[(&str, FeedKind)] = &[("running", FeedKind::Running), ("closed", FeedKind::Closed)];
const OFFERED: &[(&str, Offered)] = &[("answers", Offered::Answers), ("dials", Offered::Dials)];

/// Reads `[calls]` over `base`.
pub(super) fn read_calls(source: &Source<'_>, section: Section<'_>, base: &CentreConfig) -> CentreConfig {
    let share = |key, default: f64| section.get(key, probability).map_or(default, |share| share.value);
    let times = |key, default: Distribution| section.get(key, distribution).map_or(default, |times| times.value);
    let calls = CentreConfig {
        person_probability: share("person_probability", base.person_probability),
        machine_probability: share("machine_probability", base.machine_probability),
        busy_probability: share("busy_probability", base.busy_probability),
        machine_missed: share("machine_missed", base.machine_missed),
        person_mistaken: share("person_mistaken", base.person_mistaken),
        ring_s: times("ring", base.ring_s),
        ring_timeout_s: times("ring_timeout", base.ring_timeout_s),
        busy_tone_s: times("busy_tone", base.busy_tone_s),
        detection_s: times("detection", base.detection_s),
        patience_s: times("patience", base.patience_s),
        talk_s: times("talk", base.talk_s),
        machine_talk_s: times("machine_talk", base.machine_talk_s),
        wrap_up_s: times("wrap_up", base.wrap_up_s),
        unavailable_probability: share("unavailable_probability", base.unavailable_probability),
        unavailable_s: times("unavailable", base.unavailable_s),
        failure_s: times("failure", base.failure_s),
        list_calls: section
            .get("list_calls", whole_number(0..=1_000_000_000_u64))
            .map_or(base.list_calls, |calls| calls.value),
        list_worn: section.get("list_worn", number(0.01..=1.0)).map_or(base.list_worn, |share| share.value),
        day_shape: section.get("day_shape", day_shape).map_or(base.day_shape, |shape| shape.value),
        smoothing_s: section
            .get("smoothing", duration(Duration::ZERO..=Duration::from_secs(3_600)))
            .map_or(base.smoothing_s, |time| time.value.as_secs_f64()),
        ..base.clone()
    };
    // Each probability is right by itself; together they may be too much. Where they are so in the scenario's own section,
    // that is said there and not of each campaign.
    if is_too_much(&calls) && !is_too_much(base) {
        let message = "person_probability, machine_probability and busy_probability must be at most 1 together";
        source.error(section.site(), message);
    }
    section.finish();
    calls
}

fn is_too_much(calls: &CentreConfig) -> bool {
    calls.person_probability + calls.machine_probability + calls.busy_probability > 1.0 + 1e-9
}

fn day_shape(value: &toml_edit::Value) -> crate::config::values::Taken<f64> {
    let shape = number(0.0..=10_000.0)(value).ok().filter(|shape| *shape == 0.0 || *shape >= 10.0);
    shape.ok_or_else(|| "must be 0, for days that are all alike, or a number from 10 to 10000".to_owned())
}

/// Reads `[feed]` over `base`.
pub(super) fn read_feed(section: Section<'_>, base: FeedConfig) -> FeedConfig {
    let late = |key, default| {
        let rule = duration(Duration::ZERO..=Duration::from_secs(3_600));
        section.get(key, rule).map_or(default, |late| late.value)
    };
    let feed = FeedConfig {
        kind: section.get("kind", word(FEED_KINDS)).map_or(base.kind, |kind| kind.value),
        offered: section.get("offered", word(OFFERED)).map_or(base.offered, |offered| offered.value),
        delay: late("delay", base.delay),
        jitter: late("jitter", base.jitter),
    };
    section.finish();
    feed
}
