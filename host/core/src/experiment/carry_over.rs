//! Does an arm's effect reach beyond the washout into the other arm's block?
//!
//! If it does, it fades as the block goes on (Hu and Wager 2022, "Switchback experiments under geometric mixing"): early
//! in a block both arms are still partly what was there before, and B's advantage over A is smaller early than late. So
//! the check compares the difference in the later half of the blocks that count with that in the earlier half, pair by
//! pair. The difference of differences is 0 without carry-over, whatever the effect, and its sign-flip test over the
//! design's own orders is as exact as the main one. A trend over the day can't feign it, since orders are drawn.
//!
//! It finds carry-over that outlasts the washout and fades within a block. What lasts for hours looks the same early
//! and late; only longer blocks show that.

use super::design::Primary;
use super::permutation::Term;
use super::power::weight;
use super::tally::PairSums;

/// What a pair tells about carry-over, relative to a common level of A's measure; none if a half is missing.
#[must_use]
pub fn term(pair: &PairSums, primary: Primary, level: f64) -> Option<Term> {
    let difference = |b: f64, a: f64| b - a;
    let early = difference(pair.b.early.measure(primary)?, pair.a.early.measure(primary)?);
    let late = difference(pair.b.late.measure(primary)?, pair.a.late.measure(primary)?);
    let weight = weight(pair.a.whole().parts(primary).1, pair.b.whole().parts(primary).1);
    Some(Term { part: weight * (late - early), whole: weight * level })
}
