//! Asking the platform for an access token (OAuth 2.0 client credentials).
//!
//! Strict in what it sends, tolerant of what comes: only `access_token` must be there and usable. An `expires_in` that
//! is missing or absurd is replaced by a short assumption, because a token that is renewed too often costs a request,
//! and one that is trusted too long costs supervision.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Request, StatusCode};
use serde_json::Value;

use super::base_url::BaseUrl;
use super::secret::Secret;
use super::token::{Grant, TokenError};
use super::transport::{Reply, Transport, platform_text};

/// The scopes that paced asks for.
pub const SCOPES: [&str; 3] = ["campaigns:read", "campaigns:write", "analytics:read"];
const TOKEN_PATH: &str = "/api/v2/oauth/token";
/// The whole form, the scopes percent-encoded.
const FORM: &str = "grant_type=client_credentials&scope=campaigns%3Aread+campaigns%3Awrite+analytics%3Aread";
/// The life of a token whose `expires_in` is missing or no number of seconds from 1.
const LIFE_ASSUMED: Duration = Duration::from_secs(300);
/// No token is trusted for longer than a day.
const LIFE_MAX: Duration = Duration::from_secs(86_400);
/// Longest token that is taken: servers refuse headers that are much larger.
const TOKEN_MAX: usize = 16 << 10;

/// The client's credentials.
#[derive(Clone, Debug)]
pub struct Credentials {
    basic: Secret,
    secret: Secret,
}

/// Credentials that HTTP Basic can't carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// One of them is empty.
    #[error("client_id and client_secret must not be empty")]
    Empty,
    /// HTTP Basic ends the name at the first colon.
    #[error("client_id must not contain a colon")]
    Colon,
}

impl Credentials {
    /// The credentials of one client.
    ///
    /// # Errors
    /// HTTP Basic can't carry them.
    pub fn new(client_id: &str, client_secret: &Secret) -> Result<Self, CredentialsError> {
        if client_id.is_empty() || client_secret.is_empty() {
            return Err(CredentialsError::Empty);
        }
        if client_id.contains(':') {
            return Err(CredentialsError::Colon);
        }
        let basic = BASE64_STANDARD.encode(format!("{client_id}:{}", client_secret.expose()));
        Ok(Self { basic: Secret::new(basic), secret: client_secret.clone() })
    }
}

/// Asks for a token, once.
///
/// # Errors
/// There is none: see [`TokenError`].
pub async fn request_token(
    transport: &Transport,
    base: &BaseUrl,
    credentials: &Credentials,
) -> Result<Grant, TokenError> {
    let request = build(transport, base, credentials)
        .map_err(|error| TokenError::Unavailable(format!("building the token request: {error}")))?;
    let reply = transport.exchange(request).await.map_err(|error| TokenError::Unavailable(error.to_string()))?;
    if !reply.status.is_success() {
        return Err(refusal(&reply, credentials));
    }
    read_grant(&reply.body).map_err(|reason| TokenError::Unavailable(format!("the token endpoint's answer {reason}")))
}

fn build(transport: &Transport, base: &BaseUrl, credentials: &Credentials) -> Result<Request, reqwest::Error> {
    transport
        .http()
        .post(base.join(TOKEN_PATH))
        .header(AUTHORIZATION, hidden_header("Basic", &credentials.basic))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .body(FORM)
        .build()
}

/// An Authorization header that `Debug` does not show.
pub(super) fn hidden_header(scheme: &str, secret: &Secret) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("{scheme} {}", secret.expose()))
        .expect("base64, and tokens as read_grant takes them, are printable ASCII");
    value.set_sensitive(true);
    value
}

fn refusal(reply: &Reply, credentials: &Credentials) -> TokenError {
    let text = platform_text(&reply.body, &[credentials.secret.expose(), credentials.basic.expose()]);
    let status = reply.status.as_u16();
    match reply.status {
        StatusCode::TOO_MANY_REQUESTS => TokenError::TooMany { retry_after: reply.retry_after },
        StatusCode::REQUEST_TIMEOUT => TokenError::Unavailable("the token endpoint answered 408".to_owned()),
        status_code if status_code.is_client_error() => {
            TokenError::Refused(format!("{status}, check client_id, client_secret and the client's scopes: {text}"))
        }
        _ => TokenError::Unavailable(format!("the token endpoint answered {status}: {text}")),
    }
}

/// Reads the platform's answer. The error completes "the answer ...", and holds nothing of a token.
fn read_grant(body: &[u8]) -> Result<Grant, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "is not JSON".to_owned())?;
    let token = match answer.get("access_token") {
        Some(Value::String(token)) if token.is_empty() => return Err("has an empty access_token".to_owned()),
        Some(Value::String(token)) => token,
        _ => return Err("has no access_token".to_owned()),
    };
    if token.len() > TOKEN_MAX || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("has an access_token that is no word of at most {TOKEN_MAX} characters"));
    }
    Ok(Grant {
        access_token: Secret::new(token.as_str()),
        life: life(answer.get("expires_in")),
        scope: answer.get("scope").and_then(Value::as_str).map(str::to_owned),
    })
}

fn life(expires_in: Option<&Value>) -> Duration {
    match expires_in.and_then(Value::as_f64) {
        Some(seconds) if seconds >= 1.0 => Duration::from_secs_f64(seconds.min(LIFE_MAX.as_secs_f64())),
        _ => LIFE_ASSUMED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_asks_for_the_scopes() {
        let scopes = SCOPES.join("+").replace(':', "%3A");
        assert_eq!(FORM, format!("grant_type=client_credentials&scope={scopes}"));
    }

    #[test]
    fn an_absurd_life_is_replaced() {
        for (expires_in, seconds) in [
            ("3600", 3_600.0),
            ("59.5", 59.5),
            ("1e12", 86_400.0),
            ("0", 300.0),
            ("-5", 300.0),
            ("null", 300.0),
            ("\"3600\"", 300.0),
            ("[]", 300.0),
        ] {
            let body = format!(r#"{{"access_token": "abc", "expires_in": {expires_in}}}"#);
            let grant = read_grant(body.as_bytes()).unwrap();
            assert_eq!(grant.life, Duration::from_secs_f64(seconds), "{expires_in}");
        }
        assert_eq!(read_grant(br#"{"access_token": "abc"}"#).unwrap().life, LIFE_ASSUMED);
    }

    #[test]
    fn an_answer_without_a_usable_token_is_an_error_that_does_not_repeat_it() {
        for (body, reason) in [
            ("<html>", "is not JSON"),
            ("{}", "has no access_token"),
            (r#"{"access_token": 5}"#, "has no access_token"),
            (r#"{"access_token": ""}"#, "has an empty access_token"),
            (r#"{"access_token": "a\nX-Evil: b"}"#, "has an access_token that is no word of at most 16384 characters"),
        ] {
            assert_eq!(read_grant(body.as_bytes()), Err(reason.to_owned()), "{body}");
        }
    }

    #[test]
    fn credentials_that_basic_cannot_carry_are_refused() {
        let secret = Secret::new("s");
        assert!(Credentials::new("id", &secret).is_ok());
        assert_eq!(Credentials::new("i:d", &secret).err(), Some(CredentialsError::Colon));
        assert_eq!(Credentials::new("", &secret).err(), Some(CredentialsError::Empty));
        assert_eq!(Credentials::new("id", &Secret::new("")).err(), Some(CredentialsError::Empty));
    }

    #[test]
    fn the_header_is_the_one_of_rfc_7617_and_stays_hidden() {
        let credentials = Credentials::new("Aladdin", &Secret::new("open sesame")).unwrap();
        let header = hidden_header("Basic", &credentials.basic);
        assert_eq!(header.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{header:?} {credentials:?}").contains("QWxh"));
    }
}
