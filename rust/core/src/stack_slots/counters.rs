//! Registers that count the rounds of a loop.

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
    RflagsBits,
};

use super::FunctionCode;
use super::flow::{Dominators, Graph};

/// General registers by DWARF number (System V ABI AMD64, figure 3.36).
const REGISTERS: [Register; 16] = [
    Register::RAX,
    Register::RDX,
    Register::RCX,
    Register::RBX,
    Register::RSI,
    Register::RDI,
    Register::RBP,
    Register::RSP,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// One instruction that changes a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it adds.
    pub size: i64,
    /// Whether a jump depends on the result being zero.
    pub ends: bool,
}

/// The steps of a register in the innermost loop around `pc` where all that changes it adds
/// constants; none where it does not count.
pub fn counter_steps(code: FunctionCode<'_>, pc: u64, register: u16) -> Vec<Step> {
    let found = REGISTERS.get(usize::from(register)).and_then(|register| {
        let graph = Graph::of(code)?;
        let at = graph.index(pc)?;
        let mut loops = loops_around(&graph, at);
        loops.sort_unstable_by_key(Vec::len);
        let counts = |members: Vec<usize>| steps(&graph, &members, *register);
        loops.into_iter().find_map(counts)
    });
    found.unwrap_or_default()
}

/// The instructions of each natural loop that `at` is in: one for each jump back to a head.
fn loops_around(graph: &Graph, at: usize) -> Vec<Vec<usize>> {
    let dominators = Dominators::of(graph);
    let mut found = Vec::new();
    for head in 0..graph.len() {
        for last in graph.before(head) {
            if dominators.is_reached(last) && dominators.is_over(head, last) {
                let members = natural_loop(graph, head, last);
                if members[at] {
                    found.push((0..graph.len()).filter(|node| members[*node]).collect());
                }
            }
        }
    }
    found
}

fn natural_loop(graph: &Graph, head: usize, last: usize) -> Vec<bool> {
    let mut members = vec![false; graph.len()];
    members[head] = true;
    let mut todo = vec![last];
    while let Some(node) = todo.pop() {
        if !std::mem::replace(&mut members[node], true) {
            todo.extend(graph.before(node));
        }
    }
    members
}

/// What changes a register in a loop, if anything does and all of that adds constants.
fn steps(graph: &Graph, members: &[usize], register: Register) -> Option<Vec<Step>> {
    let mut factory = InstructionInfoFactory::new();
    let mut found = Vec::new();
    for node in members {
        let instruction = &graph.instructions()[*node];
        let is_changed = factory
            .info(instruction)
            .used_registers()
            .iter()
            .any(|used| used.register().full_register() == register && writes(used.access()));
        if is_changed {
            let size = added(instruction)?;
            let ends = is_zero_tested(&graph.instructions()[*node..]);
            found.push(Step { size, ends });
        }
    }
    (!found.is_empty()).then_some(found)
}

fn writes(access: OpAccess) -> bool {
    matches!(
        access,
        OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
    )
}

/// The constant that an instruction adds to the register that it changes.
fn added(instruction: &Instruction) -> Option<i64> {
    let is_on_register = instruction.op_count() > 0 && instruction.op0_kind() == OpKind::Register;
    let immediate = || instruction.try_immediate(1).ok().map(u64::cast_signed);
    match instruction.mnemonic() {
        _ if !is_on_register => None,
        Mnemonic::Inc => Some(1),
        Mnemonic::Dec => Some(-1),
        Mnemonic::Add => immediate(),
        Mnemonic::Sub => immediate().map(i64::wrapping_neg),
        Mnemonic::Lea => {
            let target = instruction.op0_register().full_register();
            let is_same = instruction.memory_base().full_register() == target;
            (is_same && instruction.memory_index() == Register::None)
                .then(|| instruction.memory_displacement64().cast_signed())
        }
        _ => None,
    }
}

/// Whether a jump depends on the zero flag as the first of some instructions leaves it.
fn is_zero_tested(instructions: &[Instruction]) -> bool {
    let Some((first, rest)) = instructions.split_first() else {
        return false;
    };
    if first.rflags_modified() & RflagsBits::ZF == 0 {
        return false;
    }
    let next = rest
        .iter()
        .find(|next| next.flow_control() != FlowControl::Next || next.rflags_modified() != 0);
    next.is_some_and(|next| {
        next.flow_control() == FlowControl::ConditionalBranch
            && next.rflags_read() & RflagsBits::ZF != 0
    })
}
