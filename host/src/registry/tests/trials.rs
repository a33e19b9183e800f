//! Components on trial: promoted, rolled back, and what a restart makes of either.

use std::time::Duration;

use paced_core::time::Timestamp;
use paced_core::trial::TrialEnd;

use super::*;

/// Platform time at a campaign's decision of this number.
fn at(decision: u32) -> Timestamp {
    Timestamp::from_millis(1_772_442_000_000) + Duration::from_secs(15) * decision
}

fn used_by(campaigns: &[&str]) -> Vec<Use> {
    campaigns.iter().map(|id| Use { campaign: (*id).to_owned(), params: Vec::new() }).collect()
}

/// Counts so many decisions of one campaign by what is in force, and gives the first judgement.
fn decide(registry: &Registry, campaign: &str, decisions: u32, is_fault: bool) -> Option<Judgement> {
    let decided = digest(registry).unwrap();
    (0..decisions).find_map(|n| registry.judge("mine", decided, campaign, is_fault, at(n)))
}

fn standing(registry: &Registry) -> Standing {
    registry.tick().policy("mine", &[]).unwrap().1
}

/// Puts another component in the file, and reloads.
fn swap(registry: &Registry, place: &Place, bytes: &[u8]) -> Outcome {
    fs::write(&place.path, bytes).unwrap();
    registry.reload("mine")
}

/// A registry whose first component has passed its probation.
fn proven(place: &Place) -> Registry {
    let (registry, _) = open(place, used_by(&["c1"]));
    assert!(matches!(decide(&registry, "c1", 20, false), Some(Judgement::Promoted { .. })));
    registry
}

#[test]
fn a_component_is_promoted_when_every_campaign_has_seen_it_decide() {
    let place = place(&answering(1.0));
    let (registry, _) = open(&place, used_by(&["c1", "c2"]));
    assert_eq!((standing(&registry), standing(&registry).trial_end()), (Standing::OnTrial, None));
    assert_eq!(decide(&registry, "c1", 20, false), None);
    let judgement = decide(&registry, "c2", 20, false);
    assert_eq!(judgement, Some(Judgement::Promoted { digest: Digest::of(&answering(1.0)) }));
    assert_eq!(standing(&registry).trial_end(), Some(TrialEnd::Promoted));
    assert_eq!(decide(&registry, "c1", 20, true), None, "what is proven is not on trial any longer");
}

#[test]
fn faults_on_trial_bring_everyone_back_and_those_bytes_are_not_tried_again() {
    let (good, bad, better) = (answering(1.0), answering(2.0), answering(3.0));
    let place = place(&good);
    let registry = proven(&place);
    assert!(matches!(swap(&registry, &place, &bad), Outcome::Activated(_)));
    assert_eq!(decide(&registry, "c1", 2, true), None);
    let judgement = registry.judge("mine", Digest::of(&bad), "c1", true, at(9));
    let (digest_of_bad, to) = (Digest::of(&bad), Digest::of(&good));
    assert_eq!(judgement, Some(Judgement::RolledBack { digest: digest_of_bad, to, decisions: 3, faults: 3 }));
    assert_eq!((digest(&registry), standing(&registry)), (Some(to), Standing::Restored));
    assert_eq!(registry.judge("mine", digest_of_bad, "c2", true, at(9)), None, "it was in hand at the swap");

    assert_eq!(stage(&registry.reload("mine")), "digest");
    assert!(matches!(registry.reload("mine"), Outcome::Unchanged), "said once");
    assert_eq!(digest(&registry), Some(to));
    assert!(matches!(swap(&registry, &place, &better), Outcome::Activated(_)));
    assert_eq!(stage(&swap(&registry, &place, &bad)), "digest");
    assert_eq!(digest(&registry), Some(Digest::of(&better)));
}

#[test]
fn a_trial_that_follows_another_goes_back_to_the_last_good_one() {
    let (good, second, third) = (answering(1.0), answering(2.0), answering(3.0));
    let place = place(&good);
    let registry = proven(&place);
    swap(&registry, &place, &second);
    decide(&registry, "c1", 5, false);
    swap(&registry, &place, &third);
    assert!(matches!(decide(&registry, "c1", 3, true), Some(Judgement::RolledBack { .. })));
    assert_eq!(digest(&registry), Some(Digest::of(&good)));
}

#[test]
fn the_good_one_put_back_by_hand_is_restored_like_after_a_roll_back() {
    let (good, second) = (answering(1.0), answering(2.0));
    let place = place(&good);
    let registry = proven(&place);
    swap(&registry, &place, &second);
    swap(&registry, &place, &good);
    assert_eq!(standing(&registry), Standing::Restored);
}

#[test]
fn the_first_component_stays_although_it_faults_because_there_is_none_to_go_back_to() {
    let place = place(&answering(1.0));
    let (registry, _) = open(&place, used_by(&["c1"]));
    assert!(matches!(decide(&registry, "c1", 3, true), Some(Judgement::Failed { decisions: 3, .. })));
    assert_eq!(digest(&registry), Some(Digest::of(&answering(1.0))));
    assert_eq!(decide(&registry, "c1", 30, true), None);
    // It has proven nothing, so the next one has none to go back to either.
    swap(&registry, &place, &answering(2.0));
    assert!(matches!(decide(&registry, "c1", 3, true), Some(Judgement::Failed { .. })));
}

#[test]
fn a_restart_knows_what_was_proven_and_puts_what_was_not_on_trial_anew() {
    let (good, bad) = (answering(1.0), answering(2.0));
    let place = place(&good);
    let registry = proven(&place);
    assert_eq!(standing(&open(&place, used_by(&["c1"])).0), Standing::Proven);
    swap(&registry, &place, &bad);
    decide(&registry, "c1", 19, false);
    drop(registry);

    let (registry, opened) = open(&place, used_by(&["c1"]));
    assert!(matches!(opened, Outcome::Activated(Activated { standing: Standing::OnTrial, .. })));
    assert_eq!(decide(&registry, "c1", 1, false), None, "its twenty decisions begin again");
    assert!(matches!(decide(&registry, "c1", 3, true), Some(Judgement::RolledBack { .. })));
    assert_eq!(digest(&registry), Some(Digest::of(&good)), "it lay in the data directory");
}

#[test]
fn after_a_roll_back_and_a_restart_the_good_one_stands_in_for_the_file() {
    let (good, bad) = (answering(1.0), answering(2.0));
    let place = place(&good);
    let registry = proven(&place);
    swap(&registry, &place, &bad);
    decide(&registry, "c1", 3, true);
    drop(registry);

    let (registry, opened) = open(&place, used_by(&["c1"]));
    assert_eq!(stage(&opened), "digest");
    assert_eq!((digest(&registry), standing(&registry)), (Some(Digest::of(&good)), Standing::Restored));
    let (registry, opened) = open(&place, used_with("kp", 0.3));
    assert!(matches!(opened, Outcome::Activated(_)), "with other params it may do better");
    assert_eq!(standing(&registry), Standing::OnTrial);
}

#[test]
fn without_probation_what_passes_the_stages_is_trusted() {
    let place = place(&answering(1.0));
    let registry = open(&place, used_by(&["c1"])).0.without_probation();
    swap(&registry, &place, &answering(2.0));
    assert_eq!((standing(&registry), decide(&registry, "c1", 3, true)), (Standing::Proven, None));
}
