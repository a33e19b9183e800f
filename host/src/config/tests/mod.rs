//! What is said about wrong configurations, and what becomes of right ones.

mod changes;
mod files;
mod findings;
mod layers;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

const BUILT_IN: &[&str] = &["proportional", "fixed"];

/// Checks a text as `paced.toml` with these variables set and no flags.
fn check_with(text: &str, env: &[(&str, &str)]) -> Checked {
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    let lookup = |name: &str| env.get(name).map(|value| (*value).to_owned());
    parse(text, Path::new("paced.toml"), &Inputs { env: &lookup, overrides: &Overrides::default(), built_in: BUILT_IN })
}

fn check(text: &str) -> Checked {
    check_with(text, &[("CXONE_CLIENT_SECRET", "hunter2")])
}

fn config(text: &str) -> Config {
    let checked = check(text);
    let findings = checked.findings;
    checked.config.unwrap_or_else(|| panic!("{text}\n{findings:?}"))
}

/// A right configuration with these lines added to its sections.
fn with(platform: &str, defaults: &str, campaign: &str) -> String {
    format!(
        "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\n{platform}\n\
         [defaults]\n{defaults}\n[[campaigns]]\nid = \"1\"\ntotal_agents = 20\n{campaign}\n"
    )
}

fn printed(checked: &Checked) -> Vec<String> {
    checked.findings.iter().map(ToString::to_string).collect()
}

/// The one finding on a text, without file and line.
fn only_finding(text: &str) -> String {
    let findings = printed(&check(text));
    let [finding] = &*findings else { panic!("{text}\n{findings:#?}") };
    finding.splitn(3, ':').nth(2).unwrap_or(finding).trim_start().to_owned()
}
