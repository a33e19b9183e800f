//! Faults on demand: rules that say what goes wrong with which requests, how often or for how long.
//!
//! A rule strikes every request that it fits until it has struck `requests` times or `for_s` seconds of platform time
//! have passed. Several may strike one request: delays come first, then the oldest one that answers in the platform's
//! stead, then all that tamper with the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use paced_core::time::Timestamp;
use paced_sim::Bucket;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::RetryAfterForm;
use super::api::Operation;

/// Most rules at a time.
const MAX_RULES: usize = 100;
/// The longest time in a rule, in seconds: a year.
const MAX_S: f64 = 31_536_000.0;

/// What goes wrong, with which requests, and until when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The operations it strikes; by default all.
    #[serde(default = "Operation::all")]
    pub on: Vec<Operation>,
    /// Strikes only requests that name this campaign, and only this campaign's entities.
    #[serde(default)]
    pub campaign: Option<String>,
    /// Ends after so many requests, at least 1.
    #[serde(default)]
    pub requests: Option<u32>,
    /// Ends after so many seconds of platform time.
    #[serde(default)]
    pub for_s: Option<f64>,
    /// What goes wrong.
    pub fault: Fault,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Answers this status in the platform's stead.
    Status {
        /// 200 to 599.
        status: u16,
        /// With a Retry-After.
        #[serde(default)]
        retry_after_s: Option<u64>,
        /// How that is written.
        #[serde(default)]
        retry_after_as: RetryAfterForm,
        /// The body; by default a JSON error.
        #[serde(default)]
        body: Option<String>,
    },
    /// Answers late.
    Hang {
        /// After so many seconds of platform time; never, where there are none.
        #[serde(default)]
        answer_after_s: Option<f64>,
    },
    /// Answers 200 and a body that is no JSON.
    Malformed {
        /// The body; by default the beginning of one.
        #[serde(default)]
        body: Option<String>,
    },
    /// Does what was asked, and closes the connection in the middle of the answer's body.
    Truncated {
        /// After so many bytes; by default half of them.
        #[serde(default)]
        bytes: Option<usize>,
    },
    /// Does nothing, and resets the connection.
    Reset,
    /// Gives each page of a query the first page and a further cursor.
    EndlessPages {
        /// Which.
        #[serde(default)]
        cursor: Cursor,
    },
    /// Leaves the entities out of a query's answer.
    Empty,
    /// Puts another value in a field: of a query's entities, of a campaign, or of a token's answer.
    Field {
        /// The field; a dot leads into an object, as in `pacing.dialRatio`.
        field: String,
        /// The value; null by default.
        #[serde(default)]
        value: Value,
        /// Removes the field instead.
        #[serde(default)]
        missing: bool,
    },
    /// Adds another campaign's entity, the newest of all, to a query's answer.
    Foreign {
        /// Its identifier.
        campaign: String,
    },
    /// Freezes what queries show as it was when this fault began; the newest interval is repeated for as long.
    Stale,
}

/// A cursor that leads nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cursor {
    /// The same on every page.
    #[default]
    Same,
    /// Another on every page.
    New,
}

/// A rule that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// There are as many rules as there may be.
    #[error("there are {MAX_RULES} faults already: remove some")]
    TooMany,
    /// A value is out of its range.
    #[error("{field} is {value}: it must be {wanted}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        wanted: &'static str,
    },
}

/// The buckets that a frozen feed shows, by campaign.
type Frozen = Arc<BTreeMap<String, Vec<Bucket>>>;

/// A rule at work.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ActiveRule {
    pub(super) id: u64,
    pub(super) rule: Rule,
    /// How many requests it has struck.
    pub(super) strikes: u32,
    #[serde(skip)]
    until: Option<Timestamp>,
    #[serde(skip)]
    frozen: Option<Frozen>,
}

/// A rule that struck a request.
#[derive(Clone, Debug)]
pub(super) struct Strike {
    pub(super) id: u64,
    pub(super) fault: Fault,
    pub(super) campaign: Option<String>,
    frozen: Option<Frozen>,
}

/// All that strikes one request, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Strikes(pub(super) Vec<Strike>);

/// The rules at work.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<ActiveRule>,
    added: u64,
}

impl Rule {
    /// This fault with every request of these operations, until it is removed.
    #[must_use]
    pub fn on(operations: &[Operation], fault: Fault) -> Self {
        Self { on: operations.to_vec(), campaign: None, requests: None, for_s: None, fault }
    }

    /// The same, for so many requests only.
    #[must_use]
    pub fn for_requests(self, requests: u32) -> Self {
        Self { requests: Some(requests), ..self }
    }

    /// The same, for so much platform time only.
    #[must_use]
    pub fn for_time(self, time: Duration) -> Self {
        Self { for_s: Some(time.as_secs_f64()), ..self }
    }

    /// The same, for one campaign only.
    #[must_use]
    pub fn for_campaign(self, campaign: &str) -> Self {
        Self { campaign: Some(campaign.to_owned()), ..self }
    }

    /// Checks every value.
    pub(super) fn check(&self) -> Result<(), BadRule> {
        let seconds = "from 0 to 31,536,000 seconds";
        let is_time = |time: Option<f64>| time.is_none_or(|time| (0.0..=MAX_S).contains(&time));
        require("on", "empty", !self.on.is_empty(), "at least one of token, query, put, get")?;
        require("requests", 0, self.requests != Some(0), "at least 1")?;
        require("for_s", self.for_s.unwrap_or_default(), is_time(self.for_s), seconds)?;
        match &self.fault {
            Fault::Status { status, retry_after_s, .. } => {
                let known = (200..=599).contains(status) && StatusCode::from_u16(*status).is_ok();
                require("status", status, known, "from 200 to 599")?;
                let retry_after_s = retry_after_s.unwrap_or_default();
                require("retry_after_s", retry_after_s, retry_after_s <= MAX_S as u64, seconds)
            }
            Fault::Hang { answer_after_s } => {
                require("answer_after_s", answer_after_s.unwrap_or_default(), is_time(*answer_after_s), seconds)
            }
            Fault::EndlessPages { .. } | Fault::Empty | Fault::Foreign { .. } | Fault::Stale => {
                let fits = self.on.contains(&Operation::Query);
                require("on", format_args!("{:?}", self.on), fits, "query, which alone has entities")
            }
            _ => Ok(()),
        }
    }

    fn fits(&self, operation: Operation, campaigns: &[String]) -> bool {
        self.on.contains(&operation) && self.campaign.as_ref().is_none_or(|campaign| campaigns.contains(campaign))
    }
}

fn require(
    field: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    wanted: &'static str,
) -> Result<(), BadRule> {
    if holds { Ok(()) } else { Err(BadRule::Value { field, value: value.to_string(), wanted }) }
}

impl ActiveRule {
    fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now) || self.rule.requests.is_some_and(|most| self.strikes >= most)
    }
}

impl Faults {
    /// Adds a rule, and gives its number.
    pub(super) fn add(
        &mut self,
        rule: Rule,
        frozen: Option<BTreeMap<String, Vec<Bucket>>>,
        now: Timestamp,
    ) -> Result<u64, BadRule> {
        rule.check()?;
        self.drop_ended(now);
        if self.rules.len() >= MAX_RULES {
            return Err(BadRule::TooMany);
        }
        self.added += 1;
        let until = rule.for_s.map(|seconds| now + Duration::from_secs_f64(seconds));
        self.rules.push(ActiveRule { id: self.added, rule, strikes: 0, until, frozen: frozen.map(Arc::new) });
        Ok(self.added)
    }

    /// What strikes a request, each rule counting it.
    pub(super) fn strike(&mut self, operation: Operation, campaigns: &[String], now: Timestamp) -> Strikes {
        self.drop_ended(now);
        let fitting = self.rules.iter_mut().filter(|active| active.rule.fits(operation, campaigns));
        let strikes = fitting.map(|active| {
            active.strikes = active.strikes.saturating_add(1);
            let Rule { fault, campaign, .. } = active.rule.clone();
            Strike { id: active.id, fault, campaign, frozen: active.frozen.clone() }
        });
        Strikes(strikes.collect())
    }

    /// The rules at work, oldest first.
    pub(super) fn list(&mut self, now: Timestamp) -> &[ActiveRule] {
        self.drop_ended(now);
        &self.rules
    }

    /// Removes one rule; false if there is none of this number.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|active| active.id != id);
        self.rules.len() < before
    }

    /// Removes every rule.
    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    fn drop_ended(&mut self, now: Timestamp) {
        self.rules.retain(|active| !active.has_ended(now));
    }
}

impl Strikes {
    /// The buckets to show of a campaign whose feed is frozen.
    pub(super) fn frozen(&self, campaign: &str) -> Option<&[Bucket]> {
        let concerns = |strike: &&Strike| strike.campaign.as_deref().is_none_or(|only| only == campaign);
        let frozen = self.0.iter().filter(concerns).find_map(|strike| strike.frozen.as_ref())?;
        Some(frozen.get(campaign).map(Vec::as_slice).unwrap_or_default())
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().map(|strike| &strike.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn strikes(faults: &mut Faults, operation: Operation, campaigns: &[&str], at_s: u64) -> usize {
        let campaigns: Vec<_> = campaigns.iter().map(|&id| id.to_owned()).collect();
        faults.strike(operation, &campaigns, NOW + Duration::from_secs(at_s)).0.len()
    }

    #[test]
    fn a_rule_ends_after_its_requests_or_its_time() {
        let mut faults = Faults::default();
        faults.add(Rule::on(&[Operation::Put], Fault::Reset).for_requests(2), None, NOW).unwrap();
        faults.add(Rule::on(&[Operation::Get], Fault::Reset).for_time(Duration::from_secs(10)), None, NOW).unwrap();
        assert_eq!(strikes(&mut faults, Operation::Query, &["1"], 0), 0);
        assert_eq!([0, 1, 2].map(|at| strikes(&mut faults, Operation::Put, &["1"], at)), [1, 1, 0]);
        assert_eq!([0, 9, 10].map(|at| strikes(&mut faults, Operation::Get, &["1"], at)), [1, 1, 0]);
        assert!(faults.list(NOW + Duration::from_secs(10)).is_empty());
    }

    #[test]
    fn a_rule_for_a_campaign_strikes_only_what_names_it() {
        let mut faults = Faults::default();
        faults.add(Rule::on(&Operation::all(), Fault::Reset).for_campaign("2"), None, NOW).unwrap();
        assert_eq!(strikes(&mut faults, Operation::Query, &["1", "2"], 0), 1);
        assert_eq!(strikes(&mut faults, Operation::Put, &["1"], 0), 0);
        assert_eq!(strikes(&mut faults, Operation::Token, &[], 0), 0);
    }

    #[test]
    fn rules_are_bounded_and_can_be_removed() {
        let mut faults = Faults::default();
        let rule = Rule::on(&[Operation::Put], Fault::Reset);
        for _ in 0..MAX_RULES {
            faults.add(rule.clone(), None, NOW).unwrap();
        }
        assert_eq!(faults.add(rule.clone(), None, NOW), Err(BadRule::TooMany));
        assert!(faults.remove(1) && !faults.remove(1));
        assert!(faults.add(rule, None, NOW).is_ok());
    }

    #[test]
    fn a_rule_reads_as_the_documentation_writes_it() {
        let rule: Rule = serde_json::from_str(
            r#"{"on": ["query"], "campaign": "3", "fault": {"kind": "field", "field": "agentsBusy", "value": 1e300}}"#,
        )
        .unwrap();
        let fault = Fault::Field { field: "agentsBusy".to_owned(), value: 1e300.into(), missing: false };
        assert_eq!(rule, Rule::on(&[Operation::Query], fault).for_campaign("3"));
        for bad in [r#"{"fault": {"kind": "flood"}}"#, r#"{"fault": {"kind": "empty"}, "times": 3}"#] {
            assert!(serde_json::from_str::<Rule>(bad).is_err(), "{bad}");
        }
        let everywhere: Rule = serde_json::from_str(r#"{"fault": {"kind": "reset"}}"#).unwrap();
        assert_eq!(everywhere.on, Operation::all());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let status = |status| {
            let retry_after_as = RetryAfterForm::None;
            Fault::Status { status, retry_after_s: None, retry_after_as, body: None }
        };
        for rule in [
            Rule::on(&[], Fault::Reset),
            Rule::on(&[Operation::Put], status(99)),
            Rule::on(&[Operation::Put], status(600)),
            Rule::on(&[Operation::Put], Fault::Empty),
            Rule::on(&[Operation::Put], Fault::Reset).for_requests(0),
            Rule { for_s: Some(f64::NAN), ..Rule::on(&[Operation::Put], Fault::Reset) },
            Rule::on(&[Operation::Put], Fault::Hang { answer_after_s: Some(-1.0) }),
        ] {
            assert!(rule.check().is_err(), "{rule:?}");
        }
    }
}
