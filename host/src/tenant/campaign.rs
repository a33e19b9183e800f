//! One campaign: its centre, moved on lazily to the platform's now, and how it is read and set.

use std::sync::Mutex;

use axum::http::StatusCode;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};
use paced_core::time::Timestamp;
use paced_sim::{Bucket, CallCentre, CentreConfig, ConfigError, Totals};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::answer::Answer;
use super::api::Call;
use super::platform::lock;

/// Most concurrent calls that the platform lets a campaign have.
const MAX_CONCURRENT_CALLS: u64 = 1_000_000;

/// A campaign of the simulated tenant.
pub(super) struct Campaign {
    id: String,
    centre: Mutex<CallCentre>,
}

/// What a person changes at the platform's own desk; what is none stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// The dial ratio, in JSON a number from 0.1 to 5.0.
    #[serde(deserialize_with = "some_ratio")]
    pub dial_ratio: Option<DialRatio>,
    /// The ceiling on ringing and connected calls.
    pub max_concurrent_calls: Option<u32>,
    /// Whether the campaign dials.
    pub status: Option<Status>,
}

/// The tenant has no campaign of this id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulated tenant has no campaign {0}")]
pub struct UnknownCampaign(pub String);

fn some_ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DialRatio>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    DialRatio::new(number).map(Some).map_err(serde::de::Error::custom)
}

impl Campaign {
    /// Opens the campaign at `now`, dialling at `ratio`.
    pub(super) fn open(
        id: &str,
        centre: &CentreConfig,
        seed: u64,
        ratio: DialRatio,
        now: Timestamp,
    ) -> Result<Self, ConfigError> {
        let mut opened = CallCentre::new(centre, seed, id, now)?;
        // As many as the platform's own form proposes: a hundred, or two for each agent.
        opened.set(Setting { ratio, status: Status::Active }, centre.agents.saturating_mul(2).max(100));
        Ok(Self { id: id.to_owned(), centre: Mutex::new(opened) })
    }

    /// Does something with the centre as it is at `now`.
    fn at<T>(&self, now: Timestamp, act: impl FnOnce(&mut CallCentre) -> T) -> T {
        let mut centre = lock(&self.centre);
        centre.advance(now);
        act(&mut centre)
    }

    /// Moves the centre on.
    pub(super) fn advance(&self, now: Timestamp) {
        self.at(now, |_| ());
    }

    pub(super) fn buckets(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<Bucket> {
        self.at(now, |centre| centre.buckets(from, to))
    }

    pub(super) fn totals(&self, now: Timestamp) -> Totals {
        self.at(now, |centre| centre.totals())
    }

    pub(super) fn setting(&self) -> (Setting, u32) {
        lock(&self.centre).setting()
    }

    /// The campaign as the platform shows it.
    pub(super) fn object(&self, now: Timestamp) -> Value {
        let (setting, max_concurrent_calls) = self.at(now, |centre| centre.setting());
        json!({
            "id": self.id,
            "pacing": { "dialRatio": setting.ratio.value(), "maxConcurrentCalls": max_concurrent_calls },
            "status": setting.status,
        })
    }

    /// Updates the campaign, or refuses.
    pub(super) fn put(&self, call: &Call, now: Timestamp) -> Result<Answer, Answer> {
        let update = Update::read(call, &self.id)?;
        self.at(now, |centre| centre.set(update.setting, update.max_concurrent_calls));
        Ok(Answer::ok(self.object(now)))
    }

    pub(super) fn change(&self, change: Change, now: Timestamp) {
        self.at(now, |centre| {
            let (mut setting, mut max_concurrent_calls) = centre.setting();
            setting.ratio = change.dial_ratio.unwrap_or(setting.ratio);
            setting.status = change.status.unwrap_or(setting.status);
            max_concurrent_calls = change.max_concurrent_calls.unwrap_or(max_concurrent_calls);
            centre.set(setting, max_concurrent_calls);
        });
    }
}

/// The body of an update, as JSON gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateBody {
    id: String,
    pacing: PacingBody,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PacingBody {
    dial_ratio: f64,
    max_concurrent_calls: u64,
}

/// A checked update.
#[derive(Debug)]
struct Update {
    setting: Setting,
    max_concurrent_calls: u32,
}

impl Update {
    fn read(call: &Call, id: &str) -> Result<Self, Answer> {
        call.require_json()?;
        let body: UpdateBody = serde_json::from_slice(&call.body).map_err(Answer::bad_request)?;
        if body.id != id {
            return Err(Answer::bad_request(format_args!("id is {:?} in the body and {id:?} in the path", body.id)));
        }
        let PacingBody { dial_ratio, max_concurrent_calls: calls } = body.pacing;
        if !(1..=MAX_CONCURRENT_CALLS).contains(&calls) {
            let message = format!("maxConcurrentCalls is {calls}: it must be from 1 to {MAX_CONCURRENT_CALLS}");
            return Err(Answer::bad_request(message));
        }
        let setting = Setting { ratio: exact_ratio(dial_ratio)?, status: body.status };
        Ok(Self { setting, max_concurrent_calls: calls as u32 })
    }
}

/// The ratio of a number that is within bounds and has two decimals at most.
fn exact_ratio(number: f64) -> Result<DialRatio, Answer> {
    let refuse = |wanted| Answer::bad_request(format_args!("dialRatio is {number}: it must {wanted}"));
    if !(0.1..=5.0).contains(&number) {
        return Err(refuse("be from 0.1 to 5.0"));
    }
    DialRatio::new(number)
        .ok()
        .filter(|ratio| (ratio.value() - number).abs() < 1e-12)
        .ok_or_else(|| refuse("have at most two decimals"))
}

impl Answer {
    pub(super) fn unknown_campaign(id: &str) -> Self {
        Self::error(StatusCode::NOT_FOUND, "not.found", UnknownCampaign(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Update, Answer> {
        Update::read(&Call::json_for_test(body), "1")
    }

    fn body(ratio: &str, calls: &str, status: &str) -> String {
        format!(r#"{{"id":"1","pacing":{{"dialRatio":{ratio},"maxConcurrentCalls":{calls}}},"status":{status}}}"#)
    }

    #[test]
    fn what_the_platform_takes() {
        for ratio in ["0.1", "1", "1.15", "2.30", "4.99", "5.0"] {
            let update = read(&body(ratio, "100", "\"paused\"")).unwrap();
            assert_eq!(update.setting.ratio.value(), ratio.parse::<f64>().unwrap());
            assert_eq!((update.setting.status, update.max_concurrent_calls), (Status::Paused, 100));
        }
    }

    #[test]
    fn what_the_platform_refuses() {
        let active = "\"active\"";
        for bad in [
            body("0.09", "100", active),
            body("5.01", "100", active),
            body("1.005", "100", active),
            body("\"1.0\"", "100", active),
            body("null", "100", active),
            body("1.0", "100.5", active),
            body("1.0", "0", active),
            body("1.0", "-1", active),
            body("1.0", "100", "\"stopped\""),
            body("1.0", "100", active).replace("\"id\":\"1\"", "\"id\":\"2\""),
            body("1.0", "100", active).replace("\"id\":\"1\",", ""),
            "not json".to_owned(),
        ] {
            assert_eq!(read(&bad).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}
