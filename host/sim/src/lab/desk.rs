//! A campaign being paced: what the daemon does in a cycle, without requests that fail.
//!
//! The order is the daemon's: the platform's buckets are read, core steps, and what core wants sent is accepted at once.
//! What the lab compares is policies, not transports; so breaker and read-backs have nothing to do here, and everything
//! else of core does what it does in the daemon.

use std::time::Duration;

use paced_core::entry::{Entry, Event};
use paced_core::people;
use paced_core::policy::Policy;
use paced_core::reading::{Observation, Report, Setting, Status};
use paced_core::settle::{Outcome, settle};
use paced_core::state::CampaignState;
use paced_core::step::{Step, step};
use paced_core::time::Timestamp;

use super::course::{Detail, Sample};
use super::movement::Movement;
use super::scenario::{Campaign, Scenario};
use super::shift::CampaignShift;
use crate::centre::SharedCentre;
use crate::feed::Bucket;
use crate::totals::Totals;

/// How far back a reading reaches, as the platform's own examples ask: the running bucket and the two before.
const REACH: Duration = Duration::from_secs(600);

/// A campaign with its state in core. Times are since the start of the shift.
pub(super) struct Desk<'a> {
    /// Its number in the centre.
    index: usize,
    campaign: &'a Campaign,
    state: CampaignState,
    decides_at: Duration,
    /// Settings on their way, in the order of their arrival.
    sent: Vec<(Duration, Setting)>,
    /// When counting starts; none once it has.
    counts_from: Option<Duration>,
    /// The books when counting started.
    before: Totals,
    counted: Counted,
    course: Vec<Sample>,
    /// The books at the previous sample.
    sampled: Totals,
}

/// What is counted of a campaign's decisions.
#[derive(Clone, Copy, Debug)]
struct Counted {
    decisions: u32,
    faults: u32,
    ceiling: u32,
    highest: u32,
    trips: u32,
    movement: Movement,
}

impl<'a> Desk<'a> {
    /// The campaign as it starts: active at its initial ratio, which core has read back.
    pub(super) fn open(scenario: &Scenario, index: usize, campaign: &'a Campaign, centre: &mut SharedCentre) -> Self {
        let pacing = &campaign.pacing;
        let setting = Setting { ratio: pacing.initial_dial_ratio, status: Status::Active };
        let (state, _) = people::read_back(CampaignState::new(pacing), setting, scenario.start());
        let desk = Self {
            index,
            campaign,
            state,
            decides_at: pacing.poll_interval,
            sent: Vec::new(),
            counts_from: Some(scenario.warm_up),
            before: Totals::default(),
            counted: Counted::from(setting),
            course: Vec::new(),
            sampled: Totals::default(),
        };
        desk.put(centre, setting);
        desk
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Duration {
        let arrives = self.sent.first().map(|(at, _)| *at);
        [arrives, self.counts_from].into_iter().flatten().fold(self.decides_at, Duration::min)
    }

    /// Does what is due at `at`, to which the centre has advanced.
    pub(super) fn work<P: Policy + ?Sized>(
        &mut self,
        scenario: &Scenario,
        centre: &mut SharedCentre,
        at: Duration,
        policy: &mut P,
        detail: Detail,
    ) {
        while self.sent.first().is_some_and(|(arrives, _)| *arrives <= at) {
            let (_, setting) = self.sent.remove(0);
            self.put(centre, setting);
        }
        if self.counts_from.take_if(|from| *from <= at).is_some() {
            self.before = centre.totals(self.index);
            self.counted = Counted::from(self.state.setting);
        }
        if self.decides_at <= at {
            self.decides_at = at + self.campaign.pacing.poll_interval;
            let entry = self.decide(scenario, centre, at, policy);
            self.counted.count(self.campaign, &entry, self.state.setting);
            if detail == Detail::Course {
                self.sample(centre, at, &entry);
            }
        }
    }

    fn decide<P: Policy + ?Sized>(
        &mut self,
        scenario: &Scenario,
        centre: &mut SharedCentre,
        at: Duration,
        policy: &mut P,
    ) -> Entry {
        let now = scenario.start() + at;
        let observation = self.observe(centre, now);
        let state = self.state.clone();
        let Step { state, directive, entry } =
            step(&self.campaign.pacing, state, Some(&observation), policy, &scenario.moment(now));
        self.state = state;
        if let Some(directive) = directive {
            let accepted = Outcome::Applied(Some(directive.setting));
            let state = self.state.clone();
            self.state = settle(&self.campaign.pacing, state, &directive, &accepted, now).0;
            if scenario.actuation_delay.is_zero() {
                self.put(centre, directive.setting);
            } else {
                self.sent.push((at + scenario.actuation_delay, directive.setting));
            }
        }
        entry
    }

    /// What the platform answers at `now`.
    fn observe(&self, centre: &SharedCentre, now: Timestamp) -> Observation {
        let reports: Vec<Report> = centre.buckets(self.index, now - REACH, now).iter().map(report).collect();
        if reports.is_empty() { Observation::Quiet } else { Observation::Reports { platform_now: now, reports } }
    }

    fn put(&self, centre: &mut SharedCentre, setting: Setting) {
        centre.set(self.index, setting, self.campaign.pacing.max_concurrent_calls(setting.ratio));
    }

    fn sample(&mut self, centre: &SharedCentre, at: Duration, entry: &Entry) {
        let books = centre.totals(self.index);
        let sample = Sample::new(at, entry, self.state.setting, centre.agents(self.index), &self.sampled, &books);
        self.course.push(sample);
        self.sampled = books;
    }

    /// What the campaign came to.
    pub(super) fn close(self, centre: &SharedCentre) -> CampaignShift {
        CampaignShift {
            id: self.campaign.id.clone(),
            totals: centre.totals(self.index).since(&self.before),
            decisions: self.counted.decisions,
            faults: self.counted.faults,
            ceiling_decisions: self.counted.ceiling,
            highest_decisions: self.counted.highest,
            trips: self.counted.trips,
            ratio_moved: self.counted.movement.moved(),
            reversals: self.counted.movement.reversals(),
            course: self.course,
        }
    }
}

impl Counted {
    fn from(setting: Setting) -> Self {
        let movement = Movement::from(setting.ratio);
        Self { decisions: 0, faults: 0, ceiling: 0, highest: 0, trips: 0, movement }
    }

    fn count(&mut self, campaign: &Campaign, entry: &Entry, in_force: Setting) {
        self.decisions += 1;
        self.faults += u32::from(entry.fault.is_some());
        self.ceiling += u32::from(entry.evidence.over);
        self.highest += u32::from(in_force.ratio >= campaign.pacing.max_dial_ratio);
        self.trips += u32::from(entry.events.iter().any(|event| matches!(event, Event::Tripped(_))));
        self.movement.follow(in_force.ratio);
    }
}

fn report(bucket: &Bucket) -> Report {
    Report {
        date_from: bucket.date_from,
        date_to: bucket.date_to,
        offered: bucket.offered,
        answered: bucket.answered,
        abandoned: bucket.abandoned,
        wrap_up_s_mean: bucket.wrap_up_s_mean,
        agents_available: f64::from(bucket.agents_available),
        agents_busy: f64::from(bucket.agents_busy),
    }
}
