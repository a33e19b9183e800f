//! The event loop: dials, connects, abandons, and keeps the books.
//!
//! The platform keeps `round(dial ratio x ready agents)` lines ringing for each campaign, bounded by its
//! `maxConcurrentCalls` over ringing and connected calls and by the centre's trunks; each time anything changes it tops
//! up. A paused campaign dials nothing, and what rings then still rings out. An answered call waits as long as its
//! patience for an agent; the longest-waiting goes first, whichever campaign it belongs to.

use std::collections::VecDeque;

use paced_core::reading::Setting;
use paced_core::time::Timestamp;

use crate::agents::{Agents, Break};
use crate::calls::{Call, Calls, Circumstances, Millis, Offer, Party, RingEnd};
use crate::config::{CentreConfig, ConfigError};
use crate::dialling::Dialling;
use crate::distribution::gamma_of_mean_one;
use crate::feed::{Bucket, Fact, Feed};
use crate::schedule::{Event, Schedule};
use crate::streams::{Cause, Stream};
use crate::timeline::{Change, Conditions, most_agents, staffing};
use crate::totals::{AgentCounts, Totals};

/// How often the platform's own ratio moves on while it follows the one set, milliseconds.
const SMOOTHING_STEP: Millis = 1_000;

/// An answered call without an agent.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    campaign: usize,
    number: u64,
    offer: Offer,
}

/// A campaign's part of the centre.
#[derive(Clone, Debug)]
struct Lane {
    config: CentreConfig,
    conditions: Conditions,
    /// What the day multiplies the answer probability by.
    day: f64,
    calls: Calls,
    dialling: Dialling,
    ringing: u32,
    waiting: u32,
    totals: Totals,
    feed: Feed,
}

/// A simulated call centre whose agents work on one or more campaigns. A copy goes on exactly as the original would.
///
/// Campaigns that share agents each see all the ready ones: each dials its ratio for all of them.
#[derive(Clone, Debug)]
pub struct SharedCentre {
    started_at_ms: i64,
    now: Millis,
    schedule: Schedule,
    agents: Agents,
    lanes: Vec<Lane>,
    waiting: VecDeque<Waiting>,
    ringing: u32,
    trunks: u32,
}

impl SharedCentre {
    /// A centre that opens at `start` with its agents ready or away and no calls, its campaigns paused until they are
    /// [set](Self::set). Agents and trunks are those of the first campaign's configuration, and its name is what their
    /// streams of chance are named after.
    ///
    /// # Errors
    /// There is no campaign, or a field of a configuration is out of its range, or campaigns say different things of
    /// the agents and trunks that they share.
    pub fn new(
        campaigns: &[(&str, &CentreConfig)],
        changes: &[Change],
        seed: u64,
        start: Timestamp,
    ) -> Result<Self, ConfigError> {
        let (name, shared) = sharing(campaigns)?;
        let most = most_agents(shared.agents, changes);
        let (agents, breaks) = Agents::new(shared, most, campaigns.len(), seed, name);
        let mut centre = Self {
            started_at_ms: start.as_millis(),
            now: 0,
            schedule: Schedule::default(),
            agents,
            lanes: campaigns.iter().map(|(name, config)| Lane::open(name, config, changes, seed, start)).collect(),
            waiting: VecDeque::new(),
            ringing: 0,
            trunks: shared.trunks,
        };
        centre.plan(shared.agents, changes, &breaks);
        // Whoever is away at the start must not be shown as ready before the first event.
        centre.advance(start);
        Ok(centre)
    }

    fn plan(&mut self, staffed: u32, changes: &[Change], breaks: &[Break]) {
        for planned in breaks {
            self.schedule.add(planned.starts, Event::BreakStarts(*planned));
        }
        for handover in staffing(staffed, changes) {
            let agent = handover.agent;
            let event = if handover.joins { Event::ShiftStarts { agent } } else { Event::ShiftEnds { agent } };
            self.schedule.add(handover.at, event);
        }
        for (campaign, lane) in (0..).zip(&self.lanes) {
            for at in &lane.conditions.counter_resets {
                self.schedule.add(*at, Event::CounterResets { campaign });
            }
        }
    }

    /// Sets a campaign, as of the instant advanced to. Campaigns are counted from 0, in the order given.
    ///
    /// # Panics
    /// There is no such campaign; likewise below.
    pub fn set(&mut self, campaign: usize, setting: Setting, max_concurrent_calls: u32) {
        let lane = &mut self.lanes[campaign];
        let follows = lane.dialling.set(setting, max_concurrent_calls, lane.config.smoothing_s, self.now);
        if follows {
            self.schedule.add(self.now + SMOOTHING_STEP, Event::RatioMoves { campaign: campaign as u32 });
        }
        self.dial();
    }

    /// Lets everything happen that happens up to `to`; an instant that has passed changes nothing.
    pub fn advance(&mut self, to: Timestamp) {
        let Ok(to) = Millis::try_from(to.as_millis() - self.started_at_ms) else { return };
        if to < self.now {
            return;
        }
        while let Some((at, event)) = self.schedule.next(to) {
            self.now = at;
            self.agents.count_time(at);
            self.happen(event);
            self.dial();
            self.show_agents();
        }
        self.now = to;
        self.agents.count_time(to);
        self.show_agents();
        self.publish();
    }

    /// The instant advanced to.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.started_at_ms + self.now as i64)
    }

    /// The platform's buckets of a campaign that share time with `from..to`, oldest first; at most a day of them.
    #[must_use]
    pub fn buckets(&self, campaign: usize, from: Timestamp, to: Timestamp) -> Vec<Bucket> {
        self.lanes[campaign].feed.buckets(from, to)
    }

    /// The whole truth of a campaign so far.
    #[must_use]
    pub fn totals(&self, campaign: usize) -> Totals {
        let lane = &self.lanes[campaign];
        Totals {
            elapsed_ms: self.now,
            ringing: u64::from(lane.ringing),
            waiting: u64::from(lane.waiting),
            agent_time: self.agents.time(Some(campaign)),
            ..lane.totals
        }
    }

    /// All agents' time by state, whichever campaign they worked on.
    #[must_use]
    pub fn agent_time(&self) -> crate::AgentTime {
        self.agents.time(None)
    }

    /// The agents by state, now; busy are those who work on this campaign.
    #[must_use]
    pub fn agents(&self, campaign: usize) -> AgentCounts {
        self.agents.counts(Some(campaign))
    }

    /// What a campaign is set to, with its ceiling on ringing and connected calls.
    #[must_use]
    pub fn setting(&self, campaign: usize) -> (Setting, u32) {
        self.lanes[campaign].dialling.setting()
    }

    fn note(&mut self, campaign: usize, fact: Fact) {
        let at = self.time();
        self.lanes[campaign].feed.note(at, fact);
    }

    fn show_agents(&mut self) {
        let (at, available) = (self.time(), self.agents.ready());
        for (campaign, lane) in self.lanes.iter_mut().enumerate() {
            lane.feed.note(at, Fact::Agents { available, busy: self.agents.busy(campaign) });
        }
    }

    fn publish(&mut self) {
        let now = self.time();
        self.lanes.iter_mut().for_each(|lane| lane.feed.publish(now));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::RingEnds { campaign, call } => self.ring_ends(campaign as usize, call),
            Event::PatienceEnds { campaign, number } => self.patience_ends(campaign as usize, number),
            Event::TalkEnds { campaign, agent, wrap_up: 0, unavailable } => {
                self.leave_for(agent, unavailable);
                self.agents.finish_talking(campaign as usize, agent, self.now);
            }
            Event::TalkEnds { campaign, agent, wrap_up, unavailable } => {
                self.agents.start_wrap_up(campaign as usize);
                let ends = Event::WrapUpEnds { campaign, agent, took: wrap_up, unavailable };
                self.schedule.add(self.now + wrap_up, ends);
            }
            Event::WrapUpEnds { campaign, agent, took, unavailable } => {
                self.leave_for(agent, unavailable);
                self.agents.finish_wrap_up(campaign as usize, agent, self.now);
                self.note(campaign as usize, Fact::WrappedUp(took));
            }
            Event::AbsenceEnds { agent } => self.agents.end_absence(agent, self.now),
            Event::BreakStarts(Break { agent, ends, .. }) => {
                self.agents.start_absence(agent, ends);
                self.schedule.add(ends, Event::BreakEnds { agent });
            }
            Event::BreakEnds { agent } => {
                self.agents.end_absence(agent, self.now);
                if let Some(next) = self.agents.next_break(agent, self.now) {
                    self.schedule.add(next.starts, Event::BreakStarts(next));
                }
            }
            Event::ShiftStarts { agent } => self.agents.join(agent, self.now),
            Event::ShiftEnds { agent } => self.agents.leave(agent),
            Event::CounterResets { campaign } => self.note(campaign as usize, Fact::CounterReset),
            Event::RatioMoves { campaign } => {
                if self.lanes[campaign as usize].dialling.follows(self.now) {
                    self.schedule.add(self.now + SMOOTHING_STEP, Event::RatioMoves { campaign });
                }
            }
        }
        self.connect_waiting();
    }

    /// An agent who is about to be free is unavailable for a while first.
    fn leave_for(&mut self, agent: u32, unavailable: Millis) {
        if unavailable > 0 {
            let ends = self.now + unavailable;
            self.agents.start_absence(agent, ends);
            self.schedule.add(ends, Event::AbsenceEnds { agent });
        }
    }

    fn ring_ends(&mut self, campaign: usize, call: Call) {
        self.ringing -= 1;
        let lane = &mut self.lanes[campaign];
        lane.ringing -= 1;
        match call.end {
            RingEnd::Failed => lane.totals.failed += 1,
            RingEnd::Busy => lane.totals.busy += 1,
            RingEnd::NoAnswer => lane.totals.no_answer += 1,
            RingEnd::Machine => lane.totals.machines += 1,
            RingEnd::Mistaken => lane.totals.mistaken += 1,
            RingEnd::Offered(offer) => {
                lane.waiting += 1;
                self.waiting.push_back(Waiting { campaign, number: call.number, offer });
                if self.agents.ready() == 0 {
                    let ends = Event::PatienceEnds { campaign: campaign as u32, number: call.number };
                    self.schedule.add(self.now + offer.patience, ends);
                }
            }
        }
    }

    /// The longest-waiting calls get the agents that are ready.
    fn connect_waiting(&mut self) {
        while !self.waiting.is_empty() && self.agents.ready() > 0 {
            let Some(Waiting { campaign, offer, .. }) = self.waiting.pop_front() else { return };
            let Some(agent) = self.agents.take_call(campaign) else { return };
            let lane = &mut self.lanes[campaign];
            lane.waiting -= 1;
            match offer.party {
                Party::Person => lane.totals.answered += 1,
                Party::Machine => lane.totals.machines_answered += 1,
            }
            self.note(campaign, Fact::Answered);
            let Offer { talk, wrap_up, unavailable, .. } = offer;
            let ends = Event::TalkEnds { campaign: campaign as u32, agent, wrap_up, unavailable };
            self.schedule.add(self.now + talk, ends);
        }
    }

    fn patience_ends(&mut self, campaign: usize, number: u64) {
        // Whoever found an agent meanwhile waits no more.
        let is_it = |waiting: &Waiting| waiting.number == number && waiting.campaign == campaign;
        let Some(place) = self.waiting.iter().position(is_it) else { return };
        let Some(Waiting { offer, .. }) = self.waiting.remove(place) else { return };
        let lane = &mut self.lanes[campaign];
        lane.waiting -= 1;
        match offer.party {
            Party::Person => lane.totals.abandoned += 1,
            Party::Machine => lane.totals.machines_abandoned += 1,
        }
        self.note(campaign, Fact::Abandoned);
    }

    /// Tops up the ringing lines, a line for each campaign in turn, so that scarce trunks are shared.
    fn dial(&mut self) {
        let ready = self.agents.ready();
        let mut is_done = false;
        while !is_done {
            is_done = true;
            for campaign in 0..self.lanes.len() {
                if self.wants_line(campaign, ready) {
                    self.dial_one(campaign);
                    is_done = false;
                }
            }
        }
    }

    fn wants_line(&self, campaign: usize, ready: u32) -> bool {
        let lane = &self.lanes[campaign];
        let connected = self.agents.talking(campaign) + lane.waiting;
        lane.ringing < lane.dialling.lines(ready, self.now)
            && lane.ringing + connected < lane.dialling.max_concurrent_calls()
            && self.lines_in_use() < self.trunks
    }

    /// Ringing and connected lines of all campaigns.
    fn lines_in_use(&self) -> u32 {
        self.ringing + self.waiting.len() as u32 + self.agents.counts(None).talking
    }

    /// Dials so many calls at once, whatever the setting says: as calls come in theory, and on no platform.
    pub(crate) fn dial_now(&mut self, campaign: usize, lines: u32) {
        for _ in 0..lines {
            self.dial_one(campaign);
        }
    }

    fn dial_one(&mut self, campaign: usize) {
        let lane = &mut self.lanes[campaign];
        let call = lane.dial(self.now);
        lane.ringing += 1;
        lane.totals.dialled += 1;
        self.ringing += 1;
        self.note(campaign, Fact::Dialled);
        self.schedule.add(self.now + call.ring, Event::RingEnds { campaign: campaign as u32, call });
    }
}

impl Lane {
    fn open(name: &str, config: &CentreConfig, changes: &[Change], seed: u64, start: Timestamp) -> Self {
        let conditions = Conditions::of(name, changes);
        let day = Stream::new(seed, name, Cause::Day).uniform();
        Self {
            day: if config.day_shape > 0.0 { gamma_of_mean_one(config.day_shape, day) } else { 1.0 },
            calls: Calls::new(seed, name),
            dialling: Dialling::default(),
            ringing: 0,
            waiting: 0,
            totals: Totals::default(),
            feed: Feed::new(config.feed, start, &conditions.feed_gaps, seed, name),
            config: config.clone(),
            conditions,
        }
    }

    fn dial(&mut self, now: Millis) -> Call {
        let circumstances = Circumstances {
            answering: self.conditions.answering.at(now) * self.day,
            talking: self.conditions.talking.at(now),
            is_out: self.conditions.is_out(now),
        };
        self.calls.dial(&self.config, circumstances)
    }
}

/// The first campaign, which says what all share.
fn sharing<'a>(campaigns: &[(&'a str, &'a CentreConfig)]) -> Result<(&'a str, &'a CentreConfig), ConfigError> {
    let Some((name, shared)) = campaigns.first().copied() else {
        return Err(ConfigError { field: "campaigns", value: "none".to_owned(), wanted: "at least one" });
    };
    for (other, config) in campaigns {
        config.check()?;
        let of_agents =
            |config: &CentreConfig| (config.agents, config.present_share, config.break_s_mean, config.trunks);
        if of_agents(config) != of_agents(shared) {
            let wanted = "the same in all campaigns that share agents";
            let field = "agents, present_share, break_s_mean or trunks";
            return Err(ConfigError { field, value: format!("another one in campaign {other}"), wanted });
        }
    }
    Ok((name, shared))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use paced_core::ratio::DialRatio;
    use paced_core::reading::Status;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    /// Every call that rings at some time in the first hour, by its number.
    fn calls_of_an_hour(ratio: f64) -> BTreeMap<u64, Call> {
        let config = CentreConfig { unavailable_probability: 0.1, ..CentreConfig::with_agents(20) };
        let mut centre = SharedCentre::new(&[("1", &config)], &[], 6, START).unwrap();
        centre.set(0, Setting { ratio: DialRatio::new(ratio).unwrap(), status: Status::Active }, 1_000);
        let mut calls = BTreeMap::new();
        for second in 0..3_600 {
            centre.advance(START + Duration::from_secs(second));
            calls.extend(centre.schedule.iter().filter_map(|event| match event {
                Event::RingEnds { call, .. } => Some((call.number, *call)),
                _ => None,
            }));
        }
        calls
    }

    #[test]
    fn the_nth_call_is_the_same_under_every_ratio() {
        let (few, many) = (calls_of_an_hour(1.0), calls_of_an_hour(3.0));
        assert!(few.len() > 500 && many.len() > few.len() + 100, "{} and {} calls", few.len(), many.len());
        for (number, call) in &few {
            assert_eq!(many.get(number), Some(call));
        }
    }

    #[test]
    fn campaigns_that_share_agents_agree_on_them() {
        let (one, other) = (CentreConfig::with_agents(20), CentreConfig::with_agents(30));
        let error = SharedCentre::new(&[("1", &one), ("2", &other)], &[], 1, START).unwrap_err().to_string();
        let wanted = "agents, present_share, break_s_mean or trunks is another one in campaign 2: it must be the same in \
                      all campaigns that share agents";
        assert_eq!(error, wanted);
        assert!(SharedCentre::new(&[], &[], 1, START).is_err());
    }
}
