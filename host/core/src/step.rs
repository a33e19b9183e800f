//! The heart: one step of one campaign, as a pure function.
//!
//! The daemon, the simulator, replay and experiments all call [`step`]. It takes in what the cycle read, moves breaker,
//! trip and staleness, asks the policy if there is anything to ask it about, lets the guard rule, and returns what to
//! send. What became of it comes back through [`crate::settle`].

use std::time::Duration;

use crate::breaker::{Breaker, Health};
use crate::config::{CampaignConfig, Stance};
use crate::directive::{Directive, Urgency};
use crate::entry::{Entry, Event, ReadingKind, Reason};
use crate::guard;
use crate::policy::{Decided, Fault, Policy, Proposal, ReadingView};
use crate::ratio::DialRatio;
use crate::reading::{Observation, Setting, Status};
use crate::state::{CampaignState, Counted, Knowledge};
use crate::time::{Moment, Timestamp};
use crate::trial;
use crate::trip::Evidence;
use crate::view;

/// A setting that nothing has confirmed for this long is sent again.
const REASSERT_AFTER: Duration = Duration::from_secs(600);

/// The outcome of a step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The state to go on with.
    pub state: CampaignState,
    /// What to send, if anything.
    pub directive: Option<Directive>,
    /// What to write down.
    pub entry: Entry,
}

/// One step. `observation` is none where the plan asked for nothing.
pub fn step<P: Policy + ?Sized>(
    config: &CampaignConfig,
    state: CampaignState,
    observation: Option<&Observation>,
    policy: &mut P,
    moment: &Moment,
) -> Step {
    let mut turn = Turn::new(config, state, moment);
    turn.take_in(observation);
    let target = turn.choose(policy);
    turn.finish(target)
}

/// A step under way.
struct Turn<'a> {
    config: &'a CampaignConfig,
    moment: &'a Moment,
    before: Setting,
    state: CampaignState,
    reading: ReadingKind,
    evidence: Evidence,
    reasons: Vec<Reason>,
    events: Vec<Event>,
    proposal: Option<Proposal>,
    fault: Option<Fault>,
    fuel: u64,
}

impl<'a> Turn<'a> {
    fn new(config: &'a CampaignConfig, state: CampaignState, moment: &'a Moment) -> Self {
        Self {
            config,
            moment,
            before: state.setting,
            state,
            reading: ReadingKind::NotAsked,
            evidence: Evidence::default(),
            reasons: Vec::new(),
            events: Vec::new(),
            proposal: None,
            fault: None,
            fuel: 0,
        }
    }

    // ---- taking in what was read -------------------------------------------------------------------------------

    fn take_in(&mut self, observation: Option<&Observation>) {
        self.state.breaker = self.state.breaker.at(self.moment.now);
        self.state.forget_displaced(self.moment.now);
        self.reading = self.receive(observation);
        self.count_silence();
        self.move_breaker();
        self.move_blindness();
        self.judge_abandonment();
    }

    fn receive(&mut self, observation: Option<&Observation>) -> ReadingKind {
        match observation {
            None => ReadingKind::NotAsked,
            Some(Observation::Reports { platform_now, reports }) => {
                let is_fresh = self.state.feed.take(reports, *platform_now, self.moment);
                if is_fresh { ReadingKind::Fresh } else { ReadingKind::Repeated }
            }
            Some(Observation::Quiet) => ReadingKind::Quiet,
            Some(Observation::Unusable(why)) => ReadingKind::Unusable(why.clone()),
            Some(Observation::Failed(failure)) => ReadingKind::Failed(failure.clone()),
            Some(Observation::Delayed(why)) => ReadingKind::Delayed(why.clone()),
            Some(Observation::Unknown) => ReadingKind::Unknown,
        }
    }

    fn is_fresh(&self) -> bool {
        self.reading == ReadingKind::Fresh
    }

    fn is_failed(&self) -> bool {
        matches!(self.reading, ReadingKind::Failed(_))
    }

    fn count_silence(&mut self) {
        let elapsed = self.state.stepped_at.map_or(Duration::ZERO, |at| self.moment.now.since(at));
        if !self.is_fresh() && self.state.setting.status == Status::Active {
            self.state.feed.pass(elapsed);
        }
    }

    /// Whether the platform answered as it should.
    fn health(&self) -> Option<Health> {
        match self.reading {
            ReadingKind::NotAsked => None,
            ReadingKind::Failed(_) => Some(Health::Failure),
            ReadingKind::Delayed(_) => Some(Health::Neither),
            _ => Some(Health::Success),
        }
    }

    fn move_breaker(&mut self) {
        let before = self.state.breaker;
        let is_counted = self.is_failed() && self.state.counted == Counted::ReadBack;
        self.state.counted = if self.is_failed() { Counted::Cycle } else { Counted::Nothing };
        let health = match (self.health(), before) {
            (None, _) => return,
            // With the breaker closed a success counts once what the cycle sent has been accepted too.
            (Some(Health::Success), Breaker::Closed { .. }) => return,
            (Some(_), Breaker::Closed { .. }) if is_counted => return,
            (Some(health), _) => health,
        };
        let after = before.after(health, self.config.breaker_failures, self.config.breaker_cooldown, self.moment.now);
        self.state.breaker = after;
        match after {
            Breaker::Open { until } if !before.is_open() => self.events.push(Event::BreakerOpened { until }),
            Breaker::Closed { .. } if before == Breaker::HalfOpen => self.events.push(Event::BreakerClosed),
            _ => {}
        }
    }

    fn move_blindness(&mut self) {
        let now = self.moment.now;
        let is_blind = self.state.feed.silence() >= self.config.blind_after;
        match self.state.blind_since {
            None if is_blind => {
                self.state.blind_since = Some(now);
                self.events.push(Event::Blinded);
            }
            Some(since) if self.is_fresh() || self.is_quiet_probe(since) => {
                self.state.blind_since = None;
                // A fresh reading has set the clock by itself: with closed buckets, to when the next one is due.
                if !self.is_fresh() {
                    self.state.feed.forget_silence();
                }
                self.events.push(Event::Sighted);
            }
            _ => {}
        }
    }

    /// A campaign that was paused for blindness has nothing to report: after the cooldown, an answer without it is as
    /// much of a sign of life as can be had.
    fn is_quiet_probe(&self, blind_since: Timestamp) -> bool {
        self.reading == ReadingKind::Quiet
            && self.state.setting.status == Status::Paused
            && self.moment.now.since(blind_since) >= self.config.breaker_cooldown
    }

    fn judge_abandonment(&mut self) {
        let (rule, now) = (&self.config.abandonment, self.moment.now);
        self.evidence = self.state.trip.evidence(&self.state.feed.ledger, rule, now);
        if self.is_fresh() {
            let (trip, has_tripped) =
                self.state.trip.after_reading(&self.evidence, rule, self.config.breaker_cooldown, now);
            self.state.trip = trip;
            if has_tripped {
                self.events.push(Event::Tripped(self.evidence));
            }
        }
        if self.state.trip.may_resume(now) && self.health() == Some(Health::Success) {
            self.state.trip = self.state.trip.rearmed(now);
            self.state.feed.ledger.cut();
            self.evidence = self.state.trip.evidence(&self.state.feed.ledger, rule, now);
            self.events.push(Event::Rearmed);
        }
    }

    // ---- choosing what should be in force ----------------------------------------------------------------------

    /// What should be in force, or none to leave everything alone.
    fn choose<P: Policy + ?Sized>(&mut self, policy: &mut P) -> Option<Setting> {
        if self.reading == ReadingKind::Unknown {
            self.state.is_unknown = true;
            self.events.push(Event::Unknown);
        }
        if self.state.is_unknown {
            return self.leave(Reason::Unknown);
        }
        if self.state.people_hold.is_some() {
            return self.leave(Reason::PeopleHold);
        }
        if let Some(reason) = self.state.wants_pause(self.config) {
            self.reasons.push(reason);
            return Some(Setting { status: Status::Paused, ..self.state.setting });
        }
        if !self.state.is_settled() {
            return self.leave(Reason::Unconfirmed);
        }
        let may_be_paused = self.state.may_be_paused();
        // Stepping down blind waits for no reading; resuming does.
        if self.is_failed() && (may_be_paused || self.state.blind_since.is_none()) {
            return self.leave(Reason::Failed);
        }
        let ratio = if may_be_paused { self.resume_ratio() } else { self.active_ratio(policy) };
        Some(Setting { ratio, status: Status::Active })
    }

    fn resume_ratio(&mut self) -> DialRatio {
        self.reasons.push(Reason::Resume);
        let resumed = self.state.ratio_at_most(self.config.resume_ratio);
        if self.is_blind_and_safe() { resumed.min(self.config.safe_ratio) } else { resumed }
    }

    fn is_blind_and_safe(&self) -> bool {
        self.state.blind_since.is_some() && self.config.when_blind == Stance::Safe
    }

    fn leave(&mut self, reason: Reason) -> Option<Setting> {
        self.reasons.push(reason);
        None
    }

    fn active_ratio<P: Policy + ?Sized>(&mut self, policy: &mut P) -> DialRatio {
        let current = self.state.setting.ratio;
        if self.state.blind_since.is_some() {
            self.reasons.push(Reason::Blind);
            return if self.is_blind_and_safe() { self.state.ratio_at_most(self.config.safe_ratio) } else { current };
        }
        if self.state.feed.silence() >= self.config.stale_after {
            self.reasons.push(Reason::Stale);
            return current;
        }
        let has_answer = matches!(self.reading, ReadingKind::Fresh | ReadingKind::Repeated);
        match self.state.feed.gauges(self.is_fresh(), self.moment.now) {
            Some(gauges) if has_answer => self.ask(policy, gauges),
            _ => {
                self.reasons.push(Reason::NoReading);
                current
            }
        }
    }

    fn ask<P: Policy + ?Sized>(&mut self, policy: &mut P, gauges: ReadingView) -> DialRatio {
        self.meet(policy);
        if self.state.policy.fallback_until.is_some_and(|until| self.moment.now < until) {
            return self.fall_back();
        }
        let input = view::input(self.config, &self.state, gauges, policy.params(), self.moment);
        self.state.policy.asked_at = Some(self.moment.now);
        let proposed = match policy.decide(&input) {
            Ok(decided) => self.accept(decided),
            Err(fault) => {
                if self.blame(fault) {
                    return self.fall_back();
                }
                None
            }
        };
        let current = self.state.setting.ratio;
        let signed_in = gauges.agents_available + gauges.agents_busy;
        let ruling = guard::rule(self.config, current, proposed.unwrap_or(current.value()), &self.evidence, signed_in);
        self.reasons.extend(ruling.reasons);
        ruling.ratio
    }

    /// Hands the predecessor's state over when the policy's revision is new.
    fn meet<P: Policy + ?Sized>(&mut self, policy: &mut P) {
        let memory = &mut self.state.policy;
        if memory.revision == *policy.revision() {
            return;
        }
        trial::keep(memory);
        memory.revision = *policy.revision();
        memory.faults = 0;
        if memory.fallback_until.take().is_some() {
            self.events.push(Event::FallbackEnded);
        }
        let is_other = memory.name != policy.name();
        if (is_other || memory.state_version != policy.state_version()) && !memory.state.is_empty() {
            let migrated = if is_other { None } else { policy.migrate(memory.state_version, &memory.state) };
            if migrated.is_none() {
                self.events.push(Event::StateDropped);
            }
            memory.state = migrated.unwrap_or_default();
        }
        memory.state_version = policy.state_version();
        if is_other {
            policy.name().clone_into(&mut memory.name);
        }
    }

    fn accept(&mut self, decided: Decided) -> Option<f64> {
        let memory = &mut self.state.policy;
        memory.faults = 0;
        memory.state.clone_from(&decided.proposal.state);
        if memory.fallback_until.take().is_some() {
            self.events.push(Event::FallbackEnded);
        }
        let proposed = decided.proposal.dial_ratio;
        if proposed.is_none() {
            self.reasons.push(Reason::PolicyHold);
        }
        self.fuel = decided.fuel;
        self.proposal = Some(decided.proposal);
        proposed
    }

    /// Counts a fault; `true` when the fallback takes over.
    fn blame(&mut self, fault: Fault) -> bool {
        let memory = &mut self.state.policy;
        memory.faults = memory.faults.saturating_add(1);
        self.reasons.push(Reason::Fault);
        self.fault = Some(fault.clone());
        if memory.faults < self.config.policy_faults {
            return false;
        }
        let is_new = memory.fallback_until.replace(self.moment.now + self.config.breaker_cooldown).is_none();
        if is_new {
            self.events.push(Event::FallbackStarted(fault));
        }
        true
    }

    fn fall_back(&mut self) -> DialRatio {
        self.reasons.push(Reason::Fallback);
        self.state.ratio_at_most(self.config.safe_ratio)
    }

    // ---- finishing ---------------------------------------------------------------------------------------------

    fn finish(mut self, target: Option<Setting>) -> Step {
        let directive = target.and_then(|target| self.directive(target));
        let is_closed = matches!(self.state.breaker, Breaker::Closed { .. });
        // A cycle that still waits for the platform's own setting has not succeeded yet.
        let has_all = directive.is_none() && self.state.is_settled();
        if has_all && is_closed && self.health() == Some(Health::Success) {
            self.state.breaker = Breaker::default();
        }
        if let Some(directive) = &directive {
            self.state.note_sent(directive.setting);
        }
        self.state.stepped_at = Some(self.moment.now);
        self.state.reasons.clone_from(&self.reasons);
        let gauges = self.state.feed.gauges(self.is_fresh(), self.moment.now);
        let entry = Entry {
            at: self.moment.now,
            utilization: gauges.and_then(utilization),
            gauges,
            reading: self.reading,
            evidence: self.evidence,
            before: self.before,
            proposal: self.proposal,
            fault: self.fault,
            revision: self.state.policy.revision,
            fuel: self.fuel,
            ruled: target.unwrap_or(self.before),
            reasons: self.reasons,
            breaker: self.state.breaker.as_str(),
            events: self.events,
        };
        Step { state: self.state, directive, entry }
    }

    fn directive(&mut self, target: Setting) -> Option<Directive> {
        let is_new = target != self.state.setting || self.is_doubtful(target);
        if !is_new && !self.is_reassert_due() {
            return None;
        }
        if target == self.state.setting {
            self.reasons.push(Reason::Reassert);
        }
        let urgency = if is_new { self.urgency(target) } else { Urgency::Reassert };
        Some(Directive {
            setting: target,
            urgency,
            // Also before a lower: an update sets the status too, and would resume what a person has paused.
            read_first: urgency != Urgency::Pause && self.state.can_read_back,
            cause: if self.proposal.is_some() { None } else { self.reasons.first().copied() },
        })
    }

    /// Whether the platform may have something in force that `target` must not leave there.
    fn is_doubtful(&self, target: Setting) -> bool {
        let is_confirmed = self.state.knowledge == Knowledge::Confirmed;
        let may_need_resuming = target.status == Status::Active && self.state.may_be_paused();
        !is_confirmed || may_need_resuming || self.state.may_dial_more_than(target)
    }

    /// How urgent `target` is; where it raises anything that may be in force, it is a raise.
    fn urgency(&self, target: Setting) -> Urgency {
        let may_raise = self.state.possible().any(|from| Urgency::of(from, target) == Urgency::Raise);
        if may_raise { Urgency::Raise } else { Urgency::of(self.state.setting, target) }
    }

    fn is_reassert_due(&self) -> bool {
        let is_healthy = self.health() == Some(Health::Success);
        let last = self.state.confirmed_at;
        is_healthy && last.is_some_and(|at| self.moment.now.since(at) >= REASSERT_AFTER)
    }
}

/// Busy agents / signed-in agents.
fn utilization(gauges: ReadingView) -> Option<f64> {
    let signed_in = gauges.agents_available + gauges.agents_busy;
    (signed_in > 0.0).then(|| gauges.agents_busy / signed_in)
}
