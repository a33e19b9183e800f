//! A policy in a comparison: a component with its params, or a constant ratio in native code.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use paced_core::params::{Descriptor, ParamError, ParamValue};
use paced_core::policy::Policy;
use paced_core::ratio::DialRatio;
use paced_sim::lab::{Constant, Detail, LabError, Scenario, Shift, run};

use crate::config::nearest;
use crate::shipped;
use crate::wasm::{Engine, Limits, LoadError, ReusedPolicy, WasmPolicy, few};

/// What stands before the ratio of a constant: `constant:1.5`.
const CONSTANT: &str = "constant:";

/// What can compete.
#[derive(Clone, Debug)]
pub struct Contestant {
    label: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Constant(DialRatio),
    Component(WasmPolicy),
}

/// A contestant that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ContestantError {
    /// Neither built in, nor a file, nor a constant.
    #[error("{name} is no built-in policy{}, no file and no constant:RATIO; built in are {}", near(.name), shipped::names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The ratio of a constant is none.
    #[error("{name}: {source}")]
    Ratio {
        /// What was asked for.
        name: String,
        /// Why not.
        source: paced_core::ratio::NotADialRatio,
    },
    /// The file can't be read.
    #[error("can't read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The component is refused.
    #[error("{name} is no policy that this paced can run (stage {}): {source}", .source.stage().as_str())]
    Load {
        /// What was asked for.
        name: String,
        /// Why.
        source: LoadError,
    },
    /// It does not take these params.
    #[error("{name}: {}", few(.errors.iter(), "; "))]
    Params {
        /// What was asked for.
        name: String,
        /// Every value that it does not take.
        errors: Vec<ParamError>,
    },
}

fn near(name: &str) -> String {
    let names = shipped::names();
    nearest(name, names).map_or_else(String::new, |near| format!(" (did you mean {near}?)"))
}

/// A shift that can't be counted on.
#[derive(Debug, thiserror::Error)]
pub enum LabFailure {
    /// It can't be run.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// A policy decides otherwise with an instance that is kept than with fresh ones.
    #[error(
        "{policy} in {scenario}, seed {seed}: an instance that is kept decides otherwise than fresh ones, first after \
         {after_s} s; the policy remembers something outside its state, and would here only"
    )]
    Remembers {
        /// The policy.
        policy: String,
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// When the two first differed, seconds since the start of the shift.
        after_s: f64,
    },
}

impl Contestant {
    /// The contestant of this name: that of a built-in policy, a component's file, or `constant:1.5`. Of `params` it
    /// takes those that it has.
    ///
    /// # Errors
    /// There is none, it is refused, or a value is out of its range.
    pub fn find(name: &str, engine: &Engine, params: &[(String, ParamValue)]) -> Result<Self, ContestantError> {
        if let Some(ratio) = name.strip_prefix(CONSTANT) {
            return Self::constant(name, ratio);
        }
        let path = Path::new(name);
        let limits = Limits::default();
        let bytes = match shipped::find(name) {
            Some(bytes) => bytes.to_vec(),
            None if path.is_file() => {
                read(path, &limits).map_err(|source| ContestantError::Read { path: path.to_owned(), source })?
            }
            None => return Err(ContestantError::Unknown { name: name.to_owned() }),
        };
        let loaded = engine.load(&bytes, &limits);
        let loaded = loaded.map_err(|source| ContestantError::Load { name: name.to_owned(), source })?;
        let has = |name: &str| loaded.descriptor().params.iter().any(|param| param.name == name);
        let own: Vec<_> = params.iter().filter(|(name, _)| has(name)).cloned().collect();
        Self::component(name, Arc::new(loaded), &own)
    }

    fn constant(name: &str, ratio: &str) -> Result<Self, ContestantError> {
        let ratio = DialRatio::new(ratio.parse().unwrap_or(f64::NAN));
        let ratio = ratio.map_err(|source| ContestantError::Ratio { name: name.to_owned(), source })?;
        Ok(Self { label: name.to_owned(), kind: Kind::Constant(ratio) })
    }

    fn component(
        label: &str,
        loaded: Arc<crate::wasm::Loaded>,
        params: &[(String, ParamValue)],
    ) -> Result<Self, ContestantError> {
        let policy = WasmPolicy::new(loaded, params)
            .map_err(|errors| ContestantError::Params { name: label.to_owned(), errors })?;
        Ok(Self { label: label.to_owned(), kind: Kind::Component(policy) })
    }

    /// The same component with these params over its defaults. A constant stays what it is.
    ///
    /// # Errors
    /// It does not take them.
    pub fn with_params(&self, params: &[(String, ParamValue)]) -> Result<Self, ContestantError> {
        match &self.kind {
            Kind::Constant(_) => Ok(self.clone()),
            Kind::Component(policy) => Self::component(&self.label, Arc::clone(policy.loaded()), params),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the component says of itself.
    #[must_use]
    pub fn descriptor(&self) -> Option<&Descriptor> {
        match &self.kind {
            Kind::Constant(_) => None,
            Kind::Component(policy) => Some(policy.loaded().descriptor()),
        }
    }

    /// Runs one seed of a scenario.
    ///
    /// # Errors
    /// The scenario can't be run.
    pub fn run(&self, scenario: &Scenario, seed: u64, detail: Detail) -> Result<Shift, LabError> {
        self.run_by(scenario, seed, detail, || match &self.kind {
            Kind::Constant(ratio) => Box::new(Constant::new(*ratio)),
            Kind::Component(policy) => Box::new(ReusedPolicy::new(policy.clone())),
        })
    }

    /// As [`Contestant::run`], and once more with a fresh instance for each decision, as the daemon has it.
    ///
    /// # Errors
    /// The scenario can't be run, or the two shifts differ.
    pub fn run_twice(&self, scenario: &Scenario, seed: u64, detail: Detail) -> Result<Shift, LabFailure> {
        let Kind::Component(policy) = &self.kind else { return Ok(self.run(scenario, seed, detail)?) };
        let mut kept = self.run(scenario, seed, Detail::Course)?;
        let fresh = self.run_by(scenario, seed, Detail::Course, || Box::new(policy.clone()))?;
        if let Some(after_s) = first_difference(&kept, &fresh) {
            let (policy, scenario) = (self.label.clone(), scenario.name.clone());
            return Err(LabFailure::Remembers { policy, scenario, seed, after_s });
        }
        if detail == Detail::Results {
            kept.campaigns.iter_mut().for_each(|campaign| campaign.course = Vec::new());
        }
        Ok(kept)
    }

    fn run_by(
        &self,
        scenario: &Scenario,
        seed: u64,
        detail: Detail,
        policy: impl Fn() -> Box<dyn Policy>,
    ) -> Result<Shift, LabError> {
        let mut policies: Vec<_> = scenario.campaigns.iter().map(|_| policy()).collect();
        let mut borrowed: Vec<&mut dyn Policy> = policies.iter_mut().map(|policy| &mut **policy as _).collect();
        run(scenario, seed, &mut borrowed, detail)
    }
}

/// When two shifts first differ, byte for byte as they would be written; 0 where their courses don't show it.
fn first_difference(kept: &Shift, fresh: &Shift) -> Option<f64> {
    let bytes = |shift: &Shift| serde_json::to_vec(shift).unwrap_or_default();
    if bytes(kept) == bytes(fresh) {
        return None;
    }
    let courses = kept.campaigns.iter().zip(&fresh.campaigns).map(|(one, other)| one.course.iter().zip(&other.course));
    let differing = courses.flatten().filter(|(one, other)| one != other).map(|(one, _)| one.at_s);
    Some(differing.fold(None, |least: Option<f64>, at| Some(least.map_or(at, |least| least.min(at)))).unwrap_or(0.0))
}

/// A file's bytes; of a larger one than a component may be, one byte too many, for the loader to refuse.
fn read(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limits.component_bytes + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wasm::tests::Hand;

    fn engine() -> Engine {
        Engine::without_pool().unwrap()
    }

    fn hour() -> Scenario {
        Scenario { length: Duration::from_secs(3_600), ..Scenario::steady("hour", 20) }
    }

    fn of(component: &[u8]) -> Contestant {
        let loaded = engine().load(component, &Limits::default()).unwrap();
        Contestant::component("hand", Arc::new(loaded), &[]).unwrap()
    }

    #[test]
    fn a_component_decides_alike_whether_its_instance_is_kept() {
        let engine = engine();
        for name in shipped::names() {
            let contestant = Contestant::find(name, &engine, &[]).unwrap();
            let shift = contestant.run_twice(&hour(), 3, Detail::Results).unwrap();
            assert_eq!(shift.campaigns[0].faults, 0, "{name}");
            assert!(shift.campaigns[0].course.is_empty());
        }
    }

    /// Seen to fail by: `run_twice` that runs the kept instance twice.
    #[test]
    fn a_component_that_remembers_outside_its_state_is_found_out() {
        // Each decision asks for a hundredth more than the one before, by a global that only a kept instance has.
        let forgetful = Hand::deciding(
            "(global.set $asked (f64.add (global.get $asked) (f64.const 0.01))) (call $answer (global.get $asked))",
        );
        let forgetful = Hand { fields: "(global $asked (mut f64) (f64.const 1))".to_owned(), ..forgetful };
        let error = of(&forgetful.component()).run_twice(&hour(), 3, Detail::Results).unwrap_err().to_string();
        assert!(error.contains("hand in hour, seed 3") && error.contains("outside its state"), "{error}");
    }

    #[test]
    fn a_component_that_traps_faults_alike() {
        let trapping = of(&Hand::deciding("unreachable").component());
        let shift = trapping.run_twice(&hour(), 3, Detail::Results).unwrap();
        assert!(shift.campaigns[0].faults > 10);
    }

    #[test]
    fn what_is_no_contestant_is_told_what_would_be() {
        let engine = engine();
        let error = |name: &str| Contestant::find(name, &engine, &[]).unwrap_err().to_string();
        assert!(error("proportionl").contains("did you mean proportional?"), "{}", error("proportionl"));
        assert!(error("constant:9").contains("constant:9: 9 is no dial ratio"), "{}", error("constant:9"));
        assert!(error("constant:x").contains("no dial ratio"));
        let kp = ("kp".to_owned(), ParamValue::Number(99.0));
        let error = Contestant::find("proportional", &engine, &[kp]).unwrap_err().to_string();
        assert_eq!(error, "proportional: `kp` is 99: it must be a number from 0 to 5");
    }
}
