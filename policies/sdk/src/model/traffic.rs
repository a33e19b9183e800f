//! What a campaign's own calls say about answers and handle times, without knowing how many lines were dialled.

use serde::{Deserialize, Serialize};

use super::shrunk_rate;
use crate::{AbandonmentOf, Campaign, Input};

/// A gap longer than this between two fresh readings teaches nothing: gauges at its ends say little of its middle.
const MAX_GAP_S: f64 = 600.0;

/// More answers than this fail to come by chance in one of 3,000 cases (e^-8): then the carrier is out, or the list at
/// its end, and what the lines did meanwhile says nothing about those after it.
const MOST_MISSED: f64 = 8.0;

/// Sums over the recent past, to be kept in a policy's state: what is older fades by a time constant.
///
/// **Theory.** A dialer keeps ratio x available lines ringing, so between two readings about ratio x available x seconds
/// *line-seconds* pass. Answers divided by line-seconds are the rate at which a line brings an answer,
/// p / (mean time that a line is held). Where nobody says how many lines were dialled that quotient is all that can be
/// known; with about 13 s a line it gives the answer probability. And busy agent-seconds divided by answered calls are
/// the mean handle time (Little's law).
///
/// A carrier's outage looks like a list that nobody answers, and believing that would raise the ratio into the burst at
/// its end. So lines count when an answer comes, and of a drought too long for chance only as much as chance explains.
///
/// A little more rings than ratio x available says, since lines that ring when an agent gets a call ring on: the rate of
/// answers comes out some 5 to 10 % high, and forecasts made from it err on the safe side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    seen: Option<Seen>,
    since_fresh_s: f64,
    /// Line-seconds since the last answer, which count once there is another.
    dry_line_s: f64,
    line_s: f64,
    busy_s: f64,
    offered: f64,
    answered: f64,
    abandoned: f64,
}

/// The counters and gauges of the last fresh reading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    offered: u32,
    answered: u32,
    abandoned: u32,
    lines: f64,
    busy: f64,
}

/// What came in with one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct News {
    /// Seconds since the fresh reading before.
    pub elapsed_s: f64,
    /// Calls that reached an agent since then.
    pub answered: f64,
    /// Calls that were abandoned since then.
    pub abandoned: f64,
    /// Line-seconds that passed since then.
    pub line_s: f64,
}

impl Traffic {
    /// Takes a reading in, and says what was new in it: nothing where it is not fresh, is the first, or follows a gap.
    pub fn take(&mut self, input: &Input, time_constant_s: f64) -> News {
        self.since_fresh_s += input.since_last_decision_s.unwrap_or(0.0).clamp(0.0, 1e6);
        if !input.reading.fresh {
            return News::default();
        }
        let (today, reading) = (&input.windows.today, &input.reading);
        let lines = (input.dial_ratio * reading.agents_available).clamp(0.0, 1e6);
        let busy = reading.agents_busy.clamp(0.0, 1e6);
        let now = Seen { offered: today.offered, answered: today.answered, abandoned: today.abandoned, lines, busy };
        let elapsed_s = std::mem::take(&mut self.since_fresh_s);
        let Some(before) = self.seen.replace(now) else { return News::default() };
        if elapsed_s > MAX_GAP_S {
            return News::default();
        }
        let news = News {
            elapsed_s,
            answered: gained(before.answered, today.answered),
            abandoned: gained(before.abandoned, today.abandoned),
            line_s: f64::midpoint(before.lines, lines) * elapsed_s,
        };
        let kept = libm::exp(-elapsed_s / time_constant_s.max(1.0));
        self.line_s *= kept;
        if news.answered + news.abandoned > 0.0 {
            self.end_drought();
            self.line_s += news.line_s;
        } else {
            self.dry_line_s += news.line_s;
        }
        self.busy_s = self.busy_s * kept + f64::midpoint(before.busy, busy) * elapsed_s;
        self.offered = self.offered * kept + gained(before.offered, today.offered);
        self.answered = self.answered * kept + news.answered;
        self.abandoned = self.abandoned * kept + news.abandoned;
        news
    }

    /// Counts the line-seconds since the last answer: of a drought that chance does not explain, only so many as it would.
    fn end_drought(&mut self) {
        let dry = std::mem::take(&mut self.dry_line_s);
        let explained =
            if self.live_answers() > MOST_MISSED { MOST_MISSED * self.line_s / self.live_answers() } else { dry };
        self.line_s += dry.min(explained.max(0.0));
    }

    /// Goes on from a reading without learning from it: what passed since the one before was out of the ordinary.
    pub fn pass_over(&mut self, input: &Input) {
        let before = *self;
        self.take(input, f64::MAX);
        *self = Self { seen: self.seen, since_fresh_s: self.since_fresh_s, ..before };
    }

    /// Forgets all sums, and goes on from the reading taken in last.
    pub fn forget(&mut self) {
        *self = Self { seen: self.seen, since_fresh_s: self.since_fresh_s, ..Self::default() };
    }

    /// Fades all sums to no more than so many live answers: a memory counted in answers, beside that in time.
    pub fn fade_to(&mut self, live_answers: f64) {
        let kept = (live_answers.max(0.0) / self.live_answers()).min(1.0);
        if kept.is_finite() {
            for sum in [&mut self.line_s, &mut self.busy_s, &mut self.offered, &mut self.answered, &mut self.abandoned]
            {
                *sum *= kept;
            }
        }
    }

    /// The calls that an abandonment rate is counted of.
    #[must_use]
    pub const fn calls(&self, of: AbandonmentOf) -> f64 {
        match of {
            AbandonmentOf::Answered => self.live_answers(),
            AbandonmentOf::Offered => self.offered,
        }
    }

    /// The campaign's limit as a share of live answers, which is what models calculate with: higher where the limit is
    /// counted of offered calls and the platform counts dials among them.
    #[must_use]
    pub fn max_abandonment_of_answers(&self, campaign: &Campaign) -> f64 {
        let per_answer = self.calls(campaign.abandonment_of) / self.live_answers();
        let per_answer = if per_answer.is_finite() { per_answer.max(1.0) } else { 1.0 };
        (campaign.max_abandonment * per_answer).min(1.0)
    }

    /// Live answers that the estimates rest on: older ones count less.
    #[must_use]
    pub const fn live_answers(&self) -> f64 {
        self.answered + self.abandoned
    }

    /// Abandoned calls among them.
    #[must_use]
    pub const fn abandoned(&self) -> f64 {
        self.abandoned
    }

    /// Answers per second and ringing line, drawn towards `prior` as if `weight` answers had shown it.
    #[must_use]
    pub fn answers_per_line_s(&self, prior: f64, weight: f64) -> f64 {
        // The weight is in answers, and this rate's denominator in line-seconds.
        shrunk_rate(self.live_answers(), self.line_s, prior, weight / prior.max(1e-9))
    }

    /// Mean handle time in seconds, drawn towards `prior_s` as if `weight` calls had shown it.
    #[must_use]
    pub fn handle_s(&self, prior_s: f64, weight: f64) -> f64 {
        shrunk_rate(self.busy_s, self.answered, prior_s, weight)
    }
}

/// What a day's counter gained. One that fell began anew, at midnight or by a reset, and has gained what it shows.
fn gained(before: u32, now: u32) -> f64 {
    f64::from(now.checked_sub(before).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InputBuilder;

    /// 10 minutes of 5 available and 15 busy agents at ratio 2: 10 lines bring 1 answer in 5 s, 3 s of them abandoned.
    fn ten_minutes() -> Traffic {
        let mut traffic = Traffic::default();
        for tick in 0..=40_u32 {
            let input = InputBuilder::new().dial_ratio(2.0).calls(3 * tick, 2 * tick, tick).build();
            traffic.take(&input, 1e12);
        }
        traffic
    }

    #[test]
    fn answers_per_line_and_handle_times_come_from_counts_and_gauges() {
        let traffic = ten_minutes();
        // 3 answers in 15 s of 10 lines; 15 agents busy for 15 s per 2 answered calls.
        assert!((traffic.answers_per_line_s(1.0, 0.0) - 3.0 / 150.0).abs() < 1e-9);
        assert!((traffic.handle_s(1.0, 0.0) - 225.0 / 2.0).abs() < 1e-9);
        assert!((traffic.live_answers() - 120.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_seen_is_the_prior() {
        let traffic = Traffic::default();
        assert_eq!((traffic.answers_per_line_s(0.02, 30.0), traffic.handle_s(180.0, 30.0)), (0.02, 180.0));
        // 120 answers at 0.02 and as many at 0.04, which took half as many line-seconds: 240 / 9,000.
        assert!((ten_minutes().answers_per_line_s(0.04, 120.0) - 240.0 / 9_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_reading_seen_before_a_gap_and_midnight_teach_nothing_wrong() {
        let at = |answered| InputBuilder::new().calls(answered, answered, 0).build();
        let mut traffic = Traffic::default();
        assert_eq!(traffic.take(&at(50), 900.0), News::default(), "the first says nothing of how long it took");
        assert_eq!(traffic.take(&InputBuilder::new().calls(60, 60, 0).stale(20.0).build(), 900.0), News::default());
        let news = traffic.take(&at(60), 900.0);
        assert_eq!((news.elapsed_s, news.answered), (30.0, 10.0), "both intervals count");
        let mut late = at(90);
        late.since_last_decision_s = Some(3_600.0);
        assert_eq!(traffic.take(&late, 900.0), News::default());
        assert_eq!(traffic.take(&at(4), 900.0).answered, 4.0, "the counter began anew");
    }

    #[test]
    fn a_limit_of_dials_is_a_higher_one_of_answers() {
        let mut traffic = Traffic::default();
        let mut campaign = Input::example().campaign;
        campaign.abandonment_of = AbandonmentOf::Offered;
        assert_eq!(traffic.max_abandonment_of_answers(&campaign), 0.05, "nothing is known yet");
        for tick in 0..2 {
            traffic.take(&InputBuilder::new().calls(100 * tick, 20 * tick, 5 * tick).build(), 900.0);
        }
        assert_eq!(traffic.max_abandonment_of_answers(&campaign), 0.2);
        campaign.abandonment_of = AbandonmentOf::Answered;
        assert_eq!(traffic.max_abandonment_of_answers(&campaign), 0.05);
        traffic.forget();
        assert_eq!(traffic.calls(AbandonmentOf::Offered), 0.0);
    }

    #[test]
    fn a_memory_may_be_counted_in_answers() {
        let mut traffic = ten_minutes();
        let before = traffic;
        traffic.fade_to(30.0);
        assert!((traffic.live_answers() - 30.0).abs() < 1e-6);
        assert!((traffic.handle_s(1.0, 0.0) - before.handle_s(1.0, 0.0)).abs() < 1e-9, "rates stay");
        traffic.fade_to(1e9);
        assert!((traffic.live_answers() - 30.0).abs() < 1e-6);
        let mut nothing = Traffic::default();
        nothing.fade_to(0.0);
        assert_eq!(nothing, Traffic::default());
    }

    #[test]
    fn an_outage_is_not_taken_for_a_list_that_nobody_answers() {
        let rate_after = |dry_ticks: u32| {
            let mut traffic = ten_minutes();
            for _ in 0..dry_ticks {
                traffic.take(&InputBuilder::new().dial_ratio(2.0).calls(120, 80, 40).build(), 1e12);
            }
            let during = traffic.answers_per_line_s(1.0, 0.0);
            traffic.take(&InputBuilder::new().dial_ratio(2.0).calls(123, 82, 41).build(), 1e12);
            (during, traffic.answers_per_line_s(1.0, 0.0))
        };
        let (during, after) = rate_after(60);
        assert!((during - 0.02).abs() < 1e-6, "{during}");
        // Another 3 answers in 150 line-seconds, and the drought's that explain 8 missed ones: 400.
        assert!((after - 123.0 / 6_550.0).abs() < 1e-6, "{after}");
        // Two quiet polls are chance, and count in full.
        assert!((rate_after(2).1 - 123.0 / 6_450.0).abs() < 1e-6);
    }

    #[test]
    fn the_past_fades() {
        let mut traffic = ten_minutes();
        let quiet = InputBuilder::new().available(0.0).busy(0.0).calls(120, 80, 40).build();
        for _ in 0..40 {
            traffic.take(&quiet, 60.0);
        }
        assert!(traffic.live_answers() < 0.01);
    }
}
