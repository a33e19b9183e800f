//! A switchback: pairs of adjacent blocks of a campaign's time, one for each arm, in an order drawn by chance.
//!
//! The schedule is a pure function of experiment, seed, campaign and allowed time; written down it also survives a
//! configuration that changes. Where one is at some instant follows from the instant alone, so a restart in the middle
//! of a washout goes on with that washout, to the second.
//!
//! A pair lies within one span of allowed time or is not formed: its blocks must be neighbours, or they would not meet
//! the same day. Blocks start on bucket boundaries. Outside pairs the campaign is paced as if there were no experiment.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::design::{BUCKET, Experiment, Side};
use super::orders::{Order, ROUND, Slot, orders};
use crate::hash::Draw;
use crate::time::Timestamp;

/// Pairs in a schedule at most: over half a year of five pairs a day.
pub const MAX_PAIRS: usize = 1_020;
/// Spans read for one schedule at most, so that an endless calendar of spans without room for a pair comes to an end.
const MAX_SPANS: usize = 10_000;

/// Time in which blocks may be laid, with the local calendar at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its start.
    pub from: Timestamp,
    /// Its end, not within it.
    pub to: Timestamp,
    /// The local day at its start, in days since 1970-01-01.
    pub day: i32,
    /// The local minute of the day at its start, 0 to 1439.
    pub minute: u16,
}

/// Spans that are no calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("span {number} starts before the end of the one before it: spans must be in order and apart")]
pub struct SpansOverlap {
    /// The offending span's place, from 1.
    pub number: usize,
}

/// Which arm has which block of one campaign's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    block: Duration,
    washout: Duration,
    pairs: Vec<Pair>,
}

/// Two adjacent blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Start of the first block.
    pub starts: Timestamp,
    /// The arm of the first block.
    pub first: Side,
    /// When it starts, by the local calendar.
    pub slot: Slot,
}

/// Where an instant lies in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// In a block.
    In(Block),
    /// In no block.
    Outside {
        /// Start of the next one; none after the last.
        next: Option<Timestamp>,
    },
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its pair, from 0.
    pub pair: usize,
    /// The arm that was drawn for it.
    pub arm: Side,
    /// Its start.
    pub starts: Timestamp,
    /// From here on it counts.
    pub counts_from: Timestamp,
    /// Its end, not within it.
    pub ends: Timestamp,
}

impl Block {
    /// The arm that paces the block: the drawn one, or the other one if its guard stopped it. What the block counts for
    /// is the drawn arm all the same.
    #[must_use]
    pub fn arm_in_force(&self, stopped: Option<Side>) -> Side {
        if stopped == Some(self.arm) { self.arm.other() } else { self.arm }
    }

    /// Whether the instant, which lies in the block, is too early to count.
    #[must_use]
    pub fn is_washing_out(&self, now: Timestamp) -> bool {
        now < self.counts_from
    }
}

/// Consecutive pairs whose order was drawn at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Number of its first pair.
    pub first_pair: usize,
    /// The order that was drawn.
    pub drawn: Order,
    /// The orders that could have been drawn, each as likely as the others.
    pub orders: Vec<Order>,
}

impl Schedule {
    /// Lays pairs into `spans`, between the experiment's start and end, and draws their order. At most [`MAX_PAIRS`]
    /// pairs. More time at the end leaves all earlier rounds as they are, but may redraw the last, incomplete one: keep
    /// a schedule that has begun.
    ///
    /// # Errors
    /// The spans are out of order.
    pub fn draw(
        experiment: &Experiment,
        campaign: &str,
        spans: impl IntoIterator<Item = Span>,
    ) -> Result<Self, SpansOverlap> {
        let mut schedule = Self { block: experiment.block, washout: experiment.washout_in_force(), pairs: Vec::new() };
        let mut end_before = None;
        for (number, span) in (1..).zip(spans.into_iter().take(MAX_SPANS)) {
            if end_before.is_some_and(|end| span.from < end) {
                return Err(SpansOverlap { number });
            }
            end_before = Some(span.to);
            schedule.lay(span, experiment.start.unwrap_or(span.from), experiment.end.unwrap_or(span.to));
            if schedule.pairs.len() == MAX_PAIRS {
                break;
            }
        }
        schedule.draw_orders(experiment, campaign);
        Ok(schedule)
    }

    /// The pairs, by time.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Pairs by calendar day from the first to the last, days without pairs included; none without pairs.
    #[must_use]
    pub fn pairs_per_day(&self) -> Option<f64> {
        let (first, last) = (self.pairs.first()?, self.pairs.last()?);
        let days = last.starts.since(first.starts).as_secs() / 86_400 + 1;
        Some(self.pairs.len() as f64 / days as f64)
    }

    /// Length of a block.
    #[must_use]
    pub const fn block(&self) -> Duration {
        self.block
    }

    /// Buckets of a block that count, if none is missing.
    #[must_use]
    pub fn counted_buckets(&self) -> u32 {
        let counted = self.block.saturating_sub(self.washout).as_millis() / BUCKET.as_millis();
        u32::try_from(counted).unwrap_or(u32::MAX)
    }

    /// Where `now` lies.
    #[must_use]
    pub fn position(&self, now: Timestamp) -> Position {
        let begun = self.pairs.partition_point(|pair| pair.starts <= now);
        let current = begun.checked_sub(1).and_then(|pair| {
            let is_second = now >= self.pairs[pair].starts + self.block;
            let block = self.block_of(pair, is_second)?;
            (now < block.ends).then_some(block)
        });
        current.map_or_else(|| Position::Outside { next: self.pairs.get(begun).map(|pair| pair.starts) }, Position::In)
    }

    /// The first or second block of a pair, by the pair's number.
    #[must_use]
    pub fn block_of(&self, pair: usize, is_second: bool) -> Option<Block> {
        let Pair { starts, first, .. } = *self.pairs.get(pair)?;
        let (starts, arm) = if is_second { (starts + self.block, first.other()) } else { (starts, first) };
        Some(Block { pair, arm, starts, counts_from: starts + self.washout, ends: starts + self.block })
    }

    /// The rounds, with the orders that each could have been drawn in.
    pub fn rounds(&self) -> impl Iterator<Item = Round> {
        (0..).step_by(ROUND).zip(self.pairs.chunks(ROUND)).map(|(first_pair, pairs)| {
            let drawn =
                (0..).zip(pairs).fold(0, |order, (place, pair)| order | (Order::from(pair.first == Side::B) << place));
            Round { first_pair, drawn, orders: orders(&slots(pairs)) }
        })
    }

    /// Lays as many pairs into a span as fit between `start` and `end`.
    fn lay(&mut self, span: Span, start: Timestamp, end: Timestamp) {
        let end = span.to.min(end);
        let mut starts = ceil_to_bucket(span.from.max(start));
        while starts + self.block * 2 <= end && self.pairs.len() < MAX_PAIRS {
            self.pairs.push(Pair { starts, first: Side::A, slot: slot(span, starts) });
            starts = starts + self.block * 2;
        }
    }

    fn draw_orders(&mut self, experiment: &Experiment, campaign: &str) {
        for (round, pairs) in self.pairs.chunks_mut(ROUND).enumerate() {
            let names = ["switchback", &experiment.name, campaign, &round.to_string()];
            let orders = orders(&slots(pairs));
            let order = orders[Draw::named(experiment.seed, &names).below(orders.len())];
            for (place, pair) in pairs.iter_mut().enumerate() {
                pair.first = if order >> place & 1 == 1 { Side::B } else { Side::A };
            }
        }
    }
}

impl Round {
    /// The share of the orders that agree with the drawn one in the first `pairs` pairs: how likely exactly this
    /// beginning was.
    #[must_use]
    pub fn share_beginning_alike(&self, pairs: usize) -> f64 {
        let beginning = ((1_u32 << pairs.min(ROUND)) - 1) as Order;
        let alike = self.orders.iter().filter(|order| (*order ^ self.drawn) & beginning == 0).count();
        alike as f64 / self.orders.len() as f64
    }
}

fn slots(pairs: &[Pair]) -> Vec<Slot> {
    pairs.iter().map(|pair| pair.slot).collect()
}

/// The local hour and weekday at an instant of a span. A clock change within the span is not followed: it would shift
/// an hour by one, and hours only serve balance.
fn slot(span: Span, at: Timestamp) -> Slot {
    let minute = u64::from(span.minute) + at.since(span.from).as_secs() / 60;
    let day = i64::from(span.day) + (minute / 1_440) as i64;
    // Day 0 was a Thursday; weekday 0 is Monday.
    Slot { hour: (minute / 60 % 24) as u8, weekday: (day + 3).rem_euclid(7) as u8 }
}

/// The first bucket boundary that is not before `at`.
fn ceil_to_bucket(at: Timestamp) -> Timestamp {
    let floor = at.floor_to(BUCKET);
    if floor == at { at } else { floor + BUCKET }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::design::Kind;
    use super::super::design::tests::{experiment, minutes};
    use super::*;

    const MONDAY: i32 = 20_423;

    /// The working day from nine to five, so many days after a Monday, by UTC.
    fn day(number: u32) -> Span {
        let from = Timestamp::default() + minutes(1_440) * (MONDAY as u32 + number) + minutes(540);
        Span { from, to: from + minutes(480), day: MONDAY + number as i32, minute: 540 }
    }

    /// A schedule of so many working days, five pairs a day.
    pub(in crate::experiment) fn schedule(days: u32, seed: u64) -> Schedule {
        let experiment = Experiment { seed, ..experiment(Kind::Switchback) };
        Schedule::draw(&experiment, "1", (0..days).map(day)).unwrap()
    }

    #[test]
    fn a_pair_lies_within_one_span_on_bucket_boundaries() {
        let from = day(0).from + Duration::from_secs(61);
        let spans =
            [Span { from, to: from + minutes(100), ..day(0) }, Span { to: day(1).from + minutes(89), ..day(1) }];
        let schedule = Schedule::draw(&experiment(Kind::Switchback), "1", spans).unwrap();
        let starts: Vec<Timestamp> = schedule.pairs().iter().map(|pair| pair.starts).collect();
        assert_eq!(starts, [day(0).from + minutes(5)], "the second span has no room for two blocks");
    }

    #[test]
    fn slots_follow_the_local_calendar() {
        let schedule = schedule(2, 7);
        let slots: Vec<(u8, u8)> = schedule.pairs().iter().map(|pair| (pair.slot.hour, pair.slot.weekday)).collect();
        assert_eq!(slots, [(9, 0), (10, 0), (12, 0), (13, 0), (15, 0), (9, 1), (10, 1), (12, 1), (13, 1), (15, 1)]);
    }

    #[test]
    fn start_and_end_bound_the_pairs() {
        let (start, end) = (day(0).from + minutes(90), day(1).from + minutes(180));
        let bounded = Experiment { start: Some(start), end: Some(end), ..experiment(Kind::Switchback) };
        let schedule = Schedule::draw(&bounded, "1", (0..5).map(day)).unwrap();
        assert_eq!(schedule.pairs().len(), 6);
        assert_eq!(schedule.pairs()[0].starts, start);
    }

    #[test]
    fn position_is_exact_at_every_edge() {
        let schedule = schedule(1, 7);
        let Pair { starts, first, .. } = schedule.pairs()[0];
        let ms = Duration::from_millis(1);
        assert_eq!(schedule.position(starts - ms), Position::Outside { next: Some(starts) });
        let block =
            Block { pair: 0, arm: first, starts, counts_from: starts + minutes(10), ends: starts + minutes(45) };
        for now in [starts, block.ends - ms] {
            assert_eq!(schedule.position(now), Position::In(block));
        }
        assert_eq!((block.arm_in_force(None), block.arm_in_force(Some(first))), (first, first.other()));
        assert_eq!(block.arm_in_force(Some(first.other())), first);
        assert!(block.is_washing_out(block.counts_from - ms) && !block.is_washing_out(block.counts_from));
        let Position::In(second) = schedule.position(block.ends) else { panic!("the second block follows at once") };
        assert_eq!((second.pair, second.arm, second.starts), (0, first.other(), block.ends));
        let end = schedule.block_of(4, true).unwrap().ends;
        assert!(matches!(schedule.position(end - ms), Position::In(Block { pair: 4, .. })));
        assert_eq!(schedule.position(end), Position::Outside { next: None });
    }

    #[test]
    fn a_later_end_leaves_full_rounds_as_they_are() {
        let (short, long) = (schedule(5, 7), schedule(9, 7));
        assert_eq!(short.pairs()[..2 * ROUND], long.pairs()[..2 * ROUND]);
        assert_eq!((short.pairs_per_day(), schedule(0, 7).pairs_per_day()), (Some(5.0), None));
        assert_eq!(short.rounds().map(|round| round.first_pair).collect::<Vec<_>>(), [0, 12, 24]);
    }

    #[test]
    fn the_drawn_order_is_one_of_those_that_could_be_drawn() {
        for round in (0..20).flat_map(|seed| schedule(7, seed).rounds().collect::<Vec<_>>()) {
            assert!(round.orders.contains(&round.drawn));
            assert!((round.share_beginning_alike(0) - 1.0).abs() < 1e-12);
            assert!((round.share_beginning_alike(ROUND) - 1.0 / round.orders.len() as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn experiments_seeds_and_campaigns_have_orders_of_their_own() {
        let draw = |name: &str, seed, campaign| {
            let experiment = Experiment { name: name.to_owned(), seed, ..experiment(Kind::Switchback) };
            Schedule::draw(&experiment, campaign, (0..10).map(day)).unwrap()
        };
        let base = draw("x", 1, "1");
        assert_eq!(base, draw("x", 1, "1"));
        for other in [draw("y", 1, "1"), draw("x", 2, "1"), draw("x", 1, "2")] {
            assert_ne!(base, other);
        }
    }

    /// Under free coins the sum of squared differences over 40 pairs of an hour would be 40 on average.
    #[test]
    fn arms_open_an_hours_pairs_about_equally_often() {
        let unbalanced = |seed| -> u32 {
            let schedule = schedule(40, seed);
            [9, 10, 12, 13, 15]
                .map(|hour| {
                    let of_hour = schedule.pairs().iter().filter(|pair| pair.slot.hour == hour);
                    let (all, b) =
                        of_hour.fold((0_u32, 0_u32), |(all, b), pair| (all + 1, b + u32::from(pair.first == Side::B)));
                    (2 * b).abs_diff(all).pow(2)
                })
                .iter()
                .sum()
        };
        let mean = (0..50).map(unbalanced).sum::<u32>() / 50;
        assert!(mean < 140, "{mean}, not 200 as free coins have it");
    }

    #[test]
    fn an_endless_calendar_gives_a_bounded_schedule() {
        assert_eq!(
            Schedule::draw(&experiment(Kind::Switchback), "1", (0..).map(day)).unwrap().pairs().len(),
            MAX_PAIRS
        );
        let short = |number| Span { to: day(number).from + minutes(30), ..day(number) };
        assert_eq!(Schedule::draw(&experiment(Kind::Switchback), "1", (0..).map(short)).unwrap().pairs().len(), 0);
        let disordered = Schedule::draw(&experiment(Kind::Switchback), "1", [day(1), day(0)]);
        assert_eq!(disordered, Err(SpansOverlap { number: 2 }));
    }

    proptest! {
        /// However the allowed time is cut up: each pair lies within one span, no two overlap, and the position by
        /// search is the one that going through all blocks gives. Seen to fail by: an end that lies within its block.
        #[test]
        fn position_agrees_with_going_through_all_blocks(
            cuts in prop::collection::vec((0_u64..7_200, 0_u64..40_000), 0..12),
            asked in prop::collection::vec(0_u64..400_000, 20),
            block in 1_u64..13,
        ) {
            let start = day(0).from;
            let mut end = start;
            let spans: Vec<Span> = cuts
                .iter()
                .map(|(gap, length)| {
                    let from = end + Duration::from_secs(*gap);
                    end = from + Duration::from_secs(*length);
                    Span { from, to: end, day: MONDAY, minute: 540 }
                })
                .collect();
            let experiment = Experiment { block: BUCKET * block as u32, ..experiment(Kind::Switchback) };
            let schedule = Schedule::draw(&experiment, "1", spans.clone()).unwrap();
            let blocks: Vec<Block> = (0..schedule.pairs().len())
                .flat_map(|pair| [false, true].map(|is_second| schedule.block_of(pair, is_second).unwrap()))
                .collect();
            prop_assert!(blocks.is_sorted_by(|one, next| one.ends <= next.starts));
            for pair in blocks.chunks(2) {
                prop_assert!(spans.iter().any(|span| span.from <= pair[0].starts && pair[1].ends <= span.to));
                prop_assert_eq!((pair[0].ends, pair[0].arm), (pair[1].starts, pair[1].arm.other()));
                prop_assert_eq!(pair[0].starts.floor_to(BUCKET), pair[0].starts);
            }
            let edges = blocks.iter().flat_map(|block| [block.starts, block.ends]);
            for now in asked.iter().map(|seconds| start + Duration::from_secs(*seconds)).chain(edges) {
                let within = blocks.iter().find(|block| block.starts <= now && now < block.ends);
                let next = blocks.iter().find(|block| block.starts > now).map(|block| block.starts);
                let expected = within.map_or(Position::Outside { next }, |block| Position::In(*block));
                prop_assert_eq!(schedule.position(now), expected);
            }
        }
    }
}
