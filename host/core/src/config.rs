//! A campaign's settings, complete and checked: what the configuration becomes before core sees it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::AbandonmentOf;
use crate::ratio::DialRatio;

/// All settings of one campaign that pacing depends on. Durations are platform time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignConfig {
    /// The platform's identifier.
    pub id: String,
    /// Agents staffed, at least 1.
    pub total_agents: u32,
    /// Time from one decision to the next, at least 100 ms.
    pub poll_interval: Duration,
    /// Wanted share of signed-in agents that are busy, above 0 and at most 1.
    pub target_utilization: f64,
    /// Lowest ratio sent.
    pub min_dial_ratio: DialRatio,
    /// Highest ratio sent.
    pub max_dial_ratio: DialRatio,
    /// Ratio to start from where neither platform nor journal knows one.
    pub initial_dial_ratio: DialRatio,
    /// Most that a decision may raise the ratio, above 0.
    pub ramp_up: f64,
    /// Most that a decision may lower the ratio, above 0.
    pub ramp_down: f64,
    /// A change smaller than this is not sent; 0 sends every change.
    pub deadband: f64,
    /// With fewer signed-in agents than this the ratio stays at most 1.0.
    pub small_group_agents: u32,
    /// The abandonment rule.
    pub abandonment: AbandonmentConfig,
    /// Consecutive failed cycles that open the circuit breaker, at least 1.
    pub breaker_failures: u32,
    /// How long the breaker, the safety trip and the policy fallback last before a probe.
    pub breaker_cooldown: Duration,
    /// Without a fresh reading for this long: hold.
    pub stale_after: Duration,
    /// Without a fresh reading for this long: do as `when_blind` says.
    pub blind_after: Duration,
    /// What to do when blind.
    pub when_blind: Stance,
    /// What to do when paced ends.
    pub on_exit: Stance,
    /// What blind, safe and fallback step down to, at most.
    pub safe_ratio: DialRatio,
    /// Highest ratio to resume at after paced paused the campaign.
    pub resume_ratio: DialRatio,
    /// Consecutive policy faults after which the fallback takes over, at least 1.
    pub policy_faults: u32,
    /// How often the campaign is read back from the platform.
    pub read_back: Duration,
    /// `maxConcurrentCalls` for each unit of ratio; none for the rule of [`CampaignConfig::max_concurrent_calls`].
    pub max_concurrent_calls_per_ratio: Option<f64>,
}

/// How abandonment is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbandonmentConfig {
    /// Highest rate allowed, above 0 and at most 1.
    pub limit: f64,
    /// What the rate is counted of.
    pub of: AbandonmentOf,
    /// Fewer live answers than this are no evidence.
    pub min_answers: u32,
    /// Consecutive fresh readings over the limit that trip the campaign, at least 1.
    pub trip_readings: u32,
    /// The guard judges the most recent live answers of at most this age.
    pub window: Duration,
    /// The guard judges at most this many live answers.
    pub window_answers: u32,
    /// The window that reports and the policy's budget count over.
    pub reporting: ReportingWindow,
}

/// The window of a jurisdiction's abandonment rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportingWindow {
    /// The current day.
    Today,
    /// Thirty days (US).
    #[default]
    Days30,
    /// The calendar month (Canada).
    Month,
}

/// What to do with a campaign that can't or shall no longer be paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stance {
    /// Leave everything as it is.
    Hold,
    /// Step down to the safe ratio if it is above it.
    Safe,
    /// Pause the campaign.
    Pause,
}

impl CampaignConfig {
    /// The `maxConcurrentCalls` that goes with `ratio`: enough for all lines at 100 a unit (the tutorial's rule), and
    /// never fewer than one call for each agent and the lines dialled for it.
    #[must_use]
    pub fn max_concurrent_calls(&self, ratio: DialRatio) -> u32 {
        let calls = match self.max_concurrent_calls_per_ratio {
            Some(per_ratio) => libm::round(per_ratio * ratio.value()),
            None => {
                let heuristic = f64::from(ratio.hundredths());
                heuristic.max(libm::ceil(f64::from(self.total_agents) * (1.0 + ratio.value())))
            }
        };
        calls.clamp(1.0, f64::from(u32::MAX)) as u32
    }

    /// The settings that a configuration gets where it says nothing.
    #[must_use]
    pub fn with_defaults(id: &str, total_agents: u32) -> Self {
        Self {
            id: id.to_owned(),
            total_agents,
            poll_interval: Duration::from_secs(15),
            target_utilization: 0.85,
            min_dial_ratio: DialRatio::MIN,
            max_dial_ratio: DialRatio::MAX,
            initial_dial_ratio: DialRatio::ONE,
            ramp_up: 0.5,
            ramp_down: 5.0,
            deadband: 0.0,
            small_group_agents: 3,
            abandonment: AbandonmentConfig::default(),
            breaker_failures: 3,
            breaker_cooldown: Duration::from_secs(45),
            stale_after: Duration::from_secs(45),
            blind_after: Duration::from_secs(150),
            when_blind: Stance::Safe,
            on_exit: Stance::Hold,
            safe_ratio: DialRatio::ONE,
            resume_ratio: DialRatio::ONE,
            policy_faults: 5,
            read_back: Duration::from_secs(60),
            max_concurrent_calls_per_ratio: None,
        }
    }
}

impl Default for AbandonmentConfig {
    fn default() -> Self {
        Self {
            limit: 0.05,
            of: AbandonmentOf::Answered,
            min_answers: 20,
            trip_readings: 3,
            window: Duration::from_secs(3600),
            window_answers: 200,
            reporting: ReportingWindow::Days30,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_concurrent_calls_covers_ratio_and_agents() {
        let mut config = CampaignConfig::with_defaults("1", 20);
        assert_eq!(config.max_concurrent_calls(DialRatio::ONE), 100);
        config.total_agents = 200;
        assert_eq!(config.max_concurrent_calls(DialRatio::ONE), 400);
        config.max_concurrent_calls_per_ratio = Some(30.0);
        assert_eq!(config.max_concurrent_calls(DialRatio::MAX), 150);
    }
}
