//! From sums to a report.
//!
//! Every estimate is a sum of parts by a sum of wholes over the units, and every test permutes the drawn assignment
//! over those that could have been drawn. A pair's terms are weighted as Mantel and Haenszel weigh the difference of two
//! rates, so that with equally staffed blocks the effect is the plain quotient of both arms' rates. At an interim look
//! only what holds at every look is claimed ([`Look`]).

use super::campaigns::{Campaigns, FEWEST_CAMPAIGNS};
use super::carry_over;
use super::design::{Experiment, GuardRule, Primary, Side};
pub use super::pairs::Course;
use super::pairs::{Pairs, abandonment_term, effect_term};
use super::permutation::Term;
use super::quantity::Quantity;
use super::report::{ALPHA, ArmReport, AtEveryLook, Estimate, Look, Report};
use super::sequential::Mixture;
use super::split::Assignment;
use super::sums::Sums;
use super::tally::Exclusions;
use super::verdict::{CARRY_OVER, Difference, Evidence, Outcome, Subject, sentence};

/// How an experiment stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether it goes on.
    pub look: Look,
    /// The arm that its guard stopped.
    pub stopped: Option<Side>,
}

/// Judges a switchback. `mixture` is the one fixed at its start.
#[must_use]
pub fn switchback(experiment: &Experiment, courses: &[Course], mixture: Mixture, standing: Standing) -> Report {
    let pairs = Pairs::of(courses);
    let (primary, guard, seed) = (experiment.primary, experiment.guard, experiment.seed);
    let effect = pairs.quantity(seed, 1.0, |pair| effect_term(pair, primary));
    let abandonment = pairs.quantity(seed, 0.0, |pair| abandonment_term(pair, guard.of));
    let sums = pairs.sums();
    let level = sums[0].measure(primary).unwrap_or(0.0);
    let carry_over = pairs.quantity(seed, 0.0, |pair| carry_over::term(pair, primary, level));

    let at_every_look = at_every_look(&effect, &abandonment, mixture);
    let tests = Tests::taken(standing.look, &effect, &abandonment, Some(&carry_over));
    let evidence = match standing.look {
        Look::Final => tests.evidence(),
        Look::Interim => at_every_look.map(AtEveryLook::evidence),
    };
    let (have, needed, planned) = (pairs.count(), pairs.needed(standing.look), pairs.planned());
    let not_yet = Outcome::NotYet { have, needed, planned };
    let outcome = outcome(standing, evidence.as_ref(), &guard, not_yet);
    Report {
        at_every_look,
        units: pairs.reports(primary),
        units_left_out: pairs.left_out(),
        excluded: pairs.excluded(),
        ..report(experiment, sums, standing, tests, outcome, evidence.as_ref(), "pairs")
    }
}

/// The terms of the effect, one for each pair that counts, by time: what [`Mixture::interval`] takes.
#[must_use]
pub fn effect_terms(experiment: &Experiment, courses: &[Course]) -> Vec<Term> {
    Pairs::of(courses).quantity(experiment.seed, 1.0, |pair| effect_term(pair, experiment.primary)).terms
}

/// Judges a split by the sums of its campaigns; a campaign without sums counts as nothing.
#[must_use]
pub fn split(
    experiment: &Experiment,
    assignment: &Assignment,
    sums_of: impl Fn(&str) -> Option<Sums>,
    excluded: Exclusions,
    standing: Standing,
) -> Report {
    let campaigns = Campaigns::of(assignment, sums_of);
    let (primary, guard) = (experiment.primary, experiment.guard);
    let effect = campaigns.effect(experiment.seed, primary);
    let abandonment = campaigns.abandonment(experiment.seed, guard.of);
    let tests = Tests::taken(standing.look, &effect, &abandonment, None);
    let (have, planned) = (campaigns.count(), campaigns.planned());
    let not_yet = match standing.look {
        Look::Interim => Outcome::Running,
        Look::Final => Outcome::NotYet { have, needed: FEWEST_CAMPAIGNS.max(have + 1), planned },
    };
    let evidence = tests.evidence();
    let outcome = outcome(standing, evidence.as_ref(), &guard, not_yet);
    Report {
        units: campaigns.reports(primary),
        units_left_out: campaigns.without_sums(),
        excluded,
        ..report(experiment, campaigns.sums(), standing, tests, outcome, evidence.as_ref(), "campaigns")
    }
}

/// The tests that are taken once, at the end.
#[derive(Clone, Copy, Default)]
struct Tests {
    effect: Option<Estimate>,
    abandonment: Option<Estimate>,
    carry_over: Option<Estimate>,
}

impl Tests {
    fn taken(look: Look, effect: &Quantity, abandonment: &Quantity, carry_over: Option<&Quantity>) -> Self {
        match look {
            Look::Interim => Self::default(),
            Look::Final => Self {
                effect: effect.estimate().map(relative_estimate),
                abandonment: abandonment.estimate(),
                carry_over: carry_over.and_then(Quantity::estimate),
            },
        }
    }

    fn evidence(&self) -> Option<Evidence> {
        let abandonment = self.abandonment.map(|estimate| difference(estimate.value, estimate.one_sided));
        self.effect.map(|effect| Evidence { effect: effect.value, interval: effect.interval, abandonment })
    }
}

impl AtEveryLook {
    fn evidence(self) -> Evidence {
        let abandonment =
            self.abandonment.zip(self.abandonment_bounds).map(|(value, bounds)| difference(value, bounds));
        Evidence { effect: self.effect, interval: self.interval, abandonment }
    }
}

fn at_every_look(effect: &Quantity, abandonment: &Quantity, mixture: Mixture) -> Option<AtEveryLook> {
    let interval = relative(mixture.interval(&effect.terms, ALPHA)?);
    let abandonment_bounds = mixture.interval(&abandonment.terms, 2.0 * ALPHA);
    Some(AtEveryLook { effect: effect.value? - 1.0, interval, abandonment: abandonment.value, abandonment_bounds })
}

fn outcome(standing: Standing, evidence: Option<&Evidence>, guard: &GuardRule, not_yet: Outcome) -> Outcome {
    match (standing.stopped, evidence) {
        (Some(arm), _) => Outcome::Stopped { arm },
        (None, Some(evidence)) => Outcome::of(evidence, guard),
        (None, None) => not_yet,
    }
}

fn difference(value: f64, (low, high): (f64, f64)) -> Difference {
    Difference { value, low, high }
}

/// From B/A to B's excess over A.
fn relative((low, high): (f64, f64)) -> (f64, f64) {
    (low - 1.0, high - 1.0)
}

fn relative_estimate(estimate: Estimate) -> Estimate {
    Estimate {
        value: estimate.value - 1.0,
        interval: relative(estimate.interval),
        one_sided: relative(estimate.one_sided),
        ..estimate
    }
}

/// What every report has.
fn report(
    experiment: &Experiment,
    sums: [Sums; 2],
    standing: Standing,
    tests: Tests,
    outcome: Outcome,
    evidence: Option<&Evidence>,
    units: &str,
) -> Report {
    let reaches_over = tests.carry_over.is_some_and(|estimate| estimate.p.value <= ALPHA);
    let beware = if reaches_over { CARRY_OVER } else { "" };
    let names = Side::BOTH.map(|side| experiment.arms.get(side.index()).map_or("?", |arm| arm.name.as_str()));
    let guard = experiment.guard;
    let subject = Subject { names, primary: experiment.primary, units, guard };
    let arm = |side: Side| {
        let sums = sums[side.index()];
        ArmReport {
            name: names[side.index()].to_owned(),
            sums,
            answers_per_agent_hour: sums.measure(Primary::AnswersPerAgentHour),
            utilization: sums.measure(Primary::Utilization),
            abandonment: sums.abandonment(guard.of),
            stopped: standing.stopped == Some(side),
        }
    };
    Report {
        experiment: experiment.name.clone(),
        kind: experiment.kind,
        look: standing.look,
        primary: experiment.primary,
        arms: Side::BOTH.map(arm),
        units: Vec::new(),
        units_left_out: 0,
        effect: tests.effect,
        abandonment: tests.abandonment,
        carry_over: tests.carry_over,
        at_every_look: None,
        excluded: Exclusions::new(),
        outcome,
        verdict: sentence(&subject, outcome, evidence) + beware,
    }
}
