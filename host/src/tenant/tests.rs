//! The tenant over real HTTP, as a client meets it.

use std::net::SocketAddr;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::iso;
use super::*;
use crate::clock::Clock;

/// Far more than any answer takes: what isn't there by then never comes.
const LONG: Duration = Duration::from_secs(30);

struct Fixture {
    tenant: RunningTenant,
    client: Client,
}

impl Fixture {
    async fn start(adjust: impl FnOnce(&mut TenantConfig)) -> Self {
        // Another test may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = TenantConfig::new(Clock::start(1.0), &[20, 5, 80]);
        // Tests ask as fast as they can; the one of the quotas sets its own.
        (config.analytics_per_minute, config.updates_per_minute) = (1_000_000, 1_000_000);
        adjust(&mut config);
        let tenant = Tenant::start(config).await.unwrap();
        Self { tenant, client: Client::builder().timeout(LONG).build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.tenant.base_url())
    }

    fn ask_token(&self) -> RequestBuilder {
        let form = [("grant_type", "client_credentials"), ("scope", "campaigns:read campaigns:write analytics:read")];
        self.client.post(self.url("/api/v2/oauth/token")).basic_auth("demo", Some("demo-secret")).form(&form)
    }

    async fn token(&self) -> String {
        let body: Value = self.ask_token().send().await.unwrap().json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A query of the last ten minutes.
    fn query_body(&self, campaigns: &[&str]) -> Value {
        let now = self.tenant.clock().now();
        let predicate =
            |id: &&str| json!({ "type": "string", "field": "campaignId", "operator": "equal", "value": id });
        json!({
            "aggregate": [],
            "dateFrom": iso(now - Duration::from_secs(600)),
            "dateTo": iso(now),
            "groupBy": ["campaignId"],
            "interval": "PT5M",
            "metrics": ["callsOffered", "callsAnswered", "callsAbandoned", "avgWrapUpTime", "agentsAvailable", "agentsBusy"],
            "queryFilter": { "type": "or", "predicates": campaigns.iter().map(predicate).collect::<Vec<_>>() },
        })
    }

    fn query(&self, token: &str, campaigns: &[&str]) -> RequestBuilder {
        let url = self.url("/api/v2/analytics/campaigns/details/query");
        self.client.post(url).bearer_auth(token).json(&self.query_body(campaigns))
    }

    fn put(&self, token: &str, id: &str, ratio: f64) -> RequestBuilder {
        let body = json!({ "id": id, "pacing": { "dialRatio": ratio, "maxConcurrentCalls": 100 }, "status": "active" });
        self.client.put(self.url(&format!("/api/v2/campaigns/{id}"))).bearer_auth(token).json(&body)
    }

    fn get(&self, token: &str, id: &str) -> RequestBuilder {
        self.client.get(self.url(&format!("/api/v2/campaigns/{id}"))).bearer_auth(token)
    }

    fn inject(&self, rule: Rule) {
        self.tenant.inject(rule).unwrap();
    }
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

async fn entities(request: RequestBuilder) -> Vec<Value> {
    let mut body: Value = send(request).await.error_for_status().unwrap().json().await.unwrap();
    match body["entities"].take() {
        Value::Array(entities) => entities,
        other => panic!("{other}"),
    }
}

fn status(status: u16) -> Fault {
    Fault::Status { status, retry_after_s: None, retry_after_as: RetryAfterForm::None, body: None }
}

const QUERY: &[Operation] = &[Operation::Query];

#[tokio::test]
async fn a_campaign_is_read_set_and_dials() {
    let f = Fixture::start(|config| config.clock = Clock::start(600.0)).await;
    let token = f.token().await;
    let before: Value = send(f.get(&token, "2")).await.json().await.unwrap();
    assert_eq!(
        before,
        json!({ "id": "2", "pacing": { "dialRatio": 1.0, "maxConcurrentCalls": 100 }, "status": "active" })
    );
    let answer = send(f.put(&token, "2", 2.35)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let set: Value = answer.json().await.unwrap();
    assert_eq!(set["pacing"]["dialRatio"], 2.35);
    let answered = async {
        loop {
            let entities = entities(f.query(&token, &["2"])).await;
            let latest = entities.last().expect("a running bucket").clone();
            if latest["callsAnswered"].as_u64().unwrap() > 0 {
                return latest;
            }
        }
    };
    let latest = tokio::time::timeout(LONG, answered).await.expect("calls are answered in the end");
    assert_eq!(latest["campaignId"], "2");
    assert!(latest["agentsAvailable"].as_u64().unwrap() + latest["agentsBusy"].as_u64().unwrap() <= 5, "{latest}");
    assert!(f.tenant.totals("2").unwrap().answered > 0);
    f.tenant.shutdown().await;
}

#[tokio::test]
async fn a_query_shows_only_campaigns_asked_for() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    let entities = entities(f.query(&token, &["3", "unknown", "1"])).await;
    let ids: Vec<_> = entities.iter().map(|entity| entity["campaignId"].as_str().unwrap()).collect();
    assert!(ids.starts_with(&["3"]) && ids.ends_with(&["1"]) && !ids.contains(&"2"), "{ids:?}");
}

#[tokio::test]
async fn pages_lead_to_the_last() {
    let f = Fixture::start(|config| config.page_size = 1).await;
    let token = f.token().await;
    let body = f.query_body(&["1", "2", "3"]);
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..10 {
        let next = cursor.map(|cursor| format!("?nextPage={}", utf8_percent_encode(&cursor, NON_ALPHANUMERIC)));
        let path = "/api/v2/analytics/campaigns/details/query";
        let request = f.client.post(f.url(&format!("{path}{}", next.unwrap_or_default())));
        let page: Value =
            send(request.bearer_auth(&token).json(&body)).await.error_for_status().unwrap().json().await.unwrap();
        ids.push(page["entities"][0]["campaignId"].as_str().unwrap().to_owned());
        cursor = page["nextPage"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    ids.dedup();
    assert_eq!(ids, ["1", "2", "3"]);
}

#[tokio::test]
async fn errors_are_the_platforms() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    let narrow: Value = {
        let form = [("grant_type", "client_credentials"), ("scope", "campaigns:read")];
        let request = f.client.post(f.url("/api/v2/oauth/token")).basic_auth("demo", Some("demo-secret")).form(&form);
        send(request).await.json().await.unwrap()
    };
    let narrow = narrow["access_token"].as_str().unwrap();
    for (request, status) in [
        (f.query("nonsense", &["1"]), 401),
        (f.query(narrow, &["1"]), 403),
        (f.put(narrow, "1", 1.0), 403),
        (f.put(&token, "1", 5.5), 400),
        (f.put(&token, "99", 1.0), 404),
        (f.get(&token, "99"), 404),
        (f.client.delete(f.url("/api/v2/campaigns/1")), 405),
        (f.client.get(f.url("/api/v3")), 404),
        (f.client.post(f.url("/api/v2/oauth/token")).basic_auth("demo", Some("wrong")).form(&[("a", "b")]), 401),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status().as_u16(), status, "{}", answer.url());
        let body: Value = answer.json().await.unwrap();
        assert!(body["message"].is_string(), "{body}");
    }
    assert_eq!(f.tenant.revoke_tokens(), 2);
    assert_eq!(send(f.get(&token, "1")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_quota_is_its_own_and_says_when_to_come_back() {
    let f = Fixture::start(|config| config.analytics_per_minute = 3).await;
    let token = f.token().await;
    for _ in 0..3 {
        assert_eq!(send(f.query(&token, &["1"])).await.status(), StatusCode::OK);
    }
    let refused = send(f.query(&token, &["1"])).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait_s: u64 = refused.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait_s), "{wait_s}");
    assert_eq!(send(f.put(&token, "1", 1.5)).await.status(), StatusCode::OK);
    assert_eq!(f.tenant.counts().too_many, 1);
}

#[tokio::test]
async fn the_date_is_in_platform_time() {
    let f = Fixture::start(|config| config.clock = Clock::start(100_000.0)).await;
    let date = async {
        loop {
            let answer = send(f.ask_token()).await;
            assert_eq!(answer.headers().get_all(DATE).iter().count(), 1);
            let date = httpdate::parse_http_date(answer.headers()[DATE].to_str().unwrap()).unwrap();
            if date > std::time::SystemTime::now() + Duration::from_secs(3_600) {
                return;
            }
        }
    };
    tokio::time::timeout(LONG, date).await.expect("an hour of platform time has passed");
}

#[tokio::test]
async fn a_fault_answers_in_the_platforms_stead() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    let busy = Fault::Status {
        status: 429,
        retry_after_s: Some(17),
        retry_after_as: RetryAfterForm::Seconds,
        body: Some("<html>slow down</html>".to_owned()),
    };
    f.inject(Rule::on(QUERY, busy).for_requests(1));
    let answer = send(f.query(&token, &["1"])).await;
    assert_eq!((answer.status().as_u16(), answer.headers()[RETRY_AFTER].to_str().unwrap()), (429, "17"));
    assert_eq!(answer.text().await.unwrap(), "<html>slow down</html>");
    assert_eq!(send(f.query(&token, &["1"])).await.status(), StatusCode::OK);

    f.inject(Rule::on(QUERY, Fault::Malformed { body: None }).for_requests(1));
    let answer = send(f.query(&token, &["1"])).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.json::<Value>().await.is_err());

    f.inject(Rule::on(&[Operation::Put], status(503)).for_campaign("2"));
    assert_eq!(send(f.put(&token, "2", 3.0)).await.status().as_u16(), 503);
    assert_eq!(send(f.put(&token, "1", 3.0)).await.status().as_u16(), 200);
    assert_eq!(f.tenant.setting("2").unwrap().0.ratio.value(), 1.0, "what failed changed nothing");
    f.tenant.clear_faults();
    assert_eq!(send(f.put(&token, "2", 3.0)).await.status().as_u16(), 200);
}

#[tokio::test]
async fn connections_are_reset_and_cut() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    f.inject(Rule::on(&[Operation::Put], Fault::Reset).for_requests(1));
    assert!(f.put(&token, "1", 2.0).send().await.is_err());
    assert_eq!(f.tenant.setting("1").unwrap().0.ratio.value(), 1.0, "a reset request is not obeyed");

    f.inject(Rule::on(&[Operation::Put], Fault::Truncated { bytes: None }).for_requests(1));
    let answer = send(f.put(&token, "1", 2.0)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "the body ends too soon");
    assert_eq!(f.tenant.setting("1").unwrap().0.ratio.value(), 2.0, "it was obeyed all the same");
    assert_eq!(send(f.put(&token, "1", 1.0)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_hung_request_is_logged_and_ends_with_the_tenant() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    f.inject(Rule::on(QUERY, Fault::Hang { answer_after_s: None }).for_requests(1));
    let hung = tokio::spawn(f.query(&token, &["1"]).send());
    let logged = async {
        while f.tenant.counts().query == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, logged).await.unwrap();
    let request = f.tenant.requests().pop().unwrap();
    assert_eq!((request.operation, request.status, request.faults), (Some(Operation::Query), None, vec![1]));
    assert!(!hung.is_finished());
    assert_eq!(send(f.query(&token, &["1"])).await.status(), StatusCode::OK, "others are answered meanwhile");
    f.tenant.shutdown().await;
    let ended = tokio::time::timeout(LONG, hung).await.expect("it ends with the tenant");
    assert!(ended.unwrap().is_ok());
}

#[tokio::test]
async fn entities_are_tampered_with() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    let huge = Fault::Field { field: "agentsBusy".to_owned(), value: json!(1e300), missing: false };
    f.inject(Rule::on(QUERY, huge).for_campaign("1"));
    f.inject(Rule::on(QUERY, Fault::Foreign { campaign: "9".to_owned() }));
    let shown = entities(f.query(&token, &["1", "2"])).await;
    for entity in &shown {
        assert_eq!(entity["agentsBusy"] == json!(1e300), entity["campaignId"] == "1", "{entity}");
    }
    assert_eq!(shown.last().unwrap()["campaignId"], "9");
    f.tenant.clear_faults();

    f.inject(Rule::on(QUERY, Fault::EndlessPages { cursor: Cursor::Same }));
    for _ in 0..3 {
        let url = f.url("/api/v2/analytics/campaigns/details/query?nextPage=endless");
        let request = f.client.post(url).bearer_auth(&token).json(&f.query_body(&["1"]));
        let page: Value = send(request).await.error_for_status().unwrap().json().await.unwrap();
        assert_eq!(page["nextPage"], "endless");
    }
    f.tenant.clear_faults();
    f.inject(Rule::on(QUERY, Fault::Empty));
    assert!(entities(f.query(&token, &["1"])).await.is_empty());
}

#[tokio::test]
async fn a_stale_feed_stands_still() {
    let f = Fixture::start(|config| config.clock = Clock::start(6_000.0)).await;
    let token = f.token().await;
    f.inject(Rule::on(QUERY, Fault::Stale).for_campaign("1"));
    let frozen = entities(f.query(&token, &["1"])).await;
    let start = |entity: &Value| entity["dateFrom"].clone();
    let moved = async {
        let first = entities(f.query(&token, &["2"])).await;
        while entities(f.query(&token, &["2"])).await.last().map(start) == first.last().map(start) {}
    };
    tokio::time::timeout(LONG, moved).await.expect("another campaign's feed moves on to its next interval");
    assert_eq!(entities(f.query(&token, &["1"])).await.last(), frozen.last());
}

#[tokio::test]
async fn the_control_does_what_the_documentation_says() {
    let f = Fixture::start(|_| ()).await;
    let token = f.token().await;
    let control = |path: &str| f.url(&format!("/control{path}"));
    let post = |path: &str, body: Value| f.client.post(control(path)).json(&body);

    let rule = json!({ "rule": { "on": ["get"], "requests": 2, "fault": { "kind": "status", "status": 405 } } });
    let added = send(post("/faults", rule)).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    assert_eq!(added.json::<Value>().await.unwrap(), json!({ "id": 1 }));
    assert_eq!(send(f.get(&token, "1")).await.status().as_u16(), 405);
    let listed: Value = send(f.client.get(control("/faults"))).await.json().await.unwrap();
    assert_eq!(listed["faults"][0]["strikes"], 1);
    let bad = send(post("/faults", json!({ "rule": { "fault": { "kind": "status", "status": 42 } } }))).await;
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    assert_eq!(bad.json::<Value>().await.unwrap(), json!({ "error": "status is 42: it must be from 200 to 599" }));
    assert_eq!(send(f.client.delete(control("/faults"))).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(send(f.get(&token, "1")).await.status().as_u16(), 200);

    let changed: Value =
        send(post("/campaigns/1", json!({ "dial_ratio": 1.5, "status": "paused" }))).await.json().await.unwrap();
    assert_eq!((&changed["pacing"]["dialRatio"], &changed["status"]), (&json!(1.5), &json!("paused")));
    assert!(changed["totals"]["dialled"].is_u64(), "{changed}");
    assert_eq!(send(post("/campaigns/99", json!({}))).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(send(post("/campaigns/1", json!({ "dial_ratio": 9 }))).await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    send(f.put(&token, "2", 1.25)).await;
    let log: Value = send(f.client.get(control("/requests?operation=put"))).await.json().await.unwrap();
    let [put] = &log["requests"].as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!((&put["campaign"], &put["status"]), (&json!("2"), &json!(200)));
    assert_eq!(put["body"]["pacing"]["dialRatio"], 1.25);

    let step = json!({ "at_s": 0, "what": "a pause", "action": { "change": { "campaign": "3", "change": { "status": "paused" } } } });
    assert_eq!(send(post("/script", json!({ "steps": [step] }))).await.status(), StatusCode::ACCEPTED);
    let revoked: Value = send(post("/tokens/revoke", json!({}))).await.json().await.unwrap();
    assert_eq!(revoked, json!({ "revoked": 1 }));
    let stats: Value = send(f.client.get(control("/stats"))).await.json().await.unwrap();
    assert_eq!((&stats["campaigns"], &stats["requests"]["get"]), (&json!(3), &json!(2)));
}

/// What a strict reader of HTTP sees of a cut answer, byte by byte.
#[tokio::test]
async fn a_cut_answer_ends_at_its_byte() {
    let f = Fixture::start(|_| ()).await;
    f.inject(Rule::on(&[Operation::Get], Fault::Truncated { bytes: Some(5) }));
    let address: SocketAddr = f.tenant.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /api/v2/campaigns/1 HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert_eq!(body, "{\"err");
}

#[tokio::test]
async fn a_tenant_that_makes_no_sense_does_not_start() {
    type Spoil = fn(&mut TenantConfig);
    let cases: [(Spoil, &str); 4] = [
        (|config| config.campaigns.clear(), "the number of campaigns of the simulated tenant is 0"),
        (|config| config.campaigns[1].id = "1".to_owned(), "the number of different campaign ids"),
        (|config| config.campaigns[0].agents = 0, "campaign 1 of the simulated tenant can't be simulated: agents is 0"),
        (|config| config.analytics_per_minute = 0, "analytics_per_minute of the simulated tenant is 0"),
    ];
    for (spoil, message) in cases {
        let mut config = TenantConfig::new(Clock::start(1.0), &[20, 5]);
        spoil(&mut config);
        let error = anyhow::Error::from(Tenant::start(config).await.err().expect("it starts"));
        let error = format!("{error:#}");
        assert!(error.starts_with(message), "{error}");
    }
}
