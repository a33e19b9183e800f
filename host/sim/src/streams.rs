//! Named streams of random numbers, one for each cause of chance.
//!
//! A stream depends on nothing but (seed, campaign, cause), so another campaign, another cause or another order of
//! events never shifts it.

use paced_core::hash::{fnv1a, mix};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// A cause of chance. The number is part of every seed: never renumber, only add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// How the dialled line ends: busy, no answer, machine, person.
    Outcome = 1,
    /// Time to an answer.
    Ring = 2,
    /// How long the platform lets it ring.
    RingTimeout = 3,
    /// Whether machine detection errs.
    Detection = 4,
    /// Time until the called party hangs up when nobody speaks.
    Patience = 5,
    /// Talk time.
    Talk = 6,
    /// Wrap-up time.
    WrapUp = 7,
    /// An agent's breaks; one stream for each agent.
    Breaks = 8,
    /// When calls arrive, where theory and not a dial ratio says so.
    Arrivals = 9,
    /// Whether, and for how long, an agent is unavailable after a call.
    Unavailable = 10,
    /// How busy the day is.
    Day = 11,
    /// How late the feed is beyond its delay; one stream for each moment at which that may change.
    FeedJitter = 12,
}

/// One stream of uniform numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Pcg64);

impl Stream {
    /// The stream of a cause in a campaign.
    pub(crate) fn new(seed: u64, campaign: &str, cause: Cause) -> Self {
        Self::numbered(seed, campaign, cause, 0)
    }

    /// One of many streams of the same cause.
    pub(crate) fn numbered(seed: u64, campaign: &str, cause: Cause, number: u64) -> Self {
        let mixed = [fnv1a(campaign.as_bytes()), cause as u64, number]
            .into_iter()
            .fold(mix(seed), |state, part| mix(state ^ mix(part)));
        Self(Pcg64::seed_from_u64(mixed))
    }

    /// The next number, above 0 and below 1, in steps of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.0.next_u64() >> 11) as f64 + 0.5) * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(mut stream: Stream) -> u64 {
        stream.uniform().to_bits()
    }

    #[test]
    fn each_part_of_the_name_makes_another_stream() {
        let base = first(Stream::new(7, "1", Cause::Talk));
        assert_eq!(base, first(Stream::new(7, "1", Cause::Talk)));
        for other in [
            Stream::new(8, "1", Cause::Talk),
            Stream::new(7, "2", Cause::Talk),
            Stream::new(7, "1", Cause::WrapUp),
            Stream::numbered(7, "1", Cause::Talk, 1),
        ] {
            assert_ne!(base, first(other));
        }
    }

    #[test]
    fn numbers_are_uniform_and_never_zero_or_one() {
        let mut stream = Stream::new(1, "1", Cause::Outcome);
        let mut tenths = [0_u32; 10];
        for _ in 0..100_000 {
            let u = stream.uniform();
            assert!(u > 0.0 && u < 1.0);
            tenths[(u * 10.0) as usize] += 1;
        }
        // Four standard deviations of a binomial count of 10,000 are 380.
        assert!(tenths.iter().all(|count| count.abs_diff(10_000) < 380), "{tenths:?}");
    }
}
