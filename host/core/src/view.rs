//! What a policy is shown: the snapshot made of a campaign's settings and state.

use crate::config::{CampaignConfig, ReportingWindow};
use crate::feed::Feed;
use crate::hash::{finalize, fnv1a};
use crate::ledger::Counts;
use crate::params::ParamValue;
use crate::policy::{AbandonmentOf, CampaignView, Input, ReadingView};
use crate::state::CampaignState;
use crate::time::{Moment, Timestamp};

/// The input for a decision at `moment`.
#[must_use]
pub fn input(
    config: &CampaignConfig,
    state: &CampaignState,
    gauges: ReadingView,
    params: &[(String, ParamValue)],
    moment: &Moment,
) -> Input {
    let now_ms = unsigned_ms(moment.now);
    Input {
        campaign: campaign(config, &state.feed, moment),
        now_ms,
        since_last_decision_s: state.policy.asked_at.map(|at| moment.now.since(at).as_secs_f64()),
        dial_ratio: state.setting.ratio.value(),
        reading: gauges,
        windows: state.feed.ledger.windows(moment),
        params: params.to_vec(),
        state: state.policy.state.clone(),
        seed: seed(&config.id, now_ms),
        guard_reasons: state.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
    }
}

fn campaign(config: &CampaignConfig, feed: &Feed, moment: &Moment) -> CampaignView {
    CampaignView {
        id: config.id.clone(),
        configured_agents: config.total_agents,
        target_utilization: config.target_utilization,
        min_dial_ratio: config.min_dial_ratio.value(),
        max_dial_ratio: config.max_dial_ratio.value(),
        max_abandonment: config.abandonment.limit,
        abandonment_of: config.abandonment.of,
        abandonment_budget: budget(config, feed, moment),
        shift_end_ms: moment.shift_end.map(unsigned_ms),
    }
}

/// Abandoned calls that the reporting window still bears: limit x calls - abandoned.
fn budget(config: &CampaignConfig, feed: &Feed, moment: &Moment) -> f64 {
    let first_day = match config.abandonment.reporting {
        ReportingWindow::Today => moment.day,
        ReportingWindow::Days30 => moment.day - 29,
        ReportingWindow::Month => moment.month_start_day,
    };
    let counts: Counts = feed.ledger.since_day(first_day);
    let of = match config.abandonment.of {
        AbandonmentOf::Answered => counts.live(),
        AbandonmentOf::Offered => counts.offered.max(counts.live()),
    };
    config.abandonment.limit * f64::from(of) - f64::from(counts.abandoned)
}

fn unsigned_ms(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(0)
}

/// A seed from campaign and time, spread so that neighbouring decisions get unrelated seeds.
fn seed(campaign: &str, now_ms: u64) -> u64 {
    finalize(fnv1a(campaign.as_bytes()) ^ now_ms)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reading::Report;

    const DAY: Duration = Duration::from_secs(86_400);

    fn moment(day: i32) -> Moment {
        let now = Timestamp::default() + DAY * u32::try_from(day).unwrap();
        Moment { now, day, month_start_day: 100, shift_end: None }
    }

    /// 90 calls answered, 10 abandoned and 400 dialled on each of the days 80, 99 and 110.
    fn feed() -> Feed {
        let mut feed = Feed::default();
        for day in [80, 99, 110] {
            let at = moment(day);
            let report = Report {
                date_from: at.now,
                date_to: at.now + Duration::from_secs(60),
                offered: 400,
                answered: 90,
                abandoned: 10,
                wrap_up_s_mean: None,
                agents_available: 1.0,
                agents_busy: 1.0,
            };
            feed.take(&[report], at.now, &at);
        }
        feed
    }

    #[test]
    fn the_budget_counts_over_the_window_and_by_the_definition_of_the_rule() {
        let mut config = CampaignConfig::with_defaults("1", 20);
        config.abandonment.limit = 0.03;
        let table = [
            (ReportingWindow::Today, 100, AbandonmentOf::Answered, 3.0 - 10.0),
            (ReportingWindow::Month, 100, AbandonmentOf::Answered, 3.0 - 10.0),
            (ReportingWindow::Month, 99, AbandonmentOf::Answered, 6.0 - 20.0),
            (ReportingWindow::Days30, 100, AbandonmentOf::Answered, 6.0 - 20.0),
            (ReportingWindow::Days30, 100, AbandonmentOf::Offered, 24.0 - 20.0),
        ];
        for (reporting, month_start_day, of, expected) in table {
            (config.abandonment.reporting, config.abandonment.of) = (reporting, of);
            let left = budget(&config, &feed(), &Moment { month_start_day, ..moment(110) });
            assert!((left - expected).abs() < 1e-9, "{reporting:?} from {month_start_day}, {of:?}: {left}");
        }
    }

    #[test]
    fn seeds_differ_from_campaign_to_campaign_and_from_decision_to_decision() {
        assert_eq!(seed("12345", 1_000), seed("12345", 1_000));
        assert_ne!(seed("12345", 1_000), seed("12346", 1_000));
        let (one, next) = (seed("12345", 1_000), seed("12345", 1_001));
        assert!((8..56).contains(&(one ^ next).count_ones()), "neighbours share no pattern");
    }
}
