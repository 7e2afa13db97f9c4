//! One debugging information entry, and the reading of its attributes.

use std::borrow::Cow;

use gimli::{AttributeValue, DwAt, DwTag};

use super::Slice;
use super::debug_info::DebugInfo;
use super::unit::Unit;
use crate::die::DieId;

/// Most links that are followed: two or three are needed.
const MOST_LINKS: usize = 16;

/// One entry and the unit it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) die: gimli::DebuggingInformationEntry<Slice>,
}

impl<'a> Entry<'a> {
    /// Number of the entry.
    pub(crate) fn id(&self) -> DieId {
        self.unit.die(self.die.offset())
    }

    /// Tag of the entry.
    pub(crate) fn tag(&self) -> DwTag {
        self.die.tag()
    }

    /// Value of an attribute.
    pub(crate) fn attribute(&self, name: DwAt) -> Option<AttributeValue<Slice>> {
        self.die.attr_value(name)
    }

    /// Whether an attribute is present.
    pub(crate) fn has(&self, name: DwAt) -> bool {
        self.die.has_attr(name)
    }

    /// An attribute that is an unsigned number.
    pub(crate) fn unsigned(&self, name: DwAt) -> Option<u64> {
        self.attribute(name)?.udata_value()
    }

    /// An attribute that is a flag.
    pub(crate) fn flag(&self, name: DwAt) -> bool {
        matches!(self.attribute(name), Some(AttributeValue::Flag(true)))
    }

    /// An attribute that names another entry.
    pub(crate) fn reference(&self, name: DwAt) -> Option<DieId> {
        self.unit.reference(self.attribute(name)?)
    }

    /// An attribute that is text; invalid UTF-8 is replaced.
    pub(crate) fn text(&self, name: DwAt) -> Option<Cow<'static, str>> {
        let bytes = self.unit.as_ref().attr_string(self.attribute(name)?).ok()?;
        Some(String::from_utf8_lossy(bytes.slice()))
    }

    /// `DW_AT_name` of this very entry.
    pub(crate) fn name(&self) -> Option<Cow<'static, str>> {
        self.text(gimli::DW_AT_name)
    }

    /// This entry, then those it is an instance (DWARF 5, section 3.3.8) or a completion
    /// (section 2.13) of.
    pub(crate) fn with_origins(self, info: &'a DebugInfo) -> Vec<Entry<'a>> {
        let mut chain = vec![self];
        while chain.len() < MOST_LINKS {
            let last = &chain[chain.len() - 1];
            let link = last
                .reference(gimli::DW_AT_abstract_origin)
                .or_else(|| last.reference(gimli::DW_AT_specification));
            let Some(next) = link.and_then(|die| info.entry(die).ok()) else {
                break;
            };
            chain.push(next);
        }
        chain
    }
}

/// The first entry of a chain made by [`Entry::with_origins`] that has an attribute.
pub(crate) fn first_with<'c, 'a>(chain: &'c [Entry<'a>], name: DwAt) -> Option<&'c Entry<'a>> {
    chain.iter().find(|entry| entry.has(name))
}
