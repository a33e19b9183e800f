//! A configuration that is edited while paced runs.

use std::fs;
use std::os::unix::fs::symlink;

use paced::shipped;
use rustix::process::Signal;

use crate::harness::{self, Daemon, Ended, Settings, Stage};

/// Replaces the configuration as `sed -i` does, and vim: by renaming a new file over it.
fn rename_over(stage: &Stage, settings: &Settings) {
    let beside = stage.path("paced.toml.new");
    fs::write(&beside, settings.text(&stage.base_url())).unwrap();
    fs::rename(&beside, stage.config()).unwrap();
}

/// Waits until the log says that something changed, and gives what.
fn changed(paced: &mut Daemon) -> String {
    paced.wait_for("the change", |line| line.is("config_changed")).text("message").to_owned()
}

#[test]
fn an_edit_counts_from_the_next_decision_on() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.5));
    stage.wait_for_setting("1", 1.5, true);
    let before = paced.wait_for("a decision", |line| line.decides("1"));

    stage.configure(&Settings::fixed(1.8));
    assert_eq!(changed(&mut paced), "policies.fixed.params.ratio: 1.5 -> 1.8");
    stage.wait_for_setting("1", 1.8, true);
    let after = paced.wait_for("a decision", |line| line.decides("1") && line.number("ratio") == 1.8);
    assert_ne!(after.text("revision"), before.text("revision"));

    rename_over(&stage, &Settings::fixed(1.8).default_of("max_dial_ratio = 1.2"));
    assert_eq!(changed(&mut paced), "campaigns.\"1\".max_dial_ratio: 5.00 -> 1.20");
    let bounded = paced.wait_for("the bound", |line| line.decides_by("1", "bounds"));
    assert_eq!((bounded.number("ratio"), bounded.text("revision")), (1.2, after.text("revision")));
    stage.wait_for_setting("1", 1.2, true);

    let journalled = stage.events("config_changed");
    let campaigns: Vec<_> = journalled.iter().map(|event| event.campaign.as_deref()).collect();
    assert_eq!((campaigns.len(), campaigns.contains(&None), campaigns.contains(&Some("1"))), (2, true, true));
    assert!(paced.lines_of("policy_fault").is_empty());
    stage.finish(paced);
}

#[test]
fn a_policy_its_file_and_its_params_change_in_one_edit_without_a_fault() {
    let stage = Stage::new();
    let tolerant = || Settings::default().default_of("max_abandonment = 1.0");
    let mut paced = stage.run(&tolerant().campaign("1", 20, "policy = \"proportional\"\nparams = { kp = 0.1 }"));
    paced.wait_for("a decision", |line| line.decides_afresh("1"));

    let entry = "[policies.mine]\nfile = \"mine.wasm\"";
    fs::write(stage.path("mine.wasm"), shipped::find("fixed").unwrap()).unwrap();
    let mine = |params: &str| tolerant().policy(entry).campaign("1", 20, &format!("policy = \"mine\"\n{params}"));
    stage.configure(&mine("params = { ratio = 1.4 }"));
    paced.wait_for("the new policy", |line| line.is("policy_loaded") && line.text("policy") == "mine");
    stage.wait_for_setting("1", 1.4, true);

    // The component of the running policy and the params that only the new one takes.
    fs::write(stage.path("mine.wasm"), shipped::find("proportional").unwrap()).unwrap();
    stage.configure(&mine("params = { kp = 0.1 }"));
    paced.wait_for("the other's decision", |line| line.decides("1") && line.text("reason") == "agents to target");
    assert!(paced.lines_of("policy_fault").is_empty());
    stage.finish(paced);
}

#[test]
fn an_edit_with_errors_applies_nothing_and_is_told_as_check_tells_it() {
    let stage = Stage::new();
    let mut paced = stage.run(&Settings::fixed(1.5));
    stage.wait_for_setting("1", 1.5, true);
    let wrong = Settings::fixed(9.5).default_of("max_dial_ratio = 1.2\nramp_pu = 1");
    stage.configure(&wrong);
    paced.wait_for("the rejection", |line| line.is("config_rejected"));
    let told: Vec<_> =
        paced.lines_of("configuration_problem").iter().map(|line| line.text("message").to_owned()).collect();
    let check = Ended::of(
        harness::paced().args(["check", "--config"]).arg(stage.config()).env("CXONE_CLIENT_SECRET", "demo-secret"),
    );
    assert_eq!(check.code, Some(2));
    let printed: Vec<_> = check.out.lines().take(told.len()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told, printed);
    paced.pass();
    let decision = paced.wait_for("a decision", |line| line.decides("1"));
    assert_eq!(decision.number("ratio"), 1.5);

    // Half a file, then none, then the whole one.
    fs::write(stage.config(), "[platform]\nbase_url = \"htt").unwrap();
    paced.wait_for("the rejection", |line| line.is("config_rejected"));
    fs::remove_file(stage.config()).unwrap();
    paced.wait_for("that it is missed", |line| {
        line.is("config_rejected") && line.text("message").contains("No such file")
    });
    stage.configure(&Settings::fixed(1.7));
    assert_eq!(changed(&mut paced), "policies.fixed.params.ratio: 1.5 -> 1.7");
    stage.wait_for_setting("1", 1.7, true);
    assert_eq!(stage.events("config_rejected").len(), 3);
    assert!(paced.lines_of("policy_fault").is_empty());
    stage.finish(paced);
}

#[test]
fn what_needs_a_restart_is_named_and_a_hangup_asks_for_a_look() {
    let stage = Stage::new();
    // The flag wins over the file, also over a file that changes.
    let mut paced = stage.run_with(&Settings::fixed(1.5), &["--base-url", &stage.base_url()]);
    stage.wait_for_setting("1", 1.5, true);
    let elsewhere = Settings::fixed(1.6).platform("batch_size = 20").text("https://elsewhere.example");
    fs::write(stage.config(), elsewhere).unwrap();
    assert_eq!(changed(&mut paced), "policies.fixed.params.ratio: 1.5 -> 1.6");
    let waits = paced.wait_for("what waits", |line| line.is("config_needs_restart"));
    assert!(waits.text("message").starts_with("platform.batch_size: 50 -> 20: "), "{waits}");
    stage.wait_for_setting("1", 1.6, true);
    paced.signal(Signal::HUP);
    paced.wait_for("an answer", |line| line.is("config_unchanged"));
    assert_eq!(paced.lines_of("config_needs_restart").len(), 1, "once");
    stage.finish(paced);
}

#[test]
fn a_mounted_configuration_whose_link_is_swapped_is_followed() {
    let stage = Stage::new();
    let version = |name: &str, ratio: f64| {
        fs::create_dir(stage.path(name)).unwrap();
        let text = Settings::fixed(ratio).text(&stage.base_url());
        fs::write(stage.path(name).join("paced.toml"), text).unwrap();
    };
    version("..v1", 1.5);
    version("..v2", 1.8);
    symlink("..v1", stage.path("..data")).unwrap();
    symlink("..data/paced.toml", stage.config()).unwrap();
    let mut paced = Daemon::spawn(&mut stage.command());
    stage.wait_for_setting("1", 1.5, true);
    symlink("..v2", stage.path("..new")).unwrap();
    fs::rename(stage.path("..new"), stage.path("..data")).unwrap();
    assert_eq!(changed(&mut paced), "policies.fixed.params.ratio: 1.5 -> 1.8");
    stage.wait_for_setting("1", 1.8, true);
    stage.finish(paced);
}
