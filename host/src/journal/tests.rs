//! The journal as a whole: what is recorded is read again, whatever happens to the process or the file between.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use paced_core::policy::Revision;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// 2026-03-02 09:00:00 UTC.
const NINE: Timestamp = Timestamp::from_millis(1_772_442_000_000);

fn open(dir: &TempDir) -> Journal {
    Journal::open(dir.path(), JournalConfig::default()).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    NINE + Duration::from_secs(seconds)
}

fn decision(id: DecisionId, campaign: &str, at: Timestamp) -> Decision {
    Decision {
        id,
        at,
        campaign: campaign.to_owned(),
        policy: "proportional".to_owned(),
        revision: Some(Revision([0xa1; 32])),
        arm: None,
        ratio_before: DialRatio::ONE,
        proposal: Some(1.437_219),
        ruled: Setting { ratio: DialRatio::from_hundredths_clamped(144), status: Status::Active },
        sends: true,
        cause: "tick",
        reasons: "ramp-up,rounded".to_owned(),
        utilization: Some(0.831),
        agents_available: Some(3.0),
        agents_busy: Some(17.0),
        answered: 125,
        abandoned: 4,
        abandonment: Some(4.0 / 129.0),
        reading: "fresh",
        reading_age: Some(Duration::from_millis(1_400)),
        fuel: Some(48_211),
        took: Duration::from_micros(61),
        breaker: "closed",
        exact: vec![7; 60],
        checkpoint: None,
    }
}

fn outcome(decision: DecisionId, at: Timestamp, kind: OutcomeKind) -> Record {
    Record::Outcome(Outcome { decision, at, kind, message: None, exact: None })
}

fn event(at: Timestamp, campaign: Option<&str>, message: &str) -> Record {
    let campaign = campaign.map(str::to_owned);
    let message = message.to_owned();
    Record::Event(Event { at, campaign, level: Level::Warn, name: "circuit_breaker_open", message, exact: None })
}

fn state(campaign: &str, bytes: &[u8]) -> Record {
    Record::State { campaign: campaign.to_owned(), bytes: bytes.to_vec() }
}

/// Records one decision and waits for its commit.
async fn decide(journal: &Journal, campaign: &str, at: Timestamp) -> DecisionId {
    let id = journal.next_id();
    journal.record(vec![Record::Decision(Box::new(decision(id, campaign, at)))]).await.unwrap();
    id
}

fn ids(reader: &JournalReader, filter: Filter) -> Vec<i64> {
    reader.decisions(filter).map(|row| row.unwrap().id).collect()
}

/// What a kill leaves behind: the files as they are, while the writer still has them open.
fn copy_of(dir: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn gives_back_what_was_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let id = journal.next_id();
    let full = Decision { arm: Some("b".to_owned()), ..decision(id, "12345", NINE) };
    journal.record(vec![Record::Decision(Box::new(full.clone())), state("12345", b"one")]).await.unwrap();
    let message = Some("502 after 3 attempts".to_owned());
    let failed = Outcome { decision: id, at: after(1), kind: OutcomeKind::Failed, message, exact: None };
    journal.record(vec![Record::Outcome(failed), state("12345", b"two")]).await.unwrap();

    let reader = journal.reader().unwrap();
    let rows: Vec<_> = reader.decisions(Filter::default()).collect::<Result<_, _>>().unwrap();
    let expected = DecisionRow {
        id: id.get(),
        at: NINE,
        campaign: full.campaign,
        policy: full.policy,
        revision: full.revision,
        arm: full.arm,
        ratio_before: full.ratio_before,
        proposal: full.proposal,
        ratio: full.ruled.ratio,
        status: full.ruled.status,
        sends: true,
        cause: "tick".to_owned(),
        reasons: full.reasons,
        utilization: full.utilization,
        agents_available: full.agents_available,
        agents_busy: full.agents_busy,
        answered: 125,
        abandoned: 4,
        abandonment: full.abandonment,
        reading: "fresh".to_owned(),
        reading_age_ms: Some(1_400),
        fuel: full.fuel,
        took_us: 61,
        breaker: "closed".to_owned(),
        outcome: "failed".to_owned(),
        outcome_message: Some("502 after 3 attempts".to_owned()),
        outcome_at: Some(after(1)),
    };
    assert_eq!(rows, [expected]);
    assert_eq!(journal.states().unwrap()["12345"], b"two");
}

#[tokio::test]
async fn the_last_outcome_stands_and_none_is_told_from_pending() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let (applied, pending) = (decide(&journal, "1", NINE).await, decide(&journal, "1", NINE).await);
    let unsent = journal.next_id();
    let held = Decision { sends: false, ..decision(unsent, "1", NINE) };
    journal.record(vec![Record::Decision(Box::new(held))]).await.unwrap();
    for kind in [OutcomeKind::Deferred, OutcomeKind::Applied] {
        journal.record(vec![outcome(applied, after(1), kind)]).await.unwrap();
    }
    // An outcome of a decision that was never recorded has nothing to stand beside.
    journal.record(vec![outcome(journal.next_id(), after(1), OutcomeKind::Applied)]).await.unwrap();

    let reader = journal.reader().unwrap();
    let found: Vec<_> =
        reader.decisions(Filter::default()).map(|row| row.map(|row| (row.id, row.outcome)).unwrap()).collect();
    let expected = [(applied, "applied"), (pending, "pending"), (unsent, "none")];
    assert_eq!(found, expected.map(|(id, word)| (id.get(), word.to_owned())));
}

#[tokio::test]
async fn keeps_numbers_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    for proposal in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE] {
        let id = journal.next_id();
        let exact = proposal.to_bits().to_le_bytes().to_vec();
        let odd = Decision {
            proposal: Some(proposal),
            utilization: Some(f64::NAN),
            abandonment: Some(f64::NAN),
            agents_busy: Some(f64::NAN),
            fuel: Some(u64::MAX),
            took: Duration::MAX,
            exact,
            ..decision(id, "1", Timestamp::from_millis(i64::MAX))
        };
        journal.record(vec![Record::Decision(Box::new(odd))]).await.unwrap();
    }
    let reader = journal.reader().unwrap();
    let proposals: Vec<_> = reader.decisions(Filter::default()).map(|row| row.unwrap().proposal).collect();
    let expected = [None, Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(0.0), Some(f64::MIN_POSITIVE)];
    assert_eq!(proposals, expected);
    let first = reader.replay("1", 0).next().unwrap().unwrap();
    assert_eq!(first.exact, f64::NAN.to_bits().to_le_bytes());
}

#[tokio::test]
async fn survives_a_kill_and_goes_on_with_greater_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let mut last = journal.next_id();
    for second in 0..50 {
        last = decide(&journal, "1", after(second)).await;
    }
    journal.record(vec![outcome(last, after(60), OutcomeKind::Applied), state("1", b"latest")]).await.unwrap();

    let killed = copy_of(&dir);
    let reader = JournalReader::open(killed.path()).unwrap();
    assert_eq!(ids(&reader, Filter::default()).len(), 50);
    drop(reader);
    let again = Journal::open(killed.path(), JournalConfig::default()).unwrap();
    assert_eq!(again.states().unwrap()["1"], b"latest");
    let next = decide(&again, "1", after(61)).await;
    assert!(next > last, "{next} must come after {last}");
    assert_eq!(ids(&again.reader().unwrap(), Filter::default()).len(), 51);
}

#[tokio::test]
async fn survives_a_write_that_a_kill_cut_short() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let first = decide(&journal, "1", NINE).await;
    let wal = dir.path().join("journal.db-wal");
    let committed = fs::metadata(&wal).unwrap().len();
    decide(&journal, "1", after(1)).await;

    let killed = copy_of(&dir);
    let cut = fs::OpenOptions::new().write(true).open(killed.path().join("journal.db-wal")).unwrap();
    cut.set_len(committed + 1000).unwrap();
    let reader = JournalReader::open(killed.path()).unwrap();
    assert_eq!(ids(&reader, Filter::default()), [first.get()]);
}

#[tokio::test]
async fn closing_leaves_one_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let id = journal.next_id();
    // Not waited for: closing writes what is queued.
    drop(journal.record(vec![Record::Decision(Box::new(decision(id, "1", NINE)))]));
    journal.close().await.unwrap();
    journal.close().await.unwrap();
    let error = journal.record(vec![state("1", b"late")]).await.unwrap_err();
    assert!(matches!(error, JournalError::Closed), "{error}");

    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["journal.db"]);
    assert_eq!(ids(&JournalReader::open(dir.path()).unwrap(), Filter::default()), [id.get()]);
}

#[tokio::test]
async fn a_batch_is_kept_whole_or_not_at_all_and_takes_no_other_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let used = decide(&journal, "1", NINE).await;
    let fresh = journal.next_id();
    let bad = vec![
        state("new", b"must not stay"),
        Record::Decision(Box::new(Decision { policy: "new policy".to_owned(), ..decision(used, "1", NINE) })),
    ];
    let good = Decision { policy: "new policy".to_owned(), ..decision(fresh, "1", NINE) };
    let (bad, good) = (journal.record(bad), journal.record(vec![Record::Decision(Box::new(good))]));
    let (bad, good) = tokio::join!(bad, good);
    let text = bad.unwrap_err().to_string();
    assert!(text.contains("cannot write to it"), "{text}");
    good.unwrap();
    assert!(journal.states().unwrap().is_empty());
    let reader = journal.reader().unwrap();
    let policies: Vec<_> = reader.decisions(Filter::default()).map(|row| row.unwrap().policy).collect();
    assert_eq!(policies, ["proportional", "new policy"]);
}

#[tokio::test]
async fn a_failing_file_fails_each_batch_until_it_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    decide(&journal, "1", NINE).await;
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    fs::create_dir(journal.path()).unwrap();
    for _ in 0..2 {
        let error = journal.record(vec![state("1", b"x")]).await.unwrap_err();
        assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("journal.db"), "{error}");
    }
    fs::remove_dir(journal.path()).unwrap();
    let id = decide(&journal, "1", NINE).await;
    assert_eq!(ids(&journal.reader().unwrap(), Filter::default()), [id.get()]);
}

#[tokio::test]
async fn a_deleted_journal_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let lost = decide(&journal, "1", NINE).await;
    fs::remove_file(journal.path()).unwrap();
    let id = decide(&journal, "1", NINE).await;
    assert!(id > lost);
    assert_eq!(ids(&journal.reader().unwrap(), Filter::default()), [id.get()]);
    fs::remove_dir_all(dir.path()).unwrap();
    let id = decide(&journal, "1", NINE).await;
    assert_eq!(ids(&journal.reader().unwrap(), Filter::default()), [id.get()]);
}

#[test]
fn a_full_disk_fails_every_batch_and_later_ones_go_through() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join(FILE_NAME), JournalConfig::default()).unwrap();
    let batch = |seq, size| vec![Numbered { seq, record: state(&seq.to_string(), &vec![1; size]) }];
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |store: &Store, pages: i64| {
        store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(&store, pages + 2);
    let (small, large) = (batch(1, 10), batch(2, 100_000));
    let results = store.write(&[&small, &large]);
    assert!(results.iter().all(|result| matches!(result, Err(JournalError::Full { .. }))), "{results:?}");
    limit(&store, 1_000_000);
    assert!(store.write(&[&small, &large]).iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_lock_held_by_another_process_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let other = Connection::open(journal.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = journal.record(vec![state("1", b"x")]).await.unwrap_err();
    assert!(matches!(error, JournalError::Busy { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    journal.record(vec![state("1", b"x")]).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_is_an_error_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    // While another connection holds the lock, the writer waits with the first batch.
    let other = Connection::open(journal.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let states = |count| (0..count).map(|_| state("1", b"x")).collect::<Vec<_>>();
    let fills = journal.record(states(QUEUE_RECORDS));
    let error = journal.record(states(1)).await.unwrap_err();
    assert!(matches!(error, JournalError::QueueFull { queued: QUEUE_RECORDS }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    fills.await.unwrap();
    journal.record(states(1)).await.unwrap();
}

#[tokio::test]
async fn old_rows_go_by_age_and_states_stay() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig { max_age: Duration::from_secs(3600), ..JournalConfig::default() };
    let journal = Journal::open(dir.path(), config).unwrap();
    let old: Vec<_> = (0..3000).map(|_| journal.next_id()).collect();
    let batch = old.iter().map(|id| {
        let reasons = format!("only {id}");
        let checkpoint = Some(vec![1; 10]);
        Record::Decision(Box::new(Decision { reasons, checkpoint, ..decision(*id, "gone", NINE) }))
    });
    journal.record(batch.collect()).await.unwrap();
    let outcomes = old.iter().map(|id| outcome(*id, NINE, OutcomeKind::Applied));
    journal.record(outcomes.collect()).await.unwrap();
    journal.record(vec![event(NINE, Some("gone"), "long ago"), state("gone", b"kept")]).await.unwrap();
    let kept = decide(&journal, "1", after(3599)).await;
    assert_eq!(ids(&journal.reader().unwrap(), Filter::default()).len(), 3001);
    decide(&journal, "1", after(3601)).await;
    journal.close().await.unwrap();

    let reader = JournalReader::open(dir.path()).unwrap();
    // The sweep may end with the journal, but what it began is gone.
    let left = ids(&reader, Filter::default());
    assert!(left.contains(&kept.get()));
    assert_eq!(reader.states().unwrap()["gone"], b"kept");
    drop(reader);
    let mut store = Store::open(&dir.path().join(FILE_NAME), config).unwrap();
    store.newest = Some(after(3601));
    while store.sweep().unwrap() == retention::Swept::Some {}
    let count = |table: &str| -> i64 {
        store.connection.query_one(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(["decision", "outcome", "checkpoint", "event"].map(count), [2, 0, 0, 0]);
    assert!(count("term") < 1100, "{} terms are left of 3000", count("term"));
    let reader = JournalReader::open(dir.path()).unwrap();
    assert_eq!(ids(&reader, Filter::default()).len(), 2);
    assert!(reader.decisions(Filter::default()).all(|row| row.unwrap().campaign == "1"));
}

#[tokio::test]
async fn oldest_rows_go_by_size_and_the_files_stay_within_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig { max_size: 2 << 20, ..JournalConfig::default() };
    let journal = Journal::open(dir.path(), config).unwrap();
    journal.record(vec![state("idle", b"kept"), event(NINE, None, "first")]).await.unwrap();
    let mut last = 0;
    let mut most = 0;
    for round in 0..120 {
        let batch: Vec<_> = (0..250)
            .map(|_| {
                let id = journal.next_id();
                last = id.get();
                Record::Decision(Box::new(decision(id, "1", after(round))))
            })
            .collect();
        journal.record(batch).await.unwrap();
        let size = |name: &str| fs::metadata(dir.path().join(name)).map_or(0, |metadata| metadata.len());
        most = most.max(size("journal.db") + size("journal.db-wal"));
    }
    journal.close().await.unwrap();
    assert!(most <= 5 << 19, "{most} bytes are far over 2 MiB");
    let reader = JournalReader::open(dir.path()).unwrap();
    let left = ids(&reader, Filter::default());
    assert!((2_000..30_000).contains(&left.len()), "{} rows are left", left.len());
    assert_eq!(left.last(), Some(&last));
    assert_eq!(left.len() as i64, last - left[0] + 1, "only the oldest may go");
    assert_eq!(reader.events(Filter::default()).count(), 0);
    assert_eq!(reader.states().unwrap()["idle"], b"kept");
}

#[tokio::test]
async fn a_decision_takes_less_than_400_bytes() {
    const DECISIONS: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    record_days_work(&journal, DECISIONS).await;
    journal.close().await.unwrap();
    let average = fs::metadata(dir.path().join(FILE_NAME)).unwrap().len() / DECISIONS;
    println!("{average} bytes for each decision");
    assert!(average < 400, "{average} bytes for each decision");
}

/// 50 campaigns, each with a state of 1 KB, decided in turn; most directives are applied.
async fn record_days_work(journal: &Journal, decisions: u64) {
    for tick in 0..decisions / 50 {
        let at = after(15 * tick);
        let mut decided = Vec::new();
        let mut applied = Vec::new();
        for campaign in 0..50_u64 {
            let id = journal.next_id();
            let name = format!("{}", 4_100_000 + campaign);
            let wobble = (tick * 31 + campaign * 17) % 97;
            let record = Decision {
                proposal: Some(1.0 + wobble as f64 / 71.0),
                utilization: Some(wobble as f64 / 97.0),
                abandonment: Some(wobble as f64 / 1999.0),
                checkpoint: (tick % 100 == campaign).then(|| vec![3; 1_500]),
                exact: (0..60).map(|byte| (byte * wobble) as u8).collect(),
                ..decision(id, &name, at)
            };
            decided.push(Record::Decision(Box::new(record)));
            decided.push(state(&name, &vec![wobble as u8; 1_000]));
            if wobble < 70 {
                applied.push(outcome(id, at + Duration::from_millis(300), OutcomeKind::Applied));
            }
        }
        journal.record(decided).await.unwrap();
        journal.record(applied).await.unwrap();
    }
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    drop(schema::open_for_writing(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Journal::open(dir.path(), JournalConfig::default()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, JournalError::Newer { found: 2, supported: 1, .. }), "{text}");
    assert!(text.contains("journal.db") && text.contains("move the file away"), "{text}");
    assert!(matches!(JournalReader::open(&path), Err(JournalError::Newer { .. })));
    assert!(before == fs::read(&path).unwrap(), "the file was changed");
}

#[test]
fn what_is_no_journal_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    let refuse = |what: &str| {
        let before = fs::read(&path).unwrap();
        let error = Journal::open(dir.path(), JournalConfig::default()).unwrap_err();
        assert!(matches!(error, JournalError::Foreign { .. }), "{what}: {error}");
        assert!(error.to_string().contains("move it away"), "{what}: {error}");
        assert!(matches!(JournalReader::open(&path), Err(JournalError::Foreign { .. })), "{what}");
        assert!(before == fs::read(&path).unwrap(), "{what}: the file was changed");
    };
    fs::write(&path, "data_dir = \"paced-data\"\n".repeat(500)).unwrap();
    refuse("a text");
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    refuse("another program's database");
}

#[tokio::test]
async fn a_damaged_journal_is_an_error_with_a_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    record_days_work(&journal, 1_000).await;
    journal.close().await.unwrap();
    let path = dir.path().join(FILE_NAME);
    let mut bytes = fs::read(&path).unwrap();
    // The header and the table of tables stay, every later page is damaged.
    for byte in bytes.iter_mut().skip(32 * 4096) {
        *byte = !*byte;
    }
    fs::write(&path, bytes).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    let error = reader.decisions(Filter::default()).find_map(Result::err).unwrap();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("journal.db-wal") && text.contains("away"), "{text}");
    let journal = open(&dir);
    let id = journal.next_id();
    let error = journal.record(vec![Record::Decision(Box::new(decision(id, "1", NINE)))]).await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
}

#[test]
fn a_path_that_cant_hold_a_journal_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
    let error = Journal::open(dir.path(), JournalConfig::default()).unwrap_err().to_string();
    assert!(error.contains("journal.db is no journal of paced (a folder)"), "{error}");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::open(&file.join("data"), JournalConfig::default()).unwrap_err().to_string();
    assert!(error.contains("create this folder"), "{error}");
    let error = JournalReader::open(&dir.path().join("none.db")).unwrap_err();
    assert!(matches!(error, JournalError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join(FILE_NAME), "").unwrap();
    fs::set_permissions(data.join(FILE_NAME), fs::Permissions::from_mode(0o644)).unwrap();
    let journal = Journal::open(&data, JournalConfig::default()).unwrap();
    decide(&journal, "1", NINE).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    let fresh = dir.path().join("fresh");
    drop(Journal::open(&fresh, JournalConfig::default()).unwrap());
    assert_eq!(mode(&fresh), 0o700);
}

#[tokio::test]
async fn readers_see_each_commit_beside_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let reader = JournalReader::open(dir.path()).unwrap();
    assert_eq!(reader.newest_decision().unwrap(), None);
    for second in 0..20 {
        decide(&journal, "1", after(second)).await;
        assert_eq!(ids(&reader, Filter::default()).len() as u64, second + 1);
        assert_eq!(reader.newest_decision().unwrap(), Some(after(second)));
    }
    // Half-way through, more is written and old pages are swept: the reader goes on from where it was.
    let mut rows = reader.decisions(Filter::default());
    assert!(rows.next().unwrap().is_ok());
    decide(&journal, "1", after(20)).await;
    journal.close().await.unwrap();
    assert_eq!(rows.count(), 19);
}

#[tokio::test]
async fn filters_by_campaign_time_and_number() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let mut expected = Vec::new();
    // More than a page, and two campaigns in turn.
    for tick in 0..800 {
        let (a, b) = (journal.next_id(), journal.next_id());
        let pair = [decision(a, "a", after(tick)), decision(b, "b", after(tick))];
        journal.record(pair.map(|decision| Record::Decision(Box::new(decision))).into()).await.unwrap();
        expected.push(a.get());
    }
    let reader = journal.reader().unwrap();
    let campaign = Some("a".to_owned());
    assert_eq!(ids(&reader, Filter { campaign: campaign.clone(), ..Filter::default() }), expected);
    let (since, until) = (Some(after(100)), Some(after(700)));
    let span = Filter { campaign: campaign.clone(), since, until, ..Filter::default() };
    assert_eq!(ids(&reader, span.clone()), expected[100..700]);
    let newest = Filter { limit: Some(550), order: Order::NewestFirst, ..span };
    let reversed: Vec<_> = expected[150..700].iter().rev().copied().collect();
    assert_eq!(ids(&reader, newest), reversed);
    let none = Filter { campaign: Some("c".to_owned()), ..Filter::default() };
    assert!(ids(&reader, none).is_empty());
    let later = Filter { since: Some(after(10_000)), ..Filter::default() };
    assert!(ids(&reader, later).is_empty());
    assert!(ids(&reader, Filter { limit: Some(0), ..Filter::default() }).is_empty());
    assert_eq!(ids(&reader, Filter::default()).len(), 1600);
}

#[tokio::test]
async fn replays_in_the_order_of_recording() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let fed = |bytes: &[u8]| Some(bytes.to_vec());
    let first = journal.next_id();
    let checkpoint = Some(b"state".to_vec());
    let record = Decision { exact: b"d1".to_vec(), checkpoint, ..decision(first, "1", NINE) };
    journal.record(vec![Record::Decision(Box::new(record))]).await.unwrap();
    decide(&journal, "other", NINE).await;
    let held = Event {
        at: after(1),
        campaign: Some("1".to_owned()),
        level: Level::Info,
        name: "people_hold",
        message: String::new(),
        exact: fed(b"e1"),
    };
    journal.record(vec![Record::Event(held), event(after(1), Some("1"), "core was not told")]).await.unwrap();
    let second = journal.next_id();
    let record = Decision { exact: b"d2".to_vec(), revision: None, ..decision(second, "1", after(2)) };
    journal.record(vec![Record::Decision(Box::new(record))]).await.unwrap();
    for (decision, kind, exact) in [
        (first, OutcomeKind::Deferred, "o1"),
        (second, OutcomeKind::Applied, "o2"),
        (first, OutcomeKind::Superseded, "o3"),
    ] {
        let outcome = Outcome { decision, at: after(3), kind, message: None, exact: fed(exact.as_bytes()) };
        journal.record(vec![Record::Outcome(outcome)]).await.unwrap();
    }

    let reader = journal.reader().unwrap();
    let rows: Vec<_> = reader.replay("1", 0).collect::<Result<_, _>>().unwrap();
    let exact: Vec<_> = rows.iter().map(|fed| String::from_utf8_lossy(&fed.exact)).collect();
    assert_eq!(exact, ["d1", "e1", "d2", "o1", "o2", "o3"]);
    assert!(rows.is_sorted_by_key(|fed| fed.seq));
    let revision = Some(Revision([0xa1; 32]));
    assert_eq!(rows[0].by, FedBy::Decision { revision, checkpoint: fed(b"state") });
    assert_eq!(rows[1].by, FedBy::Event("people_hold".to_owned()));
    assert_eq!(rows[5].by, FedBy::Outcome(first.get()));
    let later: Vec<_> = reader.replay("1", first.get()).map(|fed| fed.unwrap().exact).collect();
    assert_eq!(later, [b"e1", b"d2", b"o2"].map(|bytes| bytes.to_vec()));
}

#[tokio::test]
async fn reads_as_plain_sql() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let id = decide(&journal, "12345", NINE + Duration::from_millis(7)).await;
    journal.record(vec![outcome(id, after(1), OutcomeKind::Applied), event(NINE, None, "opened")]).await.unwrap();
    journal.close().await.unwrap();
    let connection = Connection::open(journal.path()).unwrap();
    let sql = "SELECT time || ' ' || campaign || ' ' || ratio_before || ' ' || ratio || ' ' || status || ' ' || outcome
               FROM decisions WHERE campaign = '12345' AND abandonment > 0.03";
    let line: String = connection.query_one(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(line, "2026-03-02T09:00:00.007Z 12345 1.0 1.44 active applied");
    let sql = "SELECT level || ' ' || name || ' ' || message FROM events WHERE campaign IS NULL";
    let line: String = connection.query_one(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(line, "warn circuit_breaker_open opened");
}

#[tokio::test]
async fn long_messages_are_cut_at_a_character() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    journal
        .record(vec![event(NINE, None, &"ä".repeat(5_000)), event(NINE, None, &format!("a{}", "ä".repeat(900)))])
        .await
        .unwrap();
    let reader = journal.reader().unwrap();
    let lengths: Vec<_> = reader.events(Filter::default()).map(|row| row.unwrap().message.len()).collect();
    assert_eq!(lengths, [MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES - 1]);
}
