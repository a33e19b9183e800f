//! Scenarios: kinds of shifts to compare policies on, as TOML files that ship with paced or are a user's own.
//!
//! They are read by the same means as a configuration, and what is wrong with one is said in the same way: all of it at
//! once, each problem with its place, its value and what would be right. [`paced_sim`] never sees a file.

mod calls;
mod changes;
mod read;
mod rules;
mod shipped;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use paced_sim::lab::Scenario;

use crate::config::Finding;

pub use self::read::parse;
pub use self::shipped::{SHIPPED, find, names};

/// A larger file is no scenario.
const LARGEST_FILE: u64 = 1 << 20;

/// A scenario that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Neither a shipped one nor a file.
    #[error("{name} is no shipped scenario{} and no file: `paced simulate --list` lists them", near(.nearest))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The shipped one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The file can't be read.
    #[error("can't read the scenario {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("{}", lines(.0))]
    Wrong(Vec<Finding>),
}

fn near(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean {name}?)"))
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The shipped scenario of this name, or the one in the file at this path.
///
/// # Errors
/// There is none, or something in it is wrong.
pub fn load(name: &str) -> Result<Scenario, ScenarioError> {
    if let Some(text) = find(name) {
        return parse(name, &format!("{name}.toml"), text).map_err(ScenarioError::Wrong);
    }
    let path = Path::new(name);
    if !path.exists() {
        let nearest = crate::config::nearest(name, names());
        let nearest = nearest.and_then(|near| names().find(|shipped| *shipped == near));
        return Err(ScenarioError::Unknown { name: name.to_owned(), nearest });
    }
    let text = read(path).map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
    let stem = path.file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned());
    parse(&stem, name, &text).map_err(ScenarioError::Wrong)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 MiB"));
    }
    Ok(text)
}
