//! A fake platform: what it is set to, the calls that it counts, and how it answers.

use std::time::Duration;

use paced_core::feed::BUCKET;
use paced_core::ratio::DialRatio;
use paced_core::reading::{Failure, FailureClass, Observation, Report, Setting, Status};
use paced_core::settle::Outcome;
use paced_core::time::Timestamp;

/// How it answers a query for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Analytics {
    /// With the bucket that is running.
    Running,
    /// With the last bucket that closed.
    Closed,
    /// With what it said before.
    Stuck,
    /// With nothing on this campaign.
    Quiet,
    /// With values that can't be used.
    Unusable,
    /// Not at all.
    Down,
    /// 429.
    Busy,
    /// It knows no such campaign.
    Missing,
}

/// How it answers reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Get {
    /// With what it is set to.
    Works,
    /// Not at all.
    Down,
    /// 404 or 405.
    Missing,
}

/// How it answers an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It does as it is told.
    Works,
    /// Not at all, and does nothing.
    Down,
    /// It does as it is told, and the answer is lost.
    Lost,
    /// 429.
    Busy,
    /// 404.
    Missing,
}

/// The platform.
pub(crate) struct Platform {
    /// What the campaign is set to.
    pub(crate) setting: Setting,
    pub(crate) analytics: Analytics,
    pub(crate) get: Get,
    pub(crate) put: Put,
    /// Calls that each second brings: answered and abandoned.
    pub(crate) calls_per_s: (u32, u32),
    /// Agents available and busy.
    pub(crate) agents: (f64, f64),
    /// What an update answers instead of what it set.
    pub(crate) answers: Option<Setting>,
    counted: (u32, u32),
    closed: Option<Report>,
    said: Option<Report>,
}

impl Platform {
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            setting,
            analytics: Analytics::Running,
            get: Get::Works,
            put: Put::Works,
            calls_per_s: (1, 0),
            agents: (10.0, 10.0),
            answers: None,
            counted: (0, 0),
            closed: None,
            said: None,
        }
    }

    /// Lets the second that ends at `now` pass.
    pub(crate) fn second(&mut self, now: Timestamp) {
        if self.setting.status == Status::Active {
            self.counted.0 += self.calls_per_s.0;
            self.counted.1 += self.calls_per_s.1;
        }
        if now == now.floor_to(BUCKET) {
            self.closed = Some(self.report(now));
            self.counted = (0, 0);
        }
    }

    fn report(&self, date_to: Timestamp) -> Report {
        Report {
            date_from: (date_to - Duration::from_millis(1)).floor_to(BUCKET),
            date_to,
            offered: self.counted.0 + self.counted.1,
            answered: self.counted.0,
            abandoned: self.counted.1,
            wrap_up_s_mean: Some(30.0),
            agents_available: self.agents.0,
            agents_busy: self.agents.1,
        }
    }

    pub(crate) fn observe(&mut self, now: Timestamp) -> Observation {
        match self.analytics {
            Analytics::Running if now == now.floor_to(BUCKET) => self.said = self.closed,
            Analytics::Running => self.said = Some(self.report(now)),
            Analytics::Closed => self.said = self.closed,
            Analytics::Stuck => {}
            Analytics::Quiet => return Observation::Quiet,
            Analytics::Unusable => return Observation::Unusable("agentsBusy is null".to_owned()),
            Analytics::Down => return Observation::Failed(down()),
            Analytics::Busy => return Observation::Delayed("429".to_owned()),
            Analytics::Missing => return Observation::Unknown,
        }
        let quiet_or_said = |report| Observation::Reports { platform_now: now, reports: vec![report] };
        self.said.map_or(Observation::Quiet, quiet_or_said)
    }

    pub(crate) fn update(&mut self, setting: Setting) -> Outcome {
        if matches!(self.put, Put::Works | Put::Lost) {
            self.setting = setting;
        }
        match self.put {
            Put::Works => Outcome::Applied(Some(self.answers.unwrap_or(setting))),
            Put::Down | Put::Lost => Outcome::Failed(down()),
            Put::Busy => Outcome::Deferred("429".to_owned()),
            Put::Missing => Outcome::Unknown,
        }
    }
}

/// The failure of a platform that is down.
pub(crate) fn down() -> Failure {
    Failure { class: FailureClass::Server, message: "503 after 3 attempts".to_owned() }
}

/// An active campaign's setting.
pub(crate) fn active(ratio: f64) -> Setting {
    Setting { ratio: DialRatio::new(ratio).unwrap(), status: Status::Active }
}

/// A paused campaign's setting.
pub(crate) fn paused(ratio: f64) -> Setting {
    Setting { status: Status::Paused, ..active(ratio) }
}
