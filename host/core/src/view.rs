//! What a policy is shown: the snapshot made of a campaign's settings and state.

use crate::config::{CampaignConfig, ReportingWindow};
use crate::feed::Feed;
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

/// A seed from campaign and time: FNV-1a over the identifier, then the finalizer of SplitMix64 (Steele, Lea and Flood,
/// 2014), so that neighbouring decisions get unrelated seeds.
fn seed(campaign: &str, now_ms: u64) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut z = campaign.bytes().fold(0xcbf2_9ce4_8422_2325, fnv) ^ now_ms;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
