//! Section contents by name, with damage noted where there is any.

use std::sync::Arc;

use super::file::{Elf, Section};
use super::problems::Problems;
use super::sections::{section_bytes, sections_bytes};
use super::storage::Storage;

/// One ELF file, and where the contents of its sections are kept.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) elf: &'a Elf,
    /// Name of the file in problems.
    pub(crate) name: &'a str,
    /// Owner of decompressed contents.
    pub(crate) storage: &'a Arc<Storage>,
    pub(crate) problems: &'a Arc<Problems>,
}

impl Source<'_> {
    /// Contents of one section, decompressed; `None` where they are damaged.
    ///
    /// # Safety
    /// The result must not be used after `storage` is dropped.
    pub(crate) unsafe fn section(&self, section: &Section) -> Option<&'static [u8]> {
        // SAFETY: forwarded to the caller.
        let contents = unsafe { section_bytes(self.elf, section, self.storage) };
        self.note_damage(section, contents)
    }

    /// Contents of several sections, in order, decompressed side by side.
    ///
    /// # Safety
    /// The results must not be used after `storage` is dropped.
    pub(crate) unsafe fn sections(&self, sections: &[&Section]) -> Vec<Option<&'static [u8]>> {
        // SAFETY: forwarded to the caller.
        let contents = unsafe { sections_bytes(self.elf, sections, self.storage) };
        let contents = contents.into_iter().zip(sections);
        contents
            .map(|(contents, section)| self.note_damage(section, contents))
            .collect()
    }

    fn note_damage<T>(&self, section: &Section, contents: Result<T, String>) -> Option<T> {
        let note = |reason| {
            let Self { name, problems, .. } = self;
            problems.add(format!("{name}: {} {reason}", section.name));
        };
        contents.map_err(note).ok()
    }
}
