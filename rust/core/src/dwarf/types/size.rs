//! Sizes of types.

use crate::die::DieId;
use crate::dwarf::debug_info::DebugInfo;
use crate::dwarf::entry::Entry;

/// Most types that are followed to find a size, as from a typedef to what it renames.
const DEEPEST_SIZE: usize = 32;
/// Bytes of a pointer of the only architecture there is.
const POINTER_SIZE: u64 = 8;

impl DebugInfo {
    /// Bytes of a type, names and qualifiers followed.
    pub(crate) fn type_size(&self, die: DieId) -> Option<u64> {
        let mut next = die;
        let mut factor = 1_u64;
        for _ in 0..DEEPEST_SIZE {
            let entry = self.entry(next).ok()?;
            if let Some(size) = entry.unsigned(gimli::DW_AT_byte_size) {
                return size.checked_mul(factor);
            }
            match entry.tag() {
                gimli::DW_TAG_pointer_type
                | gimli::DW_TAG_reference_type
                | gimli::DW_TAG_rvalue_reference_type => return POINTER_SIZE.checked_mul(factor),
                gimli::DW_TAG_array_type => {
                    let children = entry.unit.children(entry.die.offset()).ok()?;
                    factor = factor.checked_mul(count_of(&children)?)?;
                }
                gimli::DW_TAG_subroutine_type => return None,
                _ => {}
            }
            next = entry.reference(gimli::DW_AT_type)?;
        }
        None
    }
}

/// Items of an array with these children, over all its dimensions.
pub(super) fn count_of(children: &[Entry<'_>]) -> Option<u64> {
    let mut dimensions = children
        .iter()
        .filter(|child| child.tag() == gimli::DW_TAG_subrange_type)
        .peekable();
    dimensions.peek()?;
    dimensions.try_fold(1_u64, |total, range| {
        let lower = range.unsigned(gimli::DW_AT_lower_bound).unwrap_or(0);
        let count = range.unsigned(gimli::DW_AT_count).or_else(|| {
            let upper = range.unsigned(gimli::DW_AT_upper_bound)?;
            // An upper bound of -1 is how C writes an array without items.
            upper.wrapping_add(1).checked_sub(lower)
        })?;
        total.checked_mul(count)
    })
}
