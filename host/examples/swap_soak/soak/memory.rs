//! What the process takes up, as Linux tells it: resident memory and mappings.

use std::fs;

/// One look at the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Resident set, KiB.
    pub(crate) rss_kib: u64,
    /// Mappings: code of an earlier revision that was never freed would be among them.
    pub(crate) maps: u64,
}

impl Memory {
    /// The process as it is now.
    pub(crate) fn now() -> anyhow::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        let maps = fs::read("/proc/self/maps")?.iter().filter(|byte| **byte == b'\n').count();
        Ok(Self { rss_kib: rss.unwrap_or("0").parse()?, maps: maps as u64 })
    }
}
