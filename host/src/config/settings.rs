//! The settings that stand in `[defaults]` or in a campaign: how each is read, and which of two places counts.
//!
//! Both places have the same keys and the same rules. The campaign's own value wins; where neither says anything, the
//! default in core does.

use std::fmt::Display;
use std::time::Duration;

use jiff::civil::Time;
use paced_core::config::Stance;
use paced_core::policy::AbandonmentOf;
use paced_core::ratio::DialRatio;

use super::section::Section;
use super::source::{Setting, Site};
use super::values::{duration, fraction, number, ramp, ratio, text, time_of_day, whole, word};

const SHORTEST: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) const STANCES: &[(&str, Stance)] =
    &[("hold", Stance::Hold), ("safe", Stance::Safe), ("pause", Stance::Pause)];
pub(super) const DEFINITIONS: &[(&str, AbandonmentOf)] =
    &[("answered", AbandonmentOf::Answered), ("offered", AbandonmentOf::Offered)];
const JURISDICTIONS: &[(&str, Jurisdiction)] =
    &[("us", Jurisdiction::Us), ("uk", Jurisdiction::Uk), ("ca", Jurisdiction::Ca)];

/// Whose rule of abandonment applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jurisdiction {
    Us,
    Uk,
    Ca,
}

/// The settings of `[defaults]` or of one campaign, each if it is there and right.
pub(super) struct Settings {
    pub(super) poll_interval: Setting<Duration>,
    pub(super) policy: Setting<String>,
    pub(super) target_utilization: Setting<f64>,
    pub(super) min_dial_ratio: Setting<DialRatio>,
    pub(super) max_dial_ratio: Setting<DialRatio>,
    pub(super) initial_dial_ratio: Setting<DialRatio>,
    pub(super) ramp_up: Setting<f64>,
    pub(super) ramp_down: Setting<f64>,
    pub(super) deadband: Setting<f64>,
    pub(super) small_group_agents: Setting<u32>,
    pub(super) max_abandonment: Setting<f64>,
    pub(super) jurisdiction: Setting<Jurisdiction>,
    pub(super) abandonment_of: Setting<AbandonmentOf>,
    pub(super) abandonment_window: Setting<Duration>,
    pub(super) abandonment_window_answers: Setting<u32>,
    pub(super) min_answers: Setting<u32>,
    pub(super) trip_readings: Setting<u32>,
    pub(super) breaker_failures: Setting<u32>,
    pub(super) breaker_cooldown: Setting<Duration>,
    pub(super) stale_after: Setting<Duration>,
    pub(super) blind_after: Setting<Duration>,
    pub(super) when_blind: Setting<Stance>,
    pub(super) on_exit: Setting<Stance>,
    pub(super) safe_ratio: Setting<DialRatio>,
    pub(super) resume_ratio: Setting<DialRatio>,
    pub(super) policy_faults: Setting<u32>,
    pub(super) read_back: Setting<Duration>,
    pub(super) max_concurrent_calls_per_ratio: Setting<f64>,
    pub(super) shift_end: Setting<Time>,
}

impl Settings {
    pub(super) fn read(section: &Section<'_>) -> Self {
        Self {
            poll_interval: section.setting("poll_interval", duration(SHORTEST..=HOUR)),
            policy: section.setting("policy", text(128, "proportional")),
            target_utilization: section.setting("target_utilization", fraction),
            min_dial_ratio: section.setting("min_dial_ratio", ratio),
            max_dial_ratio: section.setting("max_dial_ratio", ratio),
            initial_dial_ratio: section.setting("initial_dial_ratio", ratio),
            ramp_up: section.setting("ramp_up", ramp),
            ramp_down: section.setting("ramp_down", ramp),
            deadband: section.setting("deadband", number(0.0..=1.0)),
            small_group_agents: section.setting("small_group_agents", whole(0..=1_000)),
            max_abandonment: section.setting("max_abandonment", fraction),
            jurisdiction: section.setting("jurisdiction", word(JURISDICTIONS)),
            abandonment_of: section.setting("abandonment_of", word(DEFINITIONS)),
            abandonment_window: section.setting("abandonment_window", duration(Duration::from_secs(60)..=DAY)),
            abandonment_window_answers: section.setting("abandonment_window_answers", whole(1..=10_000)),
            min_answers: section.setting("min_answers", whole(1..=10_000)),
            trip_readings: section.setting("trip_readings", whole(1..=100)),
            breaker_failures: section.setting("breaker_failures", whole(1..=100)),
            breaker_cooldown: section.setting("breaker_cooldown", duration(SHORTEST..=HOUR)),
            stale_after: section.setting("stale_after", duration(SHORTEST..=DAY)),
            blind_after: section.setting("blind_after", duration(SHORTEST..=DAY)),
            when_blind: section.setting("when_blind", word(STANCES)),
            on_exit: section.setting("on_exit", word(STANCES)),
            safe_ratio: section.setting("safe_ratio", ratio),
            resume_ratio: section.setting("resume_ratio", ratio),
            policy_faults: section.setting("policy_faults", whole(1..=1_000)),
            read_back: section.setting("read_back", duration(SHORTEST..=DAY)),
            max_concurrent_calls_per_ratio: section
                .setting("max_concurrent_calls_per_ratio", number(1.0..=1_000_000.0)),
            shift_end: section.setting("shift_end", time_of_day),
        }
    }
}

/// A campaign's own settings over those of `[defaults]`.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) own: &'a Settings,
    pub(super) defaults: &'a Settings,
}

/// A setting as it counts for one campaign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effective<'a, T> {
    pub(super) value: T,
    pub(super) origin: Origin<'a>,
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// Where it stands; `None` for core's default.
    pub(super) site: Option<&'a Site>,
    /// Whether it stands in the campaign itself.
    pub(super) own: bool,
    /// Whether what stands there is wrong and reported, so that the value is only a stopgap.
    pub(super) broken: bool,
}

impl<'a> Layers<'a> {
    /// The setting that counts, or `default`.
    pub(super) fn or<T: Clone + 'a>(
        &self,
        setting: impl Fn(&'a Settings) -> &'a Setting<T>,
        default: T,
    ) -> Effective<'a, T> {
        match self.own_or_default(setting) {
            Some((setting, site, own)) => Effective {
                value: setting.value.clone().unwrap_or(default),
                origin: Origin { site: Some(site), own, broken: setting.value.is_none() },
            },
            None => Effective { value: default, origin: Origin { site: None, own: false, broken: false } },
        }
    }

    /// The setting that counts, if either place has a right one.
    pub(super) fn given<T: Clone + 'a>(&self, setting: impl Fn(&'a Settings) -> &'a Setting<T>) -> Option<T> {
        self.own_or_default(setting).and_then(|(setting, _, _)| setting.value.clone())
    }

    fn own_or_default<T>(
        &self,
        setting: impl Fn(&'a Settings) -> &'a Setting<T>,
    ) -> Option<(&'a Setting<T>, &'a Site, bool)> {
        let layer = |settings, own| setting(settings).site.as_ref().map(|site| (setting(settings), site, own));
        layer(self.own, true).or_else(|| layer(self.defaults, false))
    }

    /// As [`Layers::or`], without its origin.
    pub(super) fn value<T: Clone + 'a>(&self, setting: impl Fn(&'a Settings) -> &'a Setting<T>, default: T) -> T {
        self.or(setting, default).value
    }
}

impl<T: Display> Effective<'_, T> {
    /// The value for a message, with a word on where it comes from if nobody wrote it.
    pub(super) fn words(&self) -> String {
        match self.origin.site {
            Some(_) => self.value.to_string(),
            None => format!("{}, its default", self.value),
        }
    }
}
