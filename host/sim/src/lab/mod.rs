//! The lab: whole shifts of a scenario, paced by a policy through the same core that paces real campaigns.
//!
//! A [`Scenario`] says what the day is like, [`run`] plays one seed of it with one policy for each campaign, and a
//! [`Shift`] says what came of it: the whole truth, which no platform shows. Everything between the feed's buckets and
//! the setting in force is [`paced_core`]'s own: step, guard, breaker, trip. So what a policy does here, it does there.
//!
//! The same scenario, seed and policy give the same shift, byte for byte, on any machine and in any order; whoever runs
//! many may use as many threads as there are.

mod compare;
mod course;
mod desk;
mod fixed;
mod movement;
mod native;
pub mod oracle;
mod run;
mod scenario;
mod shift;

pub use compare::{Estimate, Standing, standing};
pub use course::{Detail, Sample};
pub use fixed::{Answers, run_fixed};
pub use native::Constant;
pub use run::{LabError, run};
pub use scenario::{Campaign, Envelope, Scenario, Segment};
pub use shift::{CampaignShift, Shift};
