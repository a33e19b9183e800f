//! One quantity of an experiment: an estimate, and the assignments that it is tested over.

use super::permutation::{Group, Permutations, Term};
use super::report::{ALPHA, Estimate};

/// What is estimated.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    /// The estimate; none where nothing was measured.
    pub(super) value: Option<f64>,
    /// What it is if the arms are the same.
    pub(super) null: f64,
    /// The units' terms, by time, where it is a sum over units.
    pub(super) terms: Vec<Term>,
    /// What each assignment of each group would assign otherwise.
    pub(super) groups: Vec<Group>,
    /// Seeds the sampling of assignments.
    pub(super) seed: u64,
}

impl Quantity {
    /// The estimate with its test; none where there are so few units that nothing could be rejected.
    pub(super) fn estimate(&self) -> Option<Estimate> {
        let value = self.value?;
        let permutations = Permutations::of(&self.groups, self.seed);
        (permutations.smallest_p() <= ALPHA + 1e-12).then(|| Estimate {
            value,
            interval: permutations.interval(ALPHA),
            one_sided: permutations.interval(2.0 * ALPHA),
            p: permutations.p(self.null),
            method: permutations.method(),
            attained_level: permutations.attained_level(ALPHA),
        })
    }
}
