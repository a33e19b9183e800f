//! Which of several places counts, and what becomes of right configurations.

use std::path::Path;
use std::time::Duration;

use jiff::civil::time;
use paced_core::config::{CampaignConfig, ReportingWindow, Stance};
use paced_core::policy::AbandonmentOf;
use paced_core::ratio::DialRatio;

use super::super::{Inputs, Overrides, Platform, Secret, from_environment, parse};
use super::{BUILT_IN, check, config, printed, with};

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
             analytics requests a minute: make poll_interval 1.36 times as long, batch_size larger, or have the quota \
             raised; until then `paced run` stretches the intervals",
            "paced.toml:4: warning: platform.updates_per_minute = 100: up to 1920 reads and updates a minute, if every \
             campaign changes in every cycle; some would wait",
        ]
    );
}
