//! Replays of a day that core itself went through, as it was recorded and with every kind of damage.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use paced_core::config::CampaignConfig;
use paced_core::entry::Event;
use paced_core::people;
use paced_core::policy::Policy;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Observation, Report, Setting, Status};
use paced_core::settle::{self, Fed, Outcome};
use paced_core::state::CampaignState;
use paced_core::step::step;
use paced_core::time::{Moment, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::journal::exact::{self, Answer, Checkpoint, Quiet, Why};
use crate::journal::{
    self, Decision, FedBy, Journal, JournalConfig, Level, OutcomeKind, QuietRow, Record, RevisionParts,
};
use crate::shipped;
use crate::wasm::tests::{Hand, engine};
use crate::wasm::{Limits, WasmPolicy};

/// 2026-03-02 09:00:00 UTC.
const NINE: Timestamp = Timestamp::from_millis(1_772_442_000_000);
/// Decisions of the day.
const DECISIONS: u64 = 40;
/// A decision in so many has a checkpoint.
const CHECKPOINT_EVERY: u64 = 10;

fn wasm(component: &[u8]) -> WasmPolicy {
    WasmPolicy::new(Arc::new(engine().load(component, &Limits::default()).unwrap()), &[]).unwrap()
}

fn shipped(name: &str) -> WasmPolicy {
    wasm(shipped::find(name).unwrap())
}

/// Writes down what a campaign goes through, as the daemon does.
struct Scribe {
    config: CampaignConfig,
    state: CampaignState,
    policy: WasmPolicy,
    now: Timestamp,
    decisions: u64,
    records: Vec<Record>,
}

impl Scribe {
    fn new(policy: WasmPolicy) -> Self {
        let config = CampaignConfig::with_defaults("1", 20);
        let state = CampaignState::new(&config);
        Self { config, state, policy, now: NINE, decisions: 0, records: Vec::new() }
    }

    fn quiet(&mut self, quiet: &Quiet) {
        let exact = exact::of_quiet(quiet, &exact::bytes(&self.state));
        self.records.push(Record::Quiet(QuietRow { at: self.now, campaign: "1".to_owned(), exact }));
    }

    fn lost(&mut self) {
        let exact = exact::of_quiet(&Quiet::Lost, &[]);
        self.records.push(Record::Quiet(QuietRow { at: self.now, campaign: "1".to_owned(), exact }));
    }

    fn anchor(&mut self, why: Why) {
        let checkpoint = Checkpoint { state: self.state.clone(), config: self.config.clone() };
        self.quiet(&Quiet::Anchor(why, Box::new(checkpoint)));
    }

    fn read_back(&mut self) {
        let (fed, before) = (Fed::ReadBack(self.state.setting, self.now), self.state.clone());
        let events: Vec<Event>;
        (self.state, events) = people::read_back(before, self.state.setting, self.now);
        if self.decisions > 0 {
            return self.quiet(&Quiet::Fed(fed));
        }
        let exact = Some(exact::of_change(&fed, &events, &exact::bytes(&self.state)));
        self.records.push(Record::Event(journal::Event {
            at: self.now,
            campaign: Some("1".to_owned()),
            level: Level::Info,
            name: "read_back",
            message: String::new(),
            exact,
        }));
    }

    fn decide(&mut self, journal: &Journal, observation: Option<Observation>) {
        self.now = self.now + self.config.poll_interval;
        self.decisions += 1;
        let moment = Moment { now: self.now, day: 20_514, month_start_day: 20_513, shift_end: None };
        let before = self.state.stepped_at;
        let stepped = step(&self.config, self.state.clone(), observation.as_ref(), &mut self.policy, &moment);
        let (id, state) = (journal.next_id(), exact::bytes(&stepped.state));
        let has_checkpoint = self.decisions % CHECKPOINT_EVERY == 1;
        self.records.push(Record::Decision(Box::new(Decision {
            exact: exact::of_step(&Fed::Step(observation, moment), &Answer::Component, before, &stepped, &state),
            checkpoint: has_checkpoint.then(|| exact::of_checkpoint(&state, &self.config)),
            ..Decision::of_step(id, "1", "mine", &stepped)
        })));
        self.state = stepped.state;
        if let Some(directive) = stepped.directive {
            self.now = self.now + Duration::from_millis(300);
            let (outcome, events) = (Outcome::Applied(Some(directive.setting)), Vec::new());
            (self.state, _) = settle::settle(&self.config, self.state.clone(), &directive, &outcome, self.now);
            let fed = Fed::Settled(directive, outcome, self.now);
            let exact = Some(exact::of_change(&fed, &events, &exact::bytes(&self.state)));
            let (decision, at, kind) = (id, self.now, OutcomeKind::Applied);
            self.records.push(Record::Outcome(journal::Outcome { decision, at, kind, message: None, exact }));
        }
    }

    /// The bytes of the quiet row that was written last.
    fn exact(&mut self) -> Vec<u8> {
        match self.records.pop() {
            Some(Record::Quiet(row)) => row.exact,
            other => panic!("{other:?} is no quiet row"),
        }
    }

    fn revision(&mut self) {
        self.records.push(Record::Revision(Box::new(RevisionParts {
            revision: *self.policy.revision(),
            name: self.policy.name().to_owned(),
            version: "1.0.0".to_owned(),
            component: self.policy.loaded().digest().0,
            params: String::new(),
            exact: self.policy.recipe().encode(),
        })));
    }
}

/// Calls that come in steadily, half of the late ones being abandoned, for agents who come and go.
fn reports(now: Timestamp, n: u64) -> Observation {
    let date_from = now.floor_to(Duration::from_secs(300));
    let in_bucket = u32::try_from(now.since(date_from).as_secs() / 15).unwrap();
    let abandoned = if n > 25 { in_bucket / 2 } else { 0 };
    let report = Report {
        date_from,
        date_to: now,
        offered: in_bucket,
        answered: in_bucket - abandoned,
        abandoned,
        wrap_up_s_mean: Some(21.5),
        agents_available: 1.0,
        agents_busy: if n.is_multiple_of(2) { 2.0 } else { 18.0 },
    };
    Observation::Reports { platform_now: now, reports: vec![report] }
}

/// A journal, its rows, and the campaign's latest state.
struct Recorded {
    _dir: TempDir,
    rows: Vec<journal::Fed>,
    latest: Vec<u8>,
    /// Loaded once for all replays of a test. The reader that they borrow lives as long as the tests do.
    components: RefCell<Components<'static>>,
}

impl Recorded {
    fn of(policy: WasmPolicy) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let journal = Journal::open(dir.path(), JournalConfig::default()).unwrap();
        let mut scribe = Scribe::new(policy);
        scribe.anchor(Why::Started("0.0.1".to_owned()));
        scribe.read_back();
        runtime.block_on(journal.record(std::mem::take(&mut scribe.records))).unwrap();
        for n in 1..=DECISIONS {
            let now = scribe.now + scribe.config.poll_interval;
            let observation = match n {
                7 | 8 => Some(Observation::Quiet),
                30 => None,
                _ => Some(reports(now, n)),
            };
            scribe.decide(&journal, observation);
            if n % 4 == 0 {
                scribe.read_back();
            }
            runtime.block_on(journal.record(std::mem::take(&mut scribe.records))).unwrap();
        }
        scribe.revision();
        let latest = exact::bytes(&scribe.state);
        scribe.records.push(Record::State { campaign: "1".to_owned(), bytes: latest.clone() });
        runtime.block_on(journal.record(scribe.records)).unwrap();
        runtime.block_on(journal.close()).unwrap();
        let reader: &JournalReader = Box::leak(Box::new(JournalReader::open(dir.path()).unwrap()));
        let rows = reader.replay("1", 0).collect::<Result<_, _>>().unwrap();
        let components = RefCell::new(Components::new(engine().clone(), reader, "nowhere".into()));
        Self { _dir: dir, rows, latest, components }
    }

    /// The day under the default policy.
    fn day() -> Self {
        Self::of(shipped("proportional"))
    }

    fn replay(&self, rows: &[journal::Fed], open_loop: Option<OpenLoop>) -> CampaignReport {
        self.replay_to(rows, Some(&self.latest), open_loop)
    }

    fn replay_to(&self, rows: &[journal::Fed], latest: Option<&[u8]>, open_loop: Option<OpenLoop>) -> CampaignReport {
        let mut components = self.components.borrow_mut();
        let mut replayer = Replayer::new("1", &mut components, open_loop);
        rows.iter().for_each(|row| replayer.take(row));
        replayer.finish(latest)
    }

    /// The rows, and one more that says that paced started from `state`.
    fn and_a_start_from(&self, state: CampaignState) -> Vec<journal::Fed> {
        let mut scribe = Scribe::new(shipped("proportional"));
        scribe.state = state;
        scribe.anchor(Why::Started("0.0.1".to_owned()));
        let last = self.rows.last().unwrap();
        let row = journal::Fed { seq: last.seq + 1, by: FedBy::Quiet, exact: scribe.exact(), ..last.clone() };
        self.rows.iter().cloned().chain([row]).collect()
    }
}

#[test]
fn a_day_comes_out_the_same() {
    let day = Recorded::day();
    let report = day.replay(&day.rows, None);
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.decisions, report.identical, report.before_start), (DECISIONS, DECISIONS, 0));
    let outcomes = day.rows.iter().filter(|row| matches!(row.by, FedBy::Outcome(_))).count() as u64;
    assert_eq!(report.changes, outcomes + 1 + DECISIONS / 4, "outcomes and read-backs");
    assert_eq!(report.states, DECISIONS / CHECKPOINT_EVERY + 1);
    assert_eq!(report.start.map(|start| start.from), Some("the start of paced 0.0.1".to_owned()));
}

#[test]
fn what_retention_left_is_replayed_from_its_first_checkpoint() {
    let day = Recorded::day();
    let cut = day.rows.iter().position(|row| matches!(row.by, FedBy::Decision { .. })).unwrap() + 1;
    let report = day.replay(&day.rows[cut..], None);
    assert!(report.is_clean(), "{report:#?}");
    // Up to the one that has the checkpoint.
    assert_eq!((report.before_start, report.identical), (10, DECISIONS - 11));
    assert!(report.start.unwrap().from.starts_with("the checkpoint after decision "));
}

#[test]
fn every_row_that_is_missing_is_missed() {
    let day = Recorded::day();
    for gone in 1..day.rows.len() {
        // Where the campaign was read back right after, it is known all the same what became of the directive.
        if day.rows.get(gone + 1).is_some_and(|next| next.by == FedBy::Quiet) {
            continue;
        }
        let mut rows = day.rows.clone();
        let row = rows.remove(gone);
        let report = day.replay(&rows, None);
        assert!(!report.is_clean(), "without {row:#?}");
    }
}

#[test]
fn other_settings_make_a_difference_which_is_shown() {
    let day = Recorded::day();
    let mut rows = day.rows.clone();
    // From the second checkpoint to the third.
    let mut checkpoints = rows.iter_mut().filter_map(|row| match &mut row.by {
        FedBy::Decision { checkpoint, .. } => checkpoint.as_mut(),
        _ => None,
    });
    let bytes = checkpoints.nth(1).unwrap();
    let Checkpoint { state, mut config } = exact::Opened::of(bytes).unwrap().checkpoint().unwrap();
    config.ramp_up *= 1.1;
    *bytes = exact::of_checkpoint(&exact::bytes(&state), &config);
    let report = day.replay(&rows, None);
    assert_eq!(report.differences[0].fields[0].name, "settings", "the settings themselves");
    let decision = report.differences.iter().find(|difference| difference.what.starts_with("decision")).unwrap();
    let differing: Vec<_> = decision.fields.iter().filter(|field| field.differs()).collect();
    let field = |name: &str, recorded, replayed| Field { name: name.to_owned(), recorded, replayed };
    assert_eq!(differing, [&field("ratio", json!(1.2), json!(1.25))]);
    assert!(decision.summary.contains("1 available, 2 busy"), "{decision:#?}");
    assert_eq!(report.identical, DECISIONS - report.differing);
    assert!((1..10).contains(&report.differing), "the third checkpoint mends it: {report:#?}");
}

#[test]
fn a_column_that_is_wrong_is_named_and_the_rest_goes_on() {
    let day = Recorded::day();
    let mut rows = day.rows.clone();
    let mut seen = 0;
    for row in &mut rows {
        let FedBy::Decision { columns, .. } = &mut row.by else { continue };
        seen += 1;
        match (seen, columns) {
            (5, columns) => *columns = Err("99.99 does not belong in the column ratio".to_owned()),
            (9, Ok(columns)) => columns.ratio = DialRatio::MAX,
            _ => {}
        }
    }
    let report = day.replay(&rows, None);
    assert_eq!((report.identical, report.differing), (DECISIONS - 2, 1), "{report:#?}");
    assert!(report.problems[0].what.contains("99.99 does not belong in the column ratio"));
    assert!(report.differences[0].fields.iter().any(|field| field.name == "ratio" && field.differs()));
}

#[test]
fn without_its_component_all_but_the_proposals_is_replayed() {
    // It is in no folder, and built into no paced.
    let day = Recorded::of(wasm(&Hand::deciding("(call $answer (f64.const 1.75))").component()));
    let report = day.replay(&day.rows, None);
    let on_recorded: u64 = report.on_recorded_proposals.values().sum();
    assert_eq!((report.differing, report.identical + on_recorded), (0, DECISIONS), "{report:#?}");
    assert!(on_recorded > 30 && !report.is_clean());
    assert!(report.on_recorded_proposals.keys().any(|why| why.contains("is not in nowhere")), "{report:#?}");

    let mut rows = day.rows.clone();
    let columns = rows.iter_mut().filter_map(|row| match &mut row.by {
        FedBy::Decision { columns: Ok(columns), .. } => Some(columns),
        _ => None,
    });
    columns.last().unwrap().ratio = DialRatio::MIN;
    assert_eq!(day.replay(&rows, None).differing, 1, "the guard is replayed all the same");
}

#[test]
fn rows_that_could_not_be_written_are_counted_and_bridged() {
    let day = Recorded::day();
    let mut scribe = Scribe::new(shipped("proportional"));
    scribe.lost();
    let mut rows = day.rows.clone();
    // Everything from the middle of the third stretch between checkpoints up to its end is lost.
    let of = |n: usize| {
        let is_decision = |(_, row): &(usize, &journal::Fed)| matches!(row.by, FedBy::Decision { .. });
        day.rows.iter().enumerate().filter(is_decision).nth(n).unwrap().0
    };
    let (from, to) = (of(24), of(28));
    let marker = journal::Fed { by: FedBy::Quiet, exact: scribe.exact(), ..day.rows[from].clone() };
    rows.splice(from..to, [marker]);
    let report = day.replay(&rows, None);
    assert_eq!((report.differing, report.problems_count), (0, 1), "{report:#?}");
    assert_eq!(report.not_compared.values().sum::<u64>(), 3, "up to the checkpoint");
    assert_eq!(report.identical, DECISIONS - 4 - 3);
}

#[test]
fn another_policy_is_asked_and_ruled_on_beside_the_record() {
    let day = Recorded::day();
    let ask = |policy| day.replay(&day.rows, Some(OpenLoop::new(policy))).open_loop.unwrap();
    let same = ask(shipped("proportional"));
    assert_eq!((same.differing, same.ruled_otherwise, same.recorded), (0, 0, same.other));
    assert_eq!((same.mean(), same.largest.len()), (Some(0.0), 0));

    let bold = ask(wasm(&Hand::deciding("(call $answer (f64.const 5))").component()));
    assert_eq!(bold.other.asked, bold.recorded.asked);
    assert!(bold.other.raises_over_limit > 0 && bold.other.guarded > bold.recorded.guarded, "{bold:?}");
    assert_eq!((bold.largest.len(), bold.largest[0].distance()), (10, bold.max));
    assert!(bold.largest.is_sorted_by(|one, next| one.distance() >= next.distance()));

    let broken = ask(wasm(&Hand::deciding("unreachable").component()));
    assert!(broken.other.faults > 0 && broken.other.fallbacks > 0 && broken.both == 0, "{broken:?}");
    assert_eq!(broken.mean(), None);
}

#[test]
fn a_restart_must_go_on_from_what_was_left() {
    let day = Recorded::day();
    let last = day.rows.last().unwrap().at;
    let left: CampaignState = postcard::from_bytes(&day.latest).unwrap();
    let start = |state| day.replay_to(&day.and_a_start_from(state), None, None);
    // The clock may have gone back meanwhile, as after a rehearsal.
    for now in [last, last - Duration::from_secs(3600)] {
        let report = start(left.clone().recovered(now));
        assert!(report.is_clean() && report.restarts == 1, "{report:#?}");
    }
    let setting = Setting { ratio: DialRatio::MAX, status: Status::Active };
    let report = start(CampaignState { setting, ..left.recovered(last) });
    assert_eq!(report.states_differing, 1);
    assert_eq!(report.differences[0].fields[0].name, "state.setting.ratio");
}

#[test]
fn a_start_that_found_nothing_readable_is_told() {
    let day = Recorded::day();
    let afresh = CampaignState::new(&CampaignConfig::with_defaults("1", 20));
    let report = day.replay_to(&day.and_a_start_from(afresh), None, None);
    assert_eq!((report.states_differing, report.problems_count), (0, 1), "{report:#?}");
    assert!(report.problems[0].what.contains("afresh"));
}

/// The bytes that a flip can hit: each row's exact ones, and those of its checkpoint.
fn blobs(rows: &mut [journal::Fed]) -> impl Iterator<Item = &mut Vec<u8>> {
    rows.iter_mut().flat_map(|row| {
        let checkpoint = match &mut row.by {
            FedBy::Decision { checkpoint, .. } => checkpoint.as_mut(),
            _ => None,
        };
        std::iter::once(&mut row.exact).chain(checkpoint)
    })
}

/// The rows with other bytes in one place.
fn with_another(
    rows: &[journal::Fed],
    place: prop::sample::Index,
    change: impl FnOnce(&mut Vec<u8>),
) -> Vec<journal::Fed> {
    let mut rows = rows.to_vec();
    let count = blobs(&mut rows).count();
    change(blobs(&mut rows).nth(place.index(count)).unwrap());
    rows
}

#[test]
fn a_flipped_bit_is_always_found() {
    let day = Recorded::day();
    proptest!(ProptestConfig::with_cases(128), |(place: prop::sample::Index, bit: prop::sample::Index)| {
        let rows = with_another(&day.rows, place, |bytes| {
            let bit = bit.index(8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        });
        prop_assert!(!day.replay(&rows, None).is_clean());
    });
}

#[test]
fn any_bytes_can_be_replayed() {
    let day = Recorded::day();
    let garbage = prop::collection::vec(any::<u8>(), 0..120);
    proptest!(ProptestConfig::with_cases(128), |(garbage in garbage, place: prop::sample::Index, is_sealed: bool)| {
        let garbage = if is_sealed { exact::sealed(garbage) } else { garbage };
        let rows = with_another(&day.rows, place, |bytes| *bytes = garbage);
        prop_assert!(!day.replay(&rows, None).is_clean());
    });
}
