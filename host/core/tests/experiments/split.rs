//! Splits: campaigns of very different sizes, each with one arm throughout.

use paced_core::experiment::analysis::{self, Standing};
use paced_core::experiment::design::{Kind, Side};
use paced_core::experiment::report::{ALPHA, Look, Report};
use paced_core::experiment::split::Assignment;
use paced_core::experiment::sums::Sums;
use paced_core::experiment::tally::Exclusions;
use paced_core::experiment::verdict::Outcome;
use paced_core::hash::Draw;

use crate::world::{experiment, normal};

const FINAL: Standing = Standing { look: Look::Final, stopped: None };

/// A split of campaigns of 5 to 200 agents that has run for a week; large campaigns answer more by agent and hour.
fn split(campaigns: u32, effect: f64, seed: u64, standing: Standing) -> (Assignment, Report) {
    let experiment = experiment(Kind::Split, seed);
    let sizes: Vec<(String, u32)> = (0..campaigns).map(|n| (format!("c{n}"), 5 + 195 / (n + 1))).collect();
    let assignment = Assignment::draw(&experiment, &sizes);
    let mut draw = Draw::named(seed, &["campaigns"]);
    let sums: Vec<(String, Sums)> = sizes
        .iter()
        .map(|(campaign, agents)| {
            let b = f64::from(u8::from(assignment.arm_of(campaign) == Some(Side::B)));
            let hours = f64::from(*agents) * 40.0;
            let rate =
                14.0 * (1.0 + f64::from(*agents) / 1_000.0) * (1.0 + 0.03 * normal(&mut draw)) * (1.0 + effect * b);
            let answered = libm::round(rate * hours) as u64;
            (
                campaign.clone(),
                Sums { answered, abandoned: answered / 50, signed_in_s: hours * 3_600.0, ..Sums::default() },
            )
        })
        .collect();
    let sums_of = |id: &str| sums.iter().find(|(campaign, _)| campaign == id).map(|(_, sums)| *sums);
    let report = analysis::split(&experiment, &assignment, sums_of, Exclusions::new(), standing);
    (assignment, report)
}

/// Seen to fail by: arms that go by size instead of chance; choices of any number of campaigns; a score that leaves the
/// campaign's due out.
#[test]
fn equal_arms_differ_in_at_most_five_per_cent() {
    let rejected = (0..1_000).filter(|seed| split(12, 0.0, *seed, FINAL).1.effect.unwrap().p.value <= ALPHA).count();
    assert!((30..=66).contains(&rejected), "{rejected} of 1,000");
}

#[test]
fn an_effect_is_found_and_estimated() {
    let reports: Vec<Report> = (0..100).map(|seed| split(20, 0.15, seed, FINAL).1).collect();
    let better = reports.iter().filter(|report| report.outcome == Outcome::Better { arm: Side::B }).count();
    assert!(better > 80, "{better} of 100: {}", reports[0].verdict);
    let missed = reports.iter().filter(|report| {
        let (low, high) = report.effect.unwrap().interval;
        low > 0.15 || high < 0.15
    });
    assert!(missed.count() <= 12);
}

#[test]
fn a_split_is_judged_once_and_not_with_too_few() {
    let (_, running) = split(20, 0.15, 1, Standing { look: Look::Interim, stopped: None });
    assert_eq!(running.outcome, Outcome::Running);
    let (_, few) = split(7, 0.9, 1, FINAL);
    assert_eq!(few.outcome, Outcome::NotYet { have: 7, needed: 8, planned: 7 });
    assert!(few.verdict.contains("at least 8 campaigns are needed"), "{}", few.verdict);
}
