//! What changes while paced runs, and what waits.

use super::super::{Config, Takeover, take_over};
use super::{check_with, config, with};

const TWO: &str = "[[campaigns]]\nid = \"2\"\ntotal_agents = 5\n";

fn said(changes: &[super::super::Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

/// From a file to a file: what changes at once, and what waits.
fn from_to(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let Takeover { live, waiting, .. } = take_over(&config(before), &config(after));
    (said(&live), said(&waiting))
}

#[test]
fn what_a_campaign_is_paced_by_changes_at_once_wherever_it_stands() {
    let before = with("", "ramp_up = 0.5", "policy = \"fixed\"\nparams = { ratio = 1.5 }") + TWO;
    let after = with(
        "",
        "ramp_up = 0.3\nshift_end = \"18:00\"",
        "policy = \"proportional\"\nmax_dial_ratio = 3.0\nwhen_blind = \"hold\"\nbreaker_cooldown = \"90s\"",
    ) + TWO
        + "[policies.proportional]\nparams = { kp = 0.2 }\nlimits = { memory = \"4MiB\", fuel = 5000000 }\n";
    let (live, waiting) = from_to(&before, &after);
    assert_eq!(
        live,
        [
            "policies.proportional.limits.fuel: not set -> 5000000",
            "policies.proportional.limits.memory: not set -> \"4MiB\"",
            "policies.proportional.params.kp: not set -> 0.2",
            "campaigns.\"1\".breaker_cooldown: \"45s\" -> \"90s\"",
            "campaigns.\"1\".max_dial_ratio: 5.00 -> 3.00",
            "campaigns.\"1\".params.ratio: 1.5 -> not set",
            "campaigns.\"1\".policy: \"fixed\" -> \"proportional\"",
            "campaigns.\"1\".ramp_up: 0.5 -> 0.3",
            "campaigns.\"1\".shift_end: not set -> \"18:00:00\"",
            "campaigns.\"1\".when_blind: \"safe\" -> \"hold\"",
            "campaigns.\"2\".ramp_up: 0.5 -> 0.3",
            "campaigns.\"2\".shift_end: not set -> \"18:00:00\"",
        ]
    );
    assert_eq!(waiting, [""; 0]);
}

#[test]
fn what_the_daemon_is_built_from_waits_and_the_rest_of_the_edit_does_not() {
    let before = with("", "", "");
    let after = "time_zone = \"Europe/Berlin\"\ndata_dir = \"elsewhere\"\n".to_owned()
        + &with("batch_size = 20\nrequest_timeout = \"5s\"", "poll_interval = \"30s\"", "ramp_down = 1.0")
        + "[journal]\nmax_age = \"7d\"\nmax_size = \"1GiB\"\n";
    let (live, waiting) = from_to(&before, &after);
    assert_eq!(live, ["campaigns.\"1\".ramp_down: 5 -> 1"]);
    assert_eq!(
        waiting,
        [
            "data_dir: \"paced-data\" -> \"elsewhere\"",
            "journal.max_age: \"35d\" -> \"7d\"",
            "journal.max_size: \"2GiB\" -> \"1GiB\"",
            "platform.batch_size: 50 -> 20",
            "platform.request_timeout: \"10s\" -> \"5s\"",
            "time_zone: \"UTC\" -> \"Europe/Berlin\"",
            "campaigns.\"1\".blind_after: \"150s\" -> \"5min\"",
            "campaigns.\"1\".poll_interval: \"15s\" -> \"30s\"",
            "campaigns.\"1\".stale_after: \"45s\" -> \"90s\"",
        ]
    );
}

#[test]
fn an_age_that_only_fits_the_other_interval_waits_with_it() {
    let quick = with("", "poll_interval = \"1s\"\nstale_after = \"2s\"\nblind_after = \"4s\"", "");
    let running = config(&with("", "", ""));
    let Takeover { config: going_on, live, .. } = take_over(&running, &config(&quick));
    assert_eq!(going_on.campaigns[0].pacing, running.campaigns[0].pacing);
    assert_eq!(live, []);
    let by_itself = with("", "stale_after = \"60s\"", "");
    assert_eq!(from_to(&with("", "", ""), &by_itself).0, ["campaigns.\"1\".stale_after: \"45s\" -> \"60s\""]);
}

#[test]
fn campaigns_come_and_go_with_a_restart_and_keep_their_policy_until_then() {
    let with_both = with("", "", "") + "[policies.proportional]\nparams = { kp = 0.2 }\n" + TWO;
    let one_alone = with("", "", "policy = \"fixed\"");
    let (live, waiting) = from_to(&one_alone, &with_both);
    assert_eq!(
        live,
        ["policies.proportional.params.kp: not set -> 0.2", "campaigns.\"1\".policy: \"fixed\" -> \"proportional\""]
    );
    assert_eq!(waiting, ["campaigns.\"2\": not paced -> paced"]);

    let Takeover { config: going_on, live, waiting } = take_over(&config(&with_both), &config(&one_alone));
    assert_eq!(said(&live), ["campaigns.\"1\".policy: \"proportional\" -> \"fixed\""]);
    assert_eq!(
        said(&waiting),
        ["policies.proportional.params.kp: 0.2 -> not set", "campaigns.\"2\": paced -> not paced"]
    );
    let ids: Vec<_> = going_on.campaigns.iter().map(|campaign| campaign.pacing.id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(going_on.params_of(&going_on.campaigns[1]).len(), 1);
}

#[test]
fn a_secret_that_changes_is_named_and_not_shown() {
    let with_secret =
        |secret: &str| -> Config { check_with(&with("", "", ""), &[("CXONE_CLIENT_SECRET", secret)]).config.unwrap() };
    let Takeover { live, waiting, .. } = take_over(&with_secret("hunter2"), &with_secret("hunter3"));
    assert_eq!(live, []);
    assert_eq!(said(&waiting), ["platform.client_secret: (hidden) -> (hidden)"]);
}

#[test]
fn the_order_of_a_file_its_comments_and_what_is_set_to_its_default_are_no_change() {
    let one = with("", "", "") + TWO;
    let other = "# the same\n".to_owned() + &with("batch_size = 50", "poll_interval = \"15s\"", "");
    let other = other.replace("[[campaigns]]", &format!("{TWO}[[campaigns]]"));
    assert_eq!(from_to(&one, &other), (Vec::new(), Vec::new()));
}
