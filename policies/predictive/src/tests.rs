//! Unless a test says otherwise nobody has called yet, so that the seeds count: an answer probability of 0.3, 180 s a
//! call; there are 20 agents and the limit of abandonment is 3 %.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{AbandonmentOf, Decision, Input};
use proptest::prelude::*;

use paced_policy::model::Experience;

use super::{Params, Predictive};

fn moment(agents: f64) -> InputBuilder {
    let idle = (agents * 0.15).round();
    InputBuilder::new()
        .available(idle)
        .busy(agents - idle)
        .calls(0, 0, 0)
        .target_utilization(1.0)
        .max_abandonment(0.03, AbandonmentOf::Answered)
}

fn decide(state: &mut Experience, input: &Input) -> Decision {
    testing::run::<Predictive>(&Params::default(), state, input).unwrap()
}

/// Where the ratio ends if nothing new is learned.
fn settled(state: &Experience, build: impl Fn(f64) -> Input) -> f64 {
    let (mut ratio, mut state) = (1.0, *state);
    for _ in 0..60 {
        // No time passes, so that the absence of calls says nothing.
        let input = Input { since_last_decision_s: None, ..build(ratio) };
        ratio = decide(&mut state, &input).dial_ratio.unwrap();
    }
    ratio
}

#[test]
fn more_agents_bear_a_higher_ratio() {
    let ratio = |agents| settled(&Experience::default(), |ratio| moment(agents).dial_ratio(ratio).build());
    let ratios = [4.0, 10.0, 20.0, 50.0, 200.0].map(ratio);
    assert!(ratios.is_sorted() && ratios[0] < 1.5 && ratios[4] > 3.0, "{ratios:?}");
}

#[test]
fn a_group_that_shrinks_is_dialled_for_less_at_once() {
    let decision = decide(&mut Experience::default(), &moment(8.0).dial_ratio(3.0).build());
    assert_eq!(decision.dial_ratio, Some(2.5), "all that the ramp allows");
}

#[test]
fn it_rises_by_its_ramp_and_no_further() {
    let decision = decide(&mut Experience::default(), &moment(200.0).dial_ratio(1.0).build());
    assert_eq!(decision.dial_ratio, Some(1.1));
}

#[test]
fn a_target_for_utilization_is_a_ceiling() {
    // g = 0.3 x 180 / 13 = 4.15; 0.7 busy is a ratio of 0.7 / (0.3 x 4.15) = 0.562.
    let ratio =
        settled(&Experience::default(), |ratio| moment(200.0).target_utilization(0.7).dial_ratio(ratio).build());
    assert!((ratio - 0.562).abs() < 0.01, "{ratio}");
}

#[test]
fn a_lower_limit_gives_a_lower_ratio() {
    let ratio = |limit| {
        let build = |ratio| moment(50.0).max_abandonment(limit, AbandonmentOf::Answered).dial_ratio(ratio).build();
        settled(&Experience::default(), build)
    };
    let ratios = [0.0, 0.01, 0.03, 0.05, 0.5].map(ratio);
    assert!(ratios.is_sorted(), "{ratios:?}");
}

#[test]
fn more_abandoned_than_forecast_lowers_the_ratio() {
    let after = |abandoned_of_ten: u32| {
        let mut state = Experience::default();
        let moment_at = |tick: u32, ratio| {
            moment(20.0)
                .calls(10 * tick, (10 - abandoned_of_ten) * tick, abandoned_of_ten * tick)
                .dial_ratio(ratio)
                .build()
        };
        (0..40).fold(2.0, |ratio, tick| decide(&mut state, &moment_at(tick, ratio)).dial_ratio.unwrap())
    };
    assert!(after(1) < after(0));
}

#[test]
fn without_news_or_agents_it_holds() {
    for input in [moment(20.0).stale(20.0), moment(20.0).available(0.0).busy(0.0)] {
        assert_eq!(decide(&mut Experience::default(), &input.build()).dial_ratio, None);
    }
}

#[test]
fn fewer_than_three_agents_get_one_line_each() {
    let two = InputBuilder::new().busy(1.0).available(1.0).calls(0, 0, 0).dial_ratio(3.0).build();
    assert_eq!(decide(&mut Experience::default(), &two).dial_ratio, Some(1.0));
}

proptest! {
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds_and_ramps(
        moments in prop::collection::vec(
            (0.0_f64..600.0, 0.0_f64..600.0, 0.1_f64..=5.0, 0_u32..5_000, 0_u32..500, prop::option::of(0.0_f64..1e9)), 1..5,
        ),
        target in 0.0_f64..=1.0, limit in 0.0_f64..=1.0,
    ) {
        let mut state = Experience::default();
        for (available, busy, current, answered, abandoned, since_last_decision_s) in moments {
            let built = InputBuilder::new().available(available).busy(busy).dial_ratio(current).target_utilization(target)
                .max_abandonment(limit, AbandonmentOf::Answered).calls(answered + abandoned, answered, abandoned);
            if let Some(ratio) = decide(&mut state, &Input { since_last_decision_s, ..built.build() }).dial_ratio {
                prop_assert!((0.1..=5.0).contains(&ratio));
                let is_few = available + busy < 3.0;
                prop_assert!(is_few || (current - 0.5 - 1e-9..=current + 0.1 + 1e-9).contains(&ratio), "{current} to {ratio}");
            }
        }
    }
}
