//! One unit, the sections its entries point into, and its skeleton if it is a split one.

use std::sync::{Arc, OnceLock};

use gimli::{AttributeValue, UnitOffset};

use super::Slice;
use super::lines::{Files, Lines};
use super::outline::Outline;
use super::split::SplitFiles;
use super::types::FunctionUses;
use crate::die::DieId;
use crate::elf::{CodeMap, Problems};
use crate::error::Result;

/// Most abbreviation codes that are looked at; real units have a few hundred.
const MOST_CODES: u64 = 10_000;

/// One unit that has been read.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Index among the units of the image.
    pub(crate) number: usize,
    /// Sections that attributes of its entries point into.
    pub(crate) dwarf: Arc<gimli::Dwarf<Slice>>,
    /// The unit that holds the entries: the split one where there is one.
    pub(crate) gimli: gimli::Unit<Slice>,
    /// For a split unit, what the program's own file has of it: addresses and lines.
    skeleton: Option<(Arc<gimli::Dwarf<Slice>>, gimli::Unit<Slice>)>,
    /// `DW_AT_language`.
    pub(crate) language: Option<gimli::DwLang>,
    /// `DW_AT_producer`.
    pub(crate) producer: Option<String>,
    /// Addresses at which the program has code.
    pub(crate) code: Arc<CodeMap>,
    problems: Arc<Problems>,
    outline: OnceLock<Outline>,
    lines: OnceLock<Lines>,
    files: OnceLock<Files>,
    function_uses: OnceLock<FunctionUses>,
}

impl Unit {
    /// Reads the root entry of a unit, and finds its split part.
    pub(super) fn load(
        number: usize,
        header: gimli::UnitHeader<Slice>,
        dwarf: &Arc<gimli::Dwarf<Slice>>,
        files: &SplitFiles,
        code: &Arc<CodeMap>,
    ) -> Result<Self> {
        let own = dwarf.unit(header)?;
        let is_skeleton = own.dwo_id.is_some() && matches!(own.dwo_name(), Ok(Some(_)));
        let split = if is_skeleton {
            files.find(dwarf, &own)
        } else {
            None
        };
        let (dwarf, gimli, skeleton) = match split {
            Some((dwo, unit)) => (dwo, unit, Some((Arc::clone(dwarf), own))),
            None => (Arc::clone(dwarf), own, None),
        };
        let root = gimli.entry(gimli.header.root_offset())?;
        let language = match root.attr_value(gimli::DW_AT_language) {
            Some(AttributeValue::Language(language)) => Some(language),
            _ => None,
        };
        let producer = root
            .attr_value(gimli::DW_AT_producer)
            .and_then(|value| dwarf.attr_string(&gimli, value).ok())
            .map(|text| String::from_utf8_lossy(text.slice()).into_owned());
        Ok(Self {
            number,
            dwarf,
            gimli,
            skeleton,
            language,
            producer,
            code: Arc::clone(code),
            problems: files.problems(),
            outline: OnceLock::new(),
            lines: OnceLock::new(),
            files: OnceLock::new(),
            function_uses: OnceLock::new(),
        })
    }

    /// The unit together with its sections, for gimli's convenience functions.
    pub(crate) fn as_ref(&self) -> gimli::UnitRef<'_, Slice> {
        self.gimli.unit_ref(&self.dwarf)
    }

    /// The unit whose line program and root ranges count: the skeleton of a split unit.
    pub(crate) fn line_unit(&self) -> gimli::UnitRef<'_, Slice> {
        match &self.skeleton {
            Some((dwarf, unit)) => unit.unit_ref(dwarf),
            None => self.as_ref(),
        }
    }

    /// The outline of the unit's tree, read when first asked for.
    pub(crate) fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| {
            let outline = Outline::read(self.as_ref(), &|address| self.code.contains(address));
            if let Some(damage) = &outline.damage {
                let Self { number, .. } = self;
                self.problems
                    .add(format!("unit {number} is read in part only: {damage}"));
            }
            outline
        })
    }

    /// Whether its entries are in a split file.
    pub(crate) fn is_split(&self) -> bool {
        self.skeleton.is_some()
    }

    /// Whether the entries have been read.
    pub(crate) fn is_outlined(&self) -> bool {
        self.outline.get().is_some()
    }

    /// The line table, read when first asked for.
    pub(crate) fn lines(&self) -> &Lines {
        let read = || Lines::read(self.line_unit(), self.number, &self.code, &self.problems);
        self.lines.get_or_init(read)
    }

    /// The source files, read when first asked for.
    pub(crate) fn files(&self) -> &Files {
        self.files.get_or_init(|| Files::read(self.line_unit()))
    }

    /// How function pointer types are used, read when first asked for.
    pub(crate) fn function_uses(&self) -> &FunctionUses {
        self.function_uses.get_or_init(|| FunctionUses::read(self))
    }

    /// Number of the entry at `offset`.
    pub(crate) fn die(&self, offset: UnitOffset) -> DieId {
        let base = self.section_offset();
        DieId::new(self.file(), base.wrapping_add(offset.0))
    }

    /// Offset of an entry that belongs to this unit.
    pub(crate) fn offset_of(&self, die: DieId) -> Option<UnitOffset> {
        let offset = UnitOffset(die.offset().checked_sub(self.section_offset())?);
        (die.file() == self.file() && offset.is_in_bounds(&self.gimli.header)).then_some(offset)
    }

    /// The entry a reference attribute names, in this unit or another one.
    pub(crate) fn reference(&self, value: AttributeValue<Slice>) -> Option<DieId> {
        match value {
            AttributeValue::UnitRef(offset) => Some(self.die(offset)),
            AttributeValue::DebugInfoRef(offset) => Some(DieId::new(self.file(), offset.0)),
            _ => None,
        }
    }

    fn section_offset(&self) -> usize {
        self.gimli.header.offset().0
    }

    fn file(&self) -> usize {
        if self.skeleton.is_some() {
            self.number + 1
        } else {
            0
        }
    }
}

/// Whether a unit with these abbreviations has more than lines and functions.
///
/// Codes are given out in order of first use, so a data entry comes early or not at all; a
/// skeleton stands for a split unit that has everything.
pub(super) fn describes_data(table: &gimli::Abbreviations) -> bool {
    (1..MOST_CODES)
        .map_while(|code| table.get(code))
        .any(|abbreviation| match abbreviation.tag() {
            gimli::DW_TAG_formal_parameter
            | gimli::DW_TAG_variable
            | gimli::DW_TAG_base_type
            | gimli::DW_TAG_structure_type
            | gimli::DW_TAG_skeleton_unit => true,
            _ => abbreviation
                .attributes()
                .iter()
                .any(|spec| spec.name() == gimli::DW_AT_GNU_dwo_name),
        })
}
