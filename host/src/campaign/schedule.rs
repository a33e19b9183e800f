//! Which campaigns go together, and when: batches of one poll interval, spread evenly over it.

use std::time::Duration;

use paced_core::time::Timestamp;

use super::Campaign;

/// The grid of a batch's ticks. Lateness never moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    first: Timestamp,
    interval: Duration,
}

impl Schedule {
    /// Ticks at `first` and every `interval` after it, `interval` being at least a millisecond.
    #[must_use]
    pub fn new(first: Timestamp, interval: Duration) -> Self {
        Self { first, interval: interval.max(Duration::from_millis(1)) }
    }

    /// The first tick after `now`, and how many there were from `due`, the tick awaited last, up to `now`.
    #[must_use]
    pub fn after(&self, due: Timestamp, now: Timestamp) -> (Timestamp, u64) {
        if now < self.first {
            return (self.first, 0);
        }
        let interval = i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX);
        let ticks = |at: Timestamp| (at.as_millis() - self.first.as_millis()).div_euclid(interval);
        let next = self.first.as_millis().saturating_add((ticks(now) + 1).saturating_mul(interval));
        (Timestamp::from_millis(next), u64::try_from(ticks(now) - ticks(due) + 1).unwrap_or(0))
    }

    /// The first tick that is not before `now`.
    #[must_use]
    pub fn from(&self, now: Timestamp) -> Timestamp {
        self.after(now, now - Duration::from_millis(1)).0
    }
}

/// Campaigns in batches of at most `batch_size`, each with its schedule from `start` on.
///
/// The batches of one interval are as even as can be, and tick at even distances within it.
#[must_use]
pub fn batches(campaigns: Vec<Campaign>, batch_size: usize, start: Timestamp) -> Vec<(Schedule, Vec<Campaign>)> {
    let mut by_interval: std::collections::BTreeMap<Duration, Vec<Campaign>> = std::collections::BTreeMap::new();
    for campaign in campaigns {
        by_interval.entry(campaign.config.poll_interval).or_default().push(campaign);
    }
    by_interval.into_iter().flat_map(|(interval, group)| spread(group, interval, batch_size.max(1), start)).collect()
}

fn spread(
    mut group: Vec<Campaign>,
    interval: Duration,
    batch_size: usize,
    start: Timestamp,
) -> Vec<(Schedule, Vec<Campaign>)> {
    let count = group.len().div_ceil(batch_size);
    (0..count)
        .map(|index| {
            let size = group.len().div_ceil(count - index);
            let rest = group.split_off(size);
            let batch = std::mem::replace(&mut group, rest);
            let phase = interval.mul_f64(index as f64 / count as f64);
            (Schedule::new(start + phase, interval), batch)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use paced_core::config::CampaignConfig;
    use paced_core::state::CampaignState;

    use std::sync::Arc;

    use super::super::Settings;
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn campaign(id: usize, poll_interval: Duration) -> Campaign {
        let config = CampaignConfig { poll_interval, ..CampaignConfig::with_defaults(&id.to_string(), 10) };
        let state = CampaignState::new(&config);
        let settings =
            Settings { config: Arc::new(config), policy: "fixed".to_owned(), params: vec![], shift_end: None };
        Campaign::new(settings, state)
    }

    #[test]
    fn batches_are_even_and_spread_over_the_interval() {
        let interval = Duration::from_secs(15);
        let batches = batches((0..120).map(|id| campaign(id, interval)).collect(), 50, START);
        let shape: Vec<_> = batches.iter().map(|(schedule, group)| (group.len(), schedule.first)).collect();
        assert_eq!(shape, [(40, START), (40, START + Duration::from_secs(5)), (40, START + Duration::from_secs(10))]);
    }

    #[test]
    fn campaigns_of_different_intervals_never_share_a_batch() {
        let mixed = vec![campaign(1, Duration::from_secs(15)), campaign(2, Duration::from_secs(5))];
        assert_eq!(batches(mixed, 50, START).len(), 2);
    }

    #[test]
    fn lateness_skips_ticks_and_keeps_the_grid() {
        let schedule = Schedule::new(START, Duration::from_secs(15));
        let at = |second: u64| START + Duration::from_secs(second);
        assert_eq!(schedule.after(at(0), at(0)), (at(15), 1));
        assert_eq!(schedule.after(at(15), at(16)), (at(30), 1));
        assert_eq!(schedule.after(at(15), at(47)), (at(60), 3));
        assert_eq!(schedule.from(at(0)), at(0));
        assert_eq!(schedule.from(at(1)), at(15));
        assert_eq!(schedule.after(at(0), START - Duration::from_secs(9)), (START, 0));
    }
}
