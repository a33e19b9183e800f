//! From a campaign's buckets to the sums of its blocks.
//!
//! A bucket counts if it lies wholly inside a block, after the washout, and nothing speaks against it. What does not
//! count is counted too, by its reason, for the report must say how much was left out. A fault of a policy is *no*
//! reason: whatever an arm brings about belongs to the arm. Buckets come in order; one that was seen before, or comes
//! late, is left out. Bounded: a few sums for each block of the schedule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::design::{BUCKET, Side};
use super::sums::Sums;
use super::switchback::{Block, Position, Schedule};
use crate::time::Timestamp;

/// One five-minute interval of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its start.
    pub from: Timestamp,
    /// What happened in it.
    pub sums: Sums,
    /// Why the shell leaves it out, if it does.
    pub excluded: Option<Exclusion>,
}

/// Why a bucket does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exclusion {
    /// In a block's washout.
    Washout,
    /// Partly in a block, partly not.
    Straddling,
    /// In no block.
    OutsideBlocks,
    /// Seen before, or older than one that was.
    Repeated,
    /// The platform showed nothing, or nothing usable.
    Gap,
    /// A person had paused the campaign or set its ratio.
    PersonHold,
    /// The platform failed, and the breaker was open.
    Outage,
}

impl Exclusion {
    /// The reason in words, for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Washout => "washout",
            Self::Straddling => "partly outside a block",
            Self::OutsideBlocks => "outside blocks",
            Self::Repeated => "seen before",
            Self::Gap => "no usable reading",
            Self::PersonHold => "held by a person",
            Self::Outage => "platform outage",
        }
    }
}

/// How many buckets were left out, by reason.
pub type Exclusions = BTreeMap<Exclusion, u64>;

/// The sums of one campaign's blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// By pair; the first block and the second.
    blocks: Vec<[BlockSums; 2]>,
    excluded: Exclusions,
    latest: Option<Timestamp>,
}

/// The sums of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockSums {
    /// The first half of the buckets that count; of an odd number, the smaller half.
    pub early: Sums,
    /// The rest.
    pub late: Sums,
    /// Buckets counted.
    pub buckets: u32,
}

impl BlockSums {
    /// The whole block.
    #[must_use]
    pub fn whole(&self) -> Sums {
        self.early + self.late
    }
}

/// A pair of blocks, seen by arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairSums {
    /// The block that was drawn for A.
    pub a: BlockSums,
    /// The block that was drawn for B.
    pub b: BlockSums,
}

impl Tally {
    /// The tally of a campaign with this schedule.
    #[must_use]
    pub fn new(schedule: &Schedule) -> Self {
        Self {
            blocks: vec![<[BlockSums; 2]>::default(); schedule.pairs().len()],
            excluded: Exclusions::new(),
            latest: None,
        }
    }

    /// Counts a bucket; `schedule` is the one that the tally was made for. Says which block it counted for, so that
    /// the arm's guard may be shown it.
    pub fn count(&mut self, schedule: &Schedule, bucket: &Bucket) -> Result<Block, Exclusion> {
        let verdict = self.place(schedule, bucket);
        match verdict {
            Ok((block, is_early)) => self.add(schedule, block, is_early, bucket.sums),
            Err(reason) => *self.excluded.entry(reason).or_insert(0) += 1,
        }
        verdict.map(|(block, _)| block)
    }

    /// Buckets left out so far.
    #[must_use]
    pub const fn excluded(&self) -> &Exclusions {
        &self.excluded
    }

    /// The pair by its number, if both its blocks have at least half of their buckets and agents were signed in.
    #[must_use]
    pub fn pair(&self, schedule: &Schedule, pair: usize) -> Option<PairSums> {
        let [first, second] = *self.blocks.get(pair)?;
        let fewest = schedule.counted_buckets().div_ceil(2).max(1);
        let is_usable = |block: &BlockSums| block.buckets >= fewest && block.whole().signed_in_s > 0.0;
        if !is_usable(&first) || !is_usable(&second) {
            return None;
        }
        match schedule.pairs().get(pair)?.first {
            Side::A => Some(PairSums { a: first, b: second }),
            Side::B => Some(PairSums { a: second, b: first }),
        }
    }

    /// Pairs up to the last one of which anything counted.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.blocks.iter().rposition(|[first, second]| first.buckets + second.buckets > 0).map_or(0, |last| last + 1)
    }

    /// The block that a bucket counts for, and whether it lies in its early half.
    fn place(&mut self, schedule: &Schedule, bucket: &Bucket) -> Result<(Block, bool), Exclusion> {
        if self.latest.is_some_and(|latest| bucket.from <= latest) {
            return Err(Exclusion::Repeated);
        }
        self.latest = Some(bucket.from);
        let ends = bucket.from + BUCKET;
        let Position::In(block) = schedule.position(bucket.from) else {
            let begins_within = matches!(schedule.position(ends), Position::In(block) if block.starts < ends);
            return Err(if begins_within { Exclusion::Straddling } else { Exclusion::OutsideBlocks });
        };
        if ends > block.ends || (bucket.from < block.counts_from && ends > block.counts_from) {
            return Err(Exclusion::Straddling);
        }
        if block.is_washing_out(bucket.from) {
            return Err(Exclusion::Washout);
        }
        if let Some(reason) = bucket.excluded {
            return Err(reason);
        }
        let place = bucket.from.since(block.counts_from).as_millis() / BUCKET.as_millis();
        Ok((block, place < u128::from(schedule.counted_buckets() / 2)))
    }

    fn add(&mut self, schedule: &Schedule, block: Block, is_early: bool, sums: Sums) {
        let is_second = schedule.pairs().get(block.pair).is_some_and(|pair| pair.starts != block.starts);
        let Some(of_pair) = self.blocks.get_mut(block.pair) else { return };
        let counted = &mut of_pair[usize::from(is_second)];
        *(if is_early { &mut counted.early } else { &mut counted.late }) += sums;
        counted.buckets += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::switchback::tests::schedule;
    use super::*;

    fn bucket(from: Timestamp) -> Bucket {
        Bucket { from, sums: Sums { signed_in_s: 300.0, answered: 1, ..Sums::default() }, excluded: None }
    }

    /// Blocks of nine buckets, two of them washout.
    #[test]
    fn only_whole_buckets_after_the_washout_count() {
        let schedule = schedule(1, 7);
        let starts = schedule.pairs()[0].starts;
        let mut tally = Tally::new(&schedule);
        for number in 0..20 {
            let _ = tally.count(&schedule, &bucket(starts - BUCKET + BUCKET * number));
        }
        let PairSums { a, b } = tally.pair(&schedule, 0).unwrap();
        for block in [a, b] {
            assert_eq!((block.buckets, block.early.answered, block.late.answered), (7, 3, 4));
        }
        let excluded = [(Exclusion::Washout, 4 + 1), (Exclusion::OutsideBlocks, 1)];
        assert_eq!(tally.excluded(), &Exclusions::from(excluded), "one of them in the next pair's washout");
    }

    #[test]
    fn buckets_off_the_grid_straddle_every_edge() {
        let schedule = schedule(1, 7);
        let starts = schedule.pairs()[0].starts;
        let mut tally = Tally::new(&schedule);
        let from = starts - Duration::from_secs(60);
        let reasons: Vec<Option<Exclusion>> =
            (0..10).map(|number| tally.count(&schedule, &bucket(from + BUCKET * number)).err()).collect();
        let (straddling, washout) = (Some(Exclusion::Straddling), Some(Exclusion::Washout));
        assert_eq!(reasons[..4], [straddling, washout, straddling, None]);
        assert_eq!(reasons[9], straddling, "from the first block into the second");
    }

    #[test]
    fn a_bucket_counts_once_and_reasons_are_kept() {
        let schedule = schedule(1, 7);
        let counts_from = schedule.block_of(0, false).unwrap().counts_from;
        let mut tally = Tally::new(&schedule);
        assert!(tally.count(&schedule, &bucket(counts_from + BUCKET)).is_ok());
        for late in [counts_from + BUCKET, counts_from] {
            assert_eq!(tally.count(&schedule, &bucket(late)), Err(Exclusion::Repeated));
        }
        let held = Bucket { excluded: Some(Exclusion::PersonHold), ..bucket(counts_from + BUCKET * 2) };
        assert_eq!(tally.count(&schedule, &held), Err(Exclusion::PersonHold));
        assert_eq!(tally.pair(&schedule, 0), None, "most of its buckets are missing");
    }
}
