//! A call centre that dials, in simulation: discrete events, seeded, and the same bytes on every machine.
//!
//! It stands in for the platform wherever no real one may be used: behind the simulated tenant's HTTP API, and in
//! process to compare policies. It reads no clock and does no I/O; its time moves only when [`CallCentre::advance`]
//! is told to.
//!
//! **Common random numbers.** Each cause of chance (does the called party answer, how long does it ring, how long do
//! they talk ...) has a stream of its own, and every call takes exactly one number from each of them, whether it needs
//! it or not. So the n-th call of a campaign has the same fate under every dial ratio, and two policies meet the same
//! day. Whoever adds a cause adds a stream; drawing twice from one, or only sometimes, breaks that.
//!
//! The parts: [`CentreConfig`] says what the centre is like, `centre` is the event loop, `agents` knows who is ready,
//! `calls` decides each call's fate, `streams` and [`Distribution`] give the numbers, `feed` turns what happened into
//! the platform's five-minute [`Bucket`]s, and [`Totals`] is the whole truth, which no platform shows. [`theory`] says
//! what must come of it where that can be known, [`validation`] holds the event loop against it, [`lab`] compares policies on it,
//! and [`experiment`] asks whether experiments on it find what is there.

mod agents;
mod call_centre;
mod calls;
mod centre;
mod config;
mod dialling;
mod distribution;
pub mod experiment;
mod feed;
mod interval;
pub mod lab;
mod schedule;
mod streams;
pub mod theory;
mod timeline;
mod totals;
pub mod validation;

pub use call_centre::CallCentre;
pub use centre::SharedCentre;
pub use config::{CentreConfig, ConfigError};
pub use distribution::Distribution;
pub use feed::{BUCKET, Bucket, FeedConfig, FeedKind, Offered};
pub use timeline::{Change, ChangeKind};
pub use totals::{AgentCounts, AgentTime, Totals};
