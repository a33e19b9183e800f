//! How often a line brings an answer, and whether that has just become more.
//!
//! Answers over line-seconds are the rate (see [`Traffic`](paced_policy::model::Traffic)). A rate that doubles at once,
//! as when a fresh list is loaded, would take a fading average a quarter of an hour to follow, and every answer until
//! then is one too many. So each reading is also held against the hypothesis that lines now bring twice the answers
//! (Page 1954, the cumulative sum test): its log-likelihood ratio adds up, never falls under 0, and over [`ALARM`] the
//! rate is that of the readings since it was last 0. Fewer answers are left to the average: they cost idle minutes only.

use paced_policy::model::{News, shrunk_rate};
use serde::{Deserialize, Serialize};

/// The rate before anything is known, in answers per line-second: 0.28 answers in the 13 s that a line is held. Reported
/// answer probabilities are 0.21 to 0.41; machines that detection misses come on top.
const SEED: f64 = 0.28 / 13.0;
/// Calls that it takes for what was seen to count as much as the seed.
const SEED_CALLS: f64 = 20.0;

/// ln 2: what an answer adds for the hypothesis of twice the rate; the rate's expected answers are taken off.
const ANSWER: f64 = std::f64::consts::LN_2;
/// With twice the answers about six times as many of them are abandoned: ln 6 for each, 6 - 1 expected ones off.
const ABANDONED: f64 = 1.79;
const MORE_ABANDONED: f64 = 5.0;
/// Answers vary more than chance alone where many are expected in one reading, since idle agents are only sampled: the
/// variance is the mean times 1 + 0.15 x the mean (fitted to steady simulated days). Abandoned calls come in clusters.
const SPREAD: f64 = 0.15;
const CLUSTER: f64 = 2.0;
/// Sum at which the rate is taken to have changed: by chance once in e^6.5 = 665 readings that raise suspicion at all.
const ALARM: f64 = 6.5;

/// As many answers missing in a row have one chance in 3,000 (e^-8): the carrier is out or the list at its end, and lines
/// dialled meanwhile say nothing about later ones.
const DROUGHT: f64 = 8.0;

/// Answers per line, with a test for a sudden rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answering {
    all: Seen,
    /// Since the suspicion was 0.
    recent: Seen,
    suspicion: f64,
    /// Answers expected since the last one.
    missing: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    answers: f64,
    line_s: f64,
}

impl Answering {
    /// Answers per line-second.
    pub(crate) fn rate(&self) -> f64 {
        shrunk_rate(self.all.answers, self.all.line_s, SEED, SEED_CALLS / SEED)
    }

    /// The rate to plan with: abandonment grows so steeply that the middle of what is plausible abandons more than the
    /// rate itself does, exp(e v / 2) with e about 4 and the rate's relative variance v = 1 / calls.
    pub(crate) fn cautious_rate(&self) -> f64 {
        self.rate() * (1.0 + 2.0 / (self.all.answers + SEED_CALLS))
    }

    /// How far the test is towards believing in twice the answers, 0 to 1.
    pub(crate) fn doubt(&self) -> f64 {
        (self.suspicion / ALARM).clamp(0.0, 1.0)
    }

    /// Whether answers have failed to come for longer than by chance.
    pub(crate) fn is_drought(&self) -> bool {
        self.missing > DROUGHT
    }

    /// Takes in what is new, of which `forecast` calls were to be abandoned; the past counts `kept` as much as before.
    pub(crate) fn take(&mut self, news: &News, forecast: f64, kept: f64) {
        let answers = news.answered + news.abandoned;
        let expected = self.rate() * news.line_s;
        self.missing = if answers > 0.0 { 0.0 } else { (self.missing + expected).min(1e6) };
        if self.is_drought() {
            return;
        }
        self.all = Seen { answers: self.all.answers * kept, line_s: self.all.line_s * kept };
        for seen in [&mut self.all, &mut self.recent] {
            seen.answers += answers;
            seen.line_s += news.line_s;
        }
        let by_answers = (answers * ANSWER - expected) / (1.0 + SPREAD * expected);
        let by_abandoned = (news.abandoned * ABANDONED - MORE_ABANDONED * forecast) / CLUSTER;
        self.suspicion = (self.suspicion + by_answers + by_abandoned).max(0.0);
        if self.suspicion >= ALARM {
            self.all = self.recent;
            self.suspicion = 0.0;
        }
        if self.suspicion == 0.0 {
            self.recent = Seen::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: f64 = 1.5;

    /// Readings of a quarter of a minute with 5 lines and so many answers, a share of them abandoned where 2 % were
    /// forecast.
    fn after(readings: &[(usize, f64, f64)]) -> Answering {
        let mut answering = Answering::default();
        for (count, answers, share) in readings {
            let (answered, abandoned) = ((1.0 - share) * answers, share * answers);
            let news = News { elapsed_s: 15.0, answered, abandoned, line_s: 75.0 };
            (0..*count).for_each(|_| answering.take(&news, 0.02 * answers, 0.998));
        }
        answering
    }

    #[test]
    fn nothing_seen_is_the_seed_and_much_seen_is_what_was_seen() {
        assert!((Answering::default().rate() - 0.28 / 13.0).abs() < 1e-12);
        // 3 answers in 75 line-seconds, a hundred times over.
        let rate = after(&[(1_000, 3.0, 0.02)]).rate();
        assert!((rate - 0.04).abs() < 0.002, "{rate}");
    }

    #[test]
    fn an_uncertain_rate_is_planned_with_as_a_higher_one() {
        let margin = |answering: Answering| answering.cautious_rate() / answering.rate();
        assert!((margin(Answering::default()) - 1.1).abs() < 1e-9);
        assert!(margin(after(&[(1_000, 3.0, 0.02)])) < 1.01);
    }

    #[test]
    fn a_doubled_rate_is_found_within_minutes_and_a_steady_one_never() {
        assert_eq!(after(&[(1_000, 3.0, 0.02)]).doubt(), 0.0);
        let before = after(&[(200, STEADY, 0.02)]);
        assert!((before.rate() - 0.02).abs() < 0.001, "{}", before.rate());
        // 16 readings are 4 minutes; the fading average alone would be at 0.022.
        let rate = after(&[(200, STEADY, 0.02), (16, 2.0 * STEADY, 0.12)]).rate();
        assert!(rate > 0.03, "{rate}");
    }

    #[test]
    fn an_outage_teaches_nothing() {
        let before = after(&[(200, STEADY, 0.02)]);
        let during = after(&[(200, STEADY, 0.02), (200, 0.0, 0.0)]);
        assert!(!before.is_drought() && during.is_drought());
        // Until it is one, some 5 readings without an answer count.
        assert!(during.rate() > 0.9 * before.rate(), "{} after {}", during.rate(), before.rate());
        assert!(!after(&[(200, STEADY, 0.02), (200, 0.0, 0.0), (1, 1.0, 0.0)]).is_drought());
    }
}
