//! The access token: one for all callers, renewed ahead of its expiry, one request at a time.
//!
//! A renewal runs in a task of its own, so that a caller whose deadline ends does not end it for the others, and so that
//! nobody waits while the token in hand is still good. A failed renewal leaves that token in use until it expires.
//! Failures back off together, so that however many campaigns ask, the token endpoint sees a few requests a minute.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paced_core::time::Timestamp;
use tokio::sync::watch;

use super::retry;
use super::secret::Secret;
use crate::clock::Clock;

/// A token is renewed this long before it expires, or a fifth of its life if that is less.
const AHEAD_MAX: Duration = Duration::from_secs(60);
/// After a refusal the endpoint is left alone for this long: what is wrong will not change by itself, and identity
/// providers lock clients out that keep trying.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);

/// A token as the platform granted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token.
    pub access_token: Secret,
    /// How long it is good for, above zero.
    pub life: Duration,
    /// The scopes that the platform says it has, where it does.
    pub scope: Option<String>,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The platform refused the client (4xx): an operator must act.
    #[error("the platform refused the client: {0}")]
    Refused(String),
    /// The platform asked to be left alone (429).
    #[error("the token endpoint answered 429, too many requests")]
    TooMany {
        /// For how long, where it said.
        retry_after: Option<Duration>,
    },
    /// Anything else: no connection, no answer in time, a server error, an answer without a token.
    #[error("{0}")]
    Unavailable(String),
}

/// A token in use. Clones are the same token.
#[derive(Clone, Debug)]
pub struct Token {
    number: u64,
    grant: Arc<Grant>,
    renew_at: Timestamp,
    expires_at: Timestamp,
}

impl Token {
    /// The token itself, for the wire only.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.grant.access_token
    }

    /// The scopes that the platform says it has, where it does.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.grant.scope.as_deref()
    }
}

/// A request for a token in progress.
pub type Fetching = Pin<Box<dyn Future<Output = Result<Grant, TokenError>> + Send>>;

/// The source of tokens that all requests share.
#[derive(Clone, Debug)]
pub struct Tokens(Arc<Shared>);

struct Shared {
    fetch: Box<dyn Fn() -> Fetching + Send + Sync>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Token>,
    issued: u64,
    /// Open as long as a request for a token is in progress.
    renewal: Option<watch::Receiver<()>>,
    trouble: Option<Trouble>,
}

/// What went wrong since the last token came.
#[derive(Clone, Debug)]
struct Trouble {
    error: TokenError,
    failures: u32,
    retry_at: Timestamp,
}

/// What a caller does next.
enum Step {
    /// Use this token.
    Use(Token),
    /// Wait for the end of a renewal.
    Await(watch::Receiver<()>),
    /// Wait until the endpoint may be asked again, unless that is too late or this error is final.
    Pause(Timestamp, TokenError),
    /// Give up.
    Fail(TokenError),
}

impl Tokens {
    /// Tokens from `fetch`, which ends by a timeout of its own.
    pub fn new(clock: Clock, fetch: impl Fn() -> Fetching + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { fetch: Box::new(fetch), clock, state: Mutex::default() }))
    }

    /// The token in use, or a new one if that is not good any more.
    ///
    /// # Errors
    /// None can be had before `deadline`.
    pub async fn get(&self, deadline: Timestamp) -> Result<Token, TokenError> {
        let until = self.0.clock.instant(deadline);
        let mut awaited = 0;
        loop {
            match self.step(awaited) {
                Step::Use(token) => return Ok(token),
                Step::Fail(error) => return Err(error),
                Step::Pause(at, error) if at > deadline => return Err(error),
                Step::Pause(at, _) => self.0.clock.sleep_until(at).await,
                Step::Await(mut renewal) => {
                    awaited += 1;
                    // It never sends: that the sender is gone is the news.
                    if tokio::time::timeout_at(until, renewal.changed()).await.is_err() {
                        return Err(TokenError::Unavailable("no token before the deadline".to_owned()));
                    }
                }
            }
        }
    }

    /// A token other than `refused`, which the platform does not accept any more. Where another caller has got a new one
    /// meanwhile, that is it.
    ///
    /// # Errors
    /// None can be had before `deadline`.
    pub async fn replace(&self, refused: &Token, deadline: Timestamp) -> Result<Token, TokenError> {
        self.0.lock().held.take_if(|held| held.number == refused.number);
        self.get(deadline).await
    }

    /// What a caller does that has awaited so many renewals already.
    fn step(&self, awaited: u32) -> Step {
        let mut state = self.0.lock();
        let now = self.0.clock.now();
        let may_ask = state.trouble.as_ref().is_none_or(|trouble| now >= trouble.retry_at);
        if let Some(token) = state.held.clone().filter(|token| now < token.expires_at) {
            if now >= token.renew_at && may_ask {
                self.renewal(&mut state);
            }
            return Step::Use(token);
        }
        let Some(Trouble { error, retry_at, .. }) = state.trouble.clone() else {
            return match awaited {
                retry::ATTEMPTS.. => Step::Fail(TokenError::Unavailable("tokens end as soon as they come".to_owned())),
                _ => Step::Await(self.renewal(&mut state)),
            };
        };
        if awaited >= retry::ATTEMPTS {
            Step::Fail(error)
        } else if may_ask || state.is_renewing() {
            Step::Await(self.renewal(&mut state))
        } else if matches!(error, TokenError::Refused(_)) {
            Step::Fail(error)
        } else {
            Step::Pause(retry_at, error)
        }
    }

    /// The renewal in progress, or a new one.
    fn renewal(&self, state: &mut State) -> watch::Receiver<()> {
        if let Some(renewal) = state.renewal.clone().filter(|_| state.is_renewing()) {
            return renewal;
        }
        let (done, renewal) = watch::channel(());
        state.renewal = Some(renewal.clone());
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            let asked_at = shared.clock.now();
            let result = (shared.fetch)().await;
            shared.settle(asked_at, result);
            drop(done);
        });
        renewal
    }
}

impl Shared {
    fn settle(&self, asked_at: Timestamp, result: Result<Grant, TokenError>) {
        let mut state = self.lock();
        match result {
            Ok(grant) => state.accept(asked_at, grant),
            Err(error) => {
                let trouble = Trouble::after(state.trouble.as_ref(), error, self.clock.now(), fastrand::f64());
                tracing::warn!(
                    event = "token_request_failed",
                    error = %trouble.error,
                    failures = trouble.failures,
                    retry_in_s = trouble.retry_at.since(self.clock.now()).as_secs_f64(),
                    still_valid = state.held.as_ref().is_some_and(|held| self.clock.now() < held.expires_at),
                    "no new access token"
                );
                state.trouble = Some(trouble);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_renewing(&self) -> bool {
        self.renewal.as_ref().is_some_and(|renewal| renewal.has_changed().is_ok())
    }

    fn accept(&mut self, asked_at: Timestamp, grant: Grant) {
        self.issued += 1;
        self.trouble = None;
        let expires_at = asked_at + grant.life;
        let renew_at = expires_at - AHEAD_MAX.min(grant.life / 5);
        self.held = Some(Token { number: self.issued, grant: Arc::new(grant), renew_at, expires_at });
    }
}

impl Trouble {
    fn after(before: Option<&Self>, error: TokenError, now: Timestamp, chance: f64) -> Self {
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let backoff = retry::backoff(failures, chance);
        let pause = match &error {
            TokenError::Refused(_) => REFUSED_PAUSE,
            TokenError::TooMany { retry_after } => retry_after.unwrap_or_default().max(backoff),
            TokenError::Unavailable(_) => backoff,
        };
        Self { error, failures, retry_at: now + pause }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
