//! What core was fed with, in words.

use paced_core::reading::{Observation, Report, Setting};
use paced_core::settle::Fed;
use paced_core::trial::TrialEnd;

/// What core was fed with.
pub(super) fn of(fed: &Fed) -> String {
    match fed {
        Fed::Step(None, _) => "a step that asked for no reading".to_owned(),
        Fed::Step(Some(observation), _) => observed(observation),
        Fed::Settled(directive, outcome, _) => {
            format!("{:?} to {}: {}", directive.urgency, setting(directive.setting), outcome.as_str())
        }
        Fed::ReadBack(found, _) | Fed::ReadBackDry(found, _) => format!("read back: {}", setting(*found)),
        Fed::ReadBackUnavailable(_) => "it can't be read back".to_owned(),
        Fed::Failed(failure, _) => format!("reading back failed: {}", failure.message),
        Fed::Operated(command, _) => format!("an operator's {}", command.as_str()),
        Fed::TrialEnded(TrialEnd::Promoted, _) => "a new revision was promoted".to_owned(),
        Fed::TrialEnded(TrialEnd::RolledBack, _) => "a new revision was rolled back".to_owned(),
        Fed::KeptBack(_) => "a dry run kept the directive back".to_owned(),
        Fed::Exit(_) => "the end of paced".to_owned(),
    }
}

fn observed(observation: &Observation) -> String {
    match observation {
        Observation::Reports { reports, .. } => match reports.last() {
            Some(newest) if reports.len() == 1 => format!("one report: {}", report(newest)),
            Some(newest) => format!("{} reports, the newest: {}", reports.len(), report(newest)),
            None => "no report".to_owned(),
        },
        Observation::Quiet => "nothing on this campaign".to_owned(),
        Observation::Unusable(why) => format!("an unusable reading: {why}"),
        Observation::Failed(failure) => format!("a failed request: {}", failure.message),
        Observation::Delayed(why) => format!("a request that was put off: {why}"),
        Observation::Unknown => "that the platform does not know the campaign".to_owned(),
    }
}

fn report(report: &Report) -> String {
    let Report { offered, answered, abandoned, agents_available, agents_busy, .. } = report;
    let wrap_up = report.wrap_up_s_mean.map(|mean| format!(", wrap-up {mean} s")).unwrap_or_default();
    format!(
        "{offered} offered, {answered} answered, {abandoned} abandoned; agents {agents_available} available, \
         {agents_busy} busy{wrap_up}"
    )
}

fn setting(setting: Setting) -> String {
    format!("{} at {}", setting.status.as_str(), setting.ratio)
}
