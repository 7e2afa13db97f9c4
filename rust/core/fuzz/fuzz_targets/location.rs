//! Evaluates damaged location expressions.

#![no_main]

use crabtrap_core::location::{FrameContext, evaluate_expression};
use crabtrap_core::memory::SegmentMemory;
use crabtrap_core::registers::Registers;
use libfuzzer_sys::fuzz_target;

const STACK: u64 = 0x700;

fuzz_target!(|data: &[u8]| {
    let mut registers = Registers::UNKNOWN;
    // Even registers are unknown; rsp points at memory that holds the expression itself.
    for column in (1..17).step_by(2) {
        registers.set(column, Some(column as u64 * 0x100));
    }
    let memory = SegmentMemory::new().with(STACK, data.to_vec());
    let context = FrameContext {
        pc: 0,
        bias: 0x5555_0000_0000,
        registers: &registers,
        cfa: data.first().map(|byte| STACK + u64::from(*byte)),
        memory: &memory,
        tls: data.last().map(|byte| u64::from(*byte)),
    };
    assert!(!evaluate_expression(data, &context).is_empty());
});
