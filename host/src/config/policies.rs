//! `[policies.x]`: files, parameters and limits of policies, and the check of parameters against what a policy says.
//!
//! Which parameters a policy has, only the policy knows; so values are taken here as they stand, and
//! [`check_params`] judges them once policies are loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use paced_core::params::{Descriptor, ParamError, ParamValue};

use super::Config;
use super::finding::{Finding, Severity, in_order, nearest};
use super::section::Section;
use super::source::{Site, Source, join};
use super::values::{duration, param, size, text, whole_number};

/// Longest name of a policy, in bytes.
const LONGEST_NAME: usize = 64;

/// A policy that the configuration names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyEntry {
    /// The component; `None` for a built-in policy, whose entry sets only params and limits.
    pub file: Option<PathBuf>,
    /// Parameters for every campaign that uses it.
    pub params: Params,
    /// Limits of one call.
    pub limits: PolicyLimits,
}

/// Limits of one call of a policy; `None` leaves the host's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyLimits {
    /// Fuel, in wasmtime's units.
    pub fuel: Option<u64>,
    /// Linear memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Wall-clock backstop.
    pub deadline: Option<Duration>,
}

/// Parameters as a configuration gives them, each with its line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Vec<Param>);

#[derive(Clone, Debug, PartialEq)]
struct Param {
    name: String,
    value: ParamValue,
    line: Option<usize>,
}

impl Params {
    /// Names and values, in the order of the file.
    #[must_use]
    pub fn values(&self) -> Vec<(String, ParamValue)> {
        self.0.iter().map(|param| (param.name.clone(), param.value.clone())).collect()
    }
}

/// Params from elsewhere than a file: a demonstration or a test.
impl FromIterator<(String, ParamValue)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, ParamValue)>>(params: I) -> Self {
        Self(params.into_iter().map(|(name, value)| Param { name, value, line: None }).collect())
    }
}

/// Reads `[policies]`.
pub(super) fn read(
    source: &Source<'_>,
    section: &Section<'_>,
    directory: &Path,
    built_in: &[&str],
) -> BTreeMap<String, PolicyEntry> {
    let entries = section.entries().into_iter();
    entries
        .map(|(name, site, item)| {
            check_name(source, &name, &site);
            let entry = section.entry(site, item, "[policies.NAME]");
            let policy = read_entry(source, entry, directory, built_in.contains(&name.as_str()));
            (name, policy)
        })
        .collect()
}

fn check_name(source: &Source<'_>, name: &str, site: &Site) {
    let right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(right) {
        let site = Site { value: None, ..site.clone() };
        source.error(&site, format!("a policy's name must be 1 to {LONGEST_NAME} of a-z, 0-9, - and _"));
    }
}

fn read_entry(source: &Source<'_>, section: Section<'_>, directory: &Path, is_built_in: bool) -> PolicyEntry {
    let file = section.setting("file", text(4096, "policies/mine.wasm"));
    match (&file.site, &file.value) {
        (Some(site), Some(_)) if is_built_in => {
            source.error(site, "a built-in policy has no file: give the policy in this file another name");
        }
        (Some(site), Some(name)) if !directory.join(name).is_file() => {
            source.error(site, "no such file, seen from this file's directory");
        }
        (None, _) if !is_built_in && section.is_present() => {
            source
                .error(&section.place_of("file"), "is missing: the policy's component, such as \"policies/mine.wasm\"");
        }
        _ => {}
    }
    let entry = PolicyEntry {
        file: file.value.map(|name| directory.join(name)),
        params: read_params(&section.section("params", "[policies.NAME.params]")),
        limits: read_limits(section.section("limits", "[policies.NAME.limits]")),
    };
    section.finish();
    entry
}

/// The ranges are those of `wasm::Limits`, which judges them again.
fn read_limits(section: Section<'_>) -> PolicyLimits {
    let limits = PolicyLimits {
        fuel: section.get("fuel", whole_number(1_000_000..=100_000_000_000_u64)).map(|fuel| fuel.value),
        memory_bytes: section.get("memory", size((64 << 10)..=(128 << 20))).map(|memory| memory.value),
        deadline: section
            .get("deadline", duration(Duration::from_millis(10)..=Duration::from_secs(60)))
            .map(|deadline| deadline.value),
    };
    section.finish();
    limits
}

/// Reads a table of parameters, whose names only the policy knows.
pub(super) fn read_params(section: &Section<'_>) -> Params {
    let read = |(name, site, item): (String, Site, &toml_edit::Item)| {
        let sited = section.take(site, item, param)?;
        Some(Param { name, value: sited.value, line: sited.site.line })
    };
    Params(section.entries().into_iter().filter_map(read).collect())
}

/// Judges every parameter against what its policy says of itself; `describe` gives the descriptor of the policy of
/// that name, or `None` where it can't be loaded, which is reported elsewhere.
#[must_use]
pub fn check_params(config: &Config, describe: &dyn Fn(&str) -> Option<Descriptor>) -> Vec<Finding> {
    let of_policies = config.policies.iter().map(|(name, entry)| {
        let path = join(&join("policies", name), "params");
        (name.as_str(), path, &entry.params)
    });
    let of_campaigns = config.campaigns.iter().map(|campaign| {
        let path = format!("campaigns.{:?}.params", campaign.pacing.id);
        (campaign.policy.as_str(), path, &campaign.params)
    });
    let mut described = BTreeMap::new();
    let mut findings = Vec::new();
    for (policy, path, params) in of_policies.chain(of_campaigns).filter(|(_, _, params)| !params.0.is_empty()) {
        let descriptor = described.entry(policy).or_insert_with(|| describe(policy));
        if let Some(descriptor) = descriptor {
            findings.extend(judge(&config.source, &path, policy, params, descriptor));
        }
    }
    in_order(findings)
}

fn judge(file: &str, path: &str, policy: &str, params: &Params, descriptor: &Descriptor) -> Vec<Finding> {
    let errors = descriptor.resolve(&params.values()).err().unwrap_or_default();
    let finding = |error: ParamError| {
        let (name, message) = match error {
            ParamError::OutOfRange { name, expected, .. } => (name, format!("must be {expected}")),
            ParamError::Unknown { name, known } => {
                let message = match nearest(&name, descriptor.params.iter().map(|spec| spec.name.as_str())) {
                    Some(near) => format!("`{policy}` has no such parameter; did you mean `{near}`?"),
                    None => format!("`{policy}` has no such parameter; it has {known}"),
                };
                (name, message)
            }
        };
        let given = params.0.iter().find(|param| param.name == name);
        Finding {
            file: file.to_owned(),
            line: given.and_then(|param| param.line),
            key: join(path, &name),
            value: given.map(|param| param.value.to_string()),
            severity: Severity::Error,
            message,
        }
    };
    errors.into_iter().map(finding).collect()
}
