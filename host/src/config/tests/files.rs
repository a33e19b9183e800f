//! Whole files: the example, the documentation beside it, and files in which much or everything is wrong.

use std::path::{Path, PathBuf};

use paced_core::config::CampaignConfig;
use paced_core::params::ParamValue;

use super::super::section::Section;
use super::super::source::Source;
use super::super::{Config, Inputs, Overrides, Platform, load};
use super::{BUILT_IN, check, check_with, config, printed, with};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example() -> String {
    std::fs::read_to_string(root().join("paced.example.toml")).unwrap()
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    let golden = root().join("tests/golden");
    let text = std::fs::read_to_string(golden.join("config-many-problems.toml")).unwrap();
    let checked = check_with(&text, &[]);
    let findings: String = printed(&checked).iter().map(|finding| format!("{finding}\n")).collect();
    assert!(checked.config.is_none());
    assert!(!findings.contains("hunter2"), "{findings}");
    assert_eq!(findings, std::fs::read_to_string(golden.join("config-many-problems.txt")).unwrap());
}

#[test]
fn what_is_not_toml_or_not_text_is_a_finding_with_its_line() {
    let findings = printed(&check("[platform]\nclient_secret = \"hunter2\nkind = \"cxone\"\n"));
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("paced.toml:2: not TOML: "), "{findings:?}");
    assert!(!findings[0].contains("hunter2"), "{findings:?}");
    assert_eq!(printed(&check("[defaults]\nramp_up = 1\nramp_up = 2\n")), ["paced.toml:3: not TOML: duplicate key"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paced.toml");
    std::fs::write(&path, b"[platform]\n# caf\xe9\n").unwrap();
    let inputs = Inputs { env: &|_| None, overrides: &Overrides::default(), built_in: BUILT_IN };
    let findings = printed(&load(&path, &inputs).unwrap());
    assert_eq!(findings, [format!("{}:2: is not UTF-8 text here: save the file as UTF-8", path.display())]);
}

#[test]
fn no_text_makes_it_panic() {
    let example = example();
    for (end, _) in example.char_indices() {
        check(&example[..end]);
    }
    for (nth, line) in example.lines().enumerate() {
        let without: String =
            example.lines().enumerate().filter(|(n, _)| *n != nth).map(|(_, l)| format!("{l}\n")).collect();
        let checked = check(&without);
        assert_eq!(checked.config.is_some(), checked.findings.iter().all(|f| !f.is_error()), "without {line}");
    }
}

#[test]
fn the_example_is_right_and_says_what_the_defaults_are() {
    let example = config(&example());
    let plain = config(&with("", "", "id_ = 1").replace("id_ = 1", ""));
    let paced = |config: &Config, id: &str, total_agents| CampaignConfig {
        id: id.to_owned(),
        total_agents,
        ..config.campaigns[0].pacing.clone()
    };
    assert_eq!(paced(&example, "1", 20), paced(&plain, "1", 20));
    assert_eq!(paced(&plain, "1", 20), CampaignConfig::with_defaults("1", 20));
    let quotas = |config: &Config| Platform {
        base_url: plain.platform.base_url.clone(),
        client_id: String::new(),
        ..config.platform.clone()
    };
    assert_eq!(quotas(&example), quotas(&plain));
    assert_eq!(
        (&example.journal, &example.data_dir, &example.time_zone),
        (&plain.journal, &plain.data_dir, &plain.time_zone)
    );
    assert_eq!(example.params_of(&example.campaigns[1]).last(), Some(&("kp".to_owned(), ParamValue::Number(0.1))));
}

#[test]
fn the_example_lacks_only_the_secret() {
    assert_eq!(
        printed(&check_with(&example(), &[])),
        ["paced.toml:10: platform.client_secret: is missing: set CXONE_CLIENT_SECRET, or name a client_secret_file"]
    );
}

#[test]
fn example_and_documentation_name_every_key() {
    let text = format!("{}\n[policies.mine.limits]\n", example());
    let document = toml_edit::Document::parse(text.as_str()).unwrap();
    let source = Source::new("paced.toml".to_owned(), &text);
    let inputs = Inputs { env: &|_| None, overrides: &Overrides::default(), built_in: BUILT_IN };
    load::read(&source, Section::top(&source, document.as_table()), Path::new("paced.toml"), &inputs);
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let known = source.known();
    assert!(known.len() > 50, "{known:?}");
    for (key, sections) in known {
        assert!(
            text.contains(&format!("{key} ="))
                || text.contains(&format!("[{key}"))
                || text.contains(&format!(".{key}]")),
            "the example lacks {key} of {sections:?}"
        );
        assert!(
            page.contains(&format!("`{key}`")) || page.contains(&format!("[{key}")),
            "the page lacks {key} of {sections:?}"
        );
    }
}
