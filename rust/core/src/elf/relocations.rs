//! Dynamic relocations: where the pointers of a file lead once it is loaded.

use super::file::Elf;

const SECTION: &str = ".rela.dyn";
/// `R_X86_64_RELATIVE` (System V ABI AMD64, table 4.9): the load bias plus the addend.
const RELATIVE: u64 = 8;
const ENTRY_SIZE: usize = 24;

/// The file address that the pointer at `address` refers to once it is relocated.
///
/// `None` where it refers to a symbol, perhaps of another file, or is not in this one.
pub(crate) fn relocated_pointer(elf: &Elf, address: u64) -> Option<u64> {
    let section = elf.section(SECTION);
    let bytes = section.and_then(|section| elf.stored_bytes(section));
    let entries = bytes.unwrap_or_default().as_chunks::<ENTRY_SIZE>().0;
    let entry = entries.iter().find(|entry| word(entry, 0) == address);
    match entry {
        Some(entry) if word(entry, 1) & 0xffff_ffff == RELATIVE => Some(word(entry, 2)),
        Some(_) => None,
        // A file at fixed addresses has the pointer itself, and so has one whose relative
        // relocations are packed (`.relr.dyn`).
        None => {
            let stored = elf.read(address, 8).ok()?;
            let pointer = u64::from_le_bytes(*stored.first_chunk()?);
            (pointer != 0).then_some(pointer)
        }
    }
}

fn word(entry: &[u8; ENTRY_SIZE], index: usize) -> u64 {
    let words = entry.as_chunks::<8>().0;
    words.get(index).map_or(0, |word| u64::from_le_bytes(*word))
}
