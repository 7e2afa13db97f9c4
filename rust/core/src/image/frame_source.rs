//! The call frame information of an image.

use super::Image;
use crate::elf::Elf;
use crate::unwind::{
    FrameSections, FrameSource, FrameTables, LandingPad, SectionData, read_landing_pads,
};

impl FrameSource for Image {
    fn frame_tables(&self) -> &FrameTables<'_> {
        self.frame_tables.get_or_init(|| {
            let address_of = |name| self.elf.section(name).map(|section| section.address);
            FrameTables::new(FrameSections {
                eh_frame: self.frame_section(".eh_frame"),
                eh_frame_hdr: self.frame_section(".eh_frame_hdr"),
                debug_frame: self.frame_section(".debug_frame"),
                text: address_of(".text"),
                got: address_of(".got"),
            })
        })
    }
}

impl Image {
    /// Where the code that one entry of the unwind tables covers around `address` goes on
    /// when a call in it unwinds, by the addresses of the calls.
    pub fn landing_pads(&self, address: u64) -> Vec<LandingPad> {
        let Some((function, area)) = self.frame_tables().data_area(address) else {
            return Vec::new();
        };
        let section = self.elf.sections.iter().find(|each| each.contains(area));
        let size = section.map_or(0, |each| each.address + each.size - area);
        self.elf.read(area, size).map_or_else(
            |_| Vec::new(),
            |bytes| read_landing_pads(&bytes, area, function),
        )
    }

    /// A section of this file or, where this one lacks it, of its debug file; decompressed.
    fn frame_section(&self, name: &str) -> Option<SectionData<'static>> {
        let of_file = |elf: &Elf| {
            let section = elf.section(name).filter(|section| section.has_bytes)?;
            // SAFETY: the image keeps the storage for as long as it keeps the bytes.
            let bytes = unsafe { self.source(elf).section(section) }?;
            Some((section.address, bytes))
        };
        of_file(&self.elf).or_else(|| of_file(&self.separate()?.elf))
    }
}
