//! Hashes and random numbers that depend on names and seeds only, and are the same on every machine for ever.
//!
//! An assignment that has been written down must come out again after a restart, an upgrade or a move; `std`'s hasher
//! promises none of that. Whoever changes a constant here changes every assignment and every recorded seed.

/// The FNV-1a hash of some bytes (Fowler, Noll and Vo).
#[must_use]
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Spreads every bit of its input over every bit of its output: the finalizer of SplitMix64 (Steele, Lea and Flood,
/// 2014).
#[must_use]
pub const fn finalize(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One step of SplitMix64: the golden ratio's increment, then [`finalize`].
#[must_use]
pub const fn mix(value: u64) -> u64 {
    finalize(value.wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// A stream of random numbers by SplitMix64.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The stream of this seed and these names. Each name counts on its own: `["a", "bc"]` is not `["ab", "c"]`.
    #[must_use]
    pub fn named(seed: u64, names: &[&str]) -> Self {
        Self(names.iter().fold(mix(seed), |state, name| mix(state ^ fnv1a(name.as_bytes()))))
    }

    /// The next number, any of the 2^64.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finalize(self.0)
    }

    /// A whole number from 0 to `bound` - 1, and 0 for a bound of 0. It favours none by more than `bound` / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A number above 0 and below 1, in steps of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.next_u64() >> 11) as f64 + 0.5) * STEP
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A standard normal number (Box and Muller 1958).
    pub(crate) fn normal(draw: &mut Draw) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(draw.uniform()));
        radius * libm::cos(std::f64::consts::TAU * draw.uniform())
    }

    /// As published: FNV-1a of "foobar", and the first two outputs of SplitMix64 from state 0.
    #[test]
    fn agrees_with_published_values() {
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        let mut draw = Draw(0);
        assert_eq!([draw.next_u64(), draw.next_u64()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn every_name_makes_another_stream() {
        let first = |seed, names: &[&str]| Draw::named(seed, names).next_u64();
        let base = first(7, &["a", "bc"]);
        assert_eq!(base, first(7, &["a", "bc"]));
        for other in [first(8, &["a", "bc"]), first(7, &["ab", "c"]), first(7, &["bc", "a"]), first(7, &["a"])] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn below_reaches_every_number_evenly() {
        let (mut draw, mut counts) = (Draw::named(1, &["even"]), [0_u32; 6]);
        for _ in 0..60_000 {
            counts[draw.below(6)] += 1;
        }
        // Four standard deviations of a binomial count of 10,000 are 365.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 365), "{counts:?}");
        assert_eq!(draw.below(0), 0);
    }
}
