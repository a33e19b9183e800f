//! Do experiments on simulated campaigns find what is there, and nothing else?
//!
//! Whoever changes the design, the analysis or a default of experiments learns here whether they still keep what they
//! promise. Each [`Claim`] sets up a [`World`] whose truth is known, runs whole switchbacks in it, from drawn schedule to
//! verdict, by the same [`paced_core::experiment`] that judges real campaigns, and compares how often something came
//! out with how often it ought to. All claims hold in a trial of any size; more trials see smaller lies.
//!
//! Trials are pure and independent, so a caller may run them in any order and on as many threads as it likes.

mod claims;
mod world;

pub use claims::{Claim, FALSE_ALARMS, Finding, Row, Truth, claims};
pub use world::{Trial, World};
