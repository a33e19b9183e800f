//! What revisions are made of: kept for as long as decisions name them.

use super::*;
use crate::journal::retention::Swept;

fn parts(revision: u8, component: u8) -> RevisionParts {
    RevisionParts {
        revision: Revision([revision; 32]),
        name: "proportional".to_owned(),
        version: "1.0.0".to_owned(),
        component: [component; 32],
        params: "kp = 0.15".to_owned(),
        exact: vec![1, 2, 3],
    }
}

fn made_of(revision: u8, component: u8) -> Record {
    Record::Revision(Box::new(parts(revision, component)))
}

fn decided(journal: &Journal, revision: u8, at: Timestamp) -> Record {
    let revision = Some(Revision([revision; 32]));
    Record::Decision(Box::new(Decision { revision, ..decision(journal.next_id(), "1", at) }))
}

#[tokio::test]
async fn what_a_revision_is_made_of_is_read_again_and_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let batch = vec![decided(&journal, 1, NINE), made_of(1, 7), made_of(2, 7), made_of(1, 9)];
    journal.record(batch).await.unwrap();
    let reader = journal.reader().unwrap();
    assert_eq!(reader.revision(Revision([1; 32])).unwrap(), Some(parts(1, 7)));
    assert_eq!(reader.revision(Revision([3; 32])).unwrap(), None);
    assert_eq!(reader.components().unwrap(), [[7; 32]].into());
}

#[tokio::test]
async fn it_goes_with_the_last_decision_that_names_the_revision() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig { max_age: Duration::from_secs(3600), ..JournalConfig::default() };
    let journal = Journal::open(dir.path(), config).unwrap();
    journal.record(vec![decided(&journal, 1, NINE), made_of(1, 7)]).await.unwrap();
    // Far enough on in the sequence that the old term is surely unused.
    let many: Vec<_> = (0..3000).map(|_| decided(&journal, 2, NINE)).collect();
    journal.record(many).await.unwrap();
    journal.record(vec![decided(&journal, 2, after(3601)), made_of(2, 8)]).await.unwrap();
    journal.close().await.unwrap();

    let mut store = Store::open(&dir.path().join(FILE_NAME), config).unwrap();
    store.newest = Some(after(3601));
    while store.sweep().unwrap() == Swept::Some {}
    let reader = JournalReader::open(dir.path()).unwrap();
    assert_eq!(reader.revision(Revision([1; 32])).unwrap(), None);
    assert_eq!(reader.components().unwrap(), [[8; 32]].into());
}

#[tokio::test]
async fn a_journal_of_the_first_version_is_read_as_it_is_and_brought_up_by_the_next_writer() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let id = decide(&journal, "1", NINE).await;
    journal.close().await.unwrap();
    let path = dir.path().join(FILE_NAME);
    let old = Connection::open(&path).unwrap();
    old.execute_batch("DROP VIEW revisions; DROP TABLE revision; DROP TABLE quiet; PRAGMA user_version = 1").unwrap();
    drop(old);
    let reader = JournalReader::open(&path).unwrap();
    assert_eq!(reader.revision(Revision([1; 32])).unwrap(), None);
    assert!(reader.components().unwrap().is_empty());
    assert!(!reader.can_replay().unwrap());
    drop(reader);

    let journal = open(&dir);
    journal.record(vec![decided(&journal, 1, after(15)), made_of(1, 7)]).await.unwrap();
    let reader = journal.reader().unwrap();
    assert_eq!(reader.components().unwrap(), [[7; 32]].into());
    assert!(ids(&reader, Filter::default()).contains(&id.get()), "what was there stays");
}

#[test]
fn a_new_journal_and_one_that_was_brought_up_are_the_same() {
    let tables = |sql: &str| {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        let ours = "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'revision%' OR name LIKE 'quiet%' ORDER BY 1";
        let mut all = connection.prepare(ours).unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<rusqlite::Result<Vec<(String, String)>>>().unwrap()
    };
    assert_eq!(tables(include_str!("../schema.sql")), tables(include_str!("../upgrade_2.sql")));
}
