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
    #[error("the step \"{what}\": {source}")]
    Rule {
        /// Which.
        what: String,
        /// Why.
        source: BadRule,
    },
    /// A step changes a campaign that there is not.
    #[error("the step \"{what}\": {source}")]
    Campaign {
        /// Which.
        what: String,
        /// Why.
        source: UnknownCampaign,
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
        let errors = Rule::on(&[Operation::Query, Operation::Put, Operation::Get], status(500, None));
        let hung = Rule::on(&[Operation::Query], Fault::Hang { answer_after_s: None }).for_requests(1);
        let step = |at_s, what: &str, action| Step { at_s, what: what.to_owned(), action };
        Self {
            steps: vec![
                step(120, "429 with Retry-After 20 s on every query for a minute", Action::Fault(too_many)),
                step(
                    300,
                    "500 on queries and updates for 90 s",
                    Action::Fault(errors.for_time(Duration::from_secs(90))),
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
                    rule.check().map_err(|source| BadScript::Rule { what: what.clone(), source })?;
                }
                Action::Change { campaign, .. } if !platform.campaigns.contains_key(campaign) => {
                    let source = UnknownCampaign(campaign.clone());
                    return Err(BadScript::Campaign { what: what.clone(), source });
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
