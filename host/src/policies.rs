//! The policies that a configuration names: where they come from, under which limits, and whether their params fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use paced_core::params::Descriptor;

use crate::config::{Config, Finding, PolicyEntry, Severity, check_params};
use crate::registry::{PolicySpec, Refusal, Source, Use};
use crate::shipped;
use crate::wasm::{Engine, Limits, Loaded};

/// Everything that is wrong with the policies that campaigns use: files that can't be loaded, params that don't fit.
#[must_use]
pub fn check(config: &Config, engine: &Engine) -> Vec<Finding> {
    check_beside(config, engine, &|_| None)
}

/// As [`check`], where `in_force` gives the component that runs already for a policy and need not be loaded.
#[must_use]
pub fn check_beside(
    config: &Config,
    engine: &Engine,
    in_force: &dyn Fn(&PolicySpec) -> Option<Arc<Loaded>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut descriptors: BTreeMap<String, Descriptor> = BTreeMap::new();
    for spec in specs(config).into_iter().filter(is_there) {
        let described = match in_force(&spec) {
            Some(loaded) => Ok(loaded.descriptor().clone()),
            None => describe(engine, &spec),
        };
        match described {
            Ok(descriptor) => {
                descriptors.insert(spec.name, descriptor);
            }
            Err(why) => findings.push(finding(config, &spec.name, why)),
        }
    }
    findings.extend(check_params(config, &|policy| descriptors.get(policy).cloned()));
    findings
}

/// Whether there is something to load; a file that is not there is the configuration's own finding.
fn is_there(spec: &PolicySpec) -> bool {
    !matches!(&spec.source, Source::File(path) if !path.is_file())
}

fn describe(engine: &Engine, spec: &PolicySpec) -> Result<Descriptor, String> {
    let limits = spec.limits.check();
    limits.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let loaded = match &spec.source {
        Source::BuiltIn(bytes) => engine.load(bytes, &spec.limits),
        Source::File(path) => {
            let bytes = read(path, &spec.limits).map_err(|error| format!("can't be read: {error}"))?;
            engine.load(&bytes, &spec.limits)
        }
    };
    let loaded =
        loaded.map_err(|error| format!("is no policy that this paced can run ({}): {error}", error.stage()))?;
    Ok(loaded.descriptor().clone())
}

/// A file's bytes; of a larger one than a component may be, one byte too many, for the loader to refuse.
fn read(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limits.component_bytes + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A policy of `config` that was refused at a later stage than [`check`] sees.
#[must_use]
pub fn refused(config: &Config, name: &str, refusal: &Refusal) -> Finding {
    finding(config, name, format!("is refused ({}): {refusal}", refusal.stage()))
}

fn finding(config: &Config, name: &str, message: String) -> Finding {
    let file = config.policies.get(name).and_then(|entry| entry.file.as_ref());
    Finding {
        file: config.source.clone(),
        line: None,
        key: format!("policies.{name}"),
        value: file.map(|path| format!("{:?}", path.display().to_string())),
        severity: Severity::Error,
        message,
    }
}

/// The policies that campaigns use, and those that have an entry of their own.
#[must_use]
pub fn specs(config: &Config) -> Vec<PolicySpec> {
    let used = config.campaigns.iter().map(|campaign| &campaign.policy);
    let names: BTreeSet<_> = used.chain(config.policies.keys()).collect();
    names.into_iter().filter_map(|name| spec(config, name)).collect()
}

fn spec(config: &Config, name: &str) -> Option<PolicySpec> {
    let entry = config.policies.get(name);
    let source = match entry.and_then(|entry| entry.file.clone()) {
        Some(path) => Source::File(path),
        None => Source::BuiltIn(shipped::find(name)?),
    };
    let users = config.campaigns.iter().filter(|campaign| campaign.policy == name);
    let uses = users.map(|user| Use { campaign: user.pacing.id.clone(), params: config.params_of(user) });
    Some(PolicySpec {
        name: name.to_owned(),
        source,
        limits: entry.map(limits).unwrap_or_default(),
        uses: uses.collect(),
    })
}

fn limits(entry: &PolicyEntry) -> Limits {
    let default = Limits::default();
    Limits {
        fuel: entry.limits.fuel.unwrap_or(default.fuel),
        memory_bytes: entry.limits.memory_bytes.unwrap_or(default.memory_bytes),
        deadline: entry.limits.deadline.unwrap_or(default.deadline),
        ..default
    }
}
