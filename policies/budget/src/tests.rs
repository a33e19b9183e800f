//! Unless a test says otherwise there are 50 agents, 45 of them busy, nobody has called yet, the limit is 3 %, so that
//! 2.55 % are aimed at, and the shift has no end.

use paced_policy::model::Experience;
use paced_policy::testing::{self, InputBuilder};
use paced_policy::{AbandonmentOf, Decision, Input};
use proptest::prelude::*;

use super::{Budget, Params};

fn moment(budget: f64) -> Input {
    let mut input = InputBuilder::new()
        .available(5.0)
        .busy(45.0)
        .calls(0, 0, 0)
        .target_utilization(1.0)
        .dial_ratio(2.0)
        .max_abandonment(0.03, AbandonmentOf::Answered)
        .build();
    input.campaign.abandonment_budget = budget;
    input
}

fn decide(input: &Input) -> Decision {
    testing::run::<Budget>(&Params::default(), &mut Experience::default(), input).unwrap()
}

fn aim(input: &Input) -> f64 {
    signal(input, "aim")
}

fn signal(input: &Input, name: &str) -> f64 {
    decide(input).signals.iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn an_overspent_budget_is_paid_back_within_the_hour() {
    // 3 % of the answers ahead less what is owed.
    let ahead = signal(&moment(-10.0), "answers_ahead");
    assert!((500.0..1_000.0).contains(&ahead), "{ahead}");
    assert!((aim(&moment(-10.0)) - (0.03 - 10.0 / ahead)).abs() < 1e-12);
    assert_eq!(decide(&moment(-10.0)).reason, "paying back what was overspent");
}

#[test]
fn floor_and_cap_hold_whatever_was_saved_or_overspent() {
    assert!((aim(&moment(1e6)) - 0.85 * 0.03).abs() < 1e-12);
    assert!((aim(&moment(-1e6)) - 0.2 * 0.03).abs() < 1e-12);
    assert!((aim(&moment(0.0)) - 0.85 * 0.03).abs() < 1e-12);
}

#[test]
fn the_more_is_overspent_the_lower_the_ratio() {
    let ratio = |owed: u32| decide(&Input { dial_ratio: 3.4, ..moment(-f64::from(owed)) }).dial_ratio.unwrap();
    let ratios: Vec<_> = (0..30).map(ratio).collect();
    assert!(ratios.is_sorted_by(|a, b| a >= b) && ratios[29] < ratios[0], "{ratios:?}");
}

#[test]
fn towards_the_end_of_the_shift_a_debt_weighs_more() {
    let at = |left_s: u64| {
        let mut input = moment(-2.0);
        input.campaign.shift_end_ms = Some(input.now_ms + left_s * 1_000);
        aim(&input)
    };
    assert!(at(7_200) == at(3_600) && at(3_600) > at(1_200) && at(1_200) > at(600));
    assert_eq!(at(60), at(0), "not without end");
}

#[test]
fn the_target_utilization_is_a_ceiling() {
    let mut input = moment(1e6);
    input.campaign.target_utilization = 0.5;
    assert_eq!(decide(&input).dial_ratio, Some(1.5), "all that the ramp allows");
}

#[test]
fn without_news_or_agents_it_holds() {
    let mut stale = moment(0.0);
    stale.reading.fresh = false;
    let mut empty = moment(0.0);
    (empty.reading.agents_available, empty.reading.agents_busy) = (0.0, 0.0);
    assert_eq!((decide(&stale).dial_ratio, decide(&empty).dial_ratio), (None, None));
}

#[test]
fn fewer_than_three_agents_get_one_line_each() {
    let mut two = moment(1e6);
    (two.reading.agents_available, two.reading.agents_busy) = (1.0, 1.0);
    assert_eq!(decide(&two).dial_ratio, Some(1.0));
}

proptest! {
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds_and_ramps(
        available in 0.0_f64..600.0, busy in 0.0_f64..600.0, current in 0.1_f64..=5.0, answered in 0_u32..5_000,
        abandoned in 0_u32..500, budget in -1e9_f64..1e9, shift_end_ms in prop::option::of(any::<u64>()), limit in 0.0_f64..=1.0,
    ) {
        let mut input = moment(budget);
        (input.reading.agents_available, input.reading.agents_busy) = (available, busy);
        (input.campaign.shift_end_ms, input.campaign.max_abandonment, input.dial_ratio) = (shift_end_ms, limit, current);
        let mut state = Experience::default();
        for calls in [0, answered] {
            input.windows.today.answered = calls;
            input.windows.today.abandoned = calls.min(abandoned);
            let decision = testing::run::<Budget>(&Params::default(), &mut state, &input).unwrap();
            if let Some(ratio) = decision.dial_ratio {
                prop_assert!((0.1..=5.0).contains(&ratio));
                let is_few = available + busy < 3.0;
                prop_assert!(is_few || (current - 0.5 - 1e-9..=current + 0.1 + 1e-9).contains(&ratio));
            }
        }
    }
}
