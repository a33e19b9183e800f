//! What is said about wrong scenarios, and whether the shipped ones are right.

use std::path::{Path, PathBuf};

use super::*;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

fn problems(text: &str) -> Vec<String> {
    parse("mine", "mine.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_shipped_scenario_is_right_and_says_what_it_is() {
    for name in names() {
        let scenario = load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.name, name);
        assert!(scenario.summary.len() > 10 && scenario.envelope.is_some(), "{name}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
        assert!(path.is_file(), "{name}");
    }
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap().count();
    assert_eq!(files, SHIPPED.len(), "a scenario's file is not listed");
}

#[test]
fn every_problem_of_a_scenario_is_reported_at_once() {
    let text = std::fs::read_to_string(golden().join("scenario-many-problems.toml")).unwrap();
    let findings: String = problems(&text).iter().map(|finding| format!("{finding}\n")).collect();
    assert_eq!(findings, std::fs::read_to_string(golden().join("scenario-many-problems.txt")).unwrap());
}

#[test]
fn what_is_not_toml_is_a_finding_with_its_line() {
    assert_eq!(problems("agents = 1\nagents = 2\n"), ["mine.toml:2: not TOML: duplicate key"]);
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    let message = load("steady-55").unwrap_err().to_string();
    assert!(message.contains("did you mean steady-5?"), "{message}");
    assert!(load("nonsense").unwrap_err().to_string().contains("paced simulate --list"));
}

#[test]
fn no_text_makes_it_panic() {
    for (_, text) in SHIPPED {
        for (end, _) in text.char_indices() {
            let _ = parse("mine", "mine.toml", &text[..end]);
        }
    }
}
