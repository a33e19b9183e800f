//! Age, size and bytes for each decision.

use super::*;
use crate::journal::retention::Swept;

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
    let quiet = QuietRow { at: NINE, campaign: "gone".to_owned(), exact: vec![1] };
    journal.record(vec![event(NINE, Some("gone"), "long ago"), state("gone", b"kept")]).await.unwrap();
    journal.record(vec![Record::Quiet(quiet)]).await.unwrap();
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
    while store.sweep().unwrap() == Swept::Some {}
    let count = |table: &str| -> i64 {
        store.connection.query_one(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(["decision", "outcome", "checkpoint", "event", "quiet"].map(count), [2, 0, 0, 0, 0]);
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
