//! The outline of one unit's tree: its scopes and its functions' code.
//!
//! rustc writes no `DW_AT_sibling`, so finding anything means walking a unit from its start.
//! One walk that skips nearly all attributes keeps what later questions need to go straight to
//! the right entries.

use gimli::{DwTag, UnitOffset, UnitRef};

use super::Slice;
use super::code_attributes::CodeAttributes;
use crate::elf::Allowance;
use crate::error::{Error, Result};

/// The scope of what is in no scope but the unit itself.
pub(crate) const NO_SCOPE: u32 = u32::MAX;

/// Deepest tree that is believed; compilers nest some dozens of scopes.
const DEEPEST: usize = 4096;

/// An entry that other entries are looked up in or named after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) offset: u32,
    /// Offset of the first entry after the subtree.
    pub(crate) end: u32,
    /// Index of the scope around it, or [`NO_SCOPE`].
    pub(crate) parent: u32,
    pub(crate) tag: DwTag,
}

impl Scope {
    /// Offset of its entry.
    pub(crate) fn start(&self) -> UnitOffset {
        UnitOffset(self.offset as usize)
    }
}

/// A range of code and the scope index of the function it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CodeRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) scope: u32,
}

/// The outline of one unit's tree.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Scopes in the order of the file, which is pre-order.
    pub(crate) scopes: Vec<Scope>,
    /// Code of concrete functions, by address.
    pub(crate) code: Vec<CodeRange>,
    /// The reason why the walk ended early, if it did.
    pub(crate) damage: Option<Error>,
}

impl Outline {
    /// Walks `unit`; `is_code` is false for the addresses of functions the linker discarded.
    pub(crate) fn read(
        unit: UnitRef<'_, Slice>,
        is_code: &dyn Fn(u64) -> bool,
        allowance: &Allowance,
    ) -> Self {
        let mut outline = Self::default();
        if let Err(error) = outline.walk(unit, is_code, allowance) {
            outline.damage = Some(error);
        }
        let end = u32::try_from(unit.header.length_including_self()).unwrap_or(u32::MAX);
        for scope in &mut outline.scopes {
            if scope.end == 0 {
                scope.end = end;
            }
        }
        outline.code.sort_unstable();
        outline
    }

    fn walk(
        &mut self,
        unit: UnitRef<'_, Slice>,
        is_code: &dyn Fn(u64) -> bool,
        allowance: &Allowance,
    ) -> Result<()> {
        let mut raw = unit.entries_raw(None)?;
        // For each open level, the scope that entries on it belong to.
        let mut open: Vec<u32> = Vec::new();
        while !raw.is_empty() {
            let offset = offset32(raw.next_offset())?;
            let Some(abbreviation) = raw.read_abbreviation()? else {
                let closed = open.pop().unwrap_or(NO_SCOPE);
                if closed != open.last().copied().unwrap_or(NO_SCOPE) {
                    let next = offset32(raw.next_offset())?;
                    self.scopes[closed as usize].end = next;
                }
                if open.is_empty() {
                    break; // the unit's own entry has ended; what follows is padding
                }
                continue;
            };
            let around = open.last().copied().unwrap_or(NO_SCOPE);
            let inside = self
                .add_scope(offset, around, abbreviation, allowance)?
                .unwrap_or(around);
            if has_code(abbreviation) {
                let mut code = CodeAttributes::default();
                for spec in abbreviation.attributes() {
                    let attribute = raw.read_attribute(*spec)?;
                    code.take(attribute.name(), attribute.value());
                }
                let (ranges, cut) = code.ranges(unit, is_code);
                self.damage = self.damage.take().or(cut);
                for (start, end) in ranges {
                    let scope = inside;
                    allowance.push(&mut self.code, CodeRange { start, end, scope })?;
                }
            } else {
                raw.skip_attributes(abbreviation.attributes())?;
            }
            if abbreviation.has_children() {
                check_depth(open.len())?;
                open.push(inside);
            } else if open.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Notes an entry if it is a scope; its end is filled in when it is reached.
    fn add_scope(
        &mut self,
        offset: u32,
        parent: u32,
        entry: &gimli::Abbreviation,
        allowance: &Allowance,
    ) -> Result<Option<u32>> {
        // A function or inline instance without variables has no children, and is a frame all
        // the same; other scopes without children are of no interest.
        let is_frame = matches!(
            entry.tag(),
            gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine
        );
        let has_children = entry.has_children();
        if !is_scope(entry.tag()) || !(has_children || is_frame) {
            return Ok(None);
        }
        let scope = Scope {
            offset,
            end: if has_children { 0 } else { offset + 1 },
            parent,
            tag: entry.tag(),
        };
        allowance.push(&mut self.scopes, scope)?;
        Ok(Some(self.scopes.len() as u32 - 1))
    }

    /// Index of the innermost scope around the entry at `offset`, itself excluded.
    pub(crate) fn scope_around(&self, offset: UnitOffset) -> Option<u32> {
        let before = self
            .scopes
            .partition_point(|scope| (scope.offset as usize) < offset.0);
        let mut index = before.checked_sub(1)? as u32;
        loop {
            let scope = self.scopes.get(index as usize)?;
            if offset.0 < scope.end as usize {
                return Some(index);
            }
            index = scope.parent;
        }
    }

    /// Index of the scope that the entry at `offset` is.
    pub(crate) fn scope_at(&self, offset: UnitOffset) -> Option<u32> {
        let found = self
            .scopes
            .binary_search_by_key(&offset.0, |scope| scope.offset as usize);
        found.ok().map(|index| index as u32)
    }

    /// Offset of the first entry after the scope at `offset`.
    pub(crate) fn end_of(&self, offset: UnitOffset) -> Option<UnitOffset> {
        let scope = self.scopes.get(self.scope_at(offset)? as usize)?;
        Some(UnitOffset(scope.end as usize))
    }

    /// A scope, its parent, and so on.
    pub(crate) fn ancestors(&self, first: Option<u32>) -> impl Iterator<Item = Scope> + '_ {
        let mut next = first.unwrap_or(NO_SCOPE);
        std::iter::from_fn(move || {
            let scope = *self.scopes.get(next as usize)?;
            next = scope.parent;
            Some(scope)
        })
    }

    /// Offset of the out-of-line function around the entry at `offset`.
    pub(crate) fn function_around(&self, offset: UnitOffset) -> Option<UnitOffset> {
        self.ancestors(self.scope_around(offset))
            .find(|scope| scope.tag == gimli::DW_TAG_subprogram)
            .map(|scope| UnitOffset(scope.offset as usize))
    }

    /// The concrete function that covers `address`.
    pub(crate) fn function_at(&self, address: u64) -> Option<Scope> {
        let after = self.code.partition_point(|code| code.start <= address);
        // Damaged or folded functions may overlap; look a few ranges back, not only one.
        let covering = self.code[..after]
            .iter()
            .rev()
            .take(8)
            .find(|code| address < code.end)?;
        self.scopes.get(covering.scope as usize).copied()
    }

    /// Indices of the scopes inside scope `index`.
    pub(crate) fn inside(&self, index: u32) -> std::ops::Range<u32> {
        let end = self.scopes.get(index as usize).map_or(0, |scope| scope.end);
        let after = self.scopes.partition_point(|scope| scope.offset < end) as u32;
        index.saturating_add(1)..after.max(index.saturating_add(1))
    }
}

/// Whether an entry is a function that has code of its own.
fn has_code(entry: &gimli::Abbreviation) -> bool {
    let says_where = |spec: &gimli::AttributeSpecification| {
        matches!(spec.name(), gimli::DW_AT_low_pc | gimli::DW_AT_ranges)
    };
    entry.tag() == gimli::DW_TAG_subprogram && entry.attributes().iter().any(says_where)
}

fn is_scope(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_namespace
            | gimli::DW_TAG_module
            | gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_interface_type
            | gimli::DW_TAG_enumeration_type
            | gimli::DW_TAG_subprogram
            | gimli::DW_TAG_lexical_block
            | gimli::DW_TAG_inlined_subroutine
    )
}

/// Refuses a tree that is deeper than any that a compiler makes.
pub(super) fn check_depth(depth: usize) -> Result<()> {
    if depth < DEEPEST {
        return Ok(());
    }
    Err(Error::Damaged(format!(
        "entries are nested more than {DEEPEST} deep"
    )))
}

fn offset32(offset: UnitOffset) -> Result<u32> {
    u32::try_from(offset.0).map_err(|_| Error::Damaged(String::from("a unit of over 4 GiB")))
}
