//! The policy as a whole. Unless a test says otherwise nobody has called yet, so that the seeds count: 0.28 answers a line,
//! 170 s a call; agents are as idle as a settled campaign's, and the limit of abandonment is 3 %.

use paced_policy::testing::{self, InputBuilder};
use paced_policy::{AbandonmentOf, Decision, Input, Window, encode_state};
use proptest::prelude::*;

use super::{Adaptive, Learned};

fn moment(agents: f64) -> InputBuilder {
    let idle = (agents * 0.12).round();
    InputBuilder::new()
        .available(idle)
        .busy(agents - idle)
        .calls(0, 0, 0)
        .target_utilization(1.0)
        .max_abandonment(0.03, AbandonmentOf::Answered)
}

/// The day so far, for the budgets.
fn with_today(mut input: Input, answered: u32, abandoned: u32) -> Input {
    let live = answered + abandoned;
    input.windows.today = Window { offered: live, answered, abandoned, covered_s: 3_600.0 };
    input.campaign.abandonment_budget = input.campaign.max_abandonment * f64::from(live) - f64::from(abandoned);
    input
}

fn decide(state: &mut Learned, input: &Input) -> Decision {
    testing::run::<Adaptive>(&(), state, input).unwrap()
}

/// Where the ratio ends, from 1.0, if nothing new is learned.
fn settled(build: impl Fn(f64) -> Input) -> f64 {
    let (mut ratio, mut state) = (1.0, Learned::default());
    for _ in 0..60 {
        // No time passes, so that the absence of calls says nothing.
        let input = Input { since_last_decision_s: None, ..build(ratio) };
        ratio = decide(&mut state, &input).dial_ratio.unwrap();
    }
    ratio
}

#[test]
fn more_agents_bear_a_higher_ratio() {
    let ratios = [4.0, 10.0, 20.0, 50.0, 200.0].map(|agents| settled(|ratio| moment(agents).dial_ratio(ratio).build()));
    assert!(ratios.is_sorted() && ratios[0] < 1.5 && ratios[4] > 3.0, "{ratios:?}");
}

#[test]
fn a_lower_limit_gives_a_lower_ratio() {
    let ratio =
        |limit| settled(|ratio| moment(50.0).max_abandonment(limit, AbandonmentOf::Answered).dial_ratio(ratio).build());
    let ratios = [0.0, 0.01, 0.03, 0.05, 0.5].map(ratio);
    assert!(ratios.is_sorted(), "{ratios:?}");
}

#[test]
fn a_surplus_gives_a_higher_ratio_than_a_deficit() {
    let ratio = |abandoned| settled(|ratio| with_today(moment(20.0).dial_ratio(ratio).build(), 1_000, abandoned));
    let ratios = [100, 40, 28, 0].map(ratio);
    assert!(ratios.is_sorted() && ratios[0] < 0.8 * ratios[3], "{ratios:?}");
}

#[test]
fn nothing_known_at_a_high_ratio_comes_down_within_a_minute() {
    let (mut ratio, mut state) = (5.0, Learned::default());
    for _ in 0..4 {
        ratio = decide(&mut state, &moment(20.0).dial_ratio(ratio).build()).dial_ratio.unwrap();
    }
    assert!(ratio < 2.5, "{ratio}");
}

#[test]
fn nothing_known_at_one_line_an_agent_rises_slowly() {
    assert_eq!(decide(&mut Learned::default(), &moment(20.0).build()).dial_ratio, Some(1.1));
}

#[test]
fn a_group_that_shrinks_is_dialled_for_less_at_once() {
    let mut state = Learned::default();
    let ratio = decide(&mut state, &moment(20.0).dial_ratio(2.1).build()).dial_ratio.unwrap();
    let shrunk = decide(&mut state, &moment(8.0).dial_ratio(ratio).build()).dial_ratio.unwrap();
    assert!(shrunk < 0.85 * ratio, "{ratio}, then {shrunk}");
}

#[test]
fn a_group_that_wavers_does_not_move_it() {
    let mut state = Learned::default();
    let ratio = settled(|ratio| moment(20.0).dial_ratio(ratio).build());
    for tick in 0..40 {
        let agents = if tick % 2 == 0 { 19.0 } else { 21.0 };
        let input = Input { since_last_decision_s: Some(1.0), ..moment(agents).dial_ratio(ratio).build() };
        assert_eq!(decide(&mut state, &input).dial_ratio, Some(ratio));
    }
}

#[test]
fn without_news_or_agents_it_holds() {
    for input in [moment(20.0).stale(20.0), moment(20.0).available(0.0).busy(0.0)] {
        assert_eq!(decide(&mut Learned::default(), &input.build()).dial_ratio, None);
    }
}

#[test]
fn fewer_than_three_agents_get_one_line_each() {
    let two = moment(2.0).dial_ratio(3.0).build();
    assert_eq!(decide(&mut Learned::default(), &two).dial_ratio, Some(1.0));
}

#[test]
fn what_offered_counts_changes_nothing_where_the_limit_is_of_answers() {
    let (mut of_answers, mut of_dials) = (Learned::default(), Learned::default());
    for tick in 0..40_u32 {
        let input = |offered| moment(20.0).dial_ratio(2.0).calls(offered, 2 * tick, tick / 20).build();
        let decision = decide(&mut of_answers, &input(2 * tick + tick / 20));
        assert_eq!(decision, decide(&mut of_dials, &input(9 * tick)));
    }
}

#[test]
fn a_pause_teaches_nothing_and_makes_careful() {
    let mut state = Learned::default();
    for tick in 0..40_u32 {
        let _ = decide(&mut state, &moment(20.0).dial_ratio(2.0).calls(2 * tick, 2 * tick, 0).build());
    }
    let signal = |decision: &Decision, name: &str| decision.signals.iter().find(|(known, _)| known == name).unwrap().1;
    let input = moment(20.0).dial_ratio(2.0).calls(80, 80, 0).build();
    let before = decide(&mut state.clone(), &input);
    // Ten minutes without a call, while everybody waits.
    let mut resumed = moment(20.0).available(20.0).busy(0.0).dial_ratio(1.0).calls(80, 80, 0).build();
    resumed.since_last_decision_s = Some(600.0);
    resumed.guard_reasons = vec!["resume".to_owned()];
    let after = decide(&mut state, &resumed);
    let rates = [&before, &after].map(|decision| signal(decision, "answers_per_line_s"));
    assert!((rates[0] - rates[1]).abs() < 0.1 * rates[0], "{rates:?}");
    assert!(signal(&after, "aim") < 0.8 * signal(&before, "aim"));
}

#[test]
fn an_outage_does_not_raise_it() {
    let mut state = Learned::default();
    let mut ratio = 1.5;
    for _ in 0..200 {
        let waiting = moment(20.0).available(19.0).busy(1.0).dial_ratio(ratio).build();
        ratio = decide(&mut state, &waiting).dial_ratio.unwrap();
    }
    assert!(ratio < 2.0, "{ratio}");
}

#[test]
fn the_state_is_small() {
    let mut state = Learned::default();
    let _ = decide(&mut state, &moment(20.0).build());
    let _ = decide(&mut state, &moment(20.0).calls(5, 5, 0).build());
    assert!(encode_state(&state).unwrap().len() < 400);
}

/// Counts that a platform might show, sane or not.
fn any_moment() -> impl Strategy<Value = Input> {
    let agents = || prop_oneof![0.0_f64..60.0, 0.0_f64..2_000.0, Just(1e12), Just(f64::NAN)];
    let counts = (0_u32..100_000, 0_u32..5_000, 0_u32..5_000);
    (agents(), agents(), 0.1_f64..=5.0, counts, prop::option::of(0.0_f64..1e9), any::<bool>()).prop_map(
        |(available, busy, ratio, (offered, answered, abandoned), since_last_decision_s, is_resumed)| {
            let built = InputBuilder::new().available(available).busy(busy).dial_ratio(ratio);
            let mut input = built.calls(offered, answered, abandoned).build();
            input.since_last_decision_s = since_last_decision_s;
            input.guard_reasons.extend(is_resumed.then(|| "resume".to_owned()));
            input
        },
    )
}

proptest! {
    /// Fails, for one, when a share is divided by agents that may be none.
    #[test]
    fn whatever_it_is_shown_the_ratio_is_within_bounds_and_ramps(
        moments in prop::collection::vec(any_moment(), 1..6),
        target in 0.0_f64..=1.0, limit in 0.0_f64..=1.0, min in 0.1_f64..1.0, max in 1.0_f64..=5.0,
        of_offered in any::<bool>(),
    ) {
        let mut state = Learned::default();
        for mut input in moments {
            input.campaign.target_utilization = target;
            input.campaign.max_abandonment = limit;
            (input.campaign.min_dial_ratio, input.campaign.max_dial_ratio) = (min, max);
            input.campaign.abandonment_of = if of_offered { AbandonmentOf::Offered } else { AbandonmentOf::Answered };
            let decision = decide(&mut state, &input);
            if let Some(ratio) = decision.dial_ratio {
                prop_assert!(min <= ratio && ratio <= max, "{ratio}");
                prop_assert!(ratio <= input.dial_ratio.max(min) + 0.5 + 1e-9, "{} to {ratio}", input.dial_ratio);
            }
            prop_assert!(decision.signals.iter().all(|(_, value)| value.is_finite()), "{decision:?}");
        }
    }
}
