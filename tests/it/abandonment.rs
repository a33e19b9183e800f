//! Too many callers who find nobody: no rise over the limit, and a pause where it is beyond doubt.

use crate::harness::{Settings, Stage};

#[test]
fn over_the_limit_the_ratio_does_not_rise_and_beyond_doubt_the_campaign_is_paused() {
    let stage = Stage::new();
    // A policy that wants five lines for each agent, and a limit of one in a hundred.
    let settings = Settings::default()
        .default_of("max_abandonment = 0.01\nramp_up = 0.5")
        .policy("[policies.fixed.params]\nratio = 5.0")
        .campaign("1", 20, "policy = \"fixed\"");
    let mut paced = stage.run(&settings);
    let over = paced.wait_for("the ceiling", |line| line.decides_by("1", "ceiling"));
    assert!(over.number("ratio") <= over.number("ratio_before"), "{over}");
    paced.wait_for("that it is said", |line| {
        line.is_of("validation_failed", "1") && line.text("reason") == "abandonment_threshold_exceeded"
    });
    paced.wait_for("the trip", |line| line.is_of("safety_trip", "1"));
    paced.wait_for("the pause", |line| line.is_of("campaign_paused", "1") && line.text("cause") == "tripped");
    let resumed = paced.wait_for("the resumption", |line| line.is_of("campaign_resumed", "1"));
    assert!(resumed.number("ratio") <= 1.0, "{resumed}");
    for decision in paced.lines().iter().filter(|line| line.decides_by("1", "ceiling")) {
        assert!(decision.number("ratio") <= decision.number("ratio_before"), "{decision}");
    }
    stage.finish(paced);
}
