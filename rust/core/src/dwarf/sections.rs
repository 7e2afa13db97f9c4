//! The debug sections of one file, as gimli wants them.

use std::collections::HashMap;
use std::convert::Infallible;

use gimli::{LittleEndian, SectionId};

use super::Slice;
use crate::elf::{Elf, Section, Source};

/// Sections that nothing here reads; leaving them out saves decompressing them.
const UNUSED: [SectionId; 5] = [
    SectionId::DebugMacinfo,
    SectionId::DebugMacro,
    SectionId::DebugNames,
    SectionId::DebugPubNames,
    SectionId::DebugPubTypes,
];

/// The sections of a program or of a `.dwo` file, by what they are called in it.
pub(super) fn load_dwarf(
    source: Source<'_>,
    section_name: impl Fn(SectionId) -> &'static str,
) -> gimli::Dwarf<Slice> {
    // A first pass only finds out what gimli asks for.
    let nothing = Slice::new(&[], LittleEndian);
    let mut wanted = Vec::new();
    let Ok(_) = gimli::Dwarf::load(|id| {
        wanted.push(id);
        Ok::<_, Infallible>(nothing)
    });
    let sections = read(source, &wanted, section_name);
    let Ok(dwarf) = gimli::Dwarf::load(|id| Ok::<_, Infallible>(take(&sections, id)));
    dwarf
}

/// The sections of a `.dwp` file.
pub(super) fn load_package(source: Source<'_>) -> gimli::Result<gimli::DwarfPackage<Slice>> {
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
    let sections = read(source, &wanted, |id| id.dwo_name().unwrap_or(""));
    gimli::DwarfPackage::load(|id| Ok::<_, gimli::Error>(take(&sections, id)), nothing)
}

/// Reads all sections at once: those that are compressed are unpacked side by side.
fn read(
    source: Source<'_>,
    wanted: &[SectionId],
    section_name: impl Fn(SectionId) -> &'static str,
) -> HashMap<SectionId, &'static [u8]> {
    let (ids, sections): (Vec<SectionId>, Vec<&Section>) = wanted
        .iter()
        .filter_map(|id| Some((*id, find(source.elf, *id, section_name(*id))?)))
        .unzip();
    // SAFETY: debug information and the image that owns it share the storage.
    let contents = unsafe { source.sections(&sections) };
    let found = ids.into_iter().zip(contents);
    found
        .filter_map(|(id, contents)| Some((id, contents?)))
        .collect()
}

/// A section under either of its names, if it is of use to anybody here.
fn find<'e>(elf: &'e Elf, id: SectionId, name: &str) -> Option<&'e Section> {
    if name.is_empty() || UNUSED.contains(&id) {
        return None;
    }
    let old_name = name.replacen(".debug_", ".zdebug_", 1);
    elf.section(name).or_else(|| elf.section(&old_name))
}

fn take(sections: &HashMap<SectionId, &'static [u8]>, id: SectionId) -> Slice {
    Slice::new(sections.get(&id).copied().unwrap_or_default(), LittleEndian)
}
