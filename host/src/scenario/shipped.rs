//! The scenarios that ship inside this binary.

/// Names and texts of the shipped scenarios, in the order in which they are listed and compared.
pub const SHIPPED: [(&str, &str); 20] = [
    ("steady-5", include_str!("../../scenarios/steady-5.toml")),
    ("steady-20", include_str!("../../scenarios/steady-20.toml")),
    ("steady-50", include_str!("../../scenarios/steady-50.toml")),
    ("steady-200", include_str!("../../scenarios/steady-200.toml")),
    ("steady-500", include_str!("../../scenarios/steady-500.toml")),
    ("answer-rate-doubles", include_str!("../../scenarios/answer-rate-doubles.toml")),
    ("answer-rate-halves", include_str!("../../scenarios/answer-rate-halves.toml")),
    ("list-decay", include_str!("../../scenarios/list-decay.toml")),
    ("shift-halves", include_str!("../../scenarios/shift-halves.toml")),
    ("shift-doubles", include_str!("../../scenarios/shift-doubles.toml")),
    ("agents-drop", include_str!("../../scenarios/agents-drop.toml")),
    ("lunch-dip", include_str!("../../scenarios/lunch-dip.toml")),
    ("long-calls", include_str!("../../scenarios/long-calls.toml")),
    ("detection-errors", include_str!("../../scenarios/detection-errors.toml")),
    ("feed-gap", include_str!("../../scenarios/feed-gap.toml")),
    ("late-feed", include_str!("../../scenarios/late-feed.toml")),
    ("counter-reset", include_str!("../../scenarios/counter-reset.toml")),
    ("shared-agents", include_str!("../../scenarios/shared-agents.toml")),
    ("carrier-outage", include_str!("../../scenarios/carrier-outage.toml")),
    ("usual-day", include_str!("../../scenarios/usual-day.toml")),
];

/// The text of the shipped scenario of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

/// The names of the shipped scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}
