//! What experiments promise, and whether it came out.

use std::time::Duration;

use paced_core::experiment::design::Primary;
use paced_core::experiment::power::Spread;
use paced_core::experiment::report::{ALPHA, Look};
use paced_core::experiment::sums::Sums;
use paced_core::stats::binomial_tail;
use serde::Serialize;

use super::world::{PAIRS_A_DAY, World};
use crate::config::ConfigError;

/// The probability that a claim which holds is reported not to: half of it on either side, if both are looked at.
pub const FALSE_ALARMS: f64 = 0.01;

/// Shifts from which a truth that is not known by construction is measured, for each arm.
const SHIFTS_FOR_TRUTH: usize = 100;
/// No trial has this number.
const SEED_FOR_TRUTH: u64 = u64::MAX;

/// Something that experiments promise.
#[derive(Clone, Debug)]
pub struct Claim {
    name: &'static str,
    world: World,
    event: Event,
    promise: Promise,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The test, taken once at the end, says that the arms differ.
    Differ,
    /// The interval that is looked at after each day says so at some look.
    DifferAtSomeLook,
    /// The interval at the end leaves the truth out.
    TruthLeftOut,
    /// The check for carry-over finds some.
    CarryOver,
}

/// How often it happens.
#[derive(Clone, Copy, Debug)]
enum Promise {
    /// As often as the test's attained level.
    AtLevel,
    /// At most as often as the level.
    AtMostLevel,
    /// As often as the forecast from the history of A's blocks says for this relative effect, or up to as often as a
    /// test over all assignments would.
    AsForecast(f64),
    /// At least this often.
    AtLeast(f64),
}

/// What is true of a claim's world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// B's answers per agent-hour relative to A's, less 1.
    effect: f64,
    /// How often the claim's event is forecast to happen, and how often it could at most, where that is claimed.
    forecast: (f64, f64),
}

/// What one trial came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    happened: bool,
    attained_level: f64,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was claimed.
    pub claim: &'static str,
    /// Trials run.
    pub trials: u32,
    /// Trials in which it happened.
    pub happened: u32,
    /// The probability promised.
    pub promised: f64,
    /// The numbers of trials that are plausible if the promise is kept.
    pub plausible: (u32, u32),
    /// The claim holds as far as these trials can tell.
    pub holds: bool,
}

/// Every claim.
#[must_use]
pub fn claims() -> Vec<Claim> {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let claim = |name, world, event, promise| Claim { name, world, event, promise };
    let equal = World::of_equal_arms(20);
    let steep = World { ratios: [0.8; 2], trend: 2.5, ..equal.clone() };
    let better = World { struck_out: [1.0 - 1.0 / 1.03, 0.0], ..World::of_equal_arms(100) };
    let ramped = World { ratios: [0.5, 1.2], settling: minutes(10), trend: 1.5, ..equal.clone() };
    let lasting = World { ratios: [0.3, 2.0], settling: minutes(30), pairs: 20, ..equal.clone() };
    let long = World { pairs: 40, ..World::of_equal_arms(10) };
    vec![
        claim("equal arms differ at the attained level", equal, Event::Differ, Promise::AtLevel),
        claim("equal arms on a steep day differ at the attained level", steep, Event::Differ, Promise::AtLevel),
        claim(
            "equal arms, looked at daily, differ in at most 5 %",
            long,
            Event::DifferAtSomeLook,
            Promise::AtMostLevel,
        ),
        claim("3 % more is found as often as forecast", better, Event::Differ, Promise::AsForecast(0.03)),
        claim(
            "the interval leaves the truth out in at most 5 %, on a steep day with ramps within the washout",
            ramped.clone(),
            Event::TruthLeftOut,
            Promise::AtMostLevel,
        ),
        claim("ramps within the washout are no carry-over", ramped, Event::CarryOver, Promise::AtMostLevel),
        claim("ramps well beyond the washout are found", lasting, Event::CarryOver, Promise::AtLeast(0.9)),
    ]
}

impl Claim {
    /// What it is called, as in the rows.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is true of its world, as far as the claim is about that; long runs of each arm alone say so.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn truth(&self) -> Result<Truth, ConfigError> {
        let mut truth = Truth { effect: 0.0, forecast: (0.0, 0.0) };
        if matches!(self.event, Event::TruthLeftOut) {
            let [a, b] = self.world.ratios;
            let (a, b) = (self.rate_under(a)?, self.rate_under(b)?);
            truth.effect = b / a - 1.0;
        }
        if let Promise::AsForecast(effect) = self.promise {
            let history = self.world.history(SHIFTS_FOR_TRUTH).run(SEED_FOR_TRUTH)?;
            let spread = Spread::of(history.blocks(), Primary::AnswersPerAgentHour);
            let pairs = self.world.pairs as u32;
            truth.forecast = spread.map_or((0.0, 0.0), |spread| {
                (spread.power(pairs, effect), spread.power_of_all_assignments(pairs, effect))
            });
        }
        Ok(truth)
    }

    /// Answers per agent-hour if both arms are at this ratio.
    fn rate_under(&self, ratio: f64) -> Result<f64, ConfigError> {
        let alone = World { ratios: [ratio; 2], ..self.world.clone() }.history(SHIFTS_FOR_TRUTH);
        let all: Sums = alone.run(SEED_FOR_TRUTH)?.blocks().map(|(a, b)| a + b).sum();
        Ok(all.measure(Primary::AnswersPerAgentHour).unwrap_or(0.0))
    }

    /// Runs one trial, the same for the same number.
    ///
    /// # Errors
    /// The world describes no call centre, which no claim's of [`claims`] does.
    pub fn run(&self, truth: Truth, number: u64) -> Result<Finding, ConfigError> {
        let trial = self.world.run(number)?;
        let report = trial.report(Look::Final);
        let within = |(low, high): (f64, f64), value: f64| (low..=high).contains(&value);
        let effect = report.effect;
        let happened = match self.event {
            Event::Differ => effect.is_some_and(|effect| effect.p.value <= ALPHA),
            Event::TruthLeftOut => effect.is_some_and(|effect| !within(effect.interval, truth.effect)),
            Event::CarryOver => report.carry_over.is_some_and(|carried| carried.p.value <= ALPHA),
            Event::DifferAtSomeLook => {
                let (terms, mixture) = (trial.terms(), trial.mixture());
                let looks = (PAIRS_A_DAY..=terms.len()).step_by(PAIRS_A_DAY);
                let mut intervals = looks.filter_map(|seen| mixture.interval(&terms[..seen], ALPHA));
                intervals.any(|interval| !within(interval, 1.0))
            }
        };
        Ok(Finding { happened, attained_level: effect.map_or(0.0, |effect| effect.attained_level) })
    }

    /// Whether these trials are what was promised.
    #[must_use]
    pub fn judge(&self, truth: Truth, findings: &[Finding]) -> Row {
        let trials = findings.len() as u32;
        let happened = findings.iter().filter(|finding| finding.happened).count() as u32;
        let promised = match self.promise {
            // Every trial of a claim has the same design; the first speaks for all.
            Promise::AtLevel => findings.first().map_or(ALPHA, |finding| finding.attained_level),
            Promise::AtMostLevel => ALPHA,
            Promise::AsForecast(_) => truth.forecast.0,
            Promise::AtLeast(probability) => probability,
        };
        let plausible = match self.promise {
            Promise::AtLevel => {
                (fewest(trials, promised, FALSE_ALARMS / 2.0), most(trials, promised, FALSE_ALARMS / 2.0))
            }
            Promise::AsForecast(_) => {
                (fewest(trials, promised, FALSE_ALARMS / 2.0), most(trials, truth.forecast.1, FALSE_ALARMS / 2.0))
            }
            Promise::AtMostLevel => (0, most(trials, promised, FALSE_ALARMS)),
            Promise::AtLeast(_) => (fewest(trials, promised, FALSE_ALARMS), trials),
        };
        let holds = (plausible.0..=plausible.1).contains(&happened);
        Row { claim: self.name, trials, happened, promised, plausible, holds }
    }
}

/// The most of so many trials that come about with a probability of at least `miss`, they or more (the exact binomial
/// interval of Clopper and Pearson).
fn most(trials: u32, probability: f64, miss: f64) -> u32 {
    (0..=trials).rev().find(|count| binomial_tail(*count, trials, probability) >= miss).unwrap_or(0)
}

/// The fewest that do, they or fewer.
fn fewest(trials: u32, probability: f64, miss: f64) -> u32 {
    (0..=trials).find(|count| 1.0 - binomial_tail(count + 1, trials, probability) >= miss).unwrap_or(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exact binomial 99 % interval around 5 % of 200 trials, by tables: 3 to 19.
    #[test]
    fn plausible_counts_are_the_exact_binomial_ones() {
        assert_eq!((fewest(200, 0.05, 0.005), most(200, 0.05, 0.005)), (3, 19));
        assert_eq!((fewest(10, 0.5, 0.005), most(10, 0.5, 0.005)), (1, 9));
        assert_eq!(most(10, 0.0, 0.005), 0);
    }
}
