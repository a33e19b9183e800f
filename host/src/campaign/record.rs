//! What the journal is given: decisions, outcomes and whatever else moved a campaign's state.

use std::time::Duration;

use paced_core::directive::Directive;
use paced_core::entry::{Entry, Event, ReadingKind};
use paced_core::policy::{FaultClass, Policy};
use paced_core::reading::Setting;
use paced_core::settle::{Fed, Outcome};
use paced_core::state::{CampaignState, Knowledge};
use paced_core::step::Step;
use paced_core::time::Timestamp;

use super::Campaign;
use super::seat::Seat;
use super::tell::{self, in_words};
use crate::journal::exact::{self, Answer, Checkpoint, Quiet, Why};
use crate::journal::{self, DecisionId, Level, OutcomeKind, Record, RevisionParts};
use crate::registry::Judgement;

/// A decision in so many carries the campaign's whole state, for a replay to start from.
const CHECKPOINT_EVERY: u64 = 100;

/// Adds a step's decision, events and state, and logs the first two.
pub(super) fn decision(
    records: &mut Vec<Record>,
    campaign: &mut Campaign,
    step: &Step,
    fed: &Fed,
    seat: &Seat,
    id: DecisionId,
    took: Duration,
) {
    let entry = &step.entry;
    tell::decision(campaign, step, took);
    let state = exact::bytes(&step.state);
    let config = &campaign.config;
    records.push(Record::Decision(Box::new(journal::Decision {
        took,
        exact: exact::of_step(fed, &answer(seat, step), campaign.state.stepped_at, step, &state),
        checkpoint: is_checkpoint(campaign).then(|| exact::of_checkpoint(&state, config)),
        ..journal::Decision::of_step(id, &config.id, &campaign.policy, step)
    })));
    let detail = entry.reading.detail().or(entry.fault.as_ref().map(|fault| fault.message.as_str()));
    if let Some(detail) = news(campaign, detail) {
        records.push(event(campaign, trouble_name(entry), Level::Warn, detail, None, entry.at));
    }
    records.extend(events(campaign, &entry.events, None, entry.at));
    records.push(Record::State { campaign: campaign.config.id.clone(), bytes: state });
}

const fn is_checkpoint(campaign: &Campaign) -> bool {
    campaign.decisions % CHECKPOINT_EVERY == 1
}

/// Who answered, for a replay: a deadline is a fault of the machine as much as of the policy.
fn answer(seat: &Seat, step: &Step) -> Answer {
    match (seat, &step.entry.fault) {
        (Seat::Empty { why, .. }, _) => Answer::Vacant(why.clone()),
        (Seat::Taken { .. }, Some(fault)) if fault.class == FaultClass::Deadline => Answer::Fault(fault.clone()),
        (Seat::Taken { .. }, _) => Answer::Component,
    }
}

/// What the revision that was asked is made of: with the first decision that it makes for the campaign, and with each
/// checkpoint, because the journal may have been cleared or replaced meanwhile.
pub(super) fn revision(campaign: &mut Campaign, step: &Step, seat: &Seat) -> Option<Record> {
    let policy = seat.component()?;
    let was_asked = step.entry.proposal.is_some() || step.entry.fault.is_some();
    let is_known = campaign.journalled == Some(*policy.revision()) && !is_checkpoint(campaign);
    if !was_asked || is_known {
        return None;
    }
    campaign.journalled = Some(*policy.revision());
    let descriptor = policy.loaded().descriptor();
    let params: Vec<_> = policy.params().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Some(Record::Revision(Box::new(RevisionParts {
        revision: *policy.revision(),
        name: descriptor.name.clone(),
        version: descriptor.version.clone(),
        component: policy.loaded().digest().0,
        params: params.join(", "),
        exact: policy.recipe().encode(),
    })))
}

/// What a probation came to, at the decision that settled it.
pub(super) fn judgement(campaign: &Campaign, judgement: &Judgement, entry: &Entry) -> Record {
    let (name, level, message) = tell::judged(&campaign.policy, judgement, &campaign.config.id, entry.fault.as_ref());
    tell::event(campaign, name, level, &message);
    Record::Event(journal::Event { at: entry.at, campaign: None, level, name, message, exact: None })
}

/// A trouble's particulars, if they are not those of the step before.
fn news(campaign: &mut Campaign, detail: Option<&str>) -> Option<String> {
    if campaign.trouble.as_deref() == detail {
        return None;
    }
    campaign.trouble = detail.map(str::to_owned);
    campaign.trouble.clone()
}

const fn trouble_name(entry: &Entry) -> &'static str {
    match entry.reading {
        ReadingKind::Unusable(_) => "reading_unusable",
        ReadingKind::Failed(_) => "pacing_loop_error",
        ReadingKind::Delayed(_) => "reading_delayed",
        _ => "policy_fault",
    }
}

/// The campaign's state as it is now.
pub(super) fn state(campaign: &Campaign) -> Record {
    Record::State { campaign: campaign.config.id.clone(), bytes: exact::bytes(&campaign.state) }
}

/// Where a replay can start: the campaign as it is when paced starts, with all that stood in the journal.
pub(super) fn started(campaign: &Campaign, at: Timestamp) -> Record {
    anchor(campaign, Why::Started(env!("CARGO_PKG_VERSION").to_owned()), at)
}

/// The settings that a campaign has from here on, for a replay. Whoever changes `campaign.config` while paced runs
/// records this in the same batch as whatever else it records, after the change and before the next step.
pub(super) fn configured(campaign: &Campaign, at: Timestamp) -> Record {
    anchor(campaign, Why::Configured, at)
}

/// The state that a campaign has from here on, for a replay, where something changed it that core is not fed with.
#[expect(dead_code, reason = "for changes of a state by other than core's functions")]
pub(super) fn moved(campaign: &Campaign, what: &str, at: Timestamp) -> Record {
    anchor(campaign, Why::Changed(what.to_owned()), at)
}

fn anchor(campaign: &Campaign, why: Why, at: Timestamp) -> Record {
    let checkpoint = Checkpoint { state: campaign.state.clone(), config: (*campaign.config).clone() };
    quiet(campaign, &Quiet::Anchor(why, Box::new(checkpoint)), &exact::bytes(&campaign.state), at)
}

fn quiet(campaign: &Campaign, row: &Quiet, state: &[u8], at: Timestamp) -> Record {
    Record::Quiet(journal::QuietRow { at, campaign: campaign.config.id.clone(), exact: exact::of_quiet(row, state) })
}

/// These records, the first that the journal can take again: it has lost rows, and a replay must not stumble over that.
pub(super) fn after_a_loss(campaigns: &[Campaign], records: Vec<Record>, at: Timestamp) -> Vec<Record> {
    let lost = campaigns.iter().map(|campaign| quiet(campaign, &Quiet::Lost, &[], at));
    let found = campaigns.iter().map(|campaign| anchor(campaign, Why::Found, at));
    lost.chain(records).chain(found).collect()
}

/// What changed a campaign's state between two steps, with the state. Every such change is journalled, for replay; of a
/// read-back that found what was known nobody needs to be told.
pub(super) fn changed(
    campaign: &Campaign,
    before: &CampaignState,
    fed: &Fed,
    events_seen: &[Event],
    at: Timestamp,
) -> Vec<Record> {
    let state = exact::bytes(&campaign.state);
    let exact = exact::of_change(fed, events_seen, &state);
    let mut records: Vec<_> = events(campaign, events_seen, Some(&exact), at).collect();
    if events_seen.is_empty() {
        let told = match fed {
            Fed::Operated(command, _) => Some(("operator_command", command.as_str().to_owned())),
            Fed::Failed(failure, _) => Some(("read_back_failed", failure.message.clone())),
            Fed::TrialEnded(..) => Some(("policy_trial_ended", "what the revision before left is let go".to_owned())),
            Fed::ReadBack(found, _) if is_known(before, *found) => None,
            _ => Some(("read_back", in_words(campaign.state.setting))),
        };
        records.push(match told {
            Some((name, message)) => event(campaign, name, Level::Info, message, Some(exact), at),
            None => quiet(campaign, &Quiet::Fed(fed.clone()), &state, at),
        });
    }
    records.push(Record::State { campaign: campaign.config.id.clone(), bytes: state });
    records
}

fn is_known(before: &CampaignState, found: Setting) -> bool {
    before.knowledge == Knowledge::Confirmed && before.setting == found && before.unconfirmed.is_empty()
}

/// An outcome with the events that it caused, and the state.
pub(super) fn outcome(
    campaign: &Campaign,
    directive: &Directive,
    decision: DecisionId,
    outcome: Outcome,
    events_seen: &[Event],
    at: Timestamp,
) -> Vec<Record> {
    let kind = match &outcome {
        Outcome::Applied(_) => OutcomeKind::Applied,
        Outcome::Failed(_) | Outcome::Unknown => OutcomeKind::Failed,
        Outcome::Deferred(_) => OutcomeKind::Deferred,
        Outcome::Superseded => OutcomeKind::Superseded,
        Outcome::Found(_) => OutcomeKind::Unsent,
    };
    let message = detail(&outcome);
    let state = exact::bytes(&campaign.state);
    let exact = Some(exact::of_change(&Fed::Settled(directive.clone(), outcome, at), events_seen, &state));
    let mut records = vec![Record::Outcome(journal::Outcome { decision, at, kind, message, exact })];
    records.extend(events(campaign, events_seen, None, at));
    records.push(Record::State { campaign: campaign.config.id.clone(), bytes: state });
    records
}

fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Applied(_) | Outcome::Superseded => None,
        Outcome::Failed(failure) => Some(failure.message.clone()),
        Outcome::Deferred(why) => Some(why.clone()),
        Outcome::Found(found) => Some(format!("a person had set {}", in_words(*found))),
        Outcome::Unknown => Some("the platform does not know the campaign (404)".to_owned()),
    }
}

/// A directive that a dry run kept back, with the state.
pub(super) fn kept_back(campaign: &Campaign, decision: DecisionId, at: Timestamp) -> Vec<Record> {
    let state = exact::bytes(&campaign.state);
    let exact = Some(exact::of_change(&Fed::KeptBack(at), &[], &state));
    let (kind, message) = (OutcomeKind::Unsent, Some("dry run".to_owned()));
    let outcome = journal::Outcome { decision, at, kind, message, exact };
    vec![Record::Outcome(outcome), Record::State { campaign: campaign.config.id.clone(), bytes: state }]
}

/// The decision to leave a campaign as its `on_exit` says, which has led to its state as it is now.
pub(super) fn exit(campaign: &Campaign, directive: &Directive, id: DecisionId, at: Timestamp) -> Record {
    let (state, campaign_id) = (&campaign.state, &campaign.config.id);
    Record::Decision(Box::new(journal::Decision {
        exact: exact::of_exit(&Fed::Exit(at), directive, &exact::bytes(state)),
        ..journal::Decision::of_exit(id, campaign_id, &campaign.policy, directive, state, at)
    }))
}

fn events<'a>(
    campaign: &'a Campaign,
    events: &'a [Event],
    exact: Option<&'a [u8]>,
    at: Timestamp,
) -> impl Iterator<Item = Record> + 'a {
    events.iter().enumerate().map(move |(index, happened)| {
        let (name, level, message) = tell::in_short(happened);
        tell::event(campaign, name, level, &message);
        // What core was fed with stands with the first event only: it was fed once.
        let exact = exact.filter(|_| index == 0).map(<[u8]>::to_vec);
        event(campaign, name, level, message, exact, at)
    })
}

fn event(
    campaign: &Campaign,
    name: &'static str,
    level: Level,
    message: String,
    exact: Option<Vec<u8>>,
    at: Timestamp,
) -> Record {
    let campaign = Some(campaign.config.id.clone());
    Record::Event(journal::Event { at, campaign, level, name, message, exact })
}
