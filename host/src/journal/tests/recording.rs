//! What is recorded is read again, and what can't be is an error for its own batch.

use super::*;

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
    // Written, or refused for the lock: it leaves the queue either way.
    drop(fills.await);
    journal.record(states(1)).await.unwrap();
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

#[tokio::test]
async fn campaigns_record_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let mut tasks = tokio::task::JoinSet::new();
    for campaign in 0..64 {
        let journal = journal.clone();
        tasks.spawn(async move {
            for second in 0..20 {
                let id = decide(&journal, &campaign.to_string(), after(second)).await;
                journal.record(vec![outcome(id, after(second), OutcomeKind::Applied)]).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let reader = journal.reader().unwrap();
    for campaign in 0..64 {
        let filter = Filter { campaign: Some(campaign.to_string()), ..Filter::default() };
        let times: Vec<_> = reader.decisions(filter).map(|row| row.unwrap()).map(|row| (row.at, row.outcome)).collect();
        let expected: Vec<_> = (0..20).map(|second| (after(second), "applied".to_owned())).collect();
        assert_eq!(times, expected);
    }
}
