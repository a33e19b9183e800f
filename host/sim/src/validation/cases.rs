//! The cases in which theory says exactly what must come out.
//!
//! A handling time of 1,000 s on average makes the simulator's millisecond a millionth of it, so that its rounding
//! (nothing takes less than 1 ms) is far below what any of these comparisons could see.

use paced_core::ratio::DialRatio;

use super::experiment::{Dialling, Experiment};
use super::{Case, Claim, Quantity};
use crate::config::CentreConfig;
use crate::distribution::Distribution;
use crate::interval::Known;
use crate::theory::{self, Overdial};

/// Mean handling time, seconds: the unit of time in `theory`.
const HANDLING_S: f64 = 1_000.0;
/// Calls that a replication measures at least.
const CALLS: f64 = 4_000.0;
/// Lines that a replication of bursts dials at least.
const BURST_LINES: u32 = 8_000;

/// Every case, in the order of the table.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (agents, lines_per_agent) in [5, 10, 20, 50].into_iter().flat_map(|n| (1..=4).map(move |lines| (n, lines))) {
        cases.push(burst(agents, agents * lines_per_agent, 0.25));
    }
    for (answer, lines) in [0.05, 0.10, 0.20].into_iter().flat_map(|p| (2..=4).map(move |lines| (p, lines))) {
        cases.push(burst(1, lines, answer));
    }
    cases.extend([5, 10, 20, 30, 50, 100, 200, 500].map(no_patience));
    cases.push(any_handling_time());
    cases.push(rings_between());
    // (agents, load, patience): underloaded and over, hasty and patient. 0.0111 is 2 s where handling takes 180 s.
    let queues = [(5, 4.0, 0.5), (20, 18.0, 0.0111), (20, 22.0, 0.2), (50, 48.0, 0.1), (100, 105.0, 0.05)];
    cases.extend(queues.map(|(agents, load, patience)| exponential_patience(agents, load, patience)));
    cases.extend(queues.map(|(agents, load, patience)| constant_patience(agents, load, patience)));
    cases.extend([0.5, 3.0].map(from_empty));
    cases.extend([5, 20].map(one_line_per_agent));
    cases.push(a_usual_day());
    cases
}

/// A centre in which everyone works all the time, whoever is dialled answers at once, and nobody waits.
fn bare(agents: u32) -> CentreConfig {
    CentreConfig {
        present_share: 1.0,
        person_probability: 1.0,
        machine_probability: 0.0,
        busy_probability: 0.0,
        machine_missed: 0.0,
        ring_s: Distribution::Constant(0.0),
        ring_timeout_s: Distribution::Constant(1.0),
        patience_s: Distribution::Constant(0.0),
        talk_s: Distribution::Exponential { mean: HANDLING_S },
        wrap_up_s: Distribution::Constant(0.0),
        ..CentreConfig::with_agents(agents)
    }
}

fn burst(agents: u32, lines: u32, answer_probability: f64) -> Case {
    let overdial = Overdial::new(agents, lines, answer_probability);
    // Every call of a burst has ended when the next one comes.
    let every_s = 5.0;
    let config =
        CentreConfig { person_probability: answer_probability, talk_s: Distribution::Constant(1.0), ..bare(agents) };
    let bursts = BURST_LINES.div_ceil(lines);
    Case {
        name: format!("burst of {lines} lines for {agents} idle, {:.0} % answer", 100.0 * answer_probability),
        experiment: Experiment {
            config,
            dialling: Dialling::Bursts { lines, every_s },
            warm_up_s: 0.0,
            window_s: every_s * f64::from(bursts),
        },
        claims: vec![Claim {
            quantity: Quantity::BurstAbandonment {
                bursts,
                answers: overdial.answers,
                abandoned: Known { variance: overdial.variance, most: overdial.most },
            },
            theory: overdial.share(),
        }],
    }
}

/// A queue in its steady state, at a load in erlangs.
fn queue(name: String, config: CentreConfig, load: f64, abandoned: f64) -> Case {
    let (agents, calls_per_s) = (config.agents, load / HANDLING_S);
    // Many agents forget slowly: their replications are as many handling times long as those of a few.
    let window_s = (CALLS / calls_per_s).max(20.0 * HANDLING_S);
    Case {
        name,
        experiment: Experiment {
            dialling: Dialling::Poisson { calls_per_s: calls_per_s / config.person_probability },
            config,
            warm_up_s: 10.0 * HANDLING_S,
            window_s,
        },
        claims: vec![
            Claim { quantity: Quantity::Abandonment, theory: abandoned },
            Claim { quantity: Quantity::Utilization, theory: theory::utilization(agents, load, abandoned) },
        ],
    }
}

fn no_patience(agents: u32) -> Case {
    let load = theory::load_at_blocking(agents, 0.03);
    queue(format!("Erlang-B, {agents} agents, {load:.2} erlangs"), bare(agents), load, 0.03)
}

/// Erlang-B does not ask how handling times are distributed, nor how talk and wrap-up share them.
fn any_handling_time() -> Case {
    let load = theory::load_at_blocking(20, 0.03);
    let config = CentreConfig {
        talk_s: Distribution::log_normal_of_mean(0.8 * HANDLING_S, 0.8),
        wrap_up_s: Distribution::log_normal_of_mean(0.2 * HANDLING_S, 0.5),
        ..bare(20)
    };
    queue("Erlang-B, 20 agents, log-normal talk and wrap-up".into(), config, load, 0.03)
}

/// Random calls of which a random share is answered, after random times, are answered at random times too.
fn rings_between() -> Case {
    let load = theory::load_at_blocking(20, 0.03);
    let usual = CentreConfig::default();
    let config = CentreConfig {
        person_probability: usual.person_probability,
        machine_probability: usual.machine_probability,
        busy_probability: usual.busy_probability,
        ring_s: usual.ring_s,
        ring_timeout_s: usual.ring_timeout_s,
        ..bare(20)
    };
    queue("Erlang-B, 20 agents, with rings, busy tones, machines".into(), config, load, 0.03)
}

fn exponential_patience(agents: u32, load: f64, patience: f64) -> Case {
    let config = CentreConfig { patience_s: Distribution::Exponential { mean: patience * HANDLING_S }, ..bare(agents) };
    let name = format!("Erlang-A, {agents} agents, {load} erlangs, patience {patience}");
    queue(name, config, load, theory::erlang_a(agents, load, patience))
}

fn constant_patience(agents: u32, load: f64, patience: f64) -> Case {
    let config = CentreConfig { patience_s: Distribution::Constant(patience * HANDLING_S), ..bare(agents) };
    let name = format!("M/M/N+D, {agents} agents, {load} erlangs, patience {patience}");
    queue(name, config, load, theory::mmn_constant_patience(agents, load, patience))
}

/// How an empty centre fills; of 100 agents at 20 erlangs, none is ever missing (1 call in 10^38).
fn from_empty(handling_times: f64) -> Case {
    let (agents, load) = (100, 20.0);
    Case {
        name: format!("from empty, {agents} agents, {load} erlangs, {handling_times} handling times"),
        experiment: Experiment {
            config: bare(agents),
            dialling: Dialling::Poisson { calls_per_s: load / HANDLING_S },
            warm_up_s: 0.0,
            window_s: handling_times * HANDLING_S,
        },
        claims: vec![Claim {
            quantity: Quantity::Utilization,
            theory: theory::utilization_from_empty(agents, load, handling_times),
        }],
    }
}

/// The platform's own dialling at a ratio of 1: every ready agent has one line ringing, so between two calls an agent
/// is idle for 1/p lines on average (Wald's identity), each held for a mean time that is known.
fn one_line_per_agent(agents: u32) -> Case {
    let (answer, ring_s, timeout_s) = (0.25, 10.0, 16.0);
    let usual = CentreConfig::default();
    let config = CentreConfig {
        person_probability: answer,
        ring_s: Distribution::Constant(ring_s),
        ring_timeout_s: Distribution::Constant(timeout_s),
        talk_s: usual.talk_s,
        wrap_up_s: usual.wrap_up_s,
        ..bare(agents)
    };
    let busy_s = usual.talk_s.mean() + usual.wrap_up_s.mean();
    let idle_s = (answer * ring_s + (1.0 - answer) * timeout_s) / answer;
    let cycle_s = busy_s + idle_s;
    Case {
        name: format!("dial ratio 1.0, {agents} agents, {:.0} % answer", 100.0 * answer),
        experiment: Experiment {
            config,
            dialling: Dialling::Ratio(DialRatio::ONE),
            warm_up_s: 40.0 * cycle_s,
            window_s: CALLS * cycle_s / f64::from(agents),
        },
        claims: vec![
            Claim { quantity: Quantity::Utilization, theory: busy_s / cycle_s },
            Claim { quantity: Quantity::Abandonment, theory: 0.0 },
        ],
    }
}

/// No theory for it but that nothing gets lost: breaks, machines, errors of detection, and too many lines.
fn a_usual_day() -> Case {
    let ratio = DialRatio::new(3.0).unwrap_or(DialRatio::ONE);
    Case {
        name: "a usual day of 20 agents".into(),
        experiment: Experiment {
            config: CentreConfig { person_mistaken: 0.05, ..CentreConfig::default() },
            dialling: Dialling::Ratio(ratio),
            warm_up_s: 0.0,
            window_s: 8.0 * 3_600.0,
        },
        claims: Vec::new(),
    }
}
