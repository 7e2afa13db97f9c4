//! Fields of structures, unions and variants.

use gimli::DwTag;

use crate::die::DieId;
use crate::dwarf::entry::Entry;

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Field name; tuple fields are `__0`, `__1`, ...
    pub name: String,
    /// Its type.
    pub type_die: DieId,
    /// Bytes from the start of the type.
    pub offset: u64,
    /// For C bit fields, bits from the start of `offset`.
    pub bit_offset: u64,
    /// For C bit fields, else 0.
    pub bit_size: u64,
    /// Written by the compiler, not in the source (`DW_AT_artificial`).
    pub artificial: bool,
    /// Bytes it is aligned to (`DW_AT_alignment`), 0 where DWARF does not say.
    pub alignment: u64,
}

/// The fields among the children of a type.
pub(super) fn members_of(children: &[Entry<'_>], parent: DwTag) -> Vec<Member> {
    children
        .iter()
        .filter(|child| {
            matches!(
                child.tag(),
                gimli::DW_TAG_member | gimli::DW_TAG_inheritance
            )
        })
        // Static data members are not part of the value.
        .filter(|child| !child.has(gimli::DW_AT_external) && !child.flag(gimli::DW_AT_declaration))
        .filter_map(|child| member(child, parent == gimli::DW_TAG_union_type))
        .collect()
}

/// One field; `None` for an entry without a type.
pub(super) fn member(entry: &Entry<'_>, in_union: bool) -> Option<Member> {
    let type_die = entry.reference(gimli::DW_AT_type)?;
    let stated = entry
        .unsigned(gimli::DW_AT_data_member_location)
        .unwrap_or(0);
    let bit_size = entry.unsigned(gimli::DW_AT_bit_size).unwrap_or(0);
    let (offset, bit_offset) = match entry.unsigned(gimli::DW_AT_data_bit_offset) {
        Some(bits) if bit_size > 0 => (bits / 8, bits % 8),
        _ => (stated, old_bit_offset(entry, bit_size)),
    };
    Some(Member {
        name: entry.name().unwrap_or_default().into_owned(),
        type_die,
        offset: if in_union { stated } else { offset },
        bit_offset,
        bit_size,
        artificial: entry.flag(gimli::DW_AT_artificial),
        alignment: entry.unsigned(gimli::DW_AT_alignment).unwrap_or(0),
    })
}

/// `DW_AT_bit_offset` of DWARF 2 and 3 counts from the most significant bit of the storage.
fn old_bit_offset(entry: &Entry<'_>, bit_size: u64) -> u64 {
    let from_top = entry.unsigned(gimli::DW_AT_bit_offset);
    let storage = entry.unsigned(gimli::DW_AT_byte_size).unwrap_or(4);
    from_top
        .and_then(|bits| {
            storage
                .checked_mul(8)?
                .checked_sub(bits)?
                .checked_sub(bit_size)
        })
        .unwrap_or(0)
}

/// Whether a Rust type of this name, with these fields, is a tuple or tuple struct.
pub(super) fn is_tuple(name: &str, members: &[Member]) -> bool {
    let is_numbered = |(index, member): (usize, &Member)| {
        member.name.strip_prefix("__") == Some(index.to_string().as_str())
    };
    name.starts_with('(') || !members.is_empty() && members.iter().enumerate().all(is_numbered)
}
