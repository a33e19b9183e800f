//! Distributions of durations, sampled by inversion: one uniform number in, one duration out.
//!
//! Inversion, because one number per draw keeps streams in step (see the crate's page), and by `libm`, because a
//! machine's own logarithm may differ in the last bit. `rand_distr` does neither once another crate switches
//! num-traits to the standard library's functions.

use serde::{Deserialize, Serialize};

/// A distribution of durations, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Anything from `low` to `high`, equally likely.
    Uniform {
        /// Least.
        low: f64,
        /// Most, at least `low`.
        high: f64,
    },
    /// Memoryless.
    Exponential {
        /// Mean, above 0.
        mean: f64,
    },
    /// Its logarithm is normal: most are short, a few are long.
    LogNormal {
        /// Half are shorter than this, above 0.
        median: f64,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
}

impl Distribution {
    /// The log-normal distribution of this mean: its median is `mean / exp(sigma^2 / 2)`.
    #[must_use]
    pub fn log_normal_of_mean(mean: f64, sigma: f64) -> Self {
        Self::LogNormal { median: mean / libm::exp(sigma * sigma / 2.0), sigma }
    }

    /// The mean, in seconds.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Uniform { low, high } => f64::midpoint(low, high),
            Self::Exponential { mean } => mean,
            Self::LogNormal { median, sigma } => median * libm::exp(sigma * sigma / 2.0),
        }
    }

    /// The duration that a share `u` of all draws stays below, `u` above 0 and below 1.
    #[must_use]
    pub fn quantile(&self, u: f64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Uniform { low, high } => low + u * (high - low),
            Self::Exponential { mean } => -mean * libm::log1p(-u),
            Self::LogNormal { median, sigma } => median * libm::exp(sigma * normal_quantile(u)),
        }
    }

    /// The share of draws that are at most `x`.
    #[must_use]
    pub fn share_below(&self, x: f64) -> f64 {
        match *self {
            Self::Constant(value) => f64::from(u8::from(value <= x)),
            Self::Uniform { low, high } if high > low => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Self::Uniform { low, .. } => f64::from(u8::from(low <= x)),
            _ if x <= 0.0 => 0.0,
            Self::Exponential { mean } => -libm::expm1(-x / mean),
            Self::LogNormal { median, sigma } if sigma > 0.0 => normal_cdf(libm::log(x / median) / sigma),
            Self::LogNormal { median, .. } => f64::from(u8::from(median <= x)),
        }
    }

    /// A draw, given that it is at most `limit`.
    pub(crate) fn quantile_within(&self, u: f64, limit: f64) -> f64 {
        let share = self.share_below(limit);
        if share > 0.0 { self.quantile(u * share).min(limit) } else { limit }
    }

    /// Whether every draw is a duration.
    pub(crate) fn is_valid(&self) -> bool {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        match *self {
            Self::Constant(value) => value.is_finite() && value >= 0.0,
            Self::Uniform { low, high } => low >= 0.0 && low <= high && high.is_finite(),
            Self::Exponential { mean } => positive(mean),
            Self::LogNormal { median, sigma } => positive(median) && (0.0..=5.0).contains(&sigma),
        }
    }
}

/// The value that a share `u` of draws from the Gamma distribution of mean 1 and this shape stays below, by the cube of
/// a normal (Wilson and Hilferty 1931): from shape 10 on, to a few parts in a thousand.
pub(crate) fn gamma_of_mean_one(shape: f64, u: f64) -> f64 {
    let ninth = 1.0 / (9.0 * shape);
    let root = (1.0 - ninth + normal_quantile(u) * libm::sqrt(ninth)).max(0.0);
    root * root * root
}

/// The standard normal distribution function.
fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The polynomial of these coefficients at `x`, the highest power first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The standard normal quantile, to about 16 digits (Wichura 1988, Algorithm AS 241, PPND16).
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&CENTRE_OVER, r) / polynomial(&CENTRE_UNDER, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail));
    let z = if r <= 5.0 {
        polynomial(&MIDDLE_OVER, r - 1.6) / polynomial(&MIDDLE_UNDER, r - 1.6)
    } else {
        polynomial(&FAR_OVER, r - 5.0) / polynomial(&FAR_UNDER, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

const CENTRE_OVER: [f64; 8] = [
    2_509.080_928_730_122_7,
    33_430.575_583_588_13,
    67_265.770_927_008_7,
    45_921.953_931_549_87,
    13_731.693_765_509_46,
    1_971.590_950_306_551_4,
    133.141_667_891_784_37,
    3.387_132_872_796_366_5,
];
const CENTRE_UNDER: [f64; 8] = [
    5_226.495_278_852_546,
    28_729.085_735_721_943,
    39_307.895_800_092_71,
    21_213.794_301_586_597,
    5_394.196_021_424_751,
    687.187_007_492_057_9,
    42.313_330_701_600_91,
    1.0,
];
const MIDDLE_OVER: [f64; 8] = [
    7.745_450_142_783_414e-4,
    0.022_723_844_989_269_184,
    0.241_780_725_177_450_6,
    1.270_458_252_452_368_4,
    3.647_848_324_763_204_5,
    5.769_497_221_460_691,
    4.630_337_846_156_546,
    1.423_437_110_749_683_5,
];
const MIDDLE_UNDER: [f64; 8] = [
    1.050_750_071_644_416_9e-9,
    5.475_938_084_995_345e-4,
    0.015_198_666_563_616_457,
    0.148_103_976_427_480_08,
    0.689_767_334_985_1,
    1.676_384_830_183_803_8,
    2.053_191_626_637_759,
    1.0,
];
const FAR_OVER: [f64; 8] = [
    2.010_334_399_292_288_1e-7,
    2.711_555_568_743_487_6e-5,
    0.001_242_660_947_388_078_4,
    0.026_532_189_526_576_124,
    0.296_560_571_828_504_87,
    1.784_826_539_917_291_3,
    5.463_784_911_164_114,
    6.657_904_643_501_103,
];
const FAR_UNDER: [f64; 8] = [
    2.044_263_103_389_939_8e-15,
    1.421_511_758_316_446e-7,
    1.846_318_317_510_054_8e-5,
    7.868_691_311_456_133e-4,
    0.014_875_361_290_850_615,
    0.136_929_880_922_735_8,
    0.599_832_206_555_887_9,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of the three ranges of the algorithm, on both sides, against the distribution function.
    #[test]
    fn the_normal_quantile_inverts_the_distribution() {
        for p in [1e-15, 1e-8, 1e-3, 0.07, 0.08, 0.3, 0.5, 0.7, 0.93, 0.999, 1.0 - 1e-8] {
            let back = normal_cdf(normal_quantile(p));
            assert!((back - p).abs() <= 1e-13 * p.max(1e-3) + 1e-12 * p, "{p} came back as {back}");
        }
    }

    #[test]
    fn every_distribution_inverts_and_has_its_mean() {
        let all = [
            Distribution::Uniform { low: 15.0, high: 18.0 },
            Distribution::Exponential { mean: 150.0 },
            Distribution::log_normal_of_mean(150.0, 0.8),
        ];
        for distribution in all {
            let draws = 100_000;
            let mut sum = 0.0;
            for i in 0..draws {
                let u = (f64::from(i) + 0.5) / f64::from(draws);
                let x = distribution.quantile(u);
                assert!((distribution.share_below(x) - u).abs() < 1e-9, "{distribution:?} at {u}");
                sum += x;
            }
            let mean = sum / f64::from(draws);
            assert!((mean / distribution.mean() - 1.0).abs() < 2e-3, "{distribution:?}: {mean}");
        }
    }

    #[test]
    fn a_draw_within_a_limit_keeps_to_it() {
        let ring = Distribution::LogNormal { median: 9.5, sigma: 0.43 };
        for u in [1e-9, 0.2, 0.5, 0.9, 1.0 - 1e-9] {
            assert!((0.0..=15.0).contains(&ring.quantile_within(u, 15.0)), "{u}");
        }
        assert!(ring.quantile_within(0.5, 15.0) < ring.quantile(0.5));
        assert!((Distribution::Constant(20.0).quantile_within(0.5, 15.0) - 15.0).abs() < f64::EPSILON);
    }

    /// Mean 1 and variance 1 / shape, as the Gamma distribution has.
    #[test]
    fn days_vary_by_as_much_as_their_shape_says() {
        let draws = 100_000;
        let values = (0..draws).map(|i| gamma_of_mean_one(29.7, (f64::from(i) + 0.5) / f64::from(draws)));
        let (sum, squares) = values.fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        let mean = sum / f64::from(draws);
        let deviation = libm::sqrt(squares / f64::from(draws) - mean * mean);
        assert!((mean - 1.0).abs() < 1e-3, "{mean}");
        assert!((deviation - 0.1835).abs() < 1e-3, "{deviation}");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in [
            Distribution::Constant(-1.0),
            Distribution::Constant(f64::NAN),
            Distribution::Uniform { low: 3.0, high: 2.0 },
            Distribution::Exponential { mean: 0.0 },
            Distribution::LogNormal { median: f64::INFINITY, sigma: 0.4 },
            Distribution::LogNormal { median: 10.0, sigma: -0.1 },
        ] {
            assert!(!bad.is_valid(), "{bad:?}");
        }
    }
}
