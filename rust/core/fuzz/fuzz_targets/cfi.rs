//! Unwinds by damaged tables over damaged stacks.
//!
//! Input: a kind byte, 8 bytes of stack pointer, 8 of frame pointer, 2 of pc, then the
//! section, which is also what the stack holds.

#![no_main]

use std::sync::Arc;

use crabtrap_core::memory::SegmentMemory;
use crabtrap_core::registers::{RBP, RIP, RSP, Registers};
use crabtrap_core::unwind::{FrameSections, FrameSource, FrameTables, Module, ModuleMap, unwind};
use libfuzzer_sys::fuzz_target;

const TABLES: u64 = 0x10_0000;
const CODE: u64 = 0x1000;
const STACK: u64 = 0x7000_0000;
const LIMIT: usize = 200;

struct Source(FrameTables<'static>);

impl FrameSource for Source {
    fn frame_tables(&self) -> &FrameTables<'_> {
        &self.0
    }
}

fn sections(kind: u8, bytes: &'static [u8]) -> FrameSections<'static> {
    let section = Some((TABLES, bytes));
    let (header, entries) = bytes.split_at(bytes.len().min(64));
    match kind % 3 {
        0 => FrameSections {
            eh_frame: section,
            ..FrameSections::default()
        },
        1 => FrameSections {
            debug_frame: section,
            ..FrameSections::default()
        },
        _ => FrameSections {
            eh_frame_hdr: Some((TABLES, header)),
            eh_frame: Some((TABLES + header.len() as u64, entries)),
            ..FrameSections::default()
        },
    }
}

fn run(head: &[u8; 19], bytes: &'static [u8]) {
    let word = |at: usize| {
        let bytes = &head[at..at + 8];
        bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    let modules = ModuleMap::new(vec![Module {
        source: Arc::new(Source(FrameTables::new(sections(head[0], bytes)))),
        bias: if head[0] & 0x80 == 0 { 0 } else { word(1) },
        start: CODE,
        end: u64::MAX,
    }]);
    let memory = SegmentMemory::new().with(STACK, bytes.to_vec());
    let mut registers = Registers::UNKNOWN;
    registers.set(RSP, Some(STACK + word(1) % 4096));
    registers.set(RBP, Some(word(9)));
    let pc = u16::from_le_bytes([head[17], head[18]]);
    registers.set(RIP, Some(CODE + u64::from(pc)));
    assert!(unwind(&modules, &registers, &memory, LIMIT).len() <= LIMIT);
}

fuzz_target!(|data: &[u8]| {
    let Some((head, bytes)) = data.split_first_chunk() else {
        return;
    };
    let bytes = Box::into_raw(bytes.to_vec().into_boxed_slice());
    // SAFETY: the bytes are freed below, when nothing that borrows them is left.
    run(head, unsafe { &*bytes });
    // SAFETY: this is what `into_raw` gave.
    drop(unsafe { Box::from_raw(bytes) });
});
