//! The tutorial's arithmetic, worked out by hand. Unless a test says otherwise there are 20 agents, the target is
//! 20 x 0.85 = 17 agents, `kp` is 0.15, and the limit of abandonment is 5 %.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{AbandonmentOf, Decision, Input};

use super::{Params, Proportional, round_to_hundredths};

fn decide(input: InputBuilder) -> Decision {
    decide_with(&Params::default(), &input.build())
}

fn decide_with(params: &Params, input: &Input) -> Decision {
    testing::run::<Proportional>(params, &mut (), input).unwrap()
}

/// One signal, rounded to the ninth decimal: hand-made sums know nothing of binary fractions.
fn signal(decision: &Decision, name: &str) -> f64 {
    let (_, value) = decision.signals.iter().find(|(known, _)| known == name).unwrap();
    (value * 1e9).round() / 1e9
}

/// 12 busy, 4 answered, 30 s of wrap-up: 12 + 4 x 30/60 = 14 in use.
fn three_short() -> InputBuilder {
    InputBuilder::new().busy(12.0).available(8.0).wrap_up_s_mean(Some(30.0)).calls(4, 4, 0).dial_ratio(1.0)
}

#[test]
fn the_ratio_rises_by_kp_for_each_agent_short_of_the_target() {
    // 17 - 14 = 3; 0.15 x 3 = 0.45; 1 + 0.45 = 1.45.
    let decision = decide(three_short());
    assert_eq!(decision.dial_ratio, Some(1.45));
    assert_eq!(signal(&decision, "error"), 3.0);
    assert_eq!(signal(&decision, "adjustment"), 0.45);
    assert_eq!(signal(&decision, "abandonment"), 0.0);
}

#[test]
fn the_ratio_falls_by_kp_for_each_agent_over_the_target() {
    // 15 + 8 x 45/60 = 21; 17 - 21 = -4; 0.15 x -4 = -0.6; 2 - 0.6 = 1.4.
    let decision = decide(InputBuilder::new().busy(15.0).wrap_up_s_mean(Some(45.0)).calls(8, 8, 0).dial_ratio(2.0));
    assert_eq!(decision.dial_ratio, Some(1.4));
    assert_eq!(signal(&decision, "error"), -4.0);
    assert_eq!(signal(&decision, "adjustment"), -0.6);
}

#[test]
fn wrap_up_that_is_missing_or_zero_counts_as_30_s() {
    // As with 30 s: 12 + 4 x 30/60 = 14. With 0 s it would be 12, an error of 5 and a ratio of 1.75.
    assert_eq!(decide(three_short().wrap_up_s_mean(None)).dial_ratio, Some(1.45));
    assert_eq!(decide(three_short().wrap_up_s_mean(Some(0.0))).dial_ratio, Some(1.45));
}

#[test]
fn over_the_limit_the_adjusted_ratio_is_cut_to_four_fifths() {
    // Abandoned 6 of 100 offered is 6 %. Busy 10, answered 94 x 30/60 = 47: 57 in use; 17 - 57 = -40; 0.15 x -40 = -6;
    // 5 - 6 = -1; -1 x 0.8 = -0.8, which the lower bound lifts to 0.1.
    let flooded = InputBuilder::new().busy(10.0).wrap_up_s_mean(Some(30.0)).calls(100, 94, 6).dial_ratio(5.0);
    assert_eq!(decide(flooded).dial_ratio, Some(0.1));
    // Abandoned 1 of 5 is 20 %. 12 + 4 x 30/60 = 14; 1.45 as above; 1.45 x 0.8 = 1.16.
    let decision = decide(three_short().calls(5, 4, 1));
    assert_eq!(decision.dial_ratio, Some(1.16));
    assert_eq!(signal(&decision, "abandonment"), 0.2);
}

#[test]
fn at_the_limit_nothing_is_cut() {
    // Abandoned 2 of 40 is 5 %, not more. 12 + 38 x 30/60 = 31; 17 - 31 = -14; -2.1; 4 - 2.1 = 1.9.
    assert_eq!(decide(three_short().calls(40, 38, 2).dial_ratio(4.0)).dial_ratio, Some(1.9));
}

#[test]
fn abandonment_is_counted_of_calls_offered_whatever_the_campaign_counts() {
    // Where offered counts dials: 1 abandoned of 50 is 2 %, and of 5 live answers it would be 20 %.
    let input = three_short().calls(50, 4, 1).max_abandonment(0.05, AbandonmentOf::Answered);
    let decision = decide(input);
    assert_eq!(decision.dial_ratio, Some(1.45));
    assert_eq!(signal(&decision, "abandonment"), 0.02);
}

#[test]
fn nothing_offered_is_no_abandonment() {
    // 17 - 12 = 5; 0.15 x 5 = 0.75; 1 + 0.75 = 1.75.
    let decision = decide(three_short().calls(0, 0, 0));
    assert_eq!(decision.dial_ratio, Some(1.75));
    assert_eq!(signal(&decision, "abandonment"), 0.0);
}

#[test]
fn target_limit_bounds_and_agents_are_the_campaigns() {
    // 10 agents x 0.5 = 5; 5 - 14 = -9; -1.35; 4 - 1.35 = 2.65.
    let smaller = || three_short().configured_agents(10).target_utilization(0.5).dial_ratio(4.0);
    assert_eq!(decide(smaller()).dial_ratio, Some(2.65));
    assert_eq!(decide(smaller().bounds(0.5, 2.0)).dial_ratio, Some(2.0));
    assert_eq!(decide(smaller().bounds(3.0, 4.5)).dial_ratio, Some(3.0));
    // Abandoned 1 of 5 is 20 %, at a limit of 25 %.
    let lenient = three_short().calls(5, 4, 1).max_abandonment(0.25, AbandonmentOf::Offered);
    assert_eq!(decide(lenient).dial_ratio, Some(1.45));
}

#[test]
fn a_large_team_swings_between_the_bounds_as_it_does_in_the_tutorial() {
    // 500 x 0.85 = 425. 400 busy: 25 short; +3.75; 2 + 3.75 = 5.75, cut to 5. 450 busy: 25 over; 2 - 3.75 < 0.1.
    let team = |busy| InputBuilder::new().configured_agents(500).busy(busy).calls(0, 0, 0).dial_ratio(2.0);
    assert_eq!(decide(team(400.0)).dial_ratio, Some(5.0));
    assert_eq!(decide(team(450.0)).dial_ratio, Some(0.1));
}

#[test]
fn gain_and_penalty_are_parameters() {
    // 3 x 0.1 = 0.3; 1.3. Over the limit (1 of 5): 1.3 x 0.5 = 0.65.
    let params = Params { kp: 0.1, penalty: 0.5 };
    assert_eq!(decide_with(&params, &three_short().build()).dial_ratio, Some(1.3));
    assert_eq!(decide_with(&params, &three_short().calls(5, 4, 1).build()).dial_ratio, Some(0.65));
}

#[test]
fn hundredths_round_as_in_javascript() {
    // 1.005 x 100 is 100.49999999999999 in binary, in JavaScript too.
    let rounded = [(1.454, 1.45), (0.125, 0.13), (0.375, 0.38), (1.005, 1.0), (-0.125, -0.12), (-0.126, -0.13)];
    for (from, to) in rounded {
        assert_eq!(round_to_hundredths(from), to, "{from}");
    }
    // The largest number below a half stays below, where `floor(x + 0.5)` gives 1.
    assert_eq!(round_to_hundredths(0.004_999_999_999_999_999), 0.0);
}

#[test]
fn a_ratio_that_is_no_number_declines() {
    let input = InputBuilder::new().busy(f64::INFINITY).build();
    let answer = testing::run::<Proportional>(&Params::default(), &mut (), &input);
    assert_eq!(answer, Err("the ratio comes out as -inf".to_owned()));
}
