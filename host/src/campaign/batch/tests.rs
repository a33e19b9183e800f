//! Directives that overtake each other.

use paced_core::ratio::DialRatio;
use paced_core::reading::Status;

use paced_core::config::CampaignConfig;
use paced_core::state::CampaignState;

use super::*;
use crate::board::Board;
use crate::calendar::Calendar;
use crate::campaign::{InForce, Settings};
use crate::clock::Clock;
use crate::dialer::{Answer, Dialer, Update};
use crate::journal::{Journal, JournalConfig};
use crate::registry::Registry;
use crate::wasm::Engine;

/// A platform that takes everything at once, save pauses, which it never answers.
struct HangsOnPauses;

impl Dialer for HangsOnPauses {
    fn observe<'a>(&'a self, _: &'a [String], _: Timestamp) -> Answer<'a, HashMap<String, Observation>> {
        Box::pin(async { HashMap::new() })
    }

    fn read_back<'a>(&'a self, _: &'a str, _: Urgency, _: Timestamp) -> Answer<'a, Result<Setting, RequestError>> {
        Box::pin(async { Err(RequestError::Unsupported) })
    }

    fn update<'a>(&'a self, update: &'a Update, _: Timestamp) -> Answer<'a, Result<Option<Setting>, RequestError>> {
        if update.urgency == Urgency::Pause { Box::pin(std::future::pending()) } else { Box::pin(async { Ok(None) }) }
    }
}

fn batch(dir: &std::path::Path) -> Batch {
    let clock = Clock::start(1.0);
    let (registry, _) = Registry::open(Engine::start().unwrap(), Vec::new(), None);
    let host = Host {
        clock,
        calendar: Calendar::new(jiff::tz::TimeZone::UTC),
        dialer: Arc::new(HangsOnPauses),
        registry: Arc::new(registry),
        in_force: InForce::default(),
        journal: Journal::open(dir, JournalConfig::default()).unwrap(),
        board: Board::default(),
        dry_run: false,
    };
    let config = CampaignConfig::with_defaults("7", 20);
    let state = CampaignState::new(&config);
    let settings =
        Settings { config: Arc::new(config), policy: "fixed".to_owned(), params: Vec::new(), shift_end: None };
    let campaign = Campaign::new(settings, state);
    Batch::new(host, Schedule::new(clock.now(), Duration::from_secs(15)), vec![campaign])
}

fn directive(ratio: f64, status: Status, urgency: Urgency) -> Directive {
    let ratio = DialRatio::new(ratio).unwrap();
    Directive { setting: Setting { ratio, status }, urgency, read_first: false, cause: None }
}

#[tokio::test]
async fn what_an_overtaken_update_came_to_is_not_taken_for_the_pause_that_overtook_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut batch = batch(dir.path());
    let (first, second) = (batch.host.journal.next_id(), batch.host.journal.next_id());
    batch.dispatch(0, directive(2.0, Status::Active, Urgency::Raise), first, true).await;
    // The raise is taken before anybody looks; aborting it comes too late.
    while !batch.campaigns[0].sending.as_ref().unwrap().task.is_finished() {
        tokio::task::yield_now().await;
    }
    batch.dispatch(0, directive(1.0, Status::Paused, Urgency::Pause), second, true).await;
    let done = batch.requests.join_next_with_id().await.unwrap();
    batch.finish(done).await;
    assert_eq!(batch.campaigns[0].state.setting.status, Status::Active, "nobody has confirmed the pause");
    assert!(batch.campaigns[0].sending.is_some(), "the pause is still under way");
}
