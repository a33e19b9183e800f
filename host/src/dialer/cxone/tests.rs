use paced_core::ratio::DialRatio;
use paced_core::reading::Status;
use serde_json::{Value, json};

use super::*;
use crate::http::fake::{self, Fake, Seen, answer};

fn config(url: &str) -> CxoneConfig {
    CxoneConfig {
        base_url: url.to_owned(),
        client_id: "id".to_owned(),
        client_secret: Secret::new("hunter2"),
        analytics_per_minute: 60_000,
        updates_per_minute: 60_000,
        request_timeout: Duration::from_secs(5),
        poll_interval: Duration::from_secs(15),
    }
}

struct Bench {
    fake: Fake,
    cxone: Cxone,
    clock: Clock,
}

impl Bench {
    /// Platform time runs so fast that no backoff is felt.
    async fn new(handler: impl FnMut(&Seen) -> fake::Answer + Send + 'static) -> Self {
        Self::at_scale(100.0, handler).await
    }

    async fn at_scale(time_scale: f64, handler: impl FnMut(&Seen) -> fake::Answer + Send + 'static) -> Self {
        let fake = Fake::start(handler).await;
        let clock = Clock::start(time_scale);
        Self { cxone: Cxone::new(&config(&fake.url), clock).unwrap(), fake, clock }
    }

    fn deadline(&self) -> Timestamp {
        self.clock.now() + Duration::from_secs(1_000)
    }

    async fn observe(&self, campaigns: &[&str]) -> HashMap<String, Observation> {
        let campaigns = campaigns.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        self.cxone.observe(&campaigns, self.deadline()).await
    }

    async fn read_back(&self, campaign: &str) -> Result<Setting, RequestError> {
        self.cxone.read_back(campaign, Urgency::Read, self.deadline()).await
    }

    async fn update(&self, campaign: &str) -> Result<Option<Setting>, RequestError> {
        let setting = Setting { ratio: DialRatio::ONE, status: Status::Active };
        let campaign = campaign.to_owned();
        let update = Update { campaign, setting, max_concurrent_calls: 100, urgency: Urgency::Raise };
        self.cxone.update(&update, self.deadline()).await
    }
}

/// An entity that counts up to now.
fn entity(campaign: &str, offered: u32) -> Value {
    json!({
        "campaignId": campaign, "dateTo": dates::write(Clock::start(1.0).now()), "callsOffered": offered,
        "callsAnswered": 0, "callsAbandoned": 0, "agentsAvailable": 1, "agentsBusy": 1
    })
}

fn failure_class(observation: &Observation) -> FailureClass {
    match observation {
        Observation::Failed(failure) => failure.class,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_query_gives_each_campaign_its_observation() {
    let bench = Bench::new(|_| answer(200, json!({"entities": [entity("a", 5), entity("x", 6)]}).to_string())).await;
    let observations = bench.observe(&["a", "b"]).await;
    assert!(matches!(&observations["a"], Observation::Reports { reports, .. } if reports[0].offered == 5));
    assert_eq!(observations["b"], Observation::Quiet);
    assert_eq!(observations.len(), 2);
    let seen = bench.fake.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].target.as_str()),
        ("POST", "/api/v2/analytics/campaigns/details/query")
    );
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body["queryFilter"]["predicates"][1]["value"], "b");
    let reach = dates::read(body["dateTo"].as_str().unwrap())
        .unwrap()
        .since(dates::read(body["dateFrom"].as_str().unwrap()).unwrap());
    assert!((600..=900).contains(&reach.as_secs()), "ten minutes, aligned to a bucket");
    assert_eq!(bench.cxone.requests_sent(), RequestsSent { token: 1, query: 1, ..RequestsSent::default() });
}

#[tokio::test]
async fn nothing_is_asked_about_nobody() {
    let bench = Bench::new(|_| answer(500, "")).await;
    assert!(bench.observe(&[]).await.is_empty());
    assert!(bench.fake.all_seen().is_empty());
}

#[tokio::test]
async fn pages_are_followed_with_the_same_body() {
    let bench = Bench::new(|seen| {
        let (offered, next) = match seen.target.split_once("nextPage=") {
            None => (1, json!("a/b c")),
            Some(("/api/v2/analytics/campaigns/details/query?", "a%2Fb%20c")) => (2, Value::Null),
            Some(_) => return answer(404, ""),
        };
        let id = if offered == 1 { "a" } else { "b" };
        answer(200, json!({"entities": [entity(id, offered)], "nextPage": next}).to_string())
    })
    .await;
    let observations = bench.observe(&["a", "b"]).await;
    assert!(observations.values().all(|found| matches!(found, Observation::Reports { .. })), "{observations:?}");
    let seen = bench.fake.seen();
    assert_eq!((seen.len(), &seen[0].body), (2, &seen[1].body));
}

#[tokio::test]
async fn pages_without_an_end_are_malformed() {
    let mut page = 0;
    let endless = Bench::new(move |_| {
        page += 1;
        answer(200, json!({"entities": [], "nextPage": page}).to_string())
    });
    let endless = endless.await;
    assert_eq!(failure_class(&endless.observe(&["a"]).await["a"]), FailureClass::Malformed);
    assert_eq!(endless.fake.seen().len(), PAGES_MAX);
    let circle = Bench::new(|_| answer(200, json!({"entities": [], "nextPage": "again"}).to_string())).await;
    assert_eq!(failure_class(&circle.observe(&["a"]).await["a"]), FailureClass::Malformed);
    assert_eq!(circle.fake.seen().len(), 2);
}

#[tokio::test]
async fn what_goes_wrong_with_a_query_concerns_all_its_campaigns() {
    for (status, body, class) in [
        (200, "<html>", FailureClass::Malformed),
        (200, "{}", FailureClass::Malformed),
        (204, "", FailureClass::Malformed),
        (400, "", FailureClass::Refused),
        (401, "", FailureClass::Unauthorized),
        (403, "", FailureClass::Forbidden),
        (404, "", FailureClass::Malformed),
        (500, "", FailureClass::Server),
    ] {
        let bench = Bench::new(move |_| answer(status, body)).await;
        let observations = bench.observe(&["a", "b"]).await;
        assert_eq!(failure_class(&observations["a"]), class, "{status}");
        assert_eq!(failure_class(&observations["b"]), class, "{status}");
    }
    let limited = Bench::new(|_| answer(429, "")).await;
    assert!(matches!(limited.observe(&["a"]).await["a"], Observation::Delayed(_)));
}

#[tokio::test]
async fn an_update_gives_what_the_platform_says_that_it_set() {
    let set = r#"{"id": "a/1", "pacing": {"dialRatio": 1.5, "maxConcurrentCalls": 150}, "status": "paused"}"#;
    for (status, body, expected) in [
        (200, set, Some(Setting { ratio: DialRatio::new(1.5).unwrap(), status: Status::Paused })),
        (200, "{}", None),
        (204, "", None),
    ] {
        let bench = Bench::new(move |_| answer(status, body)).await;
        assert_eq!(bench.update("a/1").await, Ok(expected));
        let seen = bench.fake.seen();
        assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("PUT", "/api/v2/campaigns/a%2F1"));
        let sent = r#"{"id":"a/1","pacing":{"dialRatio":1.0,"maxConcurrentCalls":100},"status":"active"}"#;
        assert_eq!(seen[0].body, sent);
    }
}

#[tokio::test]
async fn a_campaign_is_read_back() {
    let set = r#"{"id": "a", "pacing": {"dialRatio": 1.5, "maxConcurrentCalls": 150}, "status": "active"}"#;
    let bench = Bench::new(move |_| answer(200, set)).await;
    let setting = Setting { ratio: DialRatio::new(1.5).unwrap(), status: Status::Active };
    assert_eq!(bench.read_back("a").await, Ok(setting));
    let seen = bench.fake.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("GET", "/api/v2/campaigns/a"));
    let malformed = Bench::new(|_| answer(200, r#"{"id": "a", "status": "active"}"#)).await;
    let error = malformed.read_back("a").await.unwrap_err();
    assert!(matches!(&error, RequestError::Failed(failure) if failure.class == FailureClass::Malformed), "{error:?}");
}

#[tokio::test]
async fn what_a_campaign_cannot_do_is_told_apart_from_failing() {
    for (status, expected) in [(404, RequestError::Unknown), (405, RequestError::Unsupported)] {
        let bench = Bench::new(move |_| answer(status, "")).await;
        assert_eq!(bench.read_back("a").await, Err(expected.clone()));
        assert_eq!(bench.update("a").await, Err(expected));
    }
    let limited = Bench::new(|_| answer(429, "")).await;
    assert!(matches!(limited.update("a").await, Err(RequestError::Delayed(_))));
    let refused = Bench::new(|_| answer(400, "maxConcurrentCalls must be positive")).await;
    let error = refused.update("a").await.unwrap_err();
    assert_eq!(error.to_string(), "updating the campaign: refused with 400: maxConcurrentCalls must be positive");
}

#[tokio::test]
async fn an_identifier_that_would_change_the_path_is_not_sent() {
    let bench = Bench::new(|_| answer(200, "{}")).await;
    let error = bench.update("..").await.unwrap_err();
    assert!(matches!(&error, RequestError::Failed(failure) if failure.class == FailureClass::Refused), "{error:?}");
    assert!(bench.fake.all_seen().is_empty());
}

#[tokio::test]
async fn a_limit_on_queries_does_not_hold_up_an_update() {
    let bench = Bench::at_scale(1.0, |seen| match seen.method.as_str() {
        "POST" => answer(429, "").with("retry-after", "60"),
        _ => answer(200, "{}"),
    })
    .await;
    let campaigns = ["a".to_owned()];
    let deadline = bench.clock.now() + Duration::from_secs(45);
    for _ in 0..2 {
        assert!(matches!(bench.cxone.observe(&campaigns, deadline).await["a"], Observation::Delayed(_)));
    }
    bench.update("a").await.unwrap();
    let methods = bench.fake.seen().into_iter().map(|seen| seen.method).collect::<Vec<_>>();
    assert_eq!(methods, ["POST", "PUT"], "queries keep silent, updates go");
}

#[test]
fn a_configuration_that_can_send_nothing_is_refused() {
    let clock = Clock::start(1.0);
    let good = config("http://127.0.0.1:1");
    let zero = |config: &CxoneConfig| Cxone::new(config, clock).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(zero(&good), Ok(()));
    let no_queries = CxoneConfig { analytics_per_minute: 0, ..good.clone() };
    assert_eq!(zero(&no_queries), Err("analytics_per_minute must be above zero".to_owned()));
    let insecure = CxoneConfig { base_url: "http://example.com".to_owned(), ..good };
    assert!(zero(&insecure).is_err_and(|error| error.contains("must be https")));
}

#[test]
fn debug_output_of_the_configuration_hides_the_secret() {
    assert!(!format!("{:?}", config("http://127.0.0.1:1")).contains("hunter2"));
}
