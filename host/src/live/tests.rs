//! Looks at a configuration that changes. What the watch adds to them is tested with it, and end to end.

use std::fs;
use std::path::Path;

use paced_core::policy::Policy;
use paced_core::ratio::DialRatio;

use super::*;
use crate::campaign::Settings;
use crate::clock::Clock;
use crate::config::Overrides;
use crate::journal::{EventRow, Filter, Journal, JournalConfig, JournalReader};
use crate::shipped;
use crate::wasm::tests::engine;

/// A folder with a configuration of one campaign, `1`, and what runs by it.
struct Stage {
    folder: tempfile::TempDir,
    journal: Journal,
    live: Live,
}

fn text(extra: &str, campaign: &str) -> String {
    format!(
        "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\nclient_secret = \"hunter2\"\n{extra}\n\
         [[campaigns]]\nid = \"1\"\ntotal_agents = 20\n{campaign}\n"
    )
}

impl Stage {
    fn new(extra: &str, campaign: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.wasm"), shipped::find("proportional").unwrap()).unwrap();
        let path = folder.path().join("paced.toml");
        fs::write(&path, text(extra, campaign)).unwrap();
        let file = ConfigFile::new(path, Overrides::default());
        let config = file.load().unwrap().into_config().unwrap().0;
        let (registry, _) = Registry::open(engine().clone(), policies::specs(&config), None);
        let in_force = InForce::of(&config);
        let journal = Journal::open(folder.path(), JournalConfig::default()).unwrap();
        let reporter = Reporter::new(journal.clone(), Clock::start(1.0));
        let live = Live::new(Some(file), config, engine().clone(), Arc::new(registry), in_force, reporter);
        let mut stage = Self { folder, journal, live };
        // The one at the start, which finds everything as it is.
        stage.live.look(Cause::Routine);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the file, and looks.
    fn edit(&mut self, extra: &str, campaign: &str) {
        fs::write(self.path("paced.toml"), text(extra, campaign)).unwrap();
        self.live.look(Cause::Routine);
    }

    fn settings(&self) -> Settings {
        self.live.in_force.read()["1"].clone()
    }

    /// The policy with which the campaign would be decided now.
    fn policy(&self) -> crate::wasm::WasmPolicy {
        let settings = self.settings();
        self.live.registry.policy(&settings.policy, &settings.params).unwrap()
    }

    /// What was journalled since the start, as name and message, the folder's name left out.
    async fn said(&self) -> Vec<String> {
        // Batches are written in order, so what was told before is there when this one is.
        self.journal.record(Vec::new()).await.unwrap();
        let reader = JournalReader::open(self.folder.path()).unwrap();
        let mut events: Vec<EventRow> = reader.events(Filter::default()).map(Result::unwrap).collect();
        events.sort_by_key(|event| event.id);
        let folder = format!("{}/", Path::new(self.folder.path()).display());
        let words = |event: &EventRow| format!("{}: {}", event.name, event.message).replace(&folder, "");
        events.iter().map(words).collect()
    }
}

#[tokio::test]
async fn an_edit_applies_whole_and_is_journalled_from_old_to_new() {
    let mut stage = Stage::new("", "");
    let before = *stage.policy().revision();
    stage.edit("[policies.proportional.params]\nkp = 0.2", "max_dial_ratio = 3.0");
    assert_eq!(stage.settings().config.max_dial_ratio, DialRatio::new(3.0).unwrap());
    assert_ne!(*stage.policy().revision(), before, "params are part of the revision");
    assert_eq!(
        stage.said().await,
        [
            "config_changed: policies.proportional.params.kp: not set -> 0.2",
            "config_changed: campaigns.\"1\".max_dial_ratio: 5.00 -> 3.00",
        ]
    );
}

#[tokio::test]
async fn an_edit_with_an_error_applies_nothing_and_is_reported_once() {
    let mut stage = Stage::new("", "");
    let before = *stage.policy().revision();
    for _ in 0..3 {
        stage.edit("[policies.proportional.params]\nkp = 0.2", "max_dial_ratio = 3.0\nparams = { kp = 99 }");
    }
    assert_eq!(stage.settings().config.max_dial_ratio, DialRatio::MAX);
    assert_eq!(*stage.policy().revision(), before);
    let said = stage.said().await;
    let [rejected] = &*said else { panic!("{said:?}") };
    assert!(rejected.starts_with("config_rejected: nothing of it applies"), "{rejected}");
    assert!(rejected.contains("paced.toml:11: campaigns.\"1\".params.kp = 99: must be "), "{rejected}");

    stage.edit("", "");
    assert_eq!(stage.said().await.len(), 1, "what is in force again is no change");
    stage.edit("", "params = { kp = 0.3 }");
    assert_eq!(stage.said().await[1], "config_changed: campaigns.\"1\".params.kp: not set -> 0.3");
}

#[tokio::test]
async fn a_policy_that_is_new_in_the_same_edit_takes_over() {
    let mut stage = Stage::new("", "");
    stage.edit("[policies.mine]\nfile = \"mine.wasm\"\n[policies.mine.limits]\nfuel = 9000000", "policy = \"mine\"");
    assert_eq!(stage.policy().loaded().limits().fuel, 9_000_000);
    let said = stage.said().await;
    assert!(said[0].starts_with("policy_loaded: mine "), "{said:?}");
    assert_eq!(said[2], "config_changed: campaigns.\"1\".policy: \"proportional\" -> \"mine\"");
    // And another policy of the program's own, without an entry.
    stage.edit("", "policy = \"fixed\"\nparams = { ratio = 1.5 }");
    assert_eq!(stage.policy().name(), "fixed");
    assert!(stage.live.registry.get("mine").is_none());
}

#[tokio::test]
async fn a_file_and_the_params_that_go_with_it_change_together() {
    let entry = "[policies.mine]\nfile = \"mine.wasm\"";
    let mut stage = Stage::new(entry, "policy = \"mine\"\nparams = { kp = 0.3 }");
    fs::write(stage.path("mine.wasm"), shipped::find("fixed").unwrap()).unwrap();
    stage.edit(entry, "policy = \"mine\"\nparams = { ratio = 1.5 }");
    assert_eq!(stage.policy().name(), "fixed");
    let said = stage.said().await;
    assert!(said.iter().all(|event| !event.starts_with("policy_rejected")), "{said:?}");
}

#[tokio::test]
async fn a_configuration_comes_in_when_the_file_that_it_lacked_does() {
    let mut stage = Stage::new("", "");
    let entry = "[policies.other]\nfile = \"other.wasm\"";
    stage.edit(entry, "policy = \"other\"");
    stage.live.look(Cause::Routine);
    assert_eq!(stage.settings().policy, "proportional");
    assert_eq!(stage.said().await.len(), 1);
    fs::copy(stage.path("mine.wasm"), stage.path("other.wasm")).unwrap();
    stage.live.look(Cause::Routine);
    assert_eq!(stage.settings().policy, "other");
}

#[tokio::test]
async fn what_needs_a_restart_is_said_once_and_the_rest_applies() {
    let mut stage = Stage::new("", "");
    stage.edit("batch_size = 20", "ramp_up = 0.3\npoll_interval = \"30s\"");
    stage.edit("batch_size = 20", "ramp_up = 0.4\npoll_interval = \"30s\"");
    let settings = stage.settings();
    assert_eq!((settings.config.ramp_up, settings.config.poll_interval.as_secs()), (0.4, 15));
    let waits = "waits for a restart, and what was in force goes on until then";
    assert_eq!(
        stage.said().await,
        [
            "config_changed: campaigns.\"1\".ramp_up: 0.5 -> 0.3".to_owned(),
            format!("config_needs_restart: platform.batch_size: 50 -> 20: {waits}"),
            format!(
                "config_needs_restart: campaigns.\"1\".blind_after: \"150s\" -> \"5min\"; campaigns.\"1\".poll_interval: \
                 \"15s\" -> \"30s\"; campaigns.\"1\".stale_after: \"45s\" -> \"90s\": {waits}"
            ),
            "config_changed: campaigns.\"1\".ramp_up: 0.3 -> 0.4".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_file_that_is_gone_changes_nothing_and_is_taken_up_when_it_is_back() {
    let mut stage = Stage::new("", "");
    fs::remove_file(stage.path("paced.toml")).unwrap();
    stage.live.look(Cause::Routine);
    stage.live.look(Cause::Routine);
    let said = stage.said().await;
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("config_rejected: can't read paced.toml: No such file"), "{said:?}");
    assert_eq!(stage.settings().policy, "proportional");
    stage.edit("", "policy = \"fixed\"");
    assert_eq!(stage.settings().policy, "fixed");
}

#[tokio::test]
async fn who_asks_hears_of_a_rejection_again() {
    let mut stage = Stage::new("", "");
    stage.edit("", "ramp_up = 0");
    stage.live.look(Cause::Routine);
    assert_eq!(stage.said().await.len(), 1);
    stage.live.look(Cause::Request);
    assert_eq!(stage.said().await.len(), 2);
}
