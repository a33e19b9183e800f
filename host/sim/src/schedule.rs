//! What will happen, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::agents::{AgentId, Break};
use crate::calls::{Call, Millis};

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    RingEnds {
        campaign: u32,
        call: Call,
    },
    PatienceEnds {
        campaign: u32,
        number: u64,
    },
    TalkEnds {
        campaign: u32,
        agent: AgentId,
        wrap_up: Millis,
        unavailable: Millis,
    },
    WrapUpEnds {
        campaign: u32,
        agent: AgentId,
        took: Millis,
        unavailable: Millis,
    },
    AbsenceEnds {
        agent: AgentId,
    },
    BreakStarts(Break),
    BreakEnds {
        agent: AgentId,
    },
    ShiftStarts {
        agent: AgentId,
    },
    ShiftEnds {
        agent: AgentId,
    },
    CounterResets {
        campaign: u32,
    },
    /// The platform's own ratio has moved on.
    RatioMoves {
        campaign: u32,
    },
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

/// All that is to come, the next first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    events: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
}

impl Schedule {
    pub(crate) fn add(&mut self, at: Millis, event: Event) {
        self.events.push(Reverse(Scheduled { at, order: self.scheduled, event }));
        self.scheduled += 1;
    }

    /// Takes the next event if it is due by `until`.
    pub(crate) fn next(&mut self, until: Millis) -> Option<(Millis, Event)> {
        let is_due = self.events.peek().is_some_and(|Reverse(next)| next.at <= until);
        if is_due { self.events.pop().map(|Reverse(next)| (next.at, next.event)) } else { None }
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|Reverse(scheduled)| &scheduled.event)
    }
}
