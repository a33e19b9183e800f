//! The orders that a round of block pairs could have been drawn in.
//!
//! In each pair one arm goes first, by a coin. Twelve free coins may well fall so that B goes first in every pair of a
//! morning, and a rising morning would then look like B's merit; the test allows for that, and pays for it in power. So
//! coins are not thrown singly: of all orders of up to twelve consecutive pairs (a round) the 1,024 are kept that are
//! balanced best over hours of the day, weekdays and in all, and whichever are as good as the last of these; one of
//! them is drawn, each as likely as the others. Moulton (2004, Clinical Trials 1:297) describes this as covariate-based
//! constrained randomisation.
//!
//! The analysis permutes over exactly these orders. With each order its mirror image is among them, since it is equally
//! balanced; so neither arm is more likely to go first anywhere.

/// Pairs in a full round.
pub const ROUND: usize = 12;

/// So many orders are kept, as far as there are so many: up to 10 pairs all coins are free. With fewer the test is too
/// coarse: 256 orders of 12 pairs find in 77 of 100 experiments what 1,024 find in 81 and free coins in 83.
pub const KEPT: usize = 1_024;

/// How much an hour's imbalance counts beside a weekday's: trends over the day are what blocks suffer from most.
const HOUR_WEIGHT: u32 = 2;

/// An order of a round: bit i is set if B goes first in its pair i.
pub type Order = u16;

/// When a pair starts, as far as balance is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Slot {
    /// Local hour of the day, 0 to 23.
    pub hour: u8,
    /// Weekday, 0 to 6.
    pub weekday: u8,
}

/// The orders from which the order of pairs that start in these slots is drawn, ascending; at most [`ROUND`] pairs.
#[must_use]
pub fn orders(slots: &[Slot]) -> Vec<Order> {
    let strata = strata(slots);
    let all = 0..1_u32 << slots.len().min(ROUND);
    let imbalances: Vec<u32> = all.map(|order| imbalance(order as Order, &strata)).collect();
    let kept = KEPT.min(imbalances.len());
    let mut sorted = imbalances.clone();
    sorted.sort_unstable();
    // Whatever is as good as the last one kept is kept too, so that a mirror image is never cut off.
    let worst = sorted[kept - 1];
    (0..).zip(imbalances).filter(|(_, imbalance)| *imbalance <= worst).map(|(order, _)| order).collect()
}

/// Pairs that ought to be balanced among themselves.
struct Stratum {
    pairs: Order,
    weight: u32,
}

/// The pairs that share an hour, those that share a weekday, and all.
fn strata(slots: &[Slot]) -> Vec<Stratum> {
    let stratum = |weight, holds: &dyn Fn(&Slot) -> bool| {
        let places = slots.iter().take(ROUND).enumerate().filter(|(_, slot)| holds(slot));
        Stratum { weight, pairs: places.fold(0, |pairs, (place, _)| pairs | (1 << place)) }
    };
    let mut strata = vec![stratum(1, &|_| true)];
    strata.extend((0..24).map(|hour| stratum(HOUR_WEIGHT, &|slot| slot.hour == hour)));
    strata.extend((0..7).map(|weekday| stratum(1, &|slot| slot.weekday == weekday)));
    strata.retain(|stratum| stratum.pairs != 0);
    strata
}

/// How far an order is from B going first in half of each stratum's pairs: the weighted sum of the squared differences
/// between the numbers of pairs that either arm opens.
fn imbalance(order: Order, strata: &[Stratum]) -> u32 {
    let of_stratum = |stratum: &Stratum| {
        let b_first = (order & stratum.pairs).count_ones();
        let a_first = stratum.pairs.count_ones() - b_first;
        stratum.weight * a_first.abs_diff(b_first).pow(2)
    };
    strata.iter().map(of_stratum).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five pairs a day from nine o'clock on, 90 minutes each.
    fn slots(count: u8) -> Vec<Slot> {
        (0..count).map(|n| Slot { hour: 9 + (n % 5) * 3 / 2, weekday: n / 5 }).collect()
    }

    #[test]
    fn few_pairs_are_free_and_twelve_are_drawn_from_the_best_balanced() {
        for (pairs, count) in [(0, 1), (1, 2), (6, 64), (10, 1_024)] {
            assert_eq!(orders(&slots(pairs)).len(), count, "{pairs} pairs");
        }
        for pairs in 11..=12 {
            let count = orders(&slots(pairs)).len();
            assert!((1_024..1_500).contains(&count), "{pairs} pairs: {count}");
        }
    }

    #[test]
    fn every_order_comes_with_its_mirror_image() {
        for pairs in [5, 11, 12] {
            let (orders, all) = (orders(&slots(pairs)), ((1_u32 << pairs) - 1) as Order);
            assert!(orders.iter().all(|order| orders.contains(&(!order & all))));
        }
    }

    /// Free coins let one arm open all five pairs of Monday or of Tuesday in one draw of eight.
    #[test]
    fn no_arm_opens_most_pairs_of_a_round_or_all_of_a_day() {
        let slots = slots(12);
        for order in orders(&slots) {
            assert!((4..=8).contains(&order.count_ones()), "{order:012b}");
            for pairs in strata(&slots).iter().map(|stratum| stratum.pairs).filter(|pairs| pairs.count_ones() >= 5) {
                let opened = (order & pairs).count_ones();
                assert!(opened > 0 && opened < pairs.count_ones(), "{order:012b} in {pairs:012b}");
            }
        }
    }
}
