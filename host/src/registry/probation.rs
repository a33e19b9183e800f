//! The first decisions of a component that has just come into force: enough faults among them send it back.
//!
//! A dry run can't foresee everything, so the last good component stays at hand until every campaign has seen some
//! decisions of the new one. Only the count is here; the registry does what follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use paced_core::time::Timestamp;

/// The first decisions of each campaign that count.
pub(super) const DECISIONS: u32 = 20;
/// So many faults among the first decisions of one campaign end the probation.
pub(super) const FAULTS: u32 = 3;
/// How long, in platform time from the first decision, campaigns are waited for that do not decide: paused ones, say.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 60);

/// A probation under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Probation {
    campaigns: BTreeMap<String, Tally>,
    since: Option<Timestamp>,
}

/// A campaign's first decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    decisions: u32,
    faults: u32,
}

impl Tally {
    const fn is_complete(self) -> bool {
        self.decisions >= DECISIONS
    }
}

/// Where a probation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It goes on.
    Going,
    /// The component has shown itself good.
    Passed,
    /// This campaign has had too many faults.
    Failed {
        /// Its decisions so far.
        decisions: u32,
        /// The faults among them.
        faults: u32,
    },
}

impl Probation {
    /// A probation with these campaigns.
    pub(super) fn with<'a>(campaigns: impl Iterator<Item = &'a str>) -> Self {
        Self { campaigns: campaigns.map(|id| (id.to_owned(), Tally::default())).collect(), since: None }
    }

    /// Counts a decision.
    pub(super) fn count(&mut self, campaign: &str, is_fault: bool, now: Timestamp) -> Mark {
        let since = *self.since.get_or_insert(now);
        let tally = self.campaigns.entry(campaign.to_owned()).or_default();
        if !tally.is_complete() {
            tally.decisions += 1;
            tally.faults += u32::from(is_fault);
            if tally.faults >= FAULTS {
                return Mark::Failed { decisions: tally.decisions, faults: tally.faults };
            }
        }
        let mut tallies = self.campaigns.values();
        let has_waited = now.since(since) >= LONGEST;
        let is_over = if has_waited { tallies.any(|t| t.is_complete()) } else { tallies.all(|t| t.is_complete()) };
        if is_over { Mark::Passed } else { Mark::Going }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_772_442_000_000) + Duration::from_secs(second)
    }

    /// Counts decisions of campaign 1 at 15 s, `x` being a fault, and gives where it stood in the end.
    fn counted(probation: &mut Probation, decisions: &str) -> Mark {
        let mut marks = decisions.chars().enumerate();
        let count = |(n, decision)| probation.count("1", decision == 'x', at(15 * n as u64));
        marks.by_ref().map(count).last().unwrap()
    }

    #[test]
    fn the_third_fault_among_the_first_twenty_decisions_fails() {
        let mark = |decisions: &str| counted(&mut Probation::with(["1"].into_iter()), decisions);
        assert_eq!(mark("xx"), Mark::Going);
        assert_eq!(mark("x.x.x"), Mark::Failed { decisions: 5, faults: 3 });
        assert_eq!(mark("xx.................x"), Mark::Failed { decisions: 20, faults: 3 });
        assert_eq!(mark("xx.................."), Mark::Passed);
        assert_eq!(mark("..................."), Mark::Going);
    }

    #[test]
    fn every_campaign_must_have_its_twenty_and_none_is_charged_with_anothers_faults() {
        let mut probation = Probation::with(["1", "2", "3"].into_iter());
        for n in 0..20 {
            for campaign in ["1", "2"] {
                assert_eq!(probation.count(campaign, n < 2, at(15 * n)), Mark::Going);
            }
        }
        // A fault after a campaign's first twenty is not the probation's business.
        (0..5).for_each(|_| assert_eq!(probation.count("1", true, at(400)), Mark::Going));
        let last = (0..20).map(|n| probation.count("3", false, at(500 + n))).last();
        assert_eq!(last, Some(Mark::Passed));
    }

    #[test]
    fn campaigns_that_do_not_decide_are_not_waited_for_longer_than_half_an_hour() {
        let mut probation = Probation::with(["1", "idle"].into_iter());
        (0..30).for_each(|n| assert_eq!(probation.count("1", false, at(15 * n)), Mark::Going));
        assert_eq!(probation.count("1", false, at(1_799)), Mark::Going);
        assert_eq!(probation.count("1", false, at(1_800)), Mark::Passed);
    }

    #[test]
    fn time_alone_proves_nothing() {
        let mut probation = Probation::with(["1"].into_iter());
        assert_eq!(probation.count("1", false, at(0)), Mark::Going);
        assert_eq!(probation.count("1", false, at(86_400)), Mark::Going);
    }
}
