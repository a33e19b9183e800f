//! From a file to a [`Checked`] configuration.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use paced_core::budget::Budget;
use toml_edit::Document;

use super::campaigns::Context;
use super::finding::in_order;
use super::section::Section;
use super::settings::Settings;
use super::source::{Site, Source};
use super::values::{brief_size, text, time_zone};
use super::{Checked, Config, DATA_DIR, Finding, Inputs, budget, campaigns, platform, policies};

/// A larger file is no configuration, in bytes.
pub const LARGEST_FILE: u64 = 16 << 20;

/// A file that can't be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system refuses it.
    #[error("can't read the configuration {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is beyond any configuration's size.
    #[error("{} is no configuration: it is larger than {}", .path.display(), brief_size(LARGEST_FILE))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reads and checks the configuration at `path`.
///
/// # Errors
/// The file can't be read; whatever is wrong *in* it is in [`Checked::findings`].
pub fn load(path: &Path, inputs: &Inputs<'_>) -> Result<Checked, Unreadable> {
    let mut bytes = Vec::new();
    let io_error = |source| Unreadable::Io { path: path.to_owned(), source };
    File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)).map_err(io_error)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Unreadable::TooLarge { path: path.to_owned() });
    }
    Ok(parse_bytes(&bytes, path, inputs))
}

/// As [`parse`], of bytes that may be no text.
#[must_use]
pub fn parse_bytes(bytes: &[u8], path: &Path, inputs: &Inputs<'_>) -> Checked {
    match str::from_utf8(bytes) {
        Ok(text) => parse(text, path, inputs),
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let source = Source::new(path.display().to_string(), &valid);
            whole_file(source, valid.len(), "is not UTF-8 text here: save the file as UTF-8".to_owned())
        }
    }
}

/// Checks the text of a configuration; paths in it are relative to the folder of `path`.
#[must_use]
pub fn parse(text: &str, path: &Path, inputs: &Inputs<'_>) -> Checked {
    let source = Source::new(path.display().to_string(), text);
    match Document::parse(text) {
        Ok(document) => {
            let parts = read(&source, Section::top(&source, document.as_table()), path, inputs);
            checked(source, parts)
        }
        Err(error) => {
            let offset = error.span().map_or(text.len(), |span| span.start);
            whole_file(source, offset, format!("not TOML: {}", error.message().replace('\n', ", ")))
        }
    }
}

/// A file of which nothing can be read, because of something at `offset`.
fn whole_file(source: Source<'_>, offset: usize, message: String) -> Checked {
    let site = Site { line: Some(source.line(offset)), key: String::new(), value: None };
    source.error(&site, message);
    Checked { config: None, draft: None, findings: source.into_findings(), budget: None, budget_findings: Vec::new() }
}

/// What reading gave, before it is known whether anything was wrong.
pub(super) struct Parts {
    draft: Config,
    budget: Option<Budget>,
    budget_findings: Vec<Finding>,
}

fn checked(source: Source<'_>, parts: Parts) -> Checked {
    let findings = in_order(source.into_findings());
    let is_right = !findings.iter().any(Finding::is_error);
    let config = is_right.then(|| parts.draft.clone());
    Checked { config, draft: Some(parts.draft), findings, budget: parts.budget, budget_findings: parts.budget_findings }
}

pub(super) fn read(source: &Source<'_>, top: Section<'_>, path: &Path, inputs: &Inputs<'_>) -> Parts {
    let directory = path.parent().unwrap_or(Path::new(""));
    let data_dir = top.get("data_dir", text(4096, DATA_DIR));
    let time_zone = top.get("time_zone", time_zone);
    let platform_section = top.section("platform", "[platform]");
    let platform_site = platform_section.site().clone();
    let (platform, quotas) = platform::read(source, platform_section, directory, inputs);
    let journal = platform::read_journal(top.section("journal", "[journal]"));
    let policies = policies::read(source, &top.section("policies", "[policies.NAME]"), directory, inputs.built_in);
    let defaults_section = top.section("defaults", "[defaults]");
    let defaults = Settings::read(&defaults_section);
    defaults_section.finish();
    let context = Context { source, defaults: &defaults, policies: &policies, built_in: inputs.built_in };
    let campaigns = campaigns::read(&context, &top);
    top.not_yet("experiments");
    top.finish();

    let budget = budget::of(&campaigns, &quotas);
    let budget_findings =
        budget.iter().flat_map(|budget| budget::judge(source, &platform_site, &quotas, budget)).collect();
    let data_dir = inputs
        .overrides
        .data_dir
        .clone()
        .unwrap_or_else(|| directory.join(data_dir.map_or_else(|| DATA_DIR.to_owned(), |data_dir| data_dir.value)));
    let draft = Config {
        source: path.display().to_string(),
        data_dir,
        platform,
        journal,
        time_zone: time_zone.map_or(TimeZone::UTC, |time_zone| time_zone.value),
        policies,
        campaigns: campaigns.list,
    };
    Parts { draft, budget, budget_findings }
}
