//! One unit, the sections its entries point into, and its skeleton if it is a split one.

use std::sync::{Arc, OnceLock};

use gimli::{AttributeValue, Reader as _, Section as _, UnitOffset};

use super::Slice;
use super::abbreviations::read_abbreviations;
use super::lines::{Files, Lines};
use super::outline::Outline;
use super::split::SplitFiles;
use super::types::FunctionUses;
use crate::die::DieId;
use crate::elf::{Allowance, CodeMap, Problems, Storage};
use crate::error::{Error, Result};

/// Most abbreviation codes that are looked at; real units have a few hundred.
const MOST_CODES: u64 = 10_000;
/// Bytes in memory of the header of a line table, for each of its bytes: a file takes three at
/// least.
const LINE_HEADER_GROWTH: usize = 40;

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
    storage: Arc<Storage>,
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
        let own = read_unit(dwarf, header, files.allowance())?;
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
            storage: files.storage(),
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
            let is_code = |address| self.code.contains(address);
            let outline = Outline::read(self.as_ref(), &is_code, self.allowance());
            self.note("the tree of entries", outline.damage.clone());
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
        self.lines.get_or_init(|| {
            let (lines, damage) = Lines::read(self.line_unit(), &self.code, self.allowance());
            self.note("the line table", damage);
            lines
        })
    }

    /// The source files, read when first asked for.
    pub(crate) fn files(&self) -> &Files {
        self.files.get_or_init(|| {
            let (files, damage) = Files::read(self.line_unit(), self.allowance());
            self.note("the list of source files", damage);
            files
        })
    }

    /// What the tables of this unit may still take.
    pub(super) fn allowance(&self) -> &Allowance {
        self.storage.allowance()
    }

    /// Notes which part of the unit could not be read to its end, if that is so.
    pub(crate) fn note(&self, part: &str, damage: Option<Error>) {
        if let Some(damage) = damage {
            let Self { number, .. } = self;
            self.problems.add(format!(
                "{part} of unit {number} is read in part only: {damage}"
            ));
        }
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

/// Reads the root entry of a unit and the header of its line table, if both can be afforded.
pub(super) fn read_unit(
    dwarf: &gimli::Dwarf<Slice>,
    header: gimli::UnitHeader<Slice>,
    allowance: &Allowance,
) -> Result<gimli::Unit<Slice>> {
    let abbreviations = read_abbreviations(dwarf, &header, allowance)?;
    let root = header.entry(&abbreviations, header.root_offset())?;
    if let Some(AttributeValue::DebugLineRef(table)) = root.attr_value(gimli::DW_AT_stmt_list) {
        let size = header_size(dwarf, table)?;
        allowance.require(size.saturating_mul(LINE_HEADER_GROWTH))?;
    }
    let unit = gimli::Unit::new_with_abbreviations(dwarf, header, abbreviations)?;
    if let Some(program) = &unit.line_program {
        allowance.take(size_of_val(program.header().file_names()))?;
    }
    Ok(unit)
}

/// Bytes of the header of a line table (DWARF 5, section 6.2.4).
fn header_size(dwarf: &gimli::Dwarf<Slice>, table: gimli::DebugLineOffset) -> Result<usize> {
    let mut input = *dwarf.debug_line.reader();
    input.skip(table.0)?;
    let (_, format) = input.read_initial_length()?;
    if input.read_u16()? >= 5 {
        input.skip(2)?;
    }
    Ok(input.read_length(format)?.min(input.len()))
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
