//! A short soak: revisions swapped under campaigns that decide every 100 ms. `swap_soak`, an example, is the long one.
//!
//! Whether ticks were missed is left to that one: how busy the machine is with other tests must not decide here.

#[expect(dead_code, reason = "the example prints more than is asserted here")]
#[path = "../../host/examples/swap_soak/soak/mod.rs"]
mod pieces;

use std::time::Duration;

use paced::registry::Source;
use pieces::swaps::by_registry;
use pieces::{CAMPAIGNS, Probation, Soak, revisions};

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_between_two_hundred_swaps_is_made_by_a_revision_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let components = revisions().unwrap();
    let soak = Soak::start(folder.path(), Source::BuiltIn(components[0]), Probation::Off).unwrap();
    let swapping = tokio::task::spawn_blocking(move || {
        let swaps = by_registry(&soak, components, 200, Duration::ZERO).unwrap();
        (soak, swaps)
    });
    let (soak, swaps) = swapping.await.unwrap();
    let audit = soak.finish(&swaps).await.unwrap();
    assert!(audit.is_right(), "{audit:?}");
    assert!(audit.by_revision.len() == 2 && audit.certain >= CAMPAIGNS as u64, "{audit:?}");
}
