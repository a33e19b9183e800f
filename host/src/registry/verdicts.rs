//! What is known of components beyond this run of the program: which was proven good, and which were rolled back.
//!
//! A restart must not forget either. The bytes that were rolled back still lie in the policy's file, and would be put in
//! force again; the good ones lie in the component store, and stand in for them.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::spec::PolicySpec;
use crate::wasm::Digest;

/// Components remembered as rolled back, of each policy; the oldest are forgotten first.
const MAX_ROLLED_BACK: usize = 16;

/// The verdicts on each policy's components.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// Where they are kept; in memory alone where there is no place.
    path: Option<PathBuf>,
    policies: Mutex<BTreeMap<String, Verdict>>,
}

/// Digests are in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Verdict {
    good: Option<String>,
    rolled_back: Vec<RolledBack>,
}

/// A component that was rolled back, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RolledBack {
    component: String,
    conditions: String,
}

impl Verdicts {
    /// Reads the verdicts on these policies from a file; a file that can't be read is started anew.
    pub(super) fn open(path: Option<PathBuf>, policies: &[PolicySpec]) -> Self {
        let mut known = match path.as_ref().map(fs::read) {
            Some(Ok(bytes)) => read(&bytes),
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                told(&error.to_string());
                BTreeMap::new()
            }
            _ => BTreeMap::new(),
        };
        known.retain(|name, _| policies.iter().any(|policy| policy.name == *name));
        Self { path, policies: Mutex::new(known) }
    }

    /// The component that was proven good last.
    pub(super) fn good(&self, policy: &str) -> Option<Digest> {
        let policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        policies.get(policy)?.good.as_deref().and_then(Digest::parse)
    }

    /// Every component that was proven good last.
    pub(super) fn all_good(&self) -> Vec<Digest> {
        let policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        policies.values().filter_map(|verdict| verdict.good.as_deref().and_then(Digest::parse)).collect()
    }

    /// Whether a component was rolled back under the very conditions that it would meet again.
    pub(super) fn was_rolled_back(&self, policy: &PolicySpec, component: Digest) -> bool {
        let wanted = rolled_back(policy, component);
        let policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        policies.get(&policy.name).is_some_and(|verdict| verdict.rolled_back.contains(&wanted))
    }

    /// Notes that a component is good.
    pub(super) fn promote(&self, policy: &str, component: Digest) {
        self.change(policy, |verdict| verdict.good = Some(component.to_string()));
    }

    /// Notes that a component was rolled back.
    pub(super) fn roll_back(&self, policy: &PolicySpec, component: Digest) {
        let rolled_back = rolled_back(policy, component);
        self.change(&policy.name, |verdict| {
            verdict.rolled_back.retain(|known| *known != rolled_back);
            if verdict.rolled_back.len() == MAX_ROLLED_BACK {
                verdict.rolled_back.remove(0);
            }
            verdict.rolled_back.push(rolled_back);
        });
    }

    fn change(&self, policy: &str, change: impl FnOnce(&mut Verdict)) {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        change(policies.entry(policy.to_owned()).or_default());
        if let Some(path) = &self.path
            && let Err(error) = write(path, &policies)
        {
            told(&error.to_string());
        }
    }
}

fn rolled_back(policy: &PolicySpec, component: Digest) -> RolledBack {
    RolledBack { component: component.to_string(), conditions: policy.conditions().to_string() }
}

fn read(bytes: &[u8]) -> BTreeMap<String, Verdict> {
    serde_json::from_slice(bytes).unwrap_or_else(|error| {
        told(&error.to_string());
        BTreeMap::new()
    })
}

/// Writes beside and renames over, so that a crash leaves the old file.
fn write(path: &PathBuf, policies: &BTreeMap<String, Verdict>) -> io::Result<()> {
    let unfinished = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(policies)?)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn told(error: &str) {
    tracing::warn!(event = "policy_verdicts_lost", error, "a restart may try a component again that was rolled back");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Source;
    use crate::wasm::Limits;

    fn policy(fuel: u64) -> PolicySpec {
        let limits = Limits { fuel, ..Limits::default() };
        PolicySpec { name: "mine".to_owned(), source: Source::BuiltIn(b""), limits, uses: Vec::new() }
    }

    #[test]
    fn a_restart_knows_what_was_good_and_what_was_rolled_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verdicts.json");
        let open = || Verdicts::open(Some(path.clone()), &[policy(1)]);
        let (good, bad) = (Digest::of(b"good"), Digest::of(b"bad"));
        open().promote("mine", good);
        open().roll_back(&policy(1), bad);
        let verdicts = open();
        assert_eq!((verdicts.good("mine"), verdicts.all_good()), (Some(good), vec![good]));
        assert!(verdicts.was_rolled_back(&policy(1), bad) && !verdicts.was_rolled_back(&policy(1), good));
        assert!(!verdicts.was_rolled_back(&policy(2), bad), "under other limits it may do better");
    }

    #[test]
    fn a_file_that_is_damaged_or_of_other_policies_is_started_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verdicts.json");
        Verdicts::open(Some(path.clone()), &[policy(1)]).promote("mine", Digest::of(b"good"));
        assert_eq!(Verdicts::open(Some(path.clone()), &[]).all_good(), []);
        fs::write(&path, b"{\"mine\": 7").unwrap();
        assert_eq!(Verdicts::open(Some(path), &[policy(1)]).good("mine"), None);
    }

    #[test]
    fn what_is_remembered_as_rolled_back_is_bounded() {
        let verdicts = Verdicts::default();
        let bad: Vec<_> = (0..=MAX_ROLLED_BACK).map(|n| Digest::of(&n.to_le_bytes())).collect();
        bad.iter().for_each(|bad| verdicts.roll_back(&policy(1), *bad));
        assert!(!verdicts.was_rolled_back(&policy(1), bad[0]));
        assert!(bad[1..].iter().all(|bad| verdicts.was_rolled_back(&policy(1), *bad)));
    }
}
