//! Whatever a policy proposes, the guard's ruling keeps to the bounds, the ramps and the ceiling.
//!
//! The same claims as the property test in `host/core/src/guard.rs`, with inputs that libFuzzer steers by coverage.
//! Seen to fail within seconds when the guard leaves out the ceiling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use paced_core::config::CampaignConfig;
use paced_core::guard::rule;
use paced_core::ratio::DialRatio;
use paced_core::trip::Evidence;

/// What is read off the fuzzer's bytes; where they end, zeros follow.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let (now, later) = self.0.split_at(self.0.len().min(N));
        taken[..now.len()].copy_from_slice(now);
        self.0 = later;
        taken
    }

    /// A hundredth of 0 to 655.35.
    fn hundredths(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn ratio(&mut self) -> DialRatio {
        DialRatio::from_hundredths_clamped(self.hundredths().into())
    }

    /// A ramp, as a configuration may have it: from 0.01 to 5.0.
    fn ramp(&mut self) -> f64 {
        f64::from(self.hundredths() % 500 + 1) / 100.0
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let proposed = f64::from_le_bytes(bytes.take());
    let (current, low, high) = (bytes.ratio(), bytes.ratio(), bytes.ratio());
    let (ramp_up, ramp_down) = (bytes.ramp(), bytes.ramp());
    let deadband = f64::from(bytes.hundredths() % 100) / 100.0;
    let [signed_in, over] = bytes.take();
    let config = CampaignConfig {
        min_dial_ratio: low.min(high),
        max_dial_ratio: low.max(high),
        ramp_up,
        ramp_down,
        deadband,
        ..CampaignConfig::with_defaults("1", 20)
    };
    let is_over = over % 2 == 1;
    let evidence = Evidence { over: is_over, enough: is_over, ..Evidence::default() };
    let ruling = rule(&config, current, proposed, &evidence, signed_in.into());
    let (sent, bounds) = (ruling.ratio, config.min_dial_ratio..=config.max_dial_ratio);
    assert_eq!(ruling, rule(&config, current, proposed, &evidence, signed_in.into()), "the same again");
    assert!(sent == current || bounds.contains(&sent), "{sent} out of bounds");
    assert!(!is_over || sent <= current, "{sent} above {current} with abandonment over its limit");
    if bounds.contains(&current) {
        assert!(sent.value() <= current.value() + ramp_up + 1e-9, "{sent} is more than a ramp above {current}");
        assert!(sent.value() >= current.value() - ramp_down - 1e-9, "{sent} is more than a ramp below {current}");
    }
    assert!(proposed.is_finite() || sent == current, "no number moves nothing");
});
