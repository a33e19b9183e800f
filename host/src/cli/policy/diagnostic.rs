//! A problem as rustc would put it: what, where, why, and what to do.

use std::fmt;
use std::ops::Range;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// It does not run like this.
    Error,
    /// It runs, and probably not as wished.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diagnostic {
    /// How bad it is.
    pub(super) level: Level,
    /// A word to find it by: the stage that found it.
    pub(super) code: &'static str,
    /// What is wrong, in a few words.
    pub(super) what: String,
    /// The file, and where in it.
    pub(super) place: String,
    /// The line at fault.
    pub(super) excerpt: Option<Excerpt>,
    /// Labelled lines: "why", "expected", ...
    pub(super) notes: Vec<(&'static str, String)>,
    /// What to do.
    pub(super) help: Vec<String>,
}

/// A line of a text file with the part at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The line's number, from 1.
    line: usize,
    text: String,
    /// First column of the part, in characters from 0.
    column: usize,
    /// Its length, in characters.
    length: usize,
}

/// Longest line that is shown, in characters.
const LONGEST_LINE: usize = 160;

impl Excerpt {
    /// The line of `text` in which `span` (bytes) begins.
    pub(super) fn of(text: &str, span: &Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_text = text[from..].lines().next().unwrap_or_default();
        let end = text.floor_char_boundary(span.end.min(from + line_text.len())).max(start);
        Self {
            line: text[..from].matches('\n').count() + 1,
            text: line_text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_LINE).collect(),
            column: text[from..start].chars().count().min(LONGEST_LINE),
            length: text[start..end].chars().count().clamp(1, LONGEST_LINE),
        }
    }
}

impl Diagnostic {
    /// An error without more to say yet.
    pub(super) fn error(code: &'static str, what: impl Into<String>, place: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            what: what.into(),
            place: place.into(),
            excerpt: None,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// The same as a warning.
    pub(super) fn warning(mut self) -> Self {
        self.level = Level::Warning;
        self
    }

    /// Adds a labelled line.
    pub(super) fn note(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.notes.push((label, text.into()));
        self
    }

    /// Adds something to do.
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Shows the line of `text` in which `span` begins.
    pub(super) fn at(mut self, text: &str, span: Option<Range<usize>>) -> Self {
        self.excerpt = span.map(|span| Excerpt::of(text, &span));
        self
    }

    /// The line that it is about, from 1, if it is about one.
    pub(super) fn line(&self) -> Option<usize> {
        self.excerpt.as_ref().map(|excerpt| excerpt.line)
    }

    /// Whether it keeps something from running.
    pub(super) fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.is_error() { "error" } else { "warning" };
        writeln!(f, "{level}[{}]: {}", self.code, self.what)?;
        let gutter = self.excerpt.as_ref().map_or(1, |excerpt| excerpt.line.to_string().len());
        write!(f, "{:gutter$}--> {}", "", self.place)?;
        if let Some(excerpt) = &self.excerpt {
            let Excerpt { line, text, column, length } = excerpt;
            writeln!(f, ":{line}:{}", column + 1)?;
            writeln!(f, "{:gutter$} |", "")?;
            writeln!(f, "{line} | {text}")?;
            write!(f, "{:gutter$} | {:column$}{}", "", "", "^".repeat(*length))?;
        }
        if self.notes.is_empty() && self.help.is_empty() {
            return Ok(());
        }
        write!(f, "\n{:gutter$} |", "")?;
        self.notes.iter().try_for_each(|(label, text)| write!(f, "\n{:gutter$} = {label}: {text}", ""))?;
        self.help.iter().try_for_each(|text| write!(f, "\nhelp: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_where_why_and_what_to_do() {
        let text = "a = 1\n  bee = \"ü\" # no\n";
        let span = text.find("bee").unwrap()..text.find(" #").unwrap();
        let problem = Diagnostic::error("case", "no `bee`", "cases.toml").at(text, Some(span));
        assert_eq!(
            problem.note("why", "it flew").help("call it").to_string(),
            "error[case]: no `bee`\n --> cases.toml:2:3\n  |\n2 |   bee = \"ü\" # no\n  |   ^^^^^^^^^\n  |\n  = why: it flew\n\
             help: call it"
        );
    }

    #[test]
    fn a_problem_without_a_line_names_the_file_alone() {
        let problem = Diagnostic::error("read", "it is no policy", "x.wasm").warning();
        assert_eq!(problem.to_string(), "warning[read]: it is no policy\n --> x.wasm");
    }

    #[test]
    fn any_span_of_any_text_can_be_shown() {
        let text = "ü\n\nlast";
        for start in 0..=text.len() + 2 {
            for end in start..=text.len() + 2 {
                let problem = Diagnostic::error("x", "x", "x").at(text, Some(start..end));
                assert!(problem.to_string().contains('^'));
            }
        }
    }
}
