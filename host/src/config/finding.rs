//! A finding: one problem of a configuration, with its place, its value and what would be right.
//!
//! Findings are collected, never returned at the first one: whoever edits a configuration wants all of them at once.
//! The value of a key that holds a secret, or might hold one, is never in a finding.

use std::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs with this.
    Error,
    /// It runs, and probably not as wished.
    Warning,
}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file as it was named, or "environment", or "command line".
    pub file: String,
    /// The line, from 1, where the place has one.
    pub line: Option<usize>,
    /// The dotted key, such as `campaigns."12345".ramp_up`, or the variable's or option's name; "" for a whole file.
    pub key: String,
    /// The value as it was written, where there is one that may be shown.
    pub value: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Finding {
    /// Whether nothing runs with this.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `paced.toml:12: campaigns."12345".ramp_up = -1: must be above 0`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if self.severity == Severity::Warning {
            write!(f, " warning:")?;
        }
        match (&*self.key, &self.value) {
            ("", _) => {}
            (key, Some(value)) => write!(f, " {key} = {value}:")?,
            (key, None) => write!(f, " {key}:")?,
        }
        write!(f, " {}", self.message)
    }
}

/// Brings findings into the order of a reader: by file and line; each of them once.
pub(crate) fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}

/// The candidate that `word` is most likely a slip of the pen for.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let slips = |candidate: &str| strsim::osa_distance(&word, candidate);
    let likely = |candidate: &&str| slips(candidate) <= (candidate.len() / 3).clamp(1, 4);
    candidates.into_iter().filter(likely).min_by_key(|candidate| slips(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let keys = ["ramp_up", "ramp_down", "poll_interval"];
        assert_eq!(nearest("ramp_pu", keys), Some("ramp_up"));
        assert_eq!(nearest("Poll-Intervall", keys), Some("poll_interval"));
        assert_eq!(nearest("pause", keys), None);
    }
}
