//! The units of a split: campaigns, in the strata that their arms were drawn in.
//!
//! The statistic is the sum over B's campaigns of what each has beyond its due, its due being its share of everybody's
//! denominator at the common rate. That is 0 exactly when both arms' quotients of sums agree, and it adds up over
//! campaigns, so that strata can be permuted one by one.

use super::design::{Primary, Side};
use super::permutation::{Group, Term};
use super::quantity::Quantity;
use super::report::UnitReport;
use super::split::{Assignment, Stratum};
use super::sums::Sums;
use crate::policy::AbandonmentOf;

/// With equal weights and fewer campaigns no outcome of a split is evidence: 7 can be split in 35 ways, and twice 1 in
/// 35 is over 5 %.
pub(super) const FEWEST_CAMPAIGNS: usize = 8;

/// All campaigns of a split.
pub(super) struct Campaigns<'a> {
    assignment: &'a Assignment,
    /// By stratum and member.
    sums: Vec<Vec<Option<Sums>>>,
}

/// Numerator and denominator of one campaign.
type Parts = (f64, f64);

impl<'a> Campaigns<'a> {
    pub(super) fn of(assignment: &'a Assignment, sums_of: impl Fn(&str) -> Option<Sums>) -> Self {
        let of_stratum = |stratum: &Stratum| {
            stratum
                .members
                .iter()
                .map(|member| sums_of(&member.campaign).filter(|sums| sums.signed_in_s > 0.0))
                .collect()
        };
        Self { assignment, sums: assignment.strata().iter().map(of_stratum).collect() }
    }

    /// Campaigns that count.
    pub(super) fn count(&self) -> usize {
        self.sums.iter().flatten().flatten().count()
    }

    /// Campaigns that the arms were drawn for.
    pub(super) fn planned(&self) -> usize {
        self.sums.iter().flatten().count()
    }

    /// Campaigns in which nobody worked or nothing was read.
    pub(super) fn without_sums(&self) -> usize {
        self.planned() - self.count()
    }

    /// The arms' sums.
    pub(super) fn sums(&self) -> [Sums; 2] {
        Side::BOTH.map(|side| self.members().filter(|(arm, _)| *arm == side).filter_map(|(_, sums)| *sums).sum())
    }

    /// B's primary measure relative to A's.
    pub(super) fn effect(&self, seed: u64, primary: Primary) -> Quantity {
        let parts = |sums: &Sums| sums.parts(primary);
        let [(a, a_whole), (b, b_whole)] = self.totals(parts);
        let whole = a_whole + b_whole;
        // Under "B is worth r times A" a campaign of B would have had 1/r of its part under A.
        let score = |arm: Side, (part, own): Parts| match arm {
            Side::A => Term { part: b * own / whole, whole: part - a * own / whole },
            Side::B => Term { part: b * own / whole - part, whole: -a * own / whole },
        };
        let value = (a > 0.0 && a_whole > 0.0 && b_whole > 0.0).then(|| (b / b_whole) / (a / a_whole));
        self.quantity(seed, value, 1.0, parts, score)
    }

    /// B's abandonment less A's.
    pub(super) fn abandonment(&self, seed: u64, of: AbandonmentOf) -> Quantity {
        let parts = |sums: &Sums| (sums.abandoned as f64, sums.abandonment_base(of) as f64);
        let [(a, a_whole), (b, b_whole)] = self.totals(parts);
        let whole = a_whole + b_whole;
        let score = |arm: Side, (part, own): Parts| {
            let is_b = f64::from(u8::from(arm == Side::B));
            Term { part: (a + b) * own / whole - part, whole: own * (b_whole / whole - is_b) }
        };
        let value = (a_whole > 0.0 && b_whole > 0.0).then(|| b / b_whole - a / a_whole);
        self.quantity(seed, value, 0.0, parts, score)
    }

    /// The campaigns that count, for a report.
    pub(super) fn reports(&self, primary: Primary) -> Vec<UnitReport> {
        let members = self.assignment.strata().iter().flat_map(|stratum| &stratum.members);
        let report = |(member, sums): (&super::split::Member, &Option<Sums>)| {
            let measure = sums.as_ref()?.measure(primary);
            let of = |side: Side| measure.filter(|_| member.arm == side);
            let (campaign, first) = (member.campaign.clone(), member.arm);
            Some(UnitReport { campaign, starts: None, first, a: of(Side::A), b: of(Side::B) })
        };
        members.zip(self.sums.iter().flatten()).filter_map(report).collect()
    }

    fn quantity(
        &self,
        seed: u64,
        value: Option<f64>,
        null: f64,
        parts: impl Fn(&Sums) -> Parts,
        score: impl Fn(Side, Parts) -> Term,
    ) -> Quantity {
        let group = |(stratum, sums): (&Stratum, &Vec<Option<Sums>>)| {
            let members = stratum.members.iter().zip(sums);
            let scores: Vec<Term> = members
                .map(|(member, sums)| sums.as_ref().map_or_else(Term::default, |sums| score(member.arm, parts(sums))))
                .collect();
            group(stratum, &scores)
        };
        let groups = self.assignment.strata().iter().zip(&self.sums).map(group).collect();
        Quantity { value, null, terms: Vec::new(), groups, seed }
    }

    /// Both arms' sums of parts.
    fn totals(&self, parts: impl Fn(&Sums) -> Parts) -> [Parts; 2] {
        Side::BOTH.map(|side| {
            let of_arm = self.members().filter(|(arm, _)| *arm == side).filter_map(|(_, sums)| sums.as_ref());
            of_arm.map(&parts).fold((0.0, 0.0), |sum, (part, own)| (sum.0 + part, sum.1 + own))
        })
    }

    fn members(&self) -> impl Iterator<Item = (Side, &Option<Sums>)> {
        let arms = self.assignment.strata().iter().flat_map(|stratum| &stratum.members).map(|member| member.arm);
        arms.zip(self.sums.iter().flatten())
    }
}

/// What each choice of B's campaigns would assign otherwise: its scores less those of the drawn choice.
fn group(stratum: &Stratum, scores: &[Term]) -> Group {
    let drawn = |place: usize| stratum.members[place].arm == Side::B;
    let of_choice = |choice: u32| {
        (0..scores.len())
            .map(|place| match (choice >> place & 1 == 1, drawn(place)) {
                (true, false) => scores[place],
                (false, true) => Term { part: -scores[place].part, whole: -scores[place].whole },
                _ => Term::default(),
            })
            .sum()
    };
    stratum.choices().map(of_choice).collect()
}
