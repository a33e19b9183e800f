//! The first few items of a list that a message names, so that hostile or broken input can't make it endless.

use std::fmt::Display;

/// Items that are named.
const NAMED: usize = 4;

/// At most four items and how many more there are; "" where there is none.
pub(crate) fn few<T: Display>(items: impl ExactSizeIterator<Item = T>, separator: &str) -> String {
    let more = items.len().saturating_sub(NAMED);
    let mut named: Vec<_> = items.take(NAMED).map(|item| item.to_string()).collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_are_named_and_the_rest_counted() {
        assert_eq!(few([0; 0].iter(), ", "), "");
        assert_eq!(few([1, 2, 3, 4].iter(), ", "), "1, 2, 3, 4");
        assert_eq!(few([1, 2, 3, 4, 5, 6].iter(), ", "), "1, 2, 3, 4, and 2 more");
    }
}
