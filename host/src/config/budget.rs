//! What the campaigns need of the platform, and what to do where it is too much.

use paced_core::budget::Budget;

use super::campaigns::Campaigns;
use super::finding::{Finding, Severity};
use super::platform::{ANALYTICS_PER_MINUTE, BATCH_SIZE, Quotas, UPDATES_PER_MINUTE};
use super::source::{Setting, Site, Source};

/// The budget, unless something that it is made of is wrong.
pub(super) fn of(campaigns: &Campaigns, quotas: &Quotas) -> Option<Budget> {
    let or = |setting: &Setting<u32>, default| if setting.is_absent() { Some(default) } else { setting.value };
    let batch_size = or(&quotas.batch_size, BATCH_SIZE)?;
    let analytics_per_minute = or(&quotas.analytics_per_minute, ANALYTICS_PER_MINUTE)?;
    let updates_per_minute = or(&quotas.updates_per_minute, UPDATES_PER_MINUTE)?;
    let intervals = campaigns.list.iter().map(|campaign| campaign.pacing.poll_interval);
    campaigns.intervals_are_right.then(|| Budget::new(intervals, batch_size, analytics_per_minute, updates_per_minute))
}

/// Findings on the budget, at the quota's place or else at `[platform]`.
pub(super) fn judge(source: &Source<'_>, platform: &Site, quotas: &Quotas, budget: &Budget) -> Vec<Finding> {
    let place = |setting: &Setting<u32>, key: &str| {
        let absent = || Site { line: platform.line, key: format!("platform.{key}"), value: None };
        setting.site.clone().unwrap_or_else(absent)
    };
    let analytics = over(budget).map(|message| {
        let site = place(&quotas.analytics_per_minute, "analytics_per_minute");
        source.finding(&site, Severity::Error, message)
    });
    let updates = updates_may_be_over(budget).map(|message| {
        let site = place(&quotas.updates_per_minute, "updates_per_minute");
        source.finding(&site, Severity::Warning, message)
    });
    analytics.into_iter().chain(updates).collect()
}

/// What to say where the campaigns need more queries than the platform allows.
pub(super) fn over(budget: &Budget) -> Option<String> {
    // Rounded up: intervals stretched by the printed factor must fit.
    let factor = (budget.stretch() * 100.0).ceil() / 100.0;
    budget.is_over().then(|| {
        format!(
            "{budget}: make poll_interval {factor} times as long, batch_size larger, or have the quota raised; \
             until then `paced run` stretches the intervals"
        )
    })
}

/// What to say where the campaigns might need more updates than the platform allows.
pub(super) fn updates_may_be_over(budget: &Budget) -> Option<String> {
    budget.updates_may_be_over().then(|| {
        let most = budget.updates_at_worst().ceil();
        format!("up to {most} reads and updates a minute, if every campaign changes in every cycle; some would wait")
    })
}
