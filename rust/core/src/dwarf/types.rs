//! Types, one entry at a time.

use gimli::{AttributeValue, DwTag, UnitOffset};

use super::entry::{Entry, first_with};
use super::functions::{Declaration, declaration};
use super::unit::Unit;
use super::variants::{VariantPart, variant_part};
use super::{DebugInfo, DieId};
use crate::error::Result;

/// Types that only rename or qualify another are followed this far to find a size.
const DEEPEST_SIZE: usize = 32;
/// Bytes of a pointer of the only architecture there is.
const POINTER_SIZE: u64 = 8;

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

/// How the bytes of a base type are to be read.
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
    /// Made by the compiler.
    pub artificial: bool,
}

/// One type entry, not followed further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its entry.
    pub die: DieId,
    /// Shape of the type.
    pub kind: TypeKind,
    /// As DWARF names it.
    pub name: String,
    /// Qualified name.
    pub path: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// `DW_AT_alignment`, 0 where DWARF does not say.
    pub alignment: u64,
    /// For base types.
    pub encoding: Encoding,
    /// Pointee, element, typedef'd, underlying or result type.
    pub target: Option<DieId>,
    /// Items of an array, over all its dimensions.
    pub count: Option<u64>,
    /// Fields in declaration order.
    pub members: Vec<Member>,
    /// The variant part of an enum or coroutine.
    pub variants: Option<VariantPart>,
    /// Names and values of a field-less enum, as unsigned numbers of its width.
    pub enumerators: Vec<(String, u128)>,
    /// Names and types of generic parameters.
    pub template_arguments: Vec<(String, DieId)>,
    /// Parameter types of a function type.
    pub parameters: Vec<DieId>,
    /// For a vtable's type, the concrete type it belongs to.
    pub containing: Option<DieId>,
    /// Where it is declared.
    pub declaration: Declaration,
    /// A tuple or tuple struct.
    pub is_tuple: bool,
    /// Language of its unit.
    pub language: Language,
}

impl DebugInfo {
    /// Describe the type at `die`.
    pub(crate) fn type_at(&self, die: DieId) -> Result<Type> {
        let entry = self.entry(die)?;
        let unit = entry.unit;
        let children = unit.children(entry.die.offset())?;
        let variants = children
            .iter()
            .find(|child| child.tag() == gimli::DW_TAG_variant_part)
            .map(|part| variant_part(self, part))
            .transpose()?;
        let name = entry.name().unwrap_or_default().into_owned();
        let kind = kind_of(&entry, &name, variants.is_some());
        let size = self.type_size(die);
        let target = entry.reference(gimli::DW_AT_type);
        let members = members_of(&children, entry.tag());
        let path = self.type_path(&entry, kind, &name);
        let language = language_of(unit);
        Ok(Type {
            die,
            kind,
            size: if kind == TypeKind::Function {
                None
            } else {
                size
            },
            alignment: entry.unsigned(gimli::DW_AT_alignment).unwrap_or(0),
            encoding: encoding_of(&entry),
            target,
            count: (kind == TypeKind::Array)
                .then(|| count_of(&children))
                .flatten(),
            variants,
            enumerators: enumerators_of(&children, size),
            template_arguments: template_arguments(&children),
            parameters: if kind == TypeKind::Function {
                parameters_of(&children)
            } else {
                Vec::new()
            },
            containing: entry.reference(gimli::DW_AT_containing_type),
            is_tuple: language == Language::Rust && is_tuple(&name, &members),
            members,
            language,
            path,
            name,
            declaration: declaration(std::slice::from_ref(&entry)),
        })
    }

    /// `(name, type)` of a function's generic parameters.
    pub(crate) fn function_template_arguments(
        &self,
        function: DieId,
    ) -> Result<Vec<(String, DieId)>> {
        // They are with the abstract instance where there is one.
        for entry in self.entry(function)?.with_origins(self) {
            let found = template_arguments(&entry.unit.children(entry.die.offset())?);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Type of a function's result, `None` where the function does not return it any more:
    /// the optimiser marks functions whose signature it has changed (`DW_CC_nocall`).
    pub(crate) fn return_type(&self, function: DieId) -> Result<Option<DieId>> {
        if self.has_changed_signature(function)? {
            return Ok(None);
        }
        let chain = self.entry(function)?.with_origins(self);
        Ok(first_with(&chain, gimli::DW_AT_type)
            .and_then(|entry| entry.reference(gimli::DW_AT_type)))
    }

    /// Whether the optimiser has changed what the function takes or returns.
    pub(crate) fn has_changed_signature(&self, function: DieId) -> Result<bool> {
        let chain = self.entry(function)?.with_origins(self);
        let convention = first_with(&chain, gimli::DW_AT_calling_convention)
            .and_then(|entry| entry.attribute(gimli::DW_AT_calling_convention));
        let nocall = AttributeValue::CallingConvention(gimli::DW_CC_nocall);
        Ok(convention == Some(nocall))
    }

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

    fn type_path(&self, entry: &Entry<'_>, kind: TypeKind, name: &str) -> String {
        let is_declared = matches!(
            kind,
            TypeKind::Struct
                | TypeKind::Union
                | TypeKind::Enum
                | TypeKind::Typedef
                | TypeKind::Opaque
        );
        if !is_declared || name.is_empty() {
            return name.to_owned();
        }
        let mut path = self.scope_path(entry.unit, entry.die.offset());
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(name);
        path
    }
}

impl Unit {
    /// The direct children of an entry.
    pub(crate) fn children(&self, parent: UnitOffset) -> Result<Vec<Entry<'_>>> {
        let mut raw = self.gimli.entries_raw(Some(parent))?;
        let mut children = Vec::new();
        let Some(abbreviation) = raw.read_abbreviation()? else {
            return Ok(children);
        };
        raw.skip_attributes(abbreviation.attributes())?;
        let mut depth = usize::from(abbreviation.has_children());
        while depth > 0 && !raw.is_empty() {
            let offset = raw.next_offset();
            let Some(abbreviation) = raw.read_abbreviation()? else {
                depth -= 1;
                continue;
            };
            raw.skip_attributes(abbreviation.attributes())?;
            if depth == 1 {
                children.push(self.entry(offset)?);
            }
            if abbreviation.has_children() {
                // Methods with all their locals may lie in there: jump where the end is known.
                match self.outline().end_of(offset).filter(|end| *end > offset) {
                    Some(end) if !end.is_in_bounds(&self.gimli.header) => break,
                    Some(end) => raw = self.gimli.entries_raw(Some(end))?,
                    None => depth += 1,
                }
            }
        }
        Ok(children)
    }
}

fn kind_of(entry: &Entry<'_>, name: &str, has_variants: bool) -> TypeKind {
    match entry.tag() {
        gimli::DW_TAG_base_type if name == "()" => TypeKind::Unit,
        gimli::DW_TAG_base_type if name == "!" => TypeKind::Never,
        gimli::DW_TAG_base_type => TypeKind::Base,
        gimli::DW_TAG_pointer_type if name.starts_with('&') => TypeKind::Reference,
        gimli::DW_TAG_pointer_type | gimli::DW_TAG_ptr_to_member_type => TypeKind::Pointer,
        gimli::DW_TAG_reference_type | gimli::DW_TAG_rvalue_reference_type => TypeKind::Reference,
        gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_interface_type
            if entry.flag(gimli::DW_AT_declaration) =>
        {
            TypeKind::Opaque
        }
        gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_interface_type => {
            match (has_variants, name) {
                (true, _) => TypeKind::Enum,
                (false, "()") => TypeKind::Unit,
                (false, _) => TypeKind::Struct,
            }
        }
        gimli::DW_TAG_union_type => TypeKind::Union,
        gimli::DW_TAG_enumeration_type => TypeKind::Enum,
        gimli::DW_TAG_array_type => TypeKind::Array,
        gimli::DW_TAG_subroutine_type | gimli::DW_TAG_subprogram => TypeKind::Function,
        gimli::DW_TAG_const_type => TypeKind::Const,
        gimli::DW_TAG_volatile_type => TypeKind::Volatile,
        gimli::DW_TAG_typedef
        | gimli::DW_TAG_restrict_type
        | gimli::DW_TAG_atomic_type
        | gimli::DW_TAG_packed_type
        | gimli::DW_TAG_subrange_type
        | gimli::DW_TAG_template_alias => TypeKind::Typedef,
        _ => TypeKind::Opaque,
    }
}

fn encoding_of(entry: &Entry<'_>) -> Encoding {
    let Some(AttributeValue::Encoding(encoding)) = entry.attribute(gimli::DW_AT_encoding) else {
        return Encoding::None;
    };
    match encoding {
        gimli::DW_ATE_boolean => Encoding::Bool,
        gimli::DW_ATE_UTF | gimli::DW_ATE_UCS | gimli::DW_ATE_ASCII => Encoding::Char,
        gimli::DW_ATE_signed | gimli::DW_ATE_signed_char | gimli::DW_ATE_signed_fixed => {
            Encoding::Signed
        }
        gimli::DW_ATE_unsigned | gimli::DW_ATE_unsigned_char | gimli::DW_ATE_unsigned_fixed => {
            Encoding::Unsigned
        }
        gimli::DW_ATE_float => Encoding::Float,
        gimli::DW_ATE_address => Encoding::Address,
        _ => Encoding::None,
    }
}

fn members_of(children: &[Entry<'_>], parent: DwTag) -> Vec<Member> {
    children
        .iter()
        .filter(|child| {
            matches!(
                child.tag(),
                gimli::DW_TAG_member | gimli::DW_TAG_inheritance
            )
        })
        // Static data members have no place in the value.
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

fn count_of(children: &[Entry<'_>]) -> Option<u64> {
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

fn enumerators_of(children: &[Entry<'_>], size: Option<u64>) -> Vec<(String, u128)> {
    children
        .iter()
        .filter(|child| child.tag() == gimli::DW_TAG_enumerator)
        .filter_map(|child| {
            let value = wide_unsigned(child.die.attr_value_raw(gimli::DW_AT_const_value)?)?;
            Some((child.name()?.into_owned(), truncate(value, size)))
        })
        .collect()
}

/// A number of up to 128 bits in any of the forms that carry one; negative ones wrap.
pub(super) fn wide_unsigned(value: AttributeValue<super::Slice>) -> Option<u128> {
    match value {
        AttributeValue::Data16(number) => Some(number),
        AttributeValue::Sdata(number) => Some(i128::from(number) as u128),
        AttributeValue::Block(block) => {
            let bytes = block.slice();
            (bytes.len() <= 16).then(|| {
                bytes
                    .iter()
                    .rev()
                    .fold(0, |number, byte| (number << 8) | u128::from(*byte))
            })
        }
        value => value.udata_value().map(u128::from),
    }
}

/// The low `size` bytes of a number.
pub(super) fn truncate(value: u128, size: Option<u64>) -> u128 {
    match size {
        Some(size) if size < 16 => value & ((1_u128 << (size * 8)) - 1),
        _ => value,
    }
}

fn template_arguments(children: &[Entry<'_>]) -> Vec<(String, DieId)> {
    children
        .iter()
        .filter(|child| child.tag() == gimli::DW_TAG_template_type_parameter)
        .filter_map(|child| {
            let name = child.name().unwrap_or_default().into_owned();
            Some((name, child.reference(gimli::DW_AT_type)?))
        })
        .collect()
}

fn parameters_of(children: &[Entry<'_>]) -> Vec<DieId> {
    children
        .iter()
        .filter(|child| child.tag() == gimli::DW_TAG_formal_parameter)
        .filter_map(|child| child.reference(gimli::DW_AT_type))
        .collect()
}

fn is_tuple(name: &str, members: &[Member]) -> bool {
    let is_numbered = |(index, member): (usize, &Member)| {
        member.name.strip_prefix("__") == Some(index.to_string().as_str())
    };
    name.starts_with('(') || !members.is_empty() && members.iter().enumerate().all(is_numbered)
}

fn language_of(unit: &Unit) -> Language {
    match unit.language {
        Some(gimli::DW_LANG_Rust) => Language::Rust,
        Some(
            gimli::DW_LANG_C
            | gimli::DW_LANG_C89
            | gimli::DW_LANG_C99
            | gimli::DW_LANG_C11
            | gimli::DW_LANG_C17,
        ) => Language::C,
        Some(
            gimli::DW_LANG_C_plus_plus
            | gimli::DW_LANG_C_plus_plus_03
            | gimli::DW_LANG_C_plus_plus_11
            | gimli::DW_LANG_C_plus_plus_14
            | gimli::DW_LANG_C_plus_plus_17
            | gimli::DW_LANG_C_plus_plus_20,
        ) => Language::Cpp,
        _ => Language::Other,
    }
}
