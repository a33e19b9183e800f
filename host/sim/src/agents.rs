//! The agents: who is ready, who talks, who wraps up, who is away, and for how long each state lasted.
//!
//! The agent who has been ready longest takes the next call. Breaks are planned from each agent's own stream and do
//! not depend on the calls, so that two dial ratios meet the same staffing: an agent who is busy when a break begins
//! leaves after wrap-up, and one who is still busy when it would end has lost it.

use std::collections::VecDeque;

use crate::calls::{Millis, millis};
use crate::config::CentreConfig;
use crate::distribution::Distribution;
use crate::streams::{Cause, Stream};
use crate::totals::{AgentCounts, AgentTime};

/// An agent's number, from 0.
pub(crate) type AgentId = u32;

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Talking,
    WrapUp,
    Away,
}

#[derive(Clone, Debug)]
struct Agent {
    state: State,
    breaks: Stream,
    /// The end of the break that is due or running; 0 where none has been.
    away_until: Millis,
}

/// A planned break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) agent: AgentId,
    pub(crate) starts: Millis,
    pub(crate) ends: Millis,
}

/// All agents of a centre.
#[derive(Clone, Debug)]
pub(crate) struct Agents {
    agents: Vec<Agent>,
    ready: VecDeque<AgentId>,
    talking: u32,
    wrap_up: u32,
    away: u32,
    time: AgentTime,
    counted_to: Millis,
    plan: Option<BreakPlan>,
}

/// Lengths of breaks and of the spells between them.
#[derive(Clone, Copy, Debug)]
struct BreakPlan {
    present_share: f64,
    present: Distribution,
    away: Distribution,
}

impl BreakPlan {
    fn new(config: &CentreConfig) -> Option<Self> {
        let share = config.present_share;
        (share < 1.0).then(|| Self {
            present_share: share,
            present: Distribution::Exponential { mean: config.break_s_mean * share / (1.0 - share) },
            away: Distribution::Exponential { mean: config.break_s_mean },
        })
    }
}

impl Agents {
    /// Everybody, present or away as in the long run, with each one's first break.
    pub(crate) fn new(config: &CentreConfig, seed: u64, campaign: &str) -> (Self, Vec<Break>) {
        let plan = BreakPlan::new(config);
        let agent = |number: AgentId| Agent {
            state: State::Ready,
            breaks: Stream::numbered(seed, campaign, Cause::Breaks, u64::from(number)),
            away_until: 0,
        };
        let mut all = Self {
            agents: (0..config.agents).map(agent).collect(),
            ready: (0..config.agents).collect(),
            talking: 0,
            wrap_up: 0,
            away: 0,
            time: AgentTime::default(),
            counted_to: 0,
            plan,
        };
        let breaks = (0..config.agents).filter_map(|agent| all.first_break(agent)).collect();
        (all, breaks)
    }

    fn first_break(&mut self, agent: AgentId) -> Option<Break> {
        let plan = self.plan?;
        let breaks = &mut self.agents[agent as usize].breaks;
        if breaks.uniform() < plan.present_share {
            return self.next_break(agent, 0);
        }
        // Spells are memoryless: what is left of one that runs is as long as a new one.
        Some(Break { agent, starts: 0, ends: millis(plan.away.quantile(breaks.uniform())) })
    }

    /// The break of `agent` that follows `now`; none where nobody takes breaks.
    pub(crate) fn next_break(&mut self, agent: AgentId, now: Millis) -> Option<Break> {
        let plan = self.plan?;
        let breaks = &mut self.agents[agent as usize].breaks;
        let starts = now + millis(plan.present.quantile(breaks.uniform()));
        let ends = starts + millis(plan.away.quantile(breaks.uniform()));
        Some(Break { agent, starts, ends })
    }

    /// Counts the time up to `now` in the states of until now. Call it before any change.
    pub(crate) fn count_time(&mut self, now: Millis) {
        let passed = now - self.counted_to;
        self.time.ready_ms += passed * u64::from(self.ready());
        self.time.talking_ms += passed * u64::from(self.talking);
        self.time.wrap_up_ms += passed * u64::from(self.wrap_up);
        self.time.away_ms += passed * u64::from(self.away);
        self.counted_to = now;
    }

    /// The agent who has been ready longest starts to talk; none if nobody is ready.
    pub(crate) fn take_call(&mut self) -> Option<AgentId> {
        let agent = self.ready.pop_front()?;
        self.agents[agent as usize].state = State::Talking;
        self.talking += 1;
        Some(agent)
    }

    /// An agent stops talking and wraps up.
    pub(crate) fn start_wrap_up(&mut self, agent: AgentId) {
        self.agents[agent as usize].state = State::WrapUp;
        self.talking -= 1;
        self.wrap_up += 1;
    }

    /// A talking agent is done, without wrap-up.
    pub(crate) fn finish_talking(&mut self, agent: AgentId, now: Millis) {
        self.talking -= 1;
        self.be_free(agent, now);
    }

    /// A wrapping-up agent is done.
    pub(crate) fn finish_wrap_up(&mut self, agent: AgentId, now: Millis) {
        self.wrap_up -= 1;
        self.be_free(agent, now);
    }

    /// A break begins; a busy agent takes it when free.
    pub(crate) fn start_break(&mut self, agent: AgentId, ends: Millis) {
        let Agent { state, away_until, .. } = &mut self.agents[agent as usize];
        *away_until = ends;
        if *state == State::Ready {
            *state = State::Away;
            self.ready.retain(|ready| *ready != agent);
            self.away += 1;
        }
    }

    /// A break ends; whoever was too busy to take it has lost it.
    pub(crate) fn end_break(&mut self, agent: AgentId, now: Millis) {
        if self.agents[agent as usize].state == State::Away {
            self.away -= 1;
            self.be_free(agent, now);
        }
    }

    /// Off to a break that is due, or ready.
    fn be_free(&mut self, agent: AgentId, now: Millis) {
        let Agent { state, away_until, .. } = &mut self.agents[agent as usize];
        if now < *away_until {
            *state = State::Away;
            self.away += 1;
        } else {
            *state = State::Ready;
            self.ready.push_back(agent);
        }
    }

    pub(crate) fn ready(&self) -> u32 {
        self.ready.len() as u32
    }

    pub(crate) const fn talking(&self) -> u32 {
        self.talking
    }

    pub(crate) const fn busy(&self) -> u32 {
        self.talking + self.wrap_up
    }

    pub(crate) fn counts(&self) -> AgentCounts {
        AgentCounts { ready: self.ready(), talking: self.talking, wrap_up: self.wrap_up, away: self.away }
    }

    pub(crate) const fn time(&self) -> AgentTime {
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents(count: u32) -> Agents {
        Agents::new(&CentreConfig { present_share: 1.0, ..CentreConfig::with_agents(count) }, 1, "1").0
    }

    #[test]
    fn the_one_who_waited_longest_is_next() {
        let mut agents = agents(2);
        assert_eq!(agents.take_call(), Some(0));
        agents.finish_talking(0, 10);
        assert_eq!(agents.take_call(), Some(1));
        assert_eq!(agents.take_call(), Some(0));
        assert_eq!(agents.take_call(), None);
    }

    #[test]
    fn a_busy_agent_takes_the_break_after_wrap_up() {
        let mut agents = agents(1);
        assert_eq!(agents.take_call(), Some(0));
        agents.start_break(0, 100);
        agents.start_wrap_up(0);
        assert_eq!((agents.ready(), agents.busy()), (0, 1));
        agents.finish_wrap_up(0, 60);
        assert_eq!((agents.ready(), agents.busy()), (0, 0));
        agents.end_break(0, 100);
        assert_eq!(agents.ready(), 1);
    }

    #[test]
    fn a_break_that_passed_while_busy_is_lost() {
        let mut agents = agents(1);
        assert_eq!(agents.take_call(), Some(0));
        agents.start_break(0, 100);
        agents.end_break(0, 100);
        agents.finish_talking(0, 130);
        assert_eq!(agents.ready(), 1);
    }
}
