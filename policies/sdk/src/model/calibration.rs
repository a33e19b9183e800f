//! How far a forecast is off, learned from what came of it.

use serde::{Deserialize, Serialize};

use super::shrunk_rate;

/// However wrong a forecast seems, it is corrected by no more than this factor, up or down: beyond it something else is
/// the matter.
const MOST: f64 = 4.0;

/// Events seen beside events forecast, to be kept in a policy's state; what is older fades by a time constant.
///
/// A forecast of abandoned calls is good to a factor of two or so (see [`Forecast`](super::Forecast)), and the factor
/// belongs to the campaign: how many agents share it, how its lines spread. So it can be learned. The quotient of seen
/// and forecast calls is a rate like any other and is shrunk as one, towards 1: no correction before there is evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    forecast: f64,
    seen: f64,
}

impl Calibration {
    /// Takes in what `elapsed_s` brought: events forecast and events seen.
    pub fn take(&mut self, forecast: f64, seen: f64, elapsed_s: f64, time_constant_s: f64) {
        if !forecast.is_finite() || !seen.is_finite() {
            return;
        }
        let kept = libm::exp(-elapsed_s.max(0.0) / time_constant_s.max(1.0));
        self.forecast = self.forecast * kept + forecast.max(0.0);
        self.seen = self.seen * kept + seen.max(0.0);
    }

    /// What a forecast is to be multiplied by, 1/4 to 4; `weight` is the number of forecast events that must have come
    /// before the correction is half of what was seen.
    #[must_use]
    pub fn factor(&self, weight: f64) -> f64 {
        self.factor_within(weight, MOST)
    }

    /// The same, 1/most to `most`, which is at least 1.
    #[must_use]
    pub fn factor_within(&self, weight: f64, most: f64) -> f64 {
        let most = most.max(1.0);
        shrunk_rate(self.seen, self.forecast, 1.0, weight).clamp(1.0 / most, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_was_forecast_halves_the_forecast_once_there_is_evidence() {
        let mut calibration = Calibration::default();
        assert_eq!(calibration.factor(5.0), 1.0);
        calibration.take(5.0, 2.5, 60.0, 1e9);
        // (2.5 + 5) / (5 + 5).
        assert_eq!(calibration.factor(5.0), 0.75);
        for _ in 0..1_000 {
            calibration.take(5.0, 2.5, 60.0, 1e9);
        }
        assert!((calibration.factor(5.0) - 0.5).abs() < 0.001);
    }

    #[test]
    fn a_correction_is_bounded_and_fades() {
        let mut calibration = Calibration::default();
        calibration.take(0.0, 1e6, 0.0, 600.0);
        assert_eq!(calibration.factor(1.0), 4.0);
        calibration.take(f64::NAN, 1.0, 0.0, 600.0);
        calibration.take(0.0, 0.0, 60_000.0, 600.0);
        assert!((calibration.factor(1.0) - 1.0).abs() < 1e-6);
    }
}
