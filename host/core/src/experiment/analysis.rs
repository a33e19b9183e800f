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
use super::report::{ALPHA, ArmReport, Estimate, Look, Report};
use super::sequential::Mixture;
use super::split::Assignment;
use super::sums::Sums;
use super::tally::Exclusions;
use super::verdict::{Evidence, Outcome, Subject, sentence};

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
    let (primary, guard) = (experiment.primary, experiment.guard);
    let effect = pairs.quantity(experiment.seed, 1.0, |pair| effect_term(pair, primary));
    let abandonment = pairs.quantity(experiment.seed, 0.0, |pair| abandonment_term(pair, guard.of));
    let sums = pairs.sums();
    let level = sums[0].measure(primary).unwrap_or(0.0);
    let carried = pairs.quantity(experiment.seed, 0.0, |pair| carry_over::term(pair, primary, level));

    let at_every_look = mixture.interval(&effect.terms, ALPHA).map(relative);
    let (estimate, abandonment_estimate) = (effect.estimate(), abandonment.estimate());
    let evidence = match standing.look {
        Look::Final => tested(estimate, abandonment_estimate),
        Look::Interim => at_every_look.zip(effect.value).map(|(interval, value)| Evidence {
            effect: value - 1.0,
            interval,
            abandonment: mixture.interval(&abandonment.terms, 2.0 * ALPHA),
        }),
    };
    let (have, needed, planned) = (pairs.count(), pairs.needed(standing.look), pairs.planned());
    let not_yet = Outcome::NotYet { have, needed, planned };
    let outcome = outcome(standing, evidence.as_ref(), &guard, not_yet);
    Report {
        effect: estimate.map(relative_estimate),
        effect_at_every_look: at_every_look,
        abandonment: abandonment_estimate,
        carry_over: carried.estimate(),
        units: pairs.reports(primary),
        units_left_out: pairs.left_out(),
        excluded: pairs.excluded(),
        ..report(experiment, sums, standing, outcome, evidence.as_ref(), "pairs")
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
    let (estimate, abandonment_estimate) = (effect.estimate(), abandonment.estimate());
    let have = campaigns.count();
    let (evidence, not_yet) = match standing.look {
        Look::Interim => (None, Outcome::Running),
        Look::Final => {
            let (needed, planned) = (FEWEST_CAMPAIGNS.max(have + 1), campaigns.planned());
            (tested(estimate, abandonment_estimate), Outcome::NotYet { have, needed, planned })
        }
    };
    let outcome = outcome(standing, evidence.as_ref(), &guard, not_yet);
    Report {
        effect: estimate.map(relative_estimate),
        abandonment: abandonment_estimate,
        units: campaigns.reports(primary),
        units_left_out: campaigns.without_sums(),
        excluded,
        ..report(experiment, campaigns.sums(), standing, outcome, evidence.as_ref(), "campaigns")
    }
}

fn outcome(standing: Standing, evidence: Option<&Evidence>, guard: &GuardRule, not_yet: Outcome) -> Outcome {
    match (standing.stopped, evidence) {
        (Some(arm), _) => Outcome::Stopped { arm },
        (None, Some(evidence)) => Outcome::of(evidence, guard),
        (None, None) => not_yet,
    }
}

/// The evidence of the tests that are taken once.
fn tested(effect: Option<Estimate>, abandonment: Option<Estimate>) -> Option<Evidence> {
    effect.map(|effect| Evidence {
        effect: effect.value - 1.0,
        interval: relative(effect.interval),
        abandonment: abandonment.map(|abandonment| abandonment.one_sided),
    })
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
    outcome: Outcome,
    evidence: Option<&Evidence>,
    units: &str,
) -> Report {
    let names = Side::BOTH.map(|side| experiment.arms.get(side.index()).map_or("?", |arm| arm.name.as_str()));
    let guard = experiment.guard;
    let subject = Subject { names, primary: experiment.primary, units, max_abandonment: guard.max_abandonment };
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
        effect: None,
        effect_at_every_look: None,
        abandonment: None,
        carry_over: None,
        excluded: Exclusions::new(),
        outcome,
        verdict: sentence(&subject, outcome, evidence),
    }
}
