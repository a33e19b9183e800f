//! An object of the platform's JSON, of which each field is read by itself.
//!
//! A field that can't be read must cost no more than itself: 1e999 is JSON, but no number that a program can hold, and
//! a whole answer must not be lost by it. So values stay text until someone asks for them.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// Longest piece of a value that a reason quotes, in characters.
const QUOTE_MAX: usize = 40;

/// The fields of one object; of a repeated one the last counts.
#[derive(Debug)]
pub(super) struct Fields<'a>(HashMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The fields of a whole body, or nothing if it is not a JSON object.
    pub(super) fn of_body(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    /// The fields of a value, or nothing if it is not an object.
    pub(super) fn of_value(value: &'a RawValue) -> Option<Self> {
        serde_json::from_str(value.get()).ok().map(Self)
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|value| value.get() != "null")
    }

    /// The objects or whatever else a list holds, or nothing if the field is no list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A field's text, or nothing if it is no string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// An identifier: a string, or a number as it is written.
    pub(super) fn identifier(&self, name: &str) -> Option<String> {
        self.text(name).or_else(|| {
            let value = self.get(name)?.get();
            value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.to_owned())
        })
    }

    /// A number from 0 to `max`.
    ///
    /// The error says what is there instead, as in "agentsAvailable is null".
    pub(super) fn number(&self, name: &str, max: f64) -> Result<f64, String> {
        let value: f64 = match self.get(name) {
            Some(value) => serde_json::from_str(value.get()).map_err(|_| self.described(name))?,
            None => return Err(self.described(name)),
        };
        if value > max {
            Err(format!("{}, above {max}", self.described(name)))
        } else if value >= 0.0 {
            Ok(value)
        } else {
            Err(self.described(name))
        }
    }

    /// What a field holds, for a person: "agentsAvailable is null".
    pub(super) fn described(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(value) => format!("{name} is {}", quote(value)),
            None => format!("{name} is missing"),
        }
    }
}

/// A value for a person, in one short line.
pub(super) fn quote(value: &RawValue) -> String {
    let text = value.get();
    match (text.as_bytes().first(), text.char_indices().nth(QUOTE_MAX)) {
        (Some(b'{'), _) => "an object".to_owned(),
        (Some(b'['), _) => "a list".to_owned(),
        (_, Some((end, _))) => format!("{}...", &text[..end]),
        (_, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(body: &str) -> Result<f64, String> {
        Fields::of_body(body.as_bytes()).unwrap().number("calls", 1_000.0)
    }

    #[test]
    fn numbers_are_checked_and_named() {
        assert_eq!(number(r#"{"calls": 5}"#), Ok(5.0));
        assert_eq!(number(r#"{"calls": 5.5e1}"#), Ok(55.0));
        assert_eq!(number(r#"{"calls": -0.0}"#), Ok(0.0));
        assert_eq!(number(r#"{"calls": 1, "calls": 2}"#), Ok(2.0));
        for (body, reason) in [
            ("{}", "calls is missing"),
            (r#"{"calls": null}"#, "calls is null"),
            (r#"{"calls": "5"}"#, "calls is \"5\""),
            (r#"{"calls": true}"#, "calls is true"),
            (r#"{"calls": [5]}"#, "calls is a list"),
            (r#"{"calls": {"value": 5}}"#, "calls is an object"),
            (r#"{"calls": -3}"#, "calls is -3"),
            (r#"{"calls": 1001}"#, "calls is 1001, above 1000"),
            (r#"{"calls": 1e999}"#, "calls is 1e999"),
            (r#"{"calls": -1e999}"#, "calls is -1e999"),
        ] {
            assert_eq!(number(body), Err(reason.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_long_value_is_quoted_in_part() {
        let body = format!(r#"{{"calls": "{}"}}"#, "ä".repeat(500));
        assert!(number(&body).unwrap_err().chars().count() < 60);
    }

    #[test]
    fn an_identifier_is_a_string_or_a_whole_number() {
        let identifier = |body: &str| Fields::of_body(body.as_bytes()).unwrap().identifier("id");
        assert_eq!(identifier(r#"{"id": "a1"}"#), Some("a1".to_owned()));
        assert_eq!(identifier(r#"{"id": 12345678901234567890123}"#), Some("12345678901234567890123".to_owned()));
        assert_eq!(identifier(r#"{"id": null}"#), None);
        assert_eq!(identifier(r#"{"id": 1.5}"#), None);
        assert_eq!(identifier("{}"), None);
    }
}
