//! Stories for the properties: whatever platform, people, operators and a policy may do, in any order.

use std::time::Duration;

use paced_core::config::{CampaignConfig, Stance};
use paced_core::directive::Directive;
use paced_core::params::ParamValue;
use paced_core::people::{self, Command};
use paced_core::plan::plan;
use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy, Proposal, Revision};
use paced_core::ratio::DialRatio;
use paced_core::reading::{Observation, Report, Setting, Status};
use paced_core::settle::{self, Outcome};
use paced_core::state::CampaignState;
use paced_core::step::{Step, step};
use paced_core::time::{Moment, Timestamp};
use proptest::prelude::*;

use crate::platform::{Get, Platform, Put, active, down};

/// What a story is about.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) config: CampaignConfig,
    pub(crate) start: Setting,
    pub(crate) chapters: Vec<Chapter>,
}

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Chapter {
    /// A cycle, so many seconds after the one before (or before it, as clocks go).
    Cycle { after_s: i64, seen: Seen, says: Says, get: Get, put: Put },
    /// A person sets the campaign.
    Person(Setting),
    /// An operator's command.
    Operator(Command),
    /// The host dies and another one goes on.
    Crash,
}

/// What the platform shows.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Report { age_s: i64, counts: (u32, u32, u32), agents: (f64, f64) },
    Quiet,
    Unusable,
    Down,
    Busy,
}

/// What the policy answers.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Ratio(f64),
    /// The ratio in force and a share of this that depends on the seed.
    Change(f64),
    Hold,
    Fault,
    /// As the one before, in another revision with other state.
    Revised(u8),
}

/// What a property may look at.
pub(crate) struct Look<'a> {
    pub(crate) config: &'a CampaignConfig,
    /// The state before the step.
    pub(crate) before: &'a CampaignState,
    pub(crate) step: &'a Step,
    /// The state after what was sent had come to something.
    pub(crate) after: &'a CampaignState,
    /// What the update came to, if there was one.
    pub(crate) outcome: Option<&'a Outcome>,
    /// What the platform really has.
    pub(crate) platform: Setting,
    pub(crate) put: Put,
}

/// Lets `check` look at each cycle of the story; the state at its end.
pub(crate) fn tell(
    story: &Story,
    mut check: impl FnMut(&Look<'_>) -> Result<(), TestCaseError>,
) -> Result<CampaignState, TestCaseError> {
    let config = &story.config;
    let mut state = CampaignState::new(config);
    let mut platform = Platform::new(story.start);
    let mut policy = Wild { says: Says::Hold, revision: Revision([1; 32]) };
    let mut now = Timestamp::from_millis(1_763_899_200_000);
    for chapter in &story.chapters {
        match chapter {
            Chapter::Person(setting) => platform.setting = *setting,
            Chapter::Crash => state = state.recovered(now),
            Chapter::Operator(command) => {
                state = people::operate(state.clone(), *command).map_or(state, |(state, _)| state);
            }
            Chapter::Cycle { after_s, seen, says, get, put } => {
                now = Timestamp::from_millis(now.as_millis() + after_s * 1000);
                (platform.get, platform.put) = (*get, *put);
                policy.hear(says);
                state = cycle(config, state, &mut platform, &mut policy, seen, now, &mut check)?;
            }
        }
    }
    Ok(state)
}

fn cycle(
    config: &CampaignConfig,
    mut state: CampaignState,
    platform: &mut Platform,
    policy: &mut Wild,
    seen: &Seen,
    now: Timestamp,
    check: &mut impl FnMut(&Look<'_>) -> Result<(), TestCaseError>,
) -> Result<CampaignState, TestCaseError> {
    let plan = plan(config, &state, now);
    if !plan.step {
        return Ok(state);
    }
    if plan.read_back {
        state = read_back(config, state, platform, now);
    }
    let observation = plan.observe.then(|| seen.observation(now));
    let day = i32::try_from(now.as_millis().div_euclid(86_400_000)).unwrap();
    let moment = Moment { now, day, month_start_day: day - 9, shift_end: None };
    let step = step(config, state.clone(), observation.as_ref(), policy, &moment);
    let (mut after, mut outcome) = (step.state.clone(), None);
    if let Some(directive) = &step.directive {
        let (read, sent) = send(config, after, platform, directive, now);
        after = settle::settle(config, read, directive, &sent, now).0;
        outcome = Some(sent);
    }
    let put = platform.put;
    let outcome = outcome.as_ref();
    check(&Look { config, before: &state, step: &step, after: &after, outcome, platform: platform.setting, put })?;
    Ok(after)
}

fn read_back(config: &CampaignConfig, state: CampaignState, platform: &Platform, now: Timestamp) -> CampaignState {
    match platform.get {
        Get::Works => people::read_back(state, platform.setting, now).0,
        Get::Missing => people::read_back_unavailable(state, now).0,
        Get::Down => settle::failed(config, state, now).0,
    }
}

/// Sends as the daemon does; the state after reading back first, and what the update came to.
fn send(
    config: &CampaignConfig,
    state: CampaignState,
    platform: &mut Platform,
    directive: &Directive,
    now: Timestamp,
) -> (CampaignState, Outcome) {
    if !directive.read_first {
        return (state, platform.update(directive.setting));
    }
    match platform.get {
        Get::Down if directive.urgency.can_wait() => (state, Outcome::Failed(down())),
        Get::Down => (state, platform.update(directive.setting)),
        Get::Works if !state.owns(platform.setting) => (state, Outcome::Found(platform.setting)),
        Get::Works | Get::Missing => (read_back(config, state, platform, now), platform.update(directive.setting)),
    }
}

impl Seen {
    fn observation(&self, now: Timestamp) -> Observation {
        match self {
            Self::Report { age_s, counts: (offered, answered, abandoned), agents: (available, busy) } => {
                let date_to = Timestamp::from_millis(now.as_millis() - age_s * 1000);
                let report = Report {
                    date_from: (date_to - Duration::from_millis(1)).floor_to(paced_core::feed::BUCKET),
                    date_to,
                    offered: *offered,
                    answered: *answered,
                    abandoned: *abandoned,
                    wrap_up_s_mean: None,
                    agents_available: *available,
                    agents_busy: *busy,
                };
                Observation::Reports { platform_now: now, reports: vec![report] }
            }
            Self::Quiet => Observation::Quiet,
            Self::Unusable => Observation::Unusable("agentsBusy is null".to_owned()),
            Self::Down => Observation::Failed(down()),
            Self::Busy => Observation::Delayed("429".to_owned()),
        }
    }
}

/// A policy that says what the story wants.
struct Wild {
    says: Says,
    revision: Revision,
}

impl Wild {
    fn hear(&mut self, says: &Says) {
        match says {
            Says::Revised(revision) => self.revision = Revision([*revision; 32]),
            _ => self.says = says.clone(),
        }
    }
}

impl Policy for Wild {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        let dial_ratio = match self.says {
            Says::Ratio(ratio) => Some(ratio),
            Says::Change(change) => Some(input.dial_ratio + change * (input.seed % 8) as f64),
            Says::Hold | Says::Revised(_) => None,
            Says::Fault => return Err(Fault { class: FaultClass::Fuel, message: "out of fuel".to_owned() }),
        };
        let state = input.seed.to_le_bytes().to_vec();
        Ok(Decided { proposal: Proposal { dial_ratio, state, ..Proposal::default() }, fuel: 1 })
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        from_version.is_multiple_of(2).then(|| state.to_vec())
    }

    fn name(&self) -> &str {
        "wild"
    }

    fn state_version(&self) -> u32 {
        u32::from(self.revision.0[0])
    }

    fn params(&self) -> &[(String, ParamValue)] {
        &[]
    }

    fn revision(&self) -> &Revision {
        &self.revision
    }
}

// ---- strategies ------------------------------------------------------------------------------------------------

/// Any story, with people in it or without.
pub(crate) fn story(with_people: bool) -> impl Strategy<Value = Story> {
    let chapters = proptest::collection::vec(chapter(with_people), 1..60);
    let start = if with_people { setting().boxed() } else { ratio(10, 500).prop_map(active_at).boxed() };
    (config(), start, chapters).prop_map(|(config, start, chapters)| Story { config, start, chapters })
}

fn active_at(ratio: DialRatio) -> Setting {
    Setting { ratio, ..active(1.0) }
}

fn ratio(min: i32, max: i32) -> impl Strategy<Value = DialRatio> {
    (min..=max).prop_map(DialRatio::from_hundredths_clamped)
}

fn setting() -> impl Strategy<Value = Setting> {
    let status = prop_oneof![Just(Status::Active), Just(Status::Paused)];
    (ratio(10, 500), status).prop_map(|(ratio, status)| Setting { ratio, status })
}

fn config() -> impl Strategy<Value = CampaignConfig> {
    let stance = || prop_oneof![Just(Stance::Hold), Just(Stance::Safe), Just(Stance::Pause)];
    let bounds = (10..=300_i32, 0..=400_i32, 0.0..=1.0, 0.0..=1.0);
    let steps = (0.01..2.0, 0.01..5.0, prop_oneof![Just(0.0), 0.0..0.5]);
    let counts = (1..=4_u32, 1..=4_u32, 1..=4_u32, 0..=10_u32);
    (bounds, steps, counts, stance()).prop_map(|((min, span, safe, resume), (up, down, deadband), counts, stance)| {
        let max = (min + span).min(500);
        let between = |share: f64| DialRatio::from_hundredths_clamped(min + (f64::from(max - min) * share) as i32);
        let mut config = CampaignConfig {
            min_dial_ratio: between(0.0),
            max_dial_ratio: between(1.0),
            safe_ratio: between(safe),
            resume_ratio: between(resume),
            ramp_up: up,
            ramp_down: down,
            deadband,
            breaker_failures: counts.0,
            policy_faults: counts.1,
            small_group_agents: counts.3,
            when_blind: stance,
            ..CampaignConfig::with_defaults("12345", 20)
        };
        config.abandonment.trip_readings = counts.2;
        config
    })
}

fn chapter(with_people: bool) -> impl Strategy<Value = Chapter> {
    let command = prop_oneof![Just(Command::Pause), Just(Command::Resume), Just(Command::Release)];
    let person = if with_people { setting().prop_map(Chapter::Person).boxed() } else { Just(Chapter::Crash).boxed() };
    prop_oneof![
        30 => cycle_chapter(),
        2 => person,
        3 => command.prop_map(Chapter::Operator),
        1 => Just(Chapter::Crash),
    ]
}

fn cycle_chapter() -> impl Strategy<Value = Chapter> {
    let after_s = prop_oneof![20 => Just(15_i64), 5 => 1..=400_i64, 1 => -60..=0_i64, 1 => 3600..=100_000_i64];
    let get = prop_oneof![8 => Just(Get::Works), 1 => Just(Get::Down), 1 => Just(Get::Missing)];
    let put = prop_oneof![
        8 => Just(Put::Works), 2 => Just(Put::Down), 2 => Just(Put::Lost), 1 => Just(Put::Busy),
    ];
    (after_s, seen(), says(), get, put).prop_map(|(after_s, seen, says, get, put)| Chapter::Cycle {
        after_s,
        seen,
        says,
        get,
        put,
    })
}

fn seen() -> impl Strategy<Value = Seen> {
    let usual = (0..400_u32, 0..200_u32, 0..60_u32);
    let counts = prop_oneof![9 => usual, 1 => any::<(u32, u32, u32)>()];
    let agents = || prop_oneof![9 => 0.0..50.0, 1 => prop::sample::select(vec![0.0, 1e300, f64::MAX])];
    let age_s = prop_oneof![9 => 0..=30_i64, 1 => -1_000_000..=1_000_i64];
    let report = (age_s, counts, (agents(), agents()));
    prop_oneof![
        14 => report.prop_map(|(age_s, counts, agents)| Seen::Report { age_s, counts, agents }),
        1 => Just(Seen::Quiet),
        1 => Just(Seen::Unusable),
        4 => Just(Seen::Down),
        4 => Just(Seen::Busy),
    ]
}

fn says() -> impl Strategy<Value = Says> {
    let odd = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0, -0.0, f64::MIN_POSITIVE];
    prop_oneof![
        6 => (0.0..6.0).prop_map(Says::Ratio),
        2 => prop::sample::select(odd).prop_map(Says::Ratio),
        2 => any::<f64>().prop_map(Says::Ratio),
        6 => (-0.1..0.1).prop_map(Says::Change),
        1 => Just(Says::Hold),
        4 => Just(Says::Fault),
        1 => (1..5_u8).prop_map(Says::Revised),
    ]
}
