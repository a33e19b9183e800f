//! The whole truth about a simulated campaign, which no platform shows: every call by outcome, every agent-second.
//!
//! Two sums always hold, and tests rely on them: each dialled call has exactly one outcome or is in flight, and the
//! agents' time in all states is agents times elapsed time. Campaigns that share agents share their free time: each
//! one's books have all of it, and of talk and wrap-up its own.

use serde::{Deserialize, Serialize};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Simulated time since the start, milliseconds.
    pub elapsed_ms: u64,
    /// Calls dialled.
    pub dialled: u64,
    /// Not connected by the carrier.
    pub failed: u64,
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
    /// Not staffed: the shift has not begun, or is over.
    pub off_ms: u64,
}

/// Agents by state, at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCounts {
    /// Signed in and free.
    pub ready: u32,
    /// On a call.
    pub talking: u32,
    /// In wrap-up.
    pub wrap_up: u32,
    /// Staffed, not signed in.
    pub away: u32,
}

impl AgentTime {
    /// The time gained since `earlier`, an earlier value of the same.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            ready_ms: self.ready_ms - earlier.ready_ms,
            talking_ms: self.talking_ms - earlier.talking_ms,
            wrap_up_ms: self.wrap_up_ms - earlier.wrap_up_ms,
            away_ms: self.away_ms - earlier.away_ms,
            off_ms: self.off_ms - earlier.off_ms,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            ready_ms: self.ready_ms + other.ready_ms,
            talking_ms: self.talking_ms + other.talking_ms,
            wrap_up_ms: self.wrap_up_ms + other.wrap_up_ms,
            away_ms: self.away_ms + other.away_ms,
            off_ms: self.off_ms + other.off_ms,
        }
    }

    /// Busy share of the signed-in agents' time, 0 to 1; none where nobody was signed in.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        ratio(self.busy_ms(), self.signed_in_ms())
    }

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
    /// What has happened since `earlier`, earlier books of the same campaign; what rings or waits does so now.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            elapsed_ms: self.elapsed_ms - earlier.elapsed_ms,
            dialled: self.dialled - earlier.dialled,
            failed: self.failed - earlier.failed,
            busy: self.busy - earlier.busy,
            no_answer: self.no_answer - earlier.no_answer,
            machines: self.machines - earlier.machines,
            mistaken: self.mistaken - earlier.mistaken,
            answered: self.answered - earlier.answered,
            abandoned: self.abandoned - earlier.abandoned,
            machines_answered: self.machines_answered - earlier.machines_answered,
            machines_abandoned: self.machines_abandoned - earlier.machines_abandoned,
            ringing: self.ringing,
            waiting: self.waiting,
            agent_time: self.agent_time.since(&earlier.agent_time),
        }
    }

    /// Calls whose outcome is known.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.failed
            + self.busy
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
        self.agent_time.utilization()
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
