//! Experiments on simulated campaigns: a quick version of the full self-test, which runs 1,000 trials of each claim.
//!
//! Seeds are fixed, so a test that passes always passes. On other seeds, or after a change that shifts a stream, a right
//! analysis fails one of them with a probability of at most [`FALSE_ALARMS`] (0.01) for each claim.

use paced_sim::ConfigError;
use paced_sim::experiment::{FALSE_ALARMS, Finding, claims};

/// Runs the claims whose names begin so, exactly `count` of them.
fn assert_kept(prefix: &str, count: usize, trials: u64) -> Result<(), ConfigError> {
    let claims: Vec<_> = claims().into_iter().filter(|claim| claim.name().starts_with(prefix)).collect();
    assert_eq!(claims.len(), count, "{prefix}");
    for claim in claims {
        let truth = claim.truth()?;
        let findings: Vec<Finding> = (0..trials).map(|number| claim.run(truth, number)).collect::<Result<_, _>>()?;
        let row = claim.judge(truth, &findings);
        assert!(row.holds, "false alarms have probability {FALSE_ALARMS}: {row:#?}");
    }
    Ok(())
}

/// Seen to fail by: a p-value of one side; a first arm that is always A, analysed as if drawn.
#[test]
fn equal_arms_differ_at_the_attained_level() -> Result<(), ConfigError> {
    assert_kept("equal arms differ", 1, 200)
}

/// Seen to fail by: a first arm that is always A, analysed as if drawn.
#[test]
fn a_steep_day_fools_nobody() -> Result<(), ConfigError> {
    assert_kept("equal arms on a steep day", 1, 200)
}

/// Seen to fail by: the bound of Student's t, as if one looked once.
#[test]
fn daily_looks_err_in_at_most_five_per_cent() -> Result<(), ConfigError> {
    assert_kept("equal arms, looked at daily", 1, 100)
}

/// Seen to fail by: a spread half as wide.
#[test]
fn three_per_cent_more_is_found_as_often_as_forecast() -> Result<(), ConfigError> {
    assert_kept("3 % more", 1, 100)
}

/// Seen to fail by: no washout; an interval that cuts off twice as much; parts and wholes exchanged.
#[test]
fn intervals_hold_the_truth_where_switches_take_time() -> Result<(), ConfigError> {
    assert_kept("the interval leaves the truth out", 1, 200)
}

/// Seen to fail by: no washout; an early half that is the late one.
#[test]
fn carry_over_is_found_where_it_is() -> Result<(), ConfigError> {
    assert_kept("ramps", 2, 100)
}
