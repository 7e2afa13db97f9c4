//! Search for the caller of code that has no unwind information.

use iced_x86::{Decoder, DecoderOptions, FlowControl};

use super::backtrace::Stop;
use super::caller::Caller;
use super::modules::ModuleMap;
use super::rule::CALLEE_SAVED;
use super::stack::Stack;
use crate::memory::Memory;
use crate::registers::{RBP, REGISTER_COUNT, RIP, RSP, Registers};

/// Longest encoding of a call: `call [reg+index*8+disp32]` with a prefix.
const LONGEST_CALL: usize = 8;

/// `mov $15,%rax; syscall` and its shorter form: how a signal handler returns (signal(7)).
const TRAMPOLINES: [&[u8]; 2] = [
    b"\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05",
    b"\xb8\x0f\x00\x00\x00\x0f\x05",
];

/// Offset of the saved registers from the stack pointer in a trampoline: the kernel's
/// `struct ucontext` begins there, with `uc_flags`, `uc_link` and `uc_stack` in front.
const SAVED_REGISTERS: u64 = 40;
/// DWARF columns in the order of the kernel's `struct sigcontext` (`asm/sigcontext.h`).
const SIGCONTEXT: [usize; REGISTER_COUNT] =
    [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16];

/// Finds the caller of a frame whose pc no unwind information covers.
///
/// `is_exact` says that execution is right at the pc, not inside a call before it.
pub(super) fn find_caller(
    modules: &ModuleMap,
    registers: &Registers,
    is_exact: bool,
    stack: &mut Stack<'_>,
) -> Result<Caller, Stop> {
    let pc = registers.pc().ok_or(Stop::Register(RIP as u16))?;
    if let Some(caller) = leave_trampoline(pc, registers, stack) {
        return Ok(caller);
    }
    if is_exact && let Some(caller) = leave_leaf(modules, pc, registers, stack) {
        return Ok(caller);
    }
    follow_frame_pointer(modules, pc, registers, stack)
}

/// Leaves a signal trampoline that is known by its instructions only, as in musl.
fn leave_trampoline(pc: u64, registers: &Registers, stack: &mut Stack<'_>) -> Option<Caller> {
    let mut code = [0; 9];
    let count = stack.memory().read_partial(pc, &mut code).min(code.len());
    let is_trampoline = |pattern: &&[u8]| code[..count].starts_with(pattern);
    if !TRAMPOLINES.iter().any(is_trampoline) {
        return None;
    }
    let start = registers.sp()?.wrapping_add(SAVED_REGISTERS);
    let mut caller = Registers::UNKNOWN;
    for (index, &column) in SIGCONTEXT.iter().enumerate() {
        let word = stack.word(start.wrapping_add(index as u64 * 8))?;
        caller.set(column, Some(word));
    }
    Some(Caller {
        cfa: caller.sp()?,
        registers: Ok(caller),
        is_signal: true,
    })
}

/// Leaves code that has pushed nothing yet, where rsp points at the return address: right
/// after a call, also a call of an address without code.
fn leave_leaf(
    modules: &ModuleMap,
    pc: u64,
    registers: &Registers,
    stack: &mut Stack<'_>,
) -> Option<Caller> {
    let sp = registers.sp()?;
    let return_address = stack.word(sp)?;
    if !is_return_address(modules, pc, return_address, stack.memory()) {
        return None;
    }
    let cfa = sp.wrapping_add(8);
    let mut caller = Registers::UNKNOWN;
    for column in CALLEE_SAVED {
        caller.set(column, registers.value(column));
    }
    caller.set(RSP, Some(cfa));
    caller.set(RIP, Some(return_address));
    Some(Caller {
        cfa,
        registers: Ok(caller),
        is_signal: false,
    })
}

/// Leaves code that began with `push rbp; mov rbp, rsp`: the caller's rbp and the return
/// address lie at rbp (System V ABI AMD64, section 3.2.2).
fn follow_frame_pointer(
    modules: &ModuleMap,
    pc: u64,
    registers: &Registers,
    stack: &mut Stack<'_>,
) -> Result<Caller, Stop> {
    let lost = if modules.find(pc).is_some() {
        Stop::NoRules(pc)
    } else {
        Stop::NoModule(pc)
    };
    let Some(frame) = registers.value(RBP) else {
        return Err(lost);
    };
    // The ABI asks programs to mark the deepest frame so (System V ABI AMD64, section 3.4.1).
    if frame == 0 && modules.find(pc).is_some() {
        return Err(Stop::Outermost);
    }
    if !frame.is_multiple_of(8) || registers.sp().is_some_and(|sp| frame < sp) {
        return Err(lost);
    }
    let words = stack.word(frame).zip(stack.word(frame.wrapping_add(8)));
    let Some((outer, return_address)) = words else {
        return Err(lost);
    };
    if return_address == 0 {
        return Err(Stop::Outermost);
    }
    if !is_return_address(modules, pc, return_address, stack.memory()) {
        return Err(lost);
    }
    let cfa = frame.wrapping_add(16);
    let mut caller = Registers::UNKNOWN;
    caller.set(RBP, Some(outer));
    caller.set(RSP, Some(cfa));
    caller.set(RIP, Some(return_address));
    Ok(Caller {
        cfa,
        registers: Ok(caller),
        is_signal: false,
    })
}

/// Whether a word may be the address behind a call.
///
/// It has to lie in a module, unless `pc` itself is in none (generated code), and a call
/// instruction has to end there, unless the code cannot be read.
pub(super) fn is_return_address(
    modules: &ModuleMap,
    pc: u64,
    address: u64,
    memory: &dyn Memory,
) -> bool {
    let is_known = modules.find(address.wrapping_sub(1)).is_some();
    if !is_known && modules.find(pc).is_some() {
        return false;
    }
    let mut code = [0; LONGEST_CALL];
    let start = address.wrapping_sub(LONGEST_CALL as u64);
    if memory.read(start, &mut code).is_err() {
        return is_known;
    }
    (2..=LONGEST_CALL).any(|size| is_call(&code[LONGEST_CALL - size..]))
}

/// Whether `code` is exactly one call instruction.
fn is_call(code: &[u8]) -> bool {
    let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
    let instruction = decoder.decode();
    let is_near = instruction.is_call_near() || instruction.is_call_near_indirect();
    is_near && instruction.len() == code.len() && instruction.flow_control() != FlowControl::Next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_recognised_by_their_last_byte() {
        let calls: [&[u8]; 6] = [
            b"\xe8\x01\x02\x03\x04",
            b"\xff\xd0",
            b"\x41\xff\xd3",
            b"\xff\x50\x18",
            b"\xff\x15\x00\x01\x00\x00",
            b"\xff\x94\xc8\x00\x01\x00\x00",
        ];
        for call in calls {
            assert!(is_call(call), "{call:x?}");
            assert!(!is_call(&call[1..]) || call[0] == 0x41, "{call:x?}");
        }
        assert!(!is_call(b"\xff\xe0"));
        assert!(!is_call(b"\xe8\x01\x02\x03"));
        assert!(!is_call(b"\x0f\x05"));
    }
}
