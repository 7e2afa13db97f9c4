//! The index of source files: which units name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::unit::Unit;
use crate::source_path::ends_with;

/// For each source file, the units that name it and under which numbers.
#[derive(Debug, Default)]
pub(crate) struct FileIndex {
    files: BTreeMap<Arc<str>, Vec<(u32, u16)>>,
}

impl FileIndex {
    /// Reads the line table headers of these units.
    pub(super) fn build<'a>(units: impl Iterator<Item = &'a Unit>) -> Self {
        let mut index = Self::default();
        for unit in units {
            let number = unit.number as u32;
            for (file, path) in unit.files().all() {
                if let Some(users) = index.files.get_mut(path) {
                    users.push((number, file));
                } else {
                    index.files.insert(Arc::clone(path), vec![(number, file)]);
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
    pub(super) fn users(&self, path: &str) -> Vec<(usize, Vec<u16>)> {
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
