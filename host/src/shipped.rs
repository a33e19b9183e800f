//! The policies that ship inside this binary, as components built by the build script.

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// The component of the shipped policy of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static [u8]> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, component)| *component)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component's first bytes: the magic, version 13, layer 1.
    const MAGIC: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];

    /// The most bytes that a shipped component may have.
    const MAX_BYTES: usize = 100_000;

    #[test]
    fn every_shipped_policy_is_a_small_component() {
        for (name, component) in SHIPPED {
            assert!(component.starts_with(&MAGIC), "{name} is not a component");
            assert!(component.len() < MAX_BYTES, "{name} has {} bytes, not under {MAX_BYTES}", component.len());
        }
    }

    #[test]
    fn the_default_policy_and_the_baseline_ship() {
        assert!(find("proportional").is_some());
        assert!(find("fixed").is_some());
        assert!(find("sdk").is_none());
    }
}
