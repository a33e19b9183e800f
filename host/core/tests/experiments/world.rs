//! A made-up world with a known truth: five-minute sums of a campaign under two arms, as biased as one likes.

use std::time::Duration;

use paced_core::experiment::analysis::Course;
use paced_core::experiment::design::{Arm, ArmState, BUCKET, Experiment, GuardRule, Kind, Primary, Side};
use paced_core::experiment::sums::Sums;
use paced_core::experiment::switchback::{Position, Schedule, Span};
use paced_core::experiment::tally::{Bucket, Tally};
use paced_core::hash::Draw;
use paced_core::time::Timestamp;

/// Monday, 1 December 2025, 9:00 UTC.
const NINE: Timestamp = Timestamp::from_millis(1_764_579_600_000);
const MONDAY: i32 = 20_423;
const DAY: Duration = Duration::from_secs(86_400);
/// Five pairs of 45-minute blocks.
const SHIFT: Duration = Duration::from_secs(5 * 90 * 60);

/// What is true. Shares are fractions: an effect of 0.03 is 3 %.
#[derive(Clone, Copy)]
pub(crate) struct World {
    pub(crate) pairs: usize,
    /// B's answers by A's, less 1.
    pub(crate) effect: f64,
    /// How much more is answered at the end of a shift than at its start.
    pub(crate) trend: f64,
    /// Time in which the arm before fades by a factor of e.
    pub(crate) memory: Duration,
    pub(crate) washout: Duration,
    /// Abandonment rates of A and B.
    pub(crate) abandonment: [f64; 2],
}

impl Default for World {
    fn default() -> Self {
        let memory = Duration::ZERO;
        let washout = Duration::from_secs(480);
        Self { pairs: 12, effect: 0.0, trend: 0.0, memory, washout, abandonment: [0.02; 2] }
    }
}

/// A switchback that has run.
pub(crate) struct Trial {
    pub(crate) experiment: Experiment,
    pub(crate) schedule: Schedule,
    pub(crate) tally: Tally,
}

impl Trial {
    pub(crate) fn course(&self) -> Course<'_> {
        Course { campaign: "1", schedule: &self.schedule, tally: &self.tally }
    }
}

pub(crate) fn experiment(kind: Kind, seed: u64) -> Experiment {
    let arm = |name: &str| Arm { name: name.to_owned(), policy: "pi".to_owned(), params: Vec::new(), weight: 1 };
    Experiment {
        name: "trial".to_owned(),
        kind,
        arms: vec![arm("A"), arm("B")],
        campaigns: vec!["1".to_owned()],
        block: Duration::from_secs(45 * 60),
        washout: Duration::from_secs(480),
        start: None,
        end: None,
        primary: Primary::AnswersPerAgentHour,
        guard: GuardRule::default(),
        seed,
        state: ArmState::default(),
    }
}

impl World {
    pub(crate) fn run(&self, seed: u64) -> Trial {
        let experiment = Experiment { washout: self.washout, ..experiment(Kind::Switchback, seed) };
        let schedule = Schedule::draw(&experiment, "1", spans(self.pairs)).unwrap();
        let tally = self.run_until(&schedule, self.pairs, seed);
        Trial { experiment, schedule, tally }
    }

    /// What the first `pairs` pairs of a schedule come to.
    pub(crate) fn run_until(&self, schedule: &Schedule, pairs: usize, seed: u64) -> Tally {
        let (mut tally, mut draw) = (Tally::new(schedule), Draw::named(seed, &["world"]));
        // How much of B is in force, from 0 to 1; the campaign starts a day as it ended the one before.
        let mut b_in_force = 0.0;
        for from in (0..1_000_000).map(|bucket| NINE + BUCKET * bucket) {
            match schedule.position(from) {
                Position::In(block) if block.pair < pairs => {
                    let wanted = f64::from(u8::from(block.arm == Side::B));
                    b_in_force = wanted + (b_in_force - wanted) * self.fading();
                    let sums = self.sums(from, block.arm, b_in_force, &mut draw);
                    let _ = tally.count(schedule, &Bucket { from, sums, excluded: None });
                }
                Position::Outside { next: Some(_) } => {}
                _ => break,
            }
        }
        tally
    }

    /// What is left after a bucket of what was before.
    fn fading(&self) -> f64 {
        if self.memory.is_zero() { 0.0 } else { libm::exp(-BUCKET.div_duration_f64(self.memory)) }
    }

    /// Twenty agents for five minutes. Noise has heavy tails: now and then a bucket loses half its calls.
    fn sums(&self, from: Timestamp, arm: Side, b_in_force: f64, draw: &mut Draw) -> Sums {
        let of_day = from.since(NINE).as_millis() % DAY.as_millis();
        let trend = 1.0 + self.trend * of_day as f64 / SHIFT.as_millis() as f64;
        let mut mean = 25.0 * trend * (1.0 + self.effect * b_in_force);
        if draw.below(50) == 0 {
            mean /= 2.0;
        }
        let live = libm::round((mean + libm::sqrt(mean) * normal(draw)).max(0.0)) as u64;
        let rate = self.abandonment[arm.index()];
        let abandoned = (0..live).filter(|_| draw.uniform() < rate).count() as u64;
        Sums {
            answered: live,
            abandoned,
            offered: live + abandoned,
            busy_s: 4_800.0,
            signed_in_s: 6_000.0,
            ..Sums::default()
        }
    }
}

/// Shifts with room for so many pairs, five a day.
fn spans(pairs: usize) -> Vec<Span> {
    let shift = |day: usize| {
        let from = NINE + DAY * day as u32;
        let length = SHIFT.min(Duration::from_secs(90 * 60) * (pairs - 5 * day) as u32);
        Span { from, to: from + length, day: MONDAY + day as i32, minute: 540 }
    };
    (0..pairs.div_ceil(5)).map(shift).collect()
}

/// A standard normal number (Box and Muller 1958).
pub(crate) fn normal(draw: &mut Draw) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(draw.uniform()));
    radius * libm::cos(std::f64::consts::TAU * draw.uniform())
}
