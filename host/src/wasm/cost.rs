//! An estimate, before compiling, of what compiling a component would take.
//!
//! An optimising compiler takes more than linear time in loops, in their nesting, and in how many variables live across
//! how many branches: 140 KB of loops kept it busy for half a minute. The points below were fitted to such worst cases
//! and are about a microsecond each in a debug build, a third of that in a release build. They need not be exact, but
//! nothing that takes long may come out cheap.

use wasmparser::{
    BinaryReaderError, BlockType, FuncType, FunctionBody, FunctionSectionReader, ImportSectionReader, Operator,
    TypeRef, TypeSectionReader,
};

/// For each function, however small.
const FUNCTION: u64 = 300;
/// For each byte of code.
const BYTE: u64 = 2;
/// For each variable declared.
const VARIABLE: u64 = 1;
/// For each variable at each branch.
const VARIABLE_AT_BRANCH: u64 = 2;
/// For each value that goes into or comes out of a call or a block.
const VALUE: u64 = 2;
/// The same where there are more of them than registers: 2,000 calls of 1,000 values took 44 s.
const SPILLED_VALUE: u64 = 25;
/// About as many values as there are registers.
const REGISTERS: u64 = 16;

/// What the functions of one core module take and give, by index, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    /// Points for the values in and out of each type.
    types: Vec<u64>,
    /// Type of each function, imported ones first.
    functions: Vec<u32>,
}

impl Signatures {
    /// Reads a type section.
    pub(super) fn types(&mut self, section: TypeSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for ty in section.into_iter_err_on_gc_types() {
            self.types.push(values(&ty?));
        }
        Ok(())
    }

    /// Reads an import section.
    pub(super) fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for import in section.into_imports() {
            if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                self.functions.push(ty);
            }
        }
        Ok(())
    }

    /// Reads a function section.
    pub(super) fn functions(&mut self, section: FunctionSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for ty in section {
            self.functions.push(ty?);
        }
        Ok(())
    }

    /// Points for compiling a function.
    pub(super) fn cost(&self, body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
        let mut tally = Tally { declared: declared(body)?, ..Tally::default() };
        for operator in body.get_operators_reader()? {
            tally.operator(&operator?, self);
        }
        Ok(tally.points(body.range().len() as u64))
    }

    /// Points for the values of a type; an index that is wrong is the compiler's to refuse.
    fn of_type(&self, ty: u32) -> u64 {
        self.types.get(ty as usize).copied().unwrap_or_default()
    }

    fn of_function(&self, function: u32) -> u64 {
        self.functions.get(function as usize).map_or(0, |ty| self.of_type(*ty))
    }

    fn of_block(&self, block: BlockType) -> u64 {
        match block {
            BlockType::FuncType(ty) => self.of_type(ty),
            BlockType::Empty | BlockType::Type(_) => 0,
        }
    }
}

fn values(ty: &FuncType) -> u64 {
    let count = (ty.params().len() + ty.results().len()) as u64;
    count * if count > REGISTERS { SPILLED_VALUE } else { VALUE }
}

fn declared(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut variables = 0_u64;
    for group in body.get_locals_reader()? {
        variables = variables.saturating_add(u64::from(group?.0));
    }
    Ok(variables)
}

/// What counts in one function.
#[derive(Default)]
struct Tally {
    branches: u64,
    loops: u64,
    /// Points already.
    values: u64,
    declared: u64,
    /// One more than the highest index used, which tells of parameters, too.
    used: u64,
    /// Open blocks, each with whether it is a loop.
    open: Vec<bool>,
    nesting: u64,
    deepest: u64,
}

impl Tally {
    fn operator(&mut self, operator: &Operator<'_>, signatures: &Signatures) {
        match operator {
            Operator::Loop { blockty } => {
                self.loops += 1;
                self.nesting += 1;
                self.deepest = self.deepest.max(self.nesting);
                self.open(true, signatures.of_block(*blockty));
            }
            Operator::Block { blockty } | Operator::If { blockty } => {
                self.open(false, signatures.of_block(*blockty));
            }
            Operator::TryTable { try_table } => self.open(false, signatures.of_block(try_table.ty)),
            Operator::End => self.nesting -= u64::from(self.open.pop() == Some(true)),
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => self.branches += 1,
            Operator::BrTable { targets } => self.branches += u64::from(targets.len()),
            Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } => {
                self.used = self.used.max(u64::from(*local_index) + 1);
            }
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.values += signatures.of_function(*function_index);
            }
            Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
                self.values += signatures.of_type(*type_index);
            }
            _ => {}
        }
    }

    fn open(&mut self, is_loop: bool, values: u64) {
        self.branches += 1;
        self.values += values;
        self.open.push(is_loop);
    }

    fn points(&self, bytes: u64) -> u64 {
        let variables = self.declared.max(self.used);
        let across = self.branches.saturating_mul(variables).saturating_mul(VARIABLE_AT_BRANCH);
        // Squared and cubed as measured: 4,000 loops in a row take 5 s, 2,000 in each other 30 s.
        let in_a_row = self.loops.saturating_pow(2) / 2;
        let in_each_other = self.deepest.saturating_pow(3) / 250;
        let linear = [(1, FUNCTION), (bytes, BYTE), (variables, VARIABLE)];
        let linear = linear.into_iter().map(|(count, points)| count.saturating_mul(points));
        linear.chain([self.values, across, in_a_row, in_each_other]).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of the last function of a module.
    fn cost(fields: &str) -> u64 {
        let bytes = wat::parse_str(format!("(module {fields})")).unwrap();
        let mut signatures = Signatures::default();
        let mut cost = 0;
        for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
            match payload.unwrap() {
                wasmparser::Payload::TypeSection(section) => signatures.types(section).unwrap(),
                wasmparser::Payload::ImportSection(section) => signatures.imports(section).unwrap(),
                wasmparser::Payload::FunctionSection(section) => signatures.functions(section).unwrap(),
                wasmparser::Payload::CodeSectionEntry(body) => cost = signatures.cost(&body).unwrap(),
                _ => {}
            }
        }
        cost
    }

    #[test]
    fn plain_code_costs_by_its_size() {
        assert_eq!(cost("(func)"), 300 + 2 * 2);
        assert_eq!(cost(&format!("(func {})", "nop ".repeat(1_000))), 300 + 2 * 1_002);
    }

    #[test]
    fn loops_cost_more_than_their_number() {
        let in_a_row = |n: usize| cost(&format!("(func {})", "(loop)".repeat(n)));
        assert!(in_a_row(2_000) > 3 * in_a_row(1_000));
        let in_each_other = |n: usize| cost(&format!("(func {} {})", "loop ".repeat(n), "end ".repeat(n)));
        assert!(in_each_other(2_000) > 7 * in_each_other(1_000));
    }

    #[test]
    fn variables_cost_at_each_branch() {
        let body = "(if (local.get 99) (then))".repeat(100);
        assert!(cost(&format!("(func (param {}) {body})", "i32 ".repeat(100))) > 100 * 100 * VARIABLE_AT_BRANCH);
    }

    #[test]
    fn wide_calls_and_blocks_cost_by_their_width() {
        let wide = format!("(param {0}) (result {0})", "i32 ".repeat(500));
        let pushed = "(i32.const 0)".repeat(500);
        let narrow = cost(&format!("(func {pushed} {})", "drop ".repeat(500)));
        let call = cost(&format!(
            r#"(import "m" "f" (func $f {wide})) (func {pushed} {} {})"#,
            "(call $f)".repeat(10),
            "drop ".repeat(500)
        ));
        assert!(call > narrow + 10 * 1_000 * SPILLED_VALUE);
        let block = cost(&format!("(type $t (func {wide})) (func {pushed} (block (type $t)) {})", "drop ".repeat(500)));
        assert!(block > narrow + 1_000 * SPILLED_VALUE);
    }
}
