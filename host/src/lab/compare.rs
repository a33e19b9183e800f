//! Contestants side by side: every scenario, every contestant, every seed.

use paced_sim::lab::{Detail, Scenario, Shift, Standing, standing};

use super::contestant::{Contestant, LabFailure};
use super::jobs::run_all;

/// One seed in so many is run again with fresh instances.
const CHECKED: u64 = 20;

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The contestants; the first is the one that the others are compared with.
    pub contestants: Vec<Contestant>,
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds, at least 1, each one higher than the one before.
    pub seeds: u32,
    /// Whether to keep the courses of shifts.
    pub detail: Detail,
}

/// One scenario's results.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The scenario.
    pub scenario: Scenario,
    /// The contestants, in the plan's order.
    pub entrants: Vec<Entrant>,
}

/// A contestant's results in a scenario.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// What it is called.
    pub label: String,
    /// How it did, all seeds together.
    pub standing: Standing,
    /// Its shifts, in the order of the seeds.
    pub shifts: Vec<Shift>,
}

impl Plan {
    /// The seeds, in order.
    pub fn seeds(&self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.seeds)).map(|nth| self.first_seed.wrapping_add(nth))
    }
}

/// Runs all of a plan on all cores.
///
/// # Errors
/// A scenario can't be run, or a policy decides otherwise with an instance that is kept than with fresh ones.
pub fn compare(plan: &Plan) -> Result<Vec<Comparison>, LabFailure> {
    let (contestants, seeds) = (plan.contestants.len(), plan.seeds as usize);
    let job = |number: usize| {
        // The seed changes fastest but one: what takes long is spread over the threads.
        let (scenario, rest) = (number / (contestants * seeds), number % (contestants * seeds));
        let (nth, contestant) = ((rest / contestants) as u64, rest % contestants);
        let (scenario, contestant) = (&plan.scenarios[scenario], &plan.contestants[contestant]);
        let seed = plan.first_seed.wrapping_add(nth);
        if nth.is_multiple_of(CHECKED) {
            contestant.run_twice(scenario, seed, plan.detail)
        } else {
            Ok(contestant.run(scenario, seed, plan.detail)?)
        }
    };
    let mut shifts = run_all(plan.scenarios.len() * contestants * seeds, "shifts", job)?.into_iter();
    let mut comparison = |scenario: &Scenario| {
        let mut of: Vec<Vec<Shift>> = vec![Vec::with_capacity(seeds); contestants];
        for (number, shift) in shifts.by_ref().take(contestants * seeds).enumerate() {
            of[number % contestants].push(shift);
        }
        Comparison { entrants: entrants(scenario, &plan.contestants, of), scenario: scenario.clone() }
    };
    Ok(plan.scenarios.iter().map(&mut comparison).collect())
}

fn entrants(scenario: &Scenario, contestants: &[Contestant], shifts: Vec<Vec<Shift>>) -> Vec<Entrant> {
    let standings: Vec<_> = shifts
        .iter()
        .enumerate()
        .map(|(nth, own)| standing(scenario, own, (nth > 0).then(|| shifts[0].as_slice())))
        .collect();
    let labelled = contestants.iter().map(|contestant| contestant.label().to_owned()).zip(standings).zip(shifts);
    labelled.map(|((label, standing), shifts)| Entrant { label, standing, shifts }).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wasm::Engine;

    fn plan(contestants: &[&str]) -> Plan {
        let engine = Engine::without_pool().unwrap();
        let find = |name: &&str| Contestant::find(name, &engine, &[]).unwrap();
        let hour = |agents| Scenario { length: Duration::from_secs(3_600), ..Scenario::steady("hour", agents) };
        Plan {
            scenarios: vec![hour(10), hour(20)],
            contestants: contestants.iter().map(find).collect(),
            first_seed: 5,
            seeds: 3,
            detail: Detail::Results,
        }
    }

    /// Seen to fail by: shifts that are handed out by seed instead of by contestant; scenarios in the wrong order.
    #[test]
    fn every_shift_stands_where_it_belongs() {
        let plan = plan(&["constant:1", "fixed", "constant:2"]);
        let comparisons = compare(&plan).unwrap();
        assert_eq!(comparisons.len(), 2);
        for (comparison, scenario) in comparisons.iter().zip(&plan.scenarios) {
            assert_eq!(comparison.scenario, *scenario);
            for (entrant, contestant) in comparison.entrants.iter().zip(&plan.contestants) {
                let alone = plan.seeds().map(|seed| contestant.run(scenario, seed, Detail::Results).unwrap());
                assert_eq!((entrant.label.as_str(), &entrant.shifts), (contestant.label(), &alone.collect()));
            }
        }
    }

    #[test]
    fn the_first_is_what_the_others_are_compared_with() {
        let comparisons = compare(&plan(&["constant:1", "constant:1", "constant:2"])).unwrap();
        let [first, same, more] = &comparisons[1].entrants[..] else { panic!("three entrants") };
        assert!(first.standing.difference.is_none());
        let difference = same.standing.difference.unwrap();
        assert_eq!((difference.value, difference.interval), (0.0, Some((0.0, 0.0))));
        let difference = more.standing.difference.unwrap();
        let answers = |entrant: &Entrant, nth: usize| entrant.shifts[nth].answers_per_agent_hour().unwrap();
        let by_hand = (0..3).map(|nth| answers(more, nth) - answers(first, nth)).sum::<f64>() / 3.0;
        assert!((difference.value - by_hand).abs() < 1e-12 && by_hand > 0.0);
    }
}
