//! What instructions have to do with a function's frame.

use std::ops::Range;

use iced_x86::{
    Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register, UsedMemory,
};

use super::flow::Graph;

/// Assumed for operands of unknown size.
const LARGEST_OPERAND: i64 = 4096;
/// The return address is between the frame and the canonical frame address.
const AT_ENTRY: i64 = -8;

/// Bytes of the frame that an instruction reads, writes or takes the address of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    start: i64,
    end: i64,
}

impl Access {
    pub(super) fn concerns(&self, slot: &Range<i64>) -> bool {
        self.start < slot.end && slot.start < self.end
    }
}

/// Where the registers that can hold the frame's address point to, from the canonical frame
/// address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    stack: i64,
    base: Option<i64>,
}

/// The accesses of each instruction; `None` where the stack pointer cannot be followed.
pub(super) fn of(graph: &Graph, exact: bool) -> Option<Vec<Vec<Access>>> {
    let frames = frames(graph)?;
    let mut factory = InstructionInfoFactory::new();
    let accesses = graph.instructions().iter().zip(frames);
    let found = accesses.map(|(instruction, frame)| {
        frame.map_or_else(Vec::new, |frame| {
            accesses_of(instruction, frame, exact, &mut factory)
        })
    });
    Some(found.collect())
}

/// The frame before each instruction, `None` for those that nothing leads to.
fn frames(graph: &Graph) -> Option<Vec<Option<Frame>>> {
    let after = graph.after();
    let mut frames = vec![None; graph.len()];
    frames[graph.entry()] = Some(Frame {
        stack: AT_ENTRY,
        base: None,
    });
    let mut todo = vec![graph.entry()];
    while let Some(node) = todo.pop() {
        let before = frames[node]?;
        let behind = step(&graph.instructions()[node], before)?;
        for next in &after[node] {
            let next = *next as usize;
            match frames[next] {
                None => {
                    frames[next] = Some(behind);
                    todo.push(next);
                }
                Some(known) if known.stack != behind.stack => return None,
                Some(known) if known.base != behind.base && known.base.is_some() => {
                    frames[next] = Some(Frame {
                        base: None,
                        ..known
                    });
                    todo.push(next);
                }
                Some(_) => {}
            }
        }
    }
    Some(frames)
}

/// The frame behind an instruction; `None` where the stack pointer is not known any more.
fn step(instruction: &Instruction, frame: Frame) -> Option<Frame> {
    let mut frame = frame;
    if let Some(change) = stack_change(instruction, frame)? {
        frame.stack = change;
    }
    let writes_base = instruction.op_count() > 0
        && instruction.op0_kind() == OpKind::Register
        && instruction.op0_register().full_register() == Register::RBP;
    frame.base = match instruction.mnemonic() {
        Mnemonic::Mov if writes_base && instruction.op1_register() == Register::RSP => {
            Some(frame.stack)
        }
        Mnemonic::Push | Mnemonic::Cmp | Mnemonic::Test => frame.base,
        Mnemonic::Leave => None,
        _ if writes_base => None,
        _ => frame.base,
    };
    Some(frame)
}

/// The stack pointer behind an instruction that changes it; an error as `None`.
#[expect(
    clippy::option_option,
    reason = "no change and no knowledge are different things"
)]
fn stack_change(instruction: &Instruction, frame: Frame) -> Option<Option<i64>> {
    let is_stack_pointer = instruction.op_count() > 0
        && instruction.op0_kind() == OpKind::Register
        && instruction.op0_register().full_register() == Register::RSP;
    match instruction.mnemonic() {
        Mnemonic::Call | Mnemonic::Ret | Mnemonic::Cmp | Mnemonic::Test => Some(None),
        Mnemonic::Leave => Some(Some(frame.base? + 8)),
        Mnemonic::Add | Mnemonic::Sub if is_stack_pointer => {
            let amount = instruction.try_immediate(1).ok()?.cast_signed();
            let sign = if instruction.mnemonic() == Mnemonic::Add {
                1
            } else {
                -1
            };
            Some(Some(frame.stack + sign * amount))
        }
        Mnemonic::Lea | Mnemonic::Mov if is_stack_pointer => {
            let is_base = instruction.memory_base() == Register::RBP
                && instruction.memory_index() == Register::None;
            let from_base = instruction.mnemonic() == Mnemonic::Lea && is_base;
            let displacement = instruction.memory_displacement64().cast_signed();
            if from_base {
                return Some(Some(frame.base? + displacement));
            }
            (instruction.op1_register() == Register::RBP).then_some(())?;
            Some(Some(frame.base?))
        }
        _ if is_stack_pointer && instruction.mnemonic() != Mnemonic::Push => None,
        _ => match instruction.stack_pointer_increment() {
            0 => Some(None),
            change => Some(Some(frame.stack + i64::from(change))),
        },
    }
}

fn accesses_of(
    instruction: &Instruction,
    frame: Frame,
    exact: bool,
    factory: &mut InstructionInfoFactory,
) -> Vec<Access> {
    let is_only_stack = matches!(
        instruction.mnemonic(),
        Mnemonic::Push | Mnemonic::Pop | Mnemonic::Call | Mnemonic::Ret | Mnemonic::Leave
    ) && instruction.op0_kind() != OpKind::Memory;
    if is_only_stack {
        return Vec::new();
    }
    let mut found: Vec<Access> = factory
        .info(instruction)
        .used_memory()
        .iter()
        .filter_map(|memory| memory_access(memory, frame))
        .collect();
    if instruction.mnemonic() == Mnemonic::Lea {
        found.extend(taken_address(instruction, frame, exact));
    }
    let copies_stack_pointer = instruction.mnemonic() == Mnemonic::Mov
        && instruction.op1_kind() == OpKind::Register
        && instruction.op1_register() == Register::RSP
        && instruction.op0_register() != Register::RBP;
    if copies_stack_pointer {
        found.push(from(frame.stack, exact));
    }
    found
}

fn memory_access(memory: &UsedMemory, frame: Frame) -> Option<Access> {
    if memory.access() == OpAccess::None || memory.access() == OpAccess::NoMemAccess {
        return None;
    }
    let start = base_of(memory.base(), frame)? + memory.displacement().cast_signed();
    if memory.index() != Register::None {
        // Somewhere in an array that begins here.
        return Some(from(start, false));
    }
    let size = match memory.memory_size().size() {
        0 => LARGEST_OPERAND,
        size => size as i64,
    };
    Some(Access {
        start,
        end: start + size,
    })
}

fn taken_address(instruction: &Instruction, frame: Frame, exact: bool) -> Option<Access> {
    let base = base_of(instruction.memory_base(), frame)?;
    let is_plain = instruction.memory_index() == Register::None;
    let start = base + instruction.memory_displacement64().cast_signed();
    Some(from(start, exact && is_plain))
}

/// What a pointer to here may be used for: the object that begins here, or everything above.
fn from(start: i64, exact: bool) -> Access {
    Access {
        start,
        end: if exact { start + 1 } else { i64::MAX },
    }
}

fn base_of(register: Register, frame: Frame) -> Option<i64> {
    match register {
        Register::RSP => Some(frame.stack),
        Register::RBP => frame.base,
        _ => None,
    }
}
