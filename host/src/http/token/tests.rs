use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A token endpoint that takes a second for each answer, and gives these in turn; the last one for ever.
struct Endpoint {
    clock: Clock,
    answers: Mutex<VecDeque<Result<u64, TokenError>>>,
    asked: AtomicU32,
}

impl Endpoint {
    /// Answers are the lives of tokens in seconds, or errors.
    fn tokens(answers: impl IntoIterator<Item = Result<u64, TokenError>>) -> (Arc<Self>, Tokens) {
        let endpoint = Arc::new(Self {
            clock: Clock::start(1.0),
            answers: Mutex::new(answers.into_iter().collect()),
            asked: AtomicU32::new(0),
        });
        let source = Arc::clone(&endpoint);
        let tokens = Tokens::new(endpoint.clock, move || {
            let source = Arc::clone(&source);
            Box::pin(async move { source.answer().await })
        });
        (endpoint, tokens)
    }

    async fn answer(&self) -> Result<Grant, TokenError> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        answer.map(|life| Grant {
            access_token: Secret::new(format!("token {number}")),
            life: Duration::from_secs(life),
            scope: None,
        })
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A deadline so many seconds ahead.
    fn within(&self, seconds: u64) -> Timestamp {
        self.clock.now() + Duration::from_secs(seconds)
    }
}

fn down() -> Result<u64, TokenError> {
    Err(TokenError::Unavailable("500".to_owned()))
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn text(token: &Token) -> &str {
    token.secret().expose()
}

#[tokio::test(start_paused = true)]
async fn callers_share_one_request() {
    let (endpoint, tokens) = Endpoint::tokens([Ok(3_600)]);
    let callers = (0..50).map(|_| {
        let (tokens, deadline) = (tokens.clone(), endpoint.within(10));
        tokio::spawn(async move { text(&tokens.get(deadline).await.unwrap()).to_owned() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), "token 1");
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn renews_ahead_of_expiry_while_nobody_waits() {
    for (life, renewed_after) in [(3_600, 3_540), (100, 80)] {
        let (endpoint, tokens) = Endpoint::tokens([Ok(life)]);
        tokens.get(endpoint.within(10)).await.unwrap();
        pass(renewed_after - 2).await;
        assert_eq!(text(&tokens.get(endpoint.within(10)).await.unwrap()), "token 1");
        assert_eq!(endpoint.asked(), 1, "not yet");
        pass(2).await;
        let before = endpoint.clock.now();
        assert_eq!(text(&tokens.get(endpoint.within(10)).await.unwrap()), "token 1", "still good");
        assert_eq!(endpoint.clock.now(), before, "nobody waits");
        pass(2).await;
        assert_eq!(text(&tokens.get(endpoint.within(10)).await.unwrap()), "token 2");
        assert_eq!(endpoint.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_survives_failing_renewals_which_back_off() {
    let (endpoint, tokens) = Endpoint::tokens([Ok(300), down()]);
    tokens.get(endpoint.within(10)).await.unwrap();
    pass(240).await;
    for _ in 0..580 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(text(&tokens.get(endpoint.within(10)).await.unwrap()), "token 1");
    }
    assert!(endpoint.asked() >= 3, "it goes on trying");
    assert!(endpoint.asked() <= 40, "{} requests in 58 s do not back off", endpoint.asked());
    pass(10).await;
    assert!(matches!(tokens.get(endpoint.within(10)).await, Err(TokenError::Unavailable(_))), "it has expired");
}

#[tokio::test(start_paused = true)]
async fn a_call_asks_at_most_three_times() {
    let (endpoint, tokens) = Endpoint::tokens([down()]);
    assert_eq!(tokens.get(endpoint.within(600)).await.unwrap_err(), down().unwrap_err());
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_before_the_deadline() {
    let (endpoint, tokens) = Endpoint::tokens([down(), down(), Ok(3_600)]);
    assert_eq!(text(&tokens.get(endpoint.within(30)).await.unwrap()), "token 3");
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_does_not_hammer_the_endpoint() {
    let refused = TokenError::Refused("invalid_client".to_owned());
    let (endpoint, tokens) = Endpoint::tokens([Err(refused.clone())]);
    for _ in 0..20 {
        assert_eq!(tokens.get(endpoint.within(45)).await.unwrap_err(), refused);
    }
    assert_eq!(endpoint.asked(), 1);
    pass(30).await;
    assert_eq!(tokens.get(endpoint.within(45)).await.unwrap_err(), refused);
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_the_token_endpoint_is_honoured() {
    let retry_after = Some(Duration::from_secs(20));
    let (endpoint, tokens) = Endpoint::tokens([Err(TokenError::TooMany { retry_after }), Ok(3_600)]);
    let start = endpoint.clock.now();
    assert_eq!(tokens.get(endpoint.within(10)).await.unwrap_err(), TokenError::TooMany { retry_after });
    tokens.get(endpoint.within(30)).await.unwrap();
    assert_eq!(endpoint.clock.now().since(start), Duration::from_secs(22));
}

#[tokio::test(start_paused = true)]
async fn a_hung_endpoint_costs_a_caller_no_more_than_its_deadline() {
    let clock = Clock::start(1.0);
    let tokens = Tokens::new(clock, || Box::pin(std::future::pending()));
    let start = clock.now();
    assert!(tokens.get(start + Duration::from_secs(7)).await.is_err());
    assert_eq!(clock.now().since(start), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_does_not_end_the_request_for_others() {
    let (endpoint, tokens) = Endpoint::tokens([Ok(3_600)]);
    let hasty = tokio::spawn({
        let (tokens, deadline) = (tokens.clone(), endpoint.within(10));
        async move { tokens.get(deadline).await }
    });
    tokio::task::yield_now().await;
    hasty.abort();
    tokens.get(endpoint.within(10)).await.unwrap();
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_for_all_callers() {
    let (endpoint, tokens) = Endpoint::tokens([Ok(3_600)]);
    let old = tokens.get(endpoint.within(10)).await.unwrap();
    let callers = (0..10).map(|_| {
        let (tokens, old, deadline) = (tokens.clone(), old.clone(), endpoint.within(10));
        tokio::spawn(async move { text(&tokens.replace(&old, deadline).await.unwrap()).to_owned() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), "token 2");
    }
    assert_eq!(text(&tokens.replace(&old, endpoint.within(10)).await.unwrap()), "token 2", "already replaced");
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn debug_output_shows_no_token() {
    let (endpoint, tokens) = Endpoint::tokens([Ok(3_600)]);
    let token = tokens.get(endpoint.within(10)).await.unwrap();
    assert!(!format!("{tokens:?} {token:?}").contains("token 1"));
}
