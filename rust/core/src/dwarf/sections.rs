//! The debug sections of one file, as gimli wants them.

use std::collections::HashMap;
use std::convert::Infallible;

use gimli::{LittleEndian, SectionId};

use super::Slice;
use crate::image::{Elf, Problems, Section, Storage, sections_bytes};

/// Sections that nothing here reads; leaving them out saves decompressing them.
const UNUSED: [SectionId; 5] = [
    SectionId::DebugMacinfo,
    SectionId::DebugMacro,
    SectionId::DebugNames,
    SectionId::DebugPubNames,
    SectionId::DebugPubTypes,
];

/// A file with debug sections.
pub(crate) struct Source<'a> {
    pub(crate) elf: &'a Elf,
    /// For messages.
    pub(crate) name: &'a str,
    /// Where decompressed sections are kept; whatever is loaded must share it.
    pub(crate) storage: &'a Storage,
    pub(crate) problems: &'a Problems,
}

impl Source<'_> {
    /// The sections of a program or of a `.dwo` file, by what they are called in it.
    pub(crate) fn load_dwarf(
        &self,
        section_name: impl Fn(SectionId) -> &'static str,
    ) -> gimli::Dwarf<Slice> {
        // A first pass only finds out what gimli asks for.
        let nothing = Slice::new(&[], LittleEndian);
        let mut wanted = Vec::new();
        let Ok(_) = gimli::Dwarf::load(|id| {
            wanted.push(id);
            Ok::<_, Infallible>(nothing)
        });
        let sections = self.read(&wanted, section_name);
        let Ok(dwarf) = gimli::Dwarf::load(|id| Ok::<_, Infallible>(take(&sections, id)));
        dwarf
    }

    /// The sections of a `.dwp` file.
    pub(crate) fn load_package(&self) -> gimli::Result<gimli::DwarfPackage<Slice>> {
        let nothing = Slice::new(&[], LittleEndian);
        let mut wanted = Vec::new();
        // An index without entries is a valid one.
        gimli::DwarfPackage::load(
            |id| {
                wanted.push(id);
                Ok::<_, gimli::Error>(nothing)
            },
            nothing,
        )?;
        let sections = self.read(&wanted, |id| id.dwo_name().unwrap_or(""));
        gimli::DwarfPackage::load(|id| Ok::<_, gimli::Error>(take(&sections, id)), nothing)
    }

    /// All sections at once: those that are compressed are unpacked side by side.
    fn read(
        &self,
        wanted: &[SectionId],
        section_name: impl Fn(SectionId) -> &'static str,
    ) -> HashMap<SectionId, &'static [u8]> {
        let (ids, sections): (Vec<SectionId>, Vec<&Section>) = wanted
            .iter()
            .filter_map(|id| Some((*id, self.find(*id, section_name(*id))?)))
            .unzip();
        // SAFETY: debug information and the image that owns it share the storage.
        let contents = unsafe { sections_bytes(self.elf, &sections, self.storage) };
        let mut found = HashMap::new();
        for ((id, section), content) in ids.into_iter().zip(sections).zip(contents) {
            match content {
                Ok(bytes) => drop(found.insert(id, bytes)),
                Err(reason) => {
                    (self.problems).add(format!("{}: {} {reason}", self.name, section.name));
                }
            }
        }
        found
    }

    /// A section under either of its names, if it is of use to anybody here.
    fn find(&self, id: SectionId, name: &str) -> Option<&Section> {
        if name.is_empty() || UNUSED.contains(&id) {
            return None;
        }
        let old_name = name.replacen(".debug_", ".zdebug_", 1);
        (self.elf.section(name)).or_else(|| self.elf.section(&old_name))
    }
}

fn take(sections: &HashMap<SectionId, &'static [u8]>, id: SectionId) -> Slice {
    Slice::new(sections.get(&id).copied().unwrap_or_default(), LittleEndian)
}
