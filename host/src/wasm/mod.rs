//! The policy host: runs pacing policies as sandboxed WebAssembly components.
//!
//! A component is untrusted. [`Engine::load`] takes any bytes to a typed verdict, and [`WasmPolicy`] runs each decision
//! in a fresh instance under stated [`Limits`], so that the worst a policy can do is to have its campaign held. Nothing
//! outlives a call but the bytes that the policy returns: keep no store or instance between calls.
//!
//! One module per version of the contract (`v0_1`) stands between the component's records and core's, and one table
//! (`contract`) says which there are; everything else here is the same for every version.

mod cache;
mod call;
mod contract;
mod cost;
mod descriptor;
mod engine;
mod fault;
mod few;
mod guest_log;
mod imports;
mod limits;
mod load;
mod policy;
mod recipe;
mod reused;
mod revision;
mod scan;
mod slots;
mod stage;
mod ticker;
mod v0_1;
mod version;

#[cfg(test)]
pub(crate) mod tests;

pub use cache::CacheError;
pub use descriptor::DescriptorError;
pub use engine::{Engine, EngineError};
pub(crate) use few::few;
pub use imports::{ForbiddenImport, ForbiddenImports};
pub use limits::{LimitError, Limits, MAX_MEMORY_BYTES};
pub use load::{LoadError, Loaded};
pub use policy::WasmPolicy;
pub use recipe::{Recipe, RecipeError};
pub use reused::ReusedPolicy;
pub use revision::Digest;
pub use scan::ScanError;
pub use stage::{Compiled, Stage, Timeline};
pub use version::VersionError;
