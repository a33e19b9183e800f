//! The event loop against textbooks: a quick version of `paced simulate --validate`.
//!
//! Seeds are fixed, so a test that passes always passes. On another seed, or after a change that shifts a stream, a
//! right simulator fails one of them with a probability of at most [`FALSE_ALARMS`] (0.001) for each test.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use paced_sim::validation::{Case, FALSE_ALARMS, Row, Sample, cases, judge};

const REPLICATIONS: u64 = 20;
const SEED: u64 = 1;

/// The rows of all cases whose names begin so, at least `least` of them, each of which must be inside.
fn assert_agreement(prefixes: &[&str], least: usize) {
    let mut cases = cases();
    cases.retain(|case| prefixes.iter().any(|prefix| case.name().starts_with(prefix)));
    let replicate = |case: &Case| (0..REPLICATIONS).map(|number| case.replicate(SEED, number).unwrap()).collect();
    let samples: Vec<Vec<Sample>> = cases.iter().map(replicate).collect();
    let rows = judge(&cases, &samples);
    assert!(rows.len() >= least, "{} rows", rows.len());
    let outside: Vec<&Row> = rows.iter().filter(|row| !row.inside).collect();
    assert!(outside.is_empty(), "false alarms have probability {FALSE_ALARMS}: {outside:#?}");
}

/// Seen to fail by: `u if u < 1.1 * person` in `Draws::fate`; an agent who is never ready; `offer.patience + 20_000`.
#[test]
fn bursts_overdial_as_the_binomial_table_says() {
    assert_agreement(&["burst"], 26);
}

/// Seen to fail by: `offer.patience + 20_000` in `ring_ends`; calls that come at equal gaps; `TalkEnds` that leaves
/// wrap-up out.
#[test]
fn callers_who_do_not_wait_are_blocked_as_erlang_b_says() {
    assert_agreement(&["Erlang-B"], 21);
}

/// Seen to fail by: patience drawn from the number for the talk; `PatienceEnds` that takes the next one waiting if its
/// own call has been answered.
#[test]
fn callers_of_exponential_patience_abandon_as_erlang_a_says() {
    assert_agreement(&["Erlang-A"], 11);
}

/// Seen to fail by: `waiting.pop_back()` for `pop_front()`, the newest caller first, which Erlang-A can't tell apart.
#[test]
fn callers_of_constant_patience_abandon_as_the_formula_says() {
    assert_agreement(&["M/M/N+D"], 11);
}

/// Seen to fail by: one line too many in `lines`; `mistaken` that is not counted; `away_ms` that is not.
#[test]
fn dialling_fills_and_empties_agents_and_loses_nobody() {
    assert_agreement(&["from empty", "dial ratio", "a usual day"], 7);
}
