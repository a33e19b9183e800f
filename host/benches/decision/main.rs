//! One decision as the daemon makes it, beside the same call in bare wasmtime and beside the same source in native code.
//!
//! `whole` is core's step (guard included) with the component under its limits, and the journal's rows made; `limits`
//! the component's call alone, under the limits; `bare` the same component in a fresh instance of a wasmtime that counts
//! and bounds nothing, its instances pooled alike; `native` the policy's Rust function. After criterion's figures stand
//! ratios of medians from calls taken by turns, so that a busy machine slows all of them alike.
#![expect(clippy::print_stdout, reason = "the ratios are for people to read")]

mod bare;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use criterion::Criterion;
use paced::journal::exact::{self, Answer};
use paced::journal::{self, DecisionId, Record};
use paced::wasm::{Engine, Limits, WasmPolicy};
use paced_core::config::CampaignConfig;
use paced_core::params::ParamValue;
use paced_core::people;
use paced_core::policy::{Decided, Fault, Input, Policy, Revision};
use paced_core::ratio::DialRatio;
use paced_core::reading::{Observation, Report, Setting, Status};
use paced_core::settle::Fed;
use paced_core::state::CampaignState;
use paced_core::step::{Step, step};
use paced_core::time::{Moment, Timestamp};
use paced_policy::testing::InputBuilder;
use policy_proportional::{Params, Proportional};

use bare::Bare;

/// The campaign's identifier.
const ID: &str = "1";
/// Monday 2026-01-05, 10:00 UTC.
const START: Timestamp = Timestamp::from_millis(1_767_607_200_000);
/// Calls of each kind that the ratios are taken from, and calls before them.
const ROUNDS: usize = 20_000;
const WARM_UP: usize = 500;

fn main() -> anyhow::Result<()> {
    let mut kinds = Kinds::new()?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("decision");
    group.bench_function("whole", |bencher| bencher.iter(|| kinds.whole()));
    group.bench_function("limits", |bencher| bencher.iter(|| kinds.limits()));
    group.bench_function("bare", |bencher| bencher.iter(|| kinds.bare.decide()));
    group.bench_function("native", |bencher| bencher.iter(|| kinds.native()));
    group.finish();
    criterion.final_summary();
    // `cargo test --benches` leaves that argument out: it only wants to see that everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        kinds.print_ratios();
    }
    Ok(())
}

/// The kinds of call, all on the same moment.
struct Kinds {
    config: CampaignConfig,
    state: CampaignState,
    observation: Observation,
    moment: Moment,
    policy: WasmPolicy,
    shown: Input,
    bare: Bare,
    native: paced_policy::Input,
}

impl Kinds {
    fn new() -> anyhow::Result<Self> {
        let component = paced::shipped::find("proportional").context("no policy `proportional` is shipped")?;
        let loaded = Arc::new(Engine::start()?.load(component, &Limits::default())?);
        let policy = WasmPolicy::new(loaded, &[]).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
        let config = CampaignConfig::with_defaults(ID, 20);
        let setting = Setting { ratio: DialRatio::ONE, status: Status::Active };
        let (state, _) = people::read_back(CampaignState::new(&config), setting, START);
        let (observation, moment) = (observation(), moment());
        let mut spy = Spy { policy: policy.clone(), shown: None };
        step(&config, state.clone(), Some(&observation), &mut spy, &moment);
        let shown = spy.shown.context("the policy is not asked")?;
        let bare = Bare::new(component, &shown)?;
        let native = InputBuilder::new().available(5.0).busy(15.0).calls(100, 98, 2).build();
        let mut kinds = Self { config, state, observation, moment, policy, shown, bare, native };
        let answers = [kinds.whole_ratio(), kinds.limits().proposal.dial_ratio, kinds.bare.decide(), kinds.native()];
        anyhow::ensure!(answers[0].is_some() && answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        Ok(kinds)
    }

    /// A step, and the rows that the daemon records of it.
    fn whole(&mut self) -> [Record; 2] {
        let step = self.step();
        let state = exact::bytes(&step.state);
        let fed = Fed::Step(Some(self.observation.clone()), self.moment);
        let row = journal::Decision {
            exact: exact::of_step(&fed, &Answer::Component, self.state.stepped_at, &step, &state),
            ..journal::Decision::of_step(DecisionId::new(1), ID, "proportional", &step)
        };
        [Record::Decision(Box::new(row)), Record::State { campaign: ID.to_owned(), bytes: state }]
    }

    fn step(&mut self) -> Step {
        step(&self.config, self.state.clone(), Some(&self.observation), &mut self.policy, &self.moment)
    }

    fn whole_ratio(&mut self) -> Option<f64> {
        self.step().entry.proposal.and_then(|proposal| proposal.dial_ratio)
    }

    fn limits(&mut self) -> Decided {
        self.policy.decide(&self.shown).expect("a shipped policy decides at an ordinary moment")
    }

    fn native(&self) -> Option<f64> {
        use paced_policy::Policy as _;
        let decided = Proportional::decide(&Params::default(), &mut (), black_box(&self.native));
        decided.ok().and_then(|decision| black_box(decision).dial_ratio)
    }

    /// Medians of calls taken by turns, and what each is of bare wasmtime's.
    fn print_ratios(&mut self) {
        let mut took: [Vec<Duration>; 4] = Default::default();
        for round in 0..ROUNDS + WARM_UP {
            let turn = [
                timed(|| self.whole()),
                timed(|| self.limits()),
                timed(|| self.bare.decide()),
                timed(|| self.native()),
            ];
            if round >= WARM_UP {
                took.iter_mut().zip(turn).for_each(|(all, one)| all.push(one));
            }
        }
        let medians = took.map(|mut took| {
            took.sort_unstable();
            took[took.len() / 2].as_secs_f64() * 1e6
        });
        println!("\nmedians of {ROUNDS} calls by turns");
        for (kind, median) in ["whole", "limits", "bare", "native"].iter().zip(medians) {
            println!("  {kind:8} {median:8.2} us  {:7.3} x bare", median / medians[2]);
        }
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let since = Instant::now();
    let result = black_box(run());
    let took = since.elapsed();
    drop(result);
    took
}

fn moment() -> Moment {
    Moment { now: START, day: 20_458, month_start_day: 20_454, shift_end: None }
}

fn observation() -> Observation {
    let report = Report {
        date_from: START - Duration::from_secs(300),
        date_to: START - Duration::from_secs(5),
        offered: 100,
        answered: 98,
        abandoned: 2,
        wrap_up_s_mean: Some(30.0),
        agents_available: 5.0,
        agents_busy: 15.0,
    };
    Observation::Reports { platform_now: START, reports: vec![report] }
}

/// Keeps what core shows a policy.
struct Spy {
    policy: WasmPolicy,
    shown: Option<Input>,
}

impl Policy for Spy {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        self.shown = Some(input.clone());
        self.policy.decide(input)
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        self.policy.migrate(from_version, state)
    }

    fn name(&self) -> &str {
        self.policy.name()
    }

    fn state_version(&self) -> u32 {
        self.policy.state_version()
    }

    fn params(&self) -> &[(String, ParamValue)] {
        self.policy.params()
    }

    fn revision(&self) -> &Revision {
        self.policy.revision()
    }
}
