//! The walk over units that collects names.

use std::collections::HashMap;

use gimli::{AttributeValue, DwTag, Reader as _};

use super::Slice;
use super::debug_info::DebugInfo;
use super::entry::LONGEST_TEXT;
use super::outline::check_depth;
use super::unit::Unit;
use crate::die::DieId;
use crate::elf::Allowance;
use crate::error::Result;

/// Where the text of a name lies: an offset in `.debug_str`, or with [`OTHER`] an index into
/// [`Collected::others`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(u64);

const OTHER: u64 = 1 << 63;

/// Kind of thing that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    Function,
    Type,
    Static,
    Namespace,
}

/// Number of a path of scopes; 0 is the root.
pub(crate) type ScopeId = u32;

const ROOT: ScopeId = 0;

/// A name, and the entry that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) name: Name,
    pub(crate) kind: NameKind,
    pub(crate) scope: ScopeId,
    pub(crate) die: DieId,
}

/// Paths of scopes, each once however many units repeat it.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    /// Parent and name of scope `id - 1`.
    table: Vec<(ScopeId, Name)>,
    ids: HashMap<(ScopeId, Name), ScopeId>,
}

impl Scopes {
    fn id(&mut self, parent: ScopeId, name: Name, allowance: &Allowance) -> Result<ScopeId> {
        if let Some(known) = self.ids.get(&(parent, name)) {
            return Ok(*known);
        }
        // The hash map keeps what the table has, at most half full.
        allowance.take(2 * size_of::<((ScopeId, Name), ScopeId)>())?;
        allowance.push(&mut self.table, (parent, name))?;
        let id = self.table.len() as ScopeId;
        self.ids.insert((parent, name), id);
        Ok(id)
    }

    /// Names of a scope and those around it, innermost first.
    pub(crate) fn chain(&self, scope: ScopeId) -> Vec<Name> {
        let mut names = Vec::new();
        let mut next = scope;
        while let Some(index) = next.checked_sub(1) {
            let Some((parent, name)) = self.table.get(index as usize) else {
                break;
            };
            names.push(*name);
            next = *parent;
        }
        names
    }
}

/// The names that one worker has found.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) entries: Vec<Named>,
    /// Statics by the address they are stored at.
    pub(crate) addresses: Vec<(u64, DieId)>,
    /// Abstract instances and their inline instances.
    pub(crate) inline_instances: Vec<(DieId, DieId)>,
    /// Declarations and the abstract instances that complete them.
    pub(crate) completions: Vec<(DieId, DieId)>,
    pub(crate) scopes: Scopes,
    /// Names that are not in the main `.debug_str`.
    others: Vec<Slice>,
}

/// An open level of the tree.
struct Level {
    name: Option<Name>,
    /// Number of the path down to here, once somebody needed it.
    scope: Option<ScopeId>,
    in_function: bool,
}

/// The attributes of an entry that are of use here.
#[derive(Default)]
struct Attributes {
    name: Option<AttributeValue<Slice>>,
    origin: Option<AttributeValue<Slice>>,
    specification: Option<AttributeValue<Slice>>,
    location: Option<AttributeValue<Slice>>,
    is_inline: bool,
}

impl Collected {
    /// Collects the names of one unit.
    pub(super) fn walk(&mut self, info: &DebugInfo, number: usize) -> Result<()> {
        let unit = info.unit(number)?;
        let allowance = info.allowance();
        let mut raw = unit.gimli.entries_raw(None)?;
        let mut levels: Vec<Level> = Vec::new();
        while !raw.is_empty() {
            let offset = raw.next_offset();
            let Some(abbreviation) = raw.read_abbreviation()? else {
                levels.pop();
                if levels.is_empty() {
                    break; // the unit's own entry has ended; what follows is padding
                }
                continue;
            };
            let tag = abbreviation.tag();
            let in_function = levels.last().is_some_and(|level| level.in_function);
            let mut name = None;
            if is_wanted(tag, in_function) {
                let mut attributes = Attributes::default();
                for run in abbreviation
                    .attributes()
                    .chunk_by(|one, other| !matters(*one) && !matters(*other))
                {
                    if matters(run[0]) {
                        let attribute = raw.read_attribute_inline(run[0])?;
                        attributes.take(attribute.name(), attribute.value());
                    } else {
                        raw.skip_attributes(run)?;
                    }
                }
                if let Some(value) = attributes.name {
                    name = self.name(unit, value)?;
                }
                let die = unit.die(offset);
                if let (Some(name), Some(kind)) = (name, kind_of(tag)) {
                    let scope = self.scope(&mut levels, allowance)?;
                    let named = Named {
                        name,
                        kind,
                        scope,
                        die,
                    };
                    allowance.push(&mut self.entries, named)?;
                }
                self.take_links(unit, tag, die, &attributes)?;
            } else {
                raw.skip_attributes(abbreviation.attributes())?;
            }
            if abbreviation.has_children() {
                check_depth(levels.len())?;
                levels.push(Level {
                    name,
                    scope: None,
                    in_function: in_function || is_function(tag),
                });
            } else if levels.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Notes what an entry refers to, and the address of a static.
    fn take_links(
        &mut self,
        unit: &Unit,
        tag: DwTag,
        die: DieId,
        attributes: &Attributes,
    ) -> Result<()> {
        let allowance = unit.allowance();
        let target = |value: Option<AttributeValue<Slice>>| unit.reference(value?);
        match tag {
            gimli::DW_TAG_inlined_subroutine => {
                if let Some(origin) = target(attributes.origin) {
                    allowance.push(&mut self.inline_instances, (origin, die))?;
                }
            }
            gimli::DW_TAG_subprogram if attributes.is_inline => {
                if let Some(declared) = target(attributes.specification) {
                    allowance.push(&mut self.completions, (declared, die))?;
                }
            }
            gimli::DW_TAG_variable => {
                let address = attributes
                    .location
                    .and_then(|value| address_of(unit, value));
                if let Some(address) = address {
                    allowance.push(&mut self.addresses, (address, die))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Number of the path of the innermost open level.
    fn scope(&mut self, levels: &mut [Level], allowance: &Allowance) -> Result<ScopeId> {
        let known = levels.iter().rposition(|level| level.scope.is_some());
        let mut scope = known.and_then(|index| levels[index].scope).unwrap_or(ROOT);
        for level in &mut levels[known.map_or(0, |index| index + 1)..] {
            if let Some(name) = level.name {
                scope = self.scopes.id(scope, name, allowance)?;
            }
            level.scope = Some(scope);
        }
        Ok(scope)
    }

    fn name(&mut self, unit: &Unit, value: AttributeValue<Slice>) -> Result<Option<Name>> {
        let is_main = !unit.is_split();
        let offset = match value {
            AttributeValue::DebugStrRef(offset) if is_main => Some(offset),
            AttributeValue::DebugStrOffsetsIndex(index) if is_main => {
                unit.dwarf.string_offset(&unit.gimli, index).ok()
            }
            _ => None,
        };
        if let Some(offset) = offset {
            return Ok(Some(Name(offset.0 as u64)));
        }
        let Ok(text) = unit.as_ref().attr_string(value) else {
            return Ok(None);
        };
        unit.allowance().push(&mut self.others, text)?;
        Ok(Some(Name(OTHER | (self.others.len() as u64 - 1))))
    }

    /// The text of a name; empty if it points nowhere.
    pub(crate) fn text(&self, name: Name, strings: Slice) -> &'static [u8] {
        if name.0 & OTHER != 0 {
            let other = self.others.get((name.0 & !OTHER) as usize);
            return other.map_or(&[], |text| believed(text.slice()));
        }
        let rest = believed(strings.slice().get(name.0 as usize..).unwrap_or(&[]));
        &rest[..memchr::memchr(0, rest).unwrap_or(rest.len())]
    }

    /// The part of `.debug_str` that a run of sorted names lies in.
    pub(super) fn span(first: Name, last: Name) -> std::ops::Range<usize> {
        let end = if last.0 & OTHER == 0 {
            last.0 as usize
        } else {
            usize::MAX
        };
        first.0 as usize..end
    }

    /// Puts everything in order, before merging.
    pub(super) fn sort(&mut self) {
        self.entries.sort_unstable();
        self.addresses.sort_unstable();
        self.inline_instances.sort_unstable();
        self.completions.sort_unstable();
    }

    /// Takes over what another worker has found; both are in order, and so is the result.
    pub(super) fn merge(&mut self, other: Self, allowance: &Allowance) -> Result<()> {
        // The lists grow by those of the other one, and to sort takes half of each again.
        let entries = self.entries.len() / 2 + 2 * other.entries.len();
        allowance.take(entries * size_of::<Named>())?;
        let base = self.others.len() as u64;
        let moved = |name: Name| {
            if name.0 & OTHER == 0 {
                name
            } else {
                Name(name.0 + base)
            }
        };
        self.others.extend(other.others);
        let mut renumbered = vec![ROOT];
        for (parent, name) in other.scopes.table {
            // A parent was numbered before its children.
            let parent = renumbered.get(parent as usize).copied().unwrap_or(ROOT);
            let scope = self.scopes.id(parent, moved(name), allowance)?;
            renumbered.push(scope);
        }
        self.entries.extend(other.entries.into_iter().map(|entry| {
            Named {
                name: moved(entry.name),
                scope: renumbered
                    .get(entry.scope as usize)
                    .copied()
                    .unwrap_or(ROOT),
                ..entry
            }
        }));
        self.addresses.extend(other.addresses);
        self.inline_instances.extend(other.inline_instances);
        self.completions.extend(other.completions);
        // A stable sort merges the two sorted runs in one pass.
        self.entries.sort();
        self.addresses.sort();
        self.inline_instances.sort();
        self.completions.sort();
        Ok(())
    }
}

impl Attributes {
    fn take(&mut self, name: gimli::DwAt, value: AttributeValue<Slice>) {
        match name {
            gimli::DW_AT_name => self.name = Some(value),
            gimli::DW_AT_abstract_origin => self.origin = Some(value),
            gimli::DW_AT_specification => self.specification = Some(value),
            gimli::DW_AT_location => self.location = Some(value),
            gimli::DW_AT_inline => self.is_inline = true,
            _ => {}
        }
    }
}

/// As much of a name as is believed.
fn believed(name: &[u8]) -> &[u8] {
    &name[..name.len().min(LONGEST_TEXT)]
}

/// Whether an attribute is one that [`Attributes`] keeps.
fn matters(spec: gimli::AttributeSpecification) -> bool {
    matches!(
        spec.name(),
        gimli::DW_AT_name
            | gimli::DW_AT_abstract_origin
            | gimli::DW_AT_specification
            | gimli::DW_AT_location
            | gimli::DW_AT_inline
    )
}

fn is_wanted(tag: DwTag, in_function: bool) -> bool {
    match tag {
        gimli::DW_TAG_variable => !in_function,
        gimli::DW_TAG_inlined_subroutine => true,
        _ => kind_of(tag).is_some(),
    }
}

fn is_function(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine
    )
}

fn kind_of(tag: DwTag) -> Option<NameKind> {
    match tag {
        gimli::DW_TAG_subprogram => Some(NameKind::Function),
        gimli::DW_TAG_variable => Some(NameKind::Static),
        gimli::DW_TAG_namespace | gimli::DW_TAG_module => Some(NameKind::Namespace),
        gimli::DW_TAG_structure_type
        | gimli::DW_TAG_class_type
        | gimli::DW_TAG_union_type
        | gimli::DW_TAG_interface_type
        | gimli::DW_TAG_enumeration_type
        | gimli::DW_TAG_base_type
        | gimli::DW_TAG_typedef => Some(NameKind::Type),
        _ => None,
    }
}

/// The address a location expression is, if it is just that.
fn address_of(unit: &Unit, value: AttributeValue<Slice>) -> Option<u64> {
    let mut bytes = value.exprloc_value()?.0;
    match gimli::DwOp(bytes.read_u8().ok()?) {
        gimli::DW_OP_addr => bytes.read_address(8).ok(),
        gimli::DW_OP_addrx | gimli::DW_OP_GNU_addr_index => {
            let index = bytes.read_uleb128().ok()?;
            let index = gimli::DebugAddrIndex(usize::try_from(index).ok()?);
            unit.as_ref().address(index).ok()
        }
        _ => None,
    }
    .filter(|_| bytes.is_empty())
}
