//! stub

pub mod check;
