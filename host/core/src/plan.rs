//! What a campaign needs of the platform at a tick, before anything is decided.

use std::time::Duration;

use crate::breaker::Breaker;
use crate::config::CampaignConfig;
use crate::state::CampaignState;
use crate::time::Timestamp;

/// What to ask for at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Read the campaign back first.
    pub read_back: bool,
    /// Ask for its metrics.
    pub observe: bool,
    /// Step it; false only for a campaign that the platform does not know.
    pub step: bool,
}

/// The plan for the tick at `now`. An open breaker whose cooldown is over lets this tick through as its probe.
#[must_use]
pub fn plan(config: &CampaignConfig, state: &CampaignState, now: Timestamp) -> Plan {
    if state.is_unknown {
        return Plan { read_back: false, observe: false, step: false };
    }
    let breaker = state.breaker.at(now);
    let is_due = state.read_back_at.is_none_or(|at| now.since(at) >= config.read_back);
    let is_closed = matches!(breaker, Breaker::Closed { .. });
    // An open breaker lets a pause through, and that must not overwrite a setting which nobody has looked at yet.
    let wants_reading = !state.is_settled() || (is_due && is_closed);
    Plan { read_back: state.can_read_back && wants_reading, observe: !breaker.is_open(), step: true }
}

/// When all attempts of a cycle that starts at `now` must have ended: three intervals, and 45 s at most.
#[must_use]
pub fn cycle_deadline(config: &CampaignConfig, now: Timestamp) -> Timestamp {
    now + (config.poll_interval * 3).min(Duration::from_secs(45))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Setting, Status};

    const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

    #[test]
    fn each_state_asks_for_what_it_needs() {
        let config = CampaignConfig::with_defaults("1", 20);
        let unknown = CampaignState::new(&config);
        let setting = Setting { status: Status::Active, ..unknown.setting };
        let known = crate::people::read_back(unknown.clone(), setting, NOW).0;
        let open = Breaker::Open { until: NOW + Duration::from_secs(200) };
        let of = |state: CampaignState, after_s| {
            let plan = plan(&config, &state, NOW + Duration::from_secs(after_s));
            (plan.read_back, plan.observe, plan.step)
        };
        assert_eq!(of(unknown.clone(), 0), (true, true, true));
        assert_eq!(of(known.clone(), 59), (false, true, true));
        assert_eq!(of(known.clone(), 60), (true, true, true));
        assert_eq!(of(CampaignState { can_read_back: false, ..known.clone() }, 60), (false, true, true));
        assert_eq!(of(CampaignState { breaker: open, ..known.clone() }, 199), (false, false, true));
        assert_eq!(of(CampaignState { breaker: open, ..known.clone() }, 200), (false, true, true));
        assert_eq!(of(CampaignState { breaker: open, ..unknown }, 0), (true, false, true));
        assert_eq!(of(CampaignState { is_unknown: true, ..known }, 60), (false, false, false));
    }

    #[test]
    fn a_cycle_lasts_three_intervals_and_45_s_at_most() {
        let mut config = CampaignConfig::with_defaults("1", 20);
        config.poll_interval = Duration::from_secs(2);
        assert_eq!(cycle_deadline(&config, NOW), NOW + Duration::from_secs(6));
        config.poll_interval = Duration::from_secs(30);
        assert_eq!(cycle_deadline(&config, NOW), NOW + Duration::from_secs(45));
    }
}
