//! The guard: nothing reaches the platform that it has not ruled on.
//!
//! It is a short list of rules, applied in order to whatever a policy proposes. Each rule that acts leaves its reason.
//! After the last one the ratio is finite, within the bounds, within the ramps (bounds win where the two disagree), and
//! never higher than the ratio in force while abandonment is over the limit.

use crate::config::CampaignConfig;
use crate::entry::Reason;
use crate::ratio::DialRatio;
use crate::trip::Evidence;

/// What the guard makes of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The ratio that may be sent.
    pub ratio: DialRatio,
    /// The rules that acted, in order.
    pub reasons: Vec<Reason>,
}

/// Rules on the ratio that a policy proposes, `current` being in force and `signed_in` agents at work.
#[must_use]
pub fn rule(config: &CampaignConfig, current: DialRatio, proposed: f64, evidence: &Evidence, signed_in: f64) -> Ruling {
    let mut reasons = Vec::new();
    if !proposed.is_finite() {
        return Ruling { ratio: current, reasons: vec![Reason::NotFinite] };
    }
    let mut apply = |wish: f64, limited: f64, reason: Reason| {
        if limited != wish {
            reasons.push(reason);
        }
        limited
    };
    let (min, max) = (config.min_dial_ratio.value(), config.max_dial_ratio.value());
    let wish = apply(proposed, proposed.clamp(min, max), Reason::Bounds);
    let is_small_group = signed_in < f64::from(config.small_group_agents);
    let wish = apply(wish, if is_small_group { wish.min(1.0) } else { wish }, Reason::SmallGroup);
    let wish = apply(wish, if evidence.over { wish.min(current.value()) } else { wish }, Reason::Ceiling);
    let wish = apply(wish, wish.min(current.value() + config.ramp_up), Reason::RampUp);
    let wish = apply(wish, wish.max(current.value() - config.ramp_down), Reason::RampDown);
    let rounded = round_within(config, current, wish, evidence.over);
    if (rounded.value() - wish).abs() > 1e-9 {
        reasons.push(Reason::Rounded);
    }
    let ratio = if is_within_deadband(config, current, rounded) { current } else { rounded };
    if ratio != rounded {
        reasons.push(Reason::Deadband);
    }
    Ruling { ratio, reasons }
}

/// The nearest hundredth that keeps to the ramps, then the bounds, then the ceiling.
fn round_within(config: &CampaignConfig, current: DialRatio, wish: f64, is_over: bool) -> DialRatio {
    let now = i32::from(current.hundredths());
    let nearest = libm::round(wish * 100.0) as i32;
    let ramped = nearest.clamp(now.saturating_sub(steps(config.ramp_down)), now.saturating_add(steps(config.ramp_up)));
    let bounded = DialRatio::from_hundredths_clamped(ramped).clamp(config.min_dial_ratio, config.max_dial_ratio);
    if is_over { bounded.min(current) } else { bounded }
}

/// A ramp in whole hundredths, rounded down; the small addition undoes what binary fractions take off (0.29 x 100).
fn steps(ramp: f64) -> i32 {
    libm::floor(ramp * 100.0 + 1e-6) as i32
}

/// A change too small to send, unless the ratio in force is out of bounds.
fn is_within_deadband(config: &CampaignConfig, current: DialRatio, ratio: DialRatio) -> bool {
    let is_current_allowed = (config.min_dial_ratio..=config.max_dial_ratio).contains(&current);
    let change = (ratio.value() - current.value()).abs();
    ratio != current && is_current_allowed && change + 1e-9 < config.deadband
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config() -> CampaignConfig {
        CampaignConfig::with_defaults("1", 20)
    }

    fn ratio(value: f64) -> DialRatio {
        DialRatio::new(value).unwrap()
    }

    fn over() -> Evidence {
        Evidence { over: true, enough: true, ..Evidence::default() }
    }

    fn ruled(
        config: &CampaignConfig,
        current: f64,
        proposed: f64,
        evidence: &Evidence,
        agents: f64,
    ) -> (f64, Vec<&'static str>) {
        let ruling = rule(config, ratio(current), proposed, evidence, agents);
        (ruling.ratio.value(), ruling.reasons.iter().map(|reason| reason.as_str()).collect())
    }

    #[test]
    fn each_rule_acts_and_says_so() {
        let calm = Evidence::default();
        let wide = CampaignConfig { ramp_up: 5.0, ..config() };
        let coarse = CampaignConfig { deadband: 0.1, ..config() };
        let gentle = CampaignConfig { ramp_down: 0.2, ..config() };
        let table = [
            (ruled(&config(), 1.0, 1.2, &calm, 20.0), (1.2, vec![])),
            (ruled(&config(), 1.0, f64::NAN, &calm, 20.0), (1.0, vec!["not-finite"])),
            (ruled(&config(), 1.0, f64::INFINITY, &calm, 20.0), (1.0, vec!["not-finite"])),
            (ruled(&wide, 1.0, 99.0, &calm, 20.0), (5.0, vec!["bounds"])),
            (ruled(&config(), 1.0, -3.0, &calm, 20.0), (0.1, vec!["bounds"])),
            (ruled(&config(), 1.0, 1.4, &calm, 2.0), (1.0, vec!["small-group"])),
            (ruled(&config(), 1.0, 1.4, &over(), 20.0), (1.0, vec!["ceiling"])),
            (ruled(&config(), 1.0, 0.7, &over(), 20.0), (0.7, vec![])),
            (ruled(&config(), 1.0, 2.4, &calm, 20.0), (1.5, vec!["ramp-up"])),
            (ruled(&gentle, 2.0, 0.5, &calm, 20.0), (1.8, vec!["ramp-down"])),
            (ruled(&config(), 1.0, 1.2345, &calm, 20.0), (1.23, vec!["rounded"])),
            (ruled(&coarse, 1.0, 1.05, &calm, 20.0), (1.0, vec!["deadband"])),
            (ruled(&coarse, 1.0, 1.1, &calm, 20.0), (1.1, vec![])),
        ];
        for (actual, expected) in table {
            assert_eq!(actual, expected);
        }
    }

    #[test]
    fn rounding_never_carries_over_a_ramp() {
        let fine = CampaignConfig { ramp_up: 0.057, ..config() };
        assert_eq!(ruled(&fine, 1.0, 2.0, &Evidence::default(), 20.0).0, 1.05);
        let odd = CampaignConfig { ramp_up: 0.29, ..config() };
        assert_eq!(ruled(&odd, 1.0, 2.0, &Evidence::default(), 20.0).0, 1.29);
    }

    #[test]
    fn bounds_win_over_ramps_but_not_over_the_ceiling() {
        let narrow = CampaignConfig { max_dial_ratio: ratio(1.5), ramp_down: 0.1, ..config() };
        assert_eq!(ruled(&narrow, 3.0, 3.0, &Evidence::default(), 20.0).0, 1.5);
        let high = CampaignConfig { min_dial_ratio: ratio(2.0), ..config() };
        assert_eq!(ruled(&high, 1.0, 2.0, &over(), 20.0).0, 1.0);
    }

    proptest! {
        /// Fails, for one, when the ramp rule is left out of `round_within`, or the ceiling is.
        #[test]
        fn whatever_is_proposed_the_ruling_is_lawful(
            proposed in any::<f64>(),
            current in 10_i32..=500,
            min in 10_i32..=500,
            span in 0_i32..=490,
            ramp_up in 0.01_f64..5.0,
            ramp_down in 0.01_f64..5.0,
            deadband in 0.0_f64..1.0,
            agents in 0.0_f64..50.0,
            is_over in any::<bool>(),
        ) {
            let of = DialRatio::from_hundredths_clamped;
            let config = CampaignConfig {
                min_dial_ratio: of(min), max_dial_ratio: of(min + span), ramp_up, ramp_down, deadband, ..config()
            };
            let current = of(current);
            let evidence = Evidence { over: is_over, enough: is_over, ..Evidence::default() };
            let sent = rule(&config, current, proposed, &evidence, agents).ratio;
            if sent != current {
                prop_assert!(config.min_dial_ratio <= sent && sent <= config.max_dial_ratio);
            }
            if is_over {
                prop_assert!(sent <= current);
            }
            if (config.min_dial_ratio..=config.max_dial_ratio).contains(&current) {
                prop_assert!(sent.value() <= current.value() + ramp_up + 1e-9);
                prop_assert!(sent.value() >= current.value() - ramp_down - 1e-9);
            }
        }
    }
}
