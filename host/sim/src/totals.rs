//! The whole truth about a simulated campaign, which no platform shows: every call by outcome, every agent-second.
//!
//! Two sums always hold, and tests rely on them: each dialled call has exactly one outcome or is in flight, and the
//! agents' time in all states is staffed agents times elapsed time.

use serde::{Deserialize, Serialize};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Simulated time since the start, milliseconds.
    pub elapsed_ms: u64,
    /// Calls dialled.
    pub dialled: u64,
    /// Ended in a busy tone.
    pub busy: u64,
    /// Ended without an answer.
    pub no_answer: u64,
    /// Machines that detection recognised.
    pub machines: u64,
    /// Persons that detection took for machines.
    pub mistaken: u64,
    /// Persons who reached an agent.
    pub answered: u64,
    /// Persons who answered and hung up before an agent was free.
    pub abandoned: u64,
    /// Machines taken for persons that reached an agent.
    pub machines_answered: u64,
    /// Machines taken for persons that were dropped because no agent was free.
    pub machines_abandoned: u64,
    /// Calls ringing now.
    pub ringing: u64,
    /// Answered calls waiting for an agent now.
    pub waiting: u64,
    /// The agents' time by state.
    pub agent_time: AgentTime,
}

/// Agents' time by state, in agent-milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTime {
    /// Signed in and free.
    pub ready_ms: u64,
    /// On a call.
    pub talking_ms: u64,
    /// In wrap-up.
    pub wrap_up_ms: u64,
    /// Staffed, not signed in.
    pub away_ms: u64,
}

impl AgentTime {
    /// Talk and wrap-up.
    #[must_use]
    pub const fn busy_ms(&self) -> u64 {
        self.talking_ms + self.wrap_up_ms
    }

    /// Ready and busy.
    #[must_use]
    pub const fn signed_in_ms(&self) -> u64 {
        self.ready_ms + self.busy_ms()
    }
}

impl Totals {
    /// Calls whose outcome is known.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.busy
            + self.no_answer
            + self.machines
            + self.mistaken
            + self.answered
            + self.abandoned
            + self.machines_answered
            + self.machines_abandoned
    }

    /// Busy share of signed-in agents' time, 0 to 1; none before any time has passed.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        ratio(self.agent_time.busy_ms(), self.agent_time.signed_in_ms())
    }

    /// The regulators' abandonment rate: abandoned / (answered + abandoned), persons only; none before any answer.
    #[must_use]
    pub fn abandonment(&self) -> Option<f64> {
        ratio(self.abandoned, self.answered + self.abandoned)
    }

    /// Persons who reached an agent, per hour of a signed-in agent; none before any time has passed.
    #[must_use]
    pub fn answers_per_agent_hour(&self) -> Option<f64> {
        ratio(self.answered * 3_600_000, self.agent_time.signed_in_ms())
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
