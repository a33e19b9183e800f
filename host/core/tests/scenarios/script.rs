//! A policy that answers what a script says.

use std::collections::VecDeque;

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, FaultClass, Input, Policy, Proposal, Revision};

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// A ratio, of any kind.
    Ratio(f64),
    /// The ratio in force and so much more.
    Change(f64),
    /// Hold on purpose.
    Hold,
    /// A fault.
    Fault,
}

/// A policy that gives its answers in turn, and the last one for ever.
pub(crate) struct Script {
    answers: VecDeque<Answer>,
    revision: Revision,
    name: &'static str,
    state_version: u32,
    migrates: bool,
    /// What it was shown.
    pub(crate) asked: Vec<Input>,
}

impl Script {
    /// Answers these in turn, and the last one for ever.
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().collect();
        let revision = Revision([1; 32]);
        Self { answers, revision, name: "script", state_version: 1, migrates: true, asked: Vec::new() }
    }

    /// The same policy in another revision.
    pub(crate) fn revised(self, revision: u8) -> Self {
        Self { revision: Revision([revision; 32]), ..self }
    }

    /// Another policy.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// A policy whose state is of another version, which it does or does not make from older ones.
    pub(crate) fn with_state_version(self, state_version: u32, migrates: bool) -> Self {
        Self { state_version, migrates, ..self }
    }
}

impl Policy for Script {
    fn decide(&mut self, input: &Input) -> Result<Decided, Fault> {
        self.asked.push(input.clone());
        let answer = match self.answers.len() {
            0 | 1 => self.answers.front().copied(),
            _ => self.answers.pop_front(),
        };
        let dial_ratio = match answer.unwrap_or(Answer::Hold) {
            Answer::Ratio(ratio) => Some(ratio),
            Answer::Change(change) => Some(input.dial_ratio + change),
            Answer::Hold => None,
            Answer::Fault => return Err(Fault { class: FaultClass::Trap, message: "unreachable".to_owned() }),
        };
        let state = format!("v{} after {}", self.state_version, self.asked.len()).into_bytes();
        Ok(Decided { proposal: Proposal { dial_ratio, state, ..Proposal::default() }, fuel: 7 })
    }

    fn migrate(&mut self, from_version: u32, state: &[u8]) -> Option<Vec<u8>> {
        let old = String::from_utf8_lossy(state);
        self.migrates.then(|| format!("from {from_version}: {old}").into_bytes())
    }

    fn name(&self) -> &str {
        self.name
    }

    fn state_version(&self) -> u32 {
        self.state_version
    }

    fn params(&self) -> &[(String, ParamValue)] {
        &[]
    }

    fn revision(&self) -> &Revision {
        &self.revision
    }
}
