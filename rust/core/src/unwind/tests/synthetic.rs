//! Synthetic call frame information.

use std::sync::Arc;

use gimli::write::{
    Address, CallFrameInstruction, CommonInformationEntry, EndianVec, FrameDescriptionEntry,
    FrameTable,
};
use gimli::{BaseAddresses, Encoding, Format, LittleEndian, Register, UnwindSection, X86_64};

use super::super::table::{FrameSections, FrameTables};
use super::super::{FrameSource, Module};

pub(super) const EH_FRAME: u64 = 0x10_0000;
pub(super) const EH_FRAME_HDR: u64 = 0x20_0000;

/// One function: where it lies and its rules by offset.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) start: u64,
    pub(super) size: u32,
    pub(super) is_signal: bool,
    pub(super) rules: Vec<(u32, CallFrameInstruction)>,
}

/// A function that does `push` for each register and then calls.
pub(super) fn pushing(start: u64, size: u32, pushed: &[Register]) -> Function {
    let mut rules = Vec::new();
    let mut depth = 8;
    for (index, &register) in pushed.iter().enumerate() {
        depth += 8;
        let offset = index as u32 + 1;
        rules.push((offset, CallFrameInstruction::CfaOffset(depth)));
        rules.push((offset, CallFrameInstruction::Offset(register, -depth)));
    }
    plain(start, size, rules)
}

pub(super) fn plain(start: u64, size: u32, rules: Vec<(u32, CallFrameInstruction)>) -> Function {
    Function {
        start,
        size,
        is_signal: false,
        rules,
    }
}

/// Bytes of the sections, ready to be damaged.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    pub(super) eh_frame: Vec<u8>,
    pub(super) eh_frame_hdr: Vec<u8>,
    pub(super) debug_frame: Vec<u8>,
}

pub(super) fn eh_frame(functions: &[Function]) -> Bytes {
    let mut section = gimli::write::EhFrame(EndianVec::new(LittleEndian));
    let written = frame_table(functions, 1).write_eh_frame(&mut section);
    written.expect("the table can be written");
    Bytes {
        eh_frame: section.0.into_vec(),
        ..Bytes::default()
    }
}

pub(super) fn debug_frame(functions: &[Function]) -> Bytes {
    let mut section = gimli::write::DebugFrame(EndianVec::new(LittleEndian));
    let written = frame_table(functions, 4).write_debug_frame(&mut section);
    written.expect("the table can be written");
    Bytes {
        debug_frame: section.0.into_vec(),
        ..Bytes::default()
    }
}

fn frame_table(functions: &[Function], version: u16) -> FrameTable {
    let encoding = Encoding {
        address_size: 8,
        format: Format::Dwarf32,
        version,
    };
    let mut table = FrameTable::default();
    for function in functions {
        let mut common = CommonInformationEntry::new(encoding, 1, -8, X86_64::RA);
        common.signal_trampoline = function.is_signal;
        common.add_instruction(CallFrameInstruction::Cfa(X86_64::RSP, 8));
        common.add_instruction(CallFrameInstruction::Offset(X86_64::RA, -8));
        let id = table.add_cie(common);
        let start = Address::Constant(function.start);
        let mut entry = FrameDescriptionEntry::new(start, function.size);
        for (offset, rule) in &function.rules {
            entry.add_instruction(*offset, rule.clone());
        }
        table.add_fde(id, entry);
    }
    table
}

impl Bytes {
    /// Adds the search table a linker would add.
    pub(super) fn with_header(mut self) -> Self {
        let bases = BaseAddresses::default().set_eh_frame(EH_FRAME);
        let section = gimli::EhFrame::new(&self.eh_frame, LittleEndian);
        let mut pairs = Vec::new();
        let mut entries = section.entries(&bases);
        while let Ok(Some(entry)) = entries.next() {
            if let gimli::CieOrFde::Fde(partial) = entry {
                let parsed = partial.parse(gimli::EhFrame::cie_from_offset);
                let fde = parsed.expect("the entry was just written");
                pairs.push((fde.initial_address(), EH_FRAME + fde.offset() as u64));
            }
        }
        pairs.sort_unstable();
        let relative = |address: u64| (address.wrapping_sub(EH_FRAME_HDR) as i32).to_le_bytes();
        let mut header = vec![1, 0x1b, 0x03, 0x3b];
        header.extend((EH_FRAME.wrapping_sub(EH_FRAME_HDR + 4) as i32).to_le_bytes());
        header.extend((pairs.len() as u32).to_le_bytes());
        for (start, entry) in pairs {
            header.extend(relative(start));
            header.extend(relative(entry));
        }
        self.eh_frame_hdr = header;
        self
    }

    /// The code `[start, end)` at `bias` with these tables.
    ///
    /// The bytes are never freed; tests are short.
    pub(super) fn module(&self, bias: u64, start: u64, end: u64) -> Module {
        let present = |bytes: &Vec<u8>, address| {
            let bytes: &'static [u8] = Box::leak(bytes.clone().into_boxed_slice());
            (!bytes.is_empty()).then_some((address, bytes))
        };
        let tables = FrameTables::new(FrameSections {
            eh_frame: present(&self.eh_frame, EH_FRAME),
            eh_frame_hdr: present(&self.eh_frame_hdr, EH_FRAME_HDR),
            debug_frame: present(&self.debug_frame, 0),
            text: None,
            got: None,
        });
        Module {
            source: Arc::new(Synthetic(tables)),
            bias,
            start,
            end,
        }
    }
}

struct Synthetic(FrameTables<'static>);

impl FrameSource for Synthetic {
    fn frame_tables(&self) -> &FrameTables<'_> {
        &self.0
    }
}
