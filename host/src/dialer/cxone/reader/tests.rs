use paced_core::reading::Report;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::dates;
use super::*;

const NOW: &str = "2023-11-14T22:13:20Z";

fn at(text: &str) -> Timestamp {
    dates::read(text).unwrap()
}

/// An entity whose dateTo is `to` o'clock, with so many calls offered.
fn entity(campaign: &str, to: &str, offered: i64) -> Value {
    json!({
        "campaignId": campaign, "dateTo": format!("2023-11-14T{to}Z"), "callsOffered": offered, "callsAnswered": 0,
        "callsAbandoned": 0, "agentsAvailable": 1, "agentsBusy": 1
    })
}

fn observe(asked: &[&str], pages: &[Value]) -> HashMap<String, Observation> {
    let asked = asked.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    let mut reader = Reader::new(&asked);
    for page in pages {
        reader.page(page.to_string().as_bytes()).unwrap();
    }
    reader.finish(at(NOW), at("2023-11-14T22:20:20Z"))
}

/// The calls offered in each bucket that came through.
fn offered(observation: &Observation) -> Vec<u32> {
    match observation {
        Observation::Reports { reports, .. } => reports.iter().map(|report: &Report| report.offered).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn buckets_come_oldest_first_over_all_pages() {
    let pages = [
        json!({"entities": [entity("a", "22:13:20", 3), entity("a", "22:05:00", 1)], "nextPage": "x"}),
        json!({"entities": [entity("a", "22:10:00", 2)], "unknown": 1}),
    ];
    assert_eq!(offered(&observe(&["a"], &pages)["a"]), [1, 2, 3]);
}

#[test]
fn of_one_bucket_the_latest_counts() {
    let page =
        json!({"entities": [entity("a", "22:12:00", 5), entity("a", "22:13:00", 6), entity("a", "22:11:00", 4)]});
    assert_eq!(offered(&observe(&["a"], &[page])["a"]), [6]);
}

#[test]
fn other_campaigns_are_ignored_and_the_silent_are_quiet() {
    let page = json!({"entities": [entity("a", "22:12:00", 5), entity("stranger", "22:13:00", 6)]});
    let observations = observe(&["a", "b"], &[page]);
    assert_eq!(offered(&observations["a"]), [5]);
    assert_eq!(observations["b"], Observation::Quiet);
    assert_eq!(observations.len(), 2);
}

#[test]
fn an_entity_without_campaign_belongs_to_the_only_one_asked_for() {
    let mut entity = entity("a", "22:12:00", 5);
    for value in [Value::Null, Value::Null] {
        entity["campaignId"] = value;
        let page = json!({ "entities": [entity] });
        assert_eq!(offered(&observe(&["a"], std::slice::from_ref(&page))["a"]), [5]);
        assert_eq!(observe(&["a", "b"], &[page])["a"], Observation::Quiet);
        entity.as_object_mut().unwrap().remove("campaignId");
    }
}

#[test]
fn a_numeric_identifier_is_the_same_campaign() {
    let mut entity = entity("", "22:12:00", 5);
    entity["campaignId"] = json!(12345);
    assert_eq!(offered(&observe(&["12345", "b"], &[json!({ "entities": [entity] })])["12345"]), [5]);
}

#[test]
fn an_unusable_newest_bucket_makes_the_campaign_unusable_and_no_other() {
    let mut bad = entity("a", "22:13:00", 5);
    bad["agentsAvailable"] = Value::Null;
    let page = json!({"entities": [entity("a", "22:10:00", 1), bad, entity("b", "22:13:00", 7)]});
    let observations = observe(&["a", "b"], &[page]);
    assert_eq!(observations["a"], Observation::Unusable("agentsAvailable is null".to_owned()));
    assert_eq!(offered(&observations["b"]), [7]);
}

#[test]
fn an_unusable_older_bucket_is_left_out() {
    let page = json!({"entities": [entity("a", "22:10:00", -1), entity("a", "22:13:00", 7)]});
    assert_eq!(offered(&observe(&["a"], &[page])["a"]), [7]);
}

#[test]
fn an_entity_without_a_date_could_be_the_newest() {
    let mut undated = entity("a", "22:10:00", 1);
    undated["dateTo"] = Value::Null;
    let page = json!({"entities": [undated, entity("a", "22:13:00", 7)]});
    let observation = &observe(&["a"], &[page])["a"];
    assert!(matches!(observation, Observation::Unusable(reason) if reason.starts_with("dateTo is null")));
}

#[test]
fn an_entity_from_the_far_future_is_unusable() {
    let mut late = entity("a", "22:12:00", 1);
    late["dateTo"] = json!("2099-01-01T00:00:00Z");
    let observation = &observe(&["a"], &[json!({ "entities": [late] })])["a"];
    assert!(matches!(observation, Observation::Unusable(reason) if reason.starts_with("dateTo is 2099")));
}

#[test]
fn a_bounded_number_of_buckets_is_kept() {
    let start = at(NOW);
    let entities = (0..1_000_u32).map(|bucket| {
        let mut entity = entity("a", "22:00:00", i64::from(bucket));
        entity["dateTo"] = json!(dates::write(start - super::super::entity::BUCKET * (1_000 - bucket)));
        entity
    });
    let page = json!({"entities": entities.collect::<Vec<_>>()});
    let offered = offered(&observe(&["a"], &[page])["a"]);
    assert_eq!((offered.len(), offered.last()), (BUCKETS_MAX, Some(&999)));
}

#[test]
fn one_number_that_no_program_can_hold_costs_one_campaign() {
    let page = json!({"entities": [entity("a", "22:13:00", 1), entity("b", "22:13:00", 2)]}).to_string();
    let asked = ["a".to_owned(), "b".to_owned()];
    let mut reader = Reader::new(&asked);
    let page = page.replacen("\"callsOffered\":1", "\"callsOffered\":1e999", 1);
    reader.page(page.as_bytes()).unwrap();
    let observations = reader.finish(at(NOW), at(NOW));
    assert_eq!(observations["a"], Observation::Unusable("callsOffered is 1e999".to_owned()));
    assert_eq!(offered(&observations["b"]), [2]);
}

#[test]
fn a_body_without_entities_fails_everyone() {
    for (body, reason) in [
        ("", "is not a JSON object"),
        ("<html>", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        (r#"{"entities": [{"callsOffered": NaN}]}"#, "is not a JSON object"),
        (r#"{"entities": [{"#, "is not a JSON object"),
        ("{}", "has no list of entities"),
        (r#"{"entities": null}"#, "has no list of entities"),
        (r#"{"entities": {}}"#, "has no list of entities"),
    ] {
        assert_eq!(Reader::new(&[]).page(body.as_bytes()), Err(reason.to_owned()), "{body}");
    }
}

#[test]
fn cursors_are_read_tolerantly_and_bounded() {
    let next =
        |cursor: Value| Reader::new(&[]).page(json!({"entities": [], "nextPage": cursor}).to_string().as_bytes());
    assert_eq!(next(json!("a b")), Ok(Some("a b".to_owned())));
    assert_eq!(next(json!(7)), Ok(Some("7".to_owned())));
    for end in [Value::Null, json!(""), json!(false)] {
        assert_eq!(next(end), Ok(None));
    }
    assert!(next(json!({})).is_err());
    assert!(next(json!("x".repeat(CURSOR_MAX + 1))).is_err());
}

/// Any JSON, with the names that the reader looks for among the keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!("a")),
        Just(json!(NOW)),
    ];
    let key = prop_oneof![
        Just("entities".to_owned()),
        Just("nextPage".to_owned()),
        Just("campaignId".to_owned()),
        Just("dateFrom".to_owned()),
        Just("dateTo".to_owned()),
        Just("callsOffered".to_owned()),
        Just("callsAnswered".to_owned()),
        Just("callsAbandoned".to_owned()),
        Just("avgWrapUpTime".to_owned()),
        Just("agentsAvailable".to_owned()),
        Just("agentsBusy".to_owned()),
        "\\PC{0,4}",
    ];
    leaf.prop_recursive(4, 128, 12, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever comes, each campaign has one observation, and every number in it is usable.
    #[test]
    fn any_answer_gives_usable_numbers_or_a_reason(entities in proptest::collection::vec(any_json(), 0..8), top in any_json()) {
        let asked = ["a".to_owned()];
        let mut reader = Reader::new(&asked);
        reader.page(json!({ "entities": entities }).to_string().as_bytes()).unwrap();
        let _any_verdict = reader.page(top.to_string().as_bytes());
        let observations = reader.finish(at(NOW), at(NOW));
        prop_assert_eq!(observations.len(), 1);
        if let Observation::Reports { reports, .. } = &observations["a"] {
            prop_assert!(!reports.is_empty());
            for report in reports {
                prop_assert!(report.date_from < report.date_to && report.date_to <= at(NOW));
                prop_assert!((0.0..=100_000.0).contains(&report.agents_available));
                prop_assert!((0.0..=100_000.0).contains(&report.agents_busy));
            }
        }
    }

    /// Any bytes end in a verdict.
    #[test]
    fn any_bytes_end_in_a_verdict(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let asked = ["a".to_owned(), "b".to_owned()];
        let mut reader = Reader::new(&asked);
        let _any_verdict = reader.page(&body);
        prop_assert_eq!(reader.finish(at(NOW), at(NOW)).len(), 2);
    }
}
