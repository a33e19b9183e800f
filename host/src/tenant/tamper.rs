//! What faults do to an answer: in the platform's stead, or to its JSON.

use axum::http::StatusCode;
use paced_core::time::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, Body, iso};
use super::api::Operation;
use super::fault::{Cursor, Fault, Strike, Strikes};

/// The answer that the oldest fault of that kind gives in the platform's stead.
pub(super) fn replacement(strikes: &Strikes, now: Timestamp) -> Option<Answer> {
    strikes.faults().find_map(|fault| match fault {
        Fault::Status { status, retry_after_s, retry_after_as, body } => {
            // The rule was checked when it was added.
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let answer = match body {
                Some(body) => Answer::text(status, body.clone()),
                None => Answer::error(status, "simulated.fault", "a simulated fault"),
            };
            Some(match retry_after_s {
                Some(wait_s) => answer.retry_after(*wait_s, *retry_after_as, now),
                None => answer,
            })
        }
        Fault::Malformed { body } => {
            let body = body.clone().unwrap_or_else(|| "{\"entities\": [{\"campaignId\": ".to_owned());
            Some(Answer::text(StatusCode::OK, body))
        }
        // What is sent does not matter, as long as something is: the connection is reset instead.
        Fault::Reset => Some(Answer::text(StatusCode::OK, String::new())),
        _ => None,
    })
}

/// Does what the faults do to the platform's own answer.
pub(super) fn tamper(answer: &mut Answer, operation: Operation, strikes: &Strikes, number: u64, now: Timestamp) {
    let Body::Json(body) = &mut answer.body else { return };
    if answer.status != StatusCode::OK {
        return;
    }
    for Strike { fault, campaign, .. } in &strikes.0 {
        match fault {
            Fault::Field { field, value, missing } => {
                let value = (!missing).then_some(value);
                for object in objects(body, operation, campaign.as_deref()) {
                    put(object, field, value);
                }
            }
            Fault::Empty => {
                let stays =
                    |entity: &Value| campaign.as_ref().is_some_and(|only| entity["campaignId"] != only.as_str());
                entities(body).into_iter().for_each(|entities| entities.retain(stays));
            }
            Fault::Foreign { campaign } => {
                entities(body).into_iter().for_each(|entities| entities.push(foreign(campaign, now)));
            }
            Fault::EndlessPages { cursor } if operation == Operation::Query => {
                body["nextPage"] = match cursor {
                    Cursor::Same => "endless".into(),
                    Cursor::New => format!("endless-{number}").into(),
                };
            }
            _ => {}
        }
    }
}

/// The objects of an answer whose fields a fault may change.
fn objects<'a>(body: &'a mut Value, operation: Operation, only: Option<&str>) -> Vec<&'a mut Value> {
    if operation != Operation::Query {
        return vec![body];
    }
    let concerns = |entity: &&mut Value| only.is_none_or(|only| entity["campaignId"].as_str() == Some(only));
    entities(body).into_iter().flatten().filter(concerns).collect()
}

/// Puts a value in a field, or removes it; a dot leads into an object.
fn put(object: &mut Value, field: &str, value: Option<&Value>) {
    let (parent, name) = match field.rsplit_once('.') {
        Some((path, name)) => (object.pointer_mut(&format!("/{}", path.replace('.', "/"))), name),
        None => (Some(object), field),
    };
    let Some(fields) = parent.and_then(Value::as_object_mut) else { return };
    match value {
        Some(value) => fields.insert(name.to_owned(), value.clone()),
        None => fields.remove(name),
    };
}

/// The entities of a query's answer; no other answer has any.
fn entities(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.get_mut("entities")?.as_array_mut()
}

/// Another campaign's entity, which would upset whoever took it for their own.
fn foreign(campaign: &str, now: Timestamp) -> Value {
    json!({
        "campaignId": campaign,
        "dateFrom": iso(now.floor_to(paced_sim::BUCKET)),
        "dateTo": iso(now),
        "callsOffered": 1_000,
        "callsAnswered": 500,
        "callsAbandoned": 500,
        "avgWrapUpTime": 300,
        "agentsAvailable": 0,
        "agentsBusy": 999,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fault::{Faults, Rule};
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn tampered(body: Value, operation: Operation, rules: &[Rule]) -> Value {
        let mut faults = Faults::default();
        for rule in rules {
            faults.add(rule.clone(), None, NOW).unwrap();
        }
        let strikes = faults.strike(operation, &["1".to_owned(), "2".to_owned()], NOW);
        let mut answer = Answer::ok(body);
        tamper(&mut answer, operation, &strikes, 7, NOW);
        match answer.body {
            Body::Json(body) => body,
            Body::Text(text) => panic!("{text}"),
        }
    }

    fn two() -> Value {
        json!({ "entities": [{ "campaignId": "1", "agentsBusy": 3 }, { "campaignId": "2", "agentsBusy": 4 }] })
    }

    fn field(field: &str, value: Value, missing: bool) -> Rule {
        Rule::on(&Operation::all(), Fault::Field { field: field.to_owned(), value, missing })
    }

    #[test]
    fn fields_are_changed_where_they_belong_to_the_campaign() {
        let body = tampered(two(), Operation::Query, &[field("agentsBusy", Value::Null, false).for_campaign("2")]);
        assert_eq!((&body["entities"][0]["agentsBusy"], &body["entities"][1]["agentsBusy"]), (&json!(3), &Value::Null));
        let body = tampered(two(), Operation::Query, &[field("agentsBusy", Value::Null, true)]);
        assert_eq!(body["entities"][0], json!({ "campaignId": "1" }));
        let campaign = json!({ "id": "1", "pacing": { "dialRatio": 1.0 } });
        let body = tampered(campaign, Operation::Get, &[field("pacing.dialRatio", json!("NaN"), false)]);
        assert_eq!(body["pacing"]["dialRatio"], "NaN");
    }

    #[test]
    fn entities_go_come_and_never_end() {
        assert_eq!(
            tampered(two(), Operation::Query, &[Rule::on(&[Operation::Query], Fault::Empty)]),
            json!({ "entities": [] })
        );
        let foreign = Rule::on(&[Operation::Query], Fault::Foreign { campaign: "9".to_owned() });
        assert_eq!(tampered(two(), Operation::Query, &[foreign])["entities"][2]["campaignId"], "9");
        for (cursor, next) in [(Cursor::Same, "endless"), (Cursor::New, "endless-7")] {
            let endless = Rule::on(&[Operation::Query], Fault::EndlessPages { cursor });
            assert_eq!(tampered(two(), Operation::Query, &[endless])["nextPage"], next);
        }
    }
}
