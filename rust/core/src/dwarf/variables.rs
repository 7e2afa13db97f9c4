//! Parameters, locals and statics.

use std::collections::{HashMap, HashSet};

use gimli::{AttributeValue, UnitOffset};

use super::Slice;
use super::code_attributes::CodeAttributes;
use super::debug_info::DebugInfo;
use super::entry::Entry;
use super::functions::{CodeRange, Declaration, declaration};
use super::origins::{first_with, linkage_name};
use super::unit::Unit;
use crate::die::DieId;
use crate::error::{Error, Result};

/// Largest constant, in bytes, that is cut or extended to the size of its type.
const LARGEST_CONSTANT: u64 = 1 << 16;

/// Most variables of a function that are read, those of its blocks included.
const MOST_VARIABLES: usize = 1 << 15;

/// Kind of a [`Variable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    /// `DW_TAG_formal_parameter`.
    Parameter,
    /// `DW_TAG_variable` of a function.
    Local,
    /// `DW_TAG_variable` outside functions.
    Static,
}

/// A parameter, local, captured variable or static.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its entry.
    pub die: DieId,
    /// Bare name.
    pub name: String,
    /// Qualified path of a static, else the bare name.
    pub path: String,
    /// Mangled name of a static.
    pub linkage_name: Option<String>,
    /// Parameter, local or static.
    pub kind: VariableKind,
    /// Its type.
    pub type_die: Option<DieId>,
    /// Source position of its declaration.
    pub declaration: Declaration,
    /// Code of its lexical block; empty for a static.
    pub ranges: Vec<CodeRange>,
    /// Nesting of the block, 0 = function level.
    pub depth: u32,
    /// Written by the compiler, not in the source (`DW_AT_artificial`).
    pub artificial: bool,
    /// Its constant value, little-endian, of the type's size.
    pub constant: Option<Vec<u8>>,
    /// Whether `DW_AT_location` is present.
    pub has_location: bool,
    /// Whether it is at one place of the frame for as long as the frame is there.
    pub in_slot: bool,
    /// Bytes it is aligned to (`DW_AT_alignment`), 0 where DWARF does not say.
    pub alignment: u64,
}

/// The block that entries of a walk belong to.
struct Block {
    /// Offset of the first entry after it.
    end: UnitOffset,
    ranges: Vec<CodeRange>,
}

impl DebugInfo {
    /// Parameters and locals of one function or inline instance, nested blocks included.
    ///
    /// An instance that lost a variable to optimisation still lists it, without a location.
    pub(crate) fn variables(&self, function: DieId) -> Result<Vec<Variable>> {
        let entry = self.entry(function)?;
        let ranges =
            CodeAttributes::of(&entry.die).ranges_in(entry.unit, &|address| self.is_code(address));
        let own = self.variables_in(&entry, &ranges);
        let chain = entry.with_origins(self);
        let instances = chain
            .iter()
            .take_while(|entry| entry.has(gimli::DW_AT_abstract_origin))
            .count();
        if instances == 0 {
            return Ok(own.into_iter().map(|(variable, _)| variable).collect());
        }
        let all = self.variables_in(&chain[instances.min(chain.len() - 1)], &ranges);
        Ok(merge(own, all))
    }

    /// Variables directly in `function`, each with the abstract entry it is an instance of.
    fn variables_in(
        &self,
        function: &Entry<'_>,
        ranges: &[CodeRange],
    ) -> Vec<(Variable, Option<DieId>)> {
        let mut found = Vec::new();
        if let Err(error) = self.walk_blocks(function, ranges, &mut found) {
            self.problems
                .add(format!("variables of {:#x}: {error}", function.id().0));
        }
        found
    }

    fn walk_blocks(
        &self,
        function: &Entry<'_>,
        ranges: &[CodeRange],
        found: &mut Vec<(Variable, Option<DieId>)>,
    ) -> Result<()> {
        let unit = function.unit;
        let start = function.die.offset();
        let Some(end) = unit.outline().end_of(start) else {
            return Ok(());
        };
        let ranges = ranges.to_vec();
        let mut blocks = vec![Block { end, ranges }];
        let mut raw = unit.gimli.entries_raw(Some(start))?;
        let mut die = gimli::DebuggingInformationEntry::default();
        raw.read_entry(&mut die)?;
        while !raw.is_empty() && raw.next_offset() < end {
            if !raw.read_entry(&mut die)? {
                continue;
            }
            while blocks.len() > 1 && blocks.last().is_some_and(|block| die.offset() >= block.end) {
                blocks.pop();
            }
            match die.tag() {
                gimli::DW_TAG_formal_parameter | gimli::DW_TAG_variable => {
                    if found.len() == MOST_VARIABLES {
                        return Err(Error::Damaged(format!(
                            "a function has more than {MOST_VARIABLES} variables"
                        )));
                    }
                    let die = die.clone();
                    found.push(self.variable_in(Entry { unit, die }, &blocks));
                }
                gimli::DW_TAG_lexical_block => {
                    let block = self.block(unit, &die, &blocks);
                    blocks.push(block);
                }
                // Other functions have variables of their own.
                gimli::DW_TAG_inlined_subroutine | gimli::DW_TAG_subprogram
                    if die.has_children() =>
                {
                    match unit
                        .outline()
                        .end_of(die.offset())
                        .filter(|next| *next < end)
                    {
                        Some(next) => raw = unit.gimli.entries_raw(Some(next))?,
                        None => return Ok(()),
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A variable in the innermost of these blocks, and the abstract entry it is an
    /// instance of.
    fn variable_in(&self, entry: Entry<'_>, blocks: &[Block]) -> (Variable, Option<DieId>) {
        let origin = entry.reference(gimli::DW_AT_abstract_origin);
        let mut variable = self.variable(entry);
        if let Some(block) = blocks.last() {
            variable.depth = blocks.len() as u32 - 1;
            variable.ranges.clone_from(&block.ranges);
        }
        (variable, origin)
    }

    /// A lexical block; without code attributes it has the code of the block around it.
    fn block(
        &self,
        unit: &Unit,
        die: &gimli::DebuggingInformationEntry<Slice>,
        around: &[Block],
    ) -> Block {
        let is_code = |address| self.is_code(address);
        let mut ranges = CodeAttributes::of(die).ranges_in(unit, &is_code);
        if let Some(outer) = around.last().filter(|_| ranges.is_empty()) {
            ranges.clone_from(&outer.ranges);
        }
        let end = unit.outline().end_of(die.offset());
        Block {
            end: end.unwrap_or(die.offset()),
            ranges,
        }
    }

    /// Describes one variable; a local's block is for the caller to fill in.
    pub(crate) fn variable(&self, entry: Entry<'_>) -> Variable {
        let die = entry.id();
        let unit = entry.unit;
        let offset = entry.die.offset();
        let is_parameter = entry.tag() == gimli::DW_TAG_formal_parameter;
        let is_local = unit.outline().function_around(offset).is_some();
        let chain = entry.with_origins(self);
        let name = first_with(&chain, gimli::DW_AT_name)
            .and_then(Entry::name)
            .unwrap_or_default()
            .into_owned();
        let kind = match (is_parameter, is_local) {
            (true, _) => VariableKind::Parameter,
            (false, true) => VariableKind::Local,
            (false, false) => VariableKind::Static,
        };
        let type_die = first_with(&chain, gimli::DW_AT_type)
            .and_then(|entry| entry.reference(gimli::DW_AT_type));
        Variable {
            die,
            path: match kind {
                VariableKind::Static => self.qualified_name(&chain),
                _ => name.clone(),
            },
            name,
            linkage_name: linkage_name(&chain),
            kind,
            type_die,
            declaration: declaration(&chain),
            ranges: Vec::new(),
            depth: 0,
            artificial: chain
                .iter()
                .any(|entry| entry.flag(gimli::DW_AT_artificial)),
            constant: first_with(&chain, gimli::DW_AT_const_value)
                .and_then(|entry| self.constant(entry, type_die)),
            has_location: first_with(&chain, gimli::DW_AT_location).is_some(),
            in_slot: first_with(&chain, gimli::DW_AT_location).is_some_and(is_in_slot),
            alignment: first_with(&chain, gimli::DW_AT_alignment)
                .and_then(|entry| entry.unsigned(gimli::DW_AT_alignment))
                .unwrap_or(0),
        }
    }

    /// `DW_AT_const_value` as little-endian bytes of the type's size.
    fn constant(&self, entry: &Entry<'_>, type_die: Option<DieId>) -> Option<Vec<u8>> {
        let size = type_die.and_then(|die| self.type_size(die));
        let value = entry.die.attr_value_raw(gimli::DW_AT_const_value)?;
        let mut bytes = match value {
            AttributeValue::Block(block) => block.slice().to_vec(),
            AttributeValue::Data1(byte) => vec![byte],
            AttributeValue::Data2(number) => number.to_le_bytes().to_vec(),
            AttributeValue::Data4(number) => number.to_le_bytes().to_vec(),
            AttributeValue::Data8(number) => number.to_le_bytes().to_vec(),
            AttributeValue::Data16(number) => number.to_le_bytes().to_vec(),
            AttributeValue::Udata(number) => u128::from(number).to_le_bytes().to_vec(),
            AttributeValue::Sdata(number) => i128::from(number).to_le_bytes().to_vec(),
            _ => {
                let text = entry.unit.as_ref().attr_string(value).ok()?;
                text.slice().to_vec()
            }
        };
        let size = size.filter(|size| *size <= LARGEST_CONSTANT);
        match (size, value) {
            (Some(size), _) => bytes.resize(size as usize, 0),
            (None, AttributeValue::Udata(_) | AttributeValue::Sdata(_)) => bytes.truncate(8),
            (None, _) => {}
        }
        Some(bytes)
    }
}

/// Whether the location of an entry is a fixed offset from the frame base, and nothing else.
fn is_in_slot(entry: &Entry<'_>) -> bool {
    let location = entry.attribute(gimli::DW_AT_location);
    let Some(expression) = location.and_then(|location| location.exprloc_value()) else {
        return false;
    };
    let mut operations = expression.operations(entry.unit.gimli.encoding());
    matches!(
        operations.next(),
        Ok(Some(gimli::Operation::FrameOffset { .. }))
    ) && matches!(operations.next(), Ok(None))
}

/// Merges the variables of an instance into those of its abstract function.
///
/// The order is that of the source; variables without an abstract entry follow at the end.
fn merge(
    own: Vec<(Variable, Option<DieId>)>,
    all: Vec<(Variable, Option<DieId>)>,
) -> Vec<Variable> {
    let mut instances: HashMap<DieId, Vec<Variable>> = HashMap::new();
    let mut rest = Vec::new();
    let known: HashSet<DieId> = all.iter().map(|(variable, _)| variable.die).collect();
    for (variable, origin) in own {
        match origin.filter(|origin| known.contains(origin)) {
            Some(origin) => instances.entry(origin).or_default().push(variable),
            None => rest.push(variable),
        }
    }
    let mut merged = Vec::with_capacity(all.len() + rest.len());
    for (mut variable, _) in all {
        if let Some(instances) = instances.remove(&variable.die) {
            merged.extend(instances);
        } else {
            variable.has_location = false;
            variable.in_slot = false;
            merged.push(variable);
        }
    }
    merged.extend(rest);
    merged
}
