//! Builds a policy's crate by cargo, and finds the component among what it made.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::Context;
use serde_json::Value;

/// Most of cargo's own words that are kept: the first errors are at the front.
const MOST_WORDS: u64 = 64 << 10;

/// What a build came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// A component's file.
    Component(PathBuf),
    /// Why there is none, in cargo's words or ours.
    Failed(String),
}

/// Builds the crate in `dir` for release.
pub(super) fn build(dir: &Path, target: &str, more: &[String]) -> anyhow::Result<Build> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--message-format=json-render-diagnostics", "--target", target])
        .args(more)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = cargo.spawn().context("can't run cargo: is Rust installed, and on PATH?")?;
    let (messages, words) = (child.stdout.take(), child.stderr.take());
    let words = thread::spawn(move || words.map(head).unwrap_or_default());
    let component = messages.and_then(|messages| last_component(BufReader::new(messages)));
    let status = child.wait().context("can't wait for cargo")?;
    let words = words.join().unwrap_or_default();
    Ok(match component {
        _ if !status.success() => Build::Failed(words),
        Some(component) => Build::Component(component),
        None => Build::Failed(format!(
            "the crate in {} makes no component: its Cargo.toml needs\n\n[lib]\ncrate-type = [\"cdylib\"]\n",
            dir.display()
        )),
    })
}

/// The beginning of what cargo says; the rest is read and dropped, so that cargo never waits for a reader.
fn head(mut from: impl Read) -> String {
    let mut words = Vec::new();
    let _ = from.by_ref().take(MOST_WORDS).read_to_end(&mut words);
    let _ = io::copy(&mut from, &mut io::sink());
    String::from_utf8_lossy(&words).into_owned()
}

/// The last file of cargo's messages that is WebAssembly: dependencies come before what depends on them.
fn last_component(messages: impl BufRead) -> Option<PathBuf> {
    let mut found = None;
    for message in messages.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&message) else { continue };
        let mut files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(file) = files.rfind(|file| file.ends_with(".wasm")) {
            found = Some(PathBuf::from(file));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_artifact_that_is_webassembly_is_the_component() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/t/libserde.rlib"]}
{"reason":"compiler-artifact","filenames":["/t/deps/dependency.wasm"]}
{"reason":"compiler-artifact","filenames":["/t/mine.d","/t/mine.wasm"]}
no JSON at all
{"reason":"build-finished","success":true}
"#;
        assert_eq!(last_component(messages.as_bytes()), Some(PathBuf::from("/t/mine.wasm")));
        assert_eq!(last_component("{}".as_bytes()), None);
    }

    #[test]
    fn what_cargo_says_of_a_crate_that_does_not_build_is_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "[package]\nname = 1\n").unwrap();
        let Build::Failed(why) = build(folder.path(), "wasm32-unknown-unknown", &[]).unwrap() else {
            panic!("it can't build");
        };
        assert!(why.contains("name = 1"), "{why}");
    }

    #[test]
    fn no_more_is_kept_than_the_bound() {
        assert_eq!(head(io::repeat(b'x').take(3 * MOST_WORDS)).len() as u64, MOST_WORDS);
    }
}
