//! What is compared, value by value: a decision's columns, and a campaign's whole state.
//!
//! Fuel and time taken are left out on purpose: they belong to the machine and the program, not to the decision.

use paced_core::state::CampaignState;
use serde::Serialize;
use serde_json::{Value, json};

use crate::journal::{Decision, DecisionRow};

/// The most places of a state that are named.
const PLACES: usize = 20;

/// One value on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// The column, or the place in the state.
    pub name: String,
    /// What the journal says.
    pub recorded: Value,
    /// What the replay came to.
    pub replayed: Value,
}

impl Field {
    /// Whether the two differ.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.recorded != self.replayed
    }

    pub(super) fn new(name: &str, recorded: Value, replayed: Value) -> Self {
        Self { name: name.to_owned(), recorded, replayed }
    }
}

/// A decision's columns on both sides, in the order of the view `decisions`.
pub(super) fn columns(recorded: &DecisionRow, replayed: &Decision) -> Vec<Field> {
    let revision = |revision: Option<paced_core::policy::Revision>| json!(revision.map(|one| one.to_string()));
    let age = replayed.reading_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    let pairs = [
        ("at_ms", json!(recorded.at.as_millis()), json!(replayed.at.as_millis())),
        ("revision", revision(recorded.revision), revision(replayed.revision)),
        ("ratio_before", json!(recorded.ratio_before.value()), json!(replayed.ratio_before.value())),
        ("proposal", number(recorded.proposal), number(replayed.proposal)),
        ("ratio", json!(recorded.ratio.value()), json!(replayed.ruled.ratio.value())),
        ("status", json!(recorded.status.as_str()), json!(replayed.ruled.status.as_str())),
        ("sends", json!(recorded.sends), json!(replayed.sends)),
        ("cause", json!(recorded.cause), json!(replayed.cause)),
        ("reasons", json!(recorded.reasons), json!(replayed.reasons)),
        ("utilization", number(recorded.utilization), number(replayed.utilization)),
        ("agents_available", number(recorded.agents_available), number(replayed.agents_available)),
        ("agents_busy", number(recorded.agents_busy), number(replayed.agents_busy)),
        ("answered", json!(recorded.answered), json!(replayed.answered)),
        ("abandoned", json!(recorded.abandoned), json!(replayed.abandoned)),
        ("abandonment", number(recorded.abandonment), number(replayed.abandonment)),
        ("reading", json!(recorded.reading), json!(replayed.reading)),
        ("reading_age_ms", json!(recorded.reading_age_ms), json!(age)),
        ("breaker", json!(recorded.breaker), json!(replayed.breaker)),
    ];
    pairs.into_iter().map(|(name, recorded, replayed)| Field::new(name, recorded, replayed)).collect()
}

/// A number as the database gives it back: it knows neither NaN, which it takes for none, nor a zero below zero.
fn number(value: Option<f64>) -> Value {
    json!(value.filter(|number| !number.is_nan()).map(|number| number + 0.0))
}

/// The first places in which two states differ.
pub(super) fn states(recorded: &CampaignState, replayed: &CampaignState) -> Vec<Field> {
    let (Ok(recorded), Ok(replayed)) = (serde_json::to_value(recorded), serde_json::to_value(replayed)) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    walk("state", &recorded, &replayed, &mut fields);
    fields
}

fn walk(place: &str, recorded: &Value, replayed: &Value, fields: &mut Vec<Field>) {
    if recorded == replayed || fields.len() >= PLACES {
        return;
    }
    match (recorded, replayed) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            for (key, value) in left {
                walk(&format!("{place}.{key}"), value, &right[key], fields);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (one, other)) in left.iter().zip(right).enumerate() {
                walk(&format!("{place}[{index}]"), one, other, fields);
            }
        }
        _ => fields.push(Field::new(place, recorded.clone(), replayed.clone())),
    }
}

#[cfg(test)]
mod tests {
    use paced_core::config::CampaignConfig;
    use paced_core::ratio::DialRatio;

    use super::*;

    #[test]
    fn the_places_where_states_differ_are_named() {
        let one = CampaignState::new(&CampaignConfig::with_defaults("1", 20));
        let mut other = one.clone();
        assert_eq!(states(&one, &other), []);
        other.setting.ratio = DialRatio::MAX;
        other.policy.state = vec![1];
        let fields = states(&one, &other);
        let found: Vec<_> = fields.iter().map(|field| (field.name.as_str(), &field.replayed)).collect();
        assert_eq!(found, [("state.policy.state", &json!([1])), ("state.setting.ratio", &json!(500))]);
    }

    #[test]
    fn numbers_compare_as_the_database_gives_them_back() {
        assert_eq!(number(Some(f64::NAN)), Value::Null);
        assert_eq!(number(Some(-0.0)).to_string(), "0.0");
        assert_ne!(number(Some(0.1 + 0.2)), number(Some(0.3)));
    }
}
