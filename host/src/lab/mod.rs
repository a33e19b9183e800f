//! The lab's workbench: contestants, and the jobs that compare them on all cores.
//!
//! [`paced_sim::lab`] plays one shift and is pure. What needs threads, components or a terminal is here; whatever is
//! printed depends on scenario, policies and seeds alone, and not on how many threads there are.

mod compare;
mod contestant;
mod jobs;
mod oracle;

pub use compare::{Comparison, Entrant, Plan, compare};
pub use contestant::{Contestant, ContestantError, LabFailure};
pub use jobs::run_all;
pub use oracle::{Hindsight, hindsight};
