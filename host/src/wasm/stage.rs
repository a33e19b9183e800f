//! The stages that a component goes through on its way to decide, each with its name.

use std::fmt;
use std::time::{Duration, Instant};

/// A stage, in the order of the variants. The first that refuses a component ends its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The file is read, up to the size that a component may have.
    Read,
    /// The file is at rest: nobody is writing it.
    Settle,
    /// SHA-256 of the bytes, and whether they were refused or rolled back before.
    Digest,
    /// The bytes are a component that is cheap enough to compile.
    Validate,
    /// It is built for a contract that this host runs.
    Version,
    /// It imports only what a policy may have.
    Imports,
    /// Machine code, from the compiler or from the cache.
    Compile,
    /// It says what it is, and what params it takes.
    Describe,
    /// It takes the params of every campaign that uses it.
    Params,
    /// It decides on recorded inputs and on those at the edges.
    DryRun,
    /// It is put in force, between two ticks.
    Activate,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Settle,
        Self::Digest,
        Self::Validate,
        Self::Version,
        Self::Imports,
        Self::Compile,
        Self::Describe,
        Self::Params,
        Self::DryRun,
        Self::Activate,
    ];

    /// The name, for logs, the journal and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Settle => "settle",
            Self::Digest => "digest",
            Self::Validate => "validate",
            Self::Version => "version",
            Self::Imports => "imports",
            Self::Compile => "compile",
            Self::Describe => "describe",
            Self::Params => "params",
            Self::DryRun => "dry-run",
            Self::Activate => "activate",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// The compiler made it.
    Afresh,
    /// It lay in the cache on disk.
    FromCache,
}

impl Compiled {
    /// The word for logs and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Afresh => "afresh",
            Self::FromCache => "from the cache",
        }
    }
}

/// How long each stage took, by the wall, in the order of the stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    took: Vec<(Stage, Duration)>,
}

impl Timeline {
    /// Runs a stage, and notes how long it took, whatever came of it.
    pub fn time<T>(&mut self, stage: Stage, run: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let outcome = run();
        self.note(stage, since.elapsed());
        outcome
    }

    /// Notes what a stage took; more of the same stage is added to it.
    pub fn note(&mut self, stage: Stage, took: Duration) {
        match self.took.binary_search_by_key(&stage, |(noted, _)| *noted) {
            Ok(at) => self.took[at].1 += took,
            Err(at) => self.took.insert(at, (stage, took)),
        }
    }

    /// The stages that ran, with what each took.
    #[must_use]
    pub fn stages(&self) -> &[(Stage, Duration)] {
        &self.took
    }

    /// What a stage took; none where it did not run.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Option<Duration> {
        self.took.iter().find(|(noted, _)| *noted == stage).map(|(_, took)| *took)
    }

    /// What all stages took together, without the time in which the file came to rest.
    #[must_use]
    pub fn work(&self) -> Duration {
        self.took.iter().filter(|(stage, _)| *stage != Stage::Settle).map(|(_, took)| *took).sum()
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (stage, took)) in self.took.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{stage} {:.1} ms", took.as_secs_f64() * 1e3)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_are_listed_in_their_order() {
        assert!(Stage::ALL.is_sorted());
        let names: std::collections::BTreeSet<_> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
        assert_eq!(names.len(), Stage::ALL.len(), "each has its own name");
    }

    #[test]
    fn a_timeline_is_in_order_adds_up_and_leaves_the_settling_out_of_the_work() {
        let mut timeline = Timeline::default();
        for (stage, ms) in [(Stage::Compile, 20), (Stage::Read, 1), (Stage::Settle, 150), (Stage::Read, 2)] {
            timeline.note(stage, Duration::from_millis(ms));
        }
        assert_eq!(timeline.to_string(), "read 3.0 ms, settle 150.0 ms, compile 20.0 ms");
        assert_eq!((timeline.work().as_millis(), timeline.of(Stage::DryRun)), (23, None));
    }
}
