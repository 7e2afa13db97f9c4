//! The trap flag of a single step, where the program would see it.
//!
//! The kernel hides it from whoever reads the registers, but `pushf` saves what the processor
//! has.  The program would then find the flag in its own data, and `popf` set it for good.

use log::warn;

use super::tracer::Tracer;
use crate::os::ptrace::{self, Tid};

/// EFLAGS.TF: a trap follows each instruction.
const TRAP_FLAG: u64 = 1 << 8;
/// The opcode of `pushf`.
const PUSHF: u8 = 0x9c;

impl Tracer {
    /// Takes the trap flag out of the flags that a single step may just have pushed.
    pub(super) fn hide_trap_flag(&mut self, tid: Tid) -> ptrace::Result<()> {
        let thread = self.thread_mut(tid)?;
        let (pid, start) = (thread.pid, thread.stepped_from);
        let registers = *thread.registers()?;
        let mut code = [0; 3];
        let length = registers.rip.wrapping_sub(start) as usize;
        let Some(code) = code.get_mut(..length).filter(|code| !code.is_empty()) else {
            return Ok(());
        };
        // Set by the program itself, it is seen by the program.
        let is_own = registers.eflags & TRAP_FLAG != 0;
        if is_own || self.read_memory(pid, start, code) != length || !is_pushf(code) {
            return Ok(());
        }
        // The flag is the lowest bit of the second byte, however many were pushed.
        let at = registers.rsp.wrapping_add(1);
        let mut byte = [0];
        if self.read_memory(pid, at, &mut byte) == 1 {
            byte[0] &= !((TRAP_FLAG >> 8) as u8);
            if let Err(error) = self.write_memory(pid, at, &byte) {
                warn!("the trap flag at {at:#x} of {tid}: {error}");
            }
        }
        Ok(())
    }
}

/// Whether code is a `pushf` with whatever prefixes do not change its meaning but its size.
fn is_pushf(code: &[u8]) -> bool {
    let is_prefix = |byte: &u8| *byte == 0x66 || (0x40..=0x4f).contains(byte);
    code.split_last()
        .is_some_and(|(opcode, prefixes)| *opcode == PUSHF && prefixes.iter().all(is_prefix))
}
