//! The units of a switchback: pairs of blocks, with the orders that they could have had.

use super::design::{Primary, Side};
use super::permutation::{Group, Term, fewest_pairs};
use super::power::weight;
use super::quantity::Quantity;
use super::report::{ALPHA, Look, UnitReport};
use super::sequential::FEWEST_PAIRS;
use super::sums::Sums;
use super::switchback::{Round, Schedule};
use super::tally::{Exclusions, PairSums, Tally};
use crate::policy::AbandonmentOf;

/// One campaign of a switchback.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// Its id.
    pub campaign: &'a str,
    /// Its schedule as drawn.
    pub schedule: &'a Schedule,
    /// What its blocks came to.
    pub tally: &'a Tally,
}

/// All pairs of an experiment.
pub(super) struct Pairs<'a> {
    courses: Vec<(Course<'a>, Vec<Round>)>,
    /// The pairs that count, by time.
    usable: Vec<Usable>,
}

struct Usable {
    course: usize,
    pair: usize,
    sums: PairSums,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(courses: &[Course<'a>]) -> Self {
        let courses: Vec<_> = courses.iter().map(|course| (*course, course.schedule.rounds().collect())).collect();
        let mut pairs = Self { courses, usable: Vec::new() };
        pairs.usable = pairs.by_time().into_iter().filter_map(|(course, pair)| pairs.usable(course, pair)).collect();
        pairs
    }

    /// Pairs that count.
    pub(super) fn count(&self) -> usize {
        self.usable.len()
    }

    /// Pairs that have begun and don't count.
    pub(super) fn left_out(&self) -> usize {
        self.courses.iter().map(|(course, _)| course.tally.begun()).sum::<usize>().saturating_sub(self.count())
    }

    /// The arms' sums over the pairs that count.
    pub(super) fn sums(&self) -> [Sums; 2] {
        let of = |block: fn(&PairSums) -> Sums| self.usable.iter().map(|usable| block(&usable.sums)).sum();
        [of(|pair| pair.a.whole()), of(|pair| pair.b.whole())]
    }

    /// Buckets left out, over all campaigns.
    pub(super) fn excluded(&self) -> Exclusions {
        let mut all = Exclusions::new();
        for (reason, count) in self.courses.iter().flat_map(|(course, _)| course.tally.excluded()) {
            *all.entry(*reason).or_insert(0) += count;
        }
        all
    }

    /// Pairs that the design has.
    pub(super) fn planned(&self) -> usize {
        self.courses.iter().map(|(course, _)| course.schedule.pairs().len()).sum()
    }

    /// Pairs needed before anything can be said: at least one more than there are, since those say nothing.
    pub(super) fn needed(&self, look: Look) -> usize {
        let fewest = match look {
            Look::Interim => FEWEST_PAIRS,
            Look::Final => self.fewest_for_a_test().unwrap_or_else(|| fewest_pairs(ALPHA)),
        };
        fewest.max(self.count() + 1)
    }

    /// After how many pairs an outcome as extreme as can be is evidence: the beginning that was drawn must have been
    /// unlikely enough, together with its mirror image.
    fn fewest_for_a_test(&self) -> Option<usize> {
        let mut seen = vec![0_usize; self.courses.len()];
        let enough = self.by_time().iter().position(|(course, _)| {
            seen[*course] += 1;
            let likelihood: f64 =
                self.courses.iter().zip(&seen).map(|((_, rounds), seen)| beginning(rounds, *seen)).product();
            2.0 * likelihood <= ALPHA
        });
        enough.map(|place| place + 1)
    }

    /// The quantity whose terms these are; a pair without a term says nothing about it.
    pub(super) fn quantity(&self, seed: u64, null: f64, term: impl Fn(&PairSums) -> Option<Term>) -> Quantity {
        let mut by_course: Vec<Vec<Term>> =
            self.courses.iter().map(|(course, _)| vec![Term::default(); course.schedule.pairs().len()]).collect();
        let mut terms = Vec::new();
        for Usable { course, pair, sums } in &self.usable {
            if let Some(term) = term(sums) {
                by_course[*course][*pair] = term;
                terms.push(term);
            }
        }
        let groups = self
            .courses
            .iter()
            .zip(&by_course)
            .flat_map(|((_, rounds), terms)| rounds.iter().map(|round| group(round, &terms[round.first_pair..])));
        let all: Term = terms.iter().copied().sum();
        Quantity {
            value: (all.whole > 0.0).then(|| all.part / all.whole),
            null,
            groups: groups.filter(|group| group.iter().any(|term| *term != Term::default())).collect(),
            terms,
            seed,
        }
    }

    /// The pairs that count, for a report.
    pub(super) fn reports(&self, primary: Primary) -> Vec<UnitReport> {
        let report = |usable: &Usable| {
            let course = &self.courses[usable.course].0;
            let pair = course.schedule.pairs().get(usable.pair);
            UnitReport {
                campaign: course.campaign.to_owned(),
                starts: pair.map(|pair| pair.starts),
                first: pair.map_or(Side::A, |pair| pair.first),
                a: usable.sums.a.whole().measure(primary),
                b: usable.sums.b.whole().measure(primary),
            }
        };
        self.usable.iter().map(report).collect()
    }

    /// Every pair of the design, by time: course and number.
    fn by_time(&self) -> Vec<(usize, usize)> {
        let of_course = |(place, (course, _)): (usize, &(Course, Vec<Round>))| {
            let pairs = course.schedule.pairs().iter().enumerate();
            pairs.map(|(pair, planned)| (planned.starts, place, pair)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.courses.iter().enumerate().flat_map(of_course).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, course, pair)| (course, pair)).collect()
    }

    fn usable(&self, course: usize, pair: usize) -> Option<Usable> {
        let Course { schedule, tally, .. } = self.courses[course].0;
        Some(Usable { course, pair, sums: tally.pair(schedule, pair)? })
    }
}

/// How likely the order of the first `pairs` pairs of these rounds was.
fn beginning(rounds: &[Round], pairs: usize) -> f64 {
    let begun = rounds.iter().take_while(|round| round.first_pair < pairs);
    begun.map(|round| round.share_beginning_alike(pairs - round.first_pair)).product()
}

/// What each order of a round would assign otherwise: the pairs whose arms it would swap.
fn group(round: &Round, terms: &[Term]) -> Group {
    let of_order = |order: &u16| {
        let swapped = order ^ round.drawn;
        (0_u32..).zip(terms).take(16).filter(|(place, _)| swapped >> place & 1 == 1).map(|(_, term)| *term).sum()
    };
    round.orders.iter().map(of_order).collect()
}

/// What a pair says of B's primary measure relative to A's.
pub(super) fn effect_term(pair: &PairSums, primary: Primary) -> Option<Term> {
    let (a, b) = (pair.a.whole(), pair.b.whole());
    let weight = weight(a.parts(primary).1, b.parts(primary).1);
    Some(Term { part: weight * b.measure(primary)?, whole: weight * a.measure(primary)? })
}

/// What a pair says of B's abandonment less A's.
pub(super) fn abandonment_term(pair: &PairSums, of: AbandonmentOf) -> Option<Term> {
    let (a, b) = (pair.a.whole(), pair.b.whole());
    let weight = weight(a.abandonment_base(of) as f64, b.abandonment_base(of) as f64);
    Some(Term { part: weight * (b.abandonment(of)? - a.abandonment(of)?), whole: weight })
}

#[cfg(test)]
mod tests {
    use super::super::orders::{Slot, orders};
    use super::super::permutation::Permutations;
    use super::*;

    /// Whatever the blocks show, with a trend or without: if the arms are the same, then over everything that this
    /// design could have drawn the test rejects in exactly its attained level. Seen to fail by: a p-value of one side;
    /// permuting over all orders that free coins could give.
    #[test]
    fn the_level_is_exact_over_the_designs_own_orders() {
        let slots: Vec<Slot> = (0..12).map(|n| Slot { hour: 9 + n % 5, weekday: n / 5 }).collect();
        let orders = orders(&slots);
        // What the second block of each pair showed more than the first.
        let later = [0.3, -1.7, 2.9, 0.11, -0.77, 1.3, -2.1, 0.9, 3.3, 0.57, -0.02, 1.9];
        let level = |order: &u16| {
            let b_less_a = |(place, more): (usize, &f64)| if order >> place & 1 == 1 { -more } else { *more };
            let terms: Vec<Term> =
                later.iter().enumerate().map(b_less_a).map(|part| Term { part, whole: 1.0 }).collect();
            let round = Round { first_pair: 0, drawn: *order, orders: orders.clone() };
            let test = Permutations::of(&[group(&round, &terms)], 1);
            (test.p(0.0).value <= ALPHA, test.attained_level(ALPHA))
        };
        let (rejections, attained): (Vec<bool>, Vec<f64>) = orders.iter().map(level).unzip();
        let rejected = rejections.iter().filter(|rejected| **rejected).count();
        assert!((rejected as f64 / orders.len() as f64 - attained[0]).abs() < 1e-12, "{rejected} of {}", orders.len());
    }
}
