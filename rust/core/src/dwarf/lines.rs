//! Line tables: the rows of one unit in columns, and the files they name.

use std::sync::Arc;

use gimli::{ColumnType, UnitRef};

use super::Slice;
use crate::elf::{Allowance, CodeMap};
use crate::error::{Error, Result};
use crate::source_path::join;

/// One row of a line table, ending where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// First address.
    pub address: u64,
    /// One past the last address.
    pub end: u64,
    /// Source file, normalised.
    pub path: Arc<str>,
    /// Line from 1; 0 means that the code belongs to no line.
    pub line: u32,
    /// Column from 1; 0 means unknown, 65535 that or more.
    pub column: u16,
    /// Whether its start is a recommended breakpoint location (DWARF 5, section 6.2.2).
    pub is_stmt: bool,
    /// Whether it is the first row after a function's prologue.
    pub prologue_end: bool,
}

/// Bytes of a row in the columns of [`Lines`].
const ROW_SIZE: usize = 13;
/// Longest path that is believed: `PATH_MAX` of the kernel.
const LONGEST_PATH: usize = 4096;

const IS_STMT: u8 = 1;
const PROLOGUE_END: u8 = 2;

/// A run of rows with rising addresses (DWARF 5, section 6.2.1).
#[derive(Debug, Clone, Copy)]
struct Sequence {
    start: u64,
    end: u64,
    /// Rows `first..last` of the columns.
    first: u32,
    last: u32,
}

/// The rows of one unit, 13 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    sequences: Vec<Sequence>,
    /// Bytes from the start of the sequence.
    offsets: Vec<u32>,
    numbers: Vec<u32>,
    columns: Vec<u16>,
    files: Vec<u16>,
    flags: Vec<u8>,
}

/// One row before it is put into columns.
#[derive(Debug, Clone, Copy)]
struct RawRow {
    address: u64,
    line: u32,
    column: u16,
    file: u16,
    flags: u8,
}

impl Lines {
    /// Runs the line program of a unit, as far as it can be; what is not in `code` is left out.
    pub(super) fn read(
        unit: UnitRef<'_, Slice>,
        code: &CodeMap,
        allowance: &Allowance,
    ) -> (Self, Option<Error>) {
        let mut lines = Self::default();
        let damage = lines.run(unit, code, allowance).err();
        lines
            .sequences
            .sort_unstable_by_key(|sequence| sequence.start);
        (lines, damage)
    }

    fn run(
        &mut self,
        unit: UnitRef<'_, Slice>,
        code: &CodeMap,
        allowance: &Allowance,
    ) -> Result<()> {
        let Some(program) = unit.line_program.clone() else {
            return Ok(());
        };
        // Units may share a program that takes long and makes few rows.
        allowance.take(program.header().raw_program_buf().len())?;
        let mut rows = program.rows();
        let mut sequence: Vec<RawRow> = Vec::new();
        while let Some((_, row)) = rows.next_row()? {
            if row.end_sequence() {
                allowance.take(sequence.len() * ROW_SIZE)?;
                self.push_sequence(&mut sequence, row.address(), code);
                sequence.clear();
                continue;
            }
            let row = RawRow {
                address: row.address(),
                line: row
                    .line()
                    .map_or(0, |line| u32::try_from(line.get()).unwrap_or(0)),
                column: match row.column() {
                    ColumnType::LeftEdge => 0,
                    ColumnType::Column(column) => u16::try_from(column.get()).unwrap_or(u16::MAX),
                },
                file: u16::try_from(row.file_index()).unwrap_or(u16::MAX),
                flags: if row.is_stmt() { IS_STMT } else { 0 }
                    | if row.prologue_end() { PROLOGUE_END } else { 0 },
            };
            allowance.push(&mut sequence, row)?;
        }
        Ok(())
    }

    /// Keeps a sequence of live code; rows without bytes give way to the next row.
    fn push_sequence(&mut self, rows: &mut [RawRow], end: u64, code: &CodeMap) {
        if !rows.is_sorted_by_key(|row| row.address) {
            rows.sort_by_key(|row| row.address);
        }
        let Some(start) = rows.first().map(|row| row.address) else {
            return;
        };
        let is_live = start < end && u32::try_from(end - start).is_ok() && code.contains(start);
        if !is_live {
            return;
        }
        let first = self.offsets.len() as u32;
        let mut carried = 0;
        for (index, row) in rows.iter().enumerate() {
            let next = rows.get(index + 1).map_or(end, |next| next.address);
            if row.address >= next.min(end) {
                // The end of a prologue stays one when the row that marks it has no bytes.
                carried |= row.flags & PROLOGUE_END;
                continue;
            }
            self.offsets.push((row.address - start) as u32);
            self.numbers.push(row.line);
            self.columns.push(row.column);
            self.files.push(row.file);
            self.flags.push(row.flags | carried);
            carried = 0;
        }
        self.sequences.push(Sequence {
            start,
            end,
            first,
            last: self.offsets.len() as u32,
        });
    }

    /// The row that covers `address`.
    pub(crate) fn row_at(&self, address: u64, files: &Files) -> Option<Row> {
        let sequence = self.sequence_at(address)?;
        let index = self.index_at(sequence, address)?;
        Some(self.row(sequence, index, files))
    }

    /// Whether one sequence covers all of `[start, end)`.
    pub(crate) fn covers(&self, start: u64, end: u64) -> bool {
        self.sequence_at(start)
            .is_some_and(|sequence| end <= sequence.end)
    }

    fn sequence_at(&self, address: u64) -> Option<&Sequence> {
        let after = self
            .sequences
            .partition_point(|sequence| sequence.start <= address);
        let sequence = self.sequences[..after].last()?;
        (address < sequence.end).then_some(sequence)
    }

    /// All rows that overlap `[start, end)`.
    pub(crate) fn rows_between(&self, start: u64, end: u64, files: &Files, out: &mut Vec<Row>) {
        let first = self
            .sequences
            .partition_point(|sequence| sequence.end <= start);
        for sequence in &self.sequences[first..] {
            if sequence.start >= end {
                break;
            }
            let from = self
                .index_at(sequence, start)
                .unwrap_or(sequence.first as usize);
            for index in from..sequence.last as usize {
                if self.address(sequence, index) >= end {
                    break;
                }
                out.push(self.row(sequence, index, files));
            }
        }
    }

    /// Statement rows of exactly this line of any of the files with these `numbers`.
    pub(crate) fn rows_for_line(&self, numbers: &[u16], line: u32, files: &Files) -> Vec<Row> {
        let mut out = Vec::new();
        for sequence in &self.sequences {
            for index in sequence.first as usize..sequence.last as usize {
                if self.numbers[index] == line
                    && self.flags[index] & IS_STMT != 0
                    && numbers.contains(&self.files[index])
                {
                    out.push(self.row(sequence, index, files));
                }
            }
        }
        out
    }

    /// Lines of these files that have a statement row, unsorted.
    pub(crate) fn lines_with_code<'a>(
        &'a self,
        files: &'a [u16],
    ) -> impl Iterator<Item = u32> + 'a {
        let columns = self.numbers.iter().zip(&self.files).zip(&self.flags);
        columns.filter_map(move |((line, file), flags)| {
            (*line > 0 && flags & IS_STMT != 0 && files.contains(file)).then_some(*line)
        })
    }

    fn index_at(&self, sequence: &Sequence, address: u64) -> Option<usize> {
        let rows = sequence.first as usize..sequence.last as usize;
        let offset = address.checked_sub(sequence.start)?;
        let after = self.offsets[rows.clone()].partition_point(|start| u64::from(*start) <= offset);
        Some(rows.start + after.checked_sub(1)?)
    }

    fn address(&self, sequence: &Sequence, index: usize) -> u64 {
        sequence.start + u64::from(self.offsets[index])
    }

    fn row(&self, sequence: &Sequence, index: usize, files: &Files) -> Row {
        let is_last = index + 1 == sequence.last as usize;
        let flags = self.flags[index];
        Row {
            address: self.address(sequence, index),
            end: if is_last {
                sequence.end
            } else {
                self.address(sequence, index + 1)
            },
            path: files.path(u64::from(self.files[index])).unwrap_or_default(),
            line: self.numbers[index],
            column: self.columns[index],
            is_stmt: flags & IS_STMT != 0,
            prologue_end: flags & PROLOGUE_END != 0,
        }
    }
}

/// A name of a file or directory, as much of it as is believed; invalid UTF-8 is replaced.
fn part_of_path(name: Slice) -> String {
    let name = name.slice();
    String::from_utf8_lossy(&name[..name.len().min(LONGEST_PATH)]).into_owned()
}

/// The files of one unit, by the numbers its rows and entries use.
#[derive(Debug, Default)]
pub(crate) struct Files {
    paths: Vec<Arc<str>>,
    /// MD5 of the contents of each, where the table has them (DWARF 5, section 6.2.4.1).
    checksums: Vec<[u8; 16]>,
    /// Number of the first file: DWARF 4 counts from 1, DWARF 5 from 0.
    first: u64,
}

impl Files {
    /// Reads the file names of a unit's line program header, as far as it can be.
    pub(super) fn read(unit: UnitRef<'_, Slice>, allowance: &Allowance) -> (Self, Option<Error>) {
        let mut files = Self::default();
        let damage = files.add_all(unit, allowance).err();
        (files, damage)
    }

    fn add_all(&mut self, unit: UnitRef<'_, Slice>, allowance: &Allowance) -> Result<()> {
        let Some(program) = &unit.line_program else {
            return Ok(());
        };
        let header = program.header();
        self.first = u64::from(header.version() <= 4);
        let text = |value| {
            let bytes = unit.attr_string(value).ok();
            bytes.map_or_else(String::new, part_of_path)
        };
        let base = unit.comp_dir.map_or_else(String::new, part_of_path);
        for file in header.file_names() {
            let directory = file.directory(header).map_or_else(String::new, text);
            let path = join(&[&base, &directory, &text(file.path_name())]);
            allowance.take(path.len())?;
            allowance.push(&mut self.paths, Arc::from(path))?;
            if header.file_has_md5() {
                allowance.push(&mut self.checksums, *file.md5())?;
            }
        }
        Ok(())
    }

    /// Path of file `number`; `None` for a number the table does not have.
    pub(crate) fn path(&self, number: u64) -> Option<Arc<str>> {
        let index = number.checked_sub(self.first)?;
        self.paths.get(index as usize).cloned()
    }

    /// MD5 of the contents of file `number` when it was compiled, if that is known.
    ///
    /// Compilers write zeros where they did not have the file.
    pub(crate) fn checksum(&self, number: u64) -> Option<[u8; 16]> {
        let index = number.checked_sub(self.first)?;
        let found = self.checksums.get(index as usize).copied();
        found.filter(|checksum| *checksum != [0; 16])
    }

    /// Numbers and paths of all files.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u16, &Arc<str>)> {
        let numbers = self.first as u16..u16::MAX;
        numbers.zip(&self.paths)
    }
}
