//! Switchbacks: levels, intervals, looks, carry-over, verdicts.

use std::time::Duration;

use paced_core::experiment::analysis::{self, Standing};
use paced_core::experiment::design::Side;
use paced_core::experiment::permutation::Method;
use paced_core::experiment::report::{ALPHA, Look, Report};
use paced_core::experiment::sequential::Mixture;
use paced_core::experiment::verdict::Outcome;
use paced_core::stats::binomial_tail;

use crate::world::{Trial, World};

const FINAL: Standing = Standing { look: Look::Final, stopped: None };
const INTERIM: Standing = Standing { look: Look::Interim, stopped: None };

fn report(trial: &Trial, standing: Standing) -> Report {
    let mixture = Mixture::for_pairs(trial.schedule.pairs().len());
    analysis::switchback(&trial.experiment, &[trial.course()], mixture, standing)
}

fn reports(world: World, count: u64) -> impl Iterator<Item = Report> {
    (0..count).map(move |seed| report(&world.run(seed), FINAL))
}

/// Whether `hits` of `trials` is inside the exact binomial 99 % interval around probability `p`.
fn is_plausible(hits: usize, trials: u32, p: f64) -> bool {
    let hits = u32::try_from(hits).unwrap();
    binomial_tail(hits, trials, p) >= 0.005 && 1.0 - binomial_tail(hits + 1, trials, p) >= 0.005
}

/// Seen to fail by: a first arm that is always A, analysed as if drawn; a p-value of one side; an early half that is the
/// late one.
#[test]
fn equal_arms_differ_at_the_attained_level_even_in_a_steep_day() {
    let world = World { trend: 0.8, ..World::default() };
    let reports: Vec<Report> = reports(world, 1_000).collect();
    let level = reports[0].effect.unwrap().attained_level;
    assert!((0.045..=0.05).contains(&level), "{level}");
    let rejected = reports.iter().filter(|report| report.effect.unwrap().p.value <= ALPHA).count();
    assert!(is_plausible(rejected, 1_000, level), "{rejected} of 1,000 at {level}");
    let carried = reports.iter().filter(|report| report.carry_over.unwrap().p.value <= ALPHA).count();
    assert!(is_plausible(carried, 1_000, level), "{carried} of 1,000 carry over at {level}");
}

#[test]
fn p_values_and_intervals_agree() {
    for report in reports(World { effect: 0.03, ..World::default() }, 200) {
        let effect = report.effect.unwrap();
        let excludes_none = effect.interval.0 > 0.0 || effect.interval.1 < 0.0;
        assert_eq!(effect.p.value <= ALPHA, excludes_none, "{effect:?}");
    }
}

/// Seen to fail by: an interval that cuts off twice as much; parts and wholes exchanged.
#[test]
fn the_interval_covers_the_truth_as_often_as_it_says() {
    let world = World { effect: 0.05, trend: 0.4, ..World::default() };
    let reports: Vec<Report> = reports(world, 400).collect();
    let missed = reports
        .iter()
        .filter(|report| !(report.effect.unwrap().interval.0..=report.effect.unwrap().interval.1).contains(&0.05));
    let missed = missed.count();
    assert!(is_plausible(missed, 400, reports[0].effect.unwrap().attained_level), "{missed} of 400");
    let mean = reports.iter().map(|report| report.effect.unwrap().value).sum::<f64>() / 400.0;
    assert!((mean - 0.05).abs() < 0.003, "{mean}");
}

/// Seen to fail by: the bound of Student's t, as if one looked once.
#[test]
fn daily_looks_at_equal_arms_err_in_at_most_five_per_cent() {
    let world = World { pairs: 40, trend: 0.5, ..World::default() };
    let excludes_none = |interval: (f64, f64)| interval.0 > 0.0 || interval.1 < 0.0;
    let wrong = (0..400_u64)
        .filter(|seed| {
            let trial = world.run(*seed);
            let mixture = Mixture::for_pairs(40);
            let terms = analysis::effect_terms(&trial.experiment, &[trial.course()]);
            (10..=40).step_by(5).any(|seen| {
                mixture
                    .interval(&terms[..seen], ALPHA)
                    .is_some_and(|(low, high)| excludes_none((low - 1.0, high - 1.0)))
            })
        })
        .count();
    assert!(wrong <= 20, "{wrong} of 400");
}

/// With twelve pairs instead of thirty it is found in half of the cases: seeing nothing is weak comfort. Seen to fail
/// by: an early half that is the late one; parts and wholes exchanged.
#[test]
fn carry_over_beyond_the_washout_is_found_and_within_it_is_not() {
    let found = |memory_minutes: u64, washout_minutes: u64| {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let (memory, washout) = (minutes(memory_minutes), minutes(washout_minutes));
        let world = World { pairs: 30, effect: 0.3, memory, washout, ..World::default() };
        let reports: Vec<Report> = reports(world, 100).collect();
        let mean = reports.iter().map(|report| report.effect.unwrap().value).sum::<f64>() / 100.0;
        (reports.iter().filter(|report| report.carry_over.unwrap().p.value <= ALPHA).count(), mean)
    };
    let (short, mean) = found(2, 10);
    assert!(short <= 12 && (mean - 0.3).abs() < 0.01, "{short} of 100, {mean}");
    let (long, mean) = found(12, 0);
    assert!(long > 80 && mean < 0.25, "{long} of 100, {mean}");
}

#[test]
fn too_few_pairs_get_no_number() {
    for (pairs, needed) in [(1, 6), (5, 6)] {
        let report = report(&World { pairs, effect: 0.5, ..World::default() }.run(1), FINAL);
        assert_eq!(report.outcome, Outcome::NotYet { have: pairs, needed, planned: pairs });
        assert_eq!((report.effect, report.carry_over), (None, None));
    }
    let six = report(&World { pairs: 6, effect: 0.5, ..World::default() }.run(1), FINAL);
    assert!((six.effect.unwrap().p.value - 2.0 / 64.0).abs() < 1e-9);
    assert_eq!(six.at_every_look, None);
    let interim = report(&World { pairs: 9, effect: 0.5, ..World::default() }.run(1), INTERIM);
    assert_eq!(interim.outcome, Outcome::NotYet { have: 9, needed: 10, planned: 9 });
    assert!(
        interim.verdict.starts_with("Not yet: at least 10 pairs are needed, and there are 9"),
        "{}",
        interim.verdict
    );
}

/// A design of 12 pairs that was stopped after six: its beginning was likelier than that of six free coins.
#[test]
fn an_experiment_stopped_early_counts_the_orders_that_begin_alike() {
    let whole = World { effect: 0.5, ..World::default() };
    for seed in 0..20 {
        let mut trial = whole.run(seed);
        // The first six pairs' tally, under the schedule that was drawn for twelve.
        trial.tally = whole.run_until(&trial.schedule, 6, seed);
        let report = report(&trial, FINAL);
        match report.outcome {
            Outcome::NotYet { have: 6, needed, planned: 12 } => assert!((7..=9).contains(&needed)),
            _ => assert!(report.effect.unwrap().p.value <= ALPHA),
        }
    }
}

#[test]
fn verdicts_follow_effect_and_abandonment() {
    let last = |world: World| report(&world.run(3), FINAL);
    let better = last(World { pairs: 40, effect: 0.05, ..World::default() });
    assert_eq!(better.outcome, Outcome::Better { arm: Side::B }, "{}", better.verdict);
    assert!(better.verdict.ends_with("and its abandonment was not worse: B is better."), "{}", better.verdict);
    assert_eq!(better.effect.unwrap().method, Method::Sampled(10_000));
    let worse = last(World { pairs: 40, effect: 0.05, abandonment: [0.02, 0.05], ..World::default() });
    assert_eq!(worse.outcome, Outcome::MoreAbandonmentWorse { arm: Side::B }, "{}", worse.verdict);
    let reverse = last(World { pairs: 40, effect: -0.1, ..World::default() });
    assert_eq!(reverse.outcome, Outcome::Better { arm: Side::A }, "{}", reverse.verdict);
    let looked = report(&World { pairs: 40, effect: 0.1, ..World::default() }.run(3), INTERIM);
    assert_eq!((looked.outcome, looked.effect), (Outcome::Better { arm: Side::B }, None), "{}", looked.verdict);
    let same = last(World::default());
    assert_eq!(same.outcome, Outcome::NoDifference, "{}", same.verdict);
    let stopped = report(&World::default().run(1), Standing { stopped: Some(Side::B), ..INTERIM });
    assert_eq!(stopped.outcome, Outcome::Stopped { arm: Side::B });
    assert!(stopped.arms[1].stopped && stopped.arms[1].sums.answered > 0, "a stopped arm stays in the analysis");
}

#[test]
fn several_campaigns_are_judged_together() {
    let world = World { pairs: 6, effect: 0.06, ..World::default() };
    let trials: Vec<Trial> = (0..4).map(|seed| world.run(seed)).collect();
    let courses: Vec<_> = trials.iter().map(Trial::course).collect();
    let report = analysis::switchback(&trials[0].experiment, &courses, Mixture::for_pairs(24), FINAL);
    assert_eq!((report.units.len(), report.effect.unwrap().method), (24, Method::Sampled(10_000)));
    assert_eq!(report.outcome, Outcome::Better { arm: Side::B }, "{}", report.verdict);
    assert!(report.units.is_sorted_by_key(|unit| unit.starts));
}
