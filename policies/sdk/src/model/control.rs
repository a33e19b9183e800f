//! Controllers that a limit, a guard or a person can override without a jump afterwards.

use crate::Campaign;

/// A proportional-integral controller in velocity form: it says how far to move from where things *are*.
///
/// The change is kp (e - e before) + ki T e. There is no sum that winds up: where the ratio really is, after the guard
/// or a person had their say, is where the next step starts. To freeze the integral, take the smaller of two errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VelocityPi {
    /// Change of the output for each unit of change of the error.
    pub kp: f64,
    /// Change of the output for each unit of error and second.
    pub ki_per_s: f64,
}

impl VelocityPi {
    /// The change of the output, `elapsed_s` after the error was `error_before`.
    #[must_use]
    pub fn change(&self, error: f64, error_before: f64, elapsed_s: f64) -> f64 {
        self.kp * (error - error_before) + self.ki_per_s * elapsed_s * error
    }
}

/// The most that a ratio may move at a time. Downwards may be faster: abandoning costs more than waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slew {
    /// Most upwards, not negative.
    pub up: f64,
    /// Most downwards, not negative.
    pub down: f64,
}

impl Slew {
    /// As near to `to` as may be gone from `from` at a time; `from` where `to` is not a number.
    #[must_use]
    pub fn limit(&self, from: f64, to: f64) -> f64 {
        if to.is_nan() { from } else { to.min(from + self.up.max(0.0)).max(from - self.down.max(0.0)) }
    }
}

/// The dial ratios that a campaign allows right now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Lowest.
    pub min: f64,
    /// Highest, not below the lowest.
    pub max: f64,
}

impl Span {
    /// The campaign's own bounds; but with fewer than `min_agents` signed in at most one line per available agent,
    /// since the law of large numbers has nothing to say about so few.
    #[must_use]
    pub fn of(campaign: &Campaign, agents_signed_in: f64, min_agents: f64) -> Self {
        let max = campaign.max_dial_ratio;
        let max = if agents_signed_in < min_agents { max.min(1.0) } else { max };
        Self { min: campaign.min_dial_ratio.min(max), max }
    }

    /// The nearest ratio that is allowed; the lowest for NaN.
    #[must_use]
    pub fn clamp(&self, ratio: f64) -> f64 {
        ratio.max(self.min).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Input;

    #[test]
    fn a_steady_error_integrates_and_a_jump_counts_at_once() {
        let pi = VelocityPi { kp: 2.0, ki_per_s: 0.01 };
        assert!((pi.change(0.1, 0.1, 15.0) - 0.015).abs() < 1e-12);
        assert!((pi.change(0.1, 0.0, 0.0) - 0.2).abs() < 1e-12);
        assert_eq!(pi.change(0.0, 0.0, 1e9), 0.0);
    }

    #[test]
    fn a_slew_limit_may_differ_by_direction() {
        let slew = Slew { up: 0.1, down: 0.25 };
        assert_eq!(slew.limit(1.0, 3.0), 1.1);
        assert_eq!(slew.limit(1.0, 0.1), 0.75);
        assert_eq!(slew.limit(1.0, 1.05), 1.05);
        assert_eq!(slew.limit(1.0, f64::NAN), 1.0);
        assert_eq!(slew.limit(1.0, f64::INFINITY), 1.1);
    }

    #[test]
    fn few_agents_get_one_line_each() {
        let campaign = Input::example().campaign;
        assert_eq!(Span::of(&campaign, 3.0, 3.0), Span { min: 0.1, max: 5.0 });
        let few = Span::of(&campaign, 2.0, 3.0);
        assert_eq!((few.clamp(2.0), few.clamp(0.5), few.clamp(f64::NAN)), (1.0, 0.5, 0.1));
        let eager = Span::of(&Campaign { min_dial_ratio: 2.0, ..campaign }, 2.0, 3.0);
        assert_eq!(eager, Span { min: 1.0, max: 1.0 });
    }
}
