//! One candidate's way through the stages, each of which may refuse it; what each took is noted.
//!
//! Nothing here changes what is in force: the registry does that with what comes out at the end.

use std::sync::Arc;

use super::dry_run::{self, Tried};
use super::file;
use super::outcome::{Refusal, UnfitParams};
use super::recorded::Recorded;
use super::spec::{PolicySpec, Source};
use crate::wasm::{Digest, Engine, Loaded, Stage, Timeline};

/// Bytes that may become a policy.
pub(super) struct Candidate {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
}

/// The stages up to activation, for one look at a policy's source.
pub(super) struct Pipeline<'a> {
    engine: &'a Engine,
    spec: &'a PolicySpec,
    pub(super) timeline: Timeline,
}

impl<'a> Pipeline<'a> {
    pub(super) fn new(engine: &'a Engine, spec: &'a PolicySpec) -> Self {
        Self { engine, spec, timeline: Timeline::default() }
    }

    /// Stages read and digest: the source as it is at this moment.
    pub(super) fn look(&mut self) -> Result<Candidate, Refusal> {
        let bytes = self.timeline.time(Stage::Read, || match &self.spec.source {
            Source::BuiltIn(bytes) => Ok(bytes.to_vec()),
            Source::File(path) => file::read(path, &self.spec.limits),
        })?;
        Ok(self.digested(bytes))
    }

    /// Stage settle: the source once nobody is writing it any longer, which may be something else than was seen.
    pub(super) fn settle(&mut self, seen: Candidate) -> Result<Candidate, Refusal> {
        match &self.spec.source {
            Source::BuiltIn(_) => Ok(seen),
            Source::File(path) => {
                let bytes = self.timeline.time(Stage::Settle, || file::settled(path, &self.spec.limits))?;
                Ok(self.digested(bytes))
            }
        }
    }

    fn digested(&mut self, bytes: Vec<u8>) -> Candidate {
        let digest = self.timeline.time(Stage::Digest, || Digest::of(&bytes));
        Candidate { bytes, digest }
    }

    /// The stages from validate to dry-run.
    pub(super) fn examine(
        &mut self,
        candidate: &Candidate,
        recorded: &[(String, Recorded)],
    ) -> Result<(Arc<Loaded>, Tried), Refusal> {
        let loaded = Arc::new(self.load(&candidate.bytes)?);
        let tried = self.timeline.time(Stage::DryRun, || dry_run::run(&loaded, &self.spec.uses, recorded))?;
        Ok((loaded, tried))
    }

    /// The stages from validate to params: a component that may decide for every campaign that uses it.
    pub(super) fn load(&mut self, bytes: &[u8]) -> Result<Loaded, Refusal> {
        let loaded = self.engine.load_by_stage(bytes, &self.spec.limits, &mut self.timeline)?;
        self.timeline.time(Stage::Params, || params_fit(self.spec, &loaded))?;
        Ok(loaded)
    }
}

/// Whether the params of every campaign that uses the policy are taken.
pub(super) fn params_fit(spec: &PolicySpec, loaded: &Loaded) -> Result<(), Refusal> {
    let unfit: Vec<_> = spec
        .uses
        .iter()
        .filter_map(|used| {
            let errors = loaded.descriptor().resolve(&used.params).err()?;
            Some(UnfitParams { campaign: used.campaign.clone(), errors })
        })
        .collect();
    if unfit.is_empty() { Ok(()) } else { Err(Refusal::Params(unfit)) }
}
