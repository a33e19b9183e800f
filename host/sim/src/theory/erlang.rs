//! Callers who arrive at random times (Poisson) for agents whose handling times are exponential.
//!
//! They differ in what a caller does who finds every agent busy: hang up at once (Erlang-B), wait for an exponential
//! time (Erlang-A, also called M/M/N+M) or wait for a fixed time (M/M/N+D). Sources: Erlang 1917 for B; Garnett,
//! Mandelbaum and Reiman, "Designing a call center with impatient customers", M&SOM 4 (2002), for A; Barrer, "Queuing
//! with impatient customers and ordered service", Operations Research 5 (1957), for the fixed time, in the form of
//! Zeltyn and Mandelbaum, "Call centers with impatient customers", Queueing Systems 51 (2005).

/// Share of callers who find every one of `agents` busy and hang up, at `load` erlangs.
///
/// It holds for any distribution of handling times of this mean, not for exponential ones only (Sevastyanov 1957).
#[must_use]
pub fn erlang_b(agents: u32, load: f64) -> f64 {
    // B(0) = 1 and B(n) = load B(n - 1) / (n + load B(n - 1)): no factorial, so nothing overflows.
    (1..=agents).fold(1.0, |blocked, n| load * blocked / (f64::from(n) + load * blocked))
}

/// The load in erlangs that Erlang-B blocks a share `blocking` of, above 0 and below 1.
#[must_use]
pub fn load_at_blocking(agents: u32, blocking: f64) -> f64 {
    // Even if every agent were busy all the time, load x (1 - blocking) would be at most `agents`.
    let (mut low, mut high) = (0.0, f64::from(agents) / (1.0 - blocking));
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if erlang_b(agents, middle) < blocking { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Share of callers who abandon when patience is exponential of this mean, above 0.
#[must_use]
pub fn erlang_a(agents: u32, load: f64, patience_mean: f64) -> f64 {
    let (n, theta) = (f64::from(agents), 1.0 / patience_mean);
    let a = palm(n / theta, load / theta);
    let blocked = erlang_b(agents, load);
    let waits = a * blocked / (1.0 + (a - 1.0) * blocked);
    let occupancy = load / n;
    waits * (1.0 / (occupancy * a) + 1.0 - 1.0 / occupancy)
}

/// Palm's series: 1 + sum over j of y^j / ((x + 1)(x + 2) ... (x + j)).
fn palm(x: f64, y: f64) -> f64 {
    let (mut term, mut sum, mut j) = (1.0, 1.0, 0.0);
    // From here on each term is less than the one before; before, they may grow.
    while x + j <= y || term > sum * f64::EPSILON / 16.0 {
        j += 1.0;
        term *= y / (x + j);
        sum += term;
    }
    sum
}

/// Share of callers who abandon when every caller waits for exactly `patience`, and the first come are first served.
#[must_use]
pub fn mmn_constant_patience(agents: u32, load: f64, patience: f64) -> f64 {
    let n = f64::from(agents);
    // P(abandon) = (1 + (load - n) J) / (E + load J), where E is 1 / B(n - 1) and J the integral over x > 0 of
    // exp(load min(x, patience) - n x), which is as below.
    let surplus = load - n;
    let at_patience = libm::exp(surplus * patience);
    let until_patience = if surplus.abs() > 1e-9 { libm::expm1(surplus * patience) / surplus } else { patience };
    let j = until_patience + at_patience / n;
    at_patience * (load / n) / (1.0 / erlang_b(agents - 1, load) + load * j)
}

/// Busy share of the agents' time when a share `abandoned` of the load is lost.
#[must_use]
pub fn utilization(agents: u32, load: f64, abandoned: f64) -> f64 {
    load * (1.0 - abandoned) / f64::from(agents)
}

/// Busy share of the agents' time between an empty start and `time`, where agents are so many that nobody waits.
///
/// The calls in progress at t are Poisson of mean load (1 - exp(-t)) (M/M/infinity; Riordan 1951); this is its mean
/// over time.
#[must_use]
pub fn utilization_from_empty(agents: u32, load: f64, time: f64) -> f64 {
    load / f64::from(agents) * (1.0 + libm::expm1(-time) / time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Occupancy in per cent at 3 % blocking, as published.
    #[test]
    fn the_table_of_occupancies_comes_out() {
        let known = [(5, 36.4), (10, 53.6), (20, 67.9), (30, 74.6), (50, 81.3), (100, 88.1), (200, 92.6), (500, 96.2)];
        for (agents, wanted) in known {
            let load = load_at_blocking(agents, 0.03);
            assert!((erlang_b(agents, load) - 0.03).abs() < 1e-12);
            let occupancy = 100.0 * utilization(agents, load, 0.03);
            assert!((occupancy - wanted).abs() <= 0.050_001, "{agents}: {occupancy}");
        }
    }

    #[test]
    fn erlang_b_comes_out_by_hand() {
        // One agent: load / (1 + load). Two agents: (load^2 / 2) / (1 + load + load^2 / 2).
        assert!((erlang_b(1, 3.0) - 0.75).abs() < 1e-15);
        assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-15);
    }

    /// The share who abandon by solving the birth-and-death equations themselves, up to a queue of 5,000.
    fn by_birth_and_death(agents: u32, load: f64, patience_mean: f64) -> f64 {
        let (mut weight, mut sum, mut leaving) = (1.0, 1.0, 0.0);
        for in_system in 1..5_000 {
            let waiting = f64::from(in_system - in_system.min(agents));
            weight *= load / (f64::from(in_system.min(agents)) + waiting / patience_mean);
            sum += weight;
            leaving += weight * waiting / patience_mean;
        }
        leaving / sum / load
    }

    #[test]
    fn the_series_solves_the_birth_and_death_equations() {
        for (agents, load, patience) in
            [(1, 0.5, 1.0), (5, 4.0, 0.5), (20, 22.0, 0.2), (50, 48.0, 0.01), (100, 120.0, 2.0)]
        {
            let (series, solved) = (erlang_a(agents, load, patience), by_birth_and_death(agents, load, patience));
            assert!((series / solved - 1.0).abs() < 1e-9, "{agents} agents: {series} against {solved}");
        }
    }

    /// The share who abandon by integrating J step by step, as it stands in the paper.
    fn by_integration(agents: u32, load: f64, patience: f64) -> f64 {
        let n = f64::from(agents);
        let f = |x: f64| libm::exp(load * x.min(patience) - n * x);
        let (mut j, steps) = (0.0, 200_000);
        for (from, to) in [(0.0, patience), (patience, patience + 40.0 / n)] {
            let h = (to - from) / f64::from(steps);
            j += (0..steps).map(|i| f(from + h * (f64::from(i) + 0.5)) * h).sum::<f64>();
        }
        (1.0 + (load - n) * j) / (1.0 / erlang_b(agents - 1, load) + load * j)
    }

    #[test]
    fn constant_patience_is_the_integral() {
        for (agents, load, patience) in
            [(1, 0.5, 1.0), (5, 4.0, 0.5), (20, 20.0, 0.1), (20, 22.0, 0.2), (50, 48.0, 0.01)]
        {
            let (closed, integrated) =
                (mmn_constant_patience(agents, load, patience), by_integration(agents, load, patience));
            assert!((closed - integrated).abs() < 1e-8, "{agents} agents: {closed} against {integrated}");
        }
    }

    #[test]
    fn without_patience_both_are_erlang_b() {
        for (agents, load) in [(1, 0.5), (20, 18.0), (50, 60.0)] {
            let blocked = erlang_b(agents, load);
            assert!((mmn_constant_patience(agents, load, 0.0) / blocked - 1.0).abs() < 1e-12);
            assert!((erlang_a(agents, load, 1e-9) / blocked - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_start_from_empty_fills_up() {
        assert!(utilization_from_empty(100, 20.0, 1e-3) < 1e-3);
        assert!((utilization_from_empty(100, 20.0, 1e6) - 0.2).abs() < 1e-5);
    }
}
