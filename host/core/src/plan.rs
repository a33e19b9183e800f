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
