//! The rules that a scenario's values follow, besides a configuration's.

use std::ops::RangeInclusive;
use std::time::Duration;

use paced_sim::Distribution;
use toml_edit::Value;

use crate::config::values::{Taken, duration};

/// The longest that anything in a scenario takes or waits.
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// A duration up to a day, none included.
pub(super) fn time(value: &Value) -> Taken<Duration> {
    duration(Duration::ZERO..=DAY)(value)
}

/// A probability or share, 0 and 1 included.
pub(super) fn probability(value: &Value) -> Taken<f64> {
    crate::config::values::number(0.0..=1.0)(value)
}

/// Two shares, the lower first: `[0.80, 0.85]`.
pub(super) fn shares(value: &Value) -> Taken<RangeInclusive<f64>> {
    let wrong = || "must be two shares from 0 to 1, the lower first, such as [0.80, 0.85]".to_owned();
    let numbers: Option<Vec<f64>> =
        value.as_array().map(|array| array.iter().map_while(|value| probability(value).ok()).collect());
    match numbers.as_deref() {
        Some([low, high]) if low <= high && value.as_array().is_some_and(|array| array.len() == 2) => Ok(*low..=*high),
        _ => Err(wrong()),
    }
}

/// How long something takes: always, evenly, memorylessly or log-normally.
pub(super) fn distribution(value: &Value) -> Taken<Distribution> {
    if value.is_str() {
        return Ok(Distribution::Constant(time(value)?.as_secs_f64()));
    }
    let table = value.as_inline_table().ok_or_else(|| WANTED.to_owned())?;
    let seconds = |key| -> Taken<Option<f64>> {
        let value: Option<&Value> = table.get(key);
        value
            .map(|value| time(value).map(|duration| duration.as_secs_f64()))
            .transpose()
            .map_err(|why| format!("{key} {why}"))
    };
    let (low, high) = (seconds("from")?, seconds("to")?);
    let (mean, median) = (seconds("mean")?, seconds("median")?);
    let sigma = table.get("sigma").map(crate::config::values::number(0.0..=5.0)).transpose();
    let sigma = sigma.map_err(|why| format!("sigma {why}"))?;
    let keys = table.len();
    match (low, high, mean, median, sigma) {
        (Some(low), Some(high), None, None, None) if keys == 2 && low <= high => {
            Ok(Distribution::Uniform { low, high })
        }
        (None, None, Some(mean), None, None) if keys == 1 && mean > 0.0 => Ok(Distribution::Exponential { mean }),
        (None, None, Some(mean), None, Some(sigma)) if keys == 2 && mean > 0.0 => {
            Ok(Distribution::log_normal_of_mean(mean, sigma))
        }
        (None, None, None, Some(median), Some(sigma)) if keys == 2 && median > 0.0 => {
            Ok(Distribution::LogNormal { median, sigma })
        }
        _ => Err(WANTED.to_owned()),
    }
}

const WANTED: &str = "must be a duration such as \"2s\", { from = \"15s\", to = \"18s\" }, { mean = \"120s\" } (exponential) or \
                      { mean = \"150s\", sigma = 0.8 } (log-normal; median for mean does too)";

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[test]
    fn durations_are_written_as_they_are_meant() {
        let table = [
            ("\"2s\"", Distribution::Constant(2.0)),
            ("\"0s\"", Distribution::Constant(0.0)),
            ("{ from = \"15s\", to = \"18s\" }", Distribution::Uniform { low: 15.0, high: 18.0 }),
            ("{ mean = \"2min\" }", Distribution::Exponential { mean: 120.0 }),
            ("{ median = \"9500ms\", sigma = 0.43 }", Distribution::LogNormal { median: 9.5, sigma: 0.43 }),
            ("{ mean = \"150s\", sigma = 0.8 }", Distribution::log_normal_of_mean(150.0, 0.8)),
        ];
        for (text, wanted) in table {
            assert_eq!(distribution(&value(text)), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told_what_would_be() {
        for text in [
            "2",
            "{ mean = \"0s\" }",
            "{ from = \"3s\" }",
            "{ from = \"3s\", to = \"2s\" }",
            "{ median = \"3s\" }",
            "{ mean = \"3s\", sigma = 0.1, x = 1 }",
            "{}",
            "[1]",
        ] {
            assert_eq!(distribution(&value(text)), Err(WANTED.to_owned()), "{text}");
        }
        let wrong = distribution(&value("{ mean = 3 }")).unwrap_err();
        assert!(wrong.starts_with("mean must be a duration in quotes"), "{wrong}");
        assert_eq!(shares(&value("[0.1, 0.2]")), Ok(0.1..=0.2));
        for text in ["[0.2, 0.1]", "[0.1]", "[0.1, 0.2, 0.3]", "[0.1, 2]", "0.1"] {
            assert!(shares(&value(text)).is_err(), "{text}");
        }
    }
}
