//! The way in for people and for tests in another process: `/control`, which the platform itself does not have.
//!
//! It asks for no password, as the tenant guards nothing; it listens where the tenant does, on loopback by default.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::iso;
use super::api::Operation;
use super::campaign::{Change, UnknownCampaign};
use super::fault::Rule;
use super::platform::{Platform, lock};
use super::requests::LoggedRequest;
use super::script::{self, FaultScript};

type Shared = State<Arc<Platform>>;
/// JSON in; what is wrong with it is said in the same form as every other problem.
type Given<T> = Result<Json<T>, JsonRejection>;

/// Requests listed where no limit is given.
const DEFAULT_LIMIT: usize = 100;

pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/faults", post(add_fault).get(list_faults).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/script", post(run_script))
        .route("/requests", get(requests))
        .route("/campaigns", get(campaigns))
        .route("/campaigns/{id}", get(campaign).post(change_campaign))
        .route("/tokens/revoke", post(revoke_tokens))
        .route("/stats", get(stats))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is no such control; docs/tenant.md lists them"))
}

/// What was wrong with a request.
struct Problem {
    status: StatusCode,
    message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

fn problem(status: StatusCode, message: impl std::fmt::Display) -> Problem {
    Problem { status, message: message.to_string() }
}

fn given<T>(json: Given<T>) -> Result<T, Problem> {
    json.map(|Json(value)| value).map_err(|rejection| problem(rejection.status(), rejection.body_text()))
}

/// `{"rule": {...}}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFault {
    rule: Rule,
}

async fn add_fault(State(platform): Shared, fault: Given<NewFault>) -> Result<(StatusCode, Json<Value>), Problem> {
    let NewFault { rule } = given(fault)?;
    match platform.inject(rule) {
        Ok(id) => Ok((StatusCode::CREATED, Json(json!({ "id": id })))),
        Err(bad) => Err(problem(StatusCode::BAD_REQUEST, bad)),
    }
}

async fn list_faults(State(platform): Shared) -> Json<Value> {
    let now = platform.clock.now();
    Json(json!({ "faults": lock(&platform.faults).list(now) }))
}

async fn clear_faults(State(platform): Shared) -> StatusCode {
    lock(&platform.faults).clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(platform): Shared, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    if lock(&platform.faults).remove(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(problem(StatusCode::NOT_FOUND, format_args!("there is no fault {id}")))
    }
}

async fn run_script(State(platform): Shared, script: Given<FaultScript>) -> Result<StatusCode, Problem> {
    let script = given(script)?;
    script::start(&platform, script).map_err(|bad| problem(StatusCode::BAD_REQUEST, bad))?;
    Ok(StatusCode::ACCEPTED)
}

/// Which requests to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    operation: Option<Operation>,
    campaign: Option<String>,
    /// Only requests with a higher number.
    #[serde(default)]
    after: u64,
    /// The latest so many.
    limit: Option<usize>,
}

impl Wanted {
    fn takes(&self, request: &LoggedRequest) -> bool {
        request.number > self.after
            && self.operation.is_none_or(|operation| request.operation == Some(operation))
            && self.campaign.as_ref().is_none_or(|campaign| request.campaign.as_ref() == Some(campaign))
    }
}

async fn requests(State(platform): Shared, Query(wanted): Query<Wanted>) -> Json<Value> {
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT);
    let requests = lock(&platform.requests);
    let mut latest: Vec<_> = requests.latest().rev().filter(|request| wanted.takes(request)).take(limit).collect();
    latest.reverse();
    Json(json!({ "requests": latest }))
}

async fn campaigns(State(platform): Shared) -> Json<Value> {
    let ids: Vec<_> = platform.campaigns.keys().collect();
    Json(json!({ "campaigns": ids }))
}

/// A campaign as the platform shows it, with the truth beside it.
async fn campaign(State(platform): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let Some(campaign) = platform.campaigns.get(&id) else {
        return Err(problem(StatusCode::NOT_FOUND, UnknownCampaign(id)));
    };
    let now = platform.clock.now();
    let mut shown = campaign.object(now);
    let totals = campaign.totals(now);
    shown["utilization"] = totals.utilization().into();
    shown["abandonment"] = totals.abandonment().into();
    shown["answers_per_agent_hour"] = totals.answers_per_agent_hour().into();
    shown["totals"] = json!(totals);
    Ok(Json(shown))
}

async fn change_campaign(
    State(platform): Shared,
    Path(id): Path<String>,
    change: Given<Change>,
) -> Result<Json<Value>, Problem> {
    platform.change(&id, given(change)?).map_err(|unknown| problem(StatusCode::NOT_FOUND, unknown))?;
    campaign(State(platform), Path(id)).await
}

async fn revoke_tokens(State(platform): Shared) -> Json<Value> {
    Json(json!({ "revoked": lock(&platform.tokens).revoke_all() }))
}

async fn stats(State(platform): Shared) -> Json<Value> {
    let now = platform.clock.now();
    let counts = lock(&platform.requests).counts();
    let faults = lock(&platform.faults).list(now).len();
    Json(json!({
        "platform_time": iso(now),
        "time_scale": platform.clock.time_scale(),
        "campaigns": platform.campaigns.len(),
        "faults": faults,
        "requests": counts,
    }))
}
