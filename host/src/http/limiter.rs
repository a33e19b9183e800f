//! A rate limit that requests wait for by priority.
//!
//! Ready-made limiters know neither priorities nor platform time, and let a whole minute's quota through at once. Here a
//! burst is small, no minute holds more than the quota, the more urgent goes first whenever it came, and who can't be
//! served before the deadline is told so at once, while there is still time to do something else. Every waiter takes
//! its place itself when its turn has come: one that is dropped leaves the queue, and no place is lost with it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paced_core::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Clock;

/// Most requests that wait at a time; above it the least urgent is turned away.
const MAX_WAITING: usize = 10_000;
/// The span of platform time that a quota is spread over: the platform's minute, and a second for requests that take
/// longer on their way than those behind them. Without it the platform counts one too many now and then.
const WINDOW: Duration = Duration::from_secs(61);

/// No place in the rate limit before the deadline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {limit} limit of {per_minute} requests a minute has no place before the deadline")]
pub struct NoPlace {
    limit: &'static str,
    per_minute: u32,
}

/// A rate limit, shared by all requests that count against the same quota.
#[derive(Debug)]
pub struct Limiter {
    name: &'static str,
    per_minute: u32,
    clock: Clock,
    queue: Mutex<Queue>,
}

impl Limiter {
    /// Allows `per_minute` requests in any minute of platform time, of which at most `burst` at once; both are at least
    /// 1. `name` says in errors which limit it is.
    #[must_use]
    pub fn new(name: &'static str, per_minute: u32, burst: u32, clock: Clock) -> Self {
        let queue = Queue::new(per_minute.max(1), burst.max(1), clock.wall(WINDOW));
        Self { name, per_minute, clock, queue: Mutex::new(queue) }
    }

    /// Waits for a place. A lower `priority` goes first; within one, who came first.
    ///
    /// # Errors
    /// There is no place before `deadline`. This is known at once, or as soon as others have gone first.
    pub async fn acquire(&self, priority: u8, deadline: Timestamp) -> Result<(), NoPlace> {
        let until = self.clock.instant(deadline);
        let waker = Arc::new(Notify::new());
        let key = self.lock().enter(priority, until, Arc::clone(&waker), Instant::now());
        let _leave = Leave { limiter: self, key };
        loop {
            let turn = self.lock().turn(key, Instant::now());
            let wake_at = match turn {
                Turn::Granted => return Ok(()),
                Turn::Lost => return Err(self.no_place()),
                Turn::At(at) => at,
                Turn::Behind => until,
            };
            tokio::select! {
                () = waker.notified() => {}
                () = tokio::time::sleep_until(wake_at) => {}
            }
        }
    }

    /// Lets nothing through before `at`. An earlier closing that lasts longer stands.
    pub fn close_until(&self, at: Timestamp) {
        self.lock().close_until(self.clock.instant(at), Instant::now());
    }

    fn no_place(&self) -> NoPlace {
        NoPlace { limit: self.name, per_minute: self.per_minute }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a waiter out of the queue when it has its place, has lost it, or is dropped.
struct Leave<'a> {
    limiter: &'a Limiter,
    key: Key,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.limiter.lock().leave(self.key);
    }
}

/// Priority first, then order of arrival.
type Key = (u8, u64);

/// What a waiter is to do.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// Go.
    Granted,
    /// It goes next, at this instant.
    At(Instant),
    /// Others go first.
    Behind,
    /// It can't be served before its deadline.
    Lost,
}

/// The limit's state. Instants are arguments, so that it can be tested without a clock.
#[derive(Debug)]
struct Queue {
    per_minute: usize,
    /// Wall time from one place to the next, and of a minute of the platform's time.
    interval: Duration,
    minute: Duration,
    /// How far places may be taken ahead of time: a burst's worth.
    ahead: Duration,
    /// When the next place is due by the steady rate alone.
    due: Option<Instant>,
    closed_until: Option<Instant>,
    /// When the last minute's places were taken, at most `per_minute` of them.
    taken: VecDeque<Instant>,
    waiting: BTreeMap<Key, Waiter>,
    arrivals: u64,
}

#[derive(Debug)]
struct Waiter {
    until: Instant,
    waker: Arc<Notify>,
}

impl Queue {
    fn new(per_minute: u32, burst: u32, minute: Duration) -> Self {
        let interval = minute / per_minute;
        Self {
            per_minute: per_minute as usize,
            interval,
            minute,
            ahead: interval * (burst.min(per_minute) - 1),
            due: None,
            closed_until: None,
            taken: VecDeque::new(),
            waiting: BTreeMap::new(),
            arrivals: 0,
        }
    }

    fn enter(&mut self, priority: u8, until: Instant, waker: Arc<Notify>, now: Instant) -> Key {
        let key = (priority, self.arrivals);
        self.arrivals += 1;
        self.waiting.insert(key, Waiter { until, waker });
        if self.waiting.len() > MAX_WAITING
            && let Some((_, evicted)) = self.waiting.pop_last()
        {
            evicted.waker.notify_one();
        }
        let is_last = self.waiting.last_key_value().is_some_and(|(last, _)| *last == key);
        if !is_last || self.place(self.waiting.len() as u32 - 1, now) > until {
            self.turn_away_hopeless(now);
        }
        key
    }

    fn turn(&mut self, key: Key, now: Instant) -> Turn {
        let Some(waiter) = self.waiting.get(&key) else { return Turn::Lost };
        let until = waiter.until;
        if self.waiting.first_key_value().is_some_and(|(first, _)| *first != key) {
            return if now >= until { Turn::Lost } else { Turn::Behind };
        }
        match self.place(0, now) {
            at if at > until => Turn::Lost,
            at if at > now => Turn::At(at),
            _ => {
                self.take(now);
                Turn::Granted
            }
        }
    }

    fn leave(&mut self, key: Key) {
        self.waiting.remove(&key);
        if let Some((_, next)) = self.waiting.first_key_value() {
            next.waker.notify_one();
        }
    }

    fn close_until(&mut self, at: Instant, now: Instant) {
        self.closed_until = self.closed_until.max(Some(at));
        self.turn_away_hopeless(now);
    }

    /// When the place of the waiter with so many before it comes, if nobody more urgent arrives.
    fn place(&self, before: u32, now: Instant) -> Instant {
        let open = self.closed_until.map_or(now, |at| at.max(now));
        let due = self.due.map_or(open, |due| due.max(open)) + self.interval * before;
        let steady = due.checked_sub(self.ahead).unwrap_or(open);
        let within_quota = (self.taken.len() + before as usize)
            .checked_sub(self.per_minute)
            .and_then(|index| self.taken.get(index))
            .map_or(open, |&taken| taken + self.minute);
        open.max(steady).max(within_quota)
    }

    fn take(&mut self, now: Instant) {
        self.due = Some(self.due.map_or(now, |due| due.max(now)) + self.interval);
        if self.taken.len() >= self.per_minute {
            self.taken.pop_front();
        }
        self.taken.push_back(now);
    }

    /// Tells everyone whose place would come too late, so that they do not wait in vain.
    fn turn_away_hopeless(&mut self, now: Instant) {
        let mut before = 0;
        let mut hopeless = Vec::new();
        for (key, waiter) in &self.waiting {
            if self.place(before, now) > waiter.until {
                hopeless.push(*key);
            } else {
                before += 1;
            }
        }
        for key in hopeless {
            if let Some(waiter) = self.waiting.remove(&key) {
                waiter.waker.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests;
