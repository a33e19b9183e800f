//! The oracle: the constant ratios that do best with hindsight, which policies are measured against.
//!
//! It answers the most calls among all plans whose abandonment, pooled over many seeds, keeps the limit, at a constant
//! ratio on a grid of 0.05, or one for each segment that the scenario names. It runs without a guard: what the guard
//! costs is part of what policies are measured by.
//!
//! Not every plan is tried. A single ratio: scouts on few seeds go over a coarse grid, up to where abandonment is far over
//! the limit; then all seeds judge every step near the best of them and near where the limit is crossed, and then near the
//! best that is known, until nothing near it is new. That finds the best if answers and abandonment don't fall back as the
//! ratio rises. Segments: what each one gives at each ratio is taken from shifts at one ratio throughout, and the plan
//! with the most answers within the limit is put together from those by a multiplier for the limit (Lagrange; Everett
//! 1963), improved one segment at a time while anything is left of the limit; then it is run as it stands, and made
//! stricter until it keeps the limit in truth.

use paced_core::ratio::DialRatio;
use serde::Serialize;

use super::fixed::Answers;
use super::scenario::Scenario;

/// Steps of the grid, in hundredths: coarse, and fine.
const COARSE: i32 = 25;
const FINE: i32 = 5;
/// How far from a place of interest every step is judged, in hundredths: half a coarse step.
const NEAR: i32 = 12;
/// Seeds that scouts run.
const SCOUT_SEEDS: u64 = 10;
/// Seeds that judge.
const SEEDS: u64 = 100;
/// Abandonment beyond so many times the limit, in every segment, ends the coarse grid.
const FAR_OVER: f64 = 2.5;
/// Rounds of judging, each near the best that is known then.
const ROUNDS: u32 = 5;
/// Halvings of the multiplier's range.
const HALVINGS: u32 = 60;
/// Times that a plan of segments is made stricter, by a twentieth of the limit each.
const STRICTER: u32 = 10;

/// A ratio for each segment.
pub type Plan = Vec<DialRatio>;

/// What the search settled on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Oracle {
    /// The ratio of each segment, in hundredths.
    pub plan: Plan,
    /// Answers over all its seeds.
    pub answered: u64,
    /// Abandoned / (answered + abandoned) over all its seeds.
    pub abandonment: f64,
    /// Whether that keeps the limit; where no plan does, this is the one that abandons the smallest share.
    pub keeps_limit: bool,
    /// Plans tried.
    pub tried: usize,
}

/// What one plan gave in each segment, over all seeds.
#[derive(Clone, Debug)]
struct Tried {
    plan: Plan,
    segments: Vec<Answers>,
}

impl Tried {
    /// The ratio of a plan that keeps to one.
    fn hundredths(&self) -> i32 {
        self.plan.first().map_or(0, |ratio| i32::from(ratio.hundredths()))
    }

    fn all(&self) -> Answers {
        self.segments.iter().copied().fold(Answers::default(), Answers::plus)
    }
}

/// Searches for a scenario's oracle. `pooled` runs a plan over so many seeds, always the same ones, with
/// [`run_fixed`](super::run_fixed), and gives the answers of each segment, summed over the seeds: 100 in the end.
///
/// # Errors
/// Whatever `pooled` fails with.
pub fn search<E>(
    scenario: &Scenario,
    mut pooled: impl FnMut(&Plan, u64) -> Result<Vec<Answers>, E>,
) -> Result<Oracle, E> {
    let mut at = |hundredths: i32, seeds| {
        let plan = scenario.constant_plan(DialRatio::from_hundredths_clamped(hundredths));
        pooled(&plan, seeds).map(|segments| Tried { plan, segments })
    };
    let mut scouts = Search::new(scenario);
    while let Some(hundredths) = scouts.next_coarse() {
        scouts.tried.push(at(hundredths, SCOUT_SEEDS)?);
    }
    let mut search = Search::new(scenario);
    for round in 0..ROUNDS {
        let known = if round == 0 { &scouts } else { &search };
        for hundredths in search.untried_near(&known.places_of_interest()) {
            search.tried.push(at(hundredths, SEEDS)?);
        }
    }
    if !scenario.segments.is_empty() {
        search.combine(&mut pooled)?;
    }
    Ok(search.result())
}

struct Search {
    limit: f64,
    lowest: i32,
    highest: i32,
    tried: Vec<Tried>,
}

impl Search {
    fn new(scenario: &Scenario) -> Self {
        let pacing = scenario.campaigns.iter().map(|campaign| &campaign.pacing);
        let hundredths = |ratio: DialRatio| i32::from(ratio.hundredths());
        Self {
            limit: pacing.clone().map(|pacing| pacing.abandonment.limit).fold(1.0, f64::min),
            lowest: pacing.clone().map(|pacing| hundredths(pacing.min_dial_ratio)).max().unwrap_or(10),
            highest: pacing.map(|pacing| hundredths(pacing.max_dial_ratio)).min().unwrap_or(500),
            tried: Vec::new(),
        }
    }

    /// The next ratio of the coarse grid, which begins with the first multiple of its step within the bounds.
    fn next_coarse(&self) -> Option<i32> {
        let is_far_over = |segment: &Answers| segment.abandonment() > FAR_OVER * self.limit;
        let next = match self.tried.last() {
            None => (self.lowest + COARSE - 1) / COARSE * COARSE,
            Some(tried) if tried.segments.iter().all(is_far_over) => return None,
            Some(tried) => tried.hundredths() + COARSE,
        };
        (next <= self.highest).then_some(next)
    }

    /// Ratios near which the best may be: that of the best plan, of each segment in the best combination, and those at
    /// which a segment, or the whole, crosses the limit.
    fn places_of_interest(&self) -> Vec<i32> {
        let segments = self.tried.first().map_or(0, |tried| tried.segments.len());
        let crosses = |of: &dyn Fn(&Tried) -> Answers| {
            let within = self.tried.iter().filter(|tried| of(tried).abandonment() <= self.limit);
            let last = within.map(Tried::hundredths).max()?;
            let beyond = self.tried.iter().map(Tried::hundredths).filter(|hundredths| *hundredths > last).min();
            Some(beyond.map_or(last, |beyond| i32::midpoint(last, beyond)))
        };
        let mut places: Vec<i32> = self.best().map(Tried::hundredths).into_iter().collect();
        places.extend(self.best_combination(self.limit).iter().map(|ratio| i32::from(ratio.hundredths())));
        places.extend(crosses(&Tried::all));
        places.extend((0..segments).filter_map(|nth| crosses(&|tried: &Tried| tried.segments[nth])));
        if self.best().is_none() {
            // No plan is lawful: the mildest is the lowest.
            places.push(self.lowest);
        }
        places
    }

    /// The steps of the fine grid near these places that have not been tried.
    fn untried_near(&self, places: &[i32]) -> Vec<i32> {
        let is_new = |hundredths: &i32| !self.tried.iter().any(|tried| tried.hundredths() == *hundredths);
        let is_near = |hundredths: &i32| places.iter().any(|place| (place - hundredths).abs() <= NEAR);
        let grid = (self.lowest + FINE - 1) / FINE * FINE..=self.highest;
        grid.step_by(FINE as usize).filter(is_new).filter(is_near).collect()
    }

    /// The plan tried with the most answers within the limit.
    fn best(&self) -> Option<&Tried> {
        let within = self.tried.iter().filter(|tried| tried.all().abandonment() <= self.limit);
        within.max_by_key(|tried| tried.all().answered)
    }

    /// Plans that change the ratio from segment to segment, put together from those that don't, until one is as good
    /// when it is run as it looked.
    fn combine<E>(&mut self, pooled: &mut impl FnMut(&Plan, u64) -> Result<Vec<Answers>, E>) -> Result<(), E> {
        for stricter in 0..STRICTER {
            let limit = self.limit * (1.0 - 0.05 * f64::from(stricter));
            let plan = self.best_combination(limit);
            if self.tried.iter().any(|tried| tried.plan == plan) {
                continue;
            }
            let segments = pooled(&plan, SEEDS)?;
            let tried = Tried { plan, segments };
            let keeps = tried.all().abandonment() <= self.limit;
            self.tried.push(tried);
            if keeps {
                break;
            }
        }
        Ok(())
    }

    /// The plan that should answer the most calls within `limit`, if segments did not touch each other.
    fn best_combination(&self, limit: f64) -> Plan {
        let constant: Vec<&Tried> = self.tried.iter().filter(|tried| is_constant(&tried.plan)).collect();
        let (mut low, mut high) = (0.0, 1e6);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            let keeps = sum(&combination(&constant, middle, limit)).abandonment() <= limit;
            if keeps { high = middle } else { low = middle }
        }
        let mut chosen = combination(&constant, high, limit);
        while improve(&mut chosen, &constant, limit) {}
        chosen.iter().enumerate().filter_map(|(nth, tried)| tried.plan.get(nth).copied()).collect()
    }

    fn result(&self) -> Oracle {
        let least =
            || self.tried.iter().min_by(|one, other| one.all().abandonment().total_cmp(&other.all().abandonment()));
        let chosen = self.best().or_else(least);
        let answers = chosen.map(Tried::all).unwrap_or_default();
        Oracle {
            plan: chosen.map(|tried| tried.plan.clone()).unwrap_or_default(),
            answered: answers.answered,
            abandonment: answers.abandonment(),
            keeps_limit: self.best().is_some(),
            tried: self.tried.len(),
        }
    }
}

fn is_constant(plan: &[DialRatio]) -> bool {
    plan.windows(2).all(|pair| pair[0] == pair[1])
}

/// For each segment the plan of the best ratio: the most answers, each call abandoned beyond the limit's share weighed
/// against them.
fn combination<'a>(constant: &[&'a Tried], weight: f64, limit: f64) -> Vec<&'a Tried> {
    let worth = |answers: Answers| {
        let (answered, abandoned) = (answers.answered as f64, answers.abandoned as f64);
        answered - weight * (abandoned - limit * (answered + abandoned))
    };
    let segments = constant.first().map_or(0, |tried| tried.segments.len());
    let best = |nth: usize| {
        let of_segment = |tried: &Tried| worth(tried.segments[nth]);
        constant.iter().copied().max_by(|one, other| of_segment(one).total_cmp(&of_segment(other)))
    };
    (0..segments).filter_map(best).collect()
}

/// What the segments of a combination gave, each at its own ratio.
fn sum(chosen: &[&Tried]) -> Answers {
    let segments = chosen.iter().enumerate().map(|(nth, tried)| tried.segments[nth]);
    segments.fold(Answers::default(), Answers::plus)
}

/// Changes the ratio of the one segment that gains the most answers within the limit; `false` if none does.
fn improve<'a>(chosen: &mut Vec<&'a Tried>, constant: &[&'a Tried], limit: f64) -> bool {
    let now = sum(chosen);
    let changed = |(nth, tried): (usize, &'a Tried)| {
        let mut plan = chosen.clone();
        plan[nth] = tried;
        plan
    };
    let segments = 0..chosen.len();
    let candidates = segments.flat_map(|nth| constant.iter().map(move |tried| (nth, *tried))).map(changed);
    let better = candidates.filter(|plan| {
        let answers = sum(plan);
        answers.answered > now.answered && answers.abandonment() <= limit
    });
    match better.max_by_key(|plan| sum(plan).answered) {
        Some(plan) => {
            *chosen = plan;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use super::super::scenario::Segment;
    use super::*;

    /// Answers rise with the ratio; abandonment does so as the square of what is over `calm`.
    fn answers(ratio: DialRatio, calm: f64) -> Answers {
        let answered = 1_000.0 * libm::sqrt(ratio.value());
        let over = (ratio.value() - calm).max(0.0);
        let abandoned = answered * 0.04 * over * over;
        Answers { answered: answered as u64, abandoned: abandoned as u64 }
    }

    fn oracle(scenario: &Scenario, calm: &[f64]) -> Oracle {
        let pooled = |plan: &Plan, _| {
            Ok::<_, Infallible>(plan.iter().zip(calm).map(|(ratio, calm)| answers(*ratio, *calm)).collect())
        };
        match search(scenario, pooled) {
            Ok(oracle) => oracle,
            Err(never) => match never {},
        }
    }

    #[test]
    fn it_is_the_best_of_the_whole_grid_though_it_tries_a_part() {
        for calm in [0.3, 1.0, 1.63, 2.9, 4.2] {
            let found = oracle(&Scenario::steady("day", 20), &[calm]);
            let grid = (10..=500).step_by(5).map(DialRatio::from_hundredths_clamped);
            let lawful = grid.filter(|ratio| answers(*ratio, calm).abandonment() <= 0.03);
            let best = lawful.max_by_key(|ratio| answers(*ratio, calm).answered).unwrap();
            assert_eq!(found.plan, [best], "{calm}");
            assert!(found.keeps_limit && found.tried < 40, "{found:?}");
        }
    }

    #[test]
    fn segments_get_a_ratio_each_and_beat_any_single_one() {
        let noon = Segment { name: "afternoon".to_owned(), from: Duration::from_secs(4 * 3_600) };
        let scenario = Scenario { segments: vec![noon], ..Scenario::steady("day", 20) };
        let calm = [1.0, 3.0];
        let found = oracle(&scenario, &calm);
        assert!(found.plan[0] < found.plan[1] && found.keeps_limit, "{found:?}");
        let both = |plan: [DialRatio; 2]| answers(plan[0], calm[0]).plus(answers(plan[1], calm[1]));
        let grid = || (10..=500).step_by(5).map(DialRatio::from_hundredths_clamped);
        let plans = grid().flat_map(|one| grid().map(move |other| [one, other]));
        let lawful = plans.filter(|plan| both(*plan).abandonment() <= 0.03);
        let best = lawful.map(|plan| both(plan).answered).max().unwrap();
        // A multiplier finds plans on the upper hull only: near the best on a grid this fine.
        assert!(found.answered * 1_000 >= best * 997, "{} of {best}", found.answered);
    }

    #[test]
    fn where_no_ratio_is_lawful_the_mildest_is_shown_as_such() {
        let pooled = |plan: &Plan, _| {
            let abandoned = u64::from(plan[0].hundredths());
            Ok::<_, Infallible>(vec![Answers { answered: 100, abandoned }])
        };
        let Ok(found) = search(&Scenario::steady("day", 20), pooled);
        assert!(!found.keeps_limit, "{found:?}");
    }
}
