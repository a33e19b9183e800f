//! The commands, as a shell sees them: what they print, and how they end.

use std::fs;
use std::path::Path;

use paced::shipped;
use serde_json::Value;

use crate::harness::{Daemon, Ended, Settings, Stage, paced, run};

/// Writes a configuration into a folder of its own, and checks it.
fn check(text: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paced.toml");
    fs::write(&file, text).unwrap();
    let mut ended =
        Ended::of(paced().arg("check").arg("--config").arg(&file).env("CXONE_CLIENT_SECRET", "demo-secret"));
    ended.out = ended.out.replace(&file.display().to_string(), "paced.toml");
    ended
}

const URL: &str = "https://your-org.nice.incontact.com";

#[test]
fn check_of_a_good_file_prints_the_request_budget() {
    let checked = check(&Settings::proportional().text(URL));
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(
        checked.out,
        "paced.toml: no problems\n\
         1 campaign every 15 s in batches of 50 needs 4 of 100 analytics requests a minute\n"
    );
}

#[test]
fn check_reports_all_problems_at_once_each_with_its_place() {
    let settings = Settings::default().default_of("polling_interval = \"15s\"").campaign("1", 0, "").campaign(
        "2",
        20,
        "policy = \"proportionel\"",
    );
    let checked = check(&settings.text("http://somewhere.example"));
    assert_eq!(checked.code, Some(2), "{checked:?}");
    for part in [
        "paced.toml:3: platform.base_url",
        "paced.toml:6: defaults.polling_interval",
        "did you mean `poll_interval`",
        "campaigns.\"1\".total_agents = 0",
        "did you mean \"proportional\"",
        "paced.toml: 4 problems",
    ] {
        assert!(checked.out.contains(part), "{part} is not in:\n{}", checked.out);
    }
}

#[test]
fn check_asks_the_policies_what_params_they_take() {
    let settings =
        Settings::default().campaign("1", 20, "params = { kp = 17.0 }").campaign("2", 20, "params = { k = 1 }");
    let checked = check(&settings.text(URL));
    assert_eq!(checked.code, Some(2), "{checked:?}");
    for part in ["campaigns.\"1\".params.kp = 17", "0 to 5", "campaigns.\"2\".params.k", "did you mean", "2 problems"] {
        assert!(checked.out.contains(part), "{part} is not in:\n{}", checked.out);
    }
}

#[test]
fn wrong_usage_ends_with_64_and_help_with_0() {
    for arguments in [["run", "--frobnicate"], ["check", "--config"], ["frobnicate", "now"], ["policy", "inspect"]] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(64), "{ended:?}");
        assert!(ended.out.is_empty() && ended.err.contains("--help"), "{ended:?}");
    }
    let missing = run(["check", "--config", "/nowhere/paced.toml"]);
    assert_eq!(missing.code, Some(64), "{missing:?}");
    assert!(missing.err.contains("/nowhere/paced.toml"), "{missing:?}");
    assert_eq!(run(["--help"]).code, Some(0));
    assert_eq!(run(["--version"]).out, concat!("paced ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn run_refuses_a_bad_configuration_and_sends_nothing() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::proportional().default_of("ramp_up = -1"));
    assert_eq!(paced.wait_for_end().code(), Some(64));
    let problems = paced.lines_of("configuration_problem");
    assert!(problems.iter().any(|line| line.text("message").contains("defaults.ramp_up = -1")), "{problems:?}");
    assert!(stage.requests().is_empty() && !stage.data_dir().exists());
}

#[test]
fn run_without_anything_says_what_is_missing() {
    let mut paced = Daemon::spawn(paced().arg("run"));
    assert_eq!(paced.wait_for_end().code(), Some(64));
    let said: String = paced.lines_of("configuration_problem").iter().map(ToString::to_string).collect();
    for variable in ["CXONE_BASE_URL", "CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET", "CXONE_CAMPAIGN_ID"] {
        assert!(said.contains(variable), "{variable} is not in {said}");
    }
}

#[test]
fn policies_are_listed_and_inspected() {
    let listed = run(["policy", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for name in shipped::names() {
        assert!(listed.out.lines().any(|line| line.starts_with(name)), "{name} is not in:\n{}", listed.out);
    }

    let folder = tempfile::tempdir().unwrap();
    let inspect = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        Ended::of(paced().args(["policy", "inspect"]).arg(file))
    };
    let shown = inspect("mine.wasm", shipped::find("proportional").unwrap());
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for part in ["proportional ", "contract       paced:policy 0.1.0", "kp ", "penalty ", "ratio per agent", "imports"]
    {
        assert!(shown.out.contains(part), "{part} is not in:\n{}", shown.out);
    }
    let refused = inspect("notes.wasm", b"not a component");
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("notes.wasm is no policy that this paced can run"), "{refused:?}");
}

#[test]
fn the_journal_is_shown_to_people_and_to_programs_also_while_paced_runs() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.5));
    stage.wait_for_setting("1", 1.5, true);
    paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    let show = |arguments: &[&str]| {
        let shown = Ended::of(self::paced().args(["journal", "show", "--config"]).arg(stage.config()).args(arguments));
        assert_eq!(shown.code, Some(0), "{shown:?}");
        shown.out
    };
    let rows: Vec<Value> = show(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row["campaign"] == "1"));
    assert!(rows.iter().any(|row| row["ratio"] == 1.5 && row["outcome"] == "applied"));
    let csv = show(&["--csv", "--campaign", "1"]);
    assert!(csv.starts_with("id,time,") && csv.lines().count() > rows.len(), "{csv}");
    assert!(show(&["--since", "1h", "--limit", "1"]).contains("proposal"));
    assert!(show(&["--events"]).contains("daemon_started"));
    stage.finish(paced);
}

/// Runs the demo into a folder, and gives its log after a good end.
fn demo(data_dir: &Path, arguments: &[&str]) -> Daemon {
    let mut demo =
        Daemon::spawn(paced().args(["demo", "--time-scale", "120", "--data-dir"]).arg(data_dir).args(arguments));
    let status = demo.wait_for_end();
    assert_eq!(status.code(), Some(0), "{}", demo.errors());
    let summary = demo.lines_of("demo_summary");
    let campaigns: Vec<_> = summary.iter().map(|line| line.text("campaign")).collect();
    assert_eq!(campaigns, ["1", "2", "3"]);
    for line in &summary {
        assert!(line.number("answers") > 0.0 && line.number("decisions") > 0.0, "{line}");
        assert!((0.0..=1.0).contains(&line.number("utilization")), "{line}");
    }
    let ended = demo.lines_of("demo_ended");
    assert!(Path::new(ended[0].text("journal")).exists(), "{}", ended[0]);
    demo
}

#[test]
fn the_demo_ends_with_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(folder.path(), &["--minutes", "4", "--seed", "7"]).lines_of("demo_ended");
    assert!(ended[0].number("updates") > 0.0, "{}", ended[0]);
    // Again in the same place, with another policy.
    let demo = demo(folder.path(), &["--minutes", "4", "--policy", "fixed"]);
    assert!(demo.lines().iter().filter(|line| line.is("pacing_decision")).all(|line| line.text("policy") == "fixed"));
}

#[test]
fn the_demo_with_faults_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let demo = demo(folder.path(), &["--minutes", "18", "--faults"]);
    for event in ["reading_delayed", "pacing_loop_error", "circuit_breaker_open", "circuit_breaker_closed"] {
        assert!(!demo.lines_of(event).is_empty(), "no {event}");
    }
    for campaign in ["1", "2", "3"] {
        let last = demo.lines().into_iter().rfind(|line| line.decides(campaign)).unwrap();
        assert_eq!((last.text("status"), last.text("breaker")), ("active", "closed"), "{last}");
    }
}

#[test]
fn simulate_validate_finds_that_the_simulator_agrees_with_theory() {
    let ended = Ended::of(paced().args(["simulate", "--validate", "--replications", "10", "--json"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(report["inside"], true);
    assert!(report["rows"].as_array().unwrap().len() > 70);
    assert_eq!(Ended::of(paced().arg("simulate")).code, Some(64), "it must be said what to simulate");
    assert_eq!(Ended::of(paced().args(["simulate", "--validate", "--replications", "9"])).code, Some(64));
}

#[test]
fn the_golden_cases_of_the_shipped_policies_pass() {
    let folder = tempfile::tempdir().unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let with_cases = shipped::names().into_iter().filter(|name| policies.join(name).join("cases.toml").is_file());
    let mut tested = 0;
    for name in with_cases {
        let component = folder.path().join(format!("{name}.wasm"));
        fs::write(&component, shipped::find(name).unwrap()).unwrap();
        let mut command = paced();
        command.args(["policy", "test"]).arg(&component).arg("--cases").arg(policies.join(name).join("cases.toml"));
        let ended = Ended::of(&mut command);
        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
        tested += 1;
    }
    assert!(tested >= 5, "{tested} policies have golden cases");
}
