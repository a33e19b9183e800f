//! A configuration file: its text, its places, and what was found wrong with it.
//!
//! Findings are collected through a shared reference, since sections nest and rules between settings look at several
//! of them. Unknown keys are judged last, when all known ones are: a key of another section is named as such.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Item, Value};

use super::finding::{Finding, Severity, nearest};

/// Longest value that a finding quotes, in characters.
const LONGEST_QUOTE: usize = 60;

/// A section with more keys than this is not listed in a finding.
const MOST_KEYS_LISTED: usize = 12;

/// Instead of a value that may hold a secret.
pub(crate) const HIDDEN: &str = "(hidden)";

/// A file's name and text, and what was found wrong with it.
pub(crate) struct Source<'a> {
    file: String,
    text: &'a str,
    /// The page that lists all keys.
    page: &'static str,
    line_starts: Vec<usize>,
    findings: RefCell<Vec<Finding>>,
    strangers: RefCell<Vec<Stranger>>,
    /// The titles of the sections in which each key is known.
    known: RefCell<BTreeMap<&'static str, BTreeSet<&'static str>>>,
}

/// A key that its section does not know.
pub(crate) struct Stranger {
    pub(crate) site: Site,
    pub(crate) name: String,
    /// The title of its section.
    pub(crate) section: &'static str,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) line: Option<usize>,
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Sited<T> {
    pub(crate) value: T,
    pub(crate) site: Site,
}

/// A key that may be absent (no site), wrong and reported (no value), or right.
#[derive(Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: Option<T>,
    pub(crate) site: Option<Site>,
}

impl<T> Default for Setting<T> {
    fn default() -> Self {
        Self { value: None, site: None }
    }
}

impl<T> Setting<T> {
    /// This setting where it is there, right or wrong; `other` where it is absent.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.site.is_some() { self } else { other }
    }

    /// Whether it is there and wrong.
    pub(crate) fn is_wrong(&self) -> bool {
        self.site.is_some() && self.value.is_none()
    }

    /// Whether it is absent.
    pub(crate) fn is_absent(&self) -> bool {
        self.site.is_none()
    }
}

impl<'a> Source<'a> {
    /// A configuration.
    pub(crate) fn new(file: String, text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            file,
            text,
            page: "docs/configuration.md",
            line_starts,
            findings: RefCell::default(),
            strangers: RefCell::default(),
            known: RefCell::default(),
        }
    }

    /// The same of another kind of file, whose keys `page` lists.
    pub(crate) fn listed_in(self, page: &'static str) -> Self {
        Self { page, ..self }
    }

    /// Reports something that nothing runs with.
    pub(crate) fn error(&self, site: &Site, message: impl Into<String>) {
        self.report(site, Severity::Error, message.into());
    }

    /// Reports something that is probably not as wished.
    pub(crate) fn warning(&self, site: &Site, message: impl Into<String>) {
        self.report(site, Severity::Warning, message.into());
    }

    /// A finding at a place in this file.
    pub(crate) fn finding(&self, site: &Site, severity: Severity, message: String) -> Finding {
        let Site { line, key, value } = site.clone();
        Finding { file: self.file.clone(), line, key, value, severity, message }
    }

    /// Adds findings made elsewhere.
    pub(crate) fn extend(&self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.borrow_mut().extend(findings);
    }

    /// Notes that sections of this title know `key`.
    pub(crate) fn know(&self, key: &'static str, title: &'static str) {
        self.known.borrow_mut().entry(key).or_default().insert(title);
    }

    /// Notes a key that its section does not know.
    pub(crate) fn stranger(&self, stranger: Stranger) {
        self.strangers.borrow_mut().push(stranger);
    }

    fn report(&self, site: &Site, severity: Severity, message: String) {
        self.findings.borrow_mut().push(self.finding(site, severity, message));
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Everything found wrong, unknown keys included.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let known = self.known.take();
        for stranger in self.strangers.take() {
            let message = unknown_key(&stranger, &known, self.page);
            self.error(&stranger.site, message);
        }
        self.findings.into_inner()
    }

    /// Every key that was asked for, with the titles of its sections.
    #[cfg(test)]
    pub(crate) fn known(&self) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        self.known.borrow().clone()
    }

    /// An item as it was written, on one line and not too long; structures, which may hold secrets, only by kind.
    pub(crate) fn quote(&self, item: &Item) -> String {
        let written = match item {
            Item::Value(Value::Array(_)) | Item::ArrayOfTables(_) => return "a list".to_owned(),
            Item::Value(Value::InlineTable(_)) | Item::Table(_) => return "a table".to_owned(),
            Item::None => return "nothing".to_owned(),
            Item::Value(value) => value.span().and_then(|span| self.text.get(span)).unwrap_or_default(),
        };
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let one_line: String = written.trim().chars().map(printable).collect();
        match one_line.char_indices().nth(LONGEST_QUOTE) {
            Some((end, _)) => format!("{}...", &one_line[..end]),
            None => one_line,
        }
    }
}

/// What to say about a key that its section does not know. A key of another section is no slip of the pen: TOML puts
/// a line that is meant for the top into the section above it.
fn unknown_key(stranger: &Stranger, known: &BTreeMap<&'static str, BTreeSet<&'static str>>, page: &str) -> String {
    let Stranger { name, section, .. } = stranger;
    let sections_of = |key: &str| {
        let sections: Vec<_> = known.get(key).into_iter().flatten().copied().collect();
        sections.join(" or ")
    };
    if known.contains_key(name.as_str()) {
        return format!("unknown key here; it belongs to {}", sections_of(name));
    }
    let here = || known.iter().filter(|(_, sections)| sections.contains(section)).map(|(key, _)| *key);
    if let Some(key) = nearest(name, here()) {
        return format!("unknown key; did you mean `{key}`?");
    }
    if let Some(key) = nearest(name, known.keys().copied()) {
        return format!("unknown key; did you mean `{key}`, which belongs to {}?", sections_of(key));
    }
    let keys: Vec<_> = here().take(MOST_KEYS_LISTED + 1).collect();
    if keys.len() > MOST_KEYS_LISTED {
        format!("unknown key; {page} lists all keys")
    } else {
        format!("unknown key; here may stand {}", keys.join(", "))
    }
}

/// A key below `path`, quoted where TOML wants it.
pub(crate) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
