//! A split: each campaign belongs to one arm for as long as the experiment runs.
//!
//! Campaigns differ in size by far more than policies do, so they are sorted by size first and arms are drawn within
//! strata of five to nine neighbours. The assignment is drawn once, at the start, and is a document: a campaign that
//! appears later is not in the experiment, one that goes stays in its stratum, and neither moves another one. An
//! experiment over the same campaigns, written anew, draws the same assignment.

use serde::{Deserialize, Serialize};

use super::design::{Experiment, Side};
use crate::hash::Draw;

/// Fewest campaigns of a stratum, where there are so many.
const STRATUM: usize = 5;

/// Which arm each campaign has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    strata: Vec<Stratum>,
}

/// Campaigns of like size, among which the arms were drawn: every choice of as many campaigns for B was as likely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// Its campaigns, largest first; at most nine.
    pub members: Vec<Member>,
}

/// A campaign with its arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The campaign's id.
    pub campaign: String,
    /// Its size when the arms were drawn, in agents.
    pub agents: u32,
    /// Its arm.
    pub arm: Side,
}

impl Assignment {
    /// Draws the arms of these campaigns, given with their sizes. Either arm gets one at least, if there are two; apart
    /// from that their numbers are as the weights say, to the nearest whole.
    #[must_use]
    pub fn draw(experiment: &Experiment, campaigns: &[(String, u32)]) -> Self {
        let mut campaigns = campaigns.to_vec();
        campaigns.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        campaigns.dedup_by(|one, other| one.0 == other.0);
        let all = campaigns.len();
        let strata = (all / STRATUM).max(1);
        let (mut rest, mut b_so_far) = (campaigns.as_slice(), 0);
        let strata = (1..=strata).map(|number| {
            // As even as whole numbers allow.
            let (members, later) = rest.split_at(rest.len() / (strata + 1 - number));
            rest = later;
            let b_by_then = b_of_first(experiment, all - rest.len(), all);
            let stratum = Stratum::draw(experiment, members, b_by_then - b_so_far);
            b_so_far = b_by_then;
            stratum
        });
        Self { strata: strata.collect() }
    }

    /// The arm of a campaign; none if it is not in the experiment.
    #[must_use]
    pub fn arm_of(&self, campaign: &str) -> Option<Side> {
        let mut members = self.strata.iter().flat_map(|stratum| &stratum.members);
        members.find(|member| member.campaign == campaign).map(|member| member.arm)
    }

    /// The strata, of the largest campaigns first.
    #[must_use]
    pub fn strata(&self) -> &[Stratum] {
        &self.strata
    }
}

impl Stratum {
    /// The campaigns whose hashes are lowest get B.
    fn draw(experiment: &Experiment, campaigns: &[(String, u32)], b_count: usize) -> Self {
        let hash = |campaign: &str| Draw::named(experiment.seed, &["split", &experiment.name, campaign]).next_u64();
        let mut ranked: Vec<&str> = campaigns.iter().map(|(campaign, _)| campaign.as_str()).collect();
        ranked.sort_by_key(|campaign| (hash(campaign), *campaign));
        let chosen = &ranked[..b_count.min(ranked.len())];
        let member = |(campaign, agents): &(String, u32)| Member {
            campaign: campaign.clone(),
            agents: *agents,
            arm: if chosen.contains(&campaign.as_str()) { Side::B } else { Side::A },
        };
        Self { members: campaigns.iter().map(member).collect() }
    }

    /// Every choice of B's campaigns that could have been drawn, as sets of places among the members.
    pub fn choices(&self) -> impl Iterator<Item = u32> {
        let b_count = self.members.iter().filter(|member| member.arm == Side::B).count() as u32;
        (0..1_u32 << self.members.len()).filter(move |choice| choice.count_ones() == b_count)
    }
}

/// How many of the `first` campaigns belong to B by the weights, of `all` there are.
fn b_of_first(experiment: &Experiment, first: usize, all: usize) -> usize {
    let weight = |side: Side| experiment.arms.get(side.index()).map_or(1, |arm| u64::from(arm.weight));
    let (b, both) = (weight(Side::B), (weight(Side::A) + weight(Side::B)).max(1));
    let count = ((2 * first as u64 * b + both) / (2 * both)) as usize;
    if first == all && all >= 2 { count.clamp(1, all - 1) } else { count.min(first) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::design::tests::{arm, experiment};
    use super::super::design::{Arm, Kind};
    use super::*;

    /// So many campaigns, the n-th with about 100/n agents.
    fn assignment(campaigns: u32, seed: u64) -> Assignment {
        let sizes: Vec<(String, u32)> = (1..=campaigns).map(|n| (format!("c{n}"), 100 / n + 1)).collect();
        Assignment::draw(&Experiment { seed, ..experiment(Kind::Split) }, &sizes)
    }

    fn b_count(stratum: &Stratum) -> usize {
        stratum.members.iter().filter(|member| member.arm == Side::B).count()
    }

    #[test]
    fn strata_hold_neighbours_and_either_arm_half_of_them() {
        for campaigns in 0..60 {
            let assignment = assignment(campaigns, 7);
            let sizes: Vec<usize> = assignment.strata().iter().map(|stratum| stratum.members.len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), campaigns as usize);
            assert!(sizes.iter().all(|size| *size <= 9 && (campaigns < 5 || *size >= 5)), "{sizes:?}");
            for stratum in assignment.strata() {
                let (b, all) = (b_count(stratum), stratum.members.len());
                assert!(b.abs_diff(all - b) <= 2, "{b} of {all}");
            }
            let agents: Vec<u32> =
                assignment.strata().iter().flat_map(|stratum| &stratum.members).map(|member| member.agents).collect();
            assert!(agents.is_sorted_by(|one, next| one >= next));
        }
    }

    #[test]
    fn weights_decide_how_many() {
        let weighted = |a, b, campaigns: u32| {
            let arms = vec![Arm { weight: a, ..arm("A") }, Arm { weight: b, ..arm("B") }];
            let sizes: Vec<(String, u32)> = (0..campaigns).map(|n| (n.to_string(), 20)).collect();
            let assignment = Assignment::draw(&Experiment { arms, ..experiment(Kind::Split) }, &sizes);
            assignment.strata().iter().map(b_count).sum::<usize>()
        };
        for (a, b, campaigns, wanted) in
            [(1, 1, 40, 20), (3, 1, 40, 10), (1, 4, 20, 16), (1_000, 1, 12, 1), (1, 1_000, 2, 1)]
        {
            assert_eq!(weighted(a, b, campaigns), wanted, "{a}:{b} of {campaigns}");
        }
    }

    #[test]
    fn every_choice_is_drawn_about_equally_often() {
        let mut drawn = std::collections::BTreeMap::new();
        for seed in 0..7_000 {
            let assignment = assignment(8, seed);
            let [stratum] = assignment.strata() else { panic!("one stratum") };
            let choice: u32 =
                (0..).zip(&stratum.members).filter(|(_, member)| member.arm == Side::B).map(|(n, _)| 1 << n).sum();
            assert!(stratum.choices().any(|possible| possible == choice));
            *drawn.entry(choice).or_insert(0_u32) += 1;
        }
        assert_eq!(drawn.len(), 70);
        // Five standard deviations of a binomial count of 100 are 50.
        assert!(drawn.values().all(|count| count.abs_diff(100) < 50), "{drawn:?}");
    }

    proptest! {
        #[test]
        fn the_order_of_the_configuration_does_not_matter(sizes in prop::collection::vec(1_u32..50, 0..30), seed: u64) {
            let mut campaigns: Vec<(String, u32)> =
                sizes.iter().enumerate().map(|(n, agents)| (format!("c{n}"), *agents)).collect();
            let experiment = Experiment { seed, ..experiment(Kind::Split) };
            let one = Assignment::draw(&experiment, &campaigns);
            campaigns.reverse();
            prop_assert_eq!(&one, &Assignment::draw(&experiment, &campaigns));
            prop_assert!(campaigns.iter().all(|(campaign, _)| one.arm_of(campaign).is_some()));
            prop_assert_eq!(one.arm_of("a later one"), None);
        }
    }
}
