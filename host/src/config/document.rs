//! A configuration file as sections and values that know their place.
//!
//! A [`Section`] hands out values by key through a rule (see `values`), which either takes a value or says what would
//! be right. Each key that was asked for is known; whatever else stands in a section when it is finished is reported
//! as unknown. So a new key needs no list, only the line that reads it: ask for every key before `finish`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Item, TableLike, Value};

use super::finding::{Finding, Severity, nearest};
use super::values::Taken;

/// Longest value that a finding quotes, in characters.
const LONGEST_QUOTE: usize = 60;

/// A section with more keys than this is not listed in a finding.
const MOST_KEYS_LISTED: usize = 12;

/// Instead of a value that may hold a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// A file's name and text, and what was found wrong with it.
pub(super) struct Source<'a> {
    file: String,
    text: &'a str,
    line_starts: Vec<usize>,
    findings: RefCell<Vec<Finding>>,
    strangers: RefCell<Vec<Stranger>>,
    /// The titles of the sections in which each key is known.
    known: RefCell<BTreeMap<&'static str, BTreeSet<&'static str>>>,
}

/// A key that its section does not know.
struct Stranger {
    site: Site,
    name: String,
    section: &'static str,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) line: Option<usize>,
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Sited<T> {
    pub(super) value: T,
    pub(super) site: Site,
}

/// A key that may be absent (no site), wrong and reported (no value), or right.
#[derive(Debug)]
pub(super) struct Setting<T> {
    pub(super) value: Option<T>,
    pub(super) site: Option<Site>,
}

impl<T> Default for Setting<T> {
    fn default() -> Self {
        Self { value: None, site: None }
    }
}

impl<T> Setting<T> {
    /// This setting where it is there, right or wrong; `other` where it is absent.
    pub(super) fn or(self, other: Self) -> Self {
        if self.site.is_some() { self } else { other }
    }

    /// Whether it is there and wrong.
    pub(super) fn is_wrong(&self) -> bool {
        self.site.is_some() && self.value.is_none()
    }

    /// Whether it is absent.
    pub(super) fn is_absent(&self) -> bool {
        self.site.is_none()
    }
}

impl<'a> Source<'a> {
    pub(super) fn new(file: String, text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            file,
            text,
            line_starts,
            findings: RefCell::default(),
            strangers: RefCell::default(),
            known: RefCell::default(),
        }
    }

    /// Reports something that nothing runs with.
    pub(super) fn error(&self, site: &Site, message: impl Into<String>) {
        self.report(site, Severity::Error, message.into());
    }

    /// Reports something that is probably not as wished.
    pub(super) fn warning(&self, site: &Site, message: impl Into<String>) {
        self.report(site, Severity::Warning, message.into());
    }

    /// A finding at a place in this file.
    pub(super) fn finding(&self, site: &Site, severity: Severity, message: String) -> Finding {
        let Site { line, key, value } = site.clone();
        Finding { file: self.file.clone(), line, key, value, severity, message }
    }

    /// Adds findings made elsewhere.
    pub(super) fn extend(&self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.borrow_mut().extend(findings);
    }

    fn report(&self, site: &Site, severity: Severity, message: String) {
        self.findings.borrow_mut().push(self.finding(site, severity, message));
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Everything found wrong, unknown keys included.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let known = self.known.take();
        for stranger in self.strangers.take() {
            self.error(&stranger.site, unknown_key(&stranger, &known));
        }
        self.findings.into_inner()
    }

    /// Every key that was asked for, with the titles of its sections.
    #[cfg(test)]
    pub(super) fn known(&self) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        self.known.borrow().clone()
    }

    /// An item as it was written, on one line and not too long; structures, which may hold secrets, only by kind.
    fn quote(&self, item: &Item) -> String {
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
fn unknown_key(stranger: &Stranger, known: &BTreeMap<&'static str, BTreeSet<&'static str>>) -> String {
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
        "unknown key; docs/configuration.md lists all keys".to_owned()
    } else {
        format!("unknown key; here may stand {}", keys.join(", "))
    }
}

/// A table of the file, or the lack of one, in which every key is absent.
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    table: Option<&'a dyn TableLike>,
    /// What the documentation calls this kind of section.
    title: &'static str,
    site: Site,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// The section that the file itself is.
    pub(super) fn top(source: &'a Source<'a>, table: &'a dyn TableLike) -> Self {
        let site = Site { line: None, key: String::new(), value: None };
        Self::new(source, Some(table), "the top of the file, before the first [section]", site)
    }

    fn new(source: &'a Source<'a>, table: Option<&'a dyn TableLike>, title: &'static str, site: Site) -> Self {
        Self { source, table, title, site, asked: RefCell::default() }
    }

    /// Where the section starts.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Whether the section is in the file.
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Names the section in findings by `name` instead of by its position.
    pub(super) fn rename(&mut self, name: String) {
        self.site.key = name;
    }

    /// The value of `key`, if it is there and `rule` takes it.
    pub(super) fn get<T>(&self, key: &'static str, rule: impl Fn(&Value) -> Taken<T>) -> Option<Sited<T>> {
        let (site, item) = self.item(key)?;
        self.take(site, item, rule)
    }

    /// As [`Section::get`], telling a wrong value from none.
    pub(super) fn setting<T>(&self, key: &'static str, rule: impl Fn(&Value) -> Taken<T>) -> Setting<T> {
        self.guarded(key, |_| false, rule)
    }

    /// As [`Section::setting`], for a value that findings show only where it does not `hide`.
    pub(super) fn guarded<T>(
        &self,
        key: &'static str,
        hide: impl Fn(&Item) -> bool,
        rule: impl Fn(&Value) -> Taken<T>,
    ) -> Setting<T> {
        let Some((mut site, item)) = self.item(key) else { return Setting::default() };
        if hide(item) {
            site.value = Some(HIDDEN.to_owned());
        }
        let value = self.take(site.clone(), item, rule).map(|sited| sited.value);
        Setting { value, site: Some(site) }
    }

    /// As [`Section::get`], for a key that must be there; `what` says what it holds.
    pub(super) fn require<T>(
        &self,
        key: &'static str,
        what: &str,
        rule: impl Fn(&Value) -> Taken<T>,
    ) -> Option<Sited<T>> {
        let Some((site, item)) = self.item(key) else {
            self.source.error(&self.place_of(key), format!("is missing: {what}"));
            return None;
        };
        self.take(site, item, rule)
    }

    /// Where `key` would stand.
    pub(super) fn place_of(&self, key: &str) -> Site {
        Site { line: self.site.line, key: join(&self.site.key, key), value: None }
    }

    /// A section within this one.
    pub(super) fn section(&self, key: &'static str, title: &'static str) -> Self {
        let Some((site, item)) = self.item(key) else {
            return Self::new(self.source, None, title, self.place_of(key));
        };
        let table = item.as_table_like();
        if table.is_none() {
            self.source.error(&site, format!("must be a table, written {title}"));
        }
        Self::new(self.source, table, title, Site { value: None, ..site })
    }

    /// The sections of a list of tables, none where there is no list; `None` where something else stands there.
    pub(super) fn sections(&self, key: &'static str, title: &'static str) -> Option<Vec<Self>> {
        let Some((site, item)) = self.item(key) else { return Some(Vec::new()) };
        let tables: Option<Vec<(Option<usize>, &dyn TableLike)>> = match item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|table| (self.line_of(table.span()), table as &dyn TableLike)).collect())
            }
            Item::Value(Value::Array(values)) => {
                let table_of =
                    |value: &'a Value| Some((self.line_of(value.span()), value.as_inline_table()? as &dyn TableLike));
                values.iter().map(table_of).collect()
            }
            _ => None,
        };
        let Some(tables) = tables else {
            self.source.error(&site, format!("must be a list of tables, each written {title}"));
            return None;
        };
        let section = |(nth, (line, table)): (usize, (Option<usize>, &'a dyn TableLike))| {
            let site = Site { line: line.or(site.line), key: format!("{}[{nth}]", site.key), value: None };
            Self::new(self.source, Some(table), title, site)
        };
        Some(tables.into_iter().enumerate().map(section).collect())
    }

    /// Every entry of a section whose keys are the user's own names.
    pub(super) fn entries(&self) -> Vec<(String, Site, &'a Item)> {
        let entries = self.table.into_iter().flat_map(|table| table.iter());
        entries.filter_map(|(name, item)| Some((name.to_owned(), self.site_of(name, item)?, item))).collect()
    }

    /// The section that an entry is.
    pub(super) fn entry(&self, site: Site, item: &'a Item, title: &'static str) -> Self {
        let table = item.as_table_like();
        if table.is_none() {
            self.source.error(&site, format!("must be a table, written {title}"));
        }
        Self::new(self.source, table, title, Site { value: None, ..site })
    }

    /// Reports `key`, if it is there, as something of a later version.
    pub(super) fn not_yet(&self, key: &'static str) {
        if let Some((site, _)) = self.item(key) {
            self.source.error(&Site { value: None, ..site }, "not supported yet by this version: take it out");
        }
        self.source.known.borrow_mut().remove(key);
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.take();
        for (name, site, _) in self.entries() {
            if !asked.contains(name.as_str()) {
                let stranger = Stranger { site: Site { value: None, ..site }, name, section: self.title };
                self.source.strangers.borrow_mut().push(stranger);
            }
        }
    }

    /// Applies a rule to an item, and reports what it says.
    pub(super) fn take<T>(&self, site: Site, item: &Item, rule: impl Fn(&Value) -> Taken<T>) -> Option<Sited<T>> {
        let taken = match item {
            Item::Value(value) => rule(value),
            _ => Err("must be a single value, not a table".to_owned()),
        };
        match taken {
            Ok(value) => Some(Sited { value, site }),
            Err(message) => {
                self.source.error(&site, message);
                None
            }
        }
    }

    fn item(&self, key: &'static str) -> Option<(Site, &'a Item)> {
        self.asked.borrow_mut().insert(key);
        self.source.known.borrow_mut().entry(key).or_default().insert(self.title);
        let item = self.table?.get(key)?;
        Some((self.site_of(key, item)?, item))
    }

    fn site_of(&self, name: &str, item: &Item) -> Option<Site> {
        if item.is_none() {
            return None;
        }
        let key_span = self.table.and_then(|table| table.key(name)).and_then(toml_edit::Key::span);
        let line = self.line_of(key_span.or_else(|| item.span())).or(self.site.line);
        Some(Site { line, key: join(&self.site.key, name), value: Some(self.source.quote(item)) })
    }

    fn line_of(&self, span: Option<std::ops::Range<usize>>) -> Option<usize> {
        span.map(|span| self.source.line(span.start))
    }
}

/// A key below `path`, quoted where TOML wants it.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
