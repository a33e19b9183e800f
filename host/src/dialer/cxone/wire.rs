//! What is sent to the platform: strictly what its API describes.

use paced_core::time::Timestamp;
use serde::Serialize;

use super::dates;
use crate::dialer::Update;
use crate::http::base_url::encode;

/// Where metrics are queried.
const QUERY_PATH: &str = "/api/v2/analytics/campaigns/details/query";
/// What is asked of each campaign.
const METRICS: [&str; 6] =
    ["callsOffered", "callsAnswered", "callsAbandoned", "avgWrapUpTime", "agentsAvailable", "agentsBusy"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    aggregate: [&'a str; 0],
    date_from: String,
    date_to: String,
    group_by: [&'a str; 1],
    interval: &'a str,
    metrics: [&'a str; 6],
    query_filter: Filter<'a>,
}

#[derive(Serialize)]
struct Filter<'a> {
    r#type: &'a str,
    predicates: Vec<Predicate<'a>>,
}

#[derive(Serialize)]
struct Predicate<'a> {
    r#type: &'a str,
    field: &'a str,
    operator: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Campaign<'a> {
    id: &'a str,
    pacing: Pacing,
    status: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pacing {
    dial_ratio: f64,
    max_concurrent_calls: u32,
}

/// A campaign identifier that no address can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} can't be a campaign's identifier")]
pub(super) struct BadIdentifier(String);

/// The body of a query for the metrics of these campaigns.
pub(super) fn query(campaigns: &[String], from: Timestamp, to: Timestamp) -> Vec<u8> {
    let predicate = |id| Predicate { r#type: "string", field: "campaignId", operator: "equal", value: id };
    json(&Query {
        aggregate: [],
        date_from: dates::write(from),
        date_to: dates::write(to),
        group_by: ["campaignId"],
        interval: "PT5M",
        metrics: METRICS,
        query_filter: Filter { r#type: "or", predicates: campaigns.iter().map(|id| predicate(id.as_str())).collect() },
    })
}

/// Path and query of a page.
pub(super) fn query_path(cursor: Option<&str>) -> String {
    match cursor {
        None => QUERY_PATH.to_owned(),
        Some(cursor) => format!("{QUERY_PATH}?nextPage={}", encode(cursor)),
    }
}

/// The body of an update. Its types keep it within the platform's bounds.
pub(super) fn update(update: &Update) -> Vec<u8> {
    json(&Campaign {
        id: &update.campaign,
        pacing: Pacing { dial_ratio: update.setting.ratio.value(), max_concurrent_calls: update.max_concurrent_calls },
        status: update.setting.status.as_str(),
    })
}

/// The path of a campaign.
///
/// Dots alone are refused: they would be taken for a step up the path, also percent-encoded.
pub(super) fn campaign_path(id: &str) -> Result<String, BadIdentifier> {
    match id {
        "" | "." | ".." => Err(BadIdentifier(id.to_owned())),
        id => Ok(format!("/api/v2/campaigns/{}", encode(id))),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and finite numbers are always JSON")
}

#[cfg(test)]
mod tests {
    use paced_core::ratio::DialRatio;
    use paced_core::reading::{Setting, Status};

    use super::*;
    use crate::dialer::Urgency;

    #[test]
    fn a_query_is_what_the_api_describes() {
        let (from, to) = (Timestamp::from_millis(1_699_999_800_000), Timestamp::from_millis(1_700_000_000_007));
        let body = String::from_utf8(query(&["1".to_owned(), "2\"".to_owned()], from, to)).unwrap();
        let expected = concat!(
            r#"{"aggregate":[],"dateFrom":"2023-11-14T22:10:00.000Z","dateTo":"2023-11-14T22:13:20.007Z","#,
            r#""groupBy":["campaignId"],"interval":"PT5M","metrics":["callsOffered","callsAnswered","callsAbandoned","#,
            r#""avgWrapUpTime","agentsAvailable","agentsBusy"],"queryFilter":{"type":"or","predicates":["#,
            r#"{"type":"string","field":"campaignId","operator":"equal","value":"1"},"#,
            r#"{"type":"string","field":"campaignId","operator":"equal","value":"2\""}]}}"#,
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn an_update_is_what_the_api_describes() {
        let mut wanted = Update {
            campaign: "12345".to_owned(),
            setting: Setting { ratio: DialRatio::MIN, status: Status::Paused },
            max_concurrent_calls: 115,
            urgency: Urgency::Pause,
        };
        let expected = r#"{"id":"12345","pacing":{"dialRatio":0.1,"maxConcurrentCalls":115},"status":"paused"}"#;
        assert_eq!(String::from_utf8(update(&wanted)).unwrap(), expected);
        // No ratio has more than two decimals on the wire.
        for hundredths in 10..=500 {
            wanted.setting.ratio = DialRatio::from_hundredths_clamped(hundredths);
            let body = String::from_utf8(update(&wanted)).unwrap();
            let ratio = body.split("\"dialRatio\":").nth(1).unwrap().split(',').next().unwrap().to_owned();
            assert!(ratio.split('.').nth(1).is_some_and(|decimals| decimals.len() <= 2), "{ratio}");
        }
    }

    #[test]
    fn paths_are_percent_encoded() {
        assert_eq!(query_path(Some("a/b+c=&d")), format!("{QUERY_PATH}?nextPage=a%2Fb%2Bc%3D%26d"));
        assert_eq!(campaign_path("a/../b?c"), Ok("/api/v2/campaigns/a%2F..%2Fb%3Fc".to_owned()));
        for bad in ["", ".", ".."] {
            assert!(campaign_path(bad).is_err(), "{bad}");
        }
    }
}
