//! The policies that decided, made again from what the journal says of their revisions.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use paced_core::policy::{Policy, Revision};

use crate::journal::{JournalError, JournalReader};
use crate::shipped;
use crate::wasm::{Digest, Engine, Recipe, WasmPolicy};

/// The most policies that are kept loaded; the one loaded first goes first.
const LOADED: usize = 64;

/// The components that a journal's decisions were made by.
pub struct Components<'r> {
    engine: Engine,
    reader: &'r JournalReader,
    folder: PathBuf,
    known: BTreeMap<Revision, Result<WasmPolicy, String>>,
    order: VecDeque<Revision>,
}

impl<'r> Components<'r> {
    /// Components from `folder`, the `components` of a data directory, and those built into this program.
    #[must_use]
    pub fn new(engine: Engine, reader: &'r JournalReader, folder: PathBuf) -> Self {
        Self { engine, reader, folder, known: BTreeMap::new(), order: VecDeque::new() }
    }

    /// The policy of a revision, or why it can't be had.
    pub(super) fn get(&mut self, revision: Revision) -> Result<WasmPolicy, String> {
        if let Some(known) = self.known.get(&revision) {
            return known.clone();
        }
        let made = self.make(revision);
        if self.order.len() >= LOADED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(revision);
        self.known.insert(revision, made.clone());
        made
    }

    fn make(&self, revision: Revision) -> Result<WasmPolicy, String> {
        let short = revision.short();
        let unreadable = |error: JournalError| format!("what revision {short} is made of can't be read: {error}");
        let Some(parts) = self.reader.revision(revision).map_err(unreadable)? else {
            return Err(format!("the journal does not say what revision {short} is made of"));
        };
        let recipe = Recipe::decode(&parts.exact).map_err(|error| format!("revision {short}: {error}"))?;
        if recipe.revision() != revision {
            return Err(format!("what revision {short} is made of is damaged: it gives another revision"));
        }
        let bytes = self.bytes(recipe.component)?;
        let loaded = self.engine.load(&bytes, &recipe.limits).map_err(|error| {
            format!("this paced refuses the component {} ({}): {error}", recipe.component.short(), error.stage())
        })?;
        let policy = WasmPolicy::new(Arc::new(loaded), &recipe.params)
            .map_err(|errors| format!("revision {short}: {}", crate::wasm::few(errors.iter(), "; ")))?;
        if *policy.revision() == revision {
            Ok(policy)
        } else {
            Err(format!("revision {short} can't be made again: this paced makes {} of it", policy.revision().short()))
        }
    }

    fn bytes(&self, component: Digest) -> Result<Vec<u8>, String> {
        if let Some((_, bytes)) = shipped::SHIPPED.iter().find(|(_, bytes)| Digest::of(bytes) == component) {
            return Ok(bytes.to_vec());
        }
        let path = self.folder.join(format!("{component}.wasm"));
        match fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == component => Ok(bytes),
            Ok(_) => Err(format!("the component {} is damaged: its digest is another", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(format!("the component {} is not in {}", component.short(), self.folder.display()))
            }
            Err(error) => Err(format!("can't read the component {}: {error}", path.display())),
        }
    }
}
