//! The jump table at the beginning of a coroutine's function, by which it goes on where it was.

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use super::FunctionCode;
use crate::disasm::{Decoded, Flow};

/// Instructions from the entry within which the jump has to be.
const NEAREST: usize = 200;

/// A table of code addresses, one for each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchTable {
    /// Address of the entry for state 0.
    pub address: u64,
    /// Bytes of an entry: 4 where it is counted from the table, 8 where it is an address.
    pub entry_size: u8,
}

/// Finds the table of the first computed jump of a function that indexes one by a value as it
/// was read, with nothing added to it.
///
/// `None` where the code is of another form.
pub fn dispatch_table(code: FunctionCode<'_>) -> Option<DispatchTable> {
    let (start, bytes) = *code
        .parts
        .iter()
        .find(|(start, bytes)| (*start..*start + bytes.len() as u64).contains(&code.entry))?;
    let bytes = &bytes[(code.entry - start) as usize..];
    let mut table = None;
    let mut is_indexed = false;
    for (instruction, flow) in Decoded::new(bytes, code.entry).take(NEAREST) {
        match flow {
            Flow::Next | Flow::Conditional => {}
            Flow::IndirectJump if is_indexed => {
                return table.map(|address| DispatchTable {
                    address,
                    entry_size: 4,
                });
            }
            Flow::IndirectJump => return absolute(&instruction),
            _ => return None,
        }
        match instruction.mnemonic() {
            Mnemonic::Lea if instruction.is_ip_rel_memory_operand() => {
                table = Some(instruction.ip_rel_memory_address());
            }
            Mnemonic::Movsxd if instruction.op1_kind() == OpKind::Memory => {
                is_indexed = instruction.memory_index_scale() == 4
                    && instruction.memory_index() != Register::None
                    && instruction.memory_displacement64() == 0;
            }
            _ if changes_a_number(&instruction) => return None,
            _ => {}
        }
    }
    None
}

fn absolute(jump: &Instruction) -> Option<DispatchTable> {
    let is_table = jump.op0_kind() == OpKind::Memory
        && jump.memory_base() == Register::None
        && jump.memory_index() != Register::None
        && jump.memory_index_scale() == 8;
    is_table.then(|| DispatchTable {
        address: jump.memory_displacement64(),
        entry_size: 8,
    })
}

/// Whether a constant is added to a register, which may be the index, other than the stack's.
fn changes_a_number(instruction: &Instruction) -> bool {
    let is_sum = matches!(
        instruction.mnemonic(),
        Mnemonic::Add | Mnemonic::Sub | Mnemonic::Inc | Mnemonic::Dec
    );
    let by_register = instruction.op_count() > 1 && instruction.op1_kind() == OpKind::Register;
    is_sum && !by_register && instruction.op0_register().full_register() != Register::RSP
}
