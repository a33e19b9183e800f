//! What `paced journal show` prints, by rows recorded through the journal itself.

use clap::{CommandFactory, Parser};
use insta::assert_snapshot;
use paced_core::policy::Revision;
use paced_core::ratio::DialRatio;
use paced_core::reading::Setting;
use tempfile::TempDir;

use super::*;
use crate::journal::{Decision, Event, Journal, JournalConfig, Level, Outcome, OutcomeKind, Record};

/// 2026-03-02 23:59:50 UTC.
const START: Timestamp = Timestamp::from_millis(1_772_495_990_000);

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: JournalCommand,
}

fn args(line: &str) -> ShowArgs {
    let JournalCommand::Show(args) =
        Cli::try_parse_from(["journal", "show"].into_iter().chain(line.split_whitespace())).unwrap().command;
    args
}

fn shown(dir: &TempDir, line: &str) -> String {
    let mut out = Vec::new();
    show(&ShowArgs { file: Some(dir.path().to_owned()), ..args(line) }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn ratio(hundredths: i32) -> DialRatio {
    DialRatio::from_hundredths_clamped(hundredths)
}

/// Three decisions and two events around midnight.
async fn journal() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    let ids = [journal.next_id(), journal.next_id(), journal.next_id()];
    let raised = Decision {
        id: ids[0],
        at: START,
        campaign: "12345".to_owned(),
        policy: "proportional".to_owned(),
        revision: Some(Revision([0xa1; 32])),
        arm: None,
        ratio_before: DialRatio::ONE,
        proposal: Some(1.8),
        ruled: Setting { ratio: ratio(150), status: Status::Active },
        sends: true,
        cause: "tick",
        reasons: "ramp-up,small-group".to_owned(),
        utilization: Some(0.8311),
        agents_available: Some(3.0),
        agents_busy: Some(17.5),
        answered: 125,
        abandoned: 4,
        abandonment: Some(4.0 / 129.0),
        reading: "fresh",
        reading_age: Some(Duration::from_millis(1400)),
        fuel: Some(48_211),
        took: Duration::from_micros(61),
        breaker: "closed",
        exact: Vec::new(),
        checkpoint: None,
    };
    let held = Decision {
        id: ids[1],
        at: START + Duration::from_secs(5),
        campaign: "9".to_owned(),
        policy: "mine, \"new\"".to_owned(),
        arm: Some("b".to_owned()),
        proposal: Some(f64::INFINITY),
        ruled: Setting { ratio: DialRatio::ONE, status: Status::Active },
        sends: false,
        reasons: String::new(),
        ..raised.clone()
    };
    let paused = Decision {
        id: ids[2],
        at: START + Duration::from_secs(15),
        revision: None,
        proposal: None,
        ratio_before: ratio(150),
        ruled: Setting { ratio: ratio(100), status: Status::Paused },
        cause: "breaker",
        utilization: None,
        agents_available: None,
        agents_busy: None,
        answered: 0,
        abandoned: 0,
        abandonment: None,
        reading: "failed",
        reading_age: None,
        fuel: None,
        breaker: "open",
        reasons: String::new(),
        ..raised.clone()
    };
    let outcome = |decision, kind, message: Option<&str>| {
        let (at, message) = (START + Duration::from_secs(16), message.map(str::to_owned));
        Record::Outcome(Outcome { decision, at, kind, message, exact: None })
    };
    let event = |at, campaign: Option<&str>, name, level, message: &str| {
        let (campaign, message) = (campaign.map(str::to_owned), message.to_owned());
        Record::Event(Event { at, campaign, level, name, message, exact: None })
    };
    let decisions = [raised, held, paused].map(|decision| Record::Decision(Box::new(decision)));
    journal.record(decisions.into()).await.unwrap();
    let rest = vec![
        outcome(ids[0], OutcomeKind::Applied, None),
        outcome(ids[2], OutcomeKind::Failed, Some("500 after\n3 attempts")),
        event(START, None, "daemon_started", Level::Info, "paced 0.1.0"),
        event(START + Duration::from_secs(15), Some("12345"), "circuit_breaker_open", Level::Error, "3 failures"),
    ];
    journal.record(rest).await.unwrap();
    journal.close().await.unwrap();
    dir
}

#[tokio::test]
async fn a_table_for_people() {
    let dir = journal().await;
    assert_snapshot!(shown(&dir, ""), @r#"
    time      campaign  ratio                proposal  reasons                    reading  utilization  abandonment      policy                        outcome
    2026-03-02 (UTC)
    23:59:50  12345     1.00 -> 1.50         1.80      tick: ramp-up,small-group  fresh    83.1%        3.1% (4 of 129)  proportional@a1a1a1a1a1a1     applied
    23:59:55  9         1.00                 inf       tick                       fresh    83.1%        3.1% (4 of 129)  mine, "new"@a1a1a1a1a1a1 [b]  none
    2026-03-03 (UTC)
    00:00:05  12345     1.50 -> 1.00 paused  -         breaker                    failed   -            -                proportional                  failed: 500 after\n3 attempts
    "#);
    assert_snapshot!(shown(&dir, "--events"), @r#"
    time      level  campaign  event                 message
    2026-03-02 (UTC)
    23:59:50  info   -         daemon_started        paced 0.1.0
    2026-03-03 (UTC)
    00:00:05  error  12345     circuit_breaker_open  3 failures
    "#);
    assert_eq!(shown(&dir, "--campaign 77"), "No decision matches.\n");
}

#[test]
fn odd_text_and_numbers_keep_to_their_cell() {
    assert_eq!(plain("\x1b[31mred\n"), "\\u{1b}[31mred\\n");
    assert_eq!([1.005, -1e300, f64::NEG_INFINITY].map(number), ["1.00", "-1e300", "-inf"]);
}

#[tokio::test]
async fn json_lines_for_programs() {
    let dir = journal().await;
    assert_snapshot!(shown(&dir, "--json"), @r#"
    {"id":1,"time":"2026-03-02T23:59:50.000Z","campaign":"12345","policy":"proportional","revision":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","arm":null,"ratio_before":1.0,"proposal":1.8,"ratio":1.5,"status":"active","sends":true,"cause":"tick","reasons":"ramp-up,small-group","utilization":0.8311,"agents_available":3.0,"agents_busy":17.5,"answered":125,"abandoned":4,"abandonment":0.031007751937984496,"reading":"fresh","reading_age_ms":1400,"fuel":48211,"took_us":61,"breaker":"closed","outcome":"applied","outcome_message":null,"outcome_time":"2026-03-03T00:00:06.000Z"}
    {"id":2,"time":"2026-03-02T23:59:55.000Z","campaign":"9","policy":"mine, \"new\"","revision":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","arm":"b","ratio_before":1.0,"proposal":null,"ratio":1.0,"status":"active","sends":false,"cause":"tick","reasons":"","utilization":0.8311,"agents_available":3.0,"agents_busy":17.5,"answered":125,"abandoned":4,"abandonment":0.031007751937984496,"reading":"fresh","reading_age_ms":1400,"fuel":48211,"took_us":61,"breaker":"closed","outcome":"none","outcome_message":null,"outcome_time":null}
    {"id":3,"time":"2026-03-03T00:00:05.000Z","campaign":"12345","policy":"proportional","revision":null,"arm":null,"ratio_before":1.5,"proposal":null,"ratio":1.0,"status":"paused","sends":true,"cause":"breaker","reasons":"","utilization":null,"agents_available":null,"agents_busy":null,"answered":0,"abandoned":0,"abandonment":null,"reading":"failed","reading_age_ms":null,"fuel":null,"took_us":61,"breaker":"open","outcome":"failed","outcome_message":"500 after\n3 attempts","outcome_time":"2026-03-03T00:00:06.000Z"}
    "#);
    for line in shown(&dir, "--json --events").lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["time"].as_str().unwrap().ends_with('Z'), "{line}");
    }
}

#[tokio::test]
async fn csv_for_spreadsheets() {
    let dir = journal().await;
    assert_snapshot!(shown(&dir, "--csv"), @r#"
    id,time,campaign,policy,revision,arm,ratio_before,proposal,ratio,status,sends,cause,reasons,utilization,agents_available,agents_busy,answered,abandoned,abandonment,reading,reading_age_ms,fuel,took_us,breaker,outcome,outcome_message,outcome_time
    1,2026-03-02T23:59:50.000Z,12345,proportional,a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1,,1.0,1.8,1.5,active,true,tick,"ramp-up,small-group",0.8311,3.0,17.5,125,4,0.031007751937984496,fresh,1400,48211,61,closed,applied,,2026-03-03T00:00:06.000Z
    2,2026-03-02T23:59:55.000Z,9,"mine, ""new""",a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1,b,1.0,,1.0,active,false,tick,,0.8311,3.0,17.5,125,4,0.031007751937984496,fresh,1400,48211,61,closed,none,,
    3,2026-03-03T00:00:05.000Z,12345,proportional,,,1.5,,1.0,paused,true,breaker,,,,,0,0,,failed,,,61,open,failed,"500 after
    3 attempts",2026-03-03T00:00:06.000Z
    "#);
    assert_snapshot!(shown(&dir, "--csv --events --campaign 12345"), @r#"
    id,time,campaign,level,name,message
    7,2026-03-03T00:00:05.000Z,12345,error,circuit_breaker_open,3 failures
    "#);
    assert_eq!(shown(&dir, "--csv --campaign 77").lines().count(), 1);
}

#[tokio::test]
async fn since_counts_back_from_the_newest_row() {
    let dir = journal().await;
    let times = |line: &str| shown(&dir, &format!("--json {line}")).lines().count();
    assert_eq!(times("--since 9s"), 1);
    assert_eq!(times("--since 10s"), 2);
    assert_eq!(times("--since 1h"), 3);
    assert_eq!(times("--since 2026-03-02T23:59:55Z"), 2);
    assert_eq!(times("--since 2026-03-03T01:59:55+02:00"), 2);
    let error = Cli::try_parse_from(["journal", "show", "--since", "yesterday"]).unwrap_err().to_string();
    assert!(error.contains("a span like 90s"), "{error}");
}

#[tokio::test]
async fn limit_keeps_the_newest_and_zero_keeps_all() {
    let dir = journal().await;
    let ids = |line: &str| -> Vec<i64> {
        let rows = shown(&dir, &format!("--json {line}"));
        rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("--limit 2"), [2, 3]);
    assert_eq!(ids("--limit 0"), [1, 2, 3]);
}

#[tokio::test]
async fn finds_the_journal_by_configuration_folder_or_file() {
    let dir = journal().await;
    let config = dir.path().join("paced.toml");
    fs::write(&config, "data_dir = \".\"\nmistake = 1\n").unwrap();
    let file = Some(dir.path().join("journal.db"));
    for args in [
        ShowArgs { config: Some(config.clone()), ..args("") },
        ShowArgs { data_dir: Some(dir.path().to_owned()), ..args("") },
        ShowArgs { file, ..args("") },
    ] {
        let mut out = Vec::new();
        show(&args, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("proportional"));
    }
    fs::write(&config, "data_dir = \"elsewhere\"\n").unwrap();
    let error = show(&ShowArgs { config: Some(config), ..args("") }, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("there is no journal at") && error.contains("elsewhere"), "{error}");
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_it_quietly() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let dir = journal().await;
    for line in ["", "--json", "--csv"] {
        show(&ShowArgs { file: Some(dir.path().to_owned()), ..args(line) }, &mut Closed).unwrap();
    }
}

#[test]
fn the_arguments_hold_together() {
    Cli::command().debug_assert();
    for line in ["a.db --config paced.toml", "--json --csv", "--data-dir d --config paced.toml"] {
        let arguments = ["journal", "show"].into_iter().chain(line.split_whitespace());
        assert!(Cli::try_parse_from(arguments).is_err(), "{line}");
    }
}
