//! Displaced stepping: the instruction under a trap is executed elsewhere, and the trap stays.
//!
//! Lifting the trap while other threads run would lose their hits, and stopping them all
//! costs a context switch each.  So the instruction is either carried out here on the
//! register file (calls, jumps, pushes: whatever depends on its own address), or copied
//! into a *slot* that ends in a jump back.  A copy needs no second stop: the thread is
//! resumed in the slot and jumps back by itself.  A slot holds nothing of any thread, so many
//! can run through it at once.
//!
//! Slots live in a *cave*: the unused tail of the last page of the module's own code
//! segment, which is mapped, executable, private and near enough for rip-relative operands.

use iced_x86::{
    BlockEncoder, BlockEncoderOptions, Code, Decoder, DecoderOptions, FlowControl, Instruction,
    InstructionBlock, Mnemonic,
};

use super::emulate;

/// The bytes of one slot.
pub const SLOT_SIZE: u64 = 48;
/// The most bytes an x86 instruction may have.
pub const LONGEST_INSTRUCTION: usize = 15;

/// The way to step over one instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Carry the instruction out with [`emulate::emulate`]; no code is needed.
    Emulate,
    /// Resume the thread in a slot holding this code.
    Copy(SlotCode),
    /// Only the processor can execute it, and only where it is: stop the others, lift, step.
    StepInPlace,
}

/// The code for a slot, and what stops inside it mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotCode {
    /// The relocated instruction and the jump back, at most [`SLOT_SIZE`] bytes.
    pub bytes: Vec<u8>,
    /// Run-time address of the slot.
    pub slot: u64,
    /// Run-time address of the instruction.
    pub original: u64,
    /// Length of the original instruction.
    pub length: u64,
    /// Offset in the slot where the relocated instruction ends.
    pub jump_at: u64,
}

impl SlotCode {
    /// Returns where a thread that stopped at `rip` would be without the slot.
    ///
    /// # Returns
    /// `None` when `rip` is not in this slot's code.
    #[must_use]
    pub fn original_rip(&self, rip: u64) -> Option<u64> {
        let offset = rip.checked_sub(self.slot)?;
        if offset >= self.bytes.len() as u64 {
            None
        } else if offset < self.jump_at {
            Some(self.original)
        } else {
            Some(self.original + self.length)
        }
    }
}

/// Decodes the instruction that `bytes` begin with; `None` when they are not one.
#[must_use]
pub fn decode(bytes: &[u8], address: u64) -> Option<Instruction> {
    let end = bytes.len().min(LONGEST_INSTRUCTION);
    let instruction = Decoder::with_ip(64, &bytes[..end], address, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// Chooses how to step over the instruction at `address`.
///
/// `slot` is the address of a free slot, or `None` when there is no cave near.
#[must_use]
pub fn plan(bytes: &[u8], address: u64, slot: Option<u64>) -> Plan {
    let Some(instruction) = decode(bytes, address) else {
        return Plan::StepInPlace;
    };
    if emulate::can_emulate(&instruction) {
        return Plan::Emulate;
    }
    if !is_movable(&instruction) {
        return Plan::StepInPlace;
    }
    slot.and_then(|slot| relocate(&instruction, address, slot))
        .map_or(Plan::StepInPlace, Plan::Copy)
}

fn relocate(instruction: &Instruction, address: u64, slot: u64) -> Option<SlotCode> {
    let length = instruction.len() as u64;
    let moved = encode(&[*instruction], slot)?;
    let jump_at = moved.len() as u64;
    let back = Instruction::with_branch(Code::Jmp_rel32_64, address + length).ok()?;
    let mut bytes = moved;
    match encode(&[back], slot + jump_at) {
        Some(jump) if jump.len() == 5 => bytes.extend(jump),
        // Too far for 32 bits: jmp qword [rip+0]; dq target
        _ => {
            bytes.extend([0xff, 0x25, 0, 0, 0, 0]);
            bytes.extend((address + length).to_le_bytes());
        }
    }
    (bytes.len() as u64 <= SLOT_SIZE).then_some(SlotCode {
        bytes,
        slot,
        original: address,
        length,
        jump_at,
    })
}

fn encode(instructions: &[Instruction], address: u64) -> Option<Vec<u8>> {
    let block = InstructionBlock::new(instructions, address);
    // No rewriting into longer sequences: what does not fit as it is does not fit.
    let options = BlockEncoderOptions::DONT_FIX_BRANCHES;
    BlockEncoder::encode(64, block, options)
        .ok()
        .map(|result| result.code_buffer)
}

/// Whether a copy elsewhere does the same as the original where it is.
fn is_movable(instruction: &Instruction) -> bool {
    match instruction.flow_control() {
        FlowControl::Next | FlowControl::Return => true,
        // It comes back to wherever it was executed; only rcx, which it clobbers anyway,
        // shows the difference.  Stepping it in place could block with every other thread held.
        FlowControl::Call => instruction.mnemonic() == Mnemonic::Syscall,
        // An indirect jump without rip-relative operand goes where it goes.
        FlowControl::IndirectBranch => !instruction.is_ip_rel_memory_operand(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_its_operand_and_jumps_back() {
        // mov eax, [rip+0x100]
        let code = [0x8b, 0x05, 0x00, 0x01, 0, 0];
        let Plan::Copy(copy) = plan(&code, 0x40_0000, Some(0x41_0000)) else {
            panic!()
        };
        let moved = decode(&copy.bytes, 0x41_0000).unwrap();
        assert_eq!(moved.ip_rel_memory_address(), 0x40_0106);
        let jump = decode(
            &copy.bytes[copy.jump_at as usize..],
            0x41_0000 + copy.jump_at,
        )
        .unwrap();
        assert_eq!(jump.near_branch_target(), 0x40_0006);
        assert_eq!(copy.original_rip(0x41_0000), Some(0x40_0000));
        assert_eq!(copy.original_rip(0x41_0000 + copy.jump_at), Some(0x40_0006));
        assert_eq!(copy.original_rip(0x42_0000), None);
        // Out of reach for a rip-relative operand.
        assert_eq!(
            plan(&code, 0x5555_0000_0000, Some(0x7fff_0000_0000)),
            Plan::StepInPlace
        );
    }

    #[test]
    fn a_far_slot_jumps_back_through_memory() {
        // mov [rsp+8], rdi
        let code = [0x48, 0x89, 0x7c, 0x24, 0x08];
        let Plan::Copy(copy) = plan(&code, 0x40_0000, Some(0x7fff_0000_0000)) else {
            panic!()
        };
        assert_eq!(copy.bytes[..5], code);
        assert_eq!(copy.bytes[11..], 0x40_0005u64.to_le_bytes());
    }

    #[test]
    fn traps_and_counted_loops_stay_where_they_are() {
        for code in [&[0xcc][..], &[0x0f, 0x0b], &[0xe3, 0x00], &[0xcd, 0x80]] {
            assert_eq!(
                plan(code, 0x40_0000, Some(0x41_0000)),
                Plan::StepInPlace,
                "{code:x?}"
            );
        }
    }
}
