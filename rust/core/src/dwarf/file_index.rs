//! Source files of all units, and the rows of one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::debug_info::DebugInfo;
use super::lines::Row;
use super::unit::Unit;
use crate::source_path::ends_with;

/// For each source file, the units that name it and under which numbers.
#[derive(Debug, Default)]
pub(crate) struct FileIndex {
    files: BTreeMap<Arc<str>, Vec<(u32, u16)>>,
}

impl FileIndex {
    /// Read the line table headers of all units.
    pub(super) fn build(info: &DebugInfo) -> Self {
        let mut index = Self::default();
        for number in 0..info.heads().len() {
            // A unit that cannot be read has been listed as a problem.
            let Ok(unit) = info.unit(number) else {
                continue;
            };
            for (file, path) in unit.files().all() {
                if let Some(users) = index.files.get_mut(path) {
                    users.push((number as u32, file));
                } else {
                    index
                        .files
                        .insert(Arc::clone(path), vec![(number as u32, file)]);
                }
            }
        }
        index
    }

    /// Paths that end with the components of `suffix`; all of them for `""`.
    pub(super) fn ending_with(&self, suffix: &str) -> Vec<Arc<str>> {
        self.files
            .keys()
            .filter(|path| suffix.is_empty() || ends_with(path, suffix))
            .cloned()
            .collect()
    }

    /// The units that name `path`, each with the numbers it has there.
    fn users(&self, path: &str) -> Vec<(usize, Vec<u16>)> {
        let users = self.files.get(path).map_or(&[][..], Vec::as_slice);
        users
            .chunk_by(|one, other| one.0 == other.0)
            .map(|chunk| {
                let numbers = chunk.iter().map(|(_, file)| *file).collect();
                (chunk[0].0 as usize, numbers)
            })
            .collect()
    }
}

impl DebugInfo {
    /// Source files whose path ends with the components of `suffix`; all of them for `""`.
    pub(crate) fn find_files(&self, suffix: &str) -> Vec<Arc<str>> {
        self.file_index().ending_with(suffix)
    }

    /// Sorted lines of `path` that have a statement row.
    pub(crate) fn lines_with_code(&self, path: &str) -> Vec<u32> {
        let mut lines: Vec<u32> = Vec::new();
        for (unit, files) in self.units_with_file(path) {
            lines.extend(unit.lines(self).lines_with_code(&files));
            lines.sort_unstable();
            lines.dedup();
        }
        lines
    }

    /// Statement rows of exactly this line, in all units, by address.
    pub(crate) fn rows_for_line(&self, path: &str, line: u32) -> Vec<Row> {
        let mut rows = Vec::new();
        for (unit, files) in self.units_with_file(path) {
            rows.extend(unit.lines(self).rows_for_line(&files, line, unit));
        }
        rows.sort_by_key(|row| row.address);
        // Identical functions may have been folded into one: one address, named twice.
        rows.dedup_by_key(|row| row.address);
        rows
    }

    /// The row that covers `address`.
    pub(crate) fn row_at(&self, address: u64) -> Option<Row> {
        let unit = self.unit_at(address)?;
        unit.lines(self).row_at(address, unit)
    }

    /// All rows that overlap `[start, end)`, by address.
    pub(crate) fn rows_between(&self, start: u64, end: u64) -> Vec<Row> {
        let mut rows = Vec::new();
        // Nearly always this is one function of one unit.
        if let Some(unit) = self.unit_at(start)
            && unit.lines(self).covers(start, end)
        {
            unit.lines(self).rows_between(start, end, unit, &mut rows);
            return rows;
        }
        for unit in self.units_between(start, end) {
            unit.lines(self).rows_between(start, end, unit, &mut rows);
        }
        rows.sort_by_key(|row| row.address);
        rows.dedup();
        rows
    }

    /// The units that name `path`, with the numbers it has there.
    pub(super) fn units_with_file(&self, path: &str) -> impl Iterator<Item = (&Unit, Vec<u16>)> {
        let users = self.file_index().users(path);
        users
            .into_iter()
            .filter_map(|(number, files)| Some((self.unit(number).ok()?, files)))
    }
}
