//! The call centre from outside: nothing gets lost, the same seed gives the same day, the books agree with arithmetic.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::time::Duration;

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;
use paced_sim::{BUCKET, CallCentre, CentreConfig, Distribution, Totals};

const START: Timestamp = Timestamp::from_millis(1_700_000_123_456);
const HOUR: Duration = Duration::from_secs(3_600);

fn setting(ratio: f64, status: Status) -> Setting {
    Setting { ratio: DialRatio::new(ratio).unwrap(), status }
}

fn dialling(config: &CentreConfig, seed: u64, ratio: f64) -> CallCentre {
    let mut centre = CallCentre::new(config, seed, "1", START).unwrap();
    centre.set(setting(ratio, Status::Active), 10_000);
    centre
}

fn after(config: &CentreConfig, seed: u64, ratio: f64, time: Duration) -> Totals {
    let mut centre = dialling(config, seed, ratio);
    centre.advance(START + time);
    centre.totals()
}

fn assert_conserved(totals: &Totals, agents: u32) {
    assert_eq!(totals.dialled, totals.ended() + totals.ringing + totals.waiting, "{totals:?}");
    let time = totals.agent_time;
    assert_eq!(time.signed_in_ms() + time.away_ms, u64::from(agents) * totals.elapsed_ms, "{totals:?}");
}

#[test]
fn every_call_and_every_agent_second_is_accounted_for() {
    for agents in [1, 5, 50] {
        let config = CentreConfig { person_mistaken: 0.05, ..CentreConfig::with_agents(agents) };
        let mut centre = dialling(&config, 1, 3.0);
        for minute in 0..240 {
            centre.advance(START + Duration::from_secs(minute * 60 + 7));
            assert_conserved(&centre.totals(), agents);
        }
        let totals = centre.totals();
        assert!(totals.abandoned > 0 && totals.machines_answered > 0 && totals.mistaken > 0, "{totals:?}");
        assert!(totals.agent_time.away_ms > 0);
    }
}

#[test]
fn the_buckets_add_up_to_the_totals() {
    let mut centre = dialling(&CentreConfig::with_agents(20), 5, 2.0);
    centre.advance(START + HOUR * 3);
    let (totals, buckets) = (centre.totals(), centre.buckets(START, START + HOUR * 4));
    let sum = |count: fn(&paced_sim::Bucket) -> u32| buckets.iter().map(|b| u64::from(count(b))).sum::<u64>();
    assert_eq!(sum(|b| b.answered), totals.answered + totals.machines_answered);
    assert_eq!(sum(|b| b.abandoned), totals.abandoned + totals.machines_abandoned);
    assert_eq!(sum(|b| b.offered), sum(|b| b.answered) + sum(|b| b.abandoned));
    for pair in buckets.windows(2) {
        assert_eq!(pair[0].date_to, pair[1].date_from);
        assert_eq!(pair[0].date_to, pair[0].date_from + BUCKET);
    }
    assert_eq!(buckets.last().unwrap().date_to, START + HOUR * 3);
}

#[test]
fn the_same_seed_gives_the_same_day_in_steps_of_any_size() {
    let config = CentreConfig::with_agents(20);
    let mut small = dialling(&config, 9, 2.0);
    let mut large = dialling(&config, 9, 2.0);
    for step in 1..=3_600 {
        small.advance(START + Duration::from_secs(step));
    }
    large.advance(START + HOUR);
    assert_eq!(small.totals(), large.totals());
    let (from, to) = (START, START + HOUR);
    assert_eq!(small.buckets(from, to), large.buckets(from, to));
    let other = after(&config, 10, 2.0, HOUR);
    assert_ne!(other, large.totals());
}

/// Pins the day of one seed, so that a change that shifts a stream is seen, on any machine.
#[test]
fn a_known_seed_gives_the_known_day() {
    let totals = after(&CentreConfig::with_agents(20), 1, 2.0, HOUR * 8);
    assert_eq!(KNOWN, (totals.dialled, totals.answered, totals.abandoned, totals.agent_time.talking_ms));
}
const KNOWN: (u64, u64, u64, u64) = (10_306, 2_497, 64, 380_021_162);

#[test]
fn a_paused_campaign_dials_nothing_and_rings_out() {
    let mut centre = dialling(&CentreConfig::with_agents(20), 3, 3.0);
    centre.advance(START + Duration::from_secs(600));
    centre.set(setting(3.0, Status::Paused), 10_000);
    let before = centre.totals();
    assert!(before.ringing > 0);
    centre.advance(START + Duration::from_secs(660));
    let paused = centre.totals();
    assert_eq!((paused.dialled, paused.ringing), (before.dialled, 0));
    assert!(paused.ended() > before.ended());
    centre.set(setting(3.0, Status::Active), 10_000);
    assert!(centre.totals().dialled > paused.dialled);
}

#[test]
fn max_concurrent_calls_bounds_ringing_and_connected_calls() {
    let config = CentreConfig { present_share: 1.0, ..CentreConfig::with_agents(50) };
    let mut centre = CallCentre::new(&config, 4, "1", START).unwrap();
    centre.set(setting(5.0, Status::Active), 12);
    let mut most_ringing = 0;
    for second in 0..3_600 {
        let before = centre.totals();
        centre.advance(START + Duration::from_secs(second));
        let now = centre.totals();
        assert!(now.ringing <= 12, "{now:?}");
        let talking_ms = now.agent_time.talking_ms - before.agent_time.talking_ms;
        assert!(talking_ms <= 12 * (now.elapsed_ms - before.elapsed_ms), "{now:?}");
        most_ringing = most_ringing.max(now.ringing);
    }
    assert_eq!(most_ringing, 12, "the ceiling is reached");
}

#[test]
fn presence_settles_at_the_configured_share() {
    let mut share = 0.0;
    for seed in 0..20 {
        let time = after(&CentreConfig::with_agents(100), seed, 1.0, HOUR * 8).agent_time;
        share += time.signed_in_ms() as f64 / (time.signed_in_ms() + time.away_ms) as f64 / 20.0;
    }
    // Agents finish calls before they leave, so a little more than 0.875 are there.
    assert!((0.87..0.91).contains(&share), "{share}");
}

/// What one line per ready agent must give, worked out by hand: an agent is idle while its line needs 1/p dials.
#[test]
fn utilization_at_one_line_per_agent_agrees_with_arithmetic() {
    let config = CentreConfig {
        present_share: 1.0,
        machine_missed: 0.0,
        ring_s: Distribution::Constant(10.0),
        ring_timeout_s: Distribution::Constant(16.0),
        busy_probability: 0.0,
        detection_s: Distribution::Constant(0.0),
        ..CentreConfig::with_agents(20)
    };
    // Each dial holds its line 0.6 x 10 + 0.4 x 16 = 12.4 s; four of them find a person; then 180 s of work.
    let expected = 180.0 / (180.0 + 4.0 * 12.4);
    let utilization = pooled(&config, 1.0).0;
    assert!((utilization - expected).abs() < 0.01, "{utilization} against {expected}");
}

/// Fixed ratios against a table from a simulation made independently of this one: exponential talk and wrap-up,
/// everyone present, no detection errors. It does not say how long unanswered calls ring; 28 s is what its 0.71 at
/// ratio 1.0 implies (see the arithmetic above), and the other rows then have to come out too. Utilization does, to a
/// point; abandonment comes out a sixth higher than the table's throughout. With the defaults (15 to 18 s, and what is
/// left of the differences) a campaign is busier at the same ratio: about 0.78 at 1.0.
#[test]
fn fixed_ratios_come_near_the_independent_table() {
    let config = CentreConfig {
        present_share: 1.0,
        machine_missed: 0.0,
        busy_probability: 0.0,
        detection_s: Distribution::Constant(0.0),
        ring_timeout_s: Distribution::Constant(28.0),
        talk_s: Distribution::Exponential { mean: 150.0 },
        wrap_up_s: Distribution::Exponential { mean: 30.0 },
        ..CentreConfig::with_agents(20)
    };
    for (ratio, utilization, abandonment) in
        [(1.0, 0.71, 0.0), (2.0, 0.84, 0.0055), (2.5, 0.87, 0.017), (3.0, 0.89, 0.030), (4.0, 0.92, 0.075)]
    {
        let (u, a) = pooled(&config, ratio);
        assert!((u - utilization).abs() < 0.015, "utilization at {ratio}: {u} against {utilization}");
        assert!(
            (a - abandonment).abs() < 0.002 + 0.25 * abandonment,
            "abandonment at {ratio}: {a} against {abandonment}"
        );
    }
}

/// Utilization and abandonment over ten eight-hour days.
fn pooled(config: &CentreConfig, ratio: f64) -> (f64, f64) {
    let (mut busy, mut signed_in, mut answered, mut abandoned) = (0, 0, 0, 0);
    for seed in 0..10 {
        let totals = after(config, seed, ratio, HOUR * 8);
        busy += totals.agent_time.busy_ms();
        signed_in += totals.agent_time.signed_in_ms();
        answered += totals.answered;
        abandoned += totals.abandoned;
    }
    (busy as f64 / signed_in as f64, abandoned as f64 / (answered + abandoned) as f64)
}
