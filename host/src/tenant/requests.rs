//! What was asked and what was answered: counts, and a log of the latest requests.
//!
//! A request is logged when it arrives, so that those that never get an answer are seen too. Bounded: 10,000 requests,
//! each with at most 4 KiB of an update's body. Tokens and secrets are in headers and form bodies, which are not kept.

use std::collections::VecDeque;

use paced_core::time::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::answer::iso;
use super::api::Operation;

/// Requests kept.
const KEPT: usize = 10_000;
/// The longest body of an update that is kept.
pub(super) const MAX_BODY: usize = 4_096;

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// When it arrived, in platform time.
    #[serde(serialize_with = "as_iso")]
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// What it asks for, where it asks for something that there is.
    pub operation: Option<Operation>,
    /// The campaign it reads or updates.
    pub campaign: Option<String>,
    /// How many campaigns a query names.
    pub campaigns: usize,
    /// An update's body, where it is JSON.
    pub body: Option<Value>,
    /// The faults that struck it.
    pub faults: Vec<u64>,
    /// The status answered; none while there is none, or if there never was one.
    pub status: Option<u16>,
}

fn as_iso<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso(*at))
}

/// Counts of requests since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// Requests for a token.
    pub token: u64,
    /// Analytics queries, each page for itself.
    pub query: u64,
    /// Updates of a campaign.
    pub put: u64,
    /// Reads of a campaign.
    pub get: u64,
    /// Requests for something that there is not.
    pub other: u64,
    /// Answered 429.
    pub too_many: u64,
    /// Answered 401 or 403.
    pub unauthorized: u64,
    /// Answered another 4xx.
    pub refused: u64,
    /// Answered 5xx.
    pub failed: u64,
}

/// The log and the counts.
#[derive(Default)]
pub(super) struct Requests {
    counts: RequestCounts,
    latest: VecDeque<LoggedRequest>,
    arrived: u64,
}

impl Requests {
    /// Logs a request that has arrived, and gives its number.
    pub(super) fn arrive(&mut self, request: LoggedRequest) -> u64 {
        let counts = &mut self.counts;
        *match request.operation {
            Some(Operation::Token) => &mut counts.token,
            Some(Operation::Query) => &mut counts.query,
            Some(Operation::Put) => &mut counts.put,
            Some(Operation::Get) => &mut counts.get,
            None => &mut counts.other,
        } += 1;
        self.arrived += 1;
        self.latest.push_back(LoggedRequest { number: self.arrived, ..request });
        if self.latest.len() > KEPT {
            self.latest.pop_front();
        }
        self.arrived
    }

    /// Notes what a request was answered.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        match status {
            429 => self.counts.too_many += 1,
            401 | 403 => self.counts.unauthorized += 1,
            400..=499 => self.counts.refused += 1,
            500.. => self.counts.failed += 1,
            _ => {}
        }
        let first = self.arrived - self.latest.len() as u64 + 1;
        let place = number.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(request) = place.and_then(|place| self.latest.get_mut(place)) {
            request.status = Some(status);
        }
    }

    pub(super) const fn counts(&self) -> RequestCounts {
        self.counts
    }

    /// The latest requests, oldest first.
    pub(super) fn latest(&self) -> impl DoubleEndedIterator<Item = &LoggedRequest> {
        self.latest.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> LoggedRequest {
        LoggedRequest {
            number: 0,
            at: Timestamp::from_millis(0),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            operation: None,
            campaign: None,
            campaigns: 0,
            body: None,
            faults: Vec::new(),
            status: None,
        }
    }

    #[test]
    fn the_log_is_bounded_and_late_answers_find_their_request() {
        let mut requests = Requests::default();
        for _ in 0..KEPT + 3 {
            requests.arrive(request());
        }
        requests.answered(2, 503);
        requests.answered(4, 429);
        let kept: Vec<_> = requests.latest().collect();
        assert_eq!((kept.len(), kept[0].number, kept[0].status), (KEPT, 4, Some(429)));
        assert_eq!(kept[1].status, None);
        assert_eq!((requests.counts().failed, requests.counts().too_many), (1, 1));
    }
}
