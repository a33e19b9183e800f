//! A file of golden cases, read as a whole: every problem at once, or every case.

use std::collections::BTreeSet;
use std::ops::Range;

use paced_core::params::{Descriptor, ParamError, ParamValue};
use toml_edit::{Document, Item, Table, TableLike, Value};

use super::super::diagnostic::Diagnostic;
use super::case::{Case, Expect};
use super::overlay;
use crate::config::nearest;
use crate::registry::moments;

/// Most cases in a file.
const MAX_CASES: usize = 10_000;

const TOP_KEYS: [&str; 2] = ["tolerance", "cases"];
const CASE_KEYS: [&str; 6] = ["name", "input", "params", "state", "expect", "tolerance"];
const EXPECT: &str = "a dial ratio, \"hold\", or { error = \"part of its text\" }";

/// What is wrong with a file of cases.
pub(super) struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Diagnostic>,
}

impl Problems<'_> {
    pub(super) fn add(&mut self, span: Option<Range<usize>>, what: String, help: Option<String>) {
        let problem = Diagnostic::error("cases", what, self.file).at(self.text, span);
        self.found.push(help.into_iter().fold(problem, Diagnostic::help));
    }

    /// Adds that `path` is no known key.
    pub(super) fn unknown<'k>(
        &mut self,
        span: Option<Range<usize>>,
        path: &str,
        key: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let help = match nearest(key, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.add(span, format!("unknown key `{path}`"), Some(help));
    }

    /// Where a key with its value stands.
    pub(super) fn span(&self, table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
        let (key, item) = table.get_key_value(key)?;
        let start = key.span().or_else(|| item.span())?.start;
        let end = item.as_value().and_then(Value::span).or_else(|| key.span())?.end;
        // A key's own table may begin before it, in a header or another dotted key.
        Some(start..end.max(start))
    }

    fn unknown_keys(&mut self, table: &Table, path: &str, known: &[&str]) {
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(key)) {
            let span = self.span(table, key);
            self.unknown(span, &format!("{path}{key}"), key, known.iter().copied());
        }
    }
}

/// Reads the cases of a policy.
///
/// # Errors
/// Everything that is wrong with the file.
pub(super) fn read(file: &str, text: &str, descriptor: &Descriptor) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut problems = Problems { file, text, found: Vec::new() };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            problems.add(error.span(), format!("not TOML: {}", error.message().replace('\n', ", ")), None);
            return Err(problems.found);
        }
    };
    let top = document.as_table();
    problems.unknown_keys(top, "", &TOP_KEYS);
    let tolerance = tolerance(top, &mut problems).unwrap_or(0.0);
    let tables = tables(top, &mut problems).into_iter();
    let cases: Vec<_> = tables.filter_map(|table| case(table, tolerance, descriptor, &mut problems)).collect();
    name_each_once(&cases, &mut problems);
    problems.found.sort_by_key(Diagnostic::line);
    if problems.found.is_empty() { Ok(cases) } else { Err(problems.found) }
}

fn tables<'t>(top: &'t Table, problems: &mut Problems<'_>) -> Vec<&'t Table> {
    match top.get("cases") {
        Some(Item::ArrayOfTables(tables)) if tables.len() <= MAX_CASES => tables.iter().collect(),
        Some(Item::ArrayOfTables(tables)) => {
            problems.add(None, format!("{} cases: at most {MAX_CASES} are taken", tables.len()), None);
            Vec::new()
        }
        found => {
            let span = found.and_then(|_| problems.span(top, "cases"));
            problems.add(span, "there are no cases".to_owned(), Some("begin each one with [[cases]]".to_owned()));
            Vec::new()
        }
    }
}

fn tolerance(table: &Table, problems: &mut Problems<'_>) -> Option<f64> {
    let item = table.get("tolerance")?;
    let tolerance = item.as_value().and_then(overlay::finite).filter(|tolerance| *tolerance >= 0.0);
    if tolerance.is_none() {
        problems.add(problems.span(table, "tolerance"), "`tolerance` must be a number from 0 up".to_owned(), None);
    }
    tolerance
}

fn case(table: &Table, tolerance_of_all: f64, descriptor: &Descriptor, problems: &mut Problems<'_>) -> Option<Case> {
    problems.unknown_keys(table, "", &CASE_KEYS);
    let name = name(table, problems);
    let mut input = input(table, problems);
    let state = state(table, problems);
    let params = params(table, descriptor, problems);
    let expect = expect(table, problems);
    let tolerance = tolerance(table, problems).unwrap_or(tolerance_of_all);
    let place = ["expect", "name"].iter().find_map(|key| problems.span(table, key)).or_else(|| table.span());
    if let Some(input) = &mut input {
        input.state = state;
    }
    Some(Case { name: name?, params, input: input?, expect, tolerance, place: place.unwrap_or_default() })
}

fn name(table: &Table, problems: &mut Problems<'_>) -> Option<String> {
    let name = table.get("name").and_then(Item::as_str).filter(|name| !name.trim().is_empty());
    if name.is_none() {
        let span = problems.span(table, "name").or_else(|| table.span());
        problems.add(span, "the case has no name".to_owned(), Some("`name = \"what it shows\"`".to_owned()));
    }
    name.map(str::to_owned)
}

fn input(table: &Table, problems: &mut Problems<'_>) -> Option<paced_core::policy::Input> {
    let ordinary = moments::ordinary();
    match table.get("input") {
        None => Some(ordinary),
        Some(item) => match item.as_table_like() {
            Some(changes) => overlay::apply(&ordinary, changes, problems),
            None => {
                problems.add(problems.span(table, "input"), "`input` must be a table".to_owned(), None);
                None
            }
        },
    }
}

fn state(table: &Table, problems: &mut Problems<'_>) -> Vec<u8> {
    let Some(item) = table.get("state") else { return Vec::new() };
    let state = item.as_str().and_then(from_hex);
    if state.is_none() {
        let what = "`state` must be text of hexadecimal digits, two for each byte".to_owned();
        problems.add(problems.span(table, "state"), what, None);
    }
    state.unwrap_or_default()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).and_then(|x| x.try_into().ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn params(table: &Table, descriptor: &Descriptor, problems: &mut Problems<'_>) -> Vec<(String, ParamValue)> {
    let Some(item) = table.get("params") else { return Vec::new() };
    let Some(given) = item.as_table_like() else {
        problems.add(problems.span(table, "params"), "`params` must be a table".to_owned(), None);
        return Vec::new();
    };
    let mut params = Vec::new();
    for (name, item) in given.iter() {
        match item.as_value().and_then(param) {
            Some(value) => params.push((name.to_owned(), value)),
            None => {
                let what = format!("`params.{name}` must be a number, text, true or false");
                problems.add(problems.span(given, name), what, None);
            }
        }
    }
    for error in descriptor.resolve(&params).err().unwrap_or_default() {
        match error {
            ParamError::OutOfRange { name, expected, .. } => {
                problems.add(problems.span(given, &name), format!("`params.{name}` must be {expected}"), None);
            }
            ParamError::Unknown { name, .. } => {
                let known = descriptor.params.iter().map(|spec| spec.name.as_str());
                problems.unknown(problems.span(given, &name), &format!("params.{name}"), &name, known);
            }
        }
    }
    params
}

fn param(value: &Value) -> Option<ParamValue> {
    match value {
        Value::Float(number) => Some(ParamValue::Number(*number.value())),
        Value::Integer(whole) => Some(ParamValue::Integer(*whole.value())),
        Value::Boolean(flag) => Some(ParamValue::Flag(*flag.value())),
        Value::String(text) => Some(ParamValue::Text(text.value().clone())),
        _ => None,
    }
}

fn expect(table: &Table, problems: &mut Problems<'_>) -> Option<Expect> {
    let item = table.get("expect")?;
    let error_of = |table: &dyn TableLike| match table.get("error").and_then(Item::as_str) {
        Some(part) if table.len() == 1 => Some(Expect::Error(part.to_owned())),
        _ => None,
    };
    let expect = match item {
        Item::Value(Value::String(word)) if word.value() == "hold" => Some(Expect::Hold),
        _ => match item.as_table_like() {
            Some(table) => error_of(table),
            None => item.as_value().and_then(overlay::finite).map(Expect::Ratio),
        },
    };
    if expect.is_none() {
        problems.add(problems.span(table, "expect"), format!("`expect` must be {EXPECT}"), None);
    }
    expect
}

/// A report with two cases of one name would be hard to read.
fn name_each_once(cases: &[Case], problems: &mut Problems<'_>) {
    let mut names = BTreeSet::new();
    for case in cases {
        if !names.insert(case.name.as_str()) {
            problems.add(Some(case.place.clone()), format!("there are two cases named {:?}", case.name), None);
        }
    }
}
