//! Classification of types: by shape, by encoding, and by source language.

use gimli::AttributeValue;

use crate::dwarf::entry::Entry;
use crate::dwarf::unit::Unit;

/// Shape of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names say it all; `_core.pyi` describes them"
)]
pub enum TypeKind {
    Base,
    Pointer,
    Reference,
    Struct,
    Union,
    Enum,
    Array,
    Function,
    Typedef,
    Const,
    Volatile,
    Unit,
    Never,
    Opaque,
}

/// Encoding of the bytes of a base type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names say it all; `_core.pyi` describes them"
)]
pub enum Encoding {
    None,
    Bool,
    Char,
    Signed,
    Unsigned,
    Float,
    Address,
}

/// Source language of a unit, as far as types differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names say it all; `_core.pyi` describes them"
)]
pub enum Language {
    Rust,
    C,
    Cpp,
    Other,
}

impl TypeKind {
    /// The shape of `entry`, which has this name and perhaps a variant part.
    pub(super) fn of(entry: &Entry<'_>, name: &str, has_variants: bool) -> Self {
        match entry.tag() {
            gimli::DW_TAG_base_type if name == "()" => Self::Unit,
            gimli::DW_TAG_base_type if name == "!" => Self::Never,
            gimli::DW_TAG_base_type => Self::Base,
            gimli::DW_TAG_pointer_type if name.starts_with('&') => Self::Reference,
            gimli::DW_TAG_pointer_type | gimli::DW_TAG_ptr_to_member_type => Self::Pointer,
            gimli::DW_TAG_reference_type | gimli::DW_TAG_rvalue_reference_type => Self::Reference,
            gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_interface_type
                if entry.flag(gimli::DW_AT_declaration) =>
            {
                Self::Opaque
            }
            gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_interface_type => match (has_variants, name) {
                (true, _) => Self::Enum,
                (false, "()") => Self::Unit,
                (false, _) => Self::Struct,
            },
            gimli::DW_TAG_union_type => Self::Union,
            gimli::DW_TAG_enumeration_type => Self::Enum,
            gimli::DW_TAG_array_type => Self::Array,
            gimli::DW_TAG_subroutine_type | gimli::DW_TAG_subprogram => Self::Function,
            gimli::DW_TAG_const_type => Self::Const,
            gimli::DW_TAG_volatile_type => Self::Volatile,
            gimli::DW_TAG_typedef
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
            | gimli::DW_TAG_packed_type
            | gimli::DW_TAG_subrange_type
            | gimli::DW_TAG_template_alias => Self::Typedef,
            _ => Self::Opaque,
        }
    }
}

impl Encoding {
    /// `DW_AT_encoding` (DWARF 5, section 5.1.1).
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let Some(AttributeValue::Encoding(encoding)) = entry.attribute(gimli::DW_AT_encoding)
        else {
            return Self::None;
        };
        match encoding {
            gimli::DW_ATE_boolean => Self::Bool,
            gimli::DW_ATE_UTF | gimli::DW_ATE_UCS | gimli::DW_ATE_ASCII => Self::Char,
            gimli::DW_ATE_signed | gimli::DW_ATE_signed_char | gimli::DW_ATE_signed_fixed => {
                Self::Signed
            }
            gimli::DW_ATE_unsigned | gimli::DW_ATE_unsigned_char | gimli::DW_ATE_unsigned_fixed => {
                Self::Unsigned
            }
            gimli::DW_ATE_float => Self::Float,
            gimli::DW_ATE_address => Self::Address,
            _ => Self::None,
        }
    }
}

impl Language {
    /// `DW_AT_language` of a unit.
    pub(super) fn of(unit: &Unit) -> Self {
        match unit.language {
            Some(gimli::DW_LANG_Rust) => Self::Rust,
            Some(
                gimli::DW_LANG_C
                | gimli::DW_LANG_C89
                | gimli::DW_LANG_C99
                | gimli::DW_LANG_C11
                | gimli::DW_LANG_C17,
            ) => Self::C,
            Some(
                gimli::DW_LANG_C_plus_plus
                | gimli::DW_LANG_C_plus_plus_03
                | gimli::DW_LANG_C_plus_plus_11
                | gimli::DW_LANG_C_plus_plus_14
                | gimli::DW_LANG_C_plus_plus_17
                | gimli::DW_LANG_C_plus_plus_20,
            ) => Self::Cpp,
            _ => Self::Other,
        }
    }
}
