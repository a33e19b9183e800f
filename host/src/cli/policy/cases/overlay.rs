//! What a case changes in the input.
//!
//! The keys and kinds of value are read off the input itself as it serialises, so that a new field needs no line here.

use paced_core::policy::Input;
use serde_json::{Map, Value as Json};
use toml_edit::{Item, TableLike, Value};

use super::read::Problems;

/// Keys that a case may set to "none".
const OPTIONAL: [&str; 3] = ["since_last_decision_s", "shift_end_ms", "wrap_up_s_mean"];
/// Whole numbers of 64 bits; the others have 32.
const WIDE: [&str; 3] = ["now_ms", "seed", "shift_end_ms"];
/// Fields of the input that stand beside `input` in a case.
const BESIDE: [&str; 2] = ["params", "state"];

/// The input with what `table` changes; whatever can't be goes to `problems`.
pub(super) fn apply(input: &Input, table: &dyn TableLike, problems: &mut Problems<'_>) -> Option<Input> {
    let mut json = serde_json::to_value(input).ok()?;
    let fields = json.as_object_mut()?;
    let beside: Vec<_> = BESIDE.iter().filter_map(|key| Some((*key, fields.remove(*key)?))).collect();
    overlay(fields, "input", table, problems);
    fields.extend(beside.into_iter().map(|(key, value)| (key.to_owned(), value)));
    serde_json::from_value(json).ok()
}

fn overlay(fields: &mut Map<String, Json>, path: &str, table: &dyn TableLike, problems: &mut Problems<'_>) {
    for (key, item) in table.iter() {
        let span = problems.span(table, key);
        let path = format!("{path}.{key}");
        if BESIDE.contains(&key) && path == format!("input.{key}") {
            problems.add(span, format!("`{key}` stands beside `input`, not in it"), None);
            continue;
        }
        let known: Vec<String> = fields.keys().cloned().collect();
        match fields.get_mut(key) {
            None => problems.unknown(span, &path, key, known.iter().map(String::as_str)),
            Some(Json::Object(inner)) => match item.as_table_like() {
                Some(table) => overlay(inner, &path, table, problems),
                None => problems.add(span, format!("`{path}` must be a table"), Some(format!("`{path} = {{ ... }}`"))),
            },
            Some(field) => match leaf(key, field, item) {
                Ok(value) => *field = value,
                Err(expected) => problems.add(span, format!("`{path}` must be {expected}"), None),
            },
        }
    }
}

/// The value for a field, or what it must be.
fn leaf(key: &str, now: &Json, item: &Item) -> Result<Json, String> {
    let optional = OPTIONAL.contains(&key);
    let Item::Value(value) = item else { return Err("a single value, not a table".to_owned()) };
    if optional && value.as_str() == Some("none") {
        return Ok(Json::Null);
    }
    let or_none = if optional { ", or \"none\"" } else { "" };
    match now {
        _ if key == "abandonment_of" => abandonment_of(value),
        Json::Number(number) if number.is_f64() => {
            finite(value).map(Json::from).ok_or_else(|| format!("a finite number{or_none}"))
        }
        Json::Number(_) | Json::Null => {
            let most = if WIDE.contains(&key) { i64::MAX } else { u32::MAX.into() };
            let whole = value.as_integer().filter(|whole| (0..=most).contains(whole));
            whole.map(Json::from).ok_or_else(|| format!("a whole number from 0 to {most}{or_none}"))
        }
        Json::Bool(_) => value.as_bool().map(Json::from).ok_or_else(|| "true or false".to_owned()),
        Json::Array(_) => texts(value).ok_or_else(|| "a list of texts".to_owned()),
        Json::String(_) | Json::Object(_) => value.as_str().map(Json::from).ok_or_else(|| "text".to_owned()),
    }
}

pub(super) fn finite(value: &Value) -> Option<f64> {
    let whole = value.as_integer().map(|whole| whole as f64);
    value.as_float().or(whole).filter(|number| number.is_finite())
}

fn abandonment_of(value: &Value) -> Result<Json, String> {
    match value.as_str() {
        Some("answered") => Ok(Json::from("Answered")),
        Some("offered") => Ok(Json::from("Offered")),
        _ => Err("\"answered\" or \"offered\"".to_owned()),
    }
}

fn texts(value: &Value) -> Option<Json> {
    value.as_array()?.iter().map(|text| text.as_str().map(Json::from)).collect::<Option<Vec<_>>>().map(Json::from)
}
