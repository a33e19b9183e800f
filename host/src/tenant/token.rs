//! Access tokens: client credentials in, a token with scopes out, for as long as it lives or until it is revoked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use paced_core::time::Timestamp;
use serde_json::json;

use super::answer::Answer;
use super::form;

/// Every scope that the client may have.
const SCOPES: [&str; 4] = [CAMPAIGNS_READ, CAMPAIGNS_WRITE, ANALYTICS_READ, "oauth:client-credentials"];
/// For reading campaigns.
pub(super) const CAMPAIGNS_READ: &str = "campaigns:read";
/// For updating campaigns.
pub(super) const CAMPAIGNS_WRITE: &str = "campaigns:write";
/// For analytics queries.
pub(super) const ANALYTICS_READ: &str = "analytics:read";

/// Most tokens alive; beyond it the one that would expire first goes.
const MAX_TOKENS: usize = 10_000;

/// The client that may ask for tokens.
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

/// A token's rights.
struct Grant {
    expires: Timestamp,
    scopes: BTreeSet<&'static str>,
}

/// The tokens that are alive.
pub(super) struct Tokens {
    client: Client,
    lifetime: Duration,
    alive: BTreeMap<String, Grant>,
}

impl Tokens {
    pub(super) fn new(client: Client, lifetime: Duration) -> Self {
        Self { client, lifetime, alive: BTreeMap::new() }
    }

    /// Answers a request for a token.
    pub(super) fn issue(&mut self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Answer {
        let scopes = match self.check(headers, body) {
            Ok(scopes) => scopes,
            Err(refusal) => return refusal,
        };
        self.make_room(now);
        let token = format!("sim-{:032x}", fastrand::u128(..));
        let scope = scopes.iter().copied().collect::<Vec<_>>().join(" ");
        self.alive.insert(token.clone(), Grant { expires: now + self.lifetime, scopes });
        Answer::ok(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
            "scope": scope,
        }))
    }

    /// The scopes that a well-formed request asks for.
    fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<BTreeSet<&'static str>, Answer> {
        let refuse = |code, message: &str| Err(Answer::error(StatusCode::BAD_REQUEST, code, message));
        if !media_type(headers).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return refuse("invalid_request", "the body must be application/x-www-form-urlencoded");
        }
        if !self.is_client(headers) {
            let message = "unknown client, or wrong secret";
            return Err(Answer::error(StatusCode::UNAUTHORIZED, "invalid_client", message)
                .with(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth\"")));
        }
        let body = String::from_utf8_lossy(body);
        if form::field(&body, "grant_type").as_deref() != Some("client_credentials") {
            return refuse("unsupported_grant_type", "grant_type must be client_credentials");
        }
        let Some(wanted) = form::field(&body, "scope") else { return Ok(SCOPES.into_iter().collect()) };
        let mut scopes = BTreeSet::new();
        for scope in wanted.split_whitespace() {
            match SCOPES.into_iter().find(|known| *known == scope) {
                Some(known) => scopes.insert(known),
                None => return refuse("invalid_scope", "a scope that this client can't have"),
            };
        }
        Ok(scopes)
    }

    fn is_client(&self, headers: &HeaderMap) -> bool {
        let expected = format!("{}:{}", self.client.id, self.client.secret);
        let given = credentials(headers, "Basic").and_then(|basic| BASE64_STANDARD.decode(basic).ok());
        given.as_deref() == Some(expected.as_bytes())
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.alive.len() < MAX_TOKENS {
            return;
        }
        self.alive.retain(|_, grant| grant.expires > now);
        while self.alive.len() >= MAX_TOKENS {
            let Some(first) = self.alive.iter().min_by_key(|(_, grant)| grant.expires).map(|(token, _)| token.clone())
            else {
                return;
            };
            self.alive.remove(&first);
        }
    }

    /// Whether the request's token is alive and has `scope`.
    pub(super) fn authorize(&self, headers: &HeaderMap, scope: &str, now: Timestamp) -> Result<(), Answer> {
        let grant = credentials(headers, "Bearer").and_then(|token| self.alive.get(token));
        let Some(grant) = grant.filter(|grant| grant.expires > now) else { return Err(Answer::invalid_token()) };
        if grant.scopes.contains(scope) {
            return Ok(());
        }
        let mut message = format!("the access token lacks the scope {scope}; it has");
        for scope in &grant.scopes {
            let _ = write!(message, " {scope}");
        }
        Err(Answer::error(StatusCode::FORBIDDEN, "missing.scope", message))
    }

    /// Revokes every token, and says how many.
    pub(super) fn revoke_all(&mut self) -> usize {
        std::mem::take(&mut self.alive).len()
    }
}

/// What follows the scheme in the Authorization header.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}

/// The body's media type without parameters; empty where none is given.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::super::answer::Body;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn tokens() -> Tokens {
        let client = Client { id: "demo".to_owned(), secret: "secret".to_owned() };
        Tokens::new(client, Duration::from_secs(3_600))
    }

    fn headers(credentials: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        headers.insert(AUTHORIZATION, HeaderValue::try_from(basic).unwrap());
        headers
    }

    fn bearer(answer: &Answer) -> HeaderMap {
        let Body::Json(body) = &answer.body else { panic!("{answer:?}") };
        let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(bearer).unwrap())])
    }

    #[test]
    fn a_token_lives_its_time_and_no_longer() {
        let mut tokens = tokens();
        let form = b"grant_type=client_credentials&scope=analytics%3Aread";
        let token = bearer(&tokens.issue(&headers("demo:secret"), form, NOW));
        let at = |seconds| NOW + Duration::from_secs(seconds);
        assert!(tokens.authorize(&token, ANALYTICS_READ, at(3_599)).is_ok());
        let status = |tokens: &Tokens, scope, now| tokens.authorize(&token, scope, now).unwrap_err().status;
        assert_eq!(status(&tokens, ANALYTICS_READ, at(3_600)), StatusCode::UNAUTHORIZED);
        assert_eq!(status(&tokens, CAMPAIGNS_WRITE, at(1)), StatusCode::FORBIDDEN);
        assert_eq!(tokens.revoke_all(), 1);
        assert_eq!(status(&tokens, ANALYTICS_READ, at(1)), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn only_a_well_formed_request_of_the_client_gets_one() {
        let good = "grant_type=client_credentials&scope=campaigns%3Aread+analytics%3Aread";
        for (credentials, form, status) in [
            ("demo:secret", good, StatusCode::OK),
            ("demo:secret", "grant_type=client_credentials", StatusCode::OK),
            ("demo:wrong", good, StatusCode::UNAUTHORIZED),
            ("demo:secret", "grant_type=password", StatusCode::BAD_REQUEST),
            ("demo:secret", "{\"grant_type\":\"client_credentials\"}", StatusCode::BAD_REQUEST),
            ("demo:secret", "grant_type=client_credentials&scope=root", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(tokens().issue(&headers(credentials), form.as_bytes(), NOW).status, status, "{form}");
        }
        let mut json = headers("demo:secret");
        json.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(tokens().issue(&json, good.as_bytes(), NOW).status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn tokens_are_bounded() {
        let mut tokens = tokens();
        for second in 0..MAX_TOKENS as u64 + 5 {
            let now = NOW + Duration::from_millis(second);
            tokens.issue(&headers("demo:secret"), b"grant_type=client_credentials", now);
        }
        assert_eq!(tokens.alive.len(), MAX_TOKENS);
    }
}
