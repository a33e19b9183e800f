//! The abandonment to aim for, from what is left of the budget.
//!
//! Over a day, share x limit of the answers may be abandoned. What has been abandoned less than that is left, what has
//! been abandoned more is owed, and either is spread over the answers of the next two hours, or until the shift ends:
//!
//! aim = share x limit + left / answers ahead, left = share x limit x answers today - abandoned today - 1
//!
//! The one call off is the next one: whoever has room for half a call has none. The reporting window's own budget, which
//! may reach back 30 days, can only tighten this.
//!
//! **Why large groups aim lower.** The host trips a campaign whose last 200 answers show a rate over the limit, three
//! readings in a row. 20 agents see 12 such windows in a shift and 200 agents 120, so that a rate just within the limit
//! must trip a large group by chance, again and again, each time for longer. And lower is cheap there: 200 agents that
//! abandon 1 % instead of 3 % answer 1 % fewer calls; 20 agents, 4 % fewer. With a share that falls with the number of
//! answers to the power 0.4, simulated groups of all sizes trip about as seldom.

use paced_policy::Input;

use crate::outlook::Outlook;

/// Share of the limit that is aimed at: what is left of 3 % covers the estimates' noise on most single days.
const SHARE: f64 = 0.95;
/// Answers per hour from which on the share falls, and the power of its fall; it ends at
/// 8,000 answers, the traffic of some 400 agents.
const MANY_ANSWERS: f64 = 400.0;
const FALL: f64 = 0.4;
const LOWEST: f64 = 0.3;
/// What the share loses just after a trip or another pause; it comes back within hours.
const AFTER_PAUSE: f64 = 0.3;
/// The time ahead over which a surplus or a deficit is spent, at most and, close to the end of the shift, at least.
const AHEAD_S: f64 = 7_200.0;
const LEAST_AHEAD_S: f64 = 1_200.0;
/// Fewer answers ahead count as this many: a small group can't make up for a call within minutes.
const FEW_ANSWERS: f64 = 50.0;
/// The aim is at least this much of the limit, however much is owed, and at most that much of the share.
const LEAST: f64 = 0.25;
const MOST: f64 = 1.25;

/// The share of live answers that may be abandoned from now on.
pub(crate) fn abandonment(input: &Input, outlook: &Outlook) -> f64 {
    let limit = outlook.limit;
    let fair = share(outlook) * limit;
    let today = &input.windows.today;
    let left_today = fair * f64::from(today.live_answers()) - f64::from(today.abandoned) - 1.0;
    let left = left_today.min(input.campaign.abandonment_budget);
    let answers_ahead = (outlook.answers_per_s * ahead_s(input)).max(FEW_ANSWERS);
    (fair + left / answers_ahead).max(LEAST * limit).min(MOST * fair)
}

fn share(outlook: &Outlook) -> f64 {
    let answers_per_h = outlook.answers_per_s * 3_600.0;
    let by_size =
        if answers_per_h > MANY_ANSWERS { libm::pow(MANY_ANSWERS / answers_per_h, FALL).max(LOWEST) } else { 1.0 };
    SHARE * by_size * (1.0 - AFTER_PAUSE * outlook.since_pause)
}

fn ahead_s(input: &Input) -> f64 {
    let until_end_s = |end: u64| end.saturating_sub(input.now_ms) as f64 / 1_000.0;
    input.campaign.shift_end_ms.map_or(AHEAD_S, until_end_s).clamp(LEAST_AHEAD_S, AHEAD_S)
}

#[cfg(test)]
mod tests {
    use paced_policy::Window;

    use super::*;

    /// The aim of 20 agents with so many answers today, so many of them abandoned, as a share of the 5 % limit.
    fn aim(live: u32, abandoned: u32, change: impl Fn(&mut Input, &mut Outlook)) -> f64 {
        let mut input = Input::example();
        input.campaign.abandonment_budget = 1_000.0;
        input.windows.today = Window { offered: live, answered: live - abandoned, abandoned, covered_s: 3_600.0 };
        // 360 answers an hour.
        let mut outlook = Outlook { answers_per_s: 0.1, ..Outlook::example() };
        change(&mut input, &mut outlook);
        abandonment(&input, &outlook) / outlook.limit
    }

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn on_course_it_is_the_share_less_one_call() {
        // 0.95 x 5 % of 400 answers are 19 calls; the one to come is a 720th of the answers in two hours.
        assert!(close(aim(400, 19, |_, _| ()), 0.95 - 1.0 / 720.0 / 0.05));
    }

    #[test]
    fn a_surplus_is_spent_and_a_deficit_paid_back_within_bounds() {
        // 4 calls fewer, or more, than 19.
        assert!(close(aim(400, 15, |_, _| ()), 0.95 + 3.0 / 720.0 / 0.05));
        assert!(close(aim(400, 23, |_, _| ()), 0.95 - 5.0 / 720.0 / 0.05));
        assert!(close(aim(4_000, 0, |_, _| ()), 1.25 * 0.95));
        assert!(close(aim(4_000, 400, |_, _| ()), 0.25));
    }

    #[test]
    fn the_reporting_windows_budget_can_only_tighten() {
        assert!(close(aim(400, 19, |input, _| input.campaign.abandonment_budget = -1_000.0), 0.25));
    }

    #[test]
    fn near_the_end_of_the_shift_there_is_less_time_to_make_up() {
        let ends_in = |minutes: u64| {
            aim(400, 23, move |input, _| input.campaign.shift_end_ms = Some(input.now_ms + minutes * 60_000))
        };
        assert!(close(ends_in(480), aim(400, 23, |_, _| ())));
        // 360 answers in the last hour, and never fewer than those of 20 minutes.
        assert!(close(ends_in(60), 0.95 - 5.0 / 360.0 / 0.05));
        assert!(close(ends_in(0), ends_in(20)));
    }

    #[test]
    fn large_groups_and_those_just_paused_aim_lower() {
        let rate = |answers_per_s: f64| aim(0, 0, move |_, outlook| outlook.answers_per_s = answers_per_s);
        assert!(rate(1.0) < 0.45 && rate(1.0) > rate(10.0) && rate(10.0) >= 0.25, "{} {}", rate(1.0), rate(10.0));
        assert!(aim(0, 0, |_, outlook| outlook.since_pause = 1.0) < 0.7 * aim(0, 0, |_, _| ()) + 0.03);
    }
}
