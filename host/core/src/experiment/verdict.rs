//! What may be said of an experiment, in a sentence that an operations manager understands.
//!
//! An arm is better if the interval of the effect says so *and* its abandonment is shown to be no worse than the other's
//! by more than the margin. "Not worse" must be shown: absence of evidence is a verdict of its own.

use serde::Serialize;

use super::design::{GuardRule, Primary, Side};

/// What may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Too few units.
    NotYet {
        /// Units that count.
        have: usize,
        /// Units needed before anything can be said.
        needed: usize,
        /// Units that the design has room for.
        planned: usize,
    },
    /// A split that has not come to its end: it is judged once, there.
    Running,
    /// The guard stopped the arm: its abandonment was shown to be over its limit.
    Stopped {
        /// The arm.
        arm: Side,
    },
    /// The arm does more, and abandons no more.
    Better {
        /// The arm.
        arm: Side,
    },
    /// The arm does more; whether it abandons more is open.
    MoreAbandonmentOpen {
        /// The arm.
        arm: Side,
    },
    /// The arm does more, and is shown to abandon more.
    MoreAbandonmentWorse {
        /// The arm.
        arm: Side,
    },
    /// No difference was shown.
    NoDifference,
}

/// What the outcome follows from; effects are B's relative to A's, abandonment is B's less A's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    /// The estimate and its interval.
    pub(super) effect: f64,
    pub(super) interval: (f64, f64),
    /// The difference in abandonment, where it is known.
    pub(super) abandonment: Option<Difference>,
}

/// A difference with its one-sided bounds, in absolute terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Difference {
    /// By how much this arm abandons more than the other, given B's less A's.
    fn of(self, arm: Side) -> Self {
        match arm {
            Side::B => self,
            Side::A => Self { value: -self.value, low: -self.high, high: -self.low },
        }
    }
}

impl Outcome {
    /// What this evidence allows.
    pub(super) fn of(evidence: &Evidence, guard: &GuardRule) -> Self {
        let arm = match evidence.interval {
            (low, _) if low > 0.0 => Side::B,
            (_, high) if high < 0.0 => Side::A,
            _ => return Self::NoDifference,
        };
        match evidence.abandonment.map(|difference| difference.of(arm)) {
            Some(more) if more.high <= guard.margin => Self::Better { arm },
            Some(more) if more.low > 0.0 => Self::MoreAbandonmentWorse { arm },
            _ => Self::MoreAbandonmentOpen { arm },
        }
    }

    /// The arm that may be promoted.
    #[must_use]
    pub const fn winner(self) -> Option<Side> {
        match self {
            Self::Better { arm } => Some(arm),
            _ => None,
        }
    }
}

/// What a sentence is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) names: [&'a str; 2],
    pub(super) primary: Primary,
    /// "pairs" or "campaigns".
    pub(super) units: &'a str,
    pub(super) guard: GuardRule,
}

/// Added to a verdict whose carry-over check found something.
pub(super) const CARRY_OVER: &str = " Beware: the effect is not the same early and late in the blocks, so one arm may \
                                     reach into the other's; try a longer washout.";

/// The sentence.
pub(super) fn sentence(subject: &Subject, outcome: Outcome, evidence: Option<&Evidence>) -> String {
    let name = |side: Side| subject.names[side.index()];
    match (outcome, evidence) {
        (Outcome::NotYet { have, needed, planned }, _) => {
            let units = subject.units;
            let room = if needed > planned { format!("; the design has room for {planned}") } else { String::new() };
            format!("Not yet: at least {needed} {units} are needed, and there are {have}{room}.")
        }
        (Outcome::Stopped { arm }, _) => format!(
            "{} was stopped: it was shown to abandon more than {} of live answers.",
            name(arm),
            percent(subject.guard.max_abandonment)
        ),
        (Outcome::NoDifference, Some(evidence)) => format!(
            "No difference was shown: {} {} than {}.",
            name(Side::B),
            compared(subject.primary, evidence),
            name(Side::A)
        ),
        (Outcome::Better { arm }, Some(evidence)) => {
            format!("{}, and its abandonment was not worse: {} is better.", claim(subject, arm, evidence), name(arm))
        }
        (Outcome::MoreAbandonmentOpen { arm }, Some(evidence)) => format!(
            "{}; {}, so whether it is better is not known yet.",
            claim(subject, arm, evidence),
            abandonment(subject, arm, evidence)
        ),
        (Outcome::MoreAbandonmentWorse { arm }, Some(evidence)) => format!(
            "{}, but {}: by that rule it is not better.",
            claim(subject, arm, evidence),
            abandonment(subject, arm, evidence)
        ),
        _ => format!("Not yet: the experiment runs, and {} are judged once, at its end.", subject.units),
    }
}

/// "B answered 3.1 % more calls per agent-hour (95 % interval 0.8 to 5.4 %)", of the arm that does more.
fn claim(subject: &Subject, arm: Side, evidence: &Evidence) -> String {
    let (effect, (low, high)) = match arm {
        Side::B => (evidence.effect, evidence.interval),
        // How much more A does than B.
        Side::A => (inverse(evidence.effect), (inverse(evidence.interval.1), inverse(evidence.interval.0))),
    };
    let what = match subject.primary {
        Primary::AnswersPerAgentHour => format!("answered {} more calls per agent-hour", percent(effect)),
        Primary::Utilization => format!("kept its agents {} busier", percent(effect)),
    };
    format!("{} {what} ({})", subject.names[arm.index()], range(low, high))
}

/// "its abandonment was 1.2 points higher (0.8 to 1.6) where 1.0 is allowed", in percentage points.
fn abandonment(subject: &Subject, arm: Side, evidence: &Evidence) -> String {
    let Some(more) = evidence.abandonment.map(|difference| difference.of(arm)) else {
        return "too few of its calls were judged for abandonment".to_owned();
    };
    let (value, word) = if more.value < 0.0 { (-more.value, "lower") } else { (more.value, "higher") };
    let (low, high) = if more.value < 0.0 { (-more.high, -more.low) } else { (more.low, more.high) };
    let (value, low, high, margin) = (number(value), number(low), number(high), number(subject.guard.margin));
    format!("its abandonment was {value} points {word} ({low} to {high}) where {margin} higher is allowed")
}

/// What B did compared with A, whichever way.
fn compared(primary: Primary, evidence: &Evidence) -> String {
    let (effect, (low, high)) = (evidence.effect, evidence.interval);
    let what = match (primary, effect < 0.0) {
        (Primary::AnswersPerAgentHour, false) => "more calls per agent-hour",
        (Primary::AnswersPerAgentHour, true) => "fewer calls per agent-hour",
        (Primary::Utilization, false) => "more of its agents' time busy",
        (Primary::Utilization, true) => "less of its agents' time busy",
    };
    let verb = match primary {
        Primary::AnswersPerAgentHour => "answered",
        Primary::Utilization => "had",
    };
    format!("{verb} {} {what} ({})", percent(effect.abs()), range(low, high))
}

/// How much more the one does than the other, from how much more the other does than the one.
fn inverse(effect: f64) -> f64 {
    1.0 / (1.0 + effect) - 1.0
}

fn range(low: f64, high: f64) -> String {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("95 % interval {} to {}", number(low), percent(high)),
        (true, false) => format!("95 % interval from {} up", percent(low)),
        (false, true) => format!("95 % interval up to {}", percent(high)),
        (false, false) => "no interval".to_owned(),
    }
}

fn percent(fraction: f64) -> String {
    format!("{} %", number(fraction))
}

/// In per cent with one decimal, and no minus before a zero.
fn number(fraction: f64) -> String {
    format!("{:.1}", libm::round(fraction * 1_000.0) / 10.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject<'static> {
        let guard = GuardRule::default();
        Subject { names: ["old", "new"], primary: Primary::AnswersPerAgentHour, units: "pairs", guard }
    }

    fn evidence(effect: f64, interval: (f64, f64), (low, high): (f64, f64)) -> Evidence {
        let abandonment = Some(Difference { value: f64::midpoint(low, high), low, high });
        Evidence { effect, interval, abandonment }
    }

    fn said(evidence: &Evidence) -> String {
        sentence(&subject(), Outcome::of(evidence, &GuardRule::default()), Some(evidence))
    }

    #[test]
    fn every_outcome_reads_well() {
        for (evidence, wanted) in [
            (
                evidence(0.031, (0.008, 0.054), (-0.02, 0.004)),
                "new answered 3.1 % more calls per agent-hour (95 % interval 0.8 to 5.4 %), and its abandonment was not \
                 worse: new is better.",
            ),
            (
                evidence(-0.05, (-0.1, -0.01), (-0.004, 0.004)),
                "old answered 5.3 % more calls per agent-hour (95 % interval 1.0 to 11.1 %), and its abandonment was \
                 not worse: old is better.",
            ),
            (
                evidence(0.031, (0.008, 0.054), (-0.016, 0.02)),
                "new answered 3.1 % more calls per agent-hour (95 % interval 0.8 to 5.4 %); its abandonment was 0.2 \
                 points higher (-1.6 to 2.0) where 1.0 higher is allowed, so whether it is better is not known yet.",
            ),
            (
                evidence(-0.05, (-0.1, -0.01), (-0.03, -0.002)),
                "old answered 5.3 % more calls per agent-hour (95 % interval 1.0 to 11.1 %), but its abandonment was \
                 1.6 points higher (0.2 to 3.0) where 1.0 higher is allowed: by that rule it is not better.",
            ),
            (
                evidence(-0.004, (-0.0123, 0.0211), (0.0, 0.0)),
                "No difference was shown: new answered 0.4 % fewer calls per agent-hour (95 % interval -1.2 to 2.1 %) \
                 than old.",
            ),
        ] {
            assert_eq!(said(&evidence), wanted);
        }
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        for (outcome, wanted) in [
            (
                Outcome::NotYet { have: 4, needed: 6, planned: 12 },
                "Not yet: at least 6 pairs are needed, and there are 4.",
            ),
            (
                Outcome::NotYet { have: 4, needed: 6, planned: 4 },
                "Not yet: at least 6 pairs are needed, and there are 4; the design has room for 4.",
            ),
            (
                Outcome::Stopped { arm: Side::B },
                "new was stopped: it was shown to abandon more than 3.0 % of live answers.",
            ),
        ] {
            assert_eq!(sentence(&subject(), outcome, None), wanted);
        }
    }

    #[test]
    fn without_evidence_on_abandonment_nothing_is_better() {
        let silent = Evidence { abandonment: None, ..evidence(0.031, (0.008, 0.054), (0.0, 0.0)) };
        assert_eq!(Outcome::of(&silent, &GuardRule::default()), Outcome::MoreAbandonmentOpen { arm: Side::B });
        assert_eq!(Outcome::of(&silent, &GuardRule::default()).winner(), None);
    }
}
