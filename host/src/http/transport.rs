//! One HTTP exchange: send, wait no longer than the timeout, read a bounded answer.
//!
//! Redirects are refused, so that no token follows one; connections are reused. There are no retries here.

use std::error::Error;
use std::time::Duration;

use paced_core::time::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Request, Response, StatusCode};

use super::base_url::BaseUrl;
use super::retry;
use crate::clock::Clock;

/// Largest body that is read: a page of fifty campaigns takes about 50 KB.
pub const BODY_MAX: usize = 8 << 20;
/// Of an error's body only the beginning is read: it is for a person.
const ERROR_BODY_MAX: usize = 16 << 10;
/// Longest piece of a platform's text in an error.
const TEXT_MAX: usize = 300;
/// Most idle connections that are kept.
const IDLE_CONNECTIONS: usize = 16;
/// A connection takes at most this long, wall time, and no longer than the whole request may.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the platform answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The platform's clock by its Date header, which shows whole seconds.
    pub date: Option<Timestamp>,
    /// When the request was sent, by our clock.
    pub sent_at: Timestamp,
    /// When the answer began to come, by our clock.
    pub answered_at: Timestamp,
    /// How long the platform wants to be left alone; platform time, bounded.
    pub retry_after: Option<Duration>,
    /// The body: whole where the status says success, else at most its beginning.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, or one that broke.
    #[error("{0}")]
    Network(String),
    /// No whole answer within the timeout.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer is larger than [`BODY_MAX`].
    #[error("the answer is larger than {} MiB", BODY_MAX >> 20)]
    TooLarge,
}

/// An HTTP client for one platform.
#[derive(Clone, Debug)]
pub struct Transport {
    http: Client,
    timeout: Duration,
    clock: Clock,
}

impl Transport {
    /// A client for the platform at `base`, whose every exchange ends within `timeout`, wall time.
    ///
    /// # Errors
    /// TLS can't be set up: this machine has no root certificates.
    pub fn new(base: &BaseUrl, timeout: Duration, clock: Clock) -> Result<Self, reqwest::Error> {
        // Fails only where another part of the process chose a provider before, which is as good.
        let _already_chosen = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("paced/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true);
        if base.is_loopback() {
            builder = builder.no_proxy();
        }
        if !base.is_https() {
            // Without TLS no root certificates are needed; small containers have none.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self { http: builder.build()?, timeout, clock })
    }

    /// The client to build requests with.
    #[must_use]
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// There is no whole answer: see [`TransportError`].
    pub async fn exchange(&self, request: Request) -> Result<Reply, TransportError> {
        let sent_at = self.clock.now();
        let mut response = self.http.execute(request).await.map_err(|error| self.failure(error))?;
        let answered_at = self.clock.now();
        let date = header(response.headers(), DATE.as_str()).and_then(retry::http_date);
        let platform_now = date.unwrap_or(answered_at);
        let retry_after = header(response.headers(), RETRY_AFTER.as_str())
            .and_then(|header| retry::retry_after(header, platform_now));
        let status = response.status();
        let body = if status.is_success() {
            self.whole_body(&mut response).await?
        } else {
            beginning_of_body(&mut response).await
        };
        Ok(Reply { status, date, sent_at, answered_at, retry_after, body })
    }

    async fn whole_body(&self, response: &mut Response) -> Result<Vec<u8>, TransportError> {
        if response.content_length().is_some_and(|length| length > BODY_MAX as u64) {
            return Err(TransportError::TooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(TransportError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failure(&self, error: reqwest::Error) -> TransportError {
        if error.is_timeout() {
            TransportError::Timeout(self.timeout)
        } else {
            TransportError::Network(causes(&error.without_url()))
        }
    }
}

/// The status has been read; a body that breaks off loses words for a person, and nothing else.
async fn beginning_of_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < ERROR_BODY_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(ERROR_BODY_MAX);
    body
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// An error with its sources, in one bounded line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source.take_if(|_| text.len() < TEXT_MAX) {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    bounded(&text)
}

/// What a platform says in an error's body, fit for a log: one bounded line, in which none of `secrets` can be read.
#[must_use]
pub fn platform_text(body: &[u8], secrets: &[&str]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[hidden]");
    }
    bounded(&text)
}

/// One line of at most [`TEXT_MAX`] characters.
fn bounded(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let line = printable.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_text_is_one_bounded_line_without_secrets() {
        let body = b"{\r\n \"message\": \"token abc123 is \x1b[31mbad\" }\xff";
        assert_eq!(platform_text(body, &["abc123", ""]), "{ \"message\": \"token [hidden] is [31mbad\" }\u{fffd}");
        let long = platform_text("\u{e4}".repeat(1_000).as_bytes(), &[]);
        assert_eq!(long.chars().count(), TEXT_MAX + 3);
        assert_eq!(platform_text(b"", &[]), "");
    }

    #[test]
    fn an_error_names_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("sending failed")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("connection refused"));
        assert_eq!(causes(&error), "sending failed: connection refused");
    }
}
