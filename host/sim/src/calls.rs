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
    /// The carrier does not connect it.
    Failed,
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
    /// How long the agent is then unavailable; 0 for not at all.
    pub(crate) unavailable: Millis,
}

/// What the moment of dialling does to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Circumstances {
    /// What the answer probability is multiplied by.
    pub(crate) answering: f64,
    /// What the talk time is multiplied by.
    pub(crate) talking: f64,
    /// Whether the carrier is out.
    pub(crate) is_out: bool,
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
    unavailable: Stream,
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
            unavailable: stream(Cause::Unavailable),
        }
    }

    /// The next call to dial.
    pub(crate) fn dial(&mut self, config: &CentreConfig, circumstances: Circumstances) -> Call {
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
            unavailable: self.unavailable.uniform(),
        };
        let answering = circumstances.answering * config.list_share(number);
        let (ring_s, end) = draws.fate(config, &Circumstances { answering, ..circumstances });
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
    unavailable: f64,
}

impl Draws {
    /// How long the line is held, in seconds, and how that ends.
    fn fate(&self, config: &CentreConfig, circumstances: &Circumstances) -> (f64, RingEnd) {
        if circumstances.is_out {
            return (config.failure_s.quantile(self.ring), RingEnd::Failed);
        }
        let timeout_s = config.ring_timeout_s.quantile(self.ring_timeout);
        let answer_s = || config.ring_s.quantile_within(self.ring, timeout_s);
        // Whoever answers more often is no less often a machine, or busy.
        let most = 1.0 - config.machine_probability - config.busy_probability;
        let person = (config.person_probability * circumstances.answering).min(most);
        let machine = person + config.machine_probability;
        let busy = machine + config.busy_probability;
        match self.outcome {
            u if u < person && self.detection < config.person_mistaken => (answer_s(), RingEnd::Mistaken),
            u if u < person => (answer_s(), RingEnd::Offered(self.person(config, circumstances))),
            u if u < machine => {
                let judged_s = answer_s() + config.detection_s.quantile(self.detection);
                let missed = self.detection < config.machine_missed;
                (judged_s, if missed { RingEnd::Offered(self.machine(config)) } else { RingEnd::Machine })
            }
            u if u < busy => (config.busy_tone_s.quantile(self.ring), RingEnd::Busy),
            _ => (timeout_s, RingEnd::NoAnswer),
        }
    }

    fn person(&self, config: &CentreConfig, circumstances: &Circumstances) -> Offer {
        Offer {
            party: Party::Person,
            patience: millis(config.patience_s.quantile(self.patience)),
            talk: millis(config.talk_s.quantile(self.talk) * circumstances.talking),
            wrap_up: millis(config.wrap_up_s.quantile(self.wrap_up)),
            unavailable: self.unavailable(config),
        }
    }

    fn machine(&self, config: &CentreConfig) -> Offer {
        Offer {
            party: Party::Machine,
            patience: millis(config.patience_s.quantile(self.patience)),
            talk: millis(config.machine_talk_s.quantile(self.talk)),
            wrap_up: 0,
            unavailable: 0,
        }
    }

    /// One number says whether and for how long: given that it is below the probability, it is uniform again.
    fn unavailable(&self, config: &CentreConfig) -> Millis {
        let probability = config.unavailable_probability;
        let is_due = self.unavailable < probability;
        if is_due { millis(config.unavailable_s.quantile(self.unavailable / probability)) } else { 0 }
    }
}

/// Seconds as whole milliseconds, at least 1, so that time moves, and at most [`LONGEST`].
pub(crate) fn millis(seconds: f64) -> Millis {
    (libm::round(seconds * 1_000.0) as Millis).clamp(1, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Circumstances = Circumstances { answering: 1.0, talking: 1.0, is_out: false };

    #[test]
    fn outcomes_come_in_the_configured_shares() {
        let config = CentreConfig { person_mistaken: 0.1, ..CentreConfig::default() };
        let mut calls = Calls::new(3, "1");
        let mut shares = [0.0; 7];
        let n = 200_000;
        for _ in 0..n {
            let kind = match calls.dial(&config, USUAL).end {
                RingEnd::Offered(Offer { party: Party::Person, .. }) => 0,
                RingEnd::Mistaken => 1,
                RingEnd::Machine => 2,
                RingEnd::Offered(Offer { party: Party::Machine, .. }) => 3,
                RingEnd::Busy => 4,
                RingEnd::NoAnswer => 5,
                RingEnd::Failed => 6,
            };
            shares[kind] += 1.0 / f64::from(n);
        }
        for (share, wanted) in shares.into_iter().zip([0.225, 0.025, 0.315, 0.035, 0.05, 0.35, 0.0]) {
            // Four standard deviations.
            let tolerance = 4.0 * libm::sqrt(wanted * (1.0 - wanted) / f64::from(n));
            assert!((share - wanted).abs() <= tolerance, "{shares:?}");
        }
    }

    #[test]
    fn an_answer_comes_within_the_ring_timeout() {
        let config = CentreConfig::default();
        let mut calls = Calls::new(4, "1");
        for _ in 0..10_000 {
            let call = calls.dial(&config, USUAL);
            match call.end {
                RingEnd::NoAnswer => assert!((15_000..=18_000).contains(&call.ring), "{call:?}"),
                RingEnd::Offered(Offer { party: Party::Person, .. }) => assert!(call.ring <= 18_000, "{call:?}"),
                _ => {}
            }
        }
    }

    #[test]
    fn circumstances_move_thresholds_and_not_the_numbers() {
        let config = CentreConfig { unavailable_probability: 0.5, ..CentreConfig::default() };
        let persons = |circumstances| {
            let mut calls = Calls::new(5, "1");
            let talk_of = |call: Call| match call.end {
                RingEnd::Offered(Offer { party: Party::Person, talk, .. }) => Some((call.number, talk)),
                _ => None,
            };
            (0..10_000).filter_map(|_| talk_of(calls.dial(&config, circumstances))).collect::<Vec<_>>()
        };
        let usual = persons(USUAL);
        let twice = persons(Circumstances { answering: 2.0, talking: 3.0, ..USUAL });
        assert!((1.9..2.1).contains(&(twice.len() as f64 / usual.len() as f64)));
        for (number, talk) in &usual {
            let (_, longer) = twice.iter().find(|(other, _)| other == number).expect("who answers answers still");
            assert!(longer.abs_diff(3 * talk) <= 2, "{talk} and {longer}");
        }
        assert_eq!(persons(Circumstances { is_out: true, ..USUAL }), []);
    }

    #[test]
    fn a_list_wears_out_as_it_is_dialled() {
        let config = CentreConfig { list_calls: 10_000, list_worn: 0.5, ..CentreConfig::default() };
        let mut calls = Calls::new(6, "1");
        let mut persons = |count: u32| {
            let answers = (0..count).filter(|_| {
                let call = calls.dial(&config, USUAL);
                matches!(call.end, RingEnd::Offered(Offer { party: Party::Person, .. }))
            });
            answers.count() as f64 / f64::from(count)
        };
        let (fresh, wearing, worn) = (persons(2_000), persons(8_000), persons(20_000));
        // Four standard deviations of 2,000 draws at 0.24 are 0.038.
        assert!((fresh - 0.2375).abs() < 0.038, "{fresh}");
        assert!((wearing - 0.175).abs() < 0.017, "{wearing}");
        assert!((worn - 0.125).abs() < 0.0094, "{worn}");
    }
}
