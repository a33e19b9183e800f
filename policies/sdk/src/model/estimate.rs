//! Rates from few calls and gauges from noisy ones.

use serde::{Deserialize, Serialize};

/// The rate of `events` among `calls`, drawn towards `prior` as if `weight` further calls had shown exactly that.
///
/// (events + prior x weight) / (calls + weight): the mean of a beta distribution with such a prior. A true 2 % shows
/// over 5 % in 6 of 100 windows of 20 calls; a weight of 20 to 50 keeps a controller from believing them.
#[must_use]
pub fn shrunk_rate(events: f64, calls: f64, prior: f64, weight: f64) -> f64 {
    let total = calls + weight;
    if total > 0.0 { (events + prior * weight) / total } else { prior }
}

/// The lowest rate that `events` among `calls` plausibly come from: 0 without calls.
///
/// The lower end of Wilson's score interval (1927), `z` standard deviations out: 1.64 for one-sided 95 %. Off by a few
/// tenths of the rate against the exact bound where there are fewer than five events.
#[must_use]
pub fn lower_rate(events: f64, calls: f64, z: f64) -> f64 {
    score_bound(events, calls, z, -1.0).unwrap_or(0.0)
}

/// The highest rate that `events` among `calls` plausibly come from: 1 without calls. See [`lower_rate`].
#[must_use]
pub fn upper_rate(events: f64, calls: f64, z: f64) -> f64 {
    score_bound(events, calls, z, 1.0).unwrap_or(1.0)
}

/// (k + z^2/2 +- z sqrt(k (n - k)/n + z^2/4)) / (n + z^2); none without calls.
fn score_bound(events: f64, calls: f64, z: f64, side: f64) -> Option<f64> {
    let events = events.clamp(0.0, calls.max(0.0));
    let square = z * z;
    let spread = z * (events * (calls - events) / calls + square / 4.0).sqrt();
    (calls > 0.0).then(|| ((events + square / 2.0 + side * spread) / (calls + square)).clamp(0.0, 1.0))
}

/// A gauge without its noise: an exponential filter, to be kept in a policy's state.
///
/// The weight of a value follows from the time since the one before, so that the filter is the same at every polling
/// interval. The first value is taken as it is.
///
/// ```
/// use paced_policy::model::Filtered;
///
/// let mut busy = Filtered::default();
/// assert_eq!(busy.take(10.0, 15.0, 60.0), 10.0);
/// assert!((busy.take(20.0, 60.0, 60.0) - 16.32).abs() < 0.01); // a time constant later: 63 % of the way
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filtered {
    value: Option<f64>,
}

impl Filtered {
    /// Takes a new value, `elapsed_s` after the one before; a value that is not finite is left out.
    ///
    /// Gives the filtered value: 0 where none has ever been taken.
    pub fn take(&mut self, value: f64, elapsed_s: f64, time_constant_s: f64) -> f64 {
        if value.is_finite() {
            let before = self.value.unwrap_or(value);
            let weight = super::freed_probability(elapsed_s, time_constant_s);
            self.value = Some(before + weight * (value - before));
        }
        self.value.unwrap_or(0.0)
    }

    /// The filtered value; none before the first.
    #[must_use]
    pub const fn get(&self) -> Option<f64> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_calls_move_a_shrunk_rate_little() {
        assert_eq!(shrunk_rate(0.0, 0.0, 0.02, 50.0), 0.02);
        // (1 + 1) / (10 + 40).
        assert_eq!(shrunk_rate(1.0, 10.0, 0.025, 40.0), 0.04);
        assert_eq!(shrunk_rate(3.0, 0.0, 0.1, 0.0), 0.1, "nothing known at all");
    }

    #[test]
    fn plausible_rates_are_wilsons() {
        // 5 of 100 at z = 1.96: 2.15 % to 11.18 %.
        assert!((lower_rate(5.0, 100.0, 1.96) - 0.021_5).abs() < 5e-5);
        assert!((upper_rate(5.0, 100.0, 1.96) - 0.111_8).abs() < 5e-5);
        assert_eq!((lower_rate(0.0, 0.0, 1.64), upper_rate(0.0, 0.0, 1.64)), (0.0, 1.0));
        assert_eq!(lower_rate(9.0, 3.0, 1.64), lower_rate(3.0, 3.0, 1.64), "more events than calls");
    }

    #[test]
    fn a_filter_knows_time_and_not_polls() {
        let (mut often, mut seldom) = (Filtered::default(), Filtered::default());
        often.take(0.0, 15.0, 90.0);
        seldom.take(0.0, 15.0, 90.0);
        for _ in 0..4 {
            often.take(1.0, 15.0, 90.0);
        }
        assert!((often.take(1.0, 0.0, 90.0) - seldom.take(1.0, 60.0, 90.0)).abs() < 1e-12);
        assert_eq!(often.take(f64::NAN, 15.0, 90.0), often.get().unwrap());
        assert_eq!(Filtered::default().take(f64::NAN, 15.0, 90.0), 0.0);
    }

    proptest! {
        #[test]
        fn the_rate_lies_between_its_bounds(calls in 1_u32..100_000, share in 0.0_f64..=1.0, z in 0.5_f64..4.0) {
            let calls = f64::from(calls);
            let events = (calls * share).floor();
            let (low, rate, high) = (lower_rate(events, calls, z), events / calls, upper_rate(events, calls, z));
            prop_assert!(0.0 <= low && low <= rate + 1e-12 && rate <= high + 1e-12 && high <= 1.0);
        }

        #[test]
        fn a_filter_stays_between_what_it_took(values in prop::collection::vec(-5.0_f64..5.0, 1..20), tau in 0.0_f64..600.0) {
            let mut filtered = Filtered::default();
            for value in &values {
                filtered.take(*value, 15.0, tau);
            }
            let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            let value = filtered.get().unwrap();
            prop_assert!(least - 1e-9 <= value && value <= most + 1e-9);
        }
    }
}
