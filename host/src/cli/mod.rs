//! The command line.

pub mod check;
pub mod journal;
pub mod policy;
pub mod tenant;
