//! Faults by the clock: a script says what goes wrong when, as data.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::answer::RetryAfterForm;
use super::api::Operation;
use super::campaign::{Change, UnknownCampaign};
use super::fault::{BadRule, Fault, Rule};
use super::platform::{Platform, lock};

/// Most steps of a script.
const MAX_STEPS: usize = 1_000;
/// Most scripts at a time.
pub(super) const MAX_SCRIPTS: usize = 10;

/// What goes wrong when.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultScript {
    /// The steps, in the order of their time.
    pub steps: Vec<Step>,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds of platform time from the script's start.
    pub at_s: u64,
    /// What it is, in words for people.
    pub what: String,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Adds a fault.
    Fault(Rule),
    /// Revokes every token.
    RevokeTokens,
    /// A person changes a campaign.
    Change {
        /// Which.
        campaign: String,
        /// What.
        change: Change,
    },
}

/// A script that can't be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScript {
    /// There are as many scripts running as there may be.
    #[error("{MAX_SCRIPTS} scripts are running already")]
    TooMany,
    /// It has too many steps.
    #[error("the script has more than {MAX_STEPS} steps")]
    TooLong,
    /// A step comes before the one above it.
    #[error("the step \"{0}\" comes before the one above it")]
    OutOfOrder(String),
    /// A step's rule can't be taken.
    #[error("the step \"{what}\": {why}")]
    Rule {
        /// Which.
        what: String,
        /// Why.
        why: BadRule,
    },
    /// A step changes a campaign that there is not.
    #[error("the step \"{what}\": {why}")]
    Campaign {
        /// Which.
        what: String,
        /// Why.
        why: UnknownCampaign,
    },
}

impl FaultScript {
    /// The bad quarter of an hour of `paced demo --faults`: 429s, 500s, a revoked token, a hung answer; then all is well.
    #[must_use]
    pub fn bad_quarter_hour() -> Self {
        let status = |status, retry_after_s| Fault::Status {
            status,
            retry_after_s,
            retry_after_as: RetryAfterForm::Seconds,
            body: None,
        };
        let too_many = Rule::on(&[Operation::Query], status(429, Some(20))).for_time(Duration::from_secs(60));
        let errors = Rule::on(&[Operation::Query], status(500, None));
        let hung = Rule::on(&[Operation::Query], Fault::Hang { answer_after_s: None }).for_requests(1);
        let step = |at_s, what: &str, action| Step { at_s, what: what.to_owned(), action };
        Self {
            steps: vec![
                step(120, "429 with Retry-After 20 s on every query for a minute", Action::Fault(too_many)),
                step(
                    300,
                    "500 on every query for two minutes",
                    Action::Fault(errors.for_time(Duration::from_secs(120))),
                ),
                step(600, "every token is revoked", Action::RevokeTokens),
                step(720, "one query is never answered", Action::Fault(hung)),
            ],
        }
    }

    /// How long the script takes, from its start to its last step, in platform time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.steps.last().map_or(0, |step| step.at_s))
    }

    /// Checks every step before the first is done.
    fn check(&self, platform: &Platform) -> Result<(), BadScript> {
        if self.steps.len() > MAX_STEPS {
            return Err(BadScript::TooLong);
        }
        for pair in self.steps.windows(2) {
            if pair[1].at_s < pair[0].at_s {
                return Err(BadScript::OutOfOrder(pair[1].what.clone()));
            }
        }
        for Step { what, action, .. } in &self.steps {
            match action {
                Action::Fault(rule) => {
                    rule.check().map_err(|why| BadScript::Rule { what: what.clone(), why })?;
                }
                Action::Change { campaign, .. } if !platform.campaigns.contains_key(campaign) => {
                    let why = UnknownCampaign(campaign.clone());
                    return Err(BadScript::Campaign { what: what.clone(), why });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Starts a script, now.
pub(super) fn start(platform: &Arc<Platform>, script: FaultScript) -> Result<(), BadScript> {
    script.check(platform)?;
    let place = Arc::clone(&platform.scripts).try_acquire_owned().map_err(|_| BadScript::TooMany)?;
    let platform = Arc::clone(platform);
    tokio::spawn(async move {
        run(platform, script).await;
        drop(place);
    });
    Ok(())
}

/// Does each step at its time, until the last or until the tenant stops.
async fn run(platform: Arc<Platform>, script: FaultScript) {
    let start = platform.clock.now();
    for Step { at_s, what, action } in script.steps {
        tokio::select! {
            () = platform.clock.sleep_until(start + Duration::from_secs(at_s)) => {}
            () = platform.stopped() => return,
        }
        tracing::info!(event = "simulated_fault", at_s, "{what}");
        if let Err(error) = act(&platform, action) {
            tracing::warn!(event = "simulated_fault_refused", at_s, "{what}: {error}");
        }
    }
}

fn act(platform: &Platform, action: Action) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match action {
        Action::Fault(rule) => {
            platform.inject(rule)?;
        }
        Action::RevokeTokens => {
            lock(&platform.tokens).revoke_all();
        }
        Action::Change { campaign, change } => platform.change(&campaign, change)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use paced_core::reading::Status;

    use super::super::config::TenantConfig;
    use super::*;
    use crate::clock::Clock;

    fn platform() -> Arc<Platform> {
        Arc::new(Platform::new(&TenantConfig::new(Clock::start(10.0), &[5])).unwrap())
    }

    fn step(at_s: u64, action: Action) -> Step {
        Step { at_s, what: format!("step at {at_s}"), action }
    }

    fn pause(campaign: &str) -> Action {
        let change = Change { status: Some(Status::Paused), ..Change::default() };
        Action::Change { campaign: campaign.to_owned(), change }
    }

    #[tokio::test(start_paused = true)]
    async fn each_step_is_done_in_its_time() {
        let platform = platform();
        let outage = Rule::on(&[Operation::Get], Fault::Reset).for_time(Duration::from_secs(60));
        let script = FaultScript { steps: vec![step(30, Action::Fault(outage)), step(120, pause("1"))] };
        let from = platform.clock.now();
        start(&platform, script).unwrap();
        let mut seen = Vec::new();
        for at_s in [29, 31, 89, 91, 119, 121] {
            platform.clock.sleep_until(from + Duration::from_secs(at_s)).await;
            let faults = lock(&platform.faults).list(platform.clock.now()).len();
            seen.push((at_s, faults, platform.campaigns["1"].setting().0.status));
        }
        let (active, paused) = (Status::Active, Status::Paused);
        let wanted =
            [(29, 0, active), (31, 1, active), (89, 1, active), (91, 0, active), (119, 0, active), (121, 0, paused)];
        assert_eq!(seen, wanted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_script_that_can_not_be_run_to_its_end_does_not_start() {
        let platform = platform();
        let bad = Action::Fault(Rule::on(&[], Fault::Reset));
        for (steps, message) in [
            (vec![step(0, pause("99"))], "the step \"step at 0\": the simulated tenant has no campaign 99"),
            (vec![step(9, pause("1")), step(1, pause("1"))], "the step \"step at 1\" comes before the one above it"),
            (
                vec![step(0, bad)],
                "the step \"step at 0\": on is empty: it must be at least one of token, query, put, get",
            ),
        ] {
            assert_eq!(start(&platform, FaultScript { steps }).unwrap_err().to_string(), message);
        }
        for _ in 0..MAX_SCRIPTS {
            assert_eq!(start(&platform, FaultScript::bad_quarter_hour()), Ok(()));
        }
        assert_eq!(start(&platform, FaultScript::bad_quarter_hour()), Err(BadScript::TooMany));
    }

    #[tokio::test(start_paused = true)]
    async fn the_demos_script_ends_well() {
        let platform = platform();
        let script = FaultScript::bad_quarter_hour();
        let end = platform.clock.now() + script.duration() + Duration::from_secs(1);
        start(&platform, script).unwrap();
        platform.clock.sleep_until(end).await;
        let now = platform.clock.now();
        lock(&platform.faults).strike(Operation::Query, &[], now);
        assert!(lock(&platform.faults).list(now).is_empty(), "all is well after the one hung query");
    }
}
