//! The journal held against the swaps: which decisions were made, when, and by what.
//!
//! A tick takes its policy after the platform has answered and before it notes the time of its decisions. A decision is
//! right if its revision may have been in force at some instant in between; how many of them only one revision could have
//! made says how sharp that test was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use paced::journal::{Filter, JournalReader};
use paced_core::policy::Revision;
use paced_core::time::Timestamp;

use super::swaps::Activation;
use super::{CAMPAIGNS, INTERVAL};

/// What a journal says of a soak.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Decisions in the journal.
    pub(crate) decisions: u64,
    /// Ticks that were due between the first and the last decision.
    pub(crate) ticks: u64,
    /// Ticks of these at which some campaign had not decided before the next one was due.
    pub(crate) missed: u64,
    /// Ticks that the batch itself counted as missed.
    pub(crate) reported_missed: u64,
    /// Decisions whose policy gave a fault.
    pub(crate) faults: u64,
    /// Decisions by a revision that was not in force.
    pub(crate) foreign: u64,
    /// Ticks at which campaigns decided by two revisions.
    pub(crate) mixed: u64,
    /// Decisions that only one revision could have made.
    pub(crate) certain: u64,
    /// Decisions by each revision.
    pub(crate) by_revision: BTreeMap<Revision, u64>,
    /// Warnings and errors in the journal, by name.
    pub(crate) troubles: BTreeMap<String, u64>,
    /// From the last write of a file to the first decision by it.
    pub(crate) latencies: Vec<Duration>,
}

impl Audit {
    /// Whether nothing was missed, faulted or decided by what was not in force.
    pub(crate) fn is_clean(&self) -> bool {
        self.missed == 0 && self.reported_missed == 0 && self.is_right()
    }

    /// Whether every decision was right, however late.
    pub(crate) fn is_right(&self) -> bool {
        self.decisions > 0 && self.faults == 0 && self.foreign == 0 && self.mixed == 0 && self.troubles.is_empty()
    }
}

/// The decisions of one tick.
#[derive(Default)]
struct Tick {
    revisions: Vec<Revision>,
    rows: usize,
}

/// Reads a journal whose ticks are due at `first_tick` and every interval after it.
pub(crate) fn audit(
    journal: &JournalReader,
    first_tick: Timestamp,
    activations: &[Activation],
    answered: &[Timestamp],
    reported_missed: u64,
) -> anyhow::Result<Audit> {
    let mut found = Audit { reported_missed, ..Audit::default() };
    let mut ticks: BTreeMap<Timestamp, Tick> = BTreeMap::new();
    for row in journal.decisions(Filter::default()) {
        let row = row?;
        found.decisions += 1;
        found.faults += u64::from(row.reasons.split(',').any(|reason| reason == "fault" || reason == "fallback"));
        let tick = ticks.entry(row.at).or_default();
        tick.rows += 1;
        tick.revisions.extend(row.revision);
    }
    for event in journal.events(Filter::default()) {
        let event = event?;
        if event.level != "info" {
            *found.troubles.entry(event.name).or_default() += 1;
        }
    }
    (found.ticks, found.missed) = punctuality(first_tick, &ticks);
    for (at, tick) in &ticks {
        let since = answered[..answered.partition_point(|answer| answer <= at)].last().copied();
        found.judge(tick, &may_be_in_force(activations, since.unwrap_or(*at), *at));
    }
    found.latencies = latencies(activations, &ticks);
    Ok(found)
}

impl Audit {
    fn judge(&mut self, tick: &Tick, possible: &BTreeSet<Revision>) {
        let distinct: BTreeSet<_> = tick.revisions.iter().collect();
        self.mixed += u64::from(distinct.len() > 1);
        for revision in &tick.revisions {
            *self.by_revision.entry(*revision).or_default() += 1;
            self.foreign += u64::from(!possible.contains(revision));
            self.certain += u64::from(possible.len() == 1);
        }
    }
}

/// The ticks that were due, and those at which some campaign did not decide before the next one.
fn punctuality(first_tick: Timestamp, ticks: &BTreeMap<Timestamp, Tick>) -> (u64, u64) {
    let number = |at: &Timestamp| (at.as_millis() - first_tick.as_millis()).div_euclid(INTERVAL.as_millis() as i64);
    let mut decided: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, tick) in ticks {
        *decided.entry(number(at)).or_default() += tick.rows;
    }
    let (Some((first, _)), Some((last, _))) = (decided.first_key_value(), decided.last_key_value()) else {
        return (0, 0);
    };
    let missed = (*first..=*last).filter(|tick| decided.get(tick).is_none_or(|rows| *rows < CAMPAIGNS)).count();
    ((last - first + 1) as u64, missed as u64)
}

/// Every revision that may have been in force at some instant from `since` to `until`.
fn may_be_in_force(activations: &[Activation], since: Timestamp, until: Timestamp) -> BTreeSet<Revision> {
    // In force until the next one's latest; both lists of times ascend.
    let first = activations.partition_point(|activation| activation.latest < since).saturating_sub(1);
    let began = activations[first..].iter().take_while(|activation| activation.earliest <= until);
    began.map(|activation| activation.revision).collect()
}

/// For each file written, how long after that the first decision by it was made.
fn latencies(activations: &[Activation], ticks: &BTreeMap<Timestamp, Tick>) -> Vec<Duration> {
    let latency = |activation: &Activation| {
        let written = activation.written?;
        let mut later = ticks.range(activation.earliest..);
        later.find(|(_, tick)| tick.revisions.contains(&activation.revision)).map(|(at, _)| at.since(written))
    };
    activations.iter().filter_map(latency).collect()
}
