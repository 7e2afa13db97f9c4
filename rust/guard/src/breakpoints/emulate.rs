//! Emulation of instructions whose effect is known without the processor: calls, jumps,
//! returns, pushes, address computations.
//!
//! Most of them depend on their own address and so cannot be executed elsewhere; the others
//! are what functions begin with, and emulation is the cheapest way over them.

use iced_x86::{Code, ConditionCode, Instruction, Mnemonic, OpKind, Register};

/// The memory of the stopped program.
pub trait Memory {
    /// Fills `buffer`; `false` when any byte is missing.
    fn load(&self, address: u64, buffer: &mut [u8]) -> bool;
    /// Stores `bytes`; `false` when any byte cannot be written.
    fn store(&mut self, address: u64, bytes: &[u8]) -> bool;
}

/// Whether [`emulate`] can carry out an instruction.
pub fn can_emulate(instruction: &Instruction) -> bool {
    match instruction.mnemonic() {
        Mnemonic::Nop | Mnemonic::Endbr64 => true,
        Mnemonic::Push => instruction.code() == Code::Push_r64,
        Mnemonic::Ret => {
            matches!(instruction.code(), Code::Retnq | Code::Retnq_imm16)
        }
        Mnemonic::Lea => instruction.op0_register().is_gpr64() && simple_memory(instruction),
        Mnemonic::Call | Mnemonic::Jmp => {
            instruction.is_call_near()
                || instruction.is_jmp_short_or_near()
                || ((instruction.is_call_near_indirect() || instruction.is_jmp_near_indirect())
                    && (instruction.op0_kind() == OpKind::Register || simple_memory(instruction)))
        }
        _ => instruction.is_jcc_short_or_near(),
    }
}

/// A memory operand whose address the general registers alone determine.
fn simple_memory(instruction: &Instruction) -> bool {
    let has_memory =
        (0..instruction.op_count()).any(|index| instruction.op_kind(index) == OpKind::Memory);
    let general = |register: Register| register == Register::None || register.is_gpr64();
    has_memory
        && instruction.segment_prefix() == Register::None
        && (instruction.is_ip_rel_memory_operand() && instruction.memory_base() == Register::RIP
            || general(instruction.memory_base()))
        && general(instruction.memory_index())
}

/// Carries out an instruction for which [`can_emulate`] holds.
///
/// # Returns
/// `false`, with nothing changed, when memory could not be accessed: the processor itself
/// must then raise the fault.
pub fn emulate(
    instruction: &Instruction,
    regs: &mut libc::user_regs_struct,
    memory: &mut dyn Memory,
) -> bool {
    let next = instruction.next_ip();
    match instruction.mnemonic() {
        Mnemonic::Push => {
            let value = read_register(regs, instruction.op0_register());
            if !push(regs, memory, value) {
                return false;
            }
            regs.rip = next;
        }
        Mnemonic::Lea => {
            let value = effective_address(instruction, regs);
            write_register(regs, instruction.op0_register(), value);
            regs.rip = next;
        }
        Mnemonic::Ret => {
            let mut bytes = [0; 8];
            if !memory.load(regs.rsp, &mut bytes) {
                return false;
            }
            let extra = if instruction.op_count() == 1 {
                u64::from(instruction.immediate16())
            } else {
                0
            };
            regs.rsp = regs.rsp.wrapping_add(8 + extra);
            regs.rip = u64::from_le_bytes(bytes);
        }
        Mnemonic::Call | Mnemonic::Jmp => {
            let Some(target) = branch_target(instruction, regs, memory) else {
                return false;
            };
            if instruction.mnemonic() == Mnemonic::Call && !push(regs, memory, next) {
                return false;
            }
            regs.rip = target;
        }
        _ if instruction.is_jcc_short_or_near() => {
            let taken = holds(instruction.condition_code(), regs.eflags);
            regs.rip = if taken {
                instruction.near_branch_target()
            } else {
                next
            };
        }
        _ => regs.rip = next,
    }
    true
}

fn branch_target(
    instruction: &Instruction,
    regs: &libc::user_regs_struct,
    memory: &dyn Memory,
) -> Option<u64> {
    match instruction.op0_kind() {
        OpKind::NearBranch64 => Some(instruction.near_branch_target()),
        OpKind::Register => Some(read_register(regs, instruction.op0_register())),
        _ => {
            let mut bytes = [0; 8];
            memory
                .load(effective_address(instruction, regs), &mut bytes)
                .then(|| u64::from_le_bytes(bytes))
        }
    }
}

fn effective_address(instruction: &Instruction, regs: &libc::user_regs_struct) -> u64 {
    if instruction.is_ip_rel_memory_operand() {
        return instruction.ip_rel_memory_address();
    }
    let value = |register| match register {
        Register::None => 0,
        other => read_register(regs, other),
    };
    value(instruction.memory_base())
        .wrapping_add(
            value(instruction.memory_index())
                .wrapping_mul(u64::from(instruction.memory_index_scale())),
        )
        .wrapping_add(instruction.memory_displacement64())
}

fn push(regs: &mut libc::user_regs_struct, memory: &mut dyn Memory, value: u64) -> bool {
    let sp = regs.rsp.wrapping_sub(8);
    if !memory.store(sp, &value.to_le_bytes()) {
        return false;
    }
    regs.rsp = sp;
    true
}

fn register_mut(regs: &mut libc::user_regs_struct, register: Register) -> &mut u64 {
    match register {
        Register::RCX => &mut regs.rcx,
        Register::RDX => &mut regs.rdx,
        Register::RBX => &mut regs.rbx,
        Register::RSP => &mut regs.rsp,
        Register::RBP => &mut regs.rbp,
        Register::RSI => &mut regs.rsi,
        Register::RDI => &mut regs.rdi,
        Register::R8 => &mut regs.r8,
        Register::R9 => &mut regs.r9,
        Register::R10 => &mut regs.r10,
        Register::R11 => &mut regs.r11,
        Register::R12 => &mut regs.r12,
        Register::R13 => &mut regs.r13,
        Register::R14 => &mut regs.r14,
        Register::R15 => &mut regs.r15,
        // `can_emulate` only lets 64-bit general registers through.
        _ => &mut regs.rax,
    }
}

fn read_register(regs: &libc::user_regs_struct, register: Register) -> u64 {
    let mut copy = *regs;
    *register_mut(&mut copy, register)
}

fn write_register(regs: &mut libc::user_regs_struct, register: Register, value: u64) {
    *register_mut(regs, register) = value;
}

/// Whether a branch condition holds for these flags (Intel SDM vol. 1, appendix B).
fn holds(condition: ConditionCode, flags: u64) -> bool {
    let flag = |bit: u32| flags >> bit & 1 != 0;
    let (carry, parity, zero) = (flag(0), flag(2), flag(6));
    let (sign, overflow) = (flag(7), flag(11));
    match condition {
        ConditionCode::o => overflow,
        ConditionCode::no => !overflow,
        ConditionCode::b => carry,
        ConditionCode::ae => !carry,
        ConditionCode::e => zero,
        ConditionCode::ne => !zero,
        ConditionCode::be => carry || zero,
        ConditionCode::a => !carry && !zero,
        ConditionCode::s => sign,
        ConditionCode::ns => !sign,
        ConditionCode::p => parity,
        ConditionCode::np => !parity,
        ConditionCode::l => sign != overflow,
        ConditionCode::ge => sign == overflow,
        ConditionCode::le => zero || sign != overflow,
        ConditionCode::g => !zero && sign == overflow,
        ConditionCode::None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::displaced::{Plan, decode, plan};
    use super::*;

    struct Flat {
        base: u64,
        bytes: Vec<u8>,
    }

    impl Memory for Flat {
        fn load(&self, address: u64, buffer: &mut [u8]) -> bool {
            let Some(start) = address.checked_sub(self.base) else {
                return false;
            };
            let Some(part) = self
                .bytes
                .get(start as usize..start as usize + buffer.len())
            else {
                return false;
            };
            buffer.copy_from_slice(part);
            true
        }

        fn store(&mut self, address: u64, bytes: &[u8]) -> bool {
            let Some(start) = address.checked_sub(self.base) else {
                return false;
            };
            let range = start as usize..start as usize + bytes.len();
            let Some(part) = self.bytes.get_mut(range) else {
                return false;
            };
            part.copy_from_slice(bytes);
            true
        }
    }

    fn registers() -> libc::user_regs_struct {
        // SAFETY: all-zero is a valid value of this plain C struct.
        let mut regs: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        regs.rsp = 0x1040;
        regs
    }

    fn run(code: &[u8], regs: &mut libc::user_regs_struct) -> Flat {
        let mut memory = Flat {
            base: 0x1000,
            bytes: vec![0; 128],
        };
        assert_eq!(plan(code, 0x40_0000, None), Plan::Emulate, "{code:x?}");
        let instruction = decode(code, 0x40_0000).unwrap();
        assert!(emulate(&instruction, regs, &mut memory));
        memory
    }

    #[test]
    fn calls_return_to_the_original() {
        let mut regs = registers();
        let memory = run(&[0xe8, 0x10, 0, 0, 0], &mut regs);
        assert_eq!(regs.rip, 0x40_0015);
        assert_eq!(regs.rsp, 0x1038);
        let mut pushed = [0; 8];
        assert!(memory.load(0x1038, &mut pushed));
        assert_eq!(u64::from_le_bytes(pushed), 0x40_0005);
    }

    #[test]
    fn pushes_of_rsp_push_the_old_value() {
        let mut regs = registers();
        let memory = run(&[0x54], &mut regs);
        let mut pushed = [0; 8];
        assert!(memory.load(0x1038, &mut pushed));
        assert_eq!(u64::from_le_bytes(pushed), 0x1040);
    }

    #[test]
    fn conditional_jumps_look_at_the_flags() {
        let mut regs = registers();
        regs.eflags = 1 << 6;
        run(&[0x74, 0x05], &mut regs);
        assert_eq!(regs.rip, 0x40_0007);
        regs.eflags = 0;
        run(&[0x74, 0x05], &mut regs);
        assert_eq!(regs.rip, 0x40_0002);
    }

    #[test]
    fn lea_and_returns() {
        let mut regs = registers();
        run(&[0x48, 0x8d, 0x05, 0x10, 0, 0, 0], &mut regs); // lea rax, [rip+16]
        assert_eq!(regs.rax, 0x40_0017);
        run(&[0xc3], &mut regs);
        assert_eq!((regs.rip, regs.rsp), (0, 0x1048));
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..50_000 {
            let mut code = [0u8; 15];
            for byte in &mut code {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                *byte = (seed >> 40) as u8;
            }
            if let Plan::Emulate = plan(&code, 0x40_0000, Some(0x41_0000)) {
                let mut memory = Flat {
                    base: 0x1000,
                    bytes: vec![0; 128],
                };
                emulate(
                    &decode(&code, 0x40_0000).unwrap(),
                    &mut registers(),
                    &mut memory,
                );
            }
        }
    }
}
