//! All debug information of one file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use gimli::{Section as _, SectionId, UnitOffset};

use super::Slice;
use super::abbreviations::read_abbreviations;
use super::address_map::AddressMap;
use super::entry::Entry;
use super::file_index::FileIndex;
use super::sections::load_dwarf;
use super::split::SplitFiles;
use super::unit::{Unit, describes_data};
use crate::die::DieId;
use crate::elf::{Allowance, CodeMap, Elf, Problems, Source, Storage};
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// Header of a unit, and the unit once it is read.
#[derive(Debug)]
pub(crate) struct UnitHead {
    pub(crate) offset: usize,
    pub(crate) end: usize,
    pub(crate) header: gimli::UnitHeader<Slice>,
    unit: OnceLock<Result<Box<Unit>>>,
}

/// The file that holds the debug information, and the program it is about.
pub(crate) struct DebugFile<'a> {
    pub(crate) elf: &'a Elf,
    /// Path of `elf`.
    pub(crate) path: &'a Path,
    /// The program's own file, which split files may lie beside.
    pub(crate) program: &'a Path,
    /// Addresses at which the program has code.
    pub(crate) code: CodeMap,
}

/// All units of an image and the sections they point into.
#[derive(Debug)]
pub(crate) struct DebugInfo {
    /// Sections of the file that has `.debug_info`.
    pub(crate) dwarf: Arc<gimli::Dwarf<Slice>>,
    heads: Vec<UnitHead>,
    split: SplitFiles,
    /// Units by address, sorted when `scans` are used up.
    pub(super) addresses: OnceLock<AddressMap>,
    /// Number of scans for an address so far.
    pub(super) scans: AtomicUsize,
    files: OnceLock<FileIndex>,
    code: Arc<CodeMap>,
    pub(super) storage: Arc<Storage>,
    pub(crate) problems: Arc<Problems>,
}

impl DebugInfo {
    /// Reads the unit headers of a file, if it has any debug information.
    ///
    /// Sections are kept in `storage`, which must outlive what is read from them.
    pub(crate) fn open(
        file: DebugFile<'_>,
        storage: &Arc<Storage>,
        problems: &Arc<Problems>,
    ) -> Option<Self> {
        let name = file.path.display().to_string();
        let source = Source {
            elf: file.elf,
            name: &name,
            storage,
            problems,
        };
        let dwarf = load_dwarf(source, SectionId::name);
        let heads = read_heads(&dwarf, storage.allowance(), |damage| {
            problems.add(format!("{name}: {damage}"));
        });
        if heads.is_empty() {
            return None;
        }
        Some(Self {
            dwarf: Arc::new(dwarf),
            heads,
            split: SplitFiles::new(
                [file.path, file.program].map(PathBuf::from),
                Arc::clone(storage),
                Arc::clone(problems),
            ),
            addresses: OnceLock::new(),
            scans: AtomicUsize::new(0),
            files: OnceLock::new(),
            code: Arc::new(file.code),
            storage: Arc::clone(storage),
            problems: Arc::clone(problems),
        })
    }

    /// What the tables of all units may still take.
    pub(super) fn allowance(&self) -> &Allowance {
        self.storage.allowance()
    }

    /// Headers of all units, by offset.
    pub(crate) fn heads(&self) -> &[UnitHead] {
        &self.heads
    }

    /// Units whose entries have been read so far.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = &Unit> {
        self.heads
            .iter()
            .filter_map(|head| head.unit.get()?.as_ref().ok())
            .map(Box::as_ref)
            .filter(|unit| unit.is_outlined())
    }

    /// Reads the source files of all units, unless the end is asked for meanwhile.
    pub(crate) fn read_files(&self, monitor: &Monitor) -> Result<()> {
        if self.files.get().is_none() {
            monitor.begin(self.heads.len());
            for number in 0..self.heads.len() {
                monitor.check()?;
                monitor.advance(1);
                // A unit that cannot be read has been listed as a problem.
                let _ = self.unit(number).map(Unit::files);
            }
        }
        Ok(())
    }

    /// The source files of all units, read when first asked for.
    pub(super) fn file_index(&self) -> &FileIndex {
        self.files.get_or_init(|| {
            // A unit that cannot be read has been listed as a problem.
            let units = (0..self.heads.len()).filter_map(|number| self.unit(number).ok());
            FileIndex::build(units)
        })
    }

    /// Gives back the memory of a unit's entries after all of them have been read once.
    pub(crate) fn release_unit(&self, number: usize) {
        let bytes = self.dwarf.debug_info.reader().slice();
        let head = self.heads.get(number);
        if let Some(bytes) = head.and_then(|head| bytes.get(head.offset..head.end)) {
            self.storage.release_pages(bytes);
        }
    }

    /// Gives back the memory of a part of `.debug_str`.
    pub(crate) fn release_strings(&self, part: Range<usize>) {
        let bytes = self.dwarf.debug_str.reader().slice();
        let part = part.start..part.end.min(bytes.len());
        if let Some(bytes) = bytes.get(part) {
            self.storage.release_pages(bytes);
        }
    }

    /// Whether any unit describes variables or types, and not only lines and functions.
    pub(crate) fn describes_data(&self) -> bool {
        self.heads.iter().any(|head| {
            read_abbreviations(&self.dwarf, &head.header, self.storage.allowance())
                .is_ok_and(|table| describes_data(&table))
        })
    }

    /// Whether the program has code at `address`.
    pub(crate) fn is_code(&self, address: u64) -> bool {
        self.code.contains(address)
    }

    /// Unit `number`, read when first asked for.
    pub(crate) fn unit(&self, number: usize) -> Result<&Unit> {
        let head = self
            .heads
            .get(number)
            .ok_or_else(|| Error::Damaged(format!("no unit {number}")))?;
        let unit = head.unit.get_or_init(|| {
            let unit = Unit::load(number, head.header, &self.dwarf, &self.split, &self.code);
            if let Err(error) = &unit {
                self.problems
                    .add(format!("unit at {:#x} is skipped: {error}", head.offset));
            }
            unit.map(Box::new)
        });
        match unit {
            Ok(unit) => Ok(unit),
            Err(error) => Err(error.clone()),
        }
    }

    /// The unit a number belongs to, and the entry's offset inside it.
    pub(crate) fn resolve(&self, die: DieId) -> Result<(&Unit, UnitOffset)> {
        let unknown = || Error::UnknownDie(die);
        let number = match die.file().checked_sub(1) {
            Some(number) => number,
            None => self.unit_number_at(die.offset()).ok_or_else(unknown)?,
        };
        if number >= self.heads.len() {
            return Err(unknown());
        }
        let unit = self.unit(number)?;
        let offset = unit.offset_of(die).ok_or_else(unknown)?;
        Ok((unit, offset))
    }

    /// Reads one entry.
    pub(crate) fn entry(&self, die: DieId) -> Result<Entry<'_>> {
        let (unit, offset) = self.resolve(die)?;
        unit.entry(offset)
    }

    /// Number of the unit of the image's own `.debug_info` that covers `offset`.
    pub(crate) fn unit_number_at(&self, offset: usize) -> Option<usize> {
        let after = self.heads.partition_point(|head| head.offset <= offset);
        let number = after.checked_sub(1)?;
        (offset < self.heads[number].end).then_some(number)
    }
}

fn read_heads(
    dwarf: &gimli::Dwarf<Slice>,
    allowance: &Allowance,
    tell: impl Fn(String),
) -> Vec<UnitHead> {
    let mut heads = Vec::new();
    if let Err(error) = add_heads(dwarf, allowance, &mut heads) {
        tell(format!(".debug_info after unit {}: {error}", heads.len()));
    }
    heads
}

fn add_heads(
    dwarf: &gimli::Dwarf<Slice>,
    allowance: &Allowance,
    heads: &mut Vec<UnitHead>,
) -> Result<()> {
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        if let Some(head) = unit_head(header) {
            // Each is read in the end; what is in it then takes its own bytes.
            allowance.take(size_of::<Unit>())?;
            allowance.push(heads, head)?;
        }
    }
    Ok(())
}

fn unit_head(header: gimli::UnitHeader<Slice>) -> Option<UnitHead> {
    let offset = header.debug_info_offset()?.0;
    let end = offset.checked_add(header.length_including_self())?;
    Some(UnitHead {
        offset,
        end,
        header,
        unit: OnceLock::new(),
    })
}
