//! The design of an experiment, and every reason why it can't be run as written.
//!
//! It is what a configuration says, resolved: ids for globs, instants for dates. Days, hours and time zones stay with
//! the shell, which hands the allowed time over as [`Span`](super::switchback::Span)s.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::params::ParamValue;
use crate::policy::AbandonmentOf;
use crate::time::Timestamp;

/// The platform's interval: blocks start on its boundaries and consist of whole ones.
pub const BUCKET: Duration = Duration::from_secs(300);
/// The longest block.
pub const MAX_BLOCK: Duration = Duration::from_secs(24 * 3600);
/// Candidates that one shadow may have, besides the live arm: each costs a decision in every cycle.
pub const MAX_CANDIDATES: usize = 15;
/// The highest weight of an arm.
pub const MAX_WEIGHT: u32 = 1_000;

/// An experiment, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Its name: part of every assignment's hash, so that a renamed experiment is another experiment.
    pub name: String,
    /// What is assigned.
    pub kind: Kind,
    /// The arms: two, A and B, whatever their names; in a shadow the live arm and then the candidates.
    pub arms: Vec<Arm>,
    /// Ids of the campaigns.
    pub campaigns: Vec<String>,
    /// Length of a block of a switchback, in whole buckets.
    pub block: Duration,
    /// Time after each switch that does not count; it acts rounded up to whole buckets.
    pub washout: Duration,
    /// Nothing is assigned before it.
    pub start: Option<Timestamp>,
    /// Nothing is assigned from it on.
    pub end: Option<Timestamp>,
    /// What decides.
    pub primary: Primary,
    /// What an arm must not do meanwhile.
    pub guard: GuardRule,
    /// Decides every coin, together with the names.
    pub seed: u64,
    /// What happens to a policy's state when the arm changes.
    pub state: ArmState,
}

/// What is assigned to the arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Campaigns.
    Split,
    /// Blocks of each campaign's time.
    Switchback,
    /// Nothing: candidates see what the live arm sees, and nothing of theirs is sent.
    Shadow,
}

/// One of the policies that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// What reports call it.
    pub name: String,
    /// The policy's name.
    pub policy: String,
    /// Parameters that differ from the policy's defaults.
    pub params: Vec<(String, ParamValue)>,
    /// Its share of a split's campaigns, relative to the other's; 1 to [`MAX_WEIGHT`].
    pub weight: u32,
}

/// The two sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The first arm, the baseline.
    A,
    /// The second arm.
    B,
}

/// What decides which arm is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Primary {
    /// Calls that reached an agent, by hours of signed-in agents.
    #[default]
    AnswersPerAgentHour,
    /// Busy share of signed-in agents' time.
    Utilization,
}

/// What an arm must not do while the experiment runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuardRule {
    /// An arm that is shown to abandon a larger share is stopped; above 0 and below 1.
    pub max_abandonment: f64,
    /// What that share is counted of.
    pub of: AbandonmentOf,
    /// By how much, in absolute terms, the better arm's abandonment may exceed the other's at most to count as not
    /// worse; above 0 and below 1.
    pub margin: f64,
}

impl Default for GuardRule {
    /// 3 % (the FTC's safe harbour, 16 CFR 310.4(b)(4)) of live answers, and a margin of one percentage point: what
    /// some dozen pairs of blocks of 20 agents can tell.
    fn default() -> Self {
        Self { max_abandonment: 0.03, of: AbandonmentOf::Answered, margin: 0.01 }
    }
}

/// What happens to a policy's state when the arm changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmState {
    /// Each arm goes on with the state that it left last.
    #[default]
    Own,
    /// Each block starts without state.
    Fresh,
    /// State passes from arm to arm, where the policy is the same.
    Carry,
}

/// Why an experiment can't be run as written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}: it must be {wanted}")]
pub struct Problem {
    /// The setting's name in a configuration.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What would be right.
    pub wanted: String,
}

/// A campaign that two experiments want at the same time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("campaign {campaign} is in {one} and in {other} at the same time: their dates overlap")]
pub struct Conflict {
    /// The campaign.
    pub campaign: String,
    /// The experiment that comes first.
    pub one: String,
    /// The other.
    pub other: String,
}

impl Side {
    /// Both, the baseline first.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its place among an experiment's arms.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Experiment {
    /// The washout as it acts: in whole buckets, rounded up.
    #[must_use]
    pub fn washout_in_force(&self) -> Duration {
        let buckets = self.washout.as_millis().div_ceil(BUCKET.as_millis());
        BUCKET.saturating_mul(u32::try_from(buckets).unwrap_or(u32::MAX))
    }

    /// Everything that keeps it from being run; none means that it can be.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Findings::default();
        found.require("name", &self.name, !self.name.is_empty(), "a name");
        self.check_arms(&mut found);
        found.require("campaigns", "empty", !self.campaigns.is_empty(), "at least one campaign");
        if self.kind == Kind::Switchback {
            self.check_blocks(&mut found);
        }
        if let (Some(start), Some(end)) = (self.start, self.end) {
            found.require("end", "not after the start", start < end, "later");
        }
        let share = |value: f64| value > 0.0 && value < 1.0;
        let GuardRule { max_abandonment, margin, .. } = self.guard;
        found.require("guard.max_abandonment", max_abandonment, share(max_abandonment), "above 0 and below 1");
        found.require("guard.margin", margin, share(margin), "above 0 and below 1");
        found.0
    }

    fn check_arms(&self, found: &mut Findings) {
        let count = self.arms.len();
        match self.kind {
            Kind::Shadow => {
                let wanted = format!("2 to {}: the live one and its candidates", MAX_CANDIDATES + 1);
                found.require("arms", format_args!("{count} arms"), (2..=MAX_CANDIDATES + 1).contains(&count), wanted);
            }
            Kind::Split | Kind::Switchback => found.require(
                "arms",
                format_args!("{count} arms"),
                count == 2,
                "2: a third arm is compared in an experiment of its own, after this one",
            ),
        }
        let mut names = BTreeSet::new();
        for arm in &self.arms {
            let is_new = names.insert(&arm.name);
            found.require("arms.name", format_args!("`{}`", arm.name), is_new && !arm.name.is_empty(), "a new name");
            if self.kind == Kind::Split {
                let wanted = format!("from 1 to {MAX_WEIGHT}");
                found.require("arms.weight", arm.weight, (1..=MAX_WEIGHT).contains(&arm.weight), wanted);
            }
        }
    }

    fn check_blocks(&self, found: &mut Findings) {
        let is_whole = !self.block.is_zero() && self.block.as_millis().is_multiple_of(BUCKET.as_millis());
        let wanted = "5 minutes to 24 hours in whole buckets of 5 minutes";
        found.require("block", Minutes(self.block), is_whole && self.block <= MAX_BLOCK, wanted);
        let washout = self.washout_in_force();
        let wanted = format!("shorter than a block, which is {}", Minutes(self.block));
        let value = format!("{}, acting as {}", Minutes(self.washout), Minutes(washout));
        found.require("washout", value, washout < self.block, wanted);
    }
}

/// The campaigns that more than one of these experiments want at the same time.
#[must_use]
pub fn conflicts(experiments: &[&Experiment]) -> Vec<Conflict> {
    let mut found = Vec::new();
    for (place, one) in experiments.iter().enumerate() {
        for other in experiments[place + 1..].iter().filter(|other| overlap(one, other)) {
            for campaign in one.campaigns.iter().filter(|campaign| other.campaigns.contains(campaign)) {
                found.push(Conflict { campaign: campaign.clone(), one: one.name.clone(), other: other.name.clone() });
            }
        }
    }
    found
}

/// Whether some instant is in both; an experiment without a start or end reaches back or on for ever.
fn overlap(one: &Experiment, other: &Experiment) -> bool {
    let starts_before_end = |one: &Experiment, other: &Experiment| match (one.start, other.end) {
        (Some(start), Some(end)) => start < end,
        _ => true,
    };
    starts_before_end(one, other) && starts_before_end(other, one)
}

#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn require(&mut self, field: &'static str, value: impl fmt::Display, holds: bool, wanted: impl Into<String>) {
        if !holds {
            self.0.push(Problem { field, value: value.to_string(), wanted: wanted.into() });
        }
    }
}

/// A duration in minutes, as people write blocks.
struct Minutes(Duration);

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} min", self.0.as_secs_f64() / 60.0)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::experiment) const fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    pub(in crate::experiment) fn arm(name: &str) -> Arm {
        Arm { name: name.to_owned(), policy: "proportional".to_owned(), params: Vec::new(), weight: 1 }
    }

    pub(in crate::experiment) fn experiment(kind: Kind) -> Experiment {
        Experiment {
            name: "pi-vs-default".to_owned(),
            kind,
            arms: vec![arm("A"), arm("B")],
            campaigns: vec!["1".to_owned()],
            block: minutes(45),
            washout: minutes(8),
            start: None,
            end: None,
            primary: Primary::default(),
            guard: GuardRule::default(),
            seed: 7,
            state: ArmState::default(),
        }
    }

    fn at(hours: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis(hours * 3_600_000))
    }

    #[test]
    fn a_washout_acts_in_whole_buckets() {
        for (washout, in_force) in [(0, 0), (1, 5), (5, 5), (8, 10), (10, 10)] {
            let experiment = Experiment { washout: minutes(washout), ..experiment(Kind::Switchback) };
            assert_eq!(experiment.washout_in_force(), minutes(in_force), "{washout} min");
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        assert_eq!(experiment(Kind::Switchback).problems(), []);
        let bad = Experiment {
            arms: vec![arm("A"), arm("A"), arm("")],
            block: minutes(12),
            washout: minutes(11),
            start: at(2),
            end: at(1),
            guard: GuardRule { max_abandonment: f64::NAN, ..GuardRule::default() },
            campaigns: Vec::new(),
            ..experiment(Kind::Switchback)
        };
        let problems: Vec<String> = bad.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "arms is 3 arms: it must be 2: a third arm is compared in an experiment of its own, after this one",
                "arms.name is `A`: it must be a new name",
                "arms.name is ``: it must be a new name",
                "campaigns is empty: it must be at least one campaign",
                "block is 12 min: it must be 5 minutes to 24 hours in whole buckets of 5 minutes",
                "washout is 11 min, acting as 15 min: it must be shorter than a block, which is 12 min",
                "end is not after the start: it must be later",
                "guard.max_abandonment is NaN: it must be above 0 and below 1",
            ]
        );
    }

    #[test]
    fn a_washout_that_only_rounds_up_to_the_block_is_refused_too() {
        let bad = Experiment { block: minutes(10), washout: minutes(6), ..experiment(Kind::Switchback) };
        assert_eq!(bad.problems().len(), 1);
    }

    #[test]
    fn a_shadow_takes_many_candidates_and_a_split_weights() {
        let arms = |count: usize| (0..count).map(|n| arm(&n.to_string())).collect::<Vec<_>>();
        for (count, problems) in [(1, 1), (2, 0), (16, 0), (17, 1)] {
            let shadow = Experiment { arms: arms(count), ..experiment(Kind::Shadow) };
            assert_eq!(shadow.problems().len(), problems, "{count} arms");
        }
        let weightless = Arm { weight: 0, ..arm("A") };
        let split = Experiment { arms: vec![weightless, arm("B")], ..experiment(Kind::Split) };
        assert_eq!(split.problems()[0].field, "arms.weight");
    }

    #[test]
    fn two_experiments_can_follow_each_other_on_a_campaign_but_not_overlap() {
        let named = |name: &str, start, end| Experiment {
            name: name.to_owned(),
            start,
            end,
            campaigns: vec!["1".to_owned(), name.to_owned()],
            ..experiment(Kind::Split)
        };
        let early = named("early", at(1), at(5));
        assert_eq!(conflicts(&[&early, &named("late", at(5), None)]), []);
        for clash in
            [named("x", at(4), at(6)), named("x", None, None), named("x", None, at(2)), named("x", at(2), at(3))]
        {
            let found = conflicts(&[&early, &clash]);
            assert_eq!(found.iter().map(|conflict| conflict.campaign.as_str()).collect::<Vec<_>>(), ["1"], "{clash:?}");
        }
    }
}
