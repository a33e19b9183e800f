//! A load that changes nothing: the stages up to activation, for those who ask what a load would take.

use std::sync::Arc;

use super::pipeline::Pipeline;
use super::{PolicySpec, Recorder, Refusal};
use crate::wasm::{Engine, Loaded, Timeline};

/// Puts a policy's source through every stage but the last, on what `recorder` has of the campaigns that use it.
///
/// # Errors
/// The first stage that refuses it.
pub fn rehearse(engine: &Engine, spec: &PolicySpec, recorder: &Recorder) -> Result<(Arc<Loaded>, Timeline), Refusal> {
    let mut pipeline = Pipeline::new(engine, spec);
    let seen = pipeline.look()?;
    let candidate = pipeline.settle(seen)?;
    let campaigns = spec.uses.iter().map(|used| used.campaign.as_str());
    let (loaded, _) = pipeline.examine(&candidate, &recorder.last_of(campaigns))?;
    Ok((loaded, pipeline.timeline))
}
