//! The call frame information of an image.

use super::Image;
use crate::elf::Elf;
use crate::unwind::{FrameSections, FrameSource, FrameTables, SectionData};

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
