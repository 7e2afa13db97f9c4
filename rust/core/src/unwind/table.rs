//! The call frame information of one file, and the search for the entry that covers an address.

use std::sync::OnceLock;

use gimli::{
    BaseAddresses, CommonInformationEntry, DebugFrame, EhFrame, Encoding, FrameDescriptionEntry,
    LittleEndian, UnwindContext, UnwindExpression, UnwindSection, UnwindTableRow,
};

use crate::location::Slice;

/// Address and bytes of a section.
pub type SectionData<'a> = (u64, &'a [u8]);

/// The sections call frame information is read from, each where the file has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameSections<'a> {
    /// `.eh_frame`
    pub eh_frame: Option<SectionData<'a>>,
    /// `.eh_frame_hdr`
    pub eh_frame_hdr: Option<SectionData<'a>>,
    /// `.debug_frame`; its address is not used.
    pub debug_frame: Option<SectionData<'a>>,
    /// Address of `.text`, for text-relative pointers.
    pub text: Option<u64>,
    /// Address of `.got`, for data-relative pointers.
    pub got: Option<u64>,
}

/// The section that an entry came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    EhFrame,
    DebugFrame,
}

type Fde<'a> = FrameDescriptionEntry<Slice<'a>>;
type Cie<'a> = CommonInformationEntry<Slice<'a>>;

/// Call frame information of one file, ready to be searched.
#[derive(Debug)]
pub struct FrameTables<'a> {
    eh_frame: EhFrame<Slice<'a>>,
    debug_frame: DebugFrame<Slice<'a>>,
    bases: BaseAddresses,
    search: Option<SearchTable<'a>>,
    eh_index: OnceLock<Index>,
    debug_index: OnceLock<Index>,
}

/// The unwind rules that hold at one address.
pub(super) struct Row<'a, 'c> {
    pub(super) rules: &'c UnwindTableRow<usize>,
    /// The code is a signal trampoline.
    pub(super) is_signal: bool,
    /// Register column that holds the return address.
    pub(super) return_column: u16,
    pub(super) encoding: Encoding,
    tables: &'c FrameTables<'a>,
    origin: Origin,
}

impl<'a> Row<'a, '_> {
    /// The expression a rule refers to.
    pub(super) fn expression(
        &self,
        expression: UnwindExpression<usize>,
    ) -> gimli::Result<gimli::Expression<Slice<'a>>> {
        match self.origin {
            Origin::EhFrame => expression.get(&self.tables.eh_frame),
            Origin::DebugFrame => expression.get(&self.tables.debug_frame),
        }
    }
}

impl<'a> FrameTables<'a> {
    /// Tables over sections that may be damaged; nothing is read yet.
    pub fn new(sections: FrameSections<'a>) -> Self {
        let mut bases = BaseAddresses::default();
        if let Some((address, _)) = sections.eh_frame {
            bases = bases.set_eh_frame(address);
        }
        if let Some((address, _)) = sections.eh_frame_hdr {
            bases = bases.set_eh_frame_hdr(address);
        }
        if let Some(address) = sections.text {
            bases = bases.set_text(address);
        }
        if let Some(address) = sections.got {
            bases = bases.set_got(address);
        }
        let bytes = |section: Option<SectionData<'a>>| section.map_or(&[][..], |(_, bytes)| bytes);
        let mut eh_frame = EhFrame::new(bytes(sections.eh_frame), LittleEndian);
        eh_frame.set_address_size(8);
        let mut debug_frame = DebugFrame::new(bytes(sections.debug_frame), LittleEndian);
        debug_frame.set_address_size(8);
        Self {
            eh_frame,
            debug_frame,
            bases,
            search: SearchTable::find(sections.eh_frame, sections.eh_frame_hdr),
            eh_index: OnceLock::new(),
            debug_index: OnceLock::new(),
        }
    }

    /// The rules at a file address; `None` where nothing covers it.
    ///
    /// # Errors
    /// The entry that covers it is damaged.
    pub(super) fn row<'c>(
        &'c self,
        address: u64,
        context: &'c mut UnwindContext<usize>,
    ) -> gimli::Result<Option<Row<'a, 'c>>> {
        let Some((origin, fde)) = self.find(address)? else {
            return Ok(None);
        };
        let rules = match origin {
            Origin::EhFrame => self.rules(&self.eh_frame, &fde, address, context)?,
            Origin::DebugFrame => self.rules(&self.debug_frame, &fde, address, context)?,
        };
        Ok(Some(Row {
            rules,
            is_signal: fde.is_signal_trampoline(),
            return_column: fde.cie().return_address_register().0,
            encoding: fde.cie().encoding(),
            tables: self,
            origin,
        }))
    }

    fn rules<'c, S: UnwindSection<Slice<'a>>>(
        &self,
        section: &S,
        fde: &Fde<'a>,
        address: u64,
        context: &'c mut UnwindContext<usize>,
    ) -> gimli::Result<&'c UnwindTableRow<usize>> {
        fde.unwind_info_for_address(section, &self.bases, context, address)
    }

    /// Finds the entry that covers `address`, first in `.eh_frame`, which the program itself
    /// unwinds by.
    fn find(&self, address: u64) -> gimli::Result<Option<(Origin, Fde<'a>)>> {
        let offset = match &self.search {
            Some(search) => search.offset_for(address),
            None => self.eh_index().offset_for(address),
        };
        if let Some(offset) = offset {
            let fde = read_fde(&self.eh_frame, &self.bases, offset)?;
            if fde.contains(address) {
                return Ok(Some((Origin::EhFrame, fde)));
            }
        }
        let Some(offset) = self.debug_index().offset_for(address) else {
            return Ok(None);
        };
        let fde = read_fde(&self.debug_frame, &self.bases, offset)?;
        Ok(fde.contains(address).then_some((Origin::DebugFrame, fde)))
    }

    /// The beginning of the code that one entry covers around `address`, and the address of
    /// its language-specific data area.
    pub(crate) fn data_area(&self, address: u64) -> Option<(u64, u64)> {
        let (_, fde) = self.find(address).ok()??;
        // A pointer to the pointer would be relocated; compilers write it directly.
        let area = fde.lsda()?.direct().ok()?;
        Some((fde.initial_address(), area))
    }

    fn eh_index(&self) -> &Index {
        self.eh_index
            .get_or_init(|| Index::build(&self.eh_frame, &self.bases))
    }

    fn debug_index(&self) -> &Index {
        self.debug_index
            .get_or_init(|| Index::build(&self.debug_frame, &self.bases))
    }
}

fn read_fde<'a, S: UnwindSection<Slice<'a>>>(
    section: &S,
    bases: &BaseAddresses,
    offset: usize,
) -> gimli::Result<Fde<'a>> {
    section.fde_from_offset(bases, S::Offset::from(offset), S::cie_from_offset)
}

/// The binary search table of `.eh_frame_hdr` (Linux Standard Base, section 10.6.2), in the
/// one form that linkers write.
///
/// Read here and not by gimli, whose search trusts the counts and offsets of the file.
#[derive(Clone, Copy, Debug)]
struct SearchTable<'a> {
    /// Pairs of start address and entry address, both relative to `base`.
    pairs: &'a [[u8; 8]],
    base: u64,
    eh_frame: u64,
    eh_frame_size: usize,
}

impl<'a> SearchTable<'a> {
    fn find(
        eh_frame: Option<SectionData<'a>>,
        header: Option<SectionData<'a>>,
    ) -> Option<SearchTable<'a>> {
        let (eh_frame, eh_frame_bytes) = eh_frame?;
        let (base, bytes) = header?;
        // Version 1, any 4-byte pointer to .eh_frame, udata4 count, datarel sdata4 table.
        let (&[1, pointer, 0x03, 0x3b], rest) = bytes.split_first_chunk::<4>()? else {
            return None;
        };
        if !matches!(pointer & 0x0f, 0x03 | 0x0b) {
            return None;
        }
        let (count, rest) = rest.get(4..)?.split_first_chunk::<4>()?;
        let count = u32::from_le_bytes(*count) as usize;
        let pairs = rest.as_chunks::<8>().0;
        // An empty table is of no use; one that is cut off is searched as far as it goes.
        let pairs = &pairs[..count.min(pairs.len())];
        (!pairs.is_empty()).then_some(SearchTable {
            pairs,
            base,
            eh_frame,
            eh_frame_size: eh_frame_bytes.len(),
        })
    }

    /// Offset in `.eh_frame` of the entry that covers `address`, if any does.
    fn offset_for(&self, address: u64) -> Option<usize> {
        let start_of = |pair: &[u8; 8]| self.absolute(pair.first_chunk());
        let after = self.pairs.partition_point(|pair| start_of(pair) <= address);
        let pair = &self.pairs[after.checked_sub(1)?];
        let entry = self.absolute(pair.last_chunk());
        let offset = usize::try_from(entry.checked_sub(self.eh_frame)?).ok()?;
        (offset < self.eh_frame_size).then_some(offset)
    }

    fn absolute(&self, relative: Option<&[u8; 4]>) -> u64 {
        let relative = relative.map_or(0, |bytes| i32::from_le_bytes(*bytes));
        self.base.wrapping_add_signed(i64::from(relative))
    }
}

/// Entries of a section by address, for sections that have no search table of their own.
#[derive(Debug)]
struct Index {
    /// Start, end and offset of each entry, by start.
    entries: Vec<(u64, u64, usize)>,
}

impl Index {
    fn build<'a, S: UnwindSection<Slice<'a>>>(section: &S, bases: &BaseAddresses) -> Self {
        let mut entries = Vec::new();
        let mut common: Option<(S::Offset, Cie<'a>)> = None;
        let mut iterator = section.entries(bases);
        // What follows a damaged entry cannot be found: only its length says where that begins.
        while let Ok(Some(entry)) = iterator.next() {
            let gimli::CieOrFde::Fde(partial) = entry else {
                continue;
            };
            let fde = partial.parse(|section, bases, offset| match &common {
                Some((known, cie)) if *known == offset => Ok(cie.clone()),
                _ => {
                    let cie = section.cie_from_offset(bases, offset)?;
                    common = Some((offset, cie.clone()));
                    Ok(cie)
                }
            });
            let Ok(fde) = fde else { continue };
            // Linkers leave entries of functions they dropped behind, at address 0.
            if fde.initial_address() != 0 && fde.initial_address() < fde.end_address() {
                entries.push((fde.initial_address(), fde.end_address(), fde.offset()));
            }
        }
        entries.sort_unstable();
        Self { entries }
    }

    fn offset_for(&self, address: u64) -> Option<usize> {
        let after = self.entries.partition_point(|entry| entry.0 <= address);
        let (_, end, offset) = self.entries[after.checked_sub(1)?];
        (address < end).then_some(offset)
    }
}
