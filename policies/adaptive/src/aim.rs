//! The abandonment to aim for: from what is left of the budget.
use paced_policy::Input;

use crate::learned::Outlook;

const SHARE: f64 = 0.95;
const LEAST: f64 = 0.25;
const MOST: f64 = 1.25;
/// Horizon over which a surplus or deficit is spent.
const HORIZON_S: f64 = 7200.0;
const SHORTEST_S: f64 = 1200.0;

pub(crate) struct Aim {
    pub(crate) rate: f64,
}

impl Aim {
    pub(crate) fn of(input: &Input, outlook: &Outlook) -> Self {
        let limit = outlook.limit;
        let today = &input.windows.today;
        let spent = f64::from(today.abandoned);
        let per_h = outlook.answers_per_s * 3600.0;
        let share = SHARE * (400.0 / per_h).powf(0.4).min(1.0) * (1.0 - 0.3 * outlook.caution);
        let left = share * limit * f64::from(today.live_answers()) - spent - 1.0;
        let left = left.min(input.campaign.abandonment_budget);
        let remaining_s =
            input.campaign.shift_end_ms.map_or(HORIZON_S, |end| (end.saturating_sub(input.now_ms)) as f64 / 1000.0);
        let horizon_s = remaining_s.clamp(SHORTEST_S, HORIZON_S);
        let answers = (outlook.answers_per_s * horizon_s).max(50.0);
        let rate = (share * limit + left / answers).clamp(LEAST * limit, MOST * share * limit);
        Self { rate }
    }
}
