//! What is said about wrong configurations, and what becomes of right ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::time;
use paced_core::config::{CampaignConfig, ReportingWindow, Stance};
use paced_core::params::{Descriptor, ParamKind, ParamSpec, ParamValue};
use paced_core::policy::AbandonmentOf;
use paced_core::ratio::DialRatio;

use super::document::{Section, Source};
use super::*;

const BUILT_IN: &[&str] = &["proportional", "fixed"];

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example() -> String {
    std::fs::read_to_string(root().join("paced.example.toml")).unwrap()
}

/// Checks a text as `paced.toml` with these variables set and no flags.
fn check_with(text: &str, env: &[(&str, &str)]) -> Checked {
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    let lookup = |name: &str| env.get(name).map(|value| (*value).to_owned());
    parse(text, Path::new("paced.toml"), &Inputs { env: &lookup, overrides: &Overrides::default(), built_in: BUILT_IN })
}

fn check(text: &str) -> Checked {
    check_with(text, &[("CXONE_CLIENT_SECRET", "hunter2")])
}

fn config(text: &str) -> Config {
    let checked = check(text);
    let findings = checked.findings;
    checked.config.unwrap_or_else(|| panic!("{text}\n{findings:?}"))
}

/// A right configuration with these lines added to its sections.
fn with(platform: &str, defaults: &str, campaign: &str) -> String {
    format!(
        "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\n{platform}\n\
         [defaults]\n{defaults}\n[[campaigns]]\nid = \"1\"\ntotal_agents = 20\n{campaign}\n"
    )
}

fn printed(checked: &Checked) -> Vec<String> {
    checked.findings.iter().map(ToString::to_string).collect()
}

/// The one finding on a text, without file and line.
fn only_finding(text: &str) -> String {
    let findings = printed(&check(text));
    let [finding] = &*findings else { panic!("{text}\n{findings:#?}") };
    finding.splitn(3, ':').nth(2).unwrap_or(finding).trim_start().to_owned()
}

#[test]
fn what_is_said_about_a_wrong_setting() {
    let cases = [
        (r#"poll_interval = "50ms""#, r#"poll_interval = "50ms": must be a duration from 100ms to 1h"#),
        ("poll_interval = 15", r#"poll_interval = 15: must be a duration in quotes, such as "15s""#),
        (
            r#"poll_interval = "15""#,
            r#"poll_interval = "15": must be a number with its unit (ms, s, min, h or d), such as "15s""#,
        ),
        (r#"poll_interval = "100500us""#, r#"poll_interval = "100500us": must be a duration in whole milliseconds"#),
        (
            "target_utilization = 0",
            "target_utilization = 0: must be a share above 0 and at most 1, such as 0.05 for 5 %",
        ),
        (
            "target_utilization = nan",
            "target_utilization = nan: must be a share above 0 and at most 1, such as 0.05 for 5 %",
        ),
        ("max_abandonment = 1.5", "max_abandonment = 1.5: must be a share above 0 and at most 1, such as 0.05 for 5 %"),
        (
            "min_dial_ratio = 0.05",
            "min_dial_ratio = 0.05: must be a dial ratio from 0.1 to 5.0 with at most two decimals",
        ),
        (
            "max_dial_ratio = 5.01",
            "max_dial_ratio = 5.01: must be a dial ratio from 0.1 to 5.0 with at most two decimals",
        ),
        ("safe_ratio = 1.005", "safe_ratio = 1.005: must be a dial ratio from 0.1 to 5.0 with at most two decimals"),
        ("resume_ratio = inf", "resume_ratio = inf: must be a dial ratio from 0.1 to 5.0 with at most two decimals"),
        (
            "initial_dial_ratio = true",
            "initial_dial_ratio = true: must be a dial ratio from 0.1 to 5.0 with at most two decimals",
        ),
        ("ramp_up = -1", "ramp_up = -1: must be above 0: a number from 0.01, the step of the dial ratio, to 5"),
        ("ramp_down = 0.0", "ramp_down = 0.0: must be above 0: a number from 0.01, the step of the dial ratio, to 5"),
        ("deadband = -0.1", "deadband = -0.1: must be a number from 0 to 1"),
        ("small_group_agents = -1", "small_group_agents = -1: must be a whole number from 0 to 1000"),
        ("min_answers = 0", "min_answers = 0: must be a whole number from 1 to 10000"),
        ("trip_readings = 0", "trip_readings = 0: must be a whole number from 1 to 100"),
        ("breaker_failures = 2.5", "breaker_failures = 2.5: must be a whole number from 1 to 100"),
        ("policy_faults = 99999999999", "policy_faults = 99999999999: must be a whole number from 1 to 1000"),
        (r#"when_blind = "stop""#, r#"when_blind = "stop": must be "hold", "safe" or "pause""#),
        ("on_exit = [\"hold\"]", r#"on_exit = a list: must be "hold", "safe" or "pause""#),
        (r#"abandonment_of = "dials""#, r#"abandonment_of = "dials": must be "answered" or "offered""#),
        (r#"jurisdiction = "de""#, r#"jurisdiction = "de": must be "us", "uk" or "ca""#),
        (r#"shift_end = "25:00""#, r#"shift_end = "25:00": must be a time of day in quotes, such as "18:00""#),
        ("shift_end = 18:00:00", r#"shift_end = 18:00:00: must be a time of day in quotes, such as "18:00""#),
        (r#"policy = "proportionl""#, r#"policy = "proportionl": no such policy; did you mean "proportional"?"#),
        (
            r#"policy = "mine""#,
            r#"policy = "mine": no such policy: name one of proportional, fixed, or add it as [policies.NAME]"#,
        ),
        (r#"policy = """#, r#"policy = "": must not be empty"#),
        ("rampup = 0.5", "rampup: unknown key; did you mean `ramp_up`?"),
        ("batch_size = 10", "batch_size: unknown key here; it belongs to [platform]"),
        ("poll_interval.max = 1", "poll_interval = a table: must be a single value, not a table"),
    ];
    for (setting, expected) in cases {
        assert_eq!(only_finding(&with("", setting, "")), format!("defaults.{expected}"));
        assert_eq!(only_finding(&with("", "", setting)), format!("campaigns.\"1\".{expected}"));
    }
}

#[test]
fn what_is_said_about_settings_that_do_not_go_together() {
    let cases = [
        // (in [defaults], in the campaign, the finding): it stands where someone departed from what was there before.
        (
            "min_dial_ratio = 3.0\nmax_dial_ratio = 2.0",
            "",
            "defaults.min_dial_ratio = 3.0: min_dial_ratio (3.00) must be at most max_dial_ratio (2.00)",
        ),
        (
            "min_dial_ratio = 3.0\nsafe_ratio = 3\nresume_ratio = 3\ninitial_dial_ratio = 3",
            "max_dial_ratio = 2.0",
            "campaigns.\"1\".max_dial_ratio = 2.0: min_dial_ratio (3.00) must be at most max_dial_ratio (2.00)",
        ),
        (
            "safe_ratio = 0.5",
            "min_dial_ratio = 0.6",
            "campaigns.\"1\".min_dial_ratio = 0.6: safe_ratio (0.50) must be at least min_dial_ratio (0.60)",
        ),
        (
            "max_dial_ratio = 0.9\nsafe_ratio = 0.9\ninitial_dial_ratio = 0.9",
            "",
            "defaults.max_dial_ratio = 0.9: resume_ratio (1.00, its default) must be at most max_dial_ratio (0.90)",
        ),
        (
            "stale_after = \"10s\"",
            "",
            "defaults.stale_after = \"10s\": stale_after (10s) must be at least poll_interval (15s, its default)",
        ),
        (
            "stale_after = \"45s\"",
            "poll_interval = \"60s\"",
            "campaigns.\"1\".poll_interval = \"60s\": stale_after (45s) must be at least poll_interval (60s)",
        ),
        (
            "blind_after = \"45s\"",
            "",
            "defaults.blind_after = \"45s\": stale_after (45s, its default) must be less than blind_after (45s)",
        ),
        (
            "min_answers = 300",
            "",
            "defaults.min_answers = 300: min_answers (300) must be at most abandonment_window_answers (200, its default), or abandonment is never judged",
        ),
        (
            "jurisdiction = \"us\"\nmax_abandonment = 0.02",
            "",
            "defaults.max_abandonment = 0.02: the jurisdiction sets max_abandonment (0.03): take one of them out",
        ),
        (
            "jurisdiction = \"ca\"",
            "max_abandonment = 0.1",
            "campaigns.\"1\".max_abandonment = 0.1: the jurisdiction sets max_abandonment (0.05): take one of them out",
        ),
        (
            "jurisdiction = \"uk\"",
            "",
            "defaults.jurisdiction = \"uk\": the UK names no limit: say yours in max_abandonment, such as 0.03",
        ),
        (
            "jurisdiction = \"us\"",
            "abandonment_of = \"offered\"",
            "campaigns.\"1\".abandonment_of = \"offered\": a jurisdiction counts abandonment_of \"answered\": take one of them out",
        ),
    ];
    for (defaults, campaign, expected) in cases {
        assert_eq!(only_finding(&with("", defaults, campaign)), expected);
    }
}

#[test]
fn a_wrong_value_is_not_held_against_other_settings() {
    for settings in [
        "stale_after = \"200s\"\nblind_after = \"5x\"",
        "min_dial_ratio = 2\nsafe_ratio = 9\nresume_ratio = 2\ninitial_dial_ratio = 2",
    ] {
        only_finding(&with("", settings, ""));
    }
    assert!(check(&with("", "poll_interval = \"\"", "")).budget.is_none());
    assert!(check(&with("batch_size = 0", "", "")).budget.is_none());
    assert!(check(&with("", "min_answers = 0", "")).budget.is_some());
}

#[test]
fn what_is_said_about_the_platform() {
    let platform = |lines: &str| {
        only_finding(&format!(
            "[platform]\nclient_id = \"id\"\n{lines}\n[[campaigns]]\nid = \"1\"\ntotal_agents = 20\n"
        ))
    };
    assert_eq!(platform(""), "platform.base_url: is missing: the platform's https address, here or in CXONE_BASE_URL");
    assert_eq!(
        platform("base_url = \"http://host\""),
        "platform.base_url = \"http://host\": must be an https address, so that no token travels in the clear, \
         such as \"https://your-org.nice.incontact.com\""
    );
    assert_eq!(
        platform("base_url = \"https://host/api\""),
        "platform.base_url = \"https://host/api\": must end after the host, without path or query, \
         such as \"https://your-org.nice.incontact.com\""
    );
    let platform = |line: &str| only_finding(&with(line, "", ""));
    assert_eq!(platform("batch_size = 201"), "platform.batch_size = 201: must be a whole number from 1 to 200");
    assert_eq!(
        platform("updates_per_minute = 0"),
        "platform.updates_per_minute = 0: must be a whole number from 1 to 1000000"
    );
    assert_eq!(
        platform("request_timeout = \"1min\""),
        "platform.request_timeout = \"1min\": must be a duration from 100ms to 45s"
    );
    assert_eq!(platform("kind = \"genesys\""), "platform.kind = \"genesys\": must be \"cxone\"");
    assert_eq!(
        platform("ramp_up = 1"),
        "platform.ramp_up: unknown key here; it belongs to [[campaigns]] or [defaults]"
    );
}

#[test]
fn what_is_said_about_campaigns_and_sections() {
    let platform = "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\n";
    let cases = [
        (String::new(), "paced.toml: campaigns: is missing: at least one [[campaigns]] with id and total_agents"),
        (
            "[campaigns]\nid = \"1\"\n".to_owned(),
            "paced.toml:4: campaigns = a table: must be a list of tables, each written [[campaigns]]",
        ),
        (
            "[[campaigns]]\nid = \"1\"\n".to_owned(),
            "paced.toml:4: campaigns.\"1\".total_agents: is missing: the number of agents staffed, 1 to 100000",
        ),
        (
            "[[campaigns]]\ntotal_agents = 1\n".to_owned(),
            "paced.toml:4: campaigns[0].id: is missing: the platform's identifier in quotes, such as \"12345\"",
        ),
        (
            "[[campaigns]]\nid = 5\ntotal_agents = 1\n".to_owned(),
            "paced.toml:5: campaigns[0].id = 5: must be text in quotes, such as \"12345\"",
        ),
        (
            "[[campaigns]]\nid = \" \"\ntotal_agents = 1\n".to_owned(),
            "paced.toml:5: campaigns[0].id = \" \": must not be empty",
        ),
        (
            "[[campaigns]]\nid = \"1\"\ntotal_agents = 1\n".repeat(2),
            "paced.toml:8: campaigns[1].id = \"1\": the campaign on line 4 has the same id: each may stand once",
        ),
        (
            "[[campaigns]]\nid = \"1\"\ntotal_agents = 1\n[[experiments]]\n".to_owned(),
            "paced.toml:7: experiments: not supported yet by this version: take it out",
        ),
        (
            "[[campaigns]]\nid = \"1\"\ntotal_agents = 1\n[policies.mine]\n".to_owned(),
            "paced.toml:7: policies.mine.file: is missing: the policy's component, such as \"policies/mine.wasm\"",
        ),
        (
            "[[campaigns]]\nid = \"1\"\ntotal_agents = 1\nparams = { kp = 2020-01-01 }\n".to_owned(),
            "paced.toml:7: campaigns.\"1\".params.kp = 2020-01-01: must be a finite number, a whole number, true, false or text in quotes",
        ),
    ];
    for (text, expected) in cases {
        let checked = check(&format!("{platform}{text}"));
        assert_eq!(printed(&checked), [expected]);
        assert!(checked.config.is_none());
    }
    let inline = format!("campaigns = [{{ id = \"1\", total_agents = 0 }}]\n{platform}");
    assert_eq!(
        printed(&check(&inline)),
        ["paced.toml:1: campaigns.\"1\".total_agents = 0: must be a whole number from 1 to 100000"]
    );
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

#[test]
fn a_campaigns_own_setting_wins_over_defaults_and_those_over_ours() {
    let text = with(
        "batch_size = 20",
        "ramp_up = 0.3\nramp_down = 0.4\nwhen_blind = \"hold\"\nshift_end = \"18:00\"\nmin_dial_ratio = 0.5",
        "ramp_up = 0.2\nwhen_blind = \"pause\"\nshift_end = \"17:30\"\nmax_concurrent_calls_per_ratio = 30",
    );
    let config = config(&text);
    let campaign = &config.campaigns[0];
    let expected = CampaignConfig {
        ramp_up: 0.2,
        ramp_down: 0.4,
        when_blind: Stance::Pause,
        min_dial_ratio: DialRatio::from_hundredths_clamped(50),
        max_concurrent_calls_per_ratio: Some(30.0),
        ..CampaignConfig::with_defaults("1", 20)
    };
    assert_eq!(campaign.pacing, expected);
    assert_eq!((campaign.shift_end, campaign.line), (Some(time(17, 30, 0, 0)), Some(11)));
    assert_eq!((&*campaign.policy, config.platform.batch_size), ("proportional", 20));
}

#[test]
fn a_long_poll_interval_moves_the_ages_along_where_nothing_is_said() {
    let ages = |settings: &str| {
        let pacing = config(&with("", settings, "")).campaigns.remove(0).pacing;
        (pacing.stale_after.as_secs(), pacing.blind_after.as_secs())
    };
    assert_eq!(ages("poll_interval = \"1s\""), (45, 150));
    assert_eq!(ages("poll_interval = \"60s\""), (180, 600));
    assert_eq!(ages("poll_interval = \"60s\"\nstale_after = \"60s\""), (60, 600));
}

#[test]
fn a_jurisdiction_sets_limit_definition_and_window() {
    let law = |defaults: &str, campaign: &str| {
        let abandonment = config(&with("", defaults, campaign)).campaigns.remove(0).pacing.abandonment;
        (abandonment.limit, abandonment.of, abandonment.reporting)
    };
    let answered = AbandonmentOf::Answered;
    assert_eq!(law("", ""), (0.05, answered, ReportingWindow::Days30));
    assert_eq!(law("jurisdiction = \"us\"", ""), (0.03, answered, ReportingWindow::Days30));
    assert_eq!(law("", "jurisdiction = \"ca\""), (0.05, answered, ReportingWindow::Month));
    assert_eq!(law("jurisdiction = \"uk\"", "max_abandonment = 0.02"), (0.02, answered, ReportingWindow::Today));
    let custom = "max_abandonment = 0.1\nabandonment_of = \"offered\"";
    assert_eq!(law(custom, ""), (0.1, AbandonmentOf::Offered, ReportingWindow::Days30));
    assert_eq!(law(custom, "jurisdiction = \"us\""), (0.03, answered, ReportingWindow::Days30), "the campaign's own");
}

#[test]
fn flag_wins_over_environment_and_that_over_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paced.toml");
    std::fs::write(folder.path().join("secret"), "from-file\n").unwrap();
    let text = with("client_secret_file = \"secret\"", "", "");
    let connect = |env: &[(&str, &str)], overrides: &Overrides| {
        let lookup = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let checked = parse(&text, &path, &Inputs { env: &lookup, overrides, built_in: BUILT_IN });
        let (config, warnings) = checked.into_config().unwrap();
        assert_eq!(warnings, []);
        let Platform { base_url, client_id, client_secret, .. } = config.platform;
        let data_dir = config.data_dir.strip_prefix(folder.path()).map(Path::to_owned).unwrap_or(config.data_dir);
        [base_url.to_string(), client_id, client_secret.expose().to_owned(), data_dir.display().to_string()]
    };
    let env = [("CXONE_BASE_URL", "https://env"), ("CXONE_CLIENT_ID", "env-id"), ("CXONE_CLIENT_SECRET", "env-secret")];
    let flags = Overrides {
        base_url: Some("https://flag".to_owned()),
        client_id: Some("flag-id".to_owned()),
        client_secret: Some(Secret::new("flag-secret")),
        data_dir: Some("elsewhere".into()),
    };
    let blank = [("CXONE_BASE_URL", ""), ("CXONE_CLIENT_ID", " "), ("CXONE_CLIENT_SECRET", "")];
    let from_file = ["https://host/", "id", "from-file", "paced-data"];
    assert_eq!(connect(&[], &Overrides::default()), from_file);
    assert_eq!(connect(&blank, &Overrides::default()), from_file, "an empty variable is not set");
    assert_eq!(connect(&env, &Overrides::default()), ["https://env/", "env-id", "env-secret", "paced-data"]);
    assert_eq!(connect(&env, &flags), ["https://flag/", "flag-id", "flag-secret", "elsewhere"]);
}

#[test]
fn no_finding_shows_a_secret() {
    let all = [("CXONE_BASE_URL", "https://user:hunter2@host"), ("CXONE_CLIENT_SECRET", "hunter2\n")];
    let cases = [
        ("client_secret = \"hunter2\"", &[][..]),
        ("client_secret = \"hunter2\\n\"", &[]),
        ("client_secret = [\"hunter2\"]", &[]),
        ("client_secret = \"hunter2\"\nclient_secret_file = \"hunter2\"", &[]),
        ("client_secret_file = \"hunter2\"", &[]),
        ("client_secrets = \"hunter2\"", &[]),
        ("client_secret.is = \"hunter2\"", &[]),
        ("", &all),
    ];
    for (lines, env) in cases {
        let checked = check_with(&with(lines, "", ""), env);
        let shown = format!("{:?} {}", checked, printed(&checked).join("\n"));
        assert!(!checked.findings.is_empty(), "{lines}");
        assert!(!shown.contains("hunter2"), "{lines}: {shown}");
    }
}

#[test]
fn the_environment_alone_configures_one_campaign() {
    let run = |env: &[(&str, &str)]| {
        let lookup = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        from_environment(&Inputs { env: &lookup, overrides: &Overrides::default(), built_in: BUILT_IN })
    };
    let required = [
        ("CXONE_BASE_URL", "https://host"),
        ("CXONE_CLIENT_ID", "id"),
        ("CXONE_CLIENT_SECRET", "hunter2"),
        ("CXONE_CAMPAIGN_ID", "12345"),
    ];
    let config = run(&required).config.unwrap();
    assert_eq!(config.campaigns[0].pacing, CampaignConfig::with_defaults("12345", 20));
    assert_eq!((config.data_dir.as_path(), &*config.source), (Path::new("paced-data"), "environment"));

    let more = [&required[..], &[("CXONE_TOTAL_AGENTS", "7"), ("POLL_INTERVAL_MS", "60000")]].concat();
    let pacing = run(&more).config.unwrap().campaigns.remove(0).pacing;
    assert_eq!((pacing.total_agents, pacing.poll_interval), (7, Duration::from_secs(60)));
    assert_eq!(pacing.stale_after, Duration::from_secs(180));

    let wrong = [("CXONE_BASE_URL", "host"), ("CXONE_TOTAL_AGENTS", "many"), ("POLL_INTERVAL_MS", "15s")];
    let checked = run(&wrong);
    assert!(checked.config.is_none());
    assert_eq!(
        printed(&checked),
        [
            "environment: CXONE_BASE_URL = \"host\": must be an address, such as \"https://your-org.nice.incontact.com\"",
            "environment: CXONE_CAMPAIGN_ID: is missing: the campaign's identifier (or give a file with --config)",
            "environment: CXONE_CLIENT_ID: is missing: the API client's identifier (or give a file with --config)",
            "environment: CXONE_CLIENT_SECRET: is missing: the API client's secret (or give a file with --config)",
            "environment: CXONE_TOTAL_AGENTS = \"many\": must be a whole number from 1 to 100000",
            "environment: POLL_INTERVAL_MS = \"15s\": must be a whole number from 100 to 3600000",
        ]
    );

    let fast = [&required[..], &[("POLL_INTERVAL_MS", "500")]].concat();
    let checked = run(&fast);
    assert!(checked.config.is_some(), "over budget is no reason not to run");
    assert_eq!(checked.budget_findings.len(), 1);
}

#[test]
fn params_are_judged_by_what_the_policy_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), "").unwrap();
    let text = with(
        "[policies.mine]\nfile = \"mine.wasm\"\nlimits = { fuel = 1_000_000, memory = \"64MiB\" }\n\
         [policies.mine.params]\nkp = 9",
        "policy = \"mine\"",
        "params = { kq = 0.1, kp = 2 }",
    );
    let text = format!("{text}[[campaigns]]\nid = \"2\"\ntotal_agents = 1\npolicy = \"fixed\"\nparams = {{ x = 1 }}\n");
    let env = |name: &str| (name == "CXONE_CLIENT_SECRET").then(|| "hunter2".to_owned());
    let inputs = Inputs { env: &env, overrides: &Overrides::default(), built_in: BUILT_IN };
    let mut config = parse(&text, &folder.path().join("paced.toml"), &inputs).config.unwrap();
    config.source = "paced.toml".to_owned();
    let kp = ParamSpec {
        name: "kp".to_owned(),
        kind: ParamKind::Number { min: 0.0, max: 5.0 },
        default: ParamValue::Number(0.15),
        unit: String::new(),
        help: String::new(),
    };
    let (version, summary) = ("1.0.0".to_owned(), String::new());
    let mine = Descriptor { name: "mine".to_owned(), version, summary, state_version: 1, params: vec![kp] };
    let findings = check_params(&config, &|name| (name == "mine").then(|| mine.clone()));
    assert_eq!(
        findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "paced.toml:8: policies.mine.params.kp = 9: must be a number from 0 to 5",
            "paced.toml:14: campaigns.\"1\".params.kq = 0.1: `mine` has no such parameter; did you mean `kp`?",
        ]
    );
    let entry = &config.policies["mine"];
    assert_eq!(entry.file, Some(folder.path().join("mine.wasm")));
    assert_eq!((entry.limits.fuel, entry.limits.memory_bytes), (Some(1_000_000), Some(64 << 20)));
}

#[test]
fn the_budget_of_a_file_counts_its_campaigns() {
    let campaigns: String = (2..=240).map(|id| format!("[[campaigns]]\nid = \"{id}\"\ntotal_agents = 5\n")).collect();
    let checked = check(&(with("", "", "") + &campaigns));
    let budget = checked.budget.unwrap();
    assert_eq!(
        budget.to_string(),
        "240 campaigns every 15 s in batches of 50 need 20 of 100 analytics requests a minute"
    );
    assert_eq!(checked.budget_findings, []);
    assert_eq!(checked.config.unwrap().budget(), budget);

    let tight = check(&(with("updates_per_minute = 100\nanalytics_per_minute = 15", "", "") + &campaigns));
    assert!(tight.config.is_some());
    let findings: Vec<_> = tight.budget_findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "paced.toml:5: platform.analytics_per_minute = 15: 240 campaigns every 15 s in batches of 50 need 20 of 15 \
             analytics requests a minute: make poll_interval 1.34 times as long, batch_size larger, or have the quota \
             raised; until then `paced run` stretches the intervals",
            "paced.toml:4: warning: platform.updates_per_minute = 100: up to 1920 reads and updates a minute, if every \
             campaign changes in every cycle; some would wait",
        ]
    );
}
