//! A campaign whose two arms differ in a known way, and one switchback on it.

use std::time::Duration;

use paced_core::experiment::analysis::{self, Course, Standing};
use paced_core::experiment::design::{Arm, ArmState, BUCKET, Experiment, GuardRule, Kind, Primary};
use paced_core::experiment::permutation::Term;
use paced_core::experiment::report::{Look, Report};
use paced_core::experiment::sequential::Mixture;
use paced_core::experiment::sums::Sums;
use paced_core::experiment::switchback::{Position, Schedule, Span};
use paced_core::experiment::tally::{Bucket, Tally};
use paced_core::hash::Draw;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;

use crate::CallCentre;
use crate::config::{CentreConfig, ConfigError};
use crate::totals::Totals;

/// Monday, 1 December 2025, 9:00 UTC, and its day since 1970.
const NINE: Timestamp = Timestamp::from_millis(1_764_579_600_000);
const MONDAY: i32 = 20_423;
const DAY: Duration = Duration::from_secs(86_400);
/// Pairs of blocks in a shift.
pub(super) const PAIRS_A_DAY: usize = 5;

/// What is true of a campaign. Every shift starts with an empty centre.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The call centre.
    pub centre: CentreConfig,
    /// The dial ratios of A and B at the start of a shift.
    pub ratios: [f64; 2],
    /// What both are multiplied by at its end, evenly approached: a day that changes.
    pub trend: f64,
    /// How long a switch takes: the ratio goes evenly from one arm's to the other's.
    pub settling: Duration,
    /// Shares of A's and B's answers that are struck out at random, 0 to 1: an effect that is known exactly.
    pub struck_out: [f64; 2],
    /// Pairs of blocks.
    pub pairs: usize,
    /// Length of a block.
    pub block: Duration,
    /// Time after a switch that does not count.
    pub washout: Duration,
}

impl World {
    /// The same with A on both sides, for so many shifts: what a campaign's history looks like.
    pub(super) fn history(&self, shifts: usize) -> Self {
        let (ratios, struck_out) = ([self.ratios[0]; 2], [self.struck_out[0]; 2]);
        Self { ratios, struck_out, pairs: shifts * PAIRS_A_DAY, ..self.clone() }
    }

    /// Twelve pairs of 45 minutes with 8 minutes of washout, in which both arms are the same.
    #[must_use]
    pub fn of_equal_arms(agents: u32) -> Self {
        Self {
            centre: CentreConfig::with_agents(agents),
            ratios: [1.5; 2],
            trend: 1.0,
            settling: Duration::ZERO,
            struck_out: [0.0; 2],
            pairs: 12,
            block: Duration::from_secs(45 * 60),
            washout: Duration::from_secs(8 * 60),
        }
    }

    /// Runs one switchback, the same for the same seed.
    ///
    /// ```
    /// use paced_sim::experiment::World;
    /// use paced_core::experiment::report::Look;
    ///
    /// let world = World { ratios: [0.5, 1.5], ..World::of_equal_arms(10) };
    /// let report = world.run(7)?.report(Look::Final);
    /// assert!(report.verdict.starts_with("B answered"), "{}", report.verdict);
    /// # Ok::<(), paced_sim::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// The world describes no call centre.
    pub fn run(&self, seed: u64) -> Result<Trial, ConfigError> {
        let experiment = self.experiment(seed);
        let spans = (0..self.pairs.div_ceil(PAIRS_A_DAY)).map(|day| self.shift(day));
        let schedule = Schedule::draw(&experiment, "1", spans).expect("shifts follow each other by days");
        let mut trial = Trial { tally: Tally::new(&schedule), experiment, schedule };
        for day in 0..self.pairs.div_ceil(PAIRS_A_DAY) {
            self.work(&mut trial, self.shift(day), seed)?;
        }
        Ok(trial)
    }

    /// Lets the campaign work for a shift.
    fn work(&self, trial: &mut Trial, shift: Span, seed: u64) -> Result<(), ConfigError> {
        let name = format!("day {}", shift.day);
        let mut centre = CallCentre::new(&self.centre, seed, &name, shift.from)?;
        let mut struck_out = Draw::named(seed, &["struck out", &name]);
        let mut before = centre.totals();
        while centre.time() < shift.to {
            let from = centre.time();
            self.pace(&mut centre, &trial.schedule, shift.from);
            let after = centre.totals();
            let mut sums = sums(&after.since(&before));
            before = after;
            if let Position::In(block) = trial.schedule.position(from) {
                let share = self.struck_out[block.arm.index()];
                sums.answered = (0..sums.answered).filter(|_| struck_out.uniform() >= share).count() as u64;
            }
            // What it counted for does not matter here: the report says what was left out.
            let _ = trial.tally.count(&trial.schedule, &Bucket { from, sums, excluded: None });
        }
        Ok(())
    }

    /// Paces a bucket, minute by minute.
    fn pace(&self, centre: &mut CallCentre, schedule: &Schedule, starts: Timestamp) {
        const MINUTE: Duration = Duration::from_secs(60);
        for _ in 0..BUCKET.as_secs() / MINUTE.as_secs() {
            let now = centre.time();
            if let Position::In(block) = schedule.position(now) {
                let gone = self.gone_over(now.since(block.starts));
                let (wanted, other) = (self.ratios[block.arm.index()], self.ratios[block.arm.other().index()]);
                let through = now.since(starts).div_duration_f64(self.block * 2 * PAIRS_A_DAY as u32);
                let ratio = (other + (wanted - other) * gone) * (1.0 + (self.trend - 1.0) * through);
                let ratio = DialRatio::from_hundredths_clamped((ratio * 100.0) as i32);
                centre.set(Setting { ratio, status: Status::Active }, u32::MAX);
            }
            centre.advance(now + MINUTE);
        }
    }

    /// How far a switch has gone after so long, from 0 to 1.
    fn gone_over(&self, since: Duration) -> f64 {
        if self.settling.is_zero() { 1.0 } else { since.div_duration_f64(self.settling).min(1.0) }
    }

    /// The shift of a day, with room for what is left of the pairs.
    fn shift(&self, day: usize) -> Span {
        let pairs = (self.pairs - day * PAIRS_A_DAY).min(PAIRS_A_DAY) as u32;
        let from = NINE + DAY * day as u32;
        Span { from, to: from + self.block * 2 * pairs, day: MONDAY + day as i32, minute: 540 }
    }

    fn experiment(&self, seed: u64) -> Experiment {
        let arm = |name: &str, ratio: f64| Arm {
            name: name.to_owned(),
            policy: format!("constant {ratio}"),
            params: Vec::new(),
            weight: 1,
        };
        Experiment {
            name: "self-test".to_owned(),
            kind: Kind::Switchback,
            arms: vec![arm("A", self.ratios[0]), arm("B", self.ratios[1])],
            campaigns: vec!["1".to_owned()],
            block: self.block,
            washout: self.washout,
            start: None,
            end: None,
            primary: Primary::AnswersPerAgentHour,
            guard: GuardRule::default(),
            seed,
            state: ArmState::Own,
        }
    }
}

/// A switchback that has run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    experiment: Experiment,
    schedule: Schedule,
    tally: Tally,
}

impl Trial {
    /// What may be said of it.
    #[must_use]
    pub fn report(&self, look: Look) -> Report {
        analysis::switchback(&self.experiment, &[self.course()], self.mixture(), Standing { look, stopped: None })
    }

    /// The pairs' terms of the effect, by time.
    pub(super) fn terms(&self) -> Vec<Term> {
        analysis::effect_terms(&self.experiment, &[self.course()])
    }

    /// The mixture of its sequential interval.
    pub(super) fn mixture(&self) -> Mixture {
        Mixture::for_pairs(self.schedule.pairs().len())
    }

    /// The blocks' sums, pair by pair, A's first.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Sums, Sums)> {
        let pairs = (0..self.schedule.pairs().len()).filter_map(|pair| self.tally.pair(&self.schedule, pair));
        pairs.map(|pair| (pair.a.whole(), pair.b.whole()))
    }

    const fn course(&self) -> Course<'_> {
        Course { campaign: "1", schedule: &self.schedule, tally: &self.tally }
    }
}

/// Persons only: what machine detection missed is the same under every arm.
fn sums(totals: &Totals) -> Sums {
    Sums {
        busy_s: totals.agent_time.busy_ms() as f64 / 1_000.0,
        signed_in_s: totals.agent_time.signed_in_ms() as f64 / 1_000.0,
        offered: totals.answered + totals.abandoned,
        answered: totals.answered,
        abandoned: totals.abandoned,
        ratio_moves: 0,
        faults: 0,
    }
}
