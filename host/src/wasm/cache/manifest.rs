//! What the cache holds by our doing: one line for each file, the one used last at the end.

use super::super::revision::Digest;

/// A file of machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What was compiled.
    pub(super) component: Digest,
    /// SHA-256 of the file.
    pub(super) code: Digest,
    /// Size of the file.
    pub(super) bytes: u64,
    /// Its path within the cache's own folder.
    pub(super) path: String,
}

/// The list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest(pub(super) Vec<Entry>);

impl Manifest {
    /// Reads a manifest; lines that are none are left out, so that their files are removed as not listed.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(entry).collect())
    }

    /// The manifest as text, one line a file: component, code, bytes, path.
    pub(super) fn text(&self) -> String {
        let line = |entry: &Entry| format!("{} {} {} {}\n", entry.component, entry.code, entry.bytes, entry.path);
        self.0.iter().map(line).collect()
    }

    /// Whether a file is listed.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.0.iter().any(|entry| entry.path == path)
    }

    /// Makes a component's files the ones that were used last.
    pub(super) fn touch(&mut self, component: Digest) {
        self.0.sort_by_key(|entry| entry.component == component);
    }

    /// Bytes of all files together.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|entry| entry.bytes).sum()
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.splitn(4, ' ');
    let mut next = || words.next();
    Some(Entry {
        component: Digest::parse(next()?)?,
        code: Digest::parse(next()?)?,
        bytes: next()?.parse().ok()?,
        path: next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_what_it_writes_and_leaves_out_what_is_no_line() {
        let entry = |name: &str| Entry {
            component: Digest::of(name.as_bytes()),
            code: Digest::of(b"code"),
            bytes: 7,
            path: format!("modules/{name}"),
        };
        let mut manifest = Manifest(vec![entry("a"), entry("b")]);
        assert_eq!(Manifest::parse(&format!("rubbish\n{}half a li", manifest.text())), manifest);
        manifest.touch(Digest::of(b"a"));
        assert_eq!(manifest.0, [entry("b"), entry("a")]);
        assert!(manifest.lists("modules/a") && !manifest.lists("modules/c"));
    }
}
