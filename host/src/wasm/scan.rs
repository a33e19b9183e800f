//! A quick look at a component's bytes before anything is compiled: what it imports and exports, and whether compiling
//! it could cost more than a policy is worth.
//!
//! The look itself is linear in the size. It does not validate: what it lets through may still be wrong, and the
//! compiler says so.

use wasmparser::{
    BinaryReaderError, ComponentInstance, ComponentInstanceSectionReader, Encoding, FunctionBody, Instance,
    InstanceSectionReader, Parser, Payload,
};

use super::cost::Signatures;

/// Most functions in a component. A policy in Rust has some hundred, CPython some ten thousand.
const MAX_FUNCTIONS: u64 = 100_000;
/// Most points for compiling one function, which bounds the compiler's memory: some hundred megabytes, at worst.
const MAX_FUNCTION_COST: u64 = 10_000_000;
/// Most points for compiling all of them: a minute in a debug build, at worst. The policies that ship cost 200,000.
const MAX_COST: u64 = 60_000_000;
/// Most types, counted over all modules and components.
const MAX_TYPES: u64 = 50_000;
/// Most imports or exports of the component itself.
const MAX_NAMES: u64 = 1_000;
/// Deepest nesting of components.
const MAX_DEPTH: u64 = 8;
/// Bound on the instances that the component unfolds to. Nested components that instantiate each other twice double
/// with each one, so that a small file could ask for billions.
const MAX_INSTANCES: u64 = 4_096;

/// What the look found.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Names of the imports.
    pub(super) imports: Vec<String>,
    /// Names of the exports.
    pub(super) exports: Vec<String>,
}

/// The bytes are no component, or one that costs too much to compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The bytes are not WebAssembly, or are cut short.
    #[error("it is not valid WebAssembly ({message} at byte {offset}): is the file complete?")]
    Malformed {
        /// What is wrong.
        message: String,
        /// Where.
        offset: usize,
    },
    /// The bytes are a core module.
    #[error(
        "it is a core module, not a component: build it for `wasm32-wasip2`, or for `wasm32-unknown-unknown` with \
         `wasm-component-ld` as its linker"
    )]
    CoreModule,
    /// It has too much of something.
    #[error("it has {what}: {count}, and a policy may have at most {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        count: u64,
        /// How much is allowed.
        limit: u64,
    },
}

impl From<BinaryReaderError> for ScanError {
    fn from(error: BinaryReaderError) -> Self {
        // Its first line says it; further ones are a dump of bytes.
        let message = error.message().lines().next().unwrap_or_default().trim_end_matches(" - expected=[");
        Self::Malformed { message: message.to_owned(), offset: error.offset() }
    }
}

/// Looks through a component.
pub(super) fn scan(bytes: &[u8]) -> Result<Outline, ScanError> {
    let mut scan = Scan { instances: 1, ..Scan::default() };
    for payload in Parser::new(0).parse_all(bytes) {
        scan.payload(payload?)?;
    }
    Ok(scan.outline)
}

#[derive(Default)]
struct Scan {
    outline: Outline,
    /// Enclosing modules and components, each with the instantiations that a component lists.
    open: Vec<u64>,
    /// Of the module that is open, or was last.
    signatures: Signatures,
    cost: u64,
    functions: u64,
    types: u64,
    /// Product over all components seen of 1 + the instantiations that each lists, which bounds what they unfold to:
    /// a component may only instantiate such as stand before it.
    instances: u64,
}

impl Scan {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), ScanError> {
        match payload {
            Payload::Version { encoding, .. } => self.enter(encoding),
            Payload::End(_) => self.leave(),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::TypeSection(section) => {
                self.types(section.count())?;
                Ok(self.signatures.types(section)?)
            }
            Payload::ImportSection(section) => Ok(self.signatures.imports(section)?),
            Payload::FunctionSection(section) => {
                self.functions += u64::from(section.count());
                at_most("functions", self.functions, MAX_FUNCTIONS)?;
                Ok(self.signatures.functions(section)?)
            }
            Payload::CoreTypeSection(section) => self.types(section.count()),
            Payload::ComponentTypeSection(section) => self.types(section.count()),
            Payload::InstanceSection(section) => self.core_instances(section),
            Payload::ComponentInstanceSection(section) => self.component_instances(section),
            Payload::ComponentImportSection(section) if self.open.len() == 1 => {
                for import in section {
                    self.outline.imports.push(import?.name.name.to_owned());
                }
                at_most("imports", self.outline.imports.len() as u64, MAX_NAMES)
            }
            Payload::ComponentExportSection(section) if self.open.len() == 1 => {
                for export in section {
                    self.outline.exports.push(export?.name.name.to_owned());
                }
                at_most("exports", self.outline.exports.len() as u64, MAX_NAMES)
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, encoding: Encoding) -> Result<(), ScanError> {
        if self.open.is_empty() && encoding == Encoding::Module {
            return Err(ScanError::CoreModule);
        }
        if encoding == Encoding::Module {
            self.signatures = Signatures::default();
        }
        self.open.push(0);
        at_most("nested components", self.open.len() as u64, MAX_DEPTH)
    }

    fn leave(&mut self) -> Result<(), ScanError> {
        let listed = self.open.pop().unwrap_or_default();
        self.instances = self.instances.saturating_mul(listed.saturating_add(1));
        at_most("instances", self.instances, MAX_INSTANCES)
    }

    fn core_instances(&mut self, section: InstanceSectionReader<'_>) -> Result<(), ScanError> {
        for instance in section {
            if matches!(instance?, Instance::Instantiate { .. }) {
                self.instantiation();
            }
        }
        Ok(())
    }

    fn component_instances(&mut self, section: ComponentInstanceSectionReader<'_>) -> Result<(), ScanError> {
        for instance in section {
            if matches!(instance?, ComponentInstance::Instantiate { .. }) {
                self.instantiation();
            }
        }
        Ok(())
    }

    fn instantiation(&mut self) {
        if let Some(listed) = self.open.last_mut() {
            *listed += 1;
        }
    }

    fn types(&mut self, count: u32) -> Result<(), ScanError> {
        self.types = self.types.saturating_add(u64::from(count));
        at_most("types", self.types, MAX_TYPES)
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), ScanError> {
        let cost = self.signatures.cost(body)?;
        at_most("a function too costly to compile, in points", cost, MAX_FUNCTION_COST)?;
        self.cost = self.cost.saturating_add(cost);
        at_most("code too costly to compile, in points", self.cost, MAX_COST)
    }
}

fn at_most(what: &'static str, count: u64, limit: u64) -> Result<(), ScanError> {
    if count <= limit { Ok(()) } else { Err(ScanError::TooMuch { what, count, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(wat: &str) -> Result<Outline, ScanError> {
        scan(&wat::parse_str(wat).unwrap())
    }

    fn too_much(wat: &str) -> &'static str {
        match scanned(wat) {
            Err(ScanError::TooMuch { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_components_own_names_are_listed() {
        let outline = scanned(
            r#"(component
                (import "a" (instance))
                (component (import "inner" (instance)) (export "inner-too" (instance 0)))
                (export "b" (instance 0)))"#,
        )
        .unwrap();
        assert_eq!((outline.imports, outline.exports), (vec!["a".to_owned()], vec!["b".to_owned()]));
    }

    #[test]
    fn bytes_that_are_no_component_are_told_apart() {
        assert!(matches!(scan(b""), Err(ScanError::Malformed { .. })));
        assert!(matches!(scan(b"#!/bin/sh"), Err(ScanError::Malformed { .. })));
        assert_eq!(scanned("(module)").unwrap_err(), ScanError::CoreModule);
    }

    #[test]
    fn components_that_double_with_each_nesting_are_refused() {
        let mut wat = "(component $c0)".to_owned();
        for n in 1..=40 {
            let last = n - 1;
            wat += &format!("(component $c{n} (instance (instantiate $c{last})) (instance (instantiate $c{last})))");
        }
        assert_eq!(too_much(&format!("(component {wat} (instance (instantiate $c40)))")), "instances");
    }

    #[test]
    fn what_takes_long_to_compile_is_refused() {
        let loops = "(loop)".repeat(5_000);
        assert_eq!(
            too_much(&format!("(component (core module (func {loops})))")),
            "a function too costly to compile, in points"
        );
        let many = format!("(func {})", "(loop)".repeat(1_400)).repeat(100);
        assert_eq!(too_much(&format!("(component (core module {many}))")), "code too costly to compile, in points");
        assert!(scanned(&format!("(component (core module {}))", "(func)".repeat(100_000))).is_ok());
        assert_eq!(too_much(&format!("(component (core module {}))", "(func)".repeat(100_001))), "functions");
        let nested = (0..9).fold(String::new(), |inner, _| format!("(component {inner})"));
        assert_eq!(too_much(&nested), "nested components");
    }
}
