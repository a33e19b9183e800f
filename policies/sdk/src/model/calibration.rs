//! How far a forecast is off, learned from what came of it.

use serde::{Deserialize, Serialize};

/// How far one abandoned call more or less than forecast moves the scale: 3 %.
///
/// Abandonment grows with about the fifth power of the lines, so the scale settles with a time constant of
/// 1 / (0.03 x 5) = 7 abandoned calls, and its noise has a variance of 0.03 / (2 x 5), a deviation of 5 %.
const STEP: f64 = 0.03;

/// The least scale. Where nothing is abandoned for long the forecast may be too gloomy, by as much as large groups show
/// in simulation; it may also be luck.
const LEAST: f64 = 0.75;

/// The highest scale: as if two other campaigns took the same agents.
const MOST: f64 = 3.0;

/// The factor by which a campaign's lines count for more, or for less, than a forecast knows; kept in a policy's state.
///
/// A forecast of abandoned calls is good to a factor of two or so (see [`Forecast`](super::Forecast)), and the factor
/// belongs to the campaign: how its lines spread, who else takes its agents. Multiplying the forecast would be no help
/// where it says nothing at all and calls are abandoned all the same. So the *lines* are scaled, by stochastic
/// approximation (Robbins and Monro, 1951): each abandoned call raises the scale by 3 %, each one forecast lowers it by
/// as much, and it rests where forecast and truth agree on average. Few calls move it little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    log_scale: f64,
}

impl Calibration {
    /// Takes in the calls that were abandoned, and those that were forecast to be, *by the scaled forecast*.
    pub fn take(&mut self, forecast: f64, abandoned: f64) {
        let change = STEP * (abandoned - forecast);
        if change.is_finite() {
            self.log_scale = (self.log_scale + change).clamp(libm::log(LEAST), libm::log(MOST));
        }
    }

    /// What lines are to be multiplied by before they are forecast, 0.75 to 3; 1 before anything is known.
    #[must_use]
    pub fn scale(&self) -> f64 {
        libm::exp(self.log_scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_rests_where_forecast_and_truth_agree() {
        // What is abandoned grows with the fifth power of the lines; in truth there are half as many again.
        let abandoned_of = |lines: f64| 0.02 * lines * lines * lines * lines * lines;
        let mut calibration = Calibration::default();
        for _ in 0..1_000 {
            calibration.take(abandoned_of(calibration.scale()), abandoned_of(1.5));
        }
        assert!((calibration.scale() - 1.5).abs() < 1e-6, "{}", calibration.scale());
    }

    #[test]
    fn one_call_moves_it_by_little_and_nothing_without_end() {
        let mut calibration = Calibration::default();
        assert_eq!(calibration.scale(), 1.0);
        calibration.take(0.0, 1.0);
        assert!((calibration.scale() - 1.030_5).abs() < 1e-4);
        calibration.take(f64::NAN, 1.0);
        calibration.take(0.0, 1e300);
        assert!((calibration.scale() - 3.0).abs() < 1e-12);
        calibration.take(1e300, 0.0);
        assert!((calibration.scale() - 0.75).abs() < 1e-12);
    }
}
