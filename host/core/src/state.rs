//! All that is remembered of one campaign between two steps.
//!
//! It is a plain value: the daemon stores it with each decision, and a host that starts after a crash goes on from it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::Breaker;
use crate::config::{CampaignConfig, Stance};
use crate::entry::Reason;
use crate::feed::Feed;
use crate::policy::Revision;
use crate::ratio::DialRatio;
use crate::reading::{Setting, Status};
use crate::time::Timestamp;
use crate::trial::Kept;
use crate::trip::Trip;

/// Directives remembered that the platform may have taken without saying so.
const MAX_UNCONFIRMED: usize = 8;
/// A directive that was displaced longer ago than this has arrived or never will.
const ON_THE_WAY: Duration = Duration::from_secs(120);

/// The state of one campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignState {
    /// What is in force, as far as is known.
    pub setting: Setting,
    /// How `setting` came to be known.
    pub knowledge: Knowledge,
    /// Whether the platform can be read back; a 404 or 405 says no.
    pub can_read_back: bool,
    /// Directives that were sent and neither confirmed nor refused.
    pub unconfirmed: Vec<Setting>,
    /// Directives that a newer one displaced, and when: one that was on its way may still arrive after the newer one was
    /// confirmed, and is no person's doing.
    pub displaced: Vec<(Setting, Timestamp)>,
    /// A person's change that paced leaves alone: what they set.
    pub people_hold: Option<Setting>,
    /// An operator paused the campaign through paced.
    pub operator_pause: bool,
    /// The platform does not know the campaign.
    pub is_unknown: bool,
    /// Circuit breaker.
    pub breaker: Breaker,
    /// What the breaker has counted of the cycle in hand, so that a cycle that fails twice counts once.
    pub counted: Counted,
    /// Safety trip.
    pub trip: Trip,
    /// Metrics.
    pub feed: Feed,
    /// When readings had been missing for `blind_after`.
    pub blind_since: Option<Timestamp>,
    /// The policy's memory.
    pub policy: PolicyMemory,
    /// When the campaign was stepped last.
    pub stepped_at: Option<Timestamp>,
    /// When a setting was confirmed last.
    pub confirmed_at: Option<Timestamp>,
    /// When it was read back last.
    pub read_back_at: Option<Timestamp>,
    /// What the guard did last.
    pub reasons: Vec<Reason>,
}

/// How the campaign's setting came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Knowledge {
    /// Nothing is known but the configuration's initial ratio.
    Assumed,
    /// It stood in the journal; the platform has not been asked yet.
    Journalled,
    /// An operator gave the campaign back; the platform's setting is to be taken over.
    Released,
    /// The platform can't be read back, and nothing has been sent yet.
    Unreadable,
    /// The platform confirmed it.
    Confirmed,
}

/// What the breaker has counted as this cycle's failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Nothing has failed.
    #[default]
    Nothing,
    /// Reading back, which runs beside the observation and may end before it.
    ReadBack,
    /// The observation, or the update that came of it.
    Cycle,
}

/// What is remembered of a campaign's policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyMemory {
    /// The state that it returned last.
    pub state: Vec<u8>,
    /// The version of those bytes.
    pub state_version: u32,
    /// The name of the policy that wrote them.
    pub name: String,
    /// The revision that decided last.
    pub revision: Revision,
    /// When it was asked last.
    pub asked_at: Option<Timestamp>,
    /// Consecutive faults.
    pub faults: u32,
    /// While the fallback decides: when the policy is tried again.
    pub fallback_until: Option<Timestamp>,
    /// What the revision before wrote last, until the trial of the one in force has ended.
    pub kept: Option<Kept>,
}

impl CampaignState {
    /// The state of a campaign of which nothing is known.
    #[must_use]
    pub fn new(config: &CampaignConfig) -> Self {
        Self {
            setting: Setting { ratio: config.initial_dial_ratio, status: Status::Active },
            knowledge: Knowledge::Assumed,
            can_read_back: true,
            unconfirmed: Vec::new(),
            displaced: Vec::new(),
            people_hold: None,
            operator_pause: false,
            is_unknown: false,
            breaker: Breaker::default(),
            counted: Counted::default(),
            trip: Trip::default(),
            feed: Feed::default(),
            blind_since: None,
            policy: PolicyMemory::default(),
            stepped_at: None,
            confirmed_at: None,
            read_back_at: None,
            reasons: Vec::new(),
        }
    }

    /// The state that a host which stopped left, for the host that goes on at `now`: the platform is to be asked again.
    ///
    /// A clock that went back, as after a rehearsal that ran faster than the wall, would make every cooldown and age
    /// that is remembered last for hours: all instants move back with it.
    #[must_use]
    pub fn recovered(mut self, now: Timestamp) -> Self {
        let ahead = self.stepped_at.map_or(Duration::ZERO, |at| at.since(now));
        if ahead > Duration::ZERO {
            self.move_back(ahead);
        }
        let knowledge = match self.knowledge {
            Knowledge::Confirmed | Knowledge::Journalled | Knowledge::Unreadable => Knowledge::Journalled,
            Knowledge::Assumed | Knowledge::Released => self.knowledge,
        };
        Self { knowledge, can_read_back: true, is_unknown: false, ..self }
    }

    fn move_back(&mut self, by: Duration) {
        self.breaker = self.breaker.moved_back(by);
        self.trip = self.trip.moved_back(by);
        self.feed.move_back(by);
        let policy = [&mut self.policy.asked_at, &mut self.policy.fallback_until];
        let own = [&mut self.blind_since, &mut self.stepped_at, &mut self.confirmed_at, &mut self.read_back_at];
        for at in policy.into_iter().chain(own).flatten() {
            *at = *at - by;
        }
        for (_, at) in &mut self.displaced {
            *at = *at - by;
        }
    }

    /// Whether the platform's own setting is known well enough to act on.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self.knowledge, Knowledge::Confirmed | Knowledge::Unreadable)
    }

    /// Why paced wants the campaign paused, if it does.
    #[must_use]
    pub fn wants_pause(&self, config: &CampaignConfig) -> Option<Reason> {
        if self.operator_pause {
            Some(Reason::OperatorPause)
        } else if self.trip.is_tripped() {
            Some(Reason::Tripped)
        } else if !matches!(self.breaker, Breaker::Closed { .. }) {
            Some(Reason::BreakerOpen)
        } else if self.blind_since.is_some() && config.when_blind == Stance::Pause {
            Some(Reason::Blind)
        } else {
            None
        }
    }

    /// The ratio in force, brought down to `most` if it is above.
    #[must_use]
    pub fn ratio_at_most(&self, most: DialRatio) -> DialRatio {
        self.setting.ratio.min(most)
    }

    /// Whether the campaign may be paused: it is, or a pause was sent and never confirmed.
    #[must_use]
    pub fn may_be_paused(&self) -> bool {
        self.possible().any(|setting| setting.status == Status::Paused)
    }

    /// Whether something that was sent and never confirmed dials more than `target` does.
    #[must_use]
    pub fn may_dial_more_than(&self, target: Setting) -> bool {
        let dials_more = |sent: &Setting| target.status == Status::Paused || sent.ratio > target.ratio;
        self.unconfirmed.iter().any(|sent| sent.status == Status::Active && dials_more(sent))
    }

    /// What may be in force: an update whose answer never came may have been taken all the same.
    pub(crate) fn possible(&self) -> impl Iterator<Item = Setting> {
        std::iter::once(self.setting).chain(self.unconfirmed.iter().copied())
    }

    /// The values that paced set itself: in force, sent and never confirmed, or displaced on the way.
    #[must_use]
    pub fn own(&self) -> Vec<Setting> {
        self.possible().chain(self.displaced.iter().map(|(setting, _)| *setting)).collect()
    }

    /// Whether paced set this value itself.
    #[must_use]
    pub fn owns(&self, found: Setting) -> bool {
        self.own().contains(&found)
    }

    /// Notes that a newer directive displaced the one to `setting`.
    pub(crate) fn note_displaced(&mut self, setting: Setting, now: Timestamp) {
        self.displaced.retain(|(displaced, _)| *displaced != setting);
        self.displaced.push((setting, now));
        if self.displaced.len() > MAX_UNCONFIRMED {
            self.displaced.remove(0);
        }
    }

    /// Forgets directives that were displaced too long ago to be on their way still.
    pub(crate) fn forget_displaced(&mut self, now: Timestamp) {
        self.displaced.retain(|(_, at)| now.since(*at) < ON_THE_WAY);
    }

    /// Notes that `setting` is being sent.
    pub(crate) fn note_sent(&mut self, setting: Setting) {
        self.unconfirmed.retain(|sent| *sent != setting);
        self.unconfirmed.push(setting);
        if self.unconfirmed.len() > MAX_UNCONFIRMED {
            self.unconfirmed.remove(0);
        }
    }

    /// Notes that the platform has `setting`.
    pub(crate) fn note_confirmed(&mut self, setting: Setting, now: Timestamp) {
        self.setting = setting;
        self.knowledge = Knowledge::Confirmed;
        self.unconfirmed.clear();
        self.confirmed_at = Some(now);
    }
}
