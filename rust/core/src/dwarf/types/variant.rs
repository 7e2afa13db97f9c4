//! Variant parts: enums with data and coroutines.

use gimli::{AttributeValue, Reader as _};

use super::kind::Encoding;
use super::member::{Member, member};
use super::number::{truncate, wide_signed, wide_unsigned};
use crate::die::DieId;
use crate::dwarf::Slice;
use crate::dwarf::debug_info::DebugInfo;
use crate::dwarf::entry::Entry;
use crate::dwarf::functions::{Declaration, declaration};
use crate::error::Result;

/// `DW_TAG_variant_part`: `discriminant` selects the variant that is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantPart {
    /// The field of the discriminant; an enum of one variant has none.
    pub discriminant: Option<Member>,
    /// Variants in declaration order.
    pub variants: Vec<Variant>,
}

/// One variant of an enum or coroutine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Name of the variant.
    pub name: String,
    /// Inclusive ranges of unsigned values that select it; empty for the default.
    pub discriminants: Vec<(u128, u128)>,
    /// The variant's structure.
    pub type_die: DieId,
    /// Bytes from the start of the enum.
    pub offset: u64,
    /// Source position of its declaration; for coroutines the suspend point.
    pub declaration: Declaration,
}

/// Describes a `DW_TAG_variant_part`.
pub(super) fn variant_part(info: &DebugInfo, part: &Entry<'_>) -> Result<VariantPart> {
    let discriminant = part
        .reference(gimli::DW_AT_discr)
        .and_then(|die| info.entry(die).ok())
        .and_then(|entry| member(&entry, false));
    let size = discriminant
        .as_ref()
        .and_then(|member| info.type_size(member.type_die));
    let mut variants = Vec::new();
    for child in part.unit.children(part.die.offset())? {
        if child.tag() == gimli::DW_TAG_variant {
            let discriminants = discriminants_of(info, &child, discriminant.as_ref(), size);
            variants.extend(variant(info, &child, discriminants)?);
        }
    }
    Ok(VariantPart {
        discriminant,
        variants,
    })
}

fn variant(
    info: &DebugInfo,
    entry: &Entry<'_>,
    discriminants: Vec<(u128, u128)>,
) -> Result<Option<Variant>> {
    let children = entry.unit.children(entry.die.offset())?;
    let field = children
        .iter()
        .find(|child| child.tag() == gimli::DW_TAG_member);
    let Some((entry, field)) = field.and_then(|entry| Some((entry, member(entry, false)?))) else {
        return Ok(None);
    };
    // A coroutine's members are numbered; the names are those of their types.
    let type_name = info
        .entry(field.type_die)
        .ok()
        .and_then(|entry| entry.name())
        .filter(|name| !name.is_empty());
    Ok(Some(Variant {
        name: type_name.map_or(field.name, std::borrow::Cow::into_owned),
        discriminants,
        type_die: field.type_die,
        offset: field.offset,
        declaration: declaration(std::slice::from_ref(entry)),
    }))
}

fn discriminants_of(
    info: &DebugInfo,
    variant: &Entry<'_>,
    discriminant: Option<&Member>,
    size: Option<u64>,
) -> Vec<(u128, u128)> {
    let is_signed = discriminant.is_some_and(|member| is_signed(info, member.type_die));
    if let Some(value) = variant.die.attr_value_raw(gimli::DW_AT_discr_value) {
        let number = if is_signed {
            wide_signed(value)
        } else {
            wide_unsigned(value)
        };
        return number
            .map(|value| truncate(value, size))
            .map(|value| (value, value))
            .into_iter()
            .collect();
    }
    let Some(AttributeValue::Block(list)) = variant.attribute(gimli::DW_AT_discr_list) else {
        return Vec::new();
    };
    read_list(list, is_signed)
        .into_iter()
        .map(|(low, high)| (truncate(low, size), truncate(high, size)))
        .collect()
}

fn is_signed(info: &DebugInfo, die: DieId) -> bool {
    info.entry(die)
        .is_ok_and(|entry| Encoding::of(&entry) == Encoding::Signed)
}

/// `DW_AT_discr_list` (DWARF 5, section 5.7.10): labels and ranges of LEB128 numbers.
fn read_list(mut list: Slice, is_signed: bool) -> Vec<(u128, u128)> {
    let mut ranges = Vec::new();
    while let Ok(kind) = list.read_u8() {
        let mut number = || {
            if is_signed {
                list.read_sleb128().map(|number| i128::from(number) as u128)
            } else {
                list.read_uleb128().map(u128::from)
            }
        };
        let Ok(low) = number() else { break };
        let is_range = gimli::DwDsc(kind) == gimli::DW_DSC_range;
        let high = if is_range { number() } else { Ok(low) };
        let Ok(high) = high else { break };
        ranges.push((low, high));
    }
    ranges
}
