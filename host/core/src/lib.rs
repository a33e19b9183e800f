//! Pacing decisions as pure functions.
//!
//! Core does no I/O, reads no clock and draws no entropy: the same inputs give the same bytes on every machine. Time,
//! seeds and what the platform said are arguments; what to send is a return value.

pub mod budget;
pub mod config;
pub mod params;
pub mod policy;
pub mod ratio;
pub mod reading;
pub mod time;
