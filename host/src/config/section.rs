//! A table of a configuration file that hands out its values by key.
//!
//! Each value goes through a rule (see `values`), which takes it or says what would be right. A key that was asked for
//! is known; whatever else stands in a section when it is finished is reported as unknown. So a new key needs no list,
//! only the line that reads it: ask for every key before [`Section::finish`].

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml_edit::{Item, TableLike, Value};

use super::source::{HIDDEN, Setting, Site, Sited, Source, Stranger, join};
use super::values::Taken;

/// A table of the file, or the lack of one, in which every key is absent.
pub(crate) struct Section<'a> {
    source: &'a Source<'a>,
    table: Option<&'a dyn TableLike>,
    /// What the documentation calls this kind of section.
    title: &'static str,
    site: Site,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// The section that the file itself is.
    pub(crate) fn top(source: &'a Source<'a>, table: &'a dyn TableLike) -> Self {
        let site = Site { line: None, key: String::new(), value: None };
        Self::new(source, Some(table), "the top of the file, before the first [section]", site)
    }

    fn new(source: &'a Source<'a>, table: Option<&'a dyn TableLike>, title: &'static str, site: Site) -> Self {
        Self { source, table, title, site, asked: RefCell::default() }
    }

    /// Where the section starts.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Whether the section is in the file.
    pub(crate) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Names the section in findings by `name` instead of by its position.
    pub(crate) fn rename(&mut self, name: String) {
        self.site.key = name;
    }

    /// The value of `key`, if it is there and `rule` takes it.
    pub(crate) fn get<T>(&self, key: &'static str, rule: impl Fn(&Value) -> Taken<T>) -> Option<Sited<T>> {
        let (site, item) = self.item(key)?;
        self.take(site, item, rule)
    }

    /// As [`Section::get`], telling a wrong value from none.
    pub(crate) fn setting<T>(&self, key: &'static str, rule: impl Fn(&Value) -> Taken<T>) -> Setting<T> {
        self.guarded(key, |_| false, rule)
    }

    /// As [`Section::setting`], for a value that findings show only where it does not `hide`.
    pub(crate) fn guarded<T>(
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
    pub(crate) fn require<T>(
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
    pub(crate) fn place_of(&self, key: &str) -> Site {
        Site { line: self.site.line, key: join(&self.site.key, key), value: None }
    }

    /// A section within this one.
    pub(crate) fn section(&self, key: &'static str, title: &'static str) -> Self {
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
    pub(crate) fn sections(&self, key: &'static str, title: &'static str) -> Option<Vec<Self>> {
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
    pub(crate) fn entries(&self) -> Vec<(String, Site, &'a Item)> {
        let entries = self.table.into_iter().flat_map(|table| table.iter()).filter(|(_, item)| !item.is_none());
        entries.map(|(name, item)| (name.to_owned(), self.site_of(name, item), item)).collect()
    }

    /// The section that an entry is.
    pub(crate) fn entry(&self, site: Site, item: &'a Item, title: &'static str) -> Self {
        let table = item.as_table_like();
        if table.is_none() {
            self.source.error(&site, format!("must be a table, written {title}"));
        }
        Self::new(self.source, table, title, Site { value: None, ..site })
    }

    /// Reports `key`, if it is there, as something of a later version.
    pub(crate) fn not_yet(&self, key: &'static str) {
        self.asked.borrow_mut().insert(key);
        if let Some(item) = self.table.and_then(|table| table.get(key)).filter(|item| !item.is_none()) {
            let site = Site { value: None, ..self.site_of(key, item) };
            self.source.error(&site, "not supported yet by this version: take it out");
        }
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.take();
        for (name, site, _) in self.entries() {
            if !asked.contains(name.as_str()) {
                let stranger = Stranger { site: Site { value: None, ..site }, name, section: self.title };
                self.source.stranger(stranger);
            }
        }
    }

    /// Applies a rule to an item, and reports what it says.
    pub(crate) fn take<T>(&self, site: Site, item: &Item, rule: impl Fn(&Value) -> Taken<T>) -> Option<Sited<T>> {
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
        self.source.know(key, self.title);
        let item = self.table?.get(key).filter(|item| !item.is_none())?;
        Some((self.site_of(key, item), item))
    }

    fn site_of(&self, name: &str, item: &Item) -> Site {
        let key_span = self.table.and_then(|table| table.key(name)).and_then(toml_edit::Key::span);
        let line = self.line_of(key_span.or_else(|| item.span())).or(self.site.line);
        Site { line, key: join(&self.site.key, name), value: Some(self.source.quote(item)) }
    }

    fn line_of(&self, span: Option<std::ops::Range<usize>>) -> Option<usize> {
        span.map(|span| self.source.line(span.start))
    }
}
