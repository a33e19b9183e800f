//! The driver: paces one campaign at the fake platform as the daemon does, in the daemon's order.

use std::time::Duration;

use paced_core::config::CampaignConfig;
use paced_core::directive::{Directive, Urgency};
use paced_core::entry::{Entry, Event};
use paced_core::people::{self, Command};
use paced_core::plan::plan;
use paced_core::reading::{Setting, Status};
use paced_core::settle::{self, Outcome};
use paced_core::state::CampaignState;
use paced_core::step::step;
use paced_core::time::{Moment, Timestamp};

use crate::platform::{Get, Platform, active, down};
use crate::script::{Answer, Script};

/// Noon of some day, on the grid of buckets.
const START: Timestamp = Timestamp::from_millis(1_763_899_200_000);

/// A campaign, its platform and what happened to them.
pub(crate) struct Campaign {
    pub(crate) config: CampaignConfig,
    pub(crate) state: CampaignState,
    pub(crate) policy: Script,
    pub(crate) platform: Platform,
    pub(crate) now: Timestamp,
    /// Updates that were sent since the last look, with their urgency.
    pub(crate) sent: Vec<(Setting, Urgency)>,
    /// Events since the last look.
    pub(crate) events: Vec<Event>,
    /// Metrics queries so far.
    pub(crate) queries: u32,
    /// Times that it was read back so far.
    pub(crate) gets: u32,
    /// The last step's entry.
    pub(crate) entry: Option<Entry>,
}

impl Campaign {
    /// A campaign that the platform has active at 2.0, whose policy holds.
    pub(crate) fn new() -> Self {
        Self::with(CampaignConfig::with_defaults("12345", 20))
    }

    pub(crate) fn with(config: CampaignConfig) -> Self {
        Self {
            state: CampaignState::new(&config),
            config,
            policy: Script::new([Answer::Hold]),
            platform: Platform::new(active(2.0)),
            now: START,
            sent: Vec::new(),
            events: Vec::new(),
            queries: 0,
            gets: 0,
            entry: None,
        }
    }

    pub(crate) fn answering(mut self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.policy = Script::new(answers);
        self
    }

    /// Paced up to here without incident: what was sent and seen so far is forgotten.
    pub(crate) fn settled(mut self) -> Self {
        self.ticks(2);
        self.forget();
        self
    }

    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
    }

    // ---- time --------------------------------------------------------------------------------------------------

    /// Lets the time until the next tick pass, second by second, then ticks.
    pub(crate) fn tick(&mut self) {
        self.pass(self.config.poll_interval);
        self.cycle();
    }

    pub(crate) fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    /// Lets `time` pass at the platform, while paced does nothing.
    pub(crate) fn pass(&mut self, time: Duration) {
        for _ in 0..time.as_secs() {
            self.now = self.now + Duration::from_secs(1);
            self.platform.second(self.now);
        }
    }

    /// One cycle: plan, read back, observe, step, send, settle.
    pub(crate) fn cycle(&mut self) {
        let plan = plan(&self.config, &self.state, self.now);
        if !plan.step {
            return;
        }
        if plan.read_back {
            self.read_back();
        }
        let observation = plan.observe.then(|| self.platform.observe(self.now));
        self.queries += u32::from(plan.observe);
        let moment = Moment { now: self.now, day: 20_415, month_start_day: 20_393, shift_end: None };
        let step = step(&self.config, self.state.clone(), observation.as_ref(), &mut self.policy, &moment);
        self.state = step.state;
        self.events.extend(step.entry.events.iter().cloned());
        self.entry = Some(step.entry);
        if let Some(directive) = step.directive {
            self.send(&directive);
        }
    }

    // ---- requests ----------------------------------------------------------------------------------------------

    fn read_back(&mut self) {
        self.gets += 1;
        let state = self.state.clone();
        self.take(match self.platform.get {
            Get::Works => people::read_back(state, self.platform.setting, self.now),
            Get::Missing => people::read_back_unavailable(state, self.now),
            Get::Down => settle::failed(&self.config, state, self.now),
        });
    }

    /// Sends a directive as the daemon does: a campaign that must be read first is not updated over a person's change.
    pub(crate) fn send(&mut self, directive: &Directive) {
        if directive.read_first {
            let is_own = self.state.owns(self.platform.setting);
            match self.platform.get {
                Get::Works if !is_own => return self.settle(directive, &Outcome::Found(self.platform.setting)),
                Get::Works | Get::Missing => self.read_back(),
                Get::Down if directive.urgency.can_wait() => return self.settle(directive, &Outcome::Failed(down())),
                Get::Down => {}
            }
        }
        self.sent.push((directive.setting, directive.urgency));
        let outcome = self.platform.update(directive.setting);
        self.settle(directive, &outcome);
    }

    fn settle(&mut self, directive: &Directive, outcome: &Outcome) {
        self.take(settle::settle(&self.config, self.state.clone(), directive, outcome, self.now));
    }

    fn take(&mut self, (state, events): (CampaignState, Vec<Event>)) {
        self.state = state;
        self.events.extend(events);
    }

    // ---- people ------------------------------------------------------------------------------------------------

    pub(crate) fn operate(&mut self, command: Command) -> Result<(), String> {
        self.take(people::operate(self.state.clone(), command)?);
        Ok(())
    }

    /// The host dies and another one goes on from what the journal kept.
    pub(crate) fn crash(&mut self) {
        self.state = self.state.clone().recovered(self.now);
    }

    // ---- looking -----------------------------------------------------------------------------------------------

    /// The settings that were sent since the last look.
    pub(crate) fn sent(&mut self) -> Vec<Setting> {
        std::mem::take(&mut self.sent).into_iter().map(|(setting, _)| setting).collect()
    }

    /// The events since the last look.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The last step's reason codes.
    pub(crate) fn reasons(&self) -> String {
        self.entry.as_ref().map(Entry::reason_codes).unwrap_or_default()
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.platform.setting.status == Status::Paused
    }

    /// The ratio that the platform has, in hundredths.
    pub(crate) fn ratio(&self) -> u16 {
        self.platform.setting.ratio.hundredths()
    }

    /// Ticks until `is_done`, `most` times at most; how many ticks it took.
    pub(crate) fn ticks_until(&mut self, most: u32, is_done: impl Fn(&Self) -> bool) -> Option<u32> {
        (1..=most).find(|_| {
            self.tick();
            is_done(self)
        })
    }
}
