//! Experiments in worlds whose truth is known: do they find what is there, and nothing else?
//!
//! Seeds are fixed, so a test that passes always passes. The simulator's own test of experiments, with call centres
//! instead of made-up sums, is in paced-sim.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod split;
mod switchback;
mod world;
