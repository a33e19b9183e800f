//! The request budget: how many requests a minute a set of campaigns needs, against what the platform allows.
//!
//! Campaigns that are polled at one interval share queries, up to a batch size; batches never mix intervals. So the
//! need grows with the number of batches, not of campaigns.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The part of a quota that is used: a minute's requests are spread over 61 s, since some take longer on their way.
const USABLE: f64 = 60.0 / 61.0;

/// Requests that a campaign causes in one cycle at worst, besides its share of a query: a read back and an update.
const UPDATES_PER_CYCLE: f64 = 2.0;

/// What a set of campaigns asks of the platform, beside what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Number of campaigns by poll interval.
    campaigns: BTreeMap<Duration, u32>,
    batch_size: u32,
    analytics_per_minute: u32,
    updates_per_minute: u32,
}

impl Budget {
    /// The budget of campaigns with these poll intervals, one for each campaign. A batch size or limit of 0 counts as
    /// 1, an interval below 1 ms as 1 ms.
    #[must_use]
    pub fn new(
        poll_intervals: impl IntoIterator<Item = Duration>,
        batch_size: u32,
        analytics_per_minute: u32,
        updates_per_minute: u32,
    ) -> Self {
        let mut campaigns = BTreeMap::new();
        for interval in poll_intervals {
            *campaigns.entry(interval.max(Duration::from_millis(1))).or_insert(0) += 1;
        }
        Self {
            campaigns,
            batch_size: batch_size.max(1),
            analytics_per_minute: analytics_per_minute.max(1),
            updates_per_minute: updates_per_minute.max(1),
        }
    }

    /// Analytics requests needed in a minute; retries and further pages come on top.
    #[must_use]
    pub fn analytics_needed(&self) -> f64 {
        let of_group = |(interval, count): (&Duration, &u32)| {
            f64::from(count.div_ceil(self.batch_size)) * MINUTE.div_duration_f64(*interval)
        };
        self.campaigns.iter().map(of_group).sum()
    }

    /// Requests to campaigns in a minute, if every campaign is read back and updated in every cycle.
    #[must_use]
    pub fn updates_at_worst(&self) -> f64 {
        let of_group = |(interval, count): (&Duration, &u32)| {
            UPDATES_PER_CYCLE * f64::from(*count) * MINUTE.div_duration_f64(*interval)
        };
        self.campaigns.iter().map(of_group).sum()
    }

    /// Whether the campaigns need more analytics requests than the platform allows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.analytics_needed() > f64::from(self.analytics_per_minute)
    }

    /// Whether the worst case of updates is more than the platform allows.
    #[must_use]
    pub fn updates_may_be_over(&self) -> bool {
        self.updates_at_worst() > f64::from(self.updates_per_minute)
    }

    /// The factor by which every poll interval must grow for the budget to fit: 1 where it fits as it is.
    #[must_use]
    pub fn stretch(&self) -> f64 {
        (self.analytics_needed() / (f64::from(self.analytics_per_minute) * USABLE)).max(1.0)
    }
}

/// "240 campaigns every 15 s in batches of 50 need 20 of 100 analytics requests a minute"
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.campaigns.is_empty() {
            write!(f, "no campaigns")?;
        }
        for (nth, (interval, count)) in self.campaigns.iter().enumerate() {
            let separator = match nth {
                0 => "",
                _ if nth + 1 == self.campaigns.len() => " and ",
                _ => ", ",
            };
            let plural = if *count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} campaign{plural} every {} s", interval.as_secs_f64())?;
        }
        let alone = self.campaigns.values().sum::<u32>() == 1;
        write!(
            f,
            " in batches of {} {} {} of {} analytics requests a minute",
            self.batch_size,
            if alone { "needs" } else { "need" },
            rounded_up(self.analytics_needed()),
            self.analytics_per_minute
        )
    }
}

/// One decimal at most, rounded up so that a budget just over its limit never reads as if it fitted.
fn rounded_up(requests: f64) -> f64 {
    // The division by an interval leaves errors of the last place, which must not round a whole number up.
    // Rounding 0 up makes a negative one, which adding 0 cures.
    libm::ceil(requests * 10.0 - 1e-6) / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(interval_ms: u64, campaigns: usize) -> Vec<Duration> {
        vec![Duration::from_millis(interval_ms); campaigns]
    }

    #[test]
    fn batches_share_a_request_and_never_mix_intervals() {
        let need =
            |intervals: Vec<Duration>, batch_size| Budget::new(intervals, batch_size, 100, 3000).analytics_needed();
        assert_eq!(need(every(15_000, 240), 50), 20.0);
        assert_eq!(need(every(15_000, 1000), 50), 80.0);
        assert_eq!(need(every(15_000, 1), 50), 4.0);
        assert_eq!(need(every(15_000, 51), 50), 8.0, "one more than a batch takes a second request");
        assert_eq!(need([every(15_000, 1), every(30_000, 1)].concat(), 50), 6.0, "two intervals, two batches");
        assert_eq!(need(every(15_000, 25), 1), 100.0);
        assert_eq!(need(vec![], 50), 0.0);
    }

    #[test]
    fn over_budget_says_by_how_much_to_stretch() {
        let fits = Budget::new(every(15_000, 25), 1, 100, 3000);
        assert_eq!((fits.is_over(), fits.stretch()), (false, 61.0 / 60.0), "a full quota leaves no slack");
        let over = Budget::new(every(1_000, 1000), 50, 100, 3000);
        assert_eq!((over.is_over(), over.stretch()), (true, 12.0 * 61.0 / 60.0));
        let stretched = Budget::new(every(12_000, 1000), 50, 100, 3000);
        assert!(!stretched.is_over());
    }

    #[test]
    fn updates_count_a_read_back_and_an_update_each_cycle() {
        let budget = Budget::new(every(15_000, 375), 50, 100, 3000);
        assert_eq!((budget.updates_at_worst(), budget.updates_may_be_over()), (3000.0, false));
        assert!(Budget::new(every(15_000, 376), 50, 100, 3000).updates_may_be_over());
    }

    #[test]
    fn reads_as_a_sentence() {
        let sentence = |intervals, batch_size| Budget::new(intervals, batch_size, 100, 3000).to_string();
        assert_eq!(sentence(vec![], 50), "no campaigns in batches of 50 need 0 of 100 analytics requests a minute");
        assert_eq!(
            sentence(every(15_000, 240), 50),
            "240 campaigns every 15 s in batches of 50 need 20 of 100 analytics requests a minute"
        );
        assert_eq!(
            sentence([every(60_000, 3), every(1_500, 1), every(15_000, 2)].concat(), 2),
            "1 campaign every 1.5 s, 2 campaigns every 15 s and 3 campaigns every 60 s in batches of 2 \
             need 46 of 100 analytics requests a minute"
        );
        assert_eq!(
            sentence(every(7_000, 1), 50),
            "1 campaign every 7 s in batches of 50 needs 8.6 of 100 analytics requests a minute"
        );
    }
}
