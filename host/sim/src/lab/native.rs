//! Policies in native code: the yardsticks that components are compared with.

use paced_core::params::ParamValue;
use paced_core::policy::{Decided, Fault, Input, Policy, Proposal, Revision};
use paced_core::ratio::DialRatio;

/// Always the same dial ratio; the guard still rules on it.
#[derive(Clone, Debug)]
pub struct Constant {
    ratio: DialRatio,
    params: Vec<(String, ParamValue)>,
    revision: Revision,
}

impl Constant {
    /// The policy that wants `ratio`.
    #[must_use]
    pub fn new(ratio: DialRatio) -> Self {
        let mut revision = Revision::default();
        // No component's digest begins with 30 zeros, so the revisions of constants never meet one.
        revision.0[30..].copy_from_slice(&ratio.hundredths().to_be_bytes());
        Self { ratio, params: vec![("ratio".to_owned(), ParamValue::Number(ratio.value()))], revision }
    }
}

impl Policy for Constant {
    fn decide(&mut self, _input: &Input) -> Result<Decided, Fault> {
        let proposal = Proposal { dial_ratio: Some(self.ratio.value()), ..Proposal::default() };
        Ok(Decided { proposal, fuel: 0 })
    }

    fn migrate(&mut self, _from_version: u32, _state: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn name(&self) -> &'static str {
        "constant"
    }

    fn state_version(&self) -> u32 {
        0
    }

    fn params(&self) -> &[(String, ParamValue)] {
        &self.params
    }

    fn revision(&self) -> &Revision {
        &self.revision
    }
}
