//! HTTP as a platform's adapter needs it: tokens, rate limits, retries, bounded answers, and no secret in sight.
//!
//! Layers, each using only those before it: [`secret`] and [`base_url`] say what may be sent where; [`transport`] makes
//! one exchange; [`oauth`] asks for a token and [`token`] keeps it; [`limiter`] hands out places; [`client`] sends a
//! call until it has an answer. Timing is platform time; only socket timeouts are wall time.

pub mod base_url;
pub mod client;
pub mod limiter;
pub mod oauth;
pub mod retry;
pub mod secret;
pub mod sent;
pub mod token;
pub mod transport;

#[cfg(test)]
pub(crate) mod fake;

pub use secret::Secret;
