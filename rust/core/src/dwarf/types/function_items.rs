//! Function items: zero-sized types that rustc describes as pointers to functions.
//!
//! The description of the type itself is the same for both, without a size.  What uses it
//! tells them apart: fields and variables have the alignment of what they really are.

use std::collections::HashMap;

use gimli::UnitOffset;

use crate::die::DieId;
use crate::dwarf::debug_info::DebugInfo;
use crate::dwarf::entry::Entry;
use crate::dwarf::unit::Unit;
use crate::error::Result;

const POINTER_SIZE: u64 = 8;

/// How the fields and variables of one unit use its function pointer types.
#[derive(Debug, Default)]
pub(crate) struct FunctionUses {
    fields: HashMap<UnitOffset, Alignments>,
    variables: HashMap<UnitOffset, Alignments>,
    /// Alignments of types of which they are certain, none of them 1.
    certain: HashMap<UnitOffset, u64>,
    /// Variables of such types that are aligned as their types are.
    aligned: u32,
    /// Variables that are not: this compiler gave bytes where bits belong.
    misaligned: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Alignments {
    of_pointer: bool,
    of_item: bool,
}

impl Alignments {
    fn add(&mut self, alignment: u64) {
        match alignment {
            POINTER_SIZE => self.of_pointer = true,
            1 => self.of_item = true,
            _ => {}
        }
    }

    fn only_items(self) -> bool {
        self.of_item && !self.of_pointer
    }
}

impl FunctionUses {
    /// Reads all of a unit.
    pub(crate) fn read(unit: &Unit) -> Self {
        let mut uses = Self::default();
        // What is before the damage is as good as ever.
        let _ = uses.walk(unit, &mut |uses, entry| uses.add_type(entry));
        let _ = uses.walk(unit, &mut |uses, entry| uses.add_use(entry));
        uses
    }

    fn walk(
        &mut self,
        unit: &Unit,
        visit: &mut dyn FnMut(&mut Self, &Entry<'_>),
    ) -> gimli::Result<()> {
        let mut raw = unit.gimli.entries_raw(None)?;
        while !raw.is_empty() {
            let offset = raw.next_offset();
            let Some(abbreviation) = raw.read_abbreviation()? else {
                continue;
            };
            raw.skip_attributes(abbreviation.attributes())?;
            let is_wanted = matches!(
                abbreviation.tag(),
                gimli::DW_TAG_member
                    | gimli::DW_TAG_variable
                    | gimli::DW_TAG_base_type
                    | gimli::DW_TAG_structure_type
                    | gimli::DW_TAG_pointer_type
            );
            if let Some(entry) = is_wanted.then(|| unit.entry(offset).ok()).flatten() {
                visit(self, &entry);
            }
        }
        Ok(())
    }

    fn add_type(&mut self, entry: &Entry<'_>) {
        let alignment = match entry.tag() {
            gimli::DW_TAG_base_type => entry.unsigned(gimli::DW_AT_byte_size),
            gimli::DW_TAG_structure_type => entry.unsigned(gimli::DW_AT_alignment),
            gimli::DW_TAG_pointer_type => is_data_pointer(entry).then_some(POINTER_SIZE),
            _ => None,
        };
        if let Some(alignment) = alignment.filter(|alignment| (2..=8).contains(alignment)) {
            self.certain.insert(entry.die.offset(), alignment);
        }
    }

    fn add_use(&mut self, entry: &Entry<'_>) {
        let Some(gimli::AttributeValue::UnitRef(target)) = entry.attribute(gimli::DW_AT_type)
        else {
            return;
        };
        let alignment = entry.unsigned(gimli::DW_AT_alignment).unwrap_or(0);
        match entry.tag() {
            gimli::DW_TAG_member => self.fields.entry(target).or_default().add(alignment),
            gimli::DW_TAG_variable => match self.certain.get(&target) {
                Some(certain) if *certain == alignment => self.aligned += 1,
                Some(_) => self.misaligned += 1,
                None => self.variables.entry(target).or_default().add(alignment),
            },
            _ => {}
        }
    }

    fn counts_in_bits(&self) -> bool {
        self.misaligned > self.aligned
    }

    fn is_item(&self, target: UnitOffset) -> bool {
        let fields = self.fields.get(&target).copied().unwrap_or_default();
        let variables = self.variables.get(&target).copied().unwrap_or_default();
        if fields.of_pointer || fields.of_item {
            return fields.only_items();
        }
        !self.counts_in_bits() && variables.only_items()
    }
}

/// Whether a pointer type's name is that of a reference or raw pointer.
fn is_data_pointer(entry: &Entry<'_>) -> bool {
    entry
        .name()
        .is_some_and(|name| name.starts_with(['&', '*']))
}

impl DebugInfo {
    /// Whether every use of the function pointer type `die` in its unit is a function item,
    /// and whether variables there have eighths of their alignment, as old compilers wrote.
    pub(crate) fn function_uses(&self, die: DieId) -> Result<(bool, bool)> {
        let entry = self.entry(die)?;
        let uses = entry.unit.function_uses();
        Ok((uses.is_item(entry.die.offset()), uses.counts_in_bits()))
    }
}
