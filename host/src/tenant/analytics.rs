//! The analytics query: read strictly, answered with one entity for each campaign and interval, page by page.
//!
//! An interval is shown if it shares time with `dateFrom..dateTo`. A cursor belongs to the body it was given for, and
//! holds characters that must be percent-encoded, so that a client that forgets either is found out here.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use paced_core::time::Timestamp;
use paced_sim::Bucket;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answer, iso};
use super::api::Call;

/// Most campaigns in a query.
const MAX_PREDICATES: usize = 1_000;
/// The longest range of a query.
const MAX_RANGE: Duration = Duration::from_secs(24 * 3_600);

/// The body of a query. Whatever else stands in it is refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Query {
    aggregate: [(); 0],
    date_from: String,
    date_to: String,
    group_by: [GroupBy; 1],
    interval: Interval,
    metrics: Vec<Metric>,
    query_filter: Filter,
}

#[derive(Deserialize)]
enum GroupBy {
    #[serde(rename = "campaignId")]
    CampaignId,
}

#[derive(Deserialize)]
enum Interval {
    #[serde(rename = "PT5M")]
    FiveMinutes,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Metric {
    CallsOffered,
    CallsAnswered,
    CallsAbandoned,
    AvgWrapUpTime,
    AgentsAvailable,
    AgentsBusy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(rename = "type")]
    _kind: Or,
    predicates: Vec<Predicate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Or {
    Or,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Predicate {
    #[serde(rename = "type")]
    _kind: Text,
    #[serde(rename = "field")]
    _field: GroupBy,
    #[serde(rename = "operator")]
    _operator: Equal,
    value: String,
}

#[derive(Deserialize)]
enum Text {
    #[serde(rename = "string")]
    Text,
}

#[derive(Deserialize)]
enum Equal {
    #[serde(rename = "equal")]
    Equal,
}

/// A checked query.
struct Asked {
    from: Timestamp,
    to: Timestamp,
    campaigns: Vec<String>,
    metrics: Vec<Metric>,
}

/// Which page of how many entities.
#[derive(Clone, Copy)]
pub(super) struct Pages<'a> {
    pub(super) size: usize,
    pub(super) cursor: Option<&'a str>,
}

/// Answers a query from what `buckets` shows of a campaign between two instants.
pub(super) fn answer(
    call: &Call,
    pages: Pages<'_>,
    buckets: impl Fn(&str, Timestamp, Timestamp) -> Vec<Bucket>,
) -> Result<Answer, Answer> {
    call.require_json()?;
    let asked = Asked::read(&call.body)?;
    let offset = pages.cursor.map_or(Ok(0), |cursor| offset_of(cursor, &call.body))?;
    let mut entities: Vec<Value> = asked
        .campaigns
        .iter()
        .flat_map(|id| buckets(id, asked.from, asked.to).into_iter().map(move |bucket| (id, bucket)))
        .skip(offset)
        .take(pages.size + 1)
        .map(|(id, bucket)| entity(id, &bucket, &asked.metrics))
        .collect();
    let more = entities.len() > pages.size;
    entities.truncate(pages.size);
    let mut body = json!({ "entities": entities });
    if more {
        body["nextPage"] = cursor(offset + pages.size, &call.body).into();
    }
    Ok(Answer::ok(body))
}

/// The campaigns that a body asks for, as far as it can be read at all.
pub(super) fn campaigns_named(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let predicates = body["queryFilter"]["predicates"].as_array().map(Vec::as_slice).unwrap_or_default();
    predicates.iter().filter_map(|predicate| predicate["value"].as_str()).map(str::to_owned).collect()
}

impl Asked {
    fn read(body: &[u8]) -> Result<Self, Answer> {
        let query: Query = serde_json::from_slice(body).map_err(Answer::bad_request)?;
        let Query { aggregate: [], group_by: [GroupBy::CampaignId], interval: Interval::FiveMinutes, .. } = query;
        let from = instant("dateFrom", &query.date_from)?;
        let to = instant("dateTo", &query.date_to)?;
        if from >= to || to.since(from) > MAX_RANGE {
            return Err(Answer::bad_request("dateFrom must be before dateTo, and by a day at most"));
        }
        if query.metrics.is_empty() {
            return Err(Answer::bad_request("metrics must name at least one metric"));
        }
        let mut campaigns: Vec<String> = Vec::new();
        let predicates = query.query_filter.predicates;
        if predicates.is_empty() || predicates.len() > MAX_PREDICATES {
            return Err(Answer::bad_request(format_args!("predicates must be from 1 to {MAX_PREDICATES}")));
        }
        for Predicate { value, .. } in predicates {
            if value.is_empty() {
                return Err(Answer::bad_request("a predicate's value is empty"));
            }
            if !campaigns.contains(&value) {
                campaigns.push(value);
            }
        }
        Ok(Self { from, to, campaigns, metrics: query.metrics })
    }
}

/// An instant in exactly the form that the platform takes.
fn instant(field: &str, text: &str) -> Result<Timestamp, Answer> {
    const SHAPE: &[u8; 24] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let shaped = text.len() == SHAPE.len()
        && SHAPE.iter().zip(text.bytes()).all(|(&shape, byte)| match shape {
            b'd' => byte.is_ascii_digit(),
            literal => byte == literal,
        });
    let parsed = if shaped { text.parse::<jiff::Timestamp>().ok() } else { None };
    parsed.map(|instant| Timestamp::from_millis(instant.as_millisecond())).ok_or_else(|| {
        Answer::bad_request(format_args!("{field} is {text:?}: it must be like 2025-01-31T12:00:00.000Z, in UTC"))
    })
}

fn entity(id: &str, bucket: &Bucket, metrics: &[Metric]) -> Value {
    let mut entity = Map::new();
    entity.insert("campaignId".to_owned(), id.into());
    entity.insert("dateFrom".to_owned(), iso(bucket.date_from).into());
    entity.insert("dateTo".to_owned(), iso(bucket.date_to).into());
    for metric in metrics {
        let (name, value): (_, Value) = match metric {
            Metric::CallsOffered => ("callsOffered", bucket.offered.into()),
            Metric::CallsAnswered => ("callsAnswered", bucket.answered.into()),
            Metric::CallsAbandoned => ("callsAbandoned", bucket.abandoned.into()),
            Metric::AgentsAvailable => ("agentsAvailable", bucket.agents_available.into()),
            Metric::AgentsBusy => ("agentsBusy", bucket.agents_busy.into()),
            Metric::AvgWrapUpTime => match bucket.wrap_up_s_mean {
                Some(mean) => ("avgWrapUpTime", ((mean * 10.0).round() / 10.0).into()),
                // There is no mean of no wrap-ups.
                None => continue,
            },
        };
        entity.insert(name.to_owned(), value);
    }
    Value::Object(entity)
}

/// A cursor for `offset` in the answer to `body`. Its `+` and `=` make a client encode it.
fn cursor(offset: usize, body: &[u8]) -> String {
    let mut bytes = (offset as u64).to_be_bytes().to_vec();
    bytes.extend_from_slice(&Sha256::digest(body)[..8]);
    format!("p+{}", BASE64_STANDARD.encode(bytes))
}

/// Where a cursor points, if it belongs to `body`.
fn offset_of(text: &str, body: &[u8]) -> Result<usize, Answer> {
    let refuse =
        || Answer::bad_request("nextPage is no cursor of this query: send it percent-encoded, with the same body");
    let bytes = text.strip_prefix("p+").and_then(|code| BASE64_STANDARD.decode(code).ok()).ok_or_else(refuse)?;
    let offset = bytes.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)).ok_or_else(refuse)?;
    let offset = usize::try_from(offset).map_err(|_| refuse())?;
    if cursor(offset, body) == text { Ok(offset) } else { Err(refuse()) }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::super::answer::Body;
    use super::*;

    fn query(campaigns: &[&str]) -> Value {
        let predicate = |id| json!({ "type": "string", "field": "campaignId", "operator": "equal", "value": id });
        json!({
            "aggregate": [],
            "dateFrom": "2025-01-31T12:00:00.000Z",
            "dateTo": "2025-01-31T12:10:00.000Z",
            "groupBy": ["campaignId"],
            "interval": "PT5M",
            "metrics": ["callsOffered", "callsAnswered", "callsAbandoned", "avgWrapUpTime", "agentsAvailable", "agentsBusy"],
            "queryFilter": { "type": "or", "predicates": campaigns.iter().map(predicate).collect::<Vec<_>>() },
        })
    }

    fn buckets(id: &str, from: Timestamp, _: Timestamp) -> Vec<Bucket> {
        let bucket = |n: u64| Bucket {
            date_from: from + Duration::from_secs(300 * n),
            date_to: from + Duration::from_secs(300 * (n + 1)),
            offered: 12,
            answered: 11,
            abandoned: 1,
            wrap_up_s_mean: (n == 0).then_some(29.96),
            agents_available: 2,
            agents_busy: 18,
        };
        if id == "unknown" { vec![] } else { vec![bucket(0), bucket(1)] }
    }

    fn ask(body: &Value, pages: Pages<'_>) -> Result<Value, Answer> {
        match answer(&Call::json_for_test(&body.to_string()), pages, buckets)?.body {
            Body::Json(body) => Ok(body),
            Body::Text(text) => panic!("{text}"),
        }
    }

    const ONE_PAGE: Pages<'_> = Pages { size: 100, cursor: None };

    #[test]
    fn an_entity_for_each_campaign_and_interval() {
        let body = ask(&query(&["1", "unknown", "2", "1"]), ONE_PAGE).unwrap();
        assert_eq!(body.get("nextPage"), None);
        let entities = body["entities"].as_array().unwrap();
        let ids: Vec<_> = entities.iter().map(|entity| entity["campaignId"].as_str().unwrap()).collect();
        assert_eq!(ids, ["1", "1", "2", "2"]);
        let first = json!({
            "campaignId": "1", "dateFrom": "2025-01-31T12:00:00.000Z", "dateTo": "2025-01-31T12:05:00.000Z",
            "callsOffered": 12, "callsAnswered": 11, "callsAbandoned": 1, "avgWrapUpTime": 30.0,
            "agentsAvailable": 2, "agentsBusy": 18,
        });
        assert_eq!(entities[0], first);
        assert_eq!(entities[1].get("avgWrapUpTime"), None, "there is no mean of nothing");
    }

    #[test]
    fn pages_follow_each_other_and_end() {
        let body = query(&["1", "2", "3"]);
        let (mut cursor, mut seen) = (None::<String>, Vec::new());
        for _ in 0..10 {
            let page = ask(&body, Pages { size: 4, cursor: cursor.as_deref() }).unwrap();
            seen.push(page["entities"].as_array().unwrap().len());
            cursor = page.get("nextPage").map(|cursor| cursor.as_str().unwrap().to_owned());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [4, 2]);
    }

    #[test]
    fn a_cursor_needs_its_body_and_its_encoding() {
        let body = query(&["1", "2", "3"]);
        let page = ask(&body, Pages { size: 4, cursor: None }).unwrap();
        let cursor = page["nextPage"].as_str().unwrap();
        let unencoded = cursor.replace('+', " ");
        for (body, cursor) in [(&query(&["1"]), cursor), (&body, &unencoded), (&body, "p+AAAA"), (&body, "")] {
            let refusal = ask(body, Pages { size: 4, cursor: Some(cursor) }).unwrap_err();
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{cursor}");
        }
    }

    #[test]
    fn what_a_picky_platform_refuses() {
        type Spoil = fn(&mut Value);
        let cases: [(&str, Spoil); 14] = [
            ("no milliseconds", |q| q["dateFrom"] = "2025-01-31T12:00:00Z".into()),
            ("an offset", |q| q["dateFrom"] = "2025-01-31T12:00:00+00:00".into()),
            ("no such day", |q| q["dateFrom"] = "2025-02-30T12:00:00.000Z".into()),
            ("backwards", |q| q["dateFrom"] = "2025-01-31T12:10:00.000Z".into()),
            ("a week", |q| q["dateFrom"] = "2025-01-24T12:10:00.000Z".into()),
            ("an unknown metric", |q| q["metrics"][0] = "callsLost".into()),
            ("no metric", |q| q["metrics"] = json!([])),
            ("another interval", |q| q["interval"] = "PT1M".into()),
            ("another grouping", |q| q["groupBy"] = json!(["agentId"])),
            ("another filter", |q| q["queryFilter"]["type"] = "and".into()),
            ("no predicates", |q| q["queryFilter"]["predicates"] = json!([])),
            ("a number for an id", |q| q["queryFilter"]["predicates"][0]["value"] = 1.into()),
            ("another operator", |q| q["queryFilter"]["predicates"][0]["operator"] = "like".into()),
            ("an unknown field", |q| q["page"] = 1.into()),
        ];
        for (name, spoil) in cases {
            let mut body = query(&["1"]);
            spoil(&mut body);
            assert_eq!(ask(&body, ONE_PAGE).unwrap_err().status, StatusCode::BAD_REQUEST, "{name}");
        }
    }
}
