//! The rules that single values follow: each takes a value, or says what would be right.
//!
//! A rule's message always starts with "must be" and names the allowed range, so that it reads well after
//! `file:line: key = value:`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use paced_core::params::ParamValue;
use paced_core::ratio::DialRatio;
use toml_edit::Value;

/// What a rule makes of a value: the value as it is used, or what would be right.
pub(crate) type Taken<T> = Result<T, String>;

/// A span of time such as "15s", in whole milliseconds.
pub(crate) fn duration(range: RangeInclusive<Duration>) -> impl Fn(&Value) -> Taken<Duration> {
    move |value| {
        let (least, most) = (brief(*range.start()), brief(*range.end()));
        let example = if range.contains(&Duration::from_secs(15)) { "15s" } else { &least };
        let text = value.as_str().ok_or_else(|| format!("must be a duration in quotes, such as \"{example}\""))?;
        let duration = humantime::parse_duration(text)
            .map_err(|_| format!("must be a number with its unit (ms, s, min, h or d), such as \"{example}\""))?;
        if !range.contains(&duration) {
            Err(format!("must be a duration from {least} to {most}"))
        } else if !duration.subsec_nanos().is_multiple_of(1_000_000) {
            Err("must be a duration in whole milliseconds".to_owned())
        } else {
            Ok(duration)
        }
    }
}

/// A whole number.
pub(crate) fn whole(range: RangeInclusive<u32>) -> impl Fn(&Value) -> Taken<u32> {
    whole_number(range)
}

/// A whole number of more than 32 bits.
pub(crate) fn whole_number<T>(range: RangeInclusive<T>) -> impl Fn(&Value) -> Taken<T>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |value| {
        let number = value.as_integer().and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A number within both bounds.
pub(crate) fn number(range: RangeInclusive<f64>) -> impl Fn(&Value) -> Taken<f64> {
    move |value| {
        finite(value)
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a number from {} to {}", range.start(), range.end()))
    }
}

/// A share, above 0 and at most 1.
pub(crate) fn fraction(value: &Value) -> Taken<f64> {
    finite(value)
        .filter(|number| *number > 0.0 && *number <= 1.0)
        .ok_or_else(|| "must be a share above 0 and at most 1, such as 0.05 for 5 %".to_owned())
}

/// The most that a ratio may change in one decision.
pub(crate) fn ramp(value: &Value) -> Taken<f64> {
    finite(value)
        .filter(|number| (0.01..=5.0).contains(number))
        .ok_or_else(|| "must be above 0: a number from 0.01, the step of the dial ratio, to 5".to_owned())
}

/// A dial ratio.
pub(crate) fn ratio(value: &Value) -> Taken<DialRatio> {
    let wrong = || "must be a dial ratio from 0.1 to 5.0 with at most two decimals".to_owned();
    let number = finite(value).ok_or_else(wrong)?;
    // `new` rounds, and a configured value that the platform would refuse is a mistake, not a wish to round.
    DialRatio::new(number).ok().filter(|ratio| (ratio.value() - number).abs() < 1e-9).ok_or_else(wrong)
}

/// Text of at least one and at most `longest` bytes without control characters; `what` is an example.
pub(crate) fn text(longest: usize, example: &'static str) -> impl Fn(&Value) -> Taken<String> {
    move |value| {
        let text = value.as_str().ok_or_else(|| format!("must be text in quotes, such as \"{example}\""))?;
        check_text(text, longest)?;
        Ok(text.to_owned())
    }
}

/// The rule of [`text`] for text from elsewhere.
pub(crate) fn check_text(text: &str, longest: usize) -> Taken<()> {
    if text.trim().is_empty() {
        Err("must not be empty".to_owned())
    } else if text.len() > longest || text.chars().any(char::is_control) || text.trim() != text {
        Err(format!("must be at most {longest} bytes of text on one line, with no space around it"))
    } else {
        Ok(())
    }
}

/// One of the given words, as what it stands for.
pub(crate) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Taken<T> {
    move |value| {
        let named = |word: &str| words.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning);
        value.as_str().and_then(named).ok_or_else(|| {
            let names: Vec<_> = words.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            format!("must be {}", either(&names))
        })
    }
}

/// A number of bytes such as "2GiB".
pub(crate) fn size(range: RangeInclusive<u64>) -> impl Fn(&Value) -> Taken<u64> {
    move |value| {
        value.as_str().and_then(parse_size).filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let (least, most) = (brief_size(*range.start()), brief_size(*range.end()));
            format!("must be a size in quotes, from \"{least}\" to \"{most}\"")
        })
    }
}

/// A time of day such as "18:00".
pub(crate) fn time_of_day(value: &Value) -> Taken<Time> {
    let parse = |text: &str| Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text)).ok();
    value.as_str().and_then(parse).ok_or_else(|| "must be a time of day in quotes, such as \"18:00\"".to_owned())
}

/// A time zone of the IANA database.
pub(crate) fn time_zone(value: &Value) -> Taken<TimeZone> {
    value
        .as_str()
        .and_then(|name| TimeZone::get(name).ok())
        .filter(|time_zone| !time_zone.is_unknown())
        .ok_or_else(|| "must be the name of a time zone, such as \"Europe/Berlin\" or \"UTC\"".to_owned())
}

/// A policy's parameter; its bounds are known only to the policy.
pub(crate) fn param(value: &Value) -> Taken<ParamValue> {
    match value {
        Value::Integer(whole) => Ok(ParamValue::Integer(*whole.value())),
        Value::Float(number) if number.value().is_finite() => Ok(ParamValue::Number(*number.value())),
        Value::Boolean(flag) => Ok(ParamValue::Flag(*flag.value())),
        Value::String(text) => Ok(ParamValue::Text(text.value().clone())),
        _ => Err("must be a finite number, a whole number, true, false or text in quotes".to_owned()),
    }
}

/// A duration in its largest whole unit: "15s", "500ms", "35d".
pub(crate) fn brief(duration: Duration) -> String {
    const UNITS: [(u128, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let ms = duration.as_millis();
    // Up to two minutes people think in seconds: 90s rather than 1.5min, and 60s rather than 1min.
    let unit =
        UNITS.iter().find(|(unit, name)| ms >= *unit && ms.is_multiple_of(*unit) && (*name != "min" || ms > 120_000));
    unit.map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}

/// Words as a choice: "a, b or c".
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// Any finite number; a whole one does for one with decimals.
fn finite(value: &Value) -> Option<f64> {
    let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))?;
    number.is_finite().then_some(number)
}

const SIZE_UNITS: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

fn parse_size(text: &str) -> Option<u64> {
    let (digits, bytes) = SIZE_UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))?;
    digits.trim_end().parse::<u64>().ok()?.checked_mul(*bytes)
}

/// A number of bytes in its largest whole unit: "2GiB".
pub(crate) fn brief_size(bytes: u64) -> String {
    let unit = SIZE_UNITS.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_in_their_largest_whole_unit() {
        let printed = |ms| brief(Duration::from_millis(ms));
        assert_eq!(
            [100, 1_500, 45_000, 60_000, 150_000, 1_800_000, 3_600_000, 86_400_000 * 35].map(printed),
            ["100ms", "1500ms", "45s", "60s", "150s", "30min", "1h", "35d"]
        );
    }

    #[test]
    fn sizes_are_read_and_printed_in_binary_units() {
        for (text, bytes) in [("2GiB", 2 << 30), ("16 MiB", 16 << 20), ("512B", 512), ("0KiB", 0)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["2GB", "2", "", "GiB", "-1GiB", "1.5GiB", "99999999999TiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        assert_eq!([2 << 30, 1536 << 20, 512, 1000].map(brief_size), ["2GiB", "1536MiB", "512B", "1000B"]);
    }

    #[test]
    fn a_ratio_with_a_third_decimal_is_a_mistake_not_a_wish_to_round() {
        let hundredths = |number: f64| ratio(&Value::from(number)).ok().map(DialRatio::hundredths);
        assert_eq!([0.1, 1.15, 2.3, 5.0].map(hundredths), [Some(10), Some(115), Some(230), Some(500)]);
        assert_eq!([0.09, 0.099, 1.001, 5.01, f64::NAN, f64::INFINITY].map(hundredths), [None; 6]);
    }
}
