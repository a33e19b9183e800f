//! One campaign: its settings put together, and what must hold between them.
//!
//! A rule between settings is reported at the place that is closest to the campaign, since that is where someone
//! departed from what was there before; both values stand in the message.

use std::time::Duration;

use paced_core::config::{AbandonmentConfig, CampaignConfig, ReportingWindow};
use paced_core::policy::AbandonmentOf;
use paced_core::ratio::DialRatio;

use super::settings::{Effective, Jurisdiction, Layers, Origin};
use super::source::{Site, Source};
use super::values::brief;

/// Intervals without a fresh reading that make a campaign stale, and blind, where nothing else is said.
const STALE_INTERVALS: u32 = 3;
const BLIND_INTERVALS: u32 = 10;

/// Puts a campaign's settings together and reports what is wrong between them at `source`.
pub(super) fn resolve(
    source: &Source<'_>,
    header: &Site,
    id: &str,
    total_agents: u32,
    layers: Layers<'_>,
) -> CampaignConfig {
    let check = Check { source, header };
    let base = CampaignConfig::with_defaults(id, total_agents);
    let abandonment = resolve_abandonment(&check, layers, &base.abandonment);
    let mut config = CampaignConfig {
        target_utilization: layers.value(|s| &s.target_utilization, base.target_utilization),
        ramp_up: layers.value(|s| &s.ramp_up, base.ramp_up),
        ramp_down: layers.value(|s| &s.ramp_down, base.ramp_down),
        deadband: layers.value(|s| &s.deadband, base.deadband),
        small_group_agents: layers.value(|s| &s.small_group_agents, base.small_group_agents),
        abandonment,
        breaker_failures: layers.value(|s| &s.breaker_failures, base.breaker_failures),
        breaker_cooldown: layers.value(|s| &s.breaker_cooldown, base.breaker_cooldown),
        when_blind: layers.value(|s| &s.when_blind, base.when_blind),
        on_exit: layers.value(|s| &s.on_exit, base.on_exit),
        policy_faults: layers.value(|s| &s.policy_faults, base.policy_faults),
        read_back: layers.value(|s| &s.read_back, base.read_back),
        max_concurrent_calls_per_ratio: layers.given(|s| &s.max_concurrent_calls_per_ratio),
        ..base
    };
    resolve_ratios(&check, layers, &mut config);
    resolve_ages(&check, layers, &mut config);
    config
}

fn resolve_ratios(check: &Check<'_>, layers: Layers<'_>, config: &mut CampaignConfig) {
    let min = layers.or(|s| &s.min_dial_ratio, config.min_dial_ratio);
    let max = layers.or(|s| &s.max_dial_ratio, config.max_dial_ratio);
    (config.min_dial_ratio, config.max_dial_ratio) = (min.value, max.value);
    let initial = layers.or(|s| &s.initial_dial_ratio, config.initial_dial_ratio);
    let safe = layers.or(|s| &s.safe_ratio, config.safe_ratio);
    let resume = layers.or(|s| &s.resume_ratio, config.resume_ratio);
    (config.initial_dial_ratio, config.safe_ratio, config.resume_ratio) = (initial.value, safe.value, resume.value);

    if min.value > max.value {
        let message = format!("min_dial_ratio ({}) must be at most max_dial_ratio ({})", min.words(), max.words());
        check.error(&[min.origin, max.origin], message);
        return;
    }
    for (name, ratio) in [("initial_dial_ratio", initial), ("safe_ratio", safe), ("resume_ratio", resume)] {
        check.within(name, ratio, min, max);
    }
}

/// `stale_after` and `blind_after` where nothing is said: those of `base`, or so many intervals where that is more.
pub(super) fn default_ages(base: &CampaignConfig, poll_interval: Duration) -> (Duration, Duration) {
    let stale_after = base.stale_after.max(poll_interval * STALE_INTERVALS);
    (stale_after, base.blind_after.max(poll_interval * BLIND_INTERVALS))
}

fn resolve_ages(check: &Check<'_>, layers: Layers<'_>, config: &mut CampaignConfig) {
    let poll = layers.or(|s| &s.poll_interval, config.poll_interval);
    let (default_stale, default_blind) = default_ages(config, poll.value);
    let stale = layers.or(|s| &s.stale_after, default_stale);
    let blind = layers.or(|s| &s.blind_after, default_blind);
    (config.poll_interval, config.stale_after, config.blind_after) = (poll.value, stale.value, blind.value);

    let [poll_words, stale_words, blind_words] = [poll, stale, blind].map(in_words);
    if stale.value < poll.value {
        let message = format!("stale_after ({stale_words}) must be at least poll_interval ({poll_words})");
        check.error(&[stale.origin, poll.origin], message);
    }
    if stale.value >= blind.value {
        let message = format!("stale_after ({stale_words}) must be less than blind_after ({blind_words})");
        // Where nothing is said of an age, it follows the interval.
        let follows = stale.origin.site.is_none() || blind.origin.site.is_none();
        let parties = [stale.origin, blind.origin, poll.origin];
        check.error(if follows { &parties } else { &parties[..2] }, message);
    }
}

fn resolve_abandonment(check: &Check<'_>, layers: Layers<'_>, base: &AbandonmentConfig) -> AbandonmentConfig {
    let (limit, of, reporting) = resolve_limit(check, layers, base);
    let min_answers = layers.or(|s| &s.min_answers, base.min_answers);
    let window_answers = layers.or(|s| &s.abandonment_window_answers, base.window_answers);
    if min_answers.value > window_answers.value {
        let message = format!(
            "min_answers ({}) must be at most abandonment_window_answers ({}), or abandonment is never judged",
            min_answers.words(),
            window_answers.words()
        );
        check.error(&[min_answers.origin, window_answers.origin], message);
    }
    AbandonmentConfig {
        limit,
        of,
        min_answers: min_answers.value,
        trip_readings: layers.value(|s| &s.trip_readings, base.trip_readings),
        window: layers.value(|s| &s.abandonment_window, base.window),
        window_answers: window_answers.value,
        reporting,
    }
}

/// Limit, definition and reporting window. A jurisdiction sets all three; what `[defaults]` says of them does not
/// count against a campaign's own jurisdiction, but nothing loosens a jurisdiction from below or beside it.
fn resolve_limit(
    check: &Check<'_>,
    layers: Layers<'_>,
    base: &AbandonmentConfig,
) -> (f64, AbandonmentOf, ReportingWindow) {
    let limit = layers.or(|s| &s.max_abandonment, base.limit);
    let of = layers.or(|s| &s.abandonment_of, base.of);
    let jurisdiction = layers.or(|s| &s.jurisdiction, Jurisdiction::Us);
    let Some(law) = layers.given(|s| &s.jurisdiction).map(Law::of) else {
        return (limit.value, of.value, base.reporting);
    };
    let competes = |origin: Origin<'_>| origin.site.is_some() && (origin.own || !jurisdiction.origin.own);
    if of.value == AbandonmentOf::Offered && competes(of.origin) {
        let message = "a jurisdiction counts abandonment_of \"answered\": take one of them out";
        check.error(&[of.origin, jurisdiction.origin], message);
    }
    match law.limit {
        Some(set_by_law) if competes(limit.origin) => {
            let message = format!("the jurisdiction sets max_abandonment ({set_by_law}): take one of them out");
            check.error(&[limit.origin, jurisdiction.origin], message);
        }
        None if limit.origin.site.is_none() => {
            let message = "the UK names no limit: say yours in max_abandonment, such as 0.03";
            check.error(&[jurisdiction.origin], message);
        }
        _ => {}
    }
    (law.limit.unwrap_or(limit.value), AbandonmentOf::Answered, law.reporting)
}

/// What a jurisdiction sets.
struct Law {
    /// Highest abandonment rate, where the rule names one.
    limit: Option<f64>,
    reporting: ReportingWindow,
}

impl Law {
    fn of(jurisdiction: Jurisdiction) -> Self {
        match jurisdiction {
            // 47 CFR 64.1200(a)(7) and 16 CFR 310.4(b)(4): 3 % of live answers over 30 days.
            Jurisdiction::Us => Self { limit: Some(0.03), reporting: ReportingWindow::Days30 },
            // CRTC: 5 % in a calendar month.
            Jurisdiction::Ca => Self { limit: Some(0.05), reporting: ReportingWindow::Month },
            // Ofcom dropped its 3 % in 24 hours in 2017 and names no limit since; the day stays a sensible window.
            Jurisdiction::Uk => Self { limit: None, reporting: ReportingWindow::Today },
        }
    }
}

fn in_words(duration: Effective<'_, Duration>) -> String {
    Effective { value: brief(duration.value), origin: duration.origin }.words()
}

/// Reports rules between one campaign's settings.
struct Check<'a> {
    source: &'a Source<'a>,
    header: &'a Site,
}

impl Check<'_> {
    /// Reports that settings of these origins don't go together, unless one of them is wrong by itself.
    fn error(&self, parties: &[Origin<'_>], message: impl Into<String>) {
        if parties.iter().any(|party| party.broken) {
            return;
        }
        let own = parties.iter().find(|party| party.own);
        let written = own.or_else(|| parties.iter().find(|party| party.site.is_some()));
        self.source.error(written.and_then(|party| party.site).unwrap_or(self.header), message);
    }

    fn within(
        &self,
        name: &str,
        ratio: Effective<'_, DialRatio>,
        min: Effective<'_, DialRatio>,
        max: Effective<'_, DialRatio>,
    ) {
        if ratio.value < min.value {
            let message = format!("{name} ({}) must be at least min_dial_ratio ({})", ratio.words(), min.words());
            self.error(&[ratio.origin, min.origin], message);
        } else if ratio.value > max.value {
            let message = format!("{name} ({}) must be at most max_dial_ratio ({})", ratio.words(), max.words());
            self.error(&[ratio.origin, max.origin], message);
        }
    }
}
