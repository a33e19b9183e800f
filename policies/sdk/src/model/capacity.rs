//! How many calls a number of lines abandons, and how many lines a limit allows.

use super::Binomial;

/// The probability that a busy agent is free again within `horizon_s`, when handling a call takes `handle_s` on average.
///
/// It is 1 - exp(-horizon/handle): handle times count as exponential, so how long an agent has been busy says nothing.
/// With no handle time at all every agent is free again.
#[must_use]
pub fn freed_probability(horizon_s: f64, handle_s: f64) -> f64 {
    if handle_s > 0.0 { -libm::expm1(-(horizon_s.max(0.0) / handle_s)) } else { 1.0 }
}

/// The agents who can take the answers of lines dialled now: those idle, and those who will be free in time.
///
/// Answers are Bin(lines, p), capacity is idle + Bin(busy, freed), and what is beyond it is abandoned: lines count as
/// answered at once, no line is dialled after them, and nobody waits. That is the exact overdial of a burst, and somewhat
/// pessimistic for a dialer that spreads its lines over time.
///
/// ```
/// use paced_policy::model::Capacity;
///
/// // Ten idle agents and nobody else, one answer in four: 30 lines abandon at most 3 % of the answers.
/// let capacity = Capacity::new(10, 0, 0.0);
/// assert_eq!(capacity.max_lines(0.25, 0.03, 100), 30);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    idle: u32,
    freed: Binomial,
}

impl Capacity {
    /// `idle` agents, and `busy` ones of whom each is free in time with the probability `freed`
    /// (see [`freed_probability`]).
    #[must_use]
    pub fn new(idle: u32, busy: u32, freed: f64) -> Self {
        Self { idle, freed: Binomial::new(busy, freed) }
    }

    /// Expected number of agents who can take a call.
    #[must_use]
    pub fn mean(&self) -> f64 {
        f64::from(self.idle) + self.freed.mean()
    }

    /// E[(answers - capacity)+]: calls that `lines` abandon on average, each answered with the probability `p`.
    #[must_use]
    pub fn abandoned(&self, lines: u32, p: f64) -> f64 {
        abandoned(self.idle, &self.freed, lines, p)
    }

    /// The share of the answers that `lines` abandon on average; 0 without answers. It grows with the lines.
    #[must_use]
    pub fn abandonment(&self, lines: u32, p: f64) -> f64 {
        let answers = f64::from(lines) * p;
        if answers > 0.0 { (self.abandoned(lines, p) / answers).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The most lines, up to `at_most`, that abandon at most `limit` of the answers. Never fewer than there are idle
    /// agents (or `at_most`): their calls can't go wrong.
    #[must_use]
    pub fn max_lines(&self, p: f64, limit: f64, at_most: u32) -> u32 {
        let (mut allowed, mut above) = (self.idle.min(at_most), at_most);
        while allowed < above {
            // Halves up, or it would never end; `allowed + above` could overflow.
            let middle = above - (above - allowed) / 2;
            if self.abandonment(middle, p) <= limit {
                allowed = middle;
            } else {
                above = middle - 1;
            }
        }
        allowed
    }
}

/// What [`Capacity::abandoned`] says, for `idle` agents and those of the others who are `freed`.
///
/// One pass up both distributions: of idle + c answers, h(c) = E[(c - freed)+] are abandoned on average, and
/// h(c + 1) = h(c) + P(freed <= c).
pub(super) fn abandoned(idle: u32, freed: &Binomial, lines: u32, p: f64) -> f64 {
    if lines <= idle {
        return 0.0;
    }
    let answers = Binomial::new(lines, p);
    let ((fewest_answers, most_answers), (fewest_freed, most_freed)) = (answers.range(), freed.range());
    if fewest_answers >= idle.saturating_add(most_freed) {
        return (answers.mean() - f64::from(idle) - freed.mean()).max(0.0);
    }
    let (mut abandoned, mut h, mut at_most_c) = (0.0, 0.0, 0.0);
    for c in fewest_freed..=most_answers.saturating_sub(idle) {
        abandoned += answers.term(idle + c) * h;
        at_most_c += freed.term(c);
        h += at_most_c;
    }
    abandoned
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Straight from the definition, over all pairs.
    fn abandoned_by_definition(idle: u32, busy: u32, freed: f64, lines: u32, p: f64) -> f64 {
        let (freed, answers) = (Binomial::new(busy, freed), Binomial::new(lines, p));
        let pairs = answers.terms().flat_map(|(x, px)| freed.terms().map(move |(f, pf)| (x, idle + f, px * pf)));
        pairs.map(|(answers, capacity, weight)| f64::from(answers.saturating_sub(capacity)) * weight).sum()
    }

    #[test]
    fn a_burst_abandons_what_theory_says() {
        // sum_{k>N} (k-N) C(L,k) p^k (1-p)^(L-k) / (L p) in per cent, for p = 0.25; rows are idle agents, columns 2, 3
        // and 4 lines per agent.
        let table =
            [(5, [0.95, 6.06, 15.17]), (10, [0.10, 2.53, 10.83]), (20, [0.00, 0.75, 7.69]), (50, [0.00, 0.06, 4.88])];
        for (idle, row) in table {
            let capacity = Capacity::new(idle, 0, 0.0);
            assert_eq!(capacity.abandonment(idle, 0.25), 0.0);
            for (per_agent, percent) in (2..).zip(row) {
                let share = capacity.abandonment(per_agent * idle, 0.25);
                assert!((share * 100.0 - percent).abs() < 0.005, "{idle} agents, {per_agent} lines each: {share}");
            }
        }
    }

    #[test]
    fn the_most_lines_for_three_per_cent() {
        let table = [(1, 1), (2, 3), (3, 6), (5, 12), (10, 30), (20, 69), (50, 190), (100, 396)];
        for (idle, lines) in table {
            assert_eq!(Capacity::new(idle, 0, 0.0).max_lines(0.25, 0.03, 1_000), lines, "{idle} agents");
        }
    }

    #[test]
    fn bounds_hold_at_the_edges() {
        assert_eq!(Capacity::new(0, 0, 0.0).max_lines(0.25, 0.03, 100), 0);
        assert_eq!(Capacity::new(5, 0, 0.0).max_lines(0.0, 0.03, 100), 100, "nobody ever answers");
        assert_eq!(Capacity::new(5, 0, 0.0).max_lines(0.25, 0.03, 4), 4);
        assert_eq!(Capacity::new(5, 0, 0.0).max_lines(1.0, 0.0, 100), 5);
        assert_eq!(Capacity::new(5, 0, 0.0).max_lines(0.25, f64::NAN, 100), 5);
        assert_eq!(Capacity::new(u32::MAX, 9, 0.5).abandoned(100, 0.5), 0.0);
    }

    #[test]
    fn an_agent_is_freed_as_an_exponential_handle_time_has_it() {
        assert_eq!(freed_probability(0.0, 180.0), 0.0);
        assert!((freed_probability(180.0, 180.0) - 0.632_120_558_828_557_7).abs() < 1e-15);
        assert_eq!(freed_probability(10.0, 0.0), 1.0);
        assert_eq!(freed_probability(-1.0, 180.0), 0.0);
    }

    proptest! {
        /// Fails, for one, when the pass down the answers starts or ends one too late.
        #[test]
        fn one_pass_agrees_with_the_definition(
            idle in 0_u32..40, busy in 0_u32..60, freed in 0.0_f64..=1.0, lines in 0_u32..120, p in 0.0_f64..=1.0,
        ) {
            let one_pass = Capacity::new(idle, busy, freed).abandoned(lines, p);
            let expected = abandoned_by_definition(idle, busy, freed, lines, p);
            prop_assert!((one_pass - expected).abs() < 1e-5, "{one_pass}, not {expected}");
        }

        /// What bisection rests on.
        #[test]
        fn abandonment_grows_with_lines_and_falls_with_agents(
            idle in 0_u32..200, busy in 0_u32..2_000, freed in 0.0_f64..=1.0, lines in 1_u32..2_000, p in 0.01_f64..=1.0,
        ) {
            let share = Capacity::new(idle, busy, freed).abandonment(lines, p);
            prop_assert!((0.0..=1.0).contains(&share));
            prop_assert!(Capacity::new(idle, busy, freed).abandonment(lines + 1, p) >= share - 1e-6);
            prop_assert!(Capacity::new(idle + 1, busy, freed).abandonment(lines, p) <= share + 1e-6);
        }

        #[test]
        fn the_most_lines_are_the_most(
            idle in 1_u32..500, busy in 0_u32..1_500, freed in 0.0_f64..0.3, p in 0.02_f64..0.9, limit in 0.0_f64..0.1,
        ) {
            let capacity = Capacity::new(idle, busy, freed);
            let lines = capacity.max_lines(p, limit, 100_000);
            prop_assert!(lines >= idle);
            prop_assert!(lines == idle || capacity.abandonment(lines, p) <= limit);
            prop_assert!(capacity.abandonment(lines + 1, p) > limit);
        }
    }
}
