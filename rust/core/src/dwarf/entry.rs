//! One debugging information entry, and the reading of its attributes.

use std::borrow::Cow;

use gimli::{AttributeValue, DwAt, DwTag, UnitOffset};

use super::Slice;
use super::unit::Unit;
use crate::die::DieId;
use crate::error::{Error, Result};

/// Most children of an entry that are read; the longest enumerations have some thousand.
const MOST_CHILDREN: usize = 1 << 17;
/// Most bytes of a name that are read; rustc's longest are a few kilobytes.
pub(super) const LONGEST_TEXT: usize = 1 << 16;

/// One entry and the unit it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) die: gimli::DebuggingInformationEntry<Slice>,
}

impl Entry<'_> {
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
        let bytes = bytes.slice();
        Some(String::from_utf8_lossy(
            &bytes[..bytes.len().min(LONGEST_TEXT)],
        ))
    }

    /// `DW_AT_name` of this very entry.
    pub(crate) fn name(&self) -> Option<Cow<'static, str>> {
        self.text(gimli::DW_AT_name)
    }
}

impl Unit {
    /// Reads one entry.
    pub(crate) fn entry(&self, offset: UnitOffset) -> Result<Entry<'_>> {
        Ok(Entry {
            unit: self,
            die: self.gimli.entry(offset)?,
        })
    }

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
                if children.len() == MOST_CHILDREN {
                    let problem = format!("an entry has more than {MOST_CHILDREN} children");
                    self.note("an entry", Some(Error::Damaged(problem)));
                    break;
                }
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
