//! Swapping, and noting when each revision came into force.
//!
//! Nobody can read the instant of the pointer store itself, so an activation has an earliest and a latest time; what is
//! concluded from them later must hold for every instant in between.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use paced::clock::Clock;
use paced::registry::{Outcome, Registry, Source};
use paced::wasm::{Stage, Timeline};
use paced::watch::{Pace, Watch};
use paced_core::policy::Revision;
use paced_core::time::Timestamp;

use super::{INTERVAL, Memory, POLICY, Soak, in_force, spec};

/// How long a changed file may take to come into force before the soak gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A revision came into force, between these two times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activation {
    pub(crate) revision: Revision,
    pub(crate) earliest: Timestamp,
    pub(crate) latest: Timestamp,
    /// When the last byte of its file had been written; none where it did not come from a file.
    pub(crate) written: Option<Timestamp>,
}

/// What came of a series of swaps.
#[derive(Default)]
pub(crate) struct Swaps {
    /// The revision at the start and every later one, in order.
    pub(crate) activations: Vec<Activation>,
    /// From the beginning of each swap to its end.
    pub(crate) took: Vec<Duration>,
    /// The process after each swap.
    pub(crate) memory: Vec<Memory>,
    /// The stages of each load.
    pub(crate) timelines: Vec<Timeline>,
}

impl Swaps {
    /// The revision at the start counts as in force from the beginning of time.
    fn beginning_with(revision: Revision, now: Timestamp) -> Self {
        let first = Activation { revision, earliest: Timestamp::from_millis(0), latest: now, written: None };
        Self { activations: vec![first], ..Self::default() }
    }
}

/// No swap for so long, for comparison: what is late all the same is the machine's doing.
pub(crate) fn none(soak: &Soak, span: Duration) -> anyhow::Result<Swaps> {
    soak.wait_until("has decided", |status| status.decisions >= 20)?;
    let swaps = Swaps::beginning_with(in_force(&soak.registry)?, soak.clock.now());
    std::thread::sleep(span);
    Ok(swaps)
}

/// Swaps through the registry's own two halves, as a changed configuration does: everything but file and probation. Each
/// swap begins `gap` after the one before.
pub(crate) fn by_registry(
    soak: &Soak,
    components: [&'static [u8]; 2],
    count: u32,
    gap: Duration,
) -> anyhow::Result<Swaps> {
    soak.wait_until("has decided", |status| status.decisions >= 20)?;
    let mut swaps = Swaps::beginning_with(in_force(&soak.registry)?, soak.clock.now());
    for component in components.iter().cycle().skip(1).take(count as usize) {
        let began = Instant::now();
        let prepared = soak.registry.prepare(vec![spec(Source::BuiltIn(component))]);
        let prepared = prepared.map_err(|refusals| anyhow::anyhow!("a swap was refused: {refusals:?}"))?;
        let earliest = soak.clock.now();
        let outcomes = soak.registry.adopt(prepared);
        let latest = soak.clock.now();
        swaps.took.push(began.elapsed());
        let [(_, Outcome::Activated(activated))] = &outcomes[..] else { bail!("no swap: {outcomes:?}") };
        swaps.timelines.push(activated.timeline.clone());
        let revision = in_force(&soak.registry)?;
        swaps.activations.push(Activation { revision, earliest, latest, written: None });
        swaps.memory.push(Memory::now()?);
        std::thread::sleep(gap.saturating_sub(began.elapsed()));
    }
    Ok(swaps)
}

/// Swaps by writing the policy's file, which the daemon's watch finds. Each swap begins once every campaign has decided by
/// the one before, at another place between two ticks.
pub(crate) fn by_files(soak: &Soak, file: &Path, components: [&[u8]; 2], count: u32) -> anyhow::Result<Swaps> {
    let (sender, activated) = mpsc::channel();
    let registry = Arc::clone(&soak.registry);
    let clock = soak.clock;
    let files = vec![file.to_owned()];
    let _watch = Watch::start(
        Pace::default(),
        move || files.clone(),
        move |_| {
            // Whoever listened may have gone.
            let _ = look(&registry, clock).transpose().map(|news| sender.send(news));
        },
    )?;
    soak.wait_until("has decided", |status| status.decisions >= 20)?;
    let mut swaps = Swaps::beginning_with(in_force(&soak.registry)?, soak.clock.now());
    for (n, component) in (0..count).zip(components.iter().cycle().skip(1)) {
        std::thread::sleep(INTERVAL.mul_f64(f64::from(n * 37 % 100) / 100.0));
        let began = Instant::now();
        std::fs::write(file, component)?;
        let written = soak.clock.now();
        let (activation, timeline) = activated.recv_timeout(PATIENCE).context("the new file was not found")??;
        let revision = activation.revision.short();
        soak.wait_until("decides by the new revision", |status| status.revision == revision)?;
        swaps.took.push(began.elapsed());
        swaps.activations.push(Activation { written: Some(written), ..activation });
        swaps.timelines.push(timeline);
        swaps.memory.push(Memory::now()?);
    }
    Ok(swaps)
}

/// A look at the file, as the daemon takes it.
fn look(registry: &Registry, clock: Clock) -> anyhow::Result<Option<(Activation, Timeline)>> {
    let began = clock.now();
    let outcome = registry.reload(POLICY);
    let latest = clock.now();
    match outcome {
        Outcome::Unchanged => Ok(None),
        Outcome::Refused { refusal, .. } => bail!("a swap was refused: {refusal}"),
        Outcome::Activated(activated) => {
            // The stages before the swap ran one after the other since `began`.
            let stages = activated.timeline.stages().iter();
            let before: Duration = stages.filter(|(stage, _)| *stage != Stage::Activate).map(|(_, took)| *took).sum();
            let revision = in_force(registry)?;
            let activation = Activation { revision, earliest: began + before, latest, written: None };
            Ok(Some((activation, activated.timeline)))
        }
    }
}
