//! One batch's loop: on each tick of its grid it reads, decides, records and sends.
//!
//! The loop never waits for a request: requests run as tasks and come back as [`Done`]. One cycle is in flight at most;
//! a tick that finds the one before still under way is skipped and counted, never queued.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use paced_core::directive::{Directive, Urgency};
use paced_core::people;
use paced_core::plan::{cycle_deadline, plan};
use paced_core::reading::{Failure, FailureClass, Observation, Setting};
use paced_core::settle::{self, Fed, Outcome};
use paced_core::time::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::actuate::{self, Errand, Ran};
use super::job::{Job, Stepped, end_trial};
use super::record;
use super::schedule::Schedule;
use super::seat::Seat;
use super::{Campaign, Host, Order, Sending, tell};
use crate::dialer::RequestError;
use crate::journal::{DecisionId, Record};

/// How long, by the wall, requests in flight may take to end when paced stops.
const WIND_DOWN: Duration = Duration::from_secs(8);
/// How long, by the wall, the directives of `on_exit` may take.
const EXIT: Duration = Duration::from_secs(8);

/// A batch of campaigns with their state.
pub struct Batch {
    host: Host,
    schedule: Schedule,
    campaigns: Vec<Campaign>,
    requests: JoinSet<Done>,
    /// The observation under way.
    cycle: Option<Id>,
    missed_ticks: u64,
    /// The journal could not take some of this batch's rows.
    has_lost_rows: bool,
}

/// A request that came back.
enum Done {
    Observed(HashMap<String, Observation>),
    ReadBack { index: usize, sent: u64, found: Result<Setting, RequestError> },
    Ran(usize, Ran),
}

impl Batch {
    /// A batch that ticks as `schedule` says.
    #[must_use]
    pub fn new(host: Host, schedule: Schedule, campaigns: Vec<Campaign>) -> Self {
        Self { host, schedule, campaigns, requests: JoinSet::new(), cycle: None, missed_ticks: 0, has_lost_rows: false }
    }

    /// Paces until `stop` turns true, then ends as each campaign's `on_exit` says.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut stop: watch::Receiver<bool>) {
        self.campaigns.iter().for_each(tell::started);
        let now = self.host.clock.now();
        let anchors = self.campaigns.iter().map(|campaign| record::started(campaign, now)).collect();
        let _ = self.record(anchors).await;
        // Before the first decision, every campaign is read back: paced starts from the platform's own values.
        for index in 0..self.campaigns.len() {
            self.read_back(index);
        }
        let mut due = None;
        loop {
            if due.is_none() && !self.campaigns.iter().any(|campaign| campaign.is_reading_back) {
                due = Some(self.schedule.from(self.host.clock.now()));
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                // Ahead of all that comes by itself, which a slow journal could make endless.
                Some(order) = orders.recv() => self.obey(order).await,
                at = self.fall_due(due) => due = Some(self.tick(at).await),
                Some(done) = self.requests.join_next_with_id() => self.finish(done).await,
            }
        }
        self.wind_down().await;
    }

    /// Waits for the tick that is due; for ever where none is.
    fn fall_due(&self, due: Option<Timestamp>) -> impl Future<Output = Timestamp> + use<> {
        let clock = self.host.clock;
        async move {
            match due {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
            due.unwrap_or_default()
        }
    }

    // ---- a cycle -----------------------------------------------------------------------------------------------

    /// Starts the cycle that is due, and says when the next one is.
    async fn tick(&mut self, due: Timestamp) -> Timestamp {
        let now = self.host.clock.now();
        let (next, ticks) = self.schedule.after(due, now);
        let is_busy = self.cycle.is_some();
        let missed = ticks.saturating_sub(1) + u64::from(is_busy);
        if missed > 0 {
            self.missed_ticks += missed;
            tell::missed(self.campaigns.len(), missed, is_busy);
        }
        if !is_busy {
            self.start_cycle(now).await;
        }
        next
    }

    async fn start_cycle(&mut self, now: Timestamp) {
        let plans: Vec<_> = self.campaigns.iter().map(|c| plan(&c.config, &c.state, now)).collect();
        for (index, plan) in plans.iter().enumerate() {
            if plan.read_back {
                self.read_back(index);
            }
        }
        let asked: Vec<_> = self.campaigns.iter().zip(&plans).filter(|(_, plan)| plan.observe).collect();
        let ids: Vec<String> = asked.iter().map(|(campaign, _)| campaign.config.id.clone()).collect();
        let Some((first, _)) = asked.first() else {
            return self.decide(HashMap::new()).await;
        };
        let deadline = cycle_deadline(&first.config, now);
        let dialer = Arc::clone(&self.host.dialer);
        let task = self.requests.spawn(async move { Done::Observed(dialer.observe(&ids, deadline).await) });
        self.cycle = Some(task.id());
    }

    fn read_back(&mut self, index: usize) {
        let now = self.host.clock.now();
        let campaign = &mut self.campaigns[index];
        if campaign.is_reading_back || campaign.sending.is_some() {
            return;
        }
        campaign.is_reading_back = true;
        let (id, deadline) = (campaign.config.id.clone(), cycle_deadline(&campaign.config, now));
        let dialer = Arc::clone(&self.host.dialer);
        let sent = campaign.sent;
        self.requests.spawn(async move {
            let found = dialer.read_back(&id, Urgency::Read, deadline).await;
            Done::ReadBack { index, sent, found }
        });
    }

    /// Steps every campaign, records the decisions, then sends what is to be sent.
    async fn decide(&mut self, observations: HashMap<String, Observation>) {
        let seats = self.seat_all().await;
        let stepped = self.step_all(seats, observations).await;
        let mut records = Vec::with_capacity(stepped.len() * 2);
        let mut directives = Vec::new();
        for Stepped { index, step, fed, seat, judgement, took } in stepped {
            let id = self.host.journal.next_id();
            let campaign = &mut self.campaigns[index];
            campaign.decisions += 1;
            record::decision(&mut records, campaign, &step, &fed, &seat, id, took);
            records.extend(record::revision(campaign, &step, &seat));
            records.extend(judgement.map(|judgement| record::judgement(campaign, &judgement, &step.entry)));
            campaign.state = step.state;
            self.host.board.show(&campaign.config.id, tell::status(campaign, &step.entry, self.missed_ticks));
            directives.extend(step.directive.map(|directive| (index, directive, id)));
        }
        let is_recorded = self.record(records).await;
        for (index, directive, id) in directives {
            self.dispatch(index, directive, id, is_recorded).await;
        }
    }

    /// The policies that this tick is stepped with, one component for each policy; where a trial has ended since the last
    /// tick, core is told first.
    async fn seat_all(&mut self) -> Vec<Seat> {
        let (seats, records) = self.seats();
        // Before the steps, because a replay feeds core in the order of the journal.
        let _ = self.record(records).await;
        seats
    }

    /// The seats, by the settings and policies that are in force at this moment, and what a replay has to know of both.
    fn seats(&mut self) -> (Vec<Seat>, Vec<Record>) {
        let now = self.host.clock.now();
        let mut records = Vec::new();
        let mut tick = self.host.registry.tick();
        // Held until each campaign has its policy too, so that both are of one configuration.
        let in_force = self.host.in_force.read();
        let seats = self.campaigns.iter_mut().map(|campaign| {
            if campaign.take(&in_force) {
                records.push(record::configured(campaign, now));
            }
            let seated = tick.policy(&campaign.policy, &campaign.params);
            if let Some(end) = seated.as_ref().ok().and_then(|(_, standing)| standing.trial_end()) {
                records.extend(end_trial(campaign, end, now));
            }
            Seat::of(seated.map(|(policy, _)| policy), campaign.state.policy.revision)
        });
        (seats.collect(), records)
    }

    /// Runs core's step for each campaign, off the async threads: policies compute there.
    async fn step_all(&self, seats: Vec<Seat>, mut observations: HashMap<String, Observation>) -> Vec<Stepped> {
        let now = self.host.clock.now();
        let jobs: Vec<_> = self
            .campaigns
            .iter()
            .zip(seats)
            .enumerate()
            .filter(|(_, (campaign, _))| !campaign.state.is_unknown)
            .map(|(index, (campaign, seat))| {
                let observation = observations.remove(&campaign.config.id);
                let moment = self.host.calendar.moment(now, campaign.shift_end);
                let (config, state) = (Arc::clone(&campaign.config), campaign.state.clone());
                Job { index, policy: campaign.policy.clone(), config, state, seat, observation, moment }
            })
            .collect();
        let registry = Arc::clone(&self.host.registry);
        let run = move || jobs.into_iter().map(|job| job.run(&registry)).collect();
        tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| {
            tracing::error!(event = "pacing_loop_error", message = %error, "the decisions of a batch were lost");
            Vec::new()
        })
    }

    // ---- directives --------------------------------------------------------------------------------------------

    /// Sends a directive, or says why not.
    async fn dispatch(&mut self, index: usize, directive: Directive, id: DecisionId, is_recorded: bool) {
        if self.host.dry_run {
            let now = self.host.clock.now();
            let campaign = &mut self.campaigns[index];
            campaign.state = settle::kept_back(campaign.state.clone());
            let records = record::kept_back(campaign, id, now);
            let _ = self.record(records).await;
            return;
        }
        if !is_recorded && directive.urgency.can_wait() {
            let why = "the journal can't be written, so the ratio is not raised".to_owned();
            return self.settle(index, &directive, id, Outcome::Deferred(why)).await;
        }
        let campaign = &mut self.campaigns[index];
        let displaced = match campaign.sending.take() {
            None => None,
            Some(old) if actuate::preempts(&directive, &old.directive) => {
                old.task.abort();
                Some((old.directive, old.decision))
            }
            Some(old) => {
                campaign.sending = Some(old);
                let displaced = campaign.next.replace((directive, id));
                return self.supersede(index, displaced).await;
            }
        };
        self.send(index, directive, id);
        self.supersede(index, displaced).await;
    }

    async fn supersede(&mut self, index: usize, displaced: Option<(Directive, DecisionId)>) {
        if let Some((directive, id)) = displaced {
            self.settle(index, &directive, id, Outcome::Superseded).await;
        }
    }

    fn send(&mut self, index: usize, directive: Directive, decision: DecisionId) {
        let now = self.host.clock.now();
        let campaign = &mut self.campaigns[index];
        campaign.sent += 1;
        let deadline = cycle_deadline(&campaign.config, now);
        // An open breaker lets a pause through, and that must not overwrite a setting which nobody has looked at yet.
        let is_unseen = campaign.state.can_read_back && !campaign.state.is_settled();
        let errand = Errand {
            campaign: campaign.config.id.clone(),
            max_concurrent_calls: campaign.config.max_concurrent_calls(directive.setting.ratio),
            read_first: directive.read_first || is_unseen,
            read_by: now + deadline.since(now) / 2,
            directive: directive.clone(),
            own: campaign.state.own(),
            deadline,
        };
        let dialer = Arc::clone(&self.host.dialer);
        let run = async move { Done::Ran(index, actuate::run(&*dialer, &errand).await) };
        let task = self.requests.spawn(run);
        campaign.sending = Some(Sending { directive, decision, task });
    }

    // ---- what comes back ---------------------------------------------------------------------------------------

    async fn finish(&mut self, done: Result<(Id, Done), JoinError>) {
        match done {
            Ok((_, Done::Observed(observations))) => {
                self.cycle = None;
                self.decide(observations).await;
            }
            Ok((_, Done::ReadBack { index, sent, found })) => {
                let campaign = &mut self.campaigns[index];
                campaign.is_reading_back = false;
                // What was found while a directive was under way may be from before or after it: it says nothing.
                if campaign.sent == sent {
                    let records = self.take_read_back(index, found);
                    let _ = self.record(records).await;
                }
            }
            // An errand that had ended by itself when a more urgent one took its place: its outcome is not the other's.
            Ok((id, Done::Ran(index, _))) if !self.is_sending(index, id) => {}
            Ok((_, Done::Ran(index, ran))) => self.finish_errand(index, ran).await,
            // A task that was set aside for a more urgent one.
            Err(error) if error.is_cancelled() => {}
            Err(error) => self.bury(&error).await,
        }
    }

    fn is_sending(&self, index: usize, task: Id) -> bool {
        self.campaigns[index].sending.as_ref().is_some_and(|sending| sending.task.id() == task)
    }

    async fn finish_errand(&mut self, index: usize, ran: Ran) {
        let Some(Sending { directive, decision, .. }) = self.campaigns[index].sending.take() else { return };
        if let Some(found) = ran.read_back {
            let records = self.take_read_back(index, found);
            let _ = self.record(records).await;
        }
        self.settle(index, &directive, decision, ran.outcome).await;
        let campaign = &mut self.campaigns[index];
        if let Some((directive, id)) = campaign.next.take() {
            let is_wanted = campaign.state.people_hold.is_none() && directive.setting != campaign.state.setting;
            if is_wanted {
                self.send(index, directive, id);
            } else {
                self.supersede(index, Some((directive, id))).await;
            }
        }
    }

    /// Feeds core what reading back found.
    fn take_read_back(&mut self, index: usize, found: Result<Setting, RequestError>) -> Vec<Record> {
        let now = self.host.clock.now();
        let is_dry = self.host.dry_run;
        let campaign = &mut self.campaigns[index];
        let state = campaign.state.clone();
        let (fed, (state, events)) = match found {
            Ok(found) if is_dry => (Fed::ReadBackDry(found, now), people::read_back_dry(state, found, now)),
            Ok(found) => (Fed::ReadBack(found, now), people::read_back(state, found, now)),
            Err(RequestError::Unknown | RequestError::Unsupported) => {
                (Fed::ReadBackUnavailable(now), people::read_back_unavailable(state, now))
            }
            Err(RequestError::Failed(failure)) => {
                tell::read_back_failed(campaign, &failure);
                (Fed::Failed(failure, now), settle::failed(&campaign.config, state, now))
            }
            Err(RequestError::Delayed(_)) => return Vec::new(),
        };
        let before = std::mem::replace(&mut campaign.state, state);
        record::changed(campaign, &before, &fed, &events, now)
    }

    async fn settle(&mut self, index: usize, directive: &Directive, id: DecisionId, outcome: Outcome) {
        let now = self.host.clock.now();
        let campaign = &mut self.campaigns[index];
        tell::settled(campaign, directive, &outcome);
        let (state, events) = settle::settle(&campaign.config, campaign.state.clone(), directive, &outcome, now);
        campaign.state = state;
        let records = record::outcome(campaign, directive, id, outcome, &events, now);
        let _ = self.record(records).await;
    }

    /// A request's task panicked: a defect, and not the other campaigns' problem.
    async fn bury(&mut self, error: &JoinError) {
        tracing::error!(event = "pacing_loop_error", message = %error, "a request's task ended by a panic");
        if self.cycle == Some(error.id()) {
            self.cycle = None;
        }
        // Which one was being read back is not known; reading another one twice does no harm.
        self.campaigns.iter_mut().for_each(|campaign| campaign.is_reading_back = false);
        let index = self.campaigns.iter().position(|c| c.sending.as_ref().is_some_and(|s| s.task.id() == error.id()));
        if let Some(index) = index {
            let failure = Failure { class: FailureClass::Network, message: error.to_string() };
            self.finish_errand(index, Ran { read_back: None, outcome: Outcome::Failed(failure) }).await;
        }
    }

    // ---- operators and the end ---------------------------------------------------------------------------------

    async fn obey(&mut self, order: Order) {
        let now = self.host.clock.now();
        let Some(index) = self.campaigns.iter().position(|c| c.config.id == order.campaign) else {
            let _ = order.reply.send(Err(format!("no campaign `{}` is paced here", order.campaign)));
            return;
        };
        let campaign = &mut self.campaigns[index];
        let reply = match people::operate(campaign.state.clone(), order.command) {
            Err(why) => Err(why),
            Ok((state, events)) => {
                let before = std::mem::replace(&mut campaign.state, state);
                let records = record::changed(campaign, &before, &Fed::Operated(order.command, now), &events, now);
                tell::operated(campaign, order.command);
                let next = self.schedule.after(now, now).0.since(now).as_secs_f64();
                let _ = self.record(records).await;
                Ok(format!("takes effect at the next decision, in {next:.1} s of platform time"))
            }
        };
        // Whoever asked may have gone.
        let _ = order.reply.send(reply);
    }

    /// Lets the cycle in hand end, then leaves each campaign as its `on_exit` says.
    async fn wind_down(mut self) {
        let finish = async {
            while let Some(done) = self.requests.join_next_with_id().await {
                self.finish(done).await;
            }
        };
        if tokio::time::timeout(WIND_DOWN, finish).await.is_err() {
            tracing::warn!(event = "shutdown_cut_short", "requests in flight did not end in time");
            self.requests.abort_all();
        }
        let exits = tokio::time::timeout(EXIT, self.exit_all()).await;
        if exits.is_err() {
            tracing::error!(event = "shutdown_cut_short", "the directives of on_exit did not end in time");
        }
    }

    async fn exit_all(&mut self) {
        let mut records = Vec::new();
        let mut directives = Vec::new();
        for (index, campaign) in self.campaigns.iter_mut().enumerate() {
            // An `on_exit` that changed since the last tick counts too.
            if campaign.take(&self.host.in_force.read()) {
                records.push(record::configured(campaign, self.host.clock.now()));
            }
            // What was still in flight may never be heard of; the state keeps it as unconfirmed.
            campaign.sending = None;
            campaign.next = None;
            if let Some(directive) = settle::exit(&campaign.config, &campaign.state) {
                let id = self.host.journal.next_id();
                campaign.state = settle::exiting(campaign.state.clone(), &directive);
                records.push(record::exit(campaign, &directive, id, self.host.clock.now()));
                directives.push((index, directive, id));
            }
            records.push(record::state(campaign));
        }
        let is_recorded = self.record(records).await;
        for (index, directive, id) in directives {
            self.dispatch(index, directive, id, is_recorded).await;
        }
        while let Some(done) = self.requests.join_next_with_id().await {
            self.finish(done).await;
        }
    }

    /// Writes to the journal; `false`, and a line of log, where that fails.
    async fn record(&mut self, mut records: Vec<Record>) -> bool {
        if records.is_empty() {
            return true;
        }
        if self.has_lost_rows {
            records = record::after_a_loss(&self.campaigns, records, self.host.clock.now());
        }
        match self.host.journal.record(records).await {
            Ok(()) => {
                self.has_lost_rows = false;
                true
            }
            Err(error) => {
                self.has_lost_rows = true;
                // What a revision is made of may be among what was lost.
                self.campaigns.iter_mut().for_each(|campaign| campaign.journalled = None);
                tracing::error!(event = "journal_failed", message = %error, "the journal can't be written");
                false
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that whoever could stop us is gone: that is a stop too.
    let _ = stop.wait_for(|is_stopping| *is_stopping).await;
}

#[cfg(test)]
mod tests;
