//! `paced run` without a file, and without sending anything.

use paced::tenant::Operation;

use crate::harness::{Daemon, Settings, Stage, TIME_SCALE, paced};

#[test]
fn a_dry_run_decides_and_sends_nothing() {
    let stage = Stage::new();
    let settings = Settings::fixed(2.0).default_of("on_exit = \"pause\"");
    let mut paced = stage.run_with(&settings, &["--dry-run"]);
    let decisions = paced.wait_for_times(4, "decisions", |line| line.decides_afresh("1"));
    assert!(decisions.iter().all(|decision| decision.number("ratio_before") == 1.0), "it is as the platform has it");
    assert!(decisions.iter().any(|decision| decision.number("ratio") == 1.5 && decision.flag("sends")));
    // A person's change is no more than where to start from.
    stage.person_sets("1", 3.0);
    paced.wait_for("a decision from there", |line| line.decides("1") && line.number("ratio_before") == 3.0);
    stage.finish(paced);
    assert_eq!(stage.requests_of(Operation::Put).len(), 0);
    assert_eq!(stage.setting("1"), (3.0, true));
    let unsent: Vec<_> = stage.decisions().into_iter().filter(|decision| decision.sends).collect();
    assert!(!unsent.is_empty());
    for decision in unsent {
        assert_eq!((decision.outcome.as_str(), decision.outcome_message.as_deref()), ("unsent", Some("dry run")));
    }
}

#[test]
fn the_tutorials_environment_alone_paces_one_campaign() {
    let stage = Stage::with(TIME_SCALE, &[20, 20], |_| {});
    let mut command = paced();
    command.args(["run", "--time-scale", &TIME_SCALE.to_string(), "--data-dir"]).arg(stage.data_dir());
    let environment = [
        ("CXONE_BASE_URL", stage.base_url()),
        ("CXONE_CLIENT_ID", "demo".to_owned()),
        ("CXONE_CLIENT_SECRET", "demo-secret".to_owned()),
        ("CXONE_CAMPAIGN_ID", "2".to_owned()),
        ("POLL_INTERVAL_MS", "20000".to_owned()),
    ];
    let mut paced = Daemon::spawn(command.envs(environment));
    let start = paced.wait_for("the start", |line| line.is_of("pacing_loop_start", "2"));
    assert_eq!((start.number("total_agents"), start.number("poll_interval_ms")), (20.0, 20_000.0));
    paced.wait_for_times(3, "decisions", |line| line.decides_afresh("2"));
    stage.wait_for_request(Operation::Put, 0);
    stage.finish(paced);
    assert!(stage.updates().iter().all(|update| update.campaign == "2"));
}
