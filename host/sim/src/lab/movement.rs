//! How restless a ratio is: how far it moves, and how often it turns back.

use paced_core::ratio::DialRatio;

/// A ratio that came back by less than this from where it turned has not reversed: 0.10.
const REVERSAL_HUNDREDTHS: u16 = 10;

/// Follows a ratio from decision to decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Movement {
    last: u16,
    /// The farthest that it went in its direction.
    extreme: u16,
    direction: Direction,
    moved_hundredths: u64,
    reversals: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// It has not moved far enough yet to have one.
    None,
    Up,
    Down,
}

impl Movement {
    pub(super) fn from(ratio: DialRatio) -> Self {
        let start = ratio.hundredths();
        Self { last: start, extreme: start, direction: Direction::None, moved_hundredths: 0, reversals: 0 }
    }

    /// Takes the ratio that is in force now.
    pub(super) fn follow(&mut self, ratio: DialRatio) {
        let now = ratio.hundredths();
        self.moved_hundredths += u64::from(now.abs_diff(self.last));
        self.last = now;
        let is_far = now.abs_diff(self.extreme) >= REVERSAL_HUNDREDTHS;
        let is_onward = match self.direction {
            Direction::None => false,
            Direction::Up => now >= self.extreme,
            Direction::Down => now <= self.extreme,
        };
        if is_onward {
            self.extreme = now;
        } else if is_far {
            self.reversals += u32::from(self.direction != Direction::None);
            self.direction = if now > self.extreme { Direction::Up } else { Direction::Down };
            self.extreme = now;
        }
    }

    /// The sum of all moves, up and down.
    pub(super) fn moved(&self) -> f64 {
        self.moved_hundredths as f64 / 100.0
    }

    pub(super) const fn reversals(&self) -> u32 {
        self.reversals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(hundredths: &[i32]) -> (f64, u32) {
        let ratio = |value: i32| DialRatio::from_hundredths_clamped(value);
        let mut movement = Movement::from(ratio(hundredths[0]));
        hundredths[1..].iter().for_each(|value| movement.follow(ratio(*value)));
        (movement.moved(), movement.reversals())
    }

    #[test]
    fn a_ratio_that_turns_back_far_enough_reverses() {
        let table = [
            (&[100, 150, 200][..], (1.0, 0)),
            (&[100, 150, 145, 150, 145][..], (0.65, 0)),
            (&[100, 150, 140][..], (0.6, 1)),
            // Small steps back add up.
            (&[100, 150, 146, 142, 139][..], (0.61, 1)),
            (&[100, 150, 100, 150, 100][..], (2.0, 3)),
            (&[100, 95, 91, 105][..], (0.23, 0)),
            (&[200][..], (0.0, 0)),
        ];
        for (ratios, expected) in table {
            assert_eq!(followed(ratios), expected, "{ratios:?}");
        }
    }
}
