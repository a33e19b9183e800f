//! How many requests have been put on the wire, by what they do: for summaries, and for the request budget.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks for an access token.
    Token,
    /// Queries metrics.
    Query,
    /// Reads back a campaign.
    ReadBack,
    /// Updates a campaign.
    Update,
}

/// Requests sent since the start, each attempt and each page for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestsSent {
    /// For access tokens.
    pub token: u64,
    /// Metric queries.
    pub query: u64,
    /// Campaigns read back.
    pub read_back: u64,
    /// Campaigns updated.
    pub update: u64,
}

impl RequestsSent {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.token + self.query + self.read_back + self.update
    }
}

/// The running count.
#[derive(Debug, Default)]
pub(super) struct Sent {
    token: AtomicU64,
    query: AtomicU64,
    read_back: AtomicU64,
    update: AtomicU64,
}

impl Sent {
    pub(super) fn count(&self, kind: Kind) {
        let counter = match kind {
            Kind::Token => &self.token,
            Kind::Query => &self.query,
            Kind::ReadBack => &self.read_back,
            Kind::Update => &self.update,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn so_far(&self) -> RequestsSent {
        RequestsSent {
            token: self.token.load(Ordering::Relaxed),
            query: self.query.load(Ordering::Relaxed),
            read_back: self.read_back.load(Ordering::Relaxed),
            update: self.update.load(Ordering::Relaxed),
        }
    }
}
