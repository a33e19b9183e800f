//! The agents: who is ready, who talks, who wraps up, who is away, and for how long each state lasted.
//!
//! The agent who has been ready longest takes the next call. Breaks are planned from each agent's own stream, shifts
//! from the timeline, and neither depends on the calls, so that two dial ratios meet the same staffing: an agent who is
//! busy when a break begins leaves after wrap-up, and one who is still busy when it would end has lost it. Whoever is
//! busy when the shift ends leaves after wrap-up too.

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
    /// Talking or wrapping up.
    Busy,
    Away,
    Off,
}

#[derive(Clone, Debug)]
struct Agent {
    state: State,
    breaks: Stream,
    /// The end of the absence that is due or running; 0 where none has been.
    away_until: Millis,
    /// Whether the shift is over, as far as the plan goes.
    is_off: bool,
}

/// A planned break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) agent: AgentId,
    pub(crate) starts: Millis,
    pub(crate) ends: Millis,
}

/// What agents do for one campaign.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    talking: u32,
    wrap_up: u32,
    talking_ms: u64,
    wrap_up_ms: u64,
}

/// All agents of a centre.
#[derive(Clone, Debug)]
pub(crate) struct Agents {
    agents: Vec<Agent>,
    ready: VecDeque<AgentId>,
    /// By campaign.
    work: Vec<Work>,
    away: u32,
    off: u32,
    ready_ms: u64,
    away_ms: u64,
    off_ms: u64,
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
    /// `config.agents` agents, present or away as in the long run, and as many besides whose shift begins later as make
    /// `most`; with each one's first break. They work for so many campaigns.
    pub(crate) fn new(config: &CentreConfig, most: u32, campaigns: usize, seed: u64, name: &str) -> (Self, Vec<Break>) {
        let agent = |number: AgentId| {
            let is_off = number >= config.agents;
            Agent {
                state: if is_off { State::Off } else { State::Ready },
                breaks: Stream::numbered(seed, name, Cause::Breaks, u64::from(number)),
                away_until: 0,
                is_off,
            }
        };
        let most = most.max(config.agents);
        let mut all = Self {
            agents: (0..most).map(agent).collect(),
            ready: (0..config.agents).collect(),
            work: vec![Work::default(); campaigns],
            away: 0,
            off: most - config.agents,
            ready_ms: 0,
            away_ms: 0,
            off_ms: 0,
            counted_to: 0,
            plan: BreakPlan::new(config),
        };
        let breaks = (0..most).filter_map(|agent| all.first_break(agent)).collect();
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
        self.ready_ms += passed * u64::from(self.ready());
        self.away_ms += passed * u64::from(self.away);
        self.off_ms += passed * u64::from(self.off);
        for work in &mut self.work {
            work.talking_ms += passed * u64::from(work.talking);
            work.wrap_up_ms += passed * u64::from(work.wrap_up);
        }
        self.counted_to = now;
    }

    /// The agent who has been ready longest starts to talk; none if nobody is ready.
    pub(crate) fn take_call(&mut self, campaign: usize) -> Option<AgentId> {
        let agent = self.ready.pop_front()?;
        self.agents[agent as usize].state = State::Busy;
        self.work[campaign].talking += 1;
        Some(agent)
    }

    /// A talking agent of a campaign wraps up.
    pub(crate) fn start_wrap_up(&mut self, campaign: usize) {
        self.work[campaign].talking -= 1;
        self.work[campaign].wrap_up += 1;
    }

    /// A talking agent is done, without wrap-up.
    pub(crate) fn finish_talking(&mut self, campaign: usize, agent: AgentId, now: Millis) {
        self.work[campaign].talking -= 1;
        self.be_free(agent, now);
    }

    /// A wrapping-up agent is done.
    pub(crate) fn finish_wrap_up(&mut self, campaign: usize, agent: AgentId, now: Millis) {
        self.work[campaign].wrap_up -= 1;
        self.be_free(agent, now);
    }

    /// An absence begins; a busy agent takes it when free.
    pub(crate) fn start_absence(&mut self, agent: AgentId, ends: Millis) {
        let Agent { state, away_until, .. } = &mut self.agents[agent as usize];
        *away_until = (*away_until).max(ends);
        if *state == State::Ready {
            *state = State::Away;
            self.ready.retain(|ready| *ready != agent);
            self.away += 1;
        }
    }

    /// An absence ends, unless a longer one has begun; whoever was too busy to take it has lost it.
    pub(crate) fn end_absence(&mut self, agent: AgentId, now: Millis) {
        let Agent { state, away_until, .. } = self.agents[agent as usize];
        if state == State::Away && now >= away_until {
            self.away -= 1;
            self.be_free(agent, now);
        }
    }

    /// An agent's shift begins.
    pub(crate) fn join(&mut self, agent: AgentId, now: Millis) {
        let Agent { state, is_off, .. } = &mut self.agents[agent as usize];
        *is_off = false;
        if *state == State::Off {
            self.off -= 1;
            self.be_free(agent, now);
        }
    }

    /// An agent's shift ends; a busy agent leaves when free.
    pub(crate) fn leave(&mut self, agent: AgentId) {
        let Agent { state, is_off, .. } = &mut self.agents[agent as usize];
        *is_off = true;
        match *state {
            State::Busy | State::Off => return,
            State::Away => self.away -= 1,
            State::Ready => self.ready.retain(|ready| *ready != agent),
        }
        *state = State::Off;
        self.off += 1;
    }

    /// Off, to an absence that is due, or ready.
    fn be_free(&mut self, agent: AgentId, now: Millis) {
        let Agent { state, away_until, is_off, .. } = &mut self.agents[agent as usize];
        if *is_off {
            *state = State::Off;
            self.off += 1;
        } else if now < *away_until {
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

    /// Those who talk to a campaign's calls.
    pub(crate) fn talking(&self, campaign: usize) -> u32 {
        self.work[campaign].talking
    }

    /// Those who talk to, or wrap up after, a campaign's calls.
    pub(crate) fn busy(&self, campaign: usize) -> u32 {
        self.work[campaign].talking + self.work[campaign].wrap_up
    }

    /// By state; busy are those who work for `campaign`, or for any.
    pub(crate) fn counts(&self, campaign: Option<usize>) -> AgentCounts {
        let work = self.of(campaign);
        AgentCounts { ready: self.ready(), talking: work.talking, wrap_up: work.wrap_up, away: self.away }
    }

    /// Time by state, likewise.
    pub(crate) fn time(&self, campaign: Option<usize>) -> AgentTime {
        let Work { talking_ms, wrap_up_ms, .. } = self.of(campaign);
        let Self { ready_ms, away_ms, off_ms, .. } = *self;
        AgentTime { ready_ms, talking_ms, wrap_up_ms, away_ms, off_ms }
    }

    fn of(&self, campaign: Option<usize>) -> Work {
        let chosen = self.work.iter().enumerate().filter(|(index, _)| campaign.is_none_or(|only| only == *index));
        chosen.fold(Work::default(), |sum, (_, work)| Work {
            talking: sum.talking + work.talking,
            wrap_up: sum.wrap_up + work.wrap_up,
            talking_ms: sum.talking_ms + work.talking_ms,
            wrap_up_ms: sum.wrap_up_ms + work.wrap_up_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many agents who take no breaks, and one whose shift has not begun.
    fn agents(count: u32) -> Agents {
        let config = CentreConfig { present_share: 1.0, ..CentreConfig::with_agents(count) };
        Agents::new(&config, count + 1, 1, 1, "1").0
    }

    #[test]
    fn the_one_who_waited_longest_is_next() {
        let mut agents = agents(2);
        assert_eq!(agents.take_call(0), Some(0));
        agents.finish_talking(0, 0, 10);
        assert_eq!(agents.take_call(0), Some(1));
        assert_eq!(agents.take_call(0), Some(0));
        assert_eq!(agents.take_call(0), None);
    }

    #[test]
    fn a_busy_agent_takes_the_break_after_wrap_up() {
        let mut agents = agents(1);
        assert_eq!(agents.take_call(0), Some(0));
        agents.start_absence(0, 100);
        agents.start_wrap_up(0);
        assert_eq!((agents.ready(), agents.busy(0)), (0, 1));
        agents.finish_wrap_up(0, 0, 60);
        assert_eq!((agents.ready(), agents.busy(0)), (0, 0));
        agents.end_absence(0, 100);
        assert_eq!(agents.ready(), 1);
    }

    #[test]
    fn a_break_that_passed_while_busy_is_lost() {
        let mut agents = agents(1);
        assert_eq!(agents.take_call(0), Some(0));
        agents.start_absence(0, 100);
        agents.end_absence(0, 100);
        agents.finish_talking(0, 0, 130);
        assert_eq!(agents.ready(), 1);
    }

    #[test]
    fn of_two_absences_the_longer_counts() {
        let mut agents = agents(1);
        agents.start_absence(0, 100);
        agents.start_absence(0, 300);
        agents.end_absence(0, 100);
        assert_eq!(agents.counts(None).away, 1);
        agents.end_absence(0, 300);
        assert_eq!(agents.ready(), 1);
    }

    #[test]
    fn shifts_begin_at_once_and_end_after_the_call() {
        let mut agents = agents(1);
        agents.join(1, 5);
        assert_eq!((agents.ready(), agents.off), (2, 0));
        assert_eq!(agents.take_call(0), Some(0));
        agents.leave(0);
        agents.leave(1);
        assert_eq!((agents.ready(), agents.busy(0), agents.off), (0, 1, 1));
        agents.finish_talking(0, 0, 50);
        assert_eq!((agents.ready(), agents.busy(0), agents.off), (0, 0, 2));
    }
}
