//! Unless a test says otherwise there are 20 agents, the target is 0.85 and the limit of abandonment 5 %.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{AbandonmentOf, Decision, Input};
use proptest::prelude::*;

use super::{Params, Pi, State};

fn decide(state: &mut State, input: &Input) -> Decision {
    testing::run::<Pi>(&Params::default(), state, input).unwrap()
}

/// Busy agents out of 20, in a moment with no abandoned call.
fn busy(agents: f64) -> InputBuilder {
    InputBuilder::new().busy(agents).available(20.0 - agents).calls(200, 200, 0).dial_ratio(2.0)
}

#[test]
fn a_steady_error_moves_the_ratio_by_the_integral() {
    // 0.85 - 0.7 = 0.15, and abandonment's 0.25 x 0.8 = 0.2 is more; 0.5 a minute x 0.15 x 15 s = 0.019.
    let mut state = State::default();
    for _ in 0..3 {
        let ratio = decide(&mut state, &busy(14.0).build()).dial_ratio.unwrap();
        assert!((ratio - 2.018_75).abs() < 1e-9, "{ratio}");
    }
}

#[test]
fn a_change_counts_once_and_at_once() {
    let mut state = State::default();
    let params = Params { ki: 0.0, filter_s: 0.0, ..Params::default() };
    let mut ratio =
        |agents| testing::run::<Pi>(&params, &mut state, &busy(agents).build()).unwrap().dial_ratio.unwrap();
    ratio(14.0);
    // The error falls by 0.2: 0.5 x -0.2 = -0.1; and then no more.
    assert!((ratio(18.0) - 1.9).abs() < 1e-9);
    assert!((ratio(18.0) - 2.0).abs() < 1e-9);
}

#[test]
fn abandonment_over_the_aim_lowers_the_ratio_however_few_are_busy() {
    let over = busy(8.0).calls(100, 90, 10).build();
    let decision = decide(&mut State::default(), &over);
    assert!(decision.dial_ratio.unwrap() < 2.0);
    assert_eq!(decision.reason, "abandonment steers");
}

#[test]
fn the_more_is_abandoned_the_lower_the_ratio() {
    let ratio =
        |abandoned| decide(&mut State::default(), &busy(8.0).calls(100, 100 - abandoned, abandoned).build()).dial_ratio;
    let ratios: Vec<_> = (0..=20).map(ratio).collect();
    assert!(ratios.is_sorted_by(|a, b| a >= b), "{ratios:?}");
}

#[test]
fn few_calls_say_little() {
    let step = |calls| {
        (decide(&mut State::default(), &busy(8.0).calls(calls, 0, calls).build()).dial_ratio.unwrap() - 2.0).abs()
    };
    assert!(step(2) < step(20) && step(20) < step(200));
}

#[test]
fn without_news_or_agents_it_holds() {
    for input in [busy(14.0).stale(20.0), busy(0.0).available(0.0)] {
        assert_eq!(decide(&mut State::default(), &input.build()).dial_ratio, None);
    }
}

#[test]
fn half_an_agent_is_no_error() {
    // Of 20 agents 17 would be busy; 0.4 of an agent is missing.
    assert_eq!(decide(&mut State::default(), &busy(16.6).build()).dial_ratio, Some(2.0));
}

#[test]
fn while_the_guard_keeps_its_ceiling_no_rise_is_asked_for() {
    let mut input = busy(5.0).build();
    input.guard_reasons = vec!["ceiling".to_owned()];
    assert_eq!(decide(&mut State::default(), &input).dial_ratio, Some(2.0));
}

#[test]
fn it_goes_on_from_the_ratio_in_force_whoever_set_it() {
    let mut state = State::default();
    let _ = decide(&mut state, &busy(14.0).dial_ratio(3.0).build());
    let after_override = decide(&mut state, &busy(14.0).dial_ratio(1.0).build()).dial_ratio.unwrap();
    assert!((after_override - 1.018_75).abs() < 1e-9, "{after_override}");
}

#[test]
fn fewer_than_three_agents_get_one_line_each() {
    let two = InputBuilder::new().busy(1.0).available(1.0).dial_ratio(1.0).calls(200, 200, 0).build();
    assert_eq!(decide(&mut State::default(), &two).dial_ratio, Some(1.0));
    let before = InputBuilder::new().busy(1.0).available(1.0).dial_ratio(3.0).build();
    assert_eq!(decide(&mut State::default(), &before).dial_ratio, Some(1.0), "agents left");
}

#[test]
fn the_gain_does_not_grow_with_the_group() {
    let step = |scale: f64| {
        let input = InputBuilder::new().busy(14.0 * scale).available(6.0 * scale).calls(200, 200, 0).dial_ratio(2.0);
        decide(&mut State::default(), &input.build()).dial_ratio.unwrap()
    };
    assert!((step(1.0) - step(25.0)).abs() < 1e-9);
}

proptest! {
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds_and_ramps(
        available in 0.0_f64..600.0, busy in 0.0_f64..600.0, current in 0.1_f64..=5.0,
        offered in 0_u32..5_000, abandoned in 0_u32..5_000, target in 0.0_f64..=1.0, limit in 0.0_f64..=1.0,
        since_s in prop::option::of(0.0_f64..1e9),
    ) {
        let mut state = State::default();
        for of in [AbandonmentOf::Answered, AbandonmentOf::Offered] {
            let built = InputBuilder::new().available(available).busy(busy).dial_ratio(current).target_utilization(target)
                .max_abandonment(limit, of).calls(offered, offered.saturating_sub(abandoned), abandoned);
            let input = Input { since_last_decision_s: since_s, ..built.build() };
            if let Some(ratio) = decide(&mut state, &input).dial_ratio {
                prop_assert!((0.1..=5.0).contains(&ratio));
                let is_few = available + busy < 3.0;
                prop_assert!(is_few || (current - 0.25 - 1e-9..=current + 0.1 + 1e-9).contains(&ratio));
            }
        }
    }
}
