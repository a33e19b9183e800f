//! Unless a test says otherwise there are 20 agents, the target is 0.85, so that 3 are wanted ready, the limit is 5 %
//! and 15 s pass between two decisions.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{Decision, Input};
use proptest::prelude::*;

use super::{OverLimit, Params, State, Tapered};

fn decide(params: &Params, state: &mut State, input: &Input) -> Decision {
    testing::run::<Tapered>(params, state, input).unwrap()
}

fn ready(agents: f64) -> InputBuilder {
    InputBuilder::new().available(agents).busy(20.0 - agents).calls(0, 0, 0).dial_ratio(2.0)
}

/// The ratio after a second decision on the same moment: the first has no time before it.
fn second(params: &Params, input: &Input) -> f64 {
    let mut state = State::default();
    let _ = decide(params, &mut state, input);
    decide(params, &mut state, input).dial_ratio.unwrap()
}

/// The day's rate is 8 %, and `left` of 1,000 seconds of the shift.
fn over_limit(over_limit: OverLimit, left_s: u64) -> f64 {
    let params = Params { over_limit, ..Params::default() };
    let mut input = ready(3.0).calls(100, 92, 8).build();
    let end = input.now_ms + 1_000_000;
    input.campaign.shift_end_ms = Some(end);
    let mut state = State::default();
    let _ = decide(&params, &mut state, &ready(3.0).calls(0, 0, 0).build());
    let first = Input { windows: Default::default(), ..input.clone() };
    let _ = decide(&params, &mut state, &first);
    input.now_ms = end - left_s * 1_000;
    decide(&params, &mut state, &input).dial_ratio.unwrap()
}

#[test]
fn ready_agents_raise_the_ratio_and_missing_ones_lower_it() {
    // (7 - 3) / 20 = 0.2: 2 x 1.2. (1 - 3) / 20 = -0.1: 2 x 0.9.
    assert!((second(&Params::default(), &ready(7.0).build()) - 2.4).abs() < 1e-9);
    assert!((second(&Params::default(), &ready(1.0).build()) - 1.8).abs() < 1e-9);
    assert!((second(&Params::default(), &ready(3.0).build()) - 2.0).abs() < 1e-9);
}

#[test]
fn intensity_and_difference_change_how_much() {
    let params = Params { intensity: 40.0, ..Params::default() };
    // 0.2 x 1.4 = 0.28; -0.1 x 0.6 = -0.06.
    assert!((second(&params, &ready(7.0).build()) - 2.56).abs() < 1e-9);
    assert!((second(&params, &ready(1.0).build()) - 1.88).abs() < 1e-9);
    // Two agents fewer wanted ready: (3 - 1) / 20 = 0.1.
    let params = Params { difference: 2.0, ..Params::default() };
    assert!((second(&params, &ready(3.0).build()) - 2.2).abs() < 1e-9);
}

#[test]
fn over_the_limit_each_way_lowers_as_it_says() {
    assert_eq!(over_limit(OverLimit::Hard, 900), 1.0);
    assert_eq!(over_limit(OverLimit::Average, 900), 1.0);
    // 1 + (2 - 1) x 0.9; later in the shift less; at its end nothing.
    assert!((over_limit(OverLimit::Tapered, 900) - 1.9).abs() < 1e-9);
    assert!((over_limit(OverLimit::Tapered, 300) - 1.3).abs() < 1e-9);
    assert_eq!(over_limit(OverLimit::Tapered, 0), 1.0);
}

#[test]
fn without_a_shift_end_tapering_halves() {
    assert_eq!(
        second(&Params::default(), &ready(3.0).calls(100, 92, 8).dial_ratio(3.0).build()),
        3.0,
        "was halved just now"
    );
    let first =
        decide(&Params::default(), &mut State::default(), &ready(3.0).calls(100, 92, 8).dial_ratio(3.0).build());
    assert_eq!(first.dial_ratio, Some(1.5));
}

#[test]
fn fewer_than_fifty_calls_are_no_evidence() {
    assert!((second(&Params::default(), &ready(3.0).calls(49, 25, 24).build()) - 2.0).abs() < 1e-9);
}

#[test]
fn a_minute_of_mostly_dropped_calls_halves_the_ratio() {
    let params = Params { min_calls: 1000, ..Params::default() };
    let mut state = State::default();
    let _ = decide(&params, &mut state, &ready(3.0).build());
    let decision = decide(&params, &mut state, &ready(3.0).calls(40, 10, 30).build());
    assert_eq!((decision.dial_ratio, decision.reason.as_str()), (Some(1.0), "most calls were dropped"));
}

#[test]
fn it_stays_between_one_and_its_maximum() {
    assert_eq!(second(&Params::default(), &ready(20.0).dial_ratio(2.9).build()), 3.0);
    assert_eq!(second(&Params::default(), &ready(0.0).dial_ratio(1.0).build()), 1.0);
    assert_eq!(second(&Params::default(), &ready(20.0).bounds(0.1, 1.5).dial_ratio(1.4).build()), 1.5);
    assert_eq!(second(&Params::default(), &ready(20.0).bounds(0.1, 0.5).dial_ratio(0.4).build()), 0.5);
}

#[test]
fn without_news_or_agents_it_holds() {
    for input in [ready(7.0).stale(20.0), ready(0.0).busy(0.0)] {
        assert_eq!(decide(&Params::default(), &mut State::default(), &input.build()).dial_ratio, None);
    }
}

#[test]
fn fewer_than_ten_agents_get_one_line_each() {
    let nine = ready(2.0).busy(7.0).build();
    assert_eq!(second(&Params::default(), &nine), 1.0);
}

proptest! {
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds(
        moments in prop::collection::vec(
            (0.0_f64..600.0, 0.0_f64..600.0, 0.1_f64..=5.0, 0_u32..5_000, 0_u32..5_000, prop::option::of(any::<u64>())), 1..5,
        ),
        target in 0.0_f64..=1.0,
    ) {
        let mut state = State::default();
        for (available, busy, current, answered, abandoned, shift_end_ms) in moments {
            let mut input = ready(0.0).available(available).busy(busy).dial_ratio(current).target_utilization(target)
                .calls(answered + abandoned, answered, abandoned).build();
            input.campaign.shift_end_ms = shift_end_ms;
            if let Some(ratio) = decide(&Params::default(), &mut state, &input).dial_ratio {
                prop_assert!((1.0..=3.0).contains(&ratio), "{ratio}");
            }
        }
    }
}
