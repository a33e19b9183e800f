//! A simulated tenant of the platform: its API over real HTTP, simulated campaigns behind it, faults on demand.
//!
//! It exists so that people can try `paced run` without a contact centre, and so that tests meet the platform as it is
//! on bad days. It is picky on purpose: what a lenient double lets pass, the real platform refuses in production.
//!
//! It shares no code with the dialer that talks to it, or both could be wrong alike. All its durations are platform
//! time (see [`crate::clock`]); only `/control` is its own, everything under `/api` is the platform's.
//!
//! The parts: `server` takes connections and `connection` can cut them; `api` takes a request through faults and
//! dispatch; `token`, `analytics` and `campaign` answer; `fault` holds what goes wrong and `tamper` does it to answers;
//! `script` is faults by the clock; `control` is the way in for people, and [`RunningTenant`] for code.

mod analytics;
mod answer;
mod api;
mod campaign;
mod config;
mod connection;
mod control;
mod fault;
mod form;
mod platform;
mod quota;
mod requests;
mod running;
mod script;
mod server;
mod tamper;
mod token;

#[cfg(test)]
mod tests;

pub use answer::RetryAfterForm;
pub use api::Operation;
pub use campaign::{Change, UnknownCampaign};
pub use config::{CampaignSetup, TenantConfig, TenantError};
pub use fault::{BadRule, Cursor, Fault, Rule};
pub use requests::{LoggedRequest, RequestCounts};
pub use running::{RunningTenant, Tenant};
pub use script::{Action, BadScript, FaultScript, Step};
