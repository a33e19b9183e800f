//! One campaign's replay: row by row, from the first whole state that there is.
//!
//! The replay goes on from its own state, never from the record's, until it meets a whole state that was recorded: that
//! is compared, and then taken over. So a difference shows again in what follows from it, up to the next checkpoint; the
//! first one is the one to look at.

use paced_core::config::CampaignConfig;
use paced_core::entry::Event;
use paced_core::people;
use paced_core::policy::Revision;
use paced_core::reading::Observation;
use paced_core::settle::{self, Fed};
use paced_core::state::CampaignState;
use paced_core::step::{Step, step};
use paced_core::time::{Moment, Timestamp};
use paced_core::trial;
use serde_json::json;

use super::compare::{self, Field};
use super::components::Components;
use super::open_loop::OpenLoop;
use super::report::{CampaignReport, Difference, Start, count};
use super::seat::Seat;
use super::words;
use crate::journal::exact::{self, Answer, Checkpoint, Opened, Quiet, Why};
use crate::journal::{self, Decision, DecisionId, DecisionRow, FedBy, JournalError};

/// Replays the rows of one campaign.
pub struct Replayer<'c, 'r> {
    components: &'c mut Components<'r>,
    report: CampaignReport,
    chain: Chain,
}

/// What is known of the campaign at the row that comes next.
enum Chain {
    /// Nothing yet: no whole state has come.
    NotBegun,
    /// Nothing any more, for this reason.
    Broken(&'static str),
    /// All of it.
    Held(Box<Held>),
}

/// A campaign as the replay has it.
struct Held {
    config: CampaignConfig,
    state: CampaignState,
    /// Whether the policy's own state is known: without its component it is not, up to the next whole state.
    is_whole: bool,
}

/// A row, as far as it concerns everything that is fed.
#[derive(Clone, Copy)]
struct Place<'f> {
    seq: i64,
    at: Timestamp,
    what: &'f str,
}

const OWN_ROW: &str = "its own row can't be used";
const NOT_ASKED: &str = "the record does not say that it was asked";
const DAMAGE: &str = "a row before can't be used, and no whole state has come since";
const LOSS: &str = "rows before could not be written, and no whole state has come since";

impl<'c, 'r> Replayer<'c, 'r> {
    /// A replay of `campaign`, before its first row.
    pub fn new(campaign: &str, components: &'c mut Components<'r>, open_loop: Option<OpenLoop>) -> Self {
        let report = CampaignReport { campaign: campaign.to_owned(), open_loop, ..CampaignReport::default() };
        Self { components, report, chain: Chain::NotBegun }
    }

    /// Decisions so far.
    #[must_use]
    pub const fn decisions(&self) -> u64 {
        self.report.decisions
    }

    /// Replays the next row.
    pub fn take(&mut self, row: &journal::Fed) {
        self.report.until = Some(row.at);
        match &row.by {
            FedBy::Decision { revision, checkpoint, columns } => {
                self.report.decisions += 1;
                let what = format!("decision {}", row.seq);
                let place = Place { seq: row.seq, at: row.at, what: &what };
                self.decision(place, &row.exact, *revision, columns.as_deref());
                if let Some(checkpoint) = checkpoint {
                    self.checkpoint(place, checkpoint);
                }
            }
            FedBy::Outcome(decision) => self.change(row, &format!("the outcome of decision {decision}")),
            FedBy::Event(name) => self.change(row, &format!("the event `{name}`")),
            FedBy::Quiet => self.quiet(row),
        }
    }

    /// The report, where the journal can't be read any further.
    #[must_use]
    pub fn break_off(mut self, error: &JournalError) -> CampaignReport {
        let last = self.report.until.map_or_else(|| "its start".to_owned(), |at| at.to_string());
        let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
        self.report.problem(None, format!("the rows after {last} can't be read: {error}{cause}"));
        self.report
    }

    /// The report at the end of the rows. `latest` is the campaign's latest state in the journal, unless there are later
    /// rows than those replayed.
    #[must_use]
    pub fn finish(mut self, latest: Option<&[u8]>) -> CampaignReport {
        let (Some(latest), Chain::Held(held)) = (latest, &self.chain) else { return self.report };
        self.report.states += 1;
        let is_same = held.is_whole && exact::bytes(&held.state) == latest;
        if !is_same {
            match postcard::from_bytes::<CampaignState>(latest) {
                Ok(latest) => {
                    let place = Place { seq: 0, at: self.report.until.unwrap_or_default(), what: "the latest state" };
                    self.hold_to(place, &latest, None);
                }
                Err(error) => {
                    self.report.states_differing += 1;
                    self.report.problem(None, format!("the campaign's latest state can't be read: {error}"));
                }
            }
        }
        self.report
    }

    // ---- decisions ---------------------------------------------------------------------------------------------

    fn decision(
        &mut self,
        place: Place<'_>,
        exact: &[u8],
        revision: Option<Revision>,
        columns: Result<&DecisionRow, &String>,
    ) {
        let opened = match Opened::of(exact) {
            Ok(opened) => opened,
            Err(error) => return self.unusable_decision(place, &error.to_string()),
        };
        let fed = opened.step().or_else(|_| opened.fed().map(|fed| (fed, Answer::Component)));
        match (fed, columns) {
            (Ok((fed @ Fed::Step(..), answer)), Ok(columns)) => self.step(place, &opened, &fed, &answer, columns),
            (Ok((Fed::Step(observation, moment), answer)), Err(wrong)) => {
                self.not_compared(OWN_ROW);
                self.report.problem(Some(place.seq), format!("{}: {wrong}", place.what));
                self.go_on(&opened, observation.as_ref(), &moment, &answer, revision);
            }
            (Ok((fed @ Fed::Exit(at), _)), Ok(columns)) => self.exit(place, &opened, &fed, at, columns),
            (Ok((Fed::Exit(_), _)), Err(wrong)) => self.unusable_decision(place, wrong),
            _ => self.unusable_decision(place, "its exact bytes are of something other than a decision"),
        }
    }

    /// Takes a step whose columns can't be compared, if its sum says that it is the right one.
    fn go_on(
        &mut self,
        opened: &Opened<'_>,
        observation: Option<&Observation>,
        moment: &Moment,
        answer: &Answer,
        revision: Option<Revision>,
    ) {
        let Chain::Held(held) = &mut self.chain else { return };
        let memory = &held.state.policy;
        let seat = match (answer, revision.map(|revision| self.components.get(revision))) {
            (Answer::Component, Some(Ok(policy))) => Some(Seat::component(policy)),
            (Answer::Fault(fault), Some(Ok(policy))) => Some(Seat::faulted(policy, fault.clone())),
            (Answer::Component, None) => Some(Seat::vacant(NOT_ASKED, memory)),
            (Answer::Vacant(why), _) => Some(Seat::vacant(why, memory)),
            (_, None | Some(Err(_))) => None,
        };
        let before = held.state.stepped_at;
        let stepped = seat.map(|mut seat| step(&held.config, held.state.clone(), observation, &mut seat, moment));
        match stepped {
            Some(stepped) if opened.came_to_step(before, &stepped, &exact::bytes(&stepped.state)) => {
                held.state = stepped.state;
            }
            _ => self.chain = Chain::Broken(DAMAGE),
        }
    }

    fn unusable_decision(&mut self, place: Place<'_>, why: &str) {
        self.not_compared(OWN_ROW);
        self.break_chain(place, why);
    }

    fn break_chain(&mut self, place: Place<'_>, why: &str) {
        self.report.problem(Some(place.seq), format!("{}: {why}", place.what));
        if matches!(self.chain, Chain::Held(_)) {
            self.chain = Chain::Broken(DAMAGE);
        }
    }

    fn not_compared(&mut self, why: &str) {
        match self.chain {
            Chain::NotBegun => self.report.before_start += 1,
            Chain::Broken(_) | Chain::Held(_) => count(&mut self.report.not_compared, why),
        }
    }

    /// Takes what is held out, or counts the decision as not compared.
    fn take_held(&mut self) -> Option<Box<Held>> {
        match std::mem::replace(&mut self.chain, Chain::NotBegun) {
            Chain::Held(held) => Some(held),
            Chain::NotBegun => {
                self.report.before_start += 1;
                None
            }
            Chain::Broken(why) => {
                self.chain = Chain::Broken(why);
                count(&mut self.report.not_compared, why);
                None
            }
        }
    }

    fn step(&mut self, place: Place<'_>, opened: &Opened<'_>, fed: &Fed, answer: &Answer, columns: &DecisionRow) {
        let Fed::Step(observation, moment) = fed else { return };
        let Some(mut held) = self.take_held() else { return };
        if let Some(open_loop) = &mut self.report.open_loop {
            open_loop.ask(&held.config, &held.state, observation.as_ref(), moment, columns);
        }
        let before = held.state.stepped_at;
        let (mut seat, missing) = self.seat(&held, answer, columns);
        held.is_whole &= missing.is_none();
        let stepped = step(&held.config, held.state.clone(), observation.as_ref(), &mut seat, moment);
        let state = exact::bytes(&stepped.state);
        let replayed = Decision::of_step(DecisionId::new(place.seq), &self.report.campaign, &columns.policy, &stepped);
        let fields = compare::columns(columns, &replayed);
        let is_sum_right = !held.is_whole || opened.came_to_step(before, &stepped, &state);
        if fields.iter().any(Field::differs) || !is_sum_right {
            self.report.differing += 1;
            let notes = notes(&stepped, &held, is_sum_right);
            let difference = Difference { notes, ..difference(place, Some(fed), fields) };
            self.report.differ(difference);
        } else if held.is_whole {
            self.report.identical += 1;
        } else {
            let why = missing.unwrap_or_else(|| "its component's own state is not known".to_owned());
            count(&mut self.report.on_recorded_proposals, &why);
        }
        held.state = stepped.state;
        self.chain = Chain::Held(held);
    }

    /// Who answers, and why it is not the component where it can't be had.
    fn seat(&mut self, held: &Held, answer: &Answer, columns: &DecisionRow) -> (Seat, Option<String>) {
        let memory = &held.state.policy;
        let (revision, fault) = match (answer, columns.revision) {
            (Answer::Vacant(why), _) => return (Seat::vacant(why, memory), None),
            (_, None) => return (Seat::vacant(NOT_ASKED, memory), None),
            (Answer::Component, Some(revision)) => (revision, None),
            (Answer::Fault(fault), Some(revision)) => (revision, Some(fault.clone())),
        };
        let missing = match (self.components.get(revision), fault) {
            (Ok(policy), Some(fault)) => return (Seat::faulted(policy, fault), None),
            (Ok(policy), None) if held.is_whole => return (Seat::component(policy), None),
            (Ok(_), None) => "its component's own state is not known".to_owned(),
            (Err(why), _) => why,
        };
        let is_fault = columns.reasons.split(',').any(|reason| reason == "fault");
        (Seat::recorded(revision, columns.proposal, is_fault, memory), Some(missing))
    }

    fn exit(&mut self, place: Place<'_>, opened: &Opened<'_>, fed: &Fed, at: Timestamp, columns: &DecisionRow) {
        let Some(mut held) = self.take_held() else { return };
        let Some(directive) = settle::exit(&held.config, &held.state) else {
            self.report.differing += 1;
            let fields = vec![Field::new("sends", json!(columns.sends), json!(false))];
            self.report.differ(difference(place, Some(fed), fields));
            self.chain = Chain::Held(held);
            return;
        };
        held.state = settle::exiting(held.state, &directive);
        let (id, campaign) = (DecisionId::new(place.seq), &self.report.campaign);
        let replayed = Decision::of_exit(id, campaign, &columns.policy, &directive, &held.state, at);
        let fields = compare::columns(columns, &replayed);
        let is_sum_right = !held.is_whole || opened.came_to_exit(&directive, &exact::bytes(&held.state));
        if fields.iter().any(Field::differs) || !is_sum_right {
            self.report.differing += 1;
            self.report.differ(difference(place, Some(fed), fields));
        } else {
            self.report.identical += 1;
        }
        self.chain = Chain::Held(held);
    }

    // ---- everything else that core is fed with -------------------------------------------------------------------

    fn change(&mut self, row: &journal::Fed, what: &str) {
        let place = Place { seq: row.seq, at: row.at, what };
        match Opened::of(&row.exact).and_then(|opened| Ok((opened, opened.fed()?))) {
            Ok((opened, fed)) => {
                self.feed(place, &fed, |events, state| opened.came_to_change(events, state));
            }
            Err(error) => self.break_chain(place, &error.to_string()),
        }
    }

    fn feed(&mut self, place: Place<'_>, fed: &Fed, came_to: impl FnOnce(&[Event], &[u8]) -> bool) {
        let Chain::Held(held) = &mut self.chain else { return };
        self.report.changes += 1;
        let fields = match apply(held, fed) {
            Err(why) => vec![Field::new("taken", json!(true), json!(why))],
            Ok((at, _)) if at != place.at => {
                vec![Field::new("at_ms", json!(place.at.as_millis()), json!(at.as_millis()))]
            }
            Ok((_, events)) if held.is_whole && !came_to(&events, &exact::bytes(&held.state)) => {
                vec![Field::new("sum of events and state", json!("as recorded"), json!("another"))]
            }
            Ok(_) => return,
        };
        let setting = held.state.setting;
        self.report.changes_differing += 1;
        let notes = vec![format!("in force after it: {} at {}", setting.status.as_str(), setting.ratio)];
        self.report.differ(Difference { notes, ..difference(place, Some(fed), fields) });
    }

    // ---- quiet rows and whole states -----------------------------------------------------------------------------

    fn quiet(&mut self, row: &journal::Fed) {
        let place = Place { seq: row.seq, at: row.at, what: "a row that only a replay needs" };
        let opened = Opened::of(&row.exact).and_then(|opened| Ok((opened, opened.quiet()?)));
        match opened {
            Ok((opened, Quiet::Fed(fed))) => {
                let place = Place { what: "a read-back that found what was known", ..place };
                self.feed(place, &fed, |events, state| events.is_empty() && opened.came_to_quiet(state));
            }
            Ok((_, Quiet::Lost)) => {
                self.report.problem(Some(row.seq), "the journal could not take rows before this one".to_owned());
                self.chain = Chain::Broken(LOSS);
            }
            Ok((_, Quiet::Anchor(why, checkpoint))) => self.anchor(place, &why, *checkpoint),
            Err(error) => self.break_chain(place, &error.to_string()),
        }
    }

    fn anchor(&mut self, place: Place<'_>, why: &Why, checkpoint: Checkpoint) {
        let Checkpoint { state, config } = &checkpoint;
        if let Chain::Held(held) = &mut self.chain {
            match why {
                Why::Started(_) => {
                    // A clock that went back moves all instants with it, this one to the time of the start.
                    let now = state.stepped_at.unwrap_or(place.at);
                    held.state = held.state.clone().recovered(now);
                    if *state == CampaignState::new(config) && held.state != *state {
                        held.state = state.clone();
                        let afresh = "paced started afresh: it could not read the state that it had left".to_owned();
                        self.report.problem(Some(place.seq), afresh);
                    }
                    self.report.restarts += 1;
                    self.report.states += 1;
                    self.hold_to(Place { what: "the state that paced started from", ..place }, state, None);
                }
                Why::Configured => {
                    self.report.reconfigured += 1;
                    self.report.states += 1;
                    self.hold_to(Place { what: "the state while the settings changed", ..place }, state, None);
                }
                Why::Changed(_) | Why::Found => {}
            }
        }
        let from = match why {
            Why::Started(version) => format!("the start of paced {version}"),
            Why::Configured => "a change of its settings".to_owned(),
            Why::Changed(what) => format!("a change of its state: {what}"),
            Why::Found => "where the journal could be written again".to_owned(),
        };
        self.adopt(place, from, checkpoint);
    }

    fn checkpoint(&mut self, place: Place<'_>, bytes: &[u8]) {
        match Opened::of(bytes).and_then(|opened| opened.checkpoint()) {
            Ok(checkpoint) => {
                if let Chain::Held(_) = self.chain {
                    self.report.states += 1;
                    let what = format!("the checkpoint after {}", place.what);
                    self.hold_to(Place { what: &what, ..place }, &checkpoint.state, Some(&checkpoint.config));
                }
                self.adopt(place, format!("the checkpoint after {}", place.what), checkpoint);
            }
            Err(error) => {
                self.report.problem(Some(place.seq), format!("the checkpoint after {}: {error}", place.what));
            }
        }
    }

    fn adopt(&mut self, place: Place<'_>, from: String, checkpoint: Checkpoint) {
        let Checkpoint { state, config } = checkpoint;
        self.report.start.get_or_insert(Start { seq: place.seq, at: place.at, from });
        self.chain = Chain::Held(Box::new(Held { config, state, is_whole: true }));
    }

    /// Holds the replay's state, and its settings where they are given, to the record's.
    fn hold_to(&mut self, place: Place<'_>, state: &CampaignState, config: Option<&CampaignConfig>) {
        let Chain::Held(held) = &self.chain else { return };
        let mut own = held.state.clone();
        if !held.is_whole {
            own.policy.clone_from(&state.policy);
        }
        let mut fields = compare::states(state, &own);
        if let Some(config) = config.filter(|config| **config != held.config) {
            fields.push(Field::new("settings", json!(config), json!(held.config)));
        }
        if fields.is_empty() && exact::bytes(state) != exact::bytes(&own) {
            fields.push(Field::new("state", json!("as recorded"), json!("another, to the bit")));
        }
        if !fields.is_empty() {
            self.report.states_differing += 1;
            self.report.differ(difference(place, None, fields));
        }
    }
}

/// Feeds core, and gives when that was with the events that came of it.
fn apply(held: &mut Held, fed: &Fed) -> Result<(Timestamp, Vec<Event>), String> {
    let state = held.state.clone();
    let (at, (state, events)) = match fed {
        Fed::Settled(directive, outcome, at) => (*at, settle::settle(&held.config, state, directive, outcome, *at)),
        Fed::ReadBack(found, at) => (*at, people::read_back(state, *found, *at)),
        Fed::ReadBackDry(found, at) => (*at, people::read_back_dry(state, *found, *at)),
        Fed::ReadBackUnavailable(at) => (*at, people::read_back_unavailable(state, *at)),
        Fed::Failed(_, at) => (*at, settle::failed(&held.config, state, *at)),
        Fed::Operated(command, at) => (*at, people::operate(state, *command)?),
        Fed::KeptBack(at) => (*at, (settle::kept_back(state), Vec::new())),
        Fed::TrialEnded(end, at) => (*at, trial::end(state, *end)),
        Fed::Step(..) | Fed::Exit(_) => return Err("its exact bytes are of a decision".to_owned()),
    };
    held.state = state;
    Ok((at, events))
}

fn difference(place: Place<'_>, fed: Option<&Fed>, fields: Vec<Field>) -> Difference {
    let Place { seq, at, what } = place;
    let (summary, fed) = (fed.map(words::of).unwrap_or_default(), json!(fed));
    Difference { seq, at, what: what.to_owned(), summary, fed, fields, notes: Vec::new() }
}

/// What the journal keeps of a decision only as a sum.
fn notes(stepped: &Step, held: &Held, is_sum_right: bool) -> Vec<String> {
    let entry = &stepped.entry;
    let mut notes = Vec::new();
    if let Some(proposal) = &entry.proposal {
        let signals: Vec<_> = proposal.signals.iter().map(|(name, value)| format!("{name} {value}")).collect();
        notes.push(format!("the policy's reason: {:?}; signals: {}", proposal.reason, none_or(&signals.join(", "))));
        let bytes = proposal.state.len();
        notes.push(format!("the policy's state: {bytes} bytes after {}", held.state.policy.state.len()));
    }
    if let Some(fault) = &entry.fault {
        notes.push(format!("the policy's fault: {fault}"));
    }
    if !entry.events.is_empty() {
        notes.push(format!("events: {:?}", entry.events));
    }
    if !is_sum_right {
        notes.push(
            "the sum of proposal, directive, events and state is not the recorded one, or a step before is missing"
                .to_owned(),
        );
    }
    notes
}

fn none_or(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
