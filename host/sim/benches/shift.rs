//! What a simulated shift costs: 50 agents, eight hours, a decision every 15 s, by a native policy.
//!
//! `cargo bench -p paced-sim`. Besides the whole shift it times its parts: the centre alone, at the same constant ratio
//! and without core; and core's step on a state as such a shift leaves it.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_sim::SharedCentre;
use paced_sim::lab::{Constant, Detail, Scenario, run};

const RATIO: i32 = 250;

fn shift(c: &mut Criterion) {
    let scenario = Scenario::steady("steady-50", 50);
    let mut seed = 0;
    c.bench_function("shift of 50 agents and 8 h, 15 s decisions, native policy", |bencher| {
        bencher.iter(|| {
            seed += 1;
            let mut policy = Constant::new(DialRatio::from_hundredths_clamped(RATIO));
            run(black_box(&scenario), seed, &mut [&mut policy], Detail::Results)
        });
    });
    c.bench_function("the same, its course kept", |bencher| {
        bencher.iter(|| {
            seed += 1;
            let mut policy = Constant::new(DialRatio::from_hundredths_clamped(RATIO));
            run(black_box(&scenario), seed, &mut [&mut policy], Detail::Course)
        });
    });
    c.bench_function("its centre alone, no decisions", |bencher| {
        bencher.iter(|| {
            seed += 1;
            centre_alone(black_box(&scenario), seed)
        });
    });
}

fn centre_alone(scenario: &Scenario, seed: u64) -> u64 {
    let config = &scenario.campaigns[0].centre;
    let Ok(mut centre) = SharedCentre::new(&[("1", config)], &[], seed, scenario.start()) else { return 0 };
    let ratio = DialRatio::from_hundredths_clamped(RATIO);
    centre.set(0, Setting { ratio, status: Status::Active }, 1_000);
    centre.advance(scenario.start() + Duration::from_secs(8 * 3_600));
    centre.totals(0).answered
}

criterion_group!(benches, shift);
criterion_main!(benches);
