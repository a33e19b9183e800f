use super::super::fake::{Answer, Fake, answer};
use super::super::transport::BODY_MAX;
use super::*;

/// Platform time runs so fast that no backoff is felt: a deadline of 1,000 s is 10 s of the wall.
const SCALE: f64 = 100.0;
static OPERATION: Operation =
    Operation { name: "updating the campaign", kind: Kind::Update, method: Method::PUT, scope: "campaigns:write" };

struct Bench {
    fake: Fake,
    client: Client,
    limiter: Limiter,
    clock: Clock,
}

impl Bench {
    fn new(fake: Fake) -> Self {
        Self::with(fake, Duration::from_secs(5), SCALE)
    }

    fn with(fake: Fake, timeout: Duration, scale: f64) -> Self {
        let clock = Clock::start(scale);
        let client = Client::new(&fake.url, "id", &Secret::new("hunter2"), timeout, clock).unwrap();
        Self { fake, client, limiter: Limiter::new("test", 60_000, 5, clock), clock }
    }

    /// Answers by `script` in turn; more requests than that would fail the test.
    async fn scripted(script: impl IntoIterator<Item = Answer>) -> Self {
        let mut script = script.into_iter().collect::<Vec<_>>().into_iter();
        Self::new(Fake::start(move |_| script.next().unwrap_or_else(|| answer(418, "unexpected"))).await)
    }

    async fn send(&self) -> Result<Reply, CallError> {
        self.send_within(1_000).await
    }

    async fn send_within(&self, seconds: u64) -> Result<Reply, CallError> {
        let deadline = self.clock.now() + Duration::from_secs(seconds);
        let body = Some(b"{\"id\":\"1\"}".as_slice());
        let (operation, limiter) = (&OPERATION, &self.limiter);
        self.client.send(&Call { operation, path: "/x?y=1", body, limiter, priority: 0, deadline }).await
    }

    fn class(error: &CallError) -> FailureClass {
        match error {
            CallError::Failed(failure) => failure.class,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn sends_what_the_api_asks_for() {
    let bench = Bench::scripted([answer(200, "{}")]).await;
    assert_eq!(bench.send().await.unwrap().body, b"{}");
    let all = bench.fake.all_seen().clone();
    let [token, put] = &all[..] else { panic!("{all:?}") };
    assert_eq!((token.method.as_str(), token.target.as_str()), ("POST", "/api/v2/oauth/token"));
    assert_eq!(token.header("authorization"), Some("Basic aWQ6aHVudGVyMg=="));
    assert_eq!(token.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(token.header("accept"), Some("application/json"));
    let form = "grant_type=client_credentials&scope=campaigns%3Aread+campaigns%3Awrite+analytics%3Aread";
    assert_eq!(token.body, form);
    assert_eq!((put.method.as_str(), put.target.as_str(), put.body.as_str()), ("PUT", "/x?y=1", "{\"id\":\"1\"}"));
    assert_eq!(put.header("authorization"), Some("Bearer token-1"));
    assert_eq!(put.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn connections_are_reused() {
    let bench = Bench::new(Fake::start(|_| answer(200, "{}")).await);
    for _ in 0..10 {
        bench.send().await.unwrap();
    }
    assert_eq!(bench.fake.connections(), 1);
    assert_eq!(bench.client.requests_sent(), RequestsSent { token: 1, update: 10, ..RequestsSent::default() });
}

#[tokio::test]
async fn a_passing_fault_is_tried_again() {
    let cut_off = "HTTP/1.1 200 X\r\ncontent-length: 50\r\n\r\n{".to_owned();
    let faults = [
        answer(500, "oops"),
        answer(503, "oops").with("retry-after", "2"),
        answer(408, ""),
        answer(429, "slow down"),
        Answer::Raw(String::new()),
        Answer::Raw(cut_off),
    ];
    for fault in faults {
        let bench = Bench::scripted([fault.clone(), fault.clone(), answer(200, "{}")]).await;
        assert!(bench.send().await.is_ok(), "{fault:?}");
        assert_eq!(bench.fake.seen().len(), 3);
    }
}

#[tokio::test]
async fn three_attempts_are_the_most() {
    let bench = Bench::scripted(vec![answer(502, "<html>bad gateway</html>"); 3]).await;
    let error = bench.send().await.unwrap_err();
    assert_eq!(Bench::class(&error), FailureClass::Server);
    assert_eq!(error.to_string(), "updating the campaign: 502: <html>bad gateway</html>");
    assert_eq!(bench.fake.seen().len(), 3);
}

#[tokio::test]
async fn a_hung_platform_times_out_three_times() {
    let bench = Bench::with(Fake::start(|_| Answer::Hang).await, Duration::from_millis(300), SCALE);
    let error = bench.send().await.unwrap_err();
    assert_eq!(Bench::class(&error), FailureClass::Timeout);
    assert_eq!(error.to_string(), "updating the campaign: no answer within 300ms");
    assert_eq!(bench.fake.seen().len(), 3);
}

#[tokio::test]
async fn the_deadline_ends_a_hung_exchange() {
    let bench = Bench::with(Fake::start(|_| Answer::Hang).await, Duration::from_secs(600), SCALE);
    let error = bench.send_within(100).await.unwrap_err();
    assert_eq!(Bench::class(&error), FailureClass::Timeout);
    assert_eq!(bench.fake.seen().len(), 1);
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_a_network_failure() {
    let mut bench = Bench::scripted([answer(200, "{}")]).await;
    bench.send().await.unwrap();
    let free_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    bench.client.base = BaseUrl::parse(&format!("http://{free_port}")).unwrap();
    assert_eq!(Bench::class(&bench.send().await.unwrap_err()), FailureClass::Network);
}

#[tokio::test]
async fn too_many_requests_delay_and_close_the_limit_for_others() {
    let fake = Fake::start(|_| answer(429, "").with("retry-after", "60")).await;
    let bench = Bench::with(fake, Duration::from_secs(5), 10.0);
    let start = bench.clock.now();
    let error = bench.send_within(70).await.unwrap_err();
    assert!(matches!(error, CallError::Delayed(_)), "{error:?}");
    assert_eq!(bench.fake.seen().len(), 1, "Retry-After lies beyond the last start");
    let refused = bench.limiter.acquire(0, start + Duration::from_secs(59)).await;
    assert!(refused.is_err(), "the limit is closed for everyone");
}

#[tokio::test]
async fn too_many_requests_to_the_end_are_a_delay() {
    let bench = Bench::scripted(vec![answer(429, ""); 3]).await;
    assert!(matches!(bench.send().await.unwrap_err(), CallError::Delayed(_)));
    assert_eq!(bench.fake.seen().len(), 3);
}

#[tokio::test]
async fn retry_after_as_a_date_is_compared_with_the_platforms_clock() {
    let limited = answer(429, "")
        .with("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with("retry-after", "Sun, 06 Nov 1994 08:50:17 GMT");
    let bench = Bench::scripted([limited, answer(200, "{}")]).await;
    let start = bench.clock.now();
    bench.send().await.unwrap();
    assert!(bench.clock.now() >= start + Duration::from_secs(40));
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_request_replayed_once() {
    let bench = Bench::scripted([answer(200, ""), answer(401, ""), answer(200, "")]).await;
    bench.send().await.unwrap();
    bench.send().await.unwrap();
    let bearers = bench.fake.seen().into_iter().map(|seen| seen.header("authorization").unwrap().to_owned());
    assert_eq!(bearers.collect::<Vec<_>>(), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_is_a_failure() {
    let bench = Bench::scripted(vec![answer(401, ""); 2]).await;
    assert_eq!(Bench::class(&bench.send().await.unwrap_err()), FailureClass::Unauthorized);
    assert_eq!(bench.client.requests_sent().token, 2);
}

#[tokio::test]
async fn a_refused_client_is_a_token_failure_without_its_secret() {
    let echo = "client id:hunter2 (aWQ6aHVudGVyMg==) is unknown";
    let bench = Bench::new(Fake::without_tokens(move |_| answer(401, echo)).await);
    let error = bench.send().await.unwrap_err();
    assert_eq!(Bench::class(&error), FailureClass::Token);
    let text = format!("{error} {error:?} {:?}", bench.client);
    assert!(text.contains("client id:[hidden] ([hidden]) is unknown"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("aWQ6"), "{text}");
}

#[tokio::test]
async fn a_platform_that_echoes_the_token_does_not_get_it_into_an_error() {
    let bench = Bench::scripted([answer(400, "bad token-1")]).await;
    assert!(bench.send().await.unwrap_err().to_string().ends_with("refused with 400: bad [hidden]"));
}

#[tokio::test]
async fn each_status_has_its_class() {
    for (status, class) in [
        (400, FailureClass::Refused),
        (403, FailureClass::Forbidden),
        (409, FailureClass::Refused),
        (302, FailureClass::Malformed),
    ] {
        let bench = Bench::scripted([answer(status, "").with("location", "http://127.0.0.1:9/")]).await;
        assert_eq!(Bench::class(&bench.send().await.unwrap_err()), class, "{status}");
    }
    let error = |status| async move { Bench::scripted([answer(status, "")]).await.send().await.unwrap_err() };
    assert_eq!(error(404).await, CallError::NotFound(OPERATION.name));
    assert_eq!(error(405).await, CallError::NotOffered(OPERATION.name));
}

#[test]
fn a_403_says_what_is_missing() {
    let asked = "campaigns:write";
    assert!(missing_rights(asked, Some("campaigns:read")).contains("lacks the scope campaigns:write"));
    assert!(missing_rights(asked, Some("campaigns:read campaigns:write")).contains("role lacks the right"));
    assert!(missing_rights(asked, None).contains("campaigns:write"));
}

#[tokio::test]
async fn an_oversized_answer_is_refused() {
    let declared = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", BODY_MAX + 1);
    let streamed = format!("HTTP/1.1 200 X\r\nconnection: close\r\n\r\n{}", "x".repeat(BODY_MAX + 1));
    for oversized in [declared, streamed] {
        let bench = Bench::scripted([Answer::Raw(oversized)]).await;
        assert_eq!(Bench::class(&bench.send().await.unwrap_err()), FailureClass::Malformed);
    }
}

#[test]
fn plain_http_is_refused_off_loopback() {
    let timeout = Duration::from_secs(1);
    let client = Client::new("http://example.com", "id", &Secret::new("s"), timeout, Clock::start(1.0));
    assert!(matches!(client, Err(ClientError::BaseUrl(BaseUrlError::Insecure { .. }))));
}
