//! What may change while paced runs: the policies' files, and the configuration's.
//!
//! One look sees to both, on the watch's thread. A changed configuration is judged as at the start; with one error in
//! it, nothing of it applies. One in order applies as a whole, between two ticks, save for what needs a restart, which
//! is said. It goes first, so that a policy's file and the params that go with it can change together.

pub(crate) mod report;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::report::Reporter;
use crate::campaign::InForce;
use crate::config::{Change, Checked, Config, ConfigFile, Finding, LARGEST_FILE, Takeover, take_over};
use crate::policies;
use crate::registry::{Prepared, Registry};
use crate::wasm::Engine;
use crate::watch::Cause;
use crate::watch::file::{self, ReadError, Stamp};

/// Takes over what changes. See the module.
pub struct Live {
    file: Option<ConfigFile>,
    engine: Engine,
    registry: Arc<Registry>,
    in_force: InForce,
    reporter: Reporter,
    running: Config,
    /// What has been said to wait for a restart.
    waiting: Vec<Change>,
    last: Option<Looked>,
}

/// What the last look at the configuration came to.
struct Looked {
    /// The file's bytes, or why they can't be had.
    content: Result<Vec<u8>, String>,
    refused: Option<Refused>,
}

/// Why a configuration was not taken over.
struct Refused {
    findings: Vec<Finding>,
    /// The policies' files that it names, which may be what is wrong with it, as they were.
    named: Vec<(PathBuf, Option<Stamp>)>,
}

/// A configuration in order, loaded as far as it needs to be.
struct Ready {
    takeover: Takeover,
    prepared: Prepared,
    warnings: Vec<Finding>,
}

impl Live {
    /// Watches over `running`, which `file` gave; without a file over the policies alone.
    #[must_use]
    pub const fn new(
        file: Option<ConfigFile>,
        running: Config,
        engine: Engine,
        registry: Arc<Registry>,
        in_force: InForce,
        reporter: Reporter,
    ) -> Self {
        Self { file, engine, registry, in_force, reporter, running, waiting: Vec::new(), last: None }
    }

    /// Names the files that are to be watched, whatever they are at that time.
    pub fn files(&self) -> impl Fn() -> Vec<PathBuf> + Send + 'static {
        let (file, registry) = (self.file.clone(), Arc::clone(&self.registry));
        move || {
            let of_policies = registry.files().into_iter().map(|(_, path)| path);
            file.iter().map(|file| file.path().to_owned()).chain(of_policies).collect()
        }
    }

    /// Takes over what has changed since the last look. Takes some 150 ms for each file with something new in it.
    pub fn look(&mut self, cause: Cause) {
        match self.file.take() {
            Some(file) => {
                self.look_at_configuration(&file, cause);
                self.file = Some(file);
            }
            None if cause == Cause::Request => self.reporter.no_file(),
            None => {}
        }
        for (policy, _) in self.registry.files() {
            self.reporter.policy(&policy, &self.registry.reload(&policy));
        }
    }

    fn look_at_configuration(&mut self, file: &ConfigFile, cause: Cause) {
        let is_requested = cause == Cause::Request;
        let content = match self.news(file, is_requested) {
            Some(content) => content,
            None if is_requested => return self.reporter.unchanged(self.waiting.len()),
            None => return,
        };
        let last_refused = self.last.take().and_then(|last| last.refused);
        let was_refused = last_refused.is_some();
        let known = last_refused.filter(|_| !is_requested).map(|refused| refused.findings);
        let refused = match &content {
            Err(why) => {
                self.reporter.unreadable(file.path(), why);
                Some(Refused { findings: Vec::new(), named: Vec::new() })
            }
            Ok(bytes) => match self.judge(&file.check(bytes)) {
                Ok(ready) => {
                    self.take_over(ready, is_requested || was_refused);
                    None
                }
                Err(refused) => {
                    if known.as_ref() != Some(&refused.findings) {
                        self.reporter.refused(&refused.findings);
                    }
                    Some(refused)
                }
            },
        };
        self.last = Some(Looked { content, refused });
    }

    /// The file's content where it has to be judged: it is another, or it was refused and what it names has changed, or
    /// somebody asks.
    fn news(&self, file: &ConfigFile, is_requested: bool) -> Option<Result<Vec<u8>, String>> {
        let in_words = |error: ReadError| error.to_string();
        let now = file::read(file.path(), LARGEST_FILE).map_err(in_words);
        if self.last.as_ref().is_some_and(|last| last.content == now && !last.may_differ(is_requested)) {
            return None;
        }
        let settled = if now.is_ok() { file::settled(file.path(), LARGEST_FILE).map_err(in_words) } else { now };
        let is_known = self.last.as_ref().is_some_and(|last| last.content == settled && !last.may_differ(is_requested));
        (!is_known).then_some(settled)
    }

    /// Whether a configuration can be taken over, with everything loaded that it takes.
    fn judge(&self, checked: &Checked) -> Result<Ready, Refused> {
        let of_policies = checked.draft.as_ref().map(|draft| {
            let stays = |spec: &_| self.registry.stays(spec);
            policies::check_beside(draft, &self.engine, &stays)
        });
        let mut findings = [&*checked.findings, &*of_policies.unwrap_or_default()].concat();
        findings.sort();
        let refused = |findings| Refused { findings, named: named(checked.draft.as_ref()) };
        let wanted = match &checked.config {
            Some(wanted) if !findings.iter().any(Finding::is_error) => wanted,
            _ => return Err(refused(findings)),
        };
        let takeover = take_over(&self.running, wanted);
        match self.registry.prepare(policies::specs(&takeover.config)) {
            Ok(prepared) => Ok(Ready { takeover, prepared, warnings: findings }),
            Err(refusals) => {
                Err(refused(refusals.iter().map(|(name, refusal)| policies::refused(wanted, name, refusal)).collect()))
            }
        }
    }

    fn take_over(&mut self, ready: Ready, is_awaited: bool) {
        let Ready { takeover: Takeover { config, live, waiting }, prepared, warnings } = ready;
        let outcomes = self.in_force.replace(&config, || self.registry.adopt(prepared));
        self.running = config;
        for (policy, outcome) in outcomes {
            self.reporter.policy(&policy, &outcome);
        }
        let news: Vec<_> = waiting.iter().filter(|change| !self.waiting.contains(change)).cloned().collect();
        let is_taken_back = self.waiting.iter().any(|change| !waiting.contains(change));
        if !(live.is_empty() && news.is_empty()) {
            self.reporter.warnings(&warnings);
        } else if is_awaited || is_taken_back {
            self.reporter.unchanged(waiting.len());
        }
        self.reporter.changed(&live);
        self.reporter.waiting(&news);
        self.waiting = waiting;
    }
}

impl Looked {
    /// Whether the same content may come to something else than last time.
    fn may_differ(&self, is_requested: bool) -> bool {
        self.refused.as_ref().is_some_and(|refused| is_requested || refused.named.iter().any(has_changed))
    }
}

fn has_changed((path, stamp): &(PathBuf, Option<Stamp>)) -> bool {
    file::stamp(path).ok() != *stamp
}

/// The files of policies that a configuration names, as they are now.
fn named(config: Option<&Config>) -> Vec<(PathBuf, Option<Stamp>)> {
    let entries = config.into_iter().flat_map(|config| config.policies.values());
    let files = entries.filter_map(|entry| entry.file.clone());
    files.map(|path| (path.clone(), file::stamp(&path).ok())).collect()
}
