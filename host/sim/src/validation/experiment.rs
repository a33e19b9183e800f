//! What is done to a call centre to compare it with theory.
//!
//! It is the same [`CallCentre`] that plays the platform: its event loop, queue, agents, streams and books. Only who
//! dials is another: theory has calls arrive at random times or in a burst, and no dial ratio gives either.

use std::time::Duration;

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;

use crate::call_centre::CallCentre;
use crate::config::{CentreConfig, ConfigError};
use crate::distribution::Distribution;
use crate::streams::{Cause, Stream};
use crate::totals::Totals;

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
/// By then every call has ended, since no drawn duration is longer than a day.
const DRAIN_S: f64 = 3.0 * 86_400.0;

/// What one replication does.
#[derive(Clone, Debug)]
pub(super) struct Experiment {
    pub(super) config: CentreConfig,
    pub(super) dialling: Dialling,
    /// Time before anything is measured, in seconds; 0 measures from the empty centre on.
    pub(super) warm_up_s: f64,
    /// Time that is measured, in seconds.
    pub(super) window_s: f64,
}

/// Who dials.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialling {
    /// So many lines at once, each time that so many seconds have passed.
    Bursts { lines: u32, every_s: f64 },
    /// One line at a time, at random times.
    Poisson { calls_per_s: f64 },
    /// The platform, at this dial ratio.
    Ratio(DialRatio),
}

/// What one replication measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Persons who answered and found nobody in time.
    pub abandoned: f64,
    /// Persons who answered.
    pub answers: f64,
    /// Agents' time on calls and in wrap-up, seconds.
    pub busy_s: f64,
    /// Agents' time, seconds.
    pub agent_s: f64,
    /// Calls without exactly one outcome plus agent-milliseconds without exactly one state.
    pub unaccounted: u64,
}

impl Experiment {
    /// Runs it once. The same seed and name give the same sample.
    pub(super) fn run(&self, seed: u64, name: &str) -> Result<Sample, ConfigError> {
        let mut centre = CallCentre::new(&self.config, seed, name, START)?;
        let mut dialler = Dialler::new(self.dialling, seed, name);
        dialler.work(&mut centre, self.warm_up_s);
        let before = centre.totals();
        let end_s = self.warm_up_s + self.window_s;
        dialler.work(&mut centre, end_s);
        let after = centre.totals();
        centre.set(Setting { ratio: DialRatio::ONE, status: Status::Paused }, 0);
        centre.advance(at(end_s + DRAIN_S));
        Ok(Sample { unaccounted: self.unaccounted(&centre.totals()), ..measured(&before, &after) })
    }

    /// In `drained` books every call has ended.
    fn unaccounted(&self, drained: &Totals) -> u64 {
        let calls = drained.dialled.abs_diff(drained.ended()) + drained.ringing + drained.waiting;
        let time = drained.agent_time;
        let staffed_ms = u64::from(self.config.agents) * drained.elapsed_ms;
        calls + staffed_ms.abs_diff(time.signed_in_ms() + time.away_ms)
    }
}

fn measured(before: &Totals, after: &Totals) -> Sample {
    let abandoned = (after.abandoned - before.abandoned) as f64;
    let seconds = |ms: fn(&Totals) -> u64| (ms(after) - ms(before)) as f64 / 1_000.0;
    Sample {
        abandoned,
        answers: abandoned + (after.answered - before.answered) as f64,
        busy_s: seconds(|totals| totals.agent_time.busy_ms()),
        agent_s: seconds(|totals| totals.agent_time.signed_in_ms()),
        unaccounted: 0,
    }
}

/// Dials as theory has it.
struct Dialler {
    dialling: Dialling,
    arrivals: Stream,
    next_s: f64,
}

impl Dialler {
    fn new(dialling: Dialling, seed: u64, name: &str) -> Self {
        let mut dialler = Self { dialling, arrivals: Stream::new(seed, name, Cause::Arrivals), next_s: 0.0 };
        // A burst may come at once; the first of the random calls comes after a random time, like every other.
        if matches!(dialling, Dialling::Poisson { .. }) {
            dialler.next_s = dialler.pause_s();
        }
        dialler
    }

    /// Lets everything happen before `until_s`, in seconds from the start.
    fn work(&mut self, centre: &mut CallCentre, until_s: f64) {
        let lines = match self.dialling {
            Dialling::Ratio(ratio) => {
                centre.set(Setting { ratio, status: Status::Active }, u32::MAX);
                return centre.advance(at(until_s));
            }
            Dialling::Bursts { lines, .. } => lines,
            Dialling::Poisson { .. } => 1,
        };
        while self.next_s < until_s {
            centre.advance(at(self.next_s));
            centre.dial_now(lines);
            self.next_s += self.pause_s();
        }
        centre.advance(at(until_s));
    }

    fn pause_s(&mut self) -> f64 {
        match self.dialling {
            Dialling::Poisson { calls_per_s } => {
                Distribution::Exponential { mean: 1.0 / calls_per_s }.quantile(self.arrivals.uniform())
            }
            Dialling::Bursts { every_s, .. } => every_s,
            Dialling::Ratio(_) => f64::INFINITY,
        }
    }
}

fn at(seconds: f64) -> Timestamp {
    START + Duration::from_millis(libm::round(seconds * 1_000.0) as u64)
}
