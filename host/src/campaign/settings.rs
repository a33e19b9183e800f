//! The campaigns' settings in force, which the configuration may change while batches run.
//!
//! A batch takes them at each tick, together with its policies, under one lock; whoever changes them holds the same lock
//! while policies change too. So a decision never sees the settings of one configuration with the policies of another,
//! and the campaigns of a batch change between two ticks, all or none.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::civil::Time;
use paced_core::config::CampaignConfig;
use paced_core::params::ParamValue;

use crate::config::{self, Config};

/// What one campaign is paced by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What pacing depends on; its intervals and ages are stretched to the request budget.
    pub config: Arc<CampaignConfig>,
    /// The name of its policy.
    pub policy: String,
    /// The params given for it, weakest first.
    pub params: Vec<(String, ParamValue)>,
    /// When its shift ends, in local time.
    pub shift_end: Option<Time>,
}

/// Settings by the campaign's identifier.
pub type SettingsById = HashMap<String, Settings>;

impl Settings {
    /// The settings of every campaign of a configuration, in its order.
    pub fn of(config: &Config) -> impl Iterator<Item = Self> {
        let stretch = config.budget().stretch();
        config.campaigns.iter().map(move |campaign| Self::of_campaign(config, campaign, stretch))
    }

    fn of_campaign(config: &Config, campaign: &config::Campaign, stretch: f64) -> Self {
        let mut pacing = campaign.pacing.clone();
        for duration in [&mut pacing.poll_interval, &mut pacing.stale_after, &mut pacing.blind_after] {
            *duration = duration.mul_f64(stretch);
        }
        Self {
            config: Arc::new(pacing),
            policy: campaign.policy.clone(),
            params: config.params_of(campaign),
            shift_end: campaign.shift_end,
        }
    }
}

/// The settings in force. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct InForce(Arc<RwLock<SettingsById>>);

impl InForce {
    /// The settings of these campaigns.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self(Arc::new(RwLock::new(by_id(config))))
    }

    /// The settings, which don't change until the guard is dropped; it must not be held for longer than it takes to
    /// read them.
    pub fn read(&self) -> RwLockReadGuard<'_, SettingsById> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the settings of `config` in force, and does `alongside`, which must be quick, in the same breath.
    pub fn replace<T>(&self, config: &Config, alongside: impl FnOnce() -> T) -> T {
        let settings = by_id(config);
        let mut in_force = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *in_force = settings;
        alongside()
    }
}

fn by_id(config: &Config) -> SettingsById {
    Settings::of(config).map(|settings| (settings.config.id.clone(), settings)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Inputs, Overrides, parse};

    fn config(ramp_up: f64) -> Config {
        let text = format!(
            "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\nclient_secret = \"hunter2\"\n\
             [[campaigns]]\nid = \"1\"\ntotal_agents = 20\nramp_up = {ramp_up}\n"
        );
        let inputs = Inputs { env: &|_| None, overrides: &Overrides::default(), built_in: &["proportional"] };
        parse(&text, Path::new("paced.toml"), &inputs).config.unwrap()
    }

    #[test]
    fn nobody_sees_the_settings_while_what_goes_with_them_changes() {
        let in_force = InForce::of(&config(0.5));
        let held = in_force.clone();
        in_force.replace(&config(0.3), || assert!(held.0.try_read().is_err()));
        assert_eq!(in_force.read()["1"].config.ramp_up, 0.3);
    }
}
