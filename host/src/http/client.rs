//! Sending a request until it has an answer, three attempts are used up, or its deadline comes.
//!
//! Each attempt waits for its place in the rate limit and carries the token of that moment. Every request that goes
//! through here must be safe to repeat: an update is absolute, so sending it twice does no more than sending it once.
//! A 429 delays and is no failure; it also closes the rate limit for everyone else.

use std::sync::Arc;
use std::time::Duration;

use paced_core::reading::{Failure, FailureClass};
use paced_core::time::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Request, StatusCode};

use super::base_url::{BaseUrl, BaseUrlError};
use super::limiter::Limiter;
use super::oauth::{self, Credentials, CredentialsError, SCOPES};
use super::retry;
use super::secret::Secret;
use super::sent::{Kind, RequestsSent, Sent};
use super::token::{Token, TokenError, Tokens};
use super::transport::{Reply, Transport, TransportError, platform_text};
use crate::clock::Clock;

/// A client of one platform, with one token for all its requests.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    base: BaseUrl,
    tokens: Tokens,
    clock: Clock,
    sent: Arc<Sent>,
}

/// Why a client can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is unusable.
    #[error(transparent)]
    BaseUrl(#[from] BaseUrlError),
    /// The credentials are unusable.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// TLS can't be set up.
    #[error("setting up TLS (are the system's root certificates installed?)")]
    Tls(#[source] reqwest::Error),
}

/// What a request does, for its errors and for the count of requests.
#[derive(Debug)]
pub struct Operation {
    /// What is being done, as an error begins: "updating the campaign".
    pub name: &'static str,
    /// What it is counted as.
    pub kind: Kind,
    /// The verb.
    pub method: Method,
    /// The scope that it needs.
    pub scope: &'static str,
}

/// One request, that may take several attempts.
#[derive(Debug)]
pub struct Call<'a> {
    /// What it does.
    pub operation: &'static Operation,
    /// Path and query, percent-encoded.
    pub path: &'a str,
    /// The JSON to send, if any; never holds a secret, because it is logged when the platform refuses it.
    pub body: Option<&'a [u8]>,
    /// The rate limit that it counts against.
    pub limiter: &'a Limiter,
    /// Its place in that limit's queue: a lower number goes first.
    pub priority: u8,
    /// When all attempts end.
    pub deadline: Timestamp,
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It failed.
    #[error("{}", .0.message)]
    Failed(Failure),
    /// It was put off: 429, or no place in the rate limit.
    #[error("{0}")]
    Delayed(String),
    /// 404.
    #[error("{0}: not found (404)")]
    NotFound(&'static str),
    /// 405.
    #[error("{0}: not offered (405)")]
    NotOffered(&'static str),
}

/// What an attempt came to.
enum Verdict {
    /// Success.
    Answered(Reply),
    /// The token was not accepted.
    TokenRefused,
    /// It may go better next time, not before so long.
    Again { error: CallError, wait: Option<Duration>, close_limit: bool },
    /// It would come to the same again.
    Final(CallError),
}

impl Client {
    /// A client for the platform at `base_url`, each of whose exchanges ends within `timeout`, wall time.
    ///
    /// # Errors
    /// The address or the credentials are unusable, or TLS can't be set up.
    pub fn new(
        base_url: &str,
        client_id: &str,
        client_secret: &Secret,
        timeout: Duration,
        clock: Clock,
    ) -> Result<Self, ClientError> {
        let base = BaseUrl::parse(base_url)?;
        let credentials = Credentials::new(client_id, client_secret)?;
        let transport = Transport::new(&base, timeout, clock).map_err(ClientError::Tls)?;
        let sent = Arc::new(Sent::default());
        let fetch = Arc::new((transport.clone(), base.clone(), credentials, Arc::clone(&sent)));
        let tokens = Tokens::new(clock, move || {
            let fetch = Arc::clone(&fetch);
            Box::pin(async move {
                let (transport, base, credentials, sent) = &*fetch;
                sent.count(Kind::Token);
                oauth::request_token(transport, base, credentials).await
            })
        });
        Ok(Self { transport, base, tokens, clock, sent })
    }

    /// The requests that have been put on the wire so far.
    #[must_use]
    pub fn requests_sent(&self) -> RequestsSent {
        self.sent.so_far()
    }

    /// Sends a call, and gives the platform's answer, whose status says success.
    ///
    /// # Errors
    /// No attempt before the deadline had such an answer.
    pub async fn send(&self, call: &Call<'_>) -> Result<Reply, CallError> {
        let start_by = self.start_by(call.deadline);
        let mut failures = 0;
        let mut replayed = false;
        let mut last_error = None;
        loop {
            let token = match self.admit(call, start_by).await {
                Ok(token) => token,
                Err(refusal) => return Err(last_error.unwrap_or(refusal)),
            };
            match self.attempt(call, &token).await {
                Verdict::Answered(reply) => return Ok(reply),
                Verdict::Final(error) => return Err(error),
                Verdict::TokenRefused if replayed => return Err(call.failed(FailureClass::Unauthorized, UNAUTHORIZED)),
                Verdict::TokenRefused => {
                    replayed = true;
                    self.tokens.replace(&token, start_by).await.map_err(|error| call.no_token(&error))?;
                }
                Verdict::Again { error, wait, close_limit } => {
                    failures += 1;
                    let wait = wait.unwrap_or_default().max(retry::backoff(failures, fastrand::f64()));
                    let again_at = self.clock.now() + wait;
                    if close_limit {
                        // This call waits there too, with its own priority.
                        call.limiter.close_until(again_at);
                    }
                    if failures >= retry::ATTEMPTS || again_at > start_by {
                        return Err(error);
                    }
                    tracing::debug!(event = "request_retried", failures, wait_ms = wait.as_millis(), %error);
                    if !close_limit {
                        self.clock.sleep_until(again_at).await;
                    }
                    last_error = Some(error);
                }
            }
        }
    }

    /// When the last attempt starts, at the latest: a quarter of the time is kept for the exchange itself, so that a
    /// platform is not said to be slow that was asked too late.
    fn start_by(&self, deadline: Timestamp) -> Timestamp {
        deadline - deadline.since(self.clock.now()) / 4
    }

    /// Waits for a place in the rate limit, and gives the token to use.
    async fn admit(&self, call: &Call<'_>, start_by: Timestamp) -> Result<Token, CallError> {
        // Without a token no place is taken; while waiting for the place the token may have been replaced.
        self.tokens.get(start_by).await.map_err(|error| call.no_token(&error))?;
        call.limiter
            .acquire(call.priority, start_by)
            .await
            .map_err(|refusal| CallError::Delayed(format!("{}: {refusal}", call.operation.name)))?;
        self.tokens.get(start_by).await.map_err(|error| call.no_token(&error))
    }

    async fn attempt(&self, call: &Call<'_>, token: &Token) -> Verdict {
        let request = match self.build(call, token) {
            Ok(request) => request,
            Err(error) => return Verdict::Final(call.failed(FailureClass::Refused, &error.to_string())),
        };
        self.sent.count(call.operation.kind);
        let until = self.clock.instant(call.deadline);
        match tokio::time::timeout_at(until, self.transport.exchange(request)).await {
            Err(_) => Verdict::Final(call.failed(FailureClass::Timeout, "no answer before the cycle's deadline")),
            Ok(Err(error)) => call.judge_failure(&error),
            Ok(Ok(reply)) => call.judge(reply, token),
        }
    }

    fn build(&self, call: &Call<'_>, token: &Token) -> Result<Request, reqwest::Error> {
        let mut request = self
            .transport
            .http()
            .request(call.operation.method.clone(), self.base.join(call.path))
            .header(AUTHORIZATION, oauth::hidden_header("Bearer", token.secret()))
            .header(ACCEPT, "application/json");
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        request.build()
    }
}

const UNAUTHORIZED: &str = "401 also with a fresh token: is the client still allowed to use this API?";

impl Call<'_> {
    fn failed(&self, class: FailureClass, what: &str) -> CallError {
        CallError::Failed(Failure { class, message: format!("{}: {what}", self.operation.name) })
    }

    fn no_token(&self, error: &TokenError) -> CallError {
        match error {
            TokenError::TooMany { .. } => CallError::Delayed(format!("{}: {error}", self.operation.name)),
            TokenError::Refused(_) | TokenError::Unavailable(_) => {
                self.failed(FailureClass::Token, &format!("no access token: {error}"))
            }
        }
    }

    fn judge_failure(&self, error: &TransportError) -> Verdict {
        let class = match error {
            TransportError::Network(_) => FailureClass::Network,
            TransportError::Timeout(_) => FailureClass::Timeout,
            TransportError::TooLarge => {
                return Verdict::Final(self.failed(FailureClass::Malformed, &error.to_string()));
            }
        };
        Verdict::Again { error: self.failed(class, &error.to_string()), wait: None, close_limit: false }
    }

    fn judge(&self, reply: Reply, token: &Token) -> Verdict {
        let said = || platform_text(&reply.body, &[token.secret().expose()]);
        let again = |error, close_limit| Verdict::Again { error, wait: reply.retry_after, close_limit };
        let status = reply.status.as_u16();
        match reply.status {
            success if success.is_success() => Verdict::Answered(reply),
            StatusCode::UNAUTHORIZED => Verdict::TokenRefused,
            StatusCode::FORBIDDEN => {
                let missing = missing_rights(self.operation.scope, token.scope());
                Verdict::Final(self.failed(FailureClass::Forbidden, &format!("403, {missing}: {}", said())))
            }
            StatusCode::NOT_FOUND => Verdict::Final(CallError::NotFound(self.operation.name)),
            StatusCode::METHOD_NOT_ALLOWED => Verdict::Final(CallError::NotOffered(self.operation.name)),
            StatusCode::TOO_MANY_REQUESTS => {
                let text = format!("{}: 429, too many requests: {}", self.operation.name, said());
                again(CallError::Delayed(text), true)
            }
            StatusCode::REQUEST_TIMEOUT => again(self.failed(FailureClass::Timeout, "408, request timeout"), false),
            error if error.is_server_error() => {
                again(self.failed(FailureClass::Server, &format!("{status}: {}", said())), false)
            }
            error if error.is_client_error() => {
                self.log_refusal(status, &said());
                Verdict::Final(self.failed(FailureClass::Refused, &format!("refused with {status}: {}", said())))
            }
            _ => Verdict::Final(self.failed(
                FailureClass::Malformed,
                &format!("answered {status}, which is no answer (redirects are refused, so that no token leaves)"),
            )),
        }
    }

    fn log_refusal(&self, status: u16, said: &str) {
        tracing::warn!(
            event = "request_refused",
            operation = self.operation.name,
            status,
            path = self.path,
            payload = %String::from_utf8_lossy(self.body.unwrap_or_default()),
            platform_message = said,
            "the platform refused a request"
        );
    }
}

/// What an operator must change after a 403.
fn missing_rights(scope: &str, granted: Option<&str>) -> String {
    match granted {
        Some(granted) if !granted.split_whitespace().any(|word| word == scope) => {
            format!("the client lacks the scope {scope} (it has: {granted})")
        }
        Some(_) => format!("the client has the scope {scope}, so its role lacks the right"),
        None => {
            format!("the client lacks the scope {scope} (paced asks for: {}) or its role the right", SCOPES.join(" "))
        }
    }
}

#[cfg(test)]
mod tests;
