//! The updates that reached the platform, and what must hold of every one of them on every day.

use std::collections::BTreeMap;

use paced::tenant::LoggedRequest;
use paced_core::ratio::DialRatio;

/// The most that a decision may raise the ratio, where the configuration says nothing else.
const RAMP_UP: f64 = 0.5;
/// The highest ratio to resume at, likewise.
const RESUME_RATIO: f64 = 1.0;

/// A PUT that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) number: u64,
    pub(crate) campaign: String,
    pub(crate) ratio: f64,
    pub(crate) is_active: bool,
    /// The platform said that it did it.
    pub(crate) is_accepted: bool,
}

impl Update {
    /// Reads a PUT, in which everything must be what the platform's API asks for.
    pub(crate) fn of(request: &LoggedRequest) -> Self {
        let campaign = request.campaign.clone().unwrap();
        let body = request.body.as_ref().unwrap_or_else(|| panic!("an update without JSON: {request:?}"));
        assert_eq!(body["id"], campaign.as_str(), "{body}");
        let ratio = body["pacing"]["dialRatio"].as_f64().unwrap_or_else(|| panic!("no ratio: {body}"));
        let calls = body["pacing"]["maxConcurrentCalls"].as_u64();
        assert!(calls.is_some_and(|calls| calls >= 1), "maxConcurrentCalls is no whole number: {body}");
        let is_active = match body["status"].as_str() {
            Some("active") => true,
            Some("paused") => false,
            _ => panic!("no status: {body}"),
        };
        let is_accepted = request.status == Some(200);
        Self { number: request.number, campaign, ratio, is_active, is_accepted }
    }
}

/// What the platform had, but for updates.
pub(crate) struct Origin<'a> {
    pub(crate) start: DialRatio,
    pub(crate) people: &'a [ByHand],
}

/// A ratio that a person set.
pub(crate) struct ByHand {
    /// The number of the last request before.
    pub(crate) after: u64,
    pub(crate) campaign: String,
    pub(crate) ratio: DialRatio,
}

/// Every ratio sent was within the platform's bounds and had two decimals; none was higher than a ramp above the one in
/// force; and none resumed a campaign at more than the resume ratio, or at more than before.
pub(crate) fn check(updates: &[Update], origin: &Origin<'_>) {
    let mut in_force: BTreeMap<&str, (f64, bool)> = BTreeMap::new();
    let mut people = origin.people.iter().peekable();
    for update in updates {
        while let Some(change) = people.next_if(|change| change.after < update.number) {
            in_force.insert(&change.campaign, (change.ratio.value(), true));
        }
        assert!((0.1..=5.0).contains(&update.ratio), "out of bounds: {update:?}");
        let hundredths = update.ratio * 100.0;
        assert!((hundredths - hundredths.round()).abs() < 1e-9, "more than two decimals: {update:?}");
        let (ratio, was_active) =
            in_force.get(update.campaign.as_str()).copied().unwrap_or((origin.start.value(), true));
        if was_active {
            assert!(update.ratio <= ratio + RAMP_UP + 1e-9, "more than a ramp above {ratio}: {update:?}");
        } else if update.is_active {
            assert!(update.ratio <= RESUME_RATIO.min(ratio) + 1e-9, "resumed too high, from {ratio}: {update:?}");
        }
        if update.is_accepted {
            in_force.insert(&update.campaign, (update.ratio, update.is_active));
        }
    }
}
