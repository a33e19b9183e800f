//! How many lines the platform keeps ringing for a campaign.

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};

use crate::calls::Millis;

/// A ratio this near to the one set has arrived, in hundredths.
const ARRIVED: f64 = 0.5;

/// What a campaign is set to, and the ratio that the platform really dials at: the same, or one that follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialling {
    setting: Setting,
    max_concurrent_calls: u32,
    following: Option<Following>,
}

/// The platform's own ratio on its way: each time constant takes off the same share of what is left.
#[derive(Clone, Copy, Debug)]
struct Following {
    from_hundredths: f64,
    since: Millis,
    time_constant_ms: f64,
}

impl Default for Dialling {
    fn default() -> Self {
        let setting = Setting { ratio: DialRatio::ONE, status: Status::Paused };
        Self { setting, max_concurrent_calls: 0, following: None }
    }
}

impl Dialling {
    /// Sets the campaign; `true` if the platform's own ratio begins to follow. A campaign that was paused jumps.
    pub(crate) fn set(&mut self, setting: Setting, max_concurrent_calls: u32, smoothing_s: f64, now: Millis) -> bool {
        let was_following = self.following.is_some();
        let from_hundredths = self.hundredths(now);
        let follows = smoothing_s > 0.0
            && self.setting.status == Status::Active
            && setting.status == Status::Active
            && (from_hundredths - f64::from(setting.ratio.hundredths())).abs() > ARRIVED;
        let following = Following { from_hundredths, since: now, time_constant_ms: smoothing_s * 1_000.0 };
        self.following = follows.then_some(following);
        (self.setting, self.max_concurrent_calls) = (setting, max_concurrent_calls);
        follows && !was_following
    }

    /// Whether the platform's own ratio is still on its way; one that has arrived stays.
    pub(crate) fn follows(&mut self, now: Millis) -> bool {
        let target = f64::from(self.setting.ratio.hundredths());
        if (self.hundredths(now) - target).abs() <= ARRIVED {
            self.following = None;
        }
        self.following.is_some()
    }

    fn hundredths(&self, now: Millis) -> f64 {
        let target = f64::from(self.setting.ratio.hundredths());
        self.following.map_or(target, |following| {
            let passed = (now - following.since) as f64 / following.time_constant_ms;
            target + (following.from_hundredths - target) * libm::exp(-passed)
        })
    }

    /// Lines to keep ringing: ratio x ready agents, halves up; none while paused.
    pub(crate) fn lines(&self, ready: u32, now: Millis) -> u32 {
        if self.setting.status == Status::Paused {
            return 0;
        }
        let hundredths = match self.following {
            Some(_) => libm::round(self.hundredths(now)) as u32,
            None => u32::from(self.setting.ratio.hundredths()),
        };
        (hundredths * ready + 50) / 100
    }

    pub(crate) const fn max_concurrent_calls(&self) -> u32 {
        self.max_concurrent_calls
    }

    pub(crate) const fn setting(&self) -> (Setting, u32) {
        (self.setting, self.max_concurrent_calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(ratio: f64) -> Setting {
        Setting { ratio: DialRatio::new(ratio).unwrap(), status: Status::Active }
    }

    #[test]
    fn lines_follow_the_ratio_with_halves_up() {
        for (ratio, ready, wanted) in [(1.0, 0, 0), (0.1, 4, 0), (0.1, 5, 1), (1.5, 3, 5), (5.0, 10_000, 50_000)] {
            let mut dialling = Dialling::default();
            assert!(!dialling.set(active(ratio), 100, 0.0, 0));
            assert_eq!(dialling.lines(ready, 0), wanted, "{ratio} x {ready}");
        }
    }

    #[test]
    fn a_smoothing_platform_follows_by_its_time_constant() {
        let mut dialling = Dialling::default();
        assert!(!dialling.set(active(1.0), 100, 60.0, 0), "from a pause it jumps");
        assert!(dialling.set(active(3.0), 100, 60.0, 0));
        assert_eq!(dialling.lines(100, 0), 100);
        // 3 - 2 / e
        assert_eq!(dialling.lines(100, 60_000), 226);
        assert!(!dialling.set(active(2.0), 100, 60.0, 60_000), "it follows already");
        // 2 + 0.264 / e
        assert_eq!(dialling.lines(100, 120_000), 210);
        assert!(dialling.follows(120_000) && !dialling.follows(600_000));
        assert_eq!(dialling.lines(100, 600_000), 200);
    }
}
