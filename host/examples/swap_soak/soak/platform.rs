//! The platform of a soak: 50 centres at an ordinary moment, whose calls go on with the clock.
//!
//! It answers at once and never fails, so that whatever is late or wrong is paced's own doing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paced::clock::Clock;
use paced::dialer::{Answer, Dialer, RequestError, Update, Urgency};
use paced_core::ratio::DialRatio;
use paced_core::reading::{Observation, Report, Setting, Status};
use paced_core::time::Timestamp;

/// The platform counts calls in spans of this length.
const BUCKET: Duration = Duration::from_secs(300);

/// A platform in this process.
pub(crate) struct Steady {
    clock: Clock,
    settings: Mutex<HashMap<String, Setting>>,
    answered: Mutex<Vec<Timestamp>>,
}

impl Steady {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, settings: Mutex::default(), answered: Mutex::default() }
    }

    /// When it answered each query for metrics, in order: a tick takes its policies after that.
    pub(crate) fn answered(&self) -> Vec<Timestamp> {
        locked(&self.answered).clone()
    }

    fn setting(&self, campaign: &str) -> Setting {
        let initial = Setting { ratio: DialRatio::ONE, status: Status::Active };
        locked(&self.settings).get(campaign).copied().unwrap_or(initial)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two calls a second are offered, half of them answered live, one in a hundred of those abandoned; agents come and go.
fn observed(now: Timestamp) -> Observation {
    let date_from = now.floor_to(BUCKET);
    let counted_s = now.since(date_from).as_secs() as u32;
    let busy = 14.0 + (now.as_millis() / 100).rem_euclid(4) as f64;
    let report = Report {
        date_from,
        date_to: now,
        offered: 2 * counted_s,
        answered: counted_s,
        abandoned: counted_s / 100,
        wrap_up_s_mean: Some(30.0),
        agents_available: 20.0 - busy,
        agents_busy: busy,
    };
    Observation::Reports { platform_now: now, reports: vec![report] }
}

impl Dialer for Steady {
    fn observe<'a>(&'a self, campaigns: &'a [String], _: Timestamp) -> Answer<'a, HashMap<String, Observation>> {
        Box::pin(async move {
            let now = self.clock.now();
            locked(&self.answered).push(now);
            campaigns.iter().map(|id| (id.clone(), observed(now))).collect()
        })
    }

    fn read_back<'a>(
        &'a self,
        campaign: &'a str,
        _: Urgency,
        _: Timestamp,
    ) -> Answer<'a, Result<Setting, RequestError>> {
        Box::pin(async move { Ok(self.setting(campaign)) })
    }

    fn update<'a>(&'a self, update: &'a Update, _: Timestamp) -> Answer<'a, Result<Option<Setting>, RequestError>> {
        Box::pin(async move {
            locked(&self.settings).insert(update.campaign.clone(), update.setting);
            Ok(Some(update.setting))
        })
    }
}
