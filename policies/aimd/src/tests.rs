//! Unless a test says otherwise there are 20 agents, 12 of them busy, the target is 0.85, the limit 5 %, the ratio 2 and
//! 15 s pass between two decisions: a step up is 0.04 x 15/60 = 0.01.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{Decision, Input};
use proptest::prelude::*;

use super::{Aimd, Params, State};

fn decide(state: &mut State, input: &Input) -> Decision {
    testing::run::<Aimd>(&Params::default(), state, input).unwrap()
}

/// A moment at which so many calls have been counted today.
fn moment(answered: u32, abandoned: u32) -> InputBuilder {
    InputBuilder::new().busy(12.0).available(8.0).calls(answered + abandoned, answered, abandoned).dial_ratio(2.0)
}

/// A decision on so many calls since the one before.
fn after(answered: u32, abandoned: u32) -> (State, Decision) {
    let mut state = State::default();
    let _ = decide(&mut state, &moment(0, 0).build());
    let decision = decide(&mut state, &moment(answered, abandoned).build());
    (state, decision)
}

fn ratio(answered: u32, abandoned: u32) -> f64 {
    after(answered, abandoned).1.dial_ratio.unwrap()
}

#[test]
fn it_rises_only_when_it_may_be_sure() {
    assert_eq!(ratio(0, 0), 2.0, "nothing is known");
    assert_eq!(ratio(15, 0), 2.0, "upper bound 1/16 = 6 %");
    assert!((ratio(100, 0) - 2.01).abs() < 1e-9);
}

#[test]
fn it_falls_only_on_a_plain_breach() {
    assert_eq!(ratio(19, 1), 2.0, "5 %, or 1.6 to 14 %");
    assert_eq!(ratio(180, 20), 1.5, "10 %, or 8 to 12 %");
}

#[test]
fn the_more_is_abandoned_the_lower_the_ratio() {
    let ratios: Vec<_> = (0..=40).map(|abandoned| ratio(200 - abandoned, abandoned)).collect();
    assert!(ratios.is_sorted_by(|a, b| a >= b) && ratios[0] > 2.0 && ratios[40] < 2.0, "{ratios:?}");
}

#[test]
fn one_breach_lowers_the_ratio_once() {
    let (mut state, _) = after(180, 20);
    // Calls of the ratio before it end in the next minute, and are not counted.
    for tick in 1..=4 {
        assert_eq!(decide(&mut state, &moment(180 + tick, 20 + tick).build()).dial_ratio, Some(2.0), "{tick}");
    }
    // A second breach, of calls since then.
    assert_eq!(decide(&mut state, &moment(364, 44).build()).dial_ratio, Some(1.5));
}

#[test]
fn busier_than_the_target_it_steps_down() {
    let mut state = State::default();
    let busy = |answered| moment(answered, 0).busy(19.0).available(1.0).build();
    let _ = decide(&mut state, &busy(0));
    assert!((decide(&mut state, &busy(100)).dial_ratio.unwrap() - 1.99).abs() < 1e-9);
}

#[test]
fn while_the_guard_keeps_its_ceiling_no_rise_is_asked_for() {
    let mut state = State::default();
    let _ = decide(&mut state, &moment(0, 0).build());
    let mut input = moment(100, 0).build();
    input.guard_reasons = vec!["ceiling".to_owned()];
    assert_eq!(decide(&mut state, &input).dial_ratio, Some(2.0));
}

#[test]
fn without_news_or_agents_it_holds() {
    for input in [moment(100, 0).stale(20.0), moment(100, 0).available(0.0).busy(0.0)] {
        assert_eq!(decide(&mut State::default(), &input.build()).dial_ratio, None);
    }
}

#[test]
fn fewer_than_three_agents_get_one_line_each() {
    let two = InputBuilder::new().busy(1.0).available(1.0).dial_ratio(2.0).build();
    assert_eq!(decide(&mut State::default(), &two).dial_ratio, Some(1.0));
}

proptest! {
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds(
        moments in prop::collection::vec(
            (0.0_f64..600.0, 0.0_f64..600.0, 0.1_f64..=5.0, 0_u32..5_000, 0_u32..5_000, prop::option::of(0.0_f64..1e9)), 1..5,
        ),
        limit in 0.0_f64..=1.0,
    ) {
        let mut state = State::default();
        for (available, busy, current, answered, abandoned, since_last_decision_s) in moments {
            let mut input = moment(answered, abandoned).available(available).busy(busy).dial_ratio(current).build();
            input.campaign.max_abandonment = limit;
            if let Some(ratio) = decide(&mut state, &Input { since_last_decision_s, ..input }).dial_ratio {
                prop_assert!((0.1..=5.0).contains(&ratio) && ratio <= current + 0.06 + 1e-9, "{current} to {ratio}");
            }
        }
    }
}
