//! The description of one type.

use super::kind::{Encoding, Language, TypeKind};
use super::member::{Member, is_tuple, members_of};
use super::number::{truncate, wide_unsigned};
use super::size::count_of;
use super::variant::{VariantPart, variant_part};
use crate::die::DieId;
use crate::dwarf::debug_info::DebugInfo;
use crate::dwarf::entry::Entry;
use crate::dwarf::functions::{Declaration, declaration};
use crate::error::{Error, Result};

/// Most generic arguments of a type that are read.
const MOST_ARGUMENTS: usize = 256;

/// One type entry, not followed further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its entry.
    pub die: DieId,
    /// Shape of the type.
    pub kind: TypeKind,
    /// Name as DWARF has it.
    pub name: String,
    /// Qualified name.
    pub path: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// `DW_AT_alignment`, 0 where DWARF does not say.
    pub alignment: u64,
    /// Encoding of a base type.
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
    /// Source position of its declaration.
    pub declaration: Declaration,
    /// A tuple or tuple struct.
    pub is_tuple: bool,
    /// Language of its unit.
    pub language: Language,
}

impl DebugInfo {
    /// Describes the type at `die`.
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
        let kind = TypeKind::of(&entry, &name, variants.is_some());
        let size = self.type_size(die);
        let target = entry.reference(gimli::DW_AT_type);
        let members = members_of(&children, entry.tag());
        let path = self.type_path(&entry, kind, &name);
        let language = Language::of(unit);
        Ok(Type {
            die,
            kind,
            size: if kind == TypeKind::Function {
                None
            } else {
                size
            },
            alignment: entry.unsigned(gimli::DW_AT_alignment).unwrap_or(0),
            encoding: Encoding::of(&entry),
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

    /// Qualified name of a declared type; other types have a name only.
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

/// `(name, type)` of the generic parameters among the children of a type or function.
pub(super) fn template_arguments(children: &[Entry<'_>]) -> Vec<(String, DieId)> {
    let is_argument = |child: &&Entry<'_>| child.tag() == gimli::DW_TAG_template_type_parameter;
    if let Some(child) = children.iter().filter(is_argument).nth(MOST_ARGUMENTS) {
        let problem = format!("a type has more than {MOST_ARGUMENTS} generic arguments");
        child.unit.note("a type", Some(Error::Damaged(problem)));
    }
    children
        .iter()
        .filter(is_argument)
        .take(MOST_ARGUMENTS)
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
