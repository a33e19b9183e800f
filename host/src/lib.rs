//! The pacing daemon: the I/O around `paced-core`, which decides.
//!
//! Data flows one way: the dialer observes, the policy proposes, the guard in core rules, the journal records, the
//! dialer applies. Only this crate reads a clock, opens a socket or touches a file.

pub mod board;
pub mod calendar;
pub mod campaign;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod data_dir;
pub mod dialer;
pub mod http;
pub mod journal;
pub mod lab;
pub mod live;
pub mod log;
pub mod policies;
pub mod registry;
pub mod replay;
pub mod scenario;
pub mod shipped;
pub mod tenant;
pub mod wasm;
pub mod watch;
