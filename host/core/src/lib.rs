//! Pacing decisions as pure functions.
//!
//! Core does no I/O, reads no clock and draws no entropy: the same inputs give the same bytes on every machine. Time,
//! seeds and what the platform said are arguments; what to send is a return value. [`step::step`] is the heart; a
//! directive's fate comes back through [`settle::settle`], and people's changes through [`people::read_back`].

pub mod breaker;
pub mod budget;
pub mod config;
pub mod directive;
pub mod entry;
pub mod experiment;
pub mod feed;
pub mod guard;
pub mod hash;
pub mod ledger;
pub mod params;
pub mod people;
pub mod plan;
pub mod policy;
pub mod ratio;
pub mod reading;
pub mod settle;
pub mod state;
pub mod stats;
pub mod step;
pub mod time;
pub mod trial;
pub mod trip;
pub mod view;
