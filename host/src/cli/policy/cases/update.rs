//! Writes what a policy answers now into a file of cases, and leaves everything else in it as it is.

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use super::Ran;
use super::case::Actual;

/// How far a written ratio may be off, so that 1.1750000000000000444 is written as 1.175; never over the tolerance.
const WRITTEN_SLACK: f64 = 1e-9;

/// The text with the expectations of those cases replaced that are not met. Comments and layout stay, and so does an
/// expectation that is met, however it is written.
pub(super) fn rewrite(text: &str, ran: &[Ran]) -> String {
    // It was read as TOML with these cases before they ran.
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    let Some(tables) = document.get_mut("cases").and_then(Item::as_array_of_tables_mut) else {
        return text.to_owned();
    };
    let pairs = tables.iter_mut().zip(ran).filter(|(_, ran)| !ran.passed());
    pairs.for_each(|(table, ran)| set(table, expectation(ran)));
    document.to_string()
}

fn set(table: &mut Table, mut value: Value) {
    match table.get_mut("expect") {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        // It may be a table, `expect.error = ...`, of which nothing is kept.
        _ => {
            table.remove("expect");
            table.insert("expect", Item::Value(value));
        }
    }
}

fn expectation(ran: &Ran) -> Value {
    match &ran.actual {
        Actual::Ratio(ratio, _) => Value::from(written(*ratio, ran.case.tolerance)),
        Actual::Hold(_) => Value::from("hold"),
        Actual::Error(words) => Value::from(InlineTable::from_iter([("error", words.as_str())])),
    }
}

/// The ratio with as few decimals as do.
fn written(ratio: f64, tolerance: f64) -> f64 {
    let slack = tolerance.min(WRITTEN_SLACK);
    let with_decimals = |decimals: usize| format!("{ratio:.decimals$}").parse::<f64>().ok();
    (0..16).filter_map(with_decimals).find(|short| (short - ratio).abs() <= slack).unwrap_or(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_written_with_as_few_decimals_as_do() {
        assert_eq!(written(0.1 + 0.2, 0.001), 0.3);
        assert_eq!(written(0.1 + 0.2, 0.0), 0.1 + 0.2);
        assert_eq!(written(1.0 / 3.0, 0.5), 0.333_333_333);
        assert_eq!(written(1e300, 0.5), 1e300);
    }
}
