//! Synthetic files: a minimal ELF around debug information from `gimli::write`.

use std::sync::Arc;

use crabtrap_core::Image;
use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, Sections, UnitEntryId, UnitId, UnitTable,
};
use gimli::{Encoding, Format, LittleEndian};

/// Where a synthetic program has its code.
pub const TEXT: u64 = 0x1000;
/// Bytes of code.
pub const TEXT_SIZE: u64 = 0x1000;

const SHT_PROGBITS: u32 = 1;
const SHT_STRTAB: u32 = 3;
const SHT_NOBITS: u32 = 8;
const SHF_ALLOC_EXEC: u64 = 2 | 4;

/// A program of one unit, entry by entry.
pub struct SyntheticUnit {
    pub dwarf: DwarfUnit,
}

impl SyntheticUnit {
    pub fn new(version: u16) -> Self {
        Self {
            dwarf: DwarfUnit::new(Encoding {
                format: Format::Dwarf32,
                version,
                address_size: 8,
            }),
        }
    }

    pub fn root(&self) -> UnitEntryId {
        self.dwarf.unit.root()
    }

    /// Adds an entry with a name.
    pub fn add(&mut self, parent: UnitEntryId, tag: gimli::DwTag, name: &str) -> UnitEntryId {
        let id = self.dwarf.unit.add(parent, tag);
        let text = AttributeValue::String(name.into());
        self.set(id, gimli::DW_AT_name, text);
        id
    }

    pub fn set(&mut self, id: UnitEntryId, name: gimli::DwAt, value: AttributeValue) {
        self.dwarf.unit.get_mut(id).set(name, value);
    }

    pub fn refer(&mut self, id: UnitEntryId, name: gimli::DwAt, to: UnitEntryId) {
        self.set(id, name, AttributeValue::UnitRef(to));
    }

    /// Gives an entry `size` bytes of code at `TEXT + offset`.
    pub fn code(&mut self, id: UnitEntryId, offset: u64, size: u64) {
        let start = AttributeValue::Address(Address::Constant(TEXT + offset));
        self.set(id, gimli::DW_AT_low_pc, start);
        self.set(id, gimli::DW_AT_high_pc, AttributeValue::Udata(size));
    }

    pub fn image(mut self) -> Arc<Image> {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        self.dwarf.write(&mut sections).unwrap();
        image_of(&sections)
    }
}

/// An image of several units, of which one can refer to entries of the other.
pub fn image_of_units(mut dwarf: gimli::write::Dwarf) -> Arc<Image> {
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    image_of(&sections)
}

pub fn add_named(
    units: &mut UnitTable,
    unit: UnitId,
    parent: UnitEntryId,
    tag: gimli::DwTag,
    name: &str,
) -> UnitEntryId {
    let unit = units.get_mut(unit);
    let id = unit.add(parent, tag);
    let text = AttributeValue::String(name.into());
    unit.get_mut(id).set(gimli::DW_AT_name, text);
    id
}

fn image_of(sections: &Sections<EndianVec<LittleEndian>>) -> Arc<Image> {
    let mut contents = Vec::new();
    sections
        .for_each(|id, section| {
            if !section.slice().is_empty() {
                contents.push((id.name(), section.slice().to_vec()));
            }
            Ok::<(), ()>(())
        })
        .unwrap();
    Image::parse(elf(&contents), "synthetic").unwrap()
}

/// An executable with `.text` and these sections.
fn elf(contents: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut data = vec![0; 64];
    let mut names = vec![0];
    let mut headers = vec![[0_u8; 64]];
    let mut add = |name: &str, kind: u32, flags: u64, address: u64, offset: usize, size: u64| {
        let mut header = [0; 64];
        header[0..4].copy_from_slice(&(names.len() as u32).to_le_bytes());
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[8..16].copy_from_slice(&flags.to_le_bytes());
        header[16..24].copy_from_slice(&address.to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&size.to_le_bytes());
        names.extend(name.bytes().chain([0]));
        headers.push(header);
        names.clone()
    };
    add(".text", SHT_NOBITS, SHF_ALLOC_EXEC, TEXT, 64, TEXT_SIZE);
    for (name, bytes) in contents {
        add(name, SHT_PROGBITS, 0, 0, data.len(), bytes.len() as u64);
        data.extend(bytes);
    }
    let names_at = data.len();
    let size = names_size(contents);
    let names = add(".shstrtab", SHT_STRTAB, 0, 0, names_at, size);
    data.extend(names);
    let headers_at = data.len() as u64;
    let count = headers.len() as u16;
    data.extend(headers.into_iter().flatten());
    data[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    data[16..18].copy_from_slice(&2_u16.to_le_bytes());
    data[18..20].copy_from_slice(&62_u16.to_le_bytes());
    data[20..24].copy_from_slice(&1_u32.to_le_bytes());
    data[40..48].copy_from_slice(&headers_at.to_le_bytes());
    data[52..54].copy_from_slice(&64_u16.to_le_bytes());
    data[58..60].copy_from_slice(&64_u16.to_le_bytes());
    data[60..62].copy_from_slice(&count.to_le_bytes());
    data[62..64].copy_from_slice(&(count - 1).to_le_bytes());
    data
}

fn names_size(contents: &[(&str, Vec<u8>)]) -> u64 {
    let names = contents.iter().map(|(name, _)| name.len() as u64 + 1);
    1 + names.sum::<u64>() + ".text\0.shstrtab\0".len() as u64
}
