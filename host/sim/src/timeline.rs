//! What changes while a centre works: staffing, answer rate, talk time, and what goes wrong.
//!
//! Changes are planned before the first call and draw nothing, so that every policy meets the same ones.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::calls::Millis;

/// Something that happens, at a time since the centre opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When it begins.
    pub at: Duration,
    /// The campaign that it happens to; none for all of them.
    pub campaign: Option<String>,
    /// What it is.
    pub kind: ChangeKind,
}

/// What happens. Where something changes `over` a time it does so evenly; a time of zero is a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// So many agents are staffed from now on; whoever leaves ends the call in hand first.
    Agents {
        /// Agents staffed, 0 to 10,000.
        to: u32,
        /// How long it takes until the last has come or has to go.
        over: Duration,
    },
    /// Persons answer so many times as often as the campaign's configuration says.
    AnswerRate {
        /// Above 0 and at most 10.
        times: f64,
        /// How long the change takes.
        over: Duration,
    },
    /// Talks take so many times as long as the configuration says.
    TalkTime {
        /// Above 0 and at most 100.
        times: f64,
        /// How long the change takes.
        over: Duration,
    },
    /// The carrier connects nothing: every dialled call fails.
    Outage {
        /// How long.
        lasts: Duration,
    },
    /// The feed shows nothing new, and catches up afterwards.
    FeedGap {
        /// How long.
        lasts: Duration,
    },
    /// The running bucket's counts fall to zero and go on from there.
    CounterReset,
}

/// A quantity that moves in ramps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    start: f64,
    ramps: Vec<Ramp>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ramp {
    from: Millis,
    to: Millis,
    target: f64,
}

impl Profile {
    fn new(start: f64) -> Self {
        Self { start, ramps: Vec::new() }
    }

    fn ramp(&mut self, at: Duration, over: Duration, target: f64) {
        let from = whole_ms(at);
        self.ramps.push(Ramp { from, to: from + whole_ms(over), target });
    }

    /// The value at `now`.
    pub(crate) fn at(&self, now: Millis) -> f64 {
        let begun = self.ramps.iter().take_while(|ramp| ramp.from <= now);
        begun.fold(self.start, |value, ramp| {
            if now >= ramp.to {
                return ramp.target;
            }
            let share = (now - ramp.from) as f64 / (ramp.to - ramp.from) as f64;
            value + share * (ramp.target - value)
        })
    }
}

/// A stretch of time, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Millis,
    pub(crate) to: Millis,
}

impl Span {
    pub(crate) const fn holds(self, now: Millis) -> bool {
        self.from <= now && now < self.to
    }
}

/// What happens to one campaign.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditions {
    /// What the configured answer probability is multiplied by.
    pub(crate) answering: Profile,
    /// What talk times are multiplied by.
    pub(crate) talking: Profile,
    pub(crate) outages: Vec<Span>,
    pub(crate) feed_gaps: Vec<Span>,
    pub(crate) counter_resets: Vec<Millis>,
}

impl Conditions {
    /// What of `changes` concerns `campaign`.
    pub(crate) fn of(campaign: &str, changes: &[Change]) -> Self {
        let mut conditions = Self {
            answering: Profile::new(1.0),
            talking: Profile::new(1.0),
            outages: Vec::new(),
            feed_gaps: Vec::new(),
            counter_resets: Vec::new(),
        };
        let mut concerned: Vec<_> =
            changes.iter().filter(|change| change.campaign.as_deref().is_none_or(|id| id == campaign)).collect();
        concerned.sort_by_key(|change| change.at);
        for change in concerned {
            conditions.add(change);
        }
        conditions
    }

    fn add(&mut self, change: &Change) {
        let span = |lasts| Span { from: whole_ms(change.at), to: whole_ms(change.at + lasts) };
        match change.kind {
            // Agents belong to the centre: see `staffing`.
            ChangeKind::Agents { .. } => {}
            ChangeKind::AnswerRate { times, over } => self.answering.ramp(change.at, over, times),
            ChangeKind::TalkTime { times, over } => self.talking.ramp(change.at, over, times),
            ChangeKind::Outage { lasts } => self.outages.push(span(lasts)),
            ChangeKind::FeedGap { lasts } => self.feed_gaps.push(span(lasts)),
            ChangeKind::CounterReset => self.counter_resets.push(whole_ms(change.at)),
        }
    }

    /// Whether the carrier is out.
    pub(crate) fn is_out(&self, now: Millis) -> bool {
        self.outages.iter().any(|outage| outage.holds(now))
    }
}

/// An agent's shift begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handover {
    pub(crate) at: Millis,
    pub(crate) agent: u32,
    pub(crate) joins: bool,
}

/// Who comes and goes, of agents of whom the first `staffed` are there at the start. The last to come is the first to
/// go, and those who change over a time do so one after the other.
pub(crate) fn staffing(staffed: u32, changes: &[Change]) -> Vec<Handover> {
    let mut steps: Vec<_> = changes
        .iter()
        .filter_map(|change| match change.kind {
            ChangeKind::Agents { to, over } => Some((change.at, over, to)),
            _ => None,
        })
        .collect();
    steps.sort_by_key(|(at, _, _)| *at);
    let mut handovers = Vec::new();
    let mut staffed = staffed;
    for (at, over, to) in steps {
        let moved = to.abs_diff(staffed);
        for nth in 0..moved {
            let wait = whole_ms(over) * u64::from(nth + 1) / u64::from(moved);
            let joins = to > staffed;
            let agent = if joins { staffed + nth } else { staffed - 1 - nth };
            handovers.push(Handover { at: whole_ms(at) + wait, agent, joins });
        }
        staffed = to;
    }
    handovers
}

/// The most agents that are ever staffed.
pub(crate) fn most_agents(staffed: u32, changes: &[Change]) -> u32 {
    let later = changes.iter().map(|change| match change.kind {
        ChangeKind::Agents { to, .. } => to,
        _ => 0,
    });
    later.fold(staffed, u32::max)
}

pub(crate) fn whole_ms(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn change(at: Duration, campaign: Option<&str>, kind: ChangeKind) -> Change {
        Change { at, campaign: campaign.map(str::to_owned), kind }
    }

    #[test]
    fn a_quantity_moves_in_ramps_and_steps() {
        let changes = [
            change(MINUTE * 10, None, ChangeKind::AnswerRate { times: 1.0, over: Duration::ZERO }),
            change(MINUTE, None, ChangeKind::AnswerRate { times: 2.0, over: MINUTE * 2 }),
            change(MINUTE, Some("2"), ChangeKind::AnswerRate { times: 9.0, over: Duration::ZERO }),
        ];
        let answering = Conditions::of("1", &changes).answering;
        let at = |minutes: u64| answering.at(minutes * 60_000);
        assert_eq!([0, 1, 2, 3, 9, 10].map(at), [1.0, 1.0, 1.5, 2.0, 2.0, 1.0]);
    }

    #[test]
    fn the_last_to_come_is_the_first_to_go() {
        let agents = |to, over| ChangeKind::Agents { to, over };
        let changes =
            [change(MINUTE, None, agents(2, MINUTE * 2)), change(MINUTE * 5, None, agents(5, Duration::ZERO))];
        let moves: Vec<_> = staffing(4, &changes).iter().map(|h| (h.at / 1_000, h.agent, h.joins)).collect();
        assert_eq!(moves, [(120, 3, false), (180, 2, false), (300, 2, true), (300, 3, true), (300, 4, true)]);
        assert_eq!(most_agents(4, &changes), 5);
    }

    #[test]
    fn an_outage_is_over_when_it_is_over() {
        let changes = [change(MINUTE, None, ChangeKind::Outage { lasts: MINUTE })];
        let conditions = Conditions::of("1", &changes);
        assert_eq!([59_999, 60_000, 119_999, 120_000].map(|now| conditions.is_out(now)), [false, true, true, false]);
    }
}
