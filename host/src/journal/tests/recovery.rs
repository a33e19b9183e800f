//! What a kill, a lost file or a foreign one leads to.

use super::*;

/// What a kill leaves behind: the files as they are, while the writer still has them open.
fn copy_of(dir: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
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
fn a_newer_schema_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    drop(schema::open_for_writing(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Journal::open(dir.path(), JournalConfig::default()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, JournalError::Newer { found: 3, supported: 2, .. }), "{text}");
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
