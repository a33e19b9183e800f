//! Golden cases against the shipped policies.

use std::fs;

use super::*;
use crate::shipped;
use crate::wasm::tests::engine;

/// A folder with a shipped policy and a file of cases.
struct Bench {
    folder: tempfile::TempDir,
    args: Args,
}

impl Bench {
    fn new(policy: &str, cases: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("x.wasm"), shipped::find(policy).unwrap()).unwrap();
        fs::write(path("cases.toml"), cases).unwrap();
        let args = Args {
            file: path("x.wasm"),
            cases: path("cases.toml"),
            update: false,
            junit: None,
            limits: LimitArgs::default(),
        };
        Self { folder, args }
    }

    fn run(&self) -> (Exit, String) {
        let mut out = Vec::new();
        let exit = run(&self.args, engine(), &mut out).unwrap();
        let folder = format!("{}/", self.folder.path().display());
        (exit, String::from_utf8(out).unwrap().replace(&folder, ""))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.args.cases).unwrap()
    }
}

const GOOD: &str = r#"
tolerance = 0.001

[[cases]]
name = "the default"
expect = 1.0

[[cases]]
name = "another ratio"
params = { ratio = 2.5 }
input.reading.fresh = false
input.campaign = { abandonment_of = "offered", shift_end_ms = 5 }
input.since_last_decision_s = "none"
expect = 2.5004
"#;

#[test]
fn cases_that_are_met_pass() {
    let (exit, shown) = Bench::new("fixed", GOOD).run();
    assert_eq!(shown, "ok       the default\nok       another ratio\n\ncases.toml: 2 passed, 0 failed\n");
    assert_eq!(exit, Exit::Done);
}

#[test]
fn every_failure_is_shown_with_what_was_expected_and_what_came() {
    let cases = GOOD.replace("expect = 1.0", "expect = \"hold\"").replace("2.5004", "2.502");
    let (exit, shown) = Bench::new("fixed", &cases).run();
    assert_eq!(exit, Exit::Findings);
    assert!(
        shown.contains(
            "error[case]: \"the default\" is not decided as expected\n --> cases.toml:6:1\n  |\n\
             6 | expect = \"hold\"\n  | ^^^^^^^^^^^^^^^\n  |\n  = expected: hold\n  \
             = actual: 1, because \"constant\"\nhelp: "
        ),
        "{shown}"
    );
    assert!(shown.contains("= expected: 2.502, within 0.001\n"), "{shown}");
    assert!(shown.ends_with("cases.toml: 0 passed, 2 failed\n"), "{shown}");
}

#[test]
fn holds_and_errors_can_be_expected() {
    let cases = r#"
[[cases]]
name = "stale"
input.reading = { fresh = false }
expect = "hold"

[[cases]]
name = "far over the upper bound"
input.dial_ratio = 1.7e308
input.campaign.configured_agents = 4294967295
params.kp = 5.0
expect = 5.0

[[cases]]
name = "no state that it knows"
state = "ff ff"
expect = { error = "declined" }
"#;
    let (exit, shown) = Bench::new("proportional", cases).run();
    assert_eq!(exit, Exit::Done, "{shown}");
}

#[test]
fn an_update_writes_what_fails_and_keeps_all_else() {
    let cases = r#"# Of the constant policy.
[[cases]]
name  =  "met"   # spaces and all
expect = 1e0

[[cases]]
name = "changed"
expect = "hold"   # for now
params = { ratio = 2.5 }

# A remark.
[[cases]]
name = "new"
"#;
    let mut bench = Bench::new("fixed", cases);
    assert_eq!(bench.run().0, Exit::Findings);
    assert_eq!(bench.text(), cases);
    bench.args.update = true;
    let (exit, shown) = bench.run();
    assert_eq!(exit, Exit::Done, "{shown}");
    assert!(shown.ends_with("cases.toml: 1 passed, 2 updated\n"), "{shown}");
    let expected = cases.replace("\"hold\"", "2.5").replace("\"new\"\n", "\"new\"\nexpect = 1.0\n");
    assert_eq!(bench.text(), expected);
    bench.args.update = false;
    assert_eq!(bench.run().0, Exit::Done);
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 2);
}

#[test]
fn every_problem_of_a_file_is_reported_and_nothing_runs() {
    let cases = r#"
tolerence = 1
[[cases]]
name = "slips"
input.dail_ratio = 1.0
input.reading = { agents_busy = "many", frsh = true }
input.windows.last_5m.offered = -1
input.campaign = 3
input.state = "00"
params = { ration = 1.0 }
state = "0"
expect = "holds"
[[cases]]
params = { ratio = 9.0 }
expect = { eror = "x" }
"#;
    let (exit, shown) = Bench::new("fixed", cases).run();
    assert_eq!(exit, Exit::Findings);
    for (what, help) in [
        ("unknown key `tolerence`\n --> cases.toml:2:1", "did you mean `tolerance`?"),
        ("unknown key `input.dail_ratio`\n --> cases.toml:5:7", "did you mean `dial_ratio`?"),
        ("`input.reading.agents_busy` must be a finite number\n --> cases.toml:6:19", ""),
        ("unknown key `input.reading.frsh`", "did you mean `fresh`?"),
        ("`input.windows.last_5m.offered` must be a whole number from 0 to 4294967295", ""),
        ("`input.campaign` must be a table", ""),
        ("`state` stands beside `input`, not in it", ""),
        ("unknown key `params.ration`", "did you mean `ratio`?"),
        ("`state` must be text of hexadecimal digits", ""),
        ("`expect` must be a dial ratio, \"hold\", or", ""),
        ("the case has no name\n  --> cases.toml:13:1", "`name = "),
        ("`params.ratio` must be a number from 0.1 to 5", ""),
    ] {
        assert!(shown.contains(&format!("error[cases]: {what}")) && shown.contains(help), "{what}: {shown}");
    }
    assert!(shown.ends_with("cases.toml: nothing was run\n"), "{shown}");
}

#[test]
fn a_file_without_cases_is_a_mistake() {
    for (text, what) in [("", "there are no cases"), ("cases = 1", "there are no cases"), ("[[cases", "not TOML")] {
        let (exit, shown) = Bench::new("fixed", text).run();
        assert_eq!(exit, Exit::Findings);
        assert!(shown.contains(what), "{shown}");
    }
}

#[test]
fn a_report_for_ci_counts_and_explains() {
    let cases = GOOD.replace("2.5004", "\"hold\"").replace("another ratio", "a<b & \\\"c\\\"\\u001b");
    let mut bench = Bench::new("fixed", &cases);
    let junit = bench.folder.path().join("report.xml");
    bench.args.junit = Some(junit.clone());
    assert_eq!(bench.run().0, Exit::Findings);
    let xml = fs::read_to_string(junit).unwrap();
    assert!(xml.contains("<testsuite name=\"fixed\" tests=\"2\" skipped=\"0\" errors=\"0\" failures=\"1\""), "{xml}");
    assert!(xml.contains("<testcase name=\"a&lt;b &amp; &quot;c&quot;\" classname=\"fixed\" time="), "{xml}");
    assert!(xml.contains("<failure message=\"expected hold; actual 2.5, because &quot;constant&quot;\""), "{xml}");
}

#[test]
fn a_component_that_is_refused_is_explained() {
    let bench = Bench::new("fixed", GOOD);
    fs::write(&bench.args.file, wat::parse_str("(module)").unwrap()).unwrap();
    let (exit, shown) = bench.run();
    assert_eq!(exit, Exit::Findings);
    assert!(shown.starts_with("error[validate]: it is a plain module"), "{shown}");
}
