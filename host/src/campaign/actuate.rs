//! Sending one directive: read the campaign back first where a person may have changed it, then update.

use paced_core::directive::{Directive, Urgency};
use paced_core::reading::{Failure, FailureClass, Setting};
use paced_core::settle::Outcome;
use paced_core::time::Timestamp;

use crate::dialer::{Dialer, RequestError, Update};

/// A directive with all that sending it takes.
pub(super) struct Errand {
    pub(super) campaign: String,
    pub(super) directive: Directive,
    pub(super) max_concurrent_calls: u32,
    /// The campaign must be read back before it is updated.
    pub(super) read_first: bool,
    /// When reading back must have ended, so that some time is left for the update.
    pub(super) read_by: Timestamp,
    /// Settings that are paced's own: finding another means that a person changed the campaign.
    pub(super) own: Vec<Setting>,
    pub(super) deadline: Timestamp,
}

/// What an errand came to.
pub(super) struct Ran {
    /// What reading back found, where it was read; an error that says that it can't be read at all.
    pub(super) read_back: Option<Result<Setting, RequestError>>,
    pub(super) outcome: Outcome,
}

/// Runs an errand to its end.
pub(super) async fn run(dialer: &dyn Dialer, errand: &Errand) -> Ran {
    let mut read_back = None;
    if errand.read_first {
        let urgency = errand.directive.urgency;
        // Reading for something urgent is as urgent; a raise can wait like any other reading.
        let place = if urgency.can_wait() { Urgency::Read } else { urgency };
        match dialer.read_back(&errand.campaign, place, errand.read_by).await {
            Ok(found) if errand.own.contains(&found) => read_back = Some(Ok(found)),
            Ok(found) => return Ran { read_back, outcome: Outcome::Found(found) },
            // Where a campaign can't be read back, what the update answers has to do.
            Err(error @ (RequestError::Unknown | RequestError::Unsupported)) => read_back = Some(Err(error)),
            Err(error) if !urgency.can_wait() && only_reading_fails(&error) => {}
            Err(error) => return Ran { read_back, outcome: outcome_of(error) },
        }
    }
    Ran { read_back, outcome: update(dialer, errand).await }
}

/// Whether an update may still get through: pauses and lowers must not wait until the platform can be read.
fn only_reading_fails(error: &RequestError) -> bool {
    !matches!(error, RequestError::Failed(failure) if failure.class == FailureClass::Token)
}

async fn update(dialer: &dyn Dialer, errand: &Errand) -> Outcome {
    let update = Update {
        campaign: errand.campaign.clone(),
        setting: errand.directive.setting,
        max_concurrent_calls: errand.max_concurrent_calls,
        urgency: errand.directive.urgency,
    };
    match dialer.update(&update, errand.deadline).await {
        Ok(answer) => Outcome::Applied(answer),
        Err(error) => outcome_of(error),
    }
}

fn outcome_of(error: RequestError) -> Outcome {
    match error {
        RequestError::Failed(failure) => Outcome::Failed(failure),
        RequestError::Delayed(why) => Outcome::Deferred(why),
        RequestError::Unknown => Outcome::Unknown,
        RequestError::Unsupported => {
            Outcome::Failed(Failure { class: FailureClass::Refused, message: RequestError::Unsupported.to_string() })
        }
    }
}

/// Whether `new` may not wait for `old` to be done.
pub(super) fn preempts(new: &Directive, old: &Directive) -> bool {
    new.urgency < old.urgency && matches!(new.urgency, Urgency::Pause | Urgency::Lower)
}
