//! End to end: the real `paced` binary against the simulated tenant, over real HTTP.
//!
//! Each test is what an operator would see on a bad day. Nothing sleeps to be on time: a test waits for a line of the
//! log, or for a request to arrive at the tenant, with a deadline that only a broken paced can reach. Instants are
//! platform time, as log, journal and tenant record it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on ends, and says where")]

#[path = "../../host/src/wasm/tests/hand.rs"]
mod hand;
mod harness;

mod abandonment;
mod cli;
mod dry_run;
mod faults;
mod hostile;
mod journal;
mod layers;
mod live;
mod people;
mod policies;
mod readings;
mod replay;
mod requests;
mod restart;
mod throttling;
mod tokens;
