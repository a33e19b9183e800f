//! Answers as the platform words them: JSON bodies, errors with a code and a message, dates in platform time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header::{ALLOW, CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use paced_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a Retry-After is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryAfterForm {
    /// Seconds from now, of platform time.
    #[default]
    Seconds,
    /// A date, in platform time.
    Date,
    /// Not at all.
    None,
}

/// What goes back, before it is bytes, so that faults can still reach into it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Body,
}

/// A body.
#[derive(Debug)]
pub(super) enum Body {
    Json(Value),
    Text(String),
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: Body::Json(body) }
    }

    /// A body that need not be JSON.
    pub(super) fn text(status: StatusCode, body: String) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(body) }
    }

    pub(super) fn error(status: StatusCode, code: &str, message: impl std::fmt::Display) -> Self {
        let body = json!({ "errorCode": code, "message": message.to_string() });
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    pub(super) fn bad_request(message: impl std::fmt::Display) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "bad.request", message)
    }

    /// 401 for a token that is missing, unknown, revoked or expired.
    pub(super) fn invalid_token() -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "invalid.token", "the access token is missing, revoked or expired")
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""))
    }

    /// 429 that says when to come back.
    pub(super) fn too_many(quota: &str, retry_after_s: u64, form: RetryAfterForm, now: Timestamp) -> Self {
        let message = format_args!("more than {quota} requests a minute");
        Self::error(StatusCode::TOO_MANY_REQUESTS, "too.many.requests", message).retry_after(retry_after_s, form, now)
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "method.not.allowed", format_args!("this takes {allow} only"))
            .with(ALLOW, HeaderValue::from_static(allow))
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn retry_after(self, seconds: u64, form: RetryAfterForm, now: Timestamp) -> Self {
        match form {
            RetryAfterForm::Seconds => self.with(RETRY_AFTER, HeaderValue::from(seconds)),
            // Dates have whole seconds: rounded up, so that whoever obeys is not early.
            RetryAfterForm::Date => {
                self.with(RETRY_AFTER, http_date(now + Duration::from_millis(seconds.saturating_mul(1_000) + 999)))
            }
            RetryAfterForm::None => self,
        }
    }

    /// The body's bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Text(text) => text.clone().into_bytes(),
        }
    }

    /// The HTTP response, its Date in platform time; the server adds none where one is given.
    pub(super) fn into_response(self, now: Timestamp) -> Response {
        let content_type = HeaderValue::from_static(match self.body {
            Body::Json(_) => "application/json",
            Body::Text(_) => "text/plain",
        });
        let body = self.bytes();
        let mut response = (self.status, body).into_response();
        response.headers_mut().extend(self.headers);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response.headers_mut().insert(DATE, http_date(now));
        response
    }
}

/// An instant as HTTP writes dates.
pub(super) fn http_date(at: Timestamp) -> HeaderValue {
    // The format reaches from 1970 to 9999.
    let millis = u64::try_from(at.as_millis()).unwrap_or(0).min(253_370_764_800_000);
    let time: SystemTime = UNIX_EPOCH + Duration::from_millis(millis);
    HeaderValue::try_from(httpdate::fmt_http_date(time)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// An instant in ISO 8601, UTC, with milliseconds.
pub(super) fn iso(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_platform_writes_them() {
        let at = Timestamp::from_millis(1_700_000_000_050);
        assert_eq!(iso(at), "2023-11-14T22:13:20.050Z");
        assert_eq!(http_date(at), "Tue, 14 Nov 2023 22:13:20 GMT");
    }

    #[test]
    fn retry_after_comes_in_three_forms() {
        let now = Timestamp::from_millis(1_700_000_000_050);
        let header = |form| {
            let answer = Answer::too_many("2", 30, form, now).into_response(now);
            answer.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header(RetryAfterForm::Seconds).as_deref(), Some("30"));
        assert_eq!(header(RetryAfterForm::Date).as_deref(), Some("Tue, 14 Nov 2023 22:13:51 GMT"));
        assert_eq!(header(RetryAfterForm::None), None);
    }
}
