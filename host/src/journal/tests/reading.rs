//! Readers: filters, pages, order, and plain SQL.

use super::*;

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
    let seen = QuietRow { at: after(1), campaign: "1".to_owned(), exact: b"q1".to_vec() };
    let others = QuietRow { campaign: "other".to_owned(), ..seen.clone() };
    journal.record(vec![Record::Quiet(seen), Record::Quiet(others)]).await.unwrap();
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
    assert_eq!(exact, ["d1", "e1", "q1", "d2", "o1", "o2", "o3"]);
    assert!(rows.is_sorted_by_key(|fed| fed.seq));
    let revision = Some(Revision([0xa1; 32]));
    let columns = Ok(Box::new(reader.decisions(Filter::default()).next().unwrap().unwrap()));
    assert_eq!(rows[0].by, FedBy::Decision { revision, checkpoint: fed(b"state"), columns });
    assert_eq!(rows[1].by, FedBy::Event("people_hold".to_owned()));
    assert_eq!((&rows[2].by, &rows[6].by), (&FedBy::Quiet, &FedBy::Outcome(first.get())));
    let later: Vec<_> = reader.replay("1", first.get()).map(|fed| fed.unwrap().exact).collect();
    assert_eq!(later, [b"e1", b"q1", b"d2", b"o2"].map(|bytes| bytes.to_vec()));
    assert_eq!(reader.campaigns().unwrap(), [("1".to_owned(), 2), ("other".to_owned(), 1)]);
}

#[tokio::test]
async fn a_replay_ends_with_the_newest_row_of_when_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let settled = |decision| {
        let exact = Some(b"o".to_vec());
        Record::Outcome(Outcome { decision, at: after(3), kind: OutcomeKind::Applied, message: None, exact })
    };
    let (first, second) = (decide(&journal, "1", NINE).await, decide(&journal, "1", NINE).await);
    journal.record(vec![settled(first), state("1", b"one")]).await.unwrap();
    let reader = journal.reader().unwrap();
    let mut rows = reader.replay("1", 0);
    assert!(rows.next().unwrap().is_ok());
    let until = rows.until();
    assert_eq!(reader.state_after("1", until).unwrap(), Some(b"one".to_vec()));
    // An outcome of a decision that was fetched already, and a decision after it.
    journal.record(vec![settled(second), state("1", b"two")]).await.unwrap();
    decide(&journal, "1", after(4)).await;
    let rest: Vec<_> = rows.by_ref().map(|row| row.unwrap().by).collect();
    assert!(matches!(rest[..], [FedBy::Decision { .. }, FedBy::Outcome(_)]), "{rest:?}");
    assert_eq!(reader.state_after("1", until).unwrap(), None, "the state is that of a later row");
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
