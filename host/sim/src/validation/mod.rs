//! Does the simulator agree with theory? Cases, replications, and a verdict with a stated false-alarm rate.
//!
//! Whoever changes the event loop learns here whether it still queues as textbooks say. Each [`Case`] sets the call
//! centre up as a formula in [`theory`](crate::theory) assumes, measures it over independent replications and asks
//! whether theory lies in the interval around what was measured. All claims together are wrongly doubted with
//! probability [`FALSE_ALARMS`] at most: each has its even share of it (Bonferroni), whichever depend on each other. For
//! bursts that bound is strict; for the others it is as good as Student's t is for means of thousands of calls.
//!
//! Replications are pure and independent, so a caller may run them in any order and on as many threads as it likes.

mod cases;
mod experiment;

use serde::Serialize;

pub use experiment::Sample;

use crate::config::ConfigError;
use crate::interval::{self, Known};
use experiment::Experiment;

/// The probability that a simulator which agrees with theory is reported to disagree somewhere.
pub const FALSE_ALARMS: f64 = 0.001;

/// The fewest replications that [`judge`] takes: with fewer, intervals say nothing.
pub const FEWEST_REPLICATIONS: usize = 10;

/// Something that theory has an answer to.
#[derive(Clone, Debug)]
pub struct Case {
    name: String,
    experiment: Experiment,
    claims: Vec<Claim>,
}

/// What theory says of a case.
#[derive(Clone, Copy, Debug)]
struct Claim {
    quantity: Quantity,
    theory: f64,
}

#[derive(Clone, Copy, Debug)]
enum Quantity {
    /// Abandoned share of the answers.
    Abandonment,
    /// Abandoned per answer expected, in bursts of so many expected answers.
    BurstAbandonment { bursts: u32, answers: f64, abandoned: Known },
    /// Busy share of the agents' time.
    Utilization,
}

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Abandoned share of the answers, 0 to 1.
    Abandonment,
    /// Busy share of the agents' time, 0 to 1.
    Utilization,
    /// Calls without exactly one outcome plus agent-milliseconds without exactly one state.
    Unaccounted,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was simulated.
    pub case: String,
    /// What was measured.
    pub measure: Measure,
    /// What theory says.
    pub theory: f64,
    /// What the simulation says, all replications together.
    pub simulation: f64,
    /// The 95 % interval around it, for reading.
    pub interval_95: (f64, f64),
    /// The interval that decides, at this row's share of [`FALSE_ALARMS`].
    pub interval: (f64, f64),
    /// Theory is in it.
    pub inside: bool,
}

/// Every case.
///
/// ```
/// use paced_sim::validation::{FEWEST_REPLICATIONS, cases, judge};
///
/// let case = cases().into_iter().find(|case| case.name() == "burst of 10 lines for 5 idle, 25 % answer").unwrap();
/// let samples = (0..FEWEST_REPLICATIONS as u64).map(|n| case.replicate(1, n)).collect::<Result<_, _>>()?;
/// let rows = judge(&[case], &[samples]);
/// assert!((rows[0].theory - 0.0095).abs() < 0.0001 && rows[0].inside);
/// # Ok::<(), paced_sim::ConfigError>(())
/// ```
#[must_use]
pub fn cases() -> Vec<Case> {
    cases::all()
}

impl Case {
    /// What it is called, as in the rows.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs one replication, the same for the same seed and number.
    ///
    /// # Errors
    /// The case describes no call centre, which no case of [`cases`] does.
    pub fn replicate(&self, seed: u64, number: u64) -> Result<Sample, ConfigError> {
        self.experiment.run(seed, &format!("{}/{number}", self.name))
    }
}

/// Compares cases with the samples of their replications, at least [`FEWEST_REPLICATIONS`] of each; the last row says
/// whether anything got lost in any of them.
#[must_use]
pub fn judge(cases: &[Case], samples: &[Vec<Sample>]) -> Vec<Row> {
    let claims: usize = cases.iter().map(|case| case.claims.len()).sum();
    let miss = FALSE_ALARMS / claims.max(1) as f64;
    let of_case = |(case, samples): (&Case, &Vec<Sample>)| -> Vec<Row> {
        case.claims.iter().map(|claim| claim.judge(&case.name, samples, miss)).collect()
    };
    let mut rows: Vec<Row> = cases.iter().zip(samples).flat_map(of_case).collect();
    rows.push(conservation(samples));
    rows
}

impl Claim {
    fn judge(&self, case: &str, samples: &[Sample], miss: f64) -> Row {
        let (simulation, half_95) = self.quantity.estimate(samples, 0.05);
        let (_, half) = self.quantity.estimate(samples, miss);
        // No share is below 0.
        let around = |half: f64| ((simulation - half).max(0.0), simulation + half);
        let interval = around(half);
        Row {
            case: case.to_owned(),
            measure: self.quantity.measure(),
            theory: self.theory,
            simulation,
            interval_95: around(half_95),
            interval,
            inside: (interval.0..=interval.1).contains(&self.theory),
        }
    }
}

impl Quantity {
    const fn measure(self) -> Measure {
        match self {
            Self::Abandonment | Self::BurstAbandonment { .. } => Measure::Abandonment,
            Self::Utilization => Measure::Utilization,
        }
    }

    /// What the samples say together, and half the interval around it that misses the truth with probability `miss`.
    fn estimate(self, samples: &[Sample], miss: f64) -> (f64, f64) {
        match self {
            Self::Abandonment => ratio(samples, |sample| (sample.abandoned, sample.answers), miss),
            Self::Utilization => ratio(samples, |sample| (sample.busy_s, sample.agent_s), miss),
            Self::BurstAbandonment { bursts, answers, abandoned } => {
                let bursts = f64::from(bursts) * samples.len() as f64;
                let sum: f64 = samples.iter().map(|sample| sample.abandoned).sum();
                (sum / bursts / answers, interval::bernstein(abandoned, bursts, miss) / answers)
            }
        }
    }
}

fn ratio(samples: &[Sample], parts: fn(&Sample) -> (f64, f64), miss: f64) -> (f64, f64) {
    let parts: Vec<_> = samples.iter().map(parts).collect();
    interval::ratio_of_sums(&parts, miss)
}

/// Every call has one outcome and every agent-millisecond one state, without exception.
fn conservation(samples: &[Vec<Sample>]) -> Row {
    let unaccounted: u64 = samples.iter().flatten().map(|sample| sample.unaccounted).sum();
    let simulation = unaccounted as f64;
    Row {
        case: "conservation, in every replication above".to_owned(),
        measure: Measure::Unaccounted,
        theory: 0.0,
        simulation,
        interval_95: (simulation, simulation),
        interval: (simulation, simulation),
        inside: unaccounted == 0,
    }
}
