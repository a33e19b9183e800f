//! One line of paced's log.

use serde_json::Value;

/// A JSON line with at least `timestamp`, `level`, `event` and `campaign`.
#[derive(Clone, Debug)]
pub(crate) struct Line(Value);

impl Line {
    /// Parses a line; whatever paced prints while it runs must be one.
    pub(crate) fn parse(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in a log line: {text}"));
        for key in ["timestamp", "level", "event", "campaign"] {
            assert!(value.get(key).is_some(), "no {key} in a log line: {text}");
        }
        Self(value)
    }

    pub(crate) fn is(&self, event: &str) -> bool {
        self.0["event"] == event
    }

    pub(crate) fn is_of(&self, event: &str, campaign: &str) -> bool {
        self.is(event) && self.0["campaign"] == campaign
    }

    /// Whether this tells of a decision on this campaign.
    pub(crate) fn decides(&self, campaign: &str) -> bool {
        self.is_of("pacing_decision", campaign)
    }

    /// Whether this tells of a decision on this campaign from a fresh reading.
    pub(crate) fn decides_afresh(&self, campaign: &str) -> bool {
        self.decides(campaign) && self.text("reading") == "fresh"
    }

    /// Whether this tells of a decision on this campaign in which this rule acted.
    pub(crate) fn decides_by(&self, campaign: &str, reason: &str) -> bool {
        self.decides(campaign) && self.text("reasons").split(',').any(|acted| acted == reason)
    }

    /// A field's text; empty where it is missing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// A field's number, which must be there.
    pub(crate) fn number(&self, field: &str) -> f64 {
        self.0[field].as_f64().unwrap_or_else(|| panic!("no number {field} in {self}"))
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.0[field].as_bool().unwrap_or_else(|| panic!("no flag {field} in {self}"))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
