//! A request's way: read, logged, struck by faults, answered.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::connection::Cut;
use super::fault::{Fault, Strikes};
use super::platform::{Platform, lock};
use super::requests::{LoggedRequest, MAX_BODY};
use super::{analytics, form, tamper, token};

/// The longest body of a request.
const MAX_REQUEST: usize = 1 << 20;

const TOKEN_PATH: &str = "/api/v2/oauth/token";
const QUERY_PATH: &str = "/api/v2/analytics/campaigns/details/query";
const CAMPAIGN_PATH: &str = "/api/v2/campaigns/";

/// What the platform can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// `POST /api/v2/oauth/token`.
    Token,
    /// `POST /api/v2/analytics/campaigns/details/query`.
    Query,
    /// `PUT /api/v2/campaigns/{id}`.
    Put,
    /// `GET /api/v2/campaigns/{id}`.
    Get,
}

impl Operation {
    /// Every operation.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![Self::Token, Self::Query, Self::Put, Self::Get]
    }
}

/// A request for something that there is.
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The campaigns that it names: one to read or update, several in a query, none for a token.
    pub(super) campaigns: Vec<String>,
    pub(super) next_page: Option<String>,
}

impl Call {
    /// Refuses a body that does not say it is JSON.
    pub(super) fn require_json(&self) -> Result<(), Answer> {
        if token::media_type(&self.headers).eq_ignore_ascii_case("application/json") {
            return Ok(());
        }
        let message = "the body must be application/json";
        Err(Answer::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported.media.type", message))
    }

    fn new(route: &Route, query: &str, headers: HeaderMap, body: Bytes) -> Self {
        let campaigns = match route.operation {
            Operation::Query => analytics::campaigns_named(&body),
            _ => route.campaign.iter().cloned().collect(),
        };
        let next_page = form::field(query, "nextPage");
        Self { operation: route.operation, headers, body, campaigns, next_page }
    }

    #[cfg(test)]
    pub(super) fn json_for_test(body: &str) -> Self {
        use axum::http::{HeaderValue, header};
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        let body = Bytes::copy_from_slice(body.as_bytes());
        let headers = HeaderMap::from_iter([json]);
        Self { operation: Operation::Query, headers, body, campaigns: Vec::new(), next_page: None }
    }
}

/// Where a request leads.
#[derive(Debug)]
struct Route {
    operation: Operation,
    campaign: Option<String>,
}

impl Route {
    fn find(method: &Method, path: &str) -> Result<Self, Answer> {
        let only = |allowed: Method, operation, allow| {
            if method == allowed {
                Ok(Self { operation, campaign: None })
            } else {
                Err(Answer::method_not_allowed(allow))
            }
        };
        match path {
            TOKEN_PATH => only(Method::POST, Operation::Token, "POST"),
            QUERY_PATH => only(Method::POST, Operation::Query, "POST"),
            _ => Self::find_campaign(method, path),
        }
    }

    fn find_campaign(method: &Method, path: &str) -> Result<Self, Answer> {
        let encoded = path.strip_prefix(CAMPAIGN_PATH).filter(|id| !id.is_empty() && !id.contains('/'));
        let Some(encoded) = encoded else {
            return Err(Answer::error(StatusCode::NOT_FOUND, "not.found", format_args!("there is nothing at {path}")));
        };
        let id = percent_decode_str(encoded).decode_utf8();
        let id = id.map_err(|_| Answer::bad_request("the campaign's id is not UTF-8"))?;
        let operation = match *method {
            Method::PUT => Operation::Put,
            Method::GET => Operation::Get,
            _ => return Err(Answer::method_not_allowed("GET, PUT")),
        };
        Ok(Self { operation, campaign: Some(id.into_owned()) })
    }
}

/// Answers a request to anything under `/api`, and everything that is nowhere.
pub(super) async fn serve(
    State(platform): State<Arc<Platform>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (method, uri) = (parts.method, parts.uri);
    let route = Route::find(&method, uri.path());
    let mut logged = LoggedRequest {
        number: 0,
        at: platform.clock.now(),
        method: method.to_string(),
        path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        operation: route.as_ref().ok().map(|route| route.operation),
        campaign: route.as_ref().ok().and_then(|route| route.campaign.clone()),
        campaigns: 0,
        body: None,
        faults: Vec::new(),
        status: None,
    };
    let call = match (route, to_bytes(body, MAX_REQUEST).await) {
        (Ok(route), Ok(body)) => Ok(Call::new(&route, uri.query().unwrap_or_default(), parts.headers, body)),
        (Err(refusal), _) => Err(refusal),
        (_, Err(_)) => Err(Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "too.large", "the body is over 1 MiB")),
    };
    let strikes = match &call {
        Ok(call) => {
            logged.campaigns = call.campaigns.len();
            logged.body = update_body(call);
            lock(&platform.faults).strike(call.operation, &call.campaigns, logged.at)
        }
        Err(_) => Strikes::default(),
    };
    logged.faults = strikes.0.iter().map(|strike| strike.id).collect();
    let number = lock(&platform.requests).arrive(logged);
    let answer = match call {
        Ok(call) => answer_struck(&platform, call, &strikes, number, &cut).await,
        Err(refusal) => refusal,
    };
    lock(&platform.requests).answered(number, answer.status.as_u16());
    answer.into_response(platform.clock.now())
}

/// An update's body for the log, if it is JSON and not too long.
fn update_body(call: &Call) -> Option<serde_json::Value> {
    let keep = call.operation == Operation::Put && call.body.len() <= MAX_BODY;
    if keep { serde_json::from_slice(&call.body).ok() } else { None }
}

/// Delays, then a fault's own answer or the platform's, then what faults do to that.
async fn answer_struck(platform: &Platform, mut call: Call, strikes: &Strikes, number: u64, cut: &Cut) -> Answer {
    for fault in strikes.faults() {
        match fault {
            Fault::Hang { answer_after_s } => hang(platform, *answer_after_s).await,
            // The cursor of a fault leads back to the first page.
            Fault::EndlessPages { .. } => call.next_page = None,
            _ => {}
        }
    }
    let now = platform.clock.now();
    let mut answer = match tamper::replacement(strikes, now) {
        Some(answer) => answer,
        None => {
            let mut answer = platform.handle(&call, strikes, now);
            tamper::tamper(&mut answer, call.operation, strikes, number, now);
            answer
        }
    };
    arm(cut, &mut answer, strikes);
    answer
}

/// Waits so much platform time, or until the tenant stops.
async fn hang(platform: &Platform, answer_after_s: Option<f64>) {
    let waited = async {
        match answer_after_s {
            Some(seconds) => platform.clock.sleep_until(platform.clock.now() + Duration::from_secs_f64(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = waited => {}
        () = platform.stopped() => {}
    }
}

/// Has the connection cut where a fault says so.
fn arm(cut: &Cut, answer: &mut Answer, strikes: &Strikes) {
    for fault in strikes.faults() {
        match fault {
            Fault::Reset => cut.reset(),
            Fault::Truncated { bytes } => {
                let whole = answer.bytes().len();
                // At least the last byte is missing.
                cut.after_body_bytes(bytes.unwrap_or(whole / 2).min(whole.saturating_sub(1)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_platform_says() {
        let find = |method: Method, path| Route::find(&method, path);
        let campaign = find(Method::PUT, "/api/v2/campaigns/a%2Fb%20c").unwrap();
        assert_eq!((campaign.operation, campaign.campaign.as_deref()), (Operation::Put, Some("a/b c")));
        for (method, path, status) in [
            (Method::GET, TOKEN_PATH, StatusCode::METHOD_NOT_ALLOWED),
            (Method::DELETE, "/api/v2/campaigns/1", StatusCode::METHOD_NOT_ALLOWED),
            (Method::GET, "/api/v2/campaigns/a/b", StatusCode::NOT_FOUND),
            (Method::GET, "/api/v2/campaigns/", StatusCode::NOT_FOUND),
            (Method::GET, "/api/v2/campaigns/%ff", StatusCode::BAD_REQUEST),
            (Method::GET, "/", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(find(method, path).unwrap_err().status, status, "{path}");
        }
    }
}
