//! Look-ups of source files, and of line rows by line and by address.

use std::sync::Arc;

use super::debug_info::DebugInfo;
use super::lines::Row;
use super::unit::Unit;

impl DebugInfo {
    /// Source files whose path ends with the components of `suffix`; all of them for `""`.
    pub(crate) fn find_files(&self, suffix: &str) -> Vec<Arc<str>> {
        self.file_index().ending_with(suffix)
    }

    /// Each MD5 that a unit has of the contents of `path`, once; none where that is not known.
    pub(crate) fn source_checksums(&self, path: &str) -> Vec<[u8; 16]> {
        let found = self.units_with_file(path).flat_map(|(unit, files)| {
            let checksum = |file: u16| unit.files().checksum(u64::from(file));
            files.into_iter().filter_map(checksum).collect::<Vec<_>>()
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Sorted lines of `path` that have a statement row.
    pub(crate) fn lines_with_code(&self, path: &str) -> Vec<u32> {
        let mut lines: Vec<u32> = Vec::new();
        for (unit, files) in self.units_with_file(path) {
            lines.extend(unit.lines().lines_with_code(&files));
            lines.sort_unstable();
            lines.dedup();
        }
        lines
    }

    /// Statement rows of exactly this line, in all units, by address.
    pub(crate) fn rows_for_line(&self, path: &str, line: u32) -> Vec<Row> {
        let mut rows = Vec::new();
        for (unit, files) in self.units_with_file(path) {
            rows.extend(unit.lines().rows_for_line(&files, line, unit.files()));
        }
        rows.sort_by_key(|row| row.address);
        // Identical functions may have been folded into one: one address, named twice.
        rows.dedup_by_key(|row| row.address);
        rows
    }

    /// The row that covers `address`.
    pub(crate) fn row_at(&self, address: u64) -> Option<Row> {
        let unit = self.unit_at(address)?;
        unit.lines().row_at(address, unit.files())
    }

    /// All rows that overlap `[start, end)`, by address.
    pub(crate) fn rows_between(&self, start: u64, end: u64) -> Vec<Row> {
        let mut rows = Vec::new();
        // Nearly always this is one function of one unit.
        if let Some(unit) = self.unit_at(start)
            && unit.lines().covers(start, end)
        {
            unit.lines()
                .rows_between(start, end, unit.files(), &mut rows);
            return rows;
        }
        for unit in self.units_between(start, end) {
            unit.lines()
                .rows_between(start, end, unit.files(), &mut rows);
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
