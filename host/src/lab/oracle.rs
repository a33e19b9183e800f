//! The oracle of a scenario, searched for on all cores.

use paced_core::ratio::DialRatio;
use paced_sim::lab::oracle::{self, Oracle};
use paced_sim::lab::{Answers, LabError, Scenario, Shift, Standing, run_fixed, standing};

use super::compare::Entrant;
use super::jobs::run_all;

/// The oracle, and how it did on the seeds of a comparison.
#[derive(Clone, Debug)]
pub struct Hindsight {
    /// What was chosen, and by what.
    pub oracle: Oracle,
    /// How it did on the seeds that policies were compared on, beside the first of them.
    pub standing: Standing,
}

/// Searches for a scenario's oracle on the 100 seeds that follow after `seeds`, and runs it on `seeds`; `first` is
/// the contestant that the others are compared with.
///
/// # Errors
/// The scenario can't be run.
pub fn hindsight(scenario: &Scenario, seeds: &[u64], first: Option<&Entrant>) -> Result<Hindsight, LabError> {
    let after = seeds.iter().max().map_or(1, |last| last.wrapping_add(1));
    let oracle = oracle::search(scenario, |plan, seeds| pooled(scenario, plan, after, seeds))?;
    let shifts = run_all(seeds.len(), "shifts of the oracle", |nth| {
        run_fixed(scenario, seeds[nth], &oracle.plan).map(|(shift, _)| shift)
    })?;
    let base: Option<&[Shift]> = first.map(|entrant| entrant.shifts.as_slice());
    Ok(Hindsight { standing: standing(scenario, &shifts, base), oracle })
}

fn pooled(scenario: &Scenario, plan: &[DialRatio], first_seed: u64, seeds: u64) -> Result<Vec<Answers>, LabError> {
    let ratios: Vec<_> = plan.iter().map(ToString::to_string).collect();
    let things = format!("shifts in search of the oracle of {}, at {}", scenario.name, ratios.join(", "));
    let shifts = run_all(seeds as usize, &things, |nth| {
        run_fixed(scenario, first_seed.wrapping_add(nth as u64), plan).map(|(_, segments)| segments)
    })?;
    let mut sums = vec![Answers::default(); plan.len()];
    for segments in shifts {
        for (sum, answers) in sums.iter_mut().zip(segments) {
            *sum = sum.plus(answers);
        }
    }
    Ok(sums)
}
