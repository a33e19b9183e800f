//! What a simulated call centre is like. Every default names its source, or says that it is an assumption.
//!
//! "Reported" figures come from published studies that were read only in part; they are good for shapes and orders of
//! magnitude, not for forecasts of a campaign.

use serde::{Deserialize, Serialize};

use crate::distribution::Distribution;
use crate::feed::FeedConfig;

/// More lines than any centre has.
const NO_TRUNK_LIMIT: u32 = 1_000_000;

/// A campaign's call centre. Durations are seconds of simulated time, probabilities are shares of dialled calls unless
/// they say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CentreConfig {
    /// Agents staffed, 1 to 10,000.
    pub agents: u32,
    /// Mean share of the staffed agents that are signed in, above 0 and at most 1; 1 means no breaks.
    /// Default 0.875: planners count on 85 to 90 % (reported).
    pub present_share: f64,
    /// Mean length of a break, in seconds; breaks are exponential. Default 600: an assumption, from the customary 10
    /// to 15 minutes in 2 hours.
    pub break_s_mean: f64,
    /// Probability that a person answers while it rings. Default 0.25: by half-hour 0.27 to 0.41 in a call centre of
    /// the 2000s, 0.208 over all of 187,684 calls in 2025 with 0.30 in the best hour (reported).
    pub person_probability: f64,
    /// Probability that a machine answers. Default 0.35: an assumption, as the table that the tests compare with uses.
    pub machine_probability: f64,
    /// Probability of a busy tone. Default 0.05: an assumption. What is left is no answer.
    pub busy_probability: f64,
    /// Share of machines that detection takes for a person. Default 0.10: 80 to 95 % accuracy (reported). Such a call
    /// goes to an agent, and the platform counts it as it would a person's.
    pub machine_missed: f64,
    /// Share of persons that detection takes for a machine and drops, silently. Default 0: an assumption, which makes
    /// `person_probability` that of persons let through.
    pub person_mistaken: f64,
    /// Time from dialling to an answer, given that it is within the ring timeout. Default log-normal, median 9.5 s,
    /// sigma 0.43: few over 20 s in 30,700 live answers (Sytel, reported).
    pub ring_s: Distribution,
    /// How long an unanswered call rings. Default 15 to 18 s: US rules ask for 15 s or four rings at least.
    pub ring_timeout_s: Distribution,
    /// Time from dialling to a busy tone. Default 3 s: an assumption.
    pub busy_tone_s: Distribution,
    /// Time after a machine's answer until detection has judged it. Default 3 s: an assumption.
    pub detection_s: Distribution,
    /// How long an answering person waits for an agent. Default 2 s, always: the time within which US rules want a
    /// representative, else the call counts as abandoned.
    pub patience_s: Distribution,
    /// Talk time with a person. Default log-normal (Brown et al. 2005) of mean 150 s, sigma 0.8 (assumptions).
    pub talk_s: Distribution,
    /// Time until an agent has seen through a machine and hung up, without wrap-up. Default 10 s: an assumption.
    pub machine_talk_s: Distribution,
    /// Wrap-up after talking with a person. Default log-normal of mean 30 s, sigma 0.5: an assumption, from 10 to 60 s.
    pub wrap_up_s: Distribution,
    /// Probability that an agent is unavailable for a while after a person's call. Default 0: what planners count on,
    /// see `present_share`, has it in it.
    pub unavailable_probability: f64,
    /// How long such an agent is unavailable. Default exponential, mean 120 s: an assumption.
    pub unavailable_s: Distribution,
    /// Calls after which the list is worn out; 0 for a list that never is. Default 0.
    pub list_calls: u64,
    /// Share of `person_probability` that a worn list still gives, reached in a straight line. Default 0.55: a fresh list
    /// answers at 30 % and falls to 15 to 18 % (reported).
    pub list_worn: f64,
    /// Shape of the Gamma distribution, of mean 1, of what a day multiplies `person_probability` by; 0 where all days are
    /// alike. Default 0. A call centre's days differ with a shape of 29.7, that is by 18 % (Brown et al. 2005, reported,
    /// of calls that come in; that it holds for calls answered is an assumption).
    pub day_shape: f64,
    /// Time constant with which the platform's own ratio follows the one set, in seconds; 0 where it jumps. Default 0.
    pub smoothing_s: f64,
    /// Lines of the centre, ringing and connected, at least 1. Default 1,000,000, which is no limit.
    pub trunks: u32,
    /// Time until the carrier says that it does not connect a call. Default 2 s: an assumption.
    pub failure_s: Distribution,
    /// What the platform shows of all this.
    pub feed: FeedConfig,
}

impl Default for CentreConfig {
    fn default() -> Self {
        Self {
            agents: 20,
            present_share: 0.875,
            break_s_mean: 600.0,
            person_probability: 0.25,
            machine_probability: 0.35,
            busy_probability: 0.05,
            machine_missed: 0.10,
            person_mistaken: 0.0,
            ring_s: Distribution::LogNormal { median: 9.5, sigma: 0.43 },
            ring_timeout_s: Distribution::Uniform { low: 15.0, high: 18.0 },
            busy_tone_s: Distribution::Constant(3.0),
            detection_s: Distribution::Constant(3.0),
            patience_s: Distribution::Constant(2.0),
            talk_s: Distribution::log_normal_of_mean(150.0, 0.8),
            machine_talk_s: Distribution::Constant(10.0),
            wrap_up_s: Distribution::log_normal_of_mean(30.0, 0.5),
            unavailable_probability: 0.0,
            unavailable_s: Distribution::Exponential { mean: 120.0 },
            list_calls: 0,
            list_worn: 0.55,
            day_shape: 0.0,
            smoothing_s: 0.0,
            trunks: NO_TRUNK_LIMIT,
            failure_s: Distribution::Constant(2.0),
            feed: FeedConfig::default(),
        }
    }
}

/// A configuration that describes no call centre.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}: it must be {wanted}")]
pub struct ConfigError {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What would be right.
    pub wanted: &'static str,
}

impl CentreConfig {
    /// The default centre with so many agents.
    #[must_use]
    pub fn with_agents(agents: u32) -> Self {
        Self { agents, ..Self::default() }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        require("agents", self.agents, (1..=10_000).contains(&self.agents), "from 1 to 10,000")?;
        let share = self.present_share;
        require("present_share", share, share > 0.0 && share <= 1.0, "above 0 and at most 1")?;
        let break_s = self.break_s_mean;
        require("break_s_mean", break_s, (1.0..=86_400.0).contains(&break_s), "from 1 to 86,400 seconds")?;
        for (field, probability) in self.probabilities() {
            require(field, probability, (0.0..=1.0).contains(&probability), "from 0 to 1")?;
        }
        let sum = self.person_probability + self.machine_probability + self.busy_probability;
        require("person, machine and busy probability together", sum, sum <= 1.0 + 1e-9, "at most 1")?;
        for (field, distribution) in self.distributions() {
            let wanted = "a distribution of finite durations, none below 0 and no mean of 0";
            require(field, format_args!("{distribution:?}"), distribution.is_valid(), wanted)?;
        }
        let share = self.list_worn;
        require("list_worn", share, share > 0.0 && share <= 1.0, "above 0 and at most 1")?;
        let shape = self.day_shape;
        require("day_shape", shape, shape == 0.0 || (10.0..=10_000.0).contains(&shape), "0, or from 10 to 10,000")?;
        let smoothing_s = self.smoothing_s;
        require("smoothing_s", smoothing_s, (0.0..=3_600.0).contains(&smoothing_s), "from 0 to 3600 seconds")?;
        require("trunks", self.trunks, (1..=NO_TRUNK_LIMIT).contains(&self.trunks), "from 1 to 1,000,000")?;
        for (field, late) in [("feed.delay", self.feed.delay), ("feed.jitter", self.feed.jitter)] {
            let late_s = late.as_secs_f64();
            require(field, late_s, late_s <= 3_600.0, "at most 3600 seconds")?;
        }
        Ok(())
    }

    /// The share of `person_probability` that the list still gives, so many calls into it.
    pub(crate) fn list_share(&self, dialled: u64) -> f64 {
        if self.list_calls == 0 {
            return 1.0;
        }
        let worn = (dialled as f64 / self.list_calls as f64).min(1.0);
        1.0 - worn * (1.0 - self.list_worn)
    }

    fn probabilities(&self) -> [(&'static str, f64); 6] {
        [
            ("person_probability", self.person_probability),
            ("machine_probability", self.machine_probability),
            ("busy_probability", self.busy_probability),
            ("machine_missed", self.machine_missed),
            ("person_mistaken", self.person_mistaken),
            ("unavailable_probability", self.unavailable_probability),
        ]
    }

    fn distributions(&self) -> [(&'static str, Distribution); 10] {
        [
            ("ring_s", self.ring_s),
            ("ring_timeout_s", self.ring_timeout_s),
            ("busy_tone_s", self.busy_tone_s),
            ("detection_s", self.detection_s),
            ("patience_s", self.patience_s),
            ("talk_s", self.talk_s),
            ("machine_talk_s", self.machine_talk_s),
            ("wrap_up_s", self.wrap_up_s),
            ("unavailable_s", self.unavailable_s),
            ("failure_s", self.failure_s),
        ]
    }
}

fn require(
    field: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    wanted: &'static str,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError { field, value: value.to_string(), wanted }) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_default_is_a_call_centre() {
        assert_eq!(CentreConfig::default().check(), Ok(()));
    }

    #[test]
    fn an_error_names_field_value_and_range() {
        let config = CentreConfig { present_share: 1.5, ..CentreConfig::default() };
        let message = config.check().unwrap_err().to_string();
        assert_eq!(message, "present_share is 1.5: it must be above 0 and at most 1");
    }

    #[test]
    fn each_field_is_checked() {
        let good = CentreConfig::default;
        for (field, bad) in [
            ("agents", CentreConfig { agents: 0, ..good() }),
            ("break_s_mean", CentreConfig { break_s_mean: f64::NAN, ..good() }),
            ("machine_missed", CentreConfig { machine_missed: -0.1, ..good() }),
            ("person, machine and busy probability together", CentreConfig { person_probability: 0.9, ..good() }),
            (
                "feed.delay",
                CentreConfig { feed: FeedConfig { delay: Duration::MAX, ..FeedConfig::default() }, ..good() },
            ),
            ("list_worn", CentreConfig { list_worn: 0.0, ..good() }),
            ("day_shape", CentreConfig { day_shape: 2.0, ..good() }),
            ("smoothing_s", CentreConfig { smoothing_s: -1.0, ..good() }),
            ("trunks", CentreConfig { trunks: 0, ..good() }),
            ("talk_s", CentreConfig { talk_s: Distribution::Exponential { mean: 0.0 }, ..good() }),
        ] {
            assert_eq!(bad.check().unwrap_err().field, field);
        }
    }
}
