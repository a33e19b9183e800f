//! The fate of a call, decided when it is dialled.
//!
//! Every call takes one number from every stream, so that the n-th call is the same under every dial ratio. Only what
//! happens *between* calls (is an agent free?) is left to the event loop.

use crate::config::CentreConfig;
use crate::streams::{Cause, Stream};

/// A simulated duration or instant, in milliseconds: whole numbers, so that sums are exact.
pub(crate) type Millis = u64;

/// The longest that any drawn duration may be, so that a fat tail can't occupy an agent for ever.
const LONGEST: Millis = 24 * 3_600 * 1_000;

/// A dialled call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its place in the campaign's order of dialling, from 0.
    pub(crate) number: u64,
    /// How long the line is held until it is known how it ends.
    pub(crate) ring: Millis,
    /// How it ends.
    pub(crate) end: RingEnd,
}

/// How ringing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingEnd {
    /// A busy tone.
    Busy,
    /// Nobody answers in time.
    NoAnswer,
    /// A machine, detected.
    Machine,
    /// A person whom detection takes for a machine.
    Mistaken,
    /// Someone, as far as the platform can tell, who is offered to an agent.
    Offered(Offer),
}

/// An answered call that wants an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Who is there in truth.
    pub(crate) party: Party,
    /// How long they stay without an agent.
    pub(crate) patience: Millis,
    /// How long they talk.
    pub(crate) talk: Millis,
    /// How long the agent's wrap-up then takes.
    pub(crate) wrap_up: Millis,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// A person.
    Person,
    /// A machine that detection missed.
    Machine,
}

/// Where calls come from.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    next: u64,
    outcome: Stream,
    ring: Stream,
    ring_timeout: Stream,
    detection: Stream,
    patience: Stream,
    talk: Stream,
    wrap_up: Stream,
}

impl Calls {
    pub(crate) fn new(seed: u64, campaign: &str) -> Self {
        let stream = |cause| Stream::new(seed, campaign, cause);
        Self {
            next: 0,
            outcome: stream(Cause::Outcome),
            ring: stream(Cause::Ring),
            ring_timeout: stream(Cause::RingTimeout),
            detection: stream(Cause::Detection),
            patience: stream(Cause::Patience),
            talk: stream(Cause::Talk),
            wrap_up: stream(Cause::WrapUp),
        }
    }

    /// The next call to dial.
    pub(crate) fn dial(&mut self, config: &CentreConfig) -> Call {
        let number = self.next;
        self.next += 1;
        // One number from each stream, whatever comes of it.
        let draws = Draws {
            outcome: self.outcome.uniform(),
            ring: self.ring.uniform(),
            ring_timeout: self.ring_timeout.uniform(),
            detection: self.detection.uniform(),
            patience: self.patience.uniform(),
            talk: self.talk.uniform(),
            wrap_up: self.wrap_up.uniform(),
        };
        let (ring_s, end) = draws.fate(config);
        Call { number, ring: millis(ring_s), end }
    }
}

/// The numbers that decide one call.
struct Draws {
    outcome: f64,
    ring: f64,
    ring_timeout: f64,
    detection: f64,
    patience: f64,
    talk: f64,
    wrap_up: f64,
}

impl Draws {
    /// How long the line is held, in seconds, and how that ends.
    fn fate(&self, config: &CentreConfig) -> (f64, RingEnd) {
        let timeout_s = config.ring_timeout_s.quantile(self.ring_timeout);
        let answer_s = || config.ring_s.quantile_within(self.ring, timeout_s);
        let person = config.person_probability;
        let machine = person + config.machine_probability;
        let busy = machine + config.busy_probability;
        match self.outcome {
            u if u < person && self.detection < config.person_mistaken => (answer_s(), RingEnd::Mistaken),
            u if u < person => (answer_s(), RingEnd::Offered(self.person(config))),
            u if u < machine => {
                let judged_s = answer_s() + config.detection_s.quantile(self.detection);
                let missed = self.detection < config.machine_missed;
                (judged_s, if missed { RingEnd::Offered(self.machine(config)) } else { RingEnd::Machine })
            }
            u if u < busy => (config.busy_tone_s.quantile(self.ring), RingEnd::Busy),
            _ => (timeout_s, RingEnd::NoAnswer),
        }
    }

    fn person(&self, config: &CentreConfig) -> Offer {
        Offer {
            party: Party::Person,
            patience: millis(config.patience_s.quantile(self.patience)),
            talk: millis(config.talk_s.quantile(self.talk)),
            wrap_up: millis(config.wrap_up_s.quantile(self.wrap_up)),
        }
    }

    fn machine(&self, config: &CentreConfig) -> Offer {
        Offer {
            party: Party::Machine,
            patience: millis(config.patience_s.quantile(self.patience)),
            talk: millis(config.machine_talk_s.quantile(self.talk)),
            wrap_up: 0,
        }
    }
}

/// Seconds as whole milliseconds, at least 1, so that time moves, and at most [`LONGEST`].
pub(crate) fn millis(seconds: f64) -> Millis {
    (libm::round(seconds * 1_000.0) as Millis).clamp(1, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_the_configured_shares() {
        let config = CentreConfig { person_mistaken: 0.1, ..CentreConfig::default() };
        let mut calls = Calls::new(3, "1");
        let mut shares = [0.0; 6];
        let n = 200_000;
        for _ in 0..n {
            let kind = match calls.dial(&config).end {
                RingEnd::Offered(Offer { party: Party::Person, .. }) => 0,
                RingEnd::Mistaken => 1,
                RingEnd::Machine => 2,
                RingEnd::Offered(Offer { party: Party::Machine, .. }) => 3,
                RingEnd::Busy => 4,
                RingEnd::NoAnswer => 5,
            };
            shares[kind] += 1.0 / f64::from(n);
        }
        for (share, wanted) in shares.into_iter().zip([0.225, 0.025, 0.315, 0.035, 0.05, 0.35]) {
            // Four standard deviations.
            let tolerance = 4.0 * libm::sqrt(wanted * (1.0 - wanted) / f64::from(n));
            assert!((share - wanted).abs() < tolerance, "{shares:?}");
        }
    }

    #[test]
    fn an_answer_comes_within_the_ring_timeout() {
        let config = CentreConfig::default();
        let mut calls = Calls::new(4, "1");
        for _ in 0..10_000 {
            let call = calls.dial(&config);
            match call.end {
                RingEnd::NoAnswer => assert!((15_000..=18_000).contains(&call.ring), "{call:?}"),
                RingEnd::Offered(Offer { party: Party::Person, .. }) => assert!(call.ring <= 18_000, "{call:?}"),
                _ => {}
            }
        }
    }
}
