//! The event loop: dials, connects, abandons, and keeps the books.
//!
//! The platform keeps `round(dial ratio x ready agents)` lines ringing, bounded by `maxConcurrentCalls` over ringing
//! and connected calls; each time anything changes it tops up. A paused campaign dials nothing, and what rings then
//! still rings out. An answered call waits as long as its patience for an agent; the longest-waiting goes first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;

use crate::agents::{AgentId, Agents, Break};
use crate::calls::{Call, Calls, Millis, Offer, Party, RingEnd};
use crate::config::{CentreConfig, ConfigError};
use crate::feed::{Bucket, Fact, Feed};
use crate::totals::{AgentCounts, Totals};

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    RingEnds(Call),
    PatienceEnds { number: u64 },
    TalkEnds { agent: AgentId, wrap_up: Millis },
    WrapUpEnds { agent: AgentId, took: Millis },
    BreakStarts(Break),
    BreakEnds { agent: AgentId },
}

/// An event in its place: by time, and among equals in the order of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scheduled {
    at: Millis,
    order: u64,
    event: Event,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// An answered call without an agent.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    number: u64,
    offer: Offer,
}

/// A simulated call centre that works on one campaign. A copy goes on exactly as the original would.
///
/// ```
/// use std::time::Duration;
/// use paced_core::{ratio::DialRatio, reading::{Setting, Status}, time::Timestamp};
/// use paced_sim::{CallCentre, CentreConfig};
///
/// let nine_o_clock = Timestamp::from_millis(1_700_038_800_000);
/// let mut centre = CallCentre::new(&CentreConfig::with_agents(20), 7, "spring", nine_o_clock)?;
/// centre.set(Setting { ratio: DialRatio::ONE, status: Status::Active }, 100);
/// centre.advance(nine_o_clock + Duration::from_secs(3_600));
/// assert!(centre.totals().answered > 200);
/// let latest = centre.buckets(nine_o_clock, centre.time()).pop();
/// assert!(latest.is_some_and(|bucket| bucket.agents_available + bucket.agents_busy <= 20));
/// # Ok::<(), paced_sim::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallCentre {
    config: CentreConfig,
    started_at: Timestamp,
    now: Millis,
    events: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    calls: Calls,
    agents: Agents,
    ringing: u32,
    waiting: VecDeque<Waiting>,
    setting: Setting,
    max_concurrent_calls: u32,
    totals: Totals,
    feed: Feed,
}

impl CallCentre {
    /// A centre that opens at `start` with its agents ready or away and no calls, paused until it is [set](Self::set).
    ///
    /// # Errors
    /// A field of `config` is out of its range.
    pub fn new(config: &CentreConfig, seed: u64, campaign: &str, start: Timestamp) -> Result<Self, ConfigError> {
        config.check()?;
        let (agents, breaks) = Agents::new(config, seed, campaign);
        let mut centre = Self {
            config: config.clone(),
            started_at: start,
            now: 0,
            events: BinaryHeap::new(),
            scheduled: 0,
            calls: Calls::new(seed, campaign),
            agents,
            ringing: 0,
            waiting: VecDeque::new(),
            setting: Setting { ratio: DialRatio::ONE, status: Status::Paused },
            max_concurrent_calls: 0,
            totals: Totals::default(),
            feed: Feed::new(config.feed, start),
        };
        for planned in breaks {
            centre.schedule(planned.starts, Event::BreakStarts(planned));
        }
        // Whoever is away at the start must not be shown as ready before the first event.
        centre.advance(start);
        Ok(centre)
    }

    /// Sets the campaign, as of the instant advanced to.
    pub fn set(&mut self, setting: Setting, max_concurrent_calls: u32) {
        self.setting = setting;
        self.max_concurrent_calls = max_concurrent_calls;
        self.dial();
    }

    /// Lets everything happen that happens up to `to`; an instant that has passed changes nothing.
    pub fn advance(&mut self, to: Timestamp) {
        let to = to.since(self.started_at).as_millis() as Millis;
        if to < self.now {
            return;
        }
        while let Some(Reverse(next)) = self.events.peek().copied().filter(|Reverse(next)| next.at <= to) {
            self.events.pop();
            self.now = next.at;
            self.agents.count_time(self.now);
            self.happen(next.event);
            self.dial();
            self.show_agents();
            self.feed.publish(self.time());
        }
        self.now = to;
        self.agents.count_time(to);
        self.show_agents();
        self.feed.publish(self.time());
    }

    /// The instant advanced to.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.started_at + Duration::from_millis(self.now)
    }

    /// The platform's buckets that share time with `from..to`, oldest first; at most a day of them.
    #[must_use]
    pub fn buckets(&self, from: Timestamp, to: Timestamp) -> Vec<Bucket> {
        self.feed.buckets(from, to)
    }

    /// The whole truth so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            elapsed_ms: self.now,
            ringing: u64::from(self.ringing),
            waiting: self.waiting.len() as u64,
            agent_time: self.agents.time(),
            ..self.totals
        }
    }

    /// The agents by state, now.
    #[must_use]
    pub fn agents(&self) -> AgentCounts {
        self.agents.counts()
    }

    /// What the campaign is set to, with its ceiling on ringing and connected calls.
    #[must_use]
    pub const fn setting(&self) -> (Setting, u32) {
        (self.setting, self.max_concurrent_calls)
    }

    fn schedule(&mut self, at: Millis, event: Event) {
        self.events.push(Reverse(Scheduled { at, order: self.scheduled, event }));
        self.scheduled += 1;
    }

    fn note(&mut self, fact: Fact) {
        self.feed.note(self.time(), fact);
    }

    fn show_agents(&mut self) {
        self.note(Fact::Agents { available: self.agents.ready(), busy: self.agents.busy() });
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::RingEnds(call) => self.ring_ends(call),
            Event::PatienceEnds { number } => self.patience_ends(number),
            Event::TalkEnds { agent, wrap_up: 0 } => self.agents.finish_talking(agent, self.now),
            Event::TalkEnds { agent, wrap_up } => {
                self.agents.start_wrap_up(agent);
                self.schedule(self.now + wrap_up, Event::WrapUpEnds { agent, took: wrap_up });
            }
            Event::WrapUpEnds { agent, took } => {
                self.agents.finish_wrap_up(agent, self.now);
                self.note(Fact::WrappedUp(took));
            }
            Event::BreakStarts(Break { agent, ends, .. }) => {
                self.agents.start_break(agent, ends);
                self.schedule(ends, Event::BreakEnds { agent });
            }
            Event::BreakEnds { agent } => {
                self.agents.end_break(agent, self.now);
                if let Some(next) = self.agents.next_break(agent, self.now) {
                    self.schedule(next.starts, Event::BreakStarts(next));
                }
            }
        }
        self.connect_waiting();
    }

    fn ring_ends(&mut self, call: Call) {
        self.ringing -= 1;
        match call.end {
            RingEnd::Busy => self.totals.busy += 1,
            RingEnd::NoAnswer => self.totals.no_answer += 1,
            RingEnd::Machine => self.totals.machines += 1,
            RingEnd::Mistaken => self.totals.mistaken += 1,
            RingEnd::Offered(offer) => {
                self.waiting.push_back(Waiting { number: call.number, offer });
                if self.agents.ready() == 0 {
                    self.schedule(self.now + offer.patience, Event::PatienceEnds { number: call.number });
                }
            }
        }
    }

    /// The longest-waiting calls get the agents that are ready.
    fn connect_waiting(&mut self) {
        while !self.waiting.is_empty() {
            let Some(agent) = self.agents.take_call() else { return };
            let Some(Waiting { offer, .. }) = self.waiting.pop_front() else { return };
            match offer.party {
                Party::Person => self.totals.answered += 1,
                Party::Machine => self.totals.machines_answered += 1,
            }
            self.note(Fact::Answered);
            self.schedule(self.now + offer.talk, Event::TalkEnds { agent, wrap_up: offer.wrap_up });
        }
    }

    fn patience_ends(&mut self, number: u64) {
        // Whoever found an agent meanwhile waits no more.
        let Some(place) = self.waiting.iter().position(|waiting| waiting.number == number) else { return };
        let Some(Waiting { offer, .. }) = self.waiting.remove(place) else { return };
        match offer.party {
            Party::Person => self.totals.abandoned += 1,
            Party::Machine => self.totals.machines_abandoned += 1,
        }
        self.note(Fact::Abandoned);
    }

    /// Tops up the ringing lines.
    fn dial(&mut self) {
        if self.setting.status == Status::Paused {
            return;
        }
        let lines = lines(self.setting.ratio, self.agents.ready());
        while self.ringing < lines && self.ringing + self.connected() < self.max_concurrent_calls {
            self.dial_one();
        }
    }

    /// Dials so many calls at once, whatever the setting says: as calls come in theory, and on no platform.
    pub(crate) fn dial_now(&mut self, lines: u32) {
        for _ in 0..lines {
            self.dial_one();
        }
    }

    fn dial_one(&mut self) {
        let call = self.calls.dial(&self.config);
        self.ringing += 1;
        self.totals.dialled += 1;
        self.note(Fact::Dialled);
        self.schedule(self.now + call.ring, Event::RingEnds(call));
    }

    fn connected(&self) -> u32 {
        self.agents.talking() + self.waiting.len() as u32
    }
}

/// Lines to keep ringing: ratio x ready agents, halves up.
fn lines(ratio: DialRatio, ready: u32) -> u32 {
    (u32::from(ratio.hundredths()) * ready + 50) / 100
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    /// Every call that rings at some time in the first hour, by its number.
    fn calls_of_an_hour(ratio: f64) -> BTreeMap<u64, Call> {
        let mut centre = CallCentre::new(&CentreConfig::with_agents(20), 6, "1", START).unwrap();
        centre.set(Setting { ratio: DialRatio::new(ratio).unwrap(), status: Status::Active }, 1_000);
        let mut calls = BTreeMap::new();
        for second in 0..3_600 {
            centre.advance(START + Duration::from_secs(second));
            calls.extend(centre.events.iter().filter_map(|Reverse(scheduled)| match scheduled.event {
                Event::RingEnds(call) => Some((call.number, call)),
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
    fn lines_follow_the_ratio_with_halves_up() {
        for (ratio, ready, wanted) in [(1.0, 0, 0), (0.1, 4, 0), (0.1, 5, 1), (1.5, 3, 5), (5.0, 10_000, 50_000)] {
            assert_eq!(lines(DialRatio::new(ratio).unwrap(), ready), wanted, "{ratio} x {ready}");
        }
    }
}
