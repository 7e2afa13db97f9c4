//! The basic blocks of a function, and which of them can follow which.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Mnemonic, OpKind, Register};

use super::{Decoded, Flow, direct_target, goes_on, is_inside, merge_ranges};

/// What a call instruction calls, as far as the code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// The function at this address.
    At(u64),
    /// The function that the pointer at this address points to.
    Through(u64),
}

/// Instructions that run one after the other: only the first is ever jumped to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Address of the first instruction.
    pub start: u64,
    /// One past the last instruction.
    pub end: u64,
    /// Beginnings of the blocks that can follow, sorted; what lies outside is left out.
    pub successors: Vec<u64>,
    /// It ends with a jump to an address known only when it runs.
    pub is_indirect: bool,
    /// What it calls with its last instruction.
    pub callee: Option<Callee>,
}

/// Divides `ranges` of `code`, which lies at run-time `address`, into basic blocks.
///
/// A block also begins at each of `leaders` that begins an instruction.  What does not decode
/// ends the blocks of its range.
pub fn basic_blocks(
    code: &[u8],
    address: u64,
    ranges: &[Range<u64>],
    leaders: &[u64],
) -> Vec<Block> {
    let ranges = merge_ranges(ranges);
    let steps: Vec<Step> = ranges
        .iter()
        .flat_map(|range| steps_of(code, address, range))
        .collect();
    let mut starts: BTreeSet<u64> = leaders.iter().copied().collect();
    starts.extend(ranges.iter().map(|range| range.start));
    for step in &steps {
        starts.extend(step.jump);
        if !matches!(step.flow, Flow::Next | Flow::Call | Flow::IndirectCall) {
            starts.insert(step.end);
        }
    }
    join(&steps, &starts, &ranges)
}

/// One instruction, as far as the flow of control is concerned.
struct Step {
    start: u64,
    end: u64,
    flow: Flow,
    /// The destination of a direct jump.
    jump: Option<u64>,
    /// The next instruction, if it can be the next to run.
    next: Option<u64>,
    callee: Option<Callee>,
}

fn steps_of<'a>(
    code: &'a [u8],
    base: u64,
    range: &Range<u64>,
) -> impl Iterator<Item = Step> + use<'a> {
    let end = range.end;
    let tail = range
        .start
        .checked_sub(base)
        .and_then(|offset| code.get(usize::try_from(offset).ok()?..));
    let mut loaded = None;
    Decoded::new(tail.unwrap_or_default(), range.start)
        .take_while(move |(instruction, flow)| instruction.ip() < end && *flow != Flow::Invalid)
        .map(move |(instruction, flow)| {
            let callee = callee_of(&instruction, flow, loaded);
            loaded = loaded_pointer(&instruction)
                .or_else(|| loaded.filter(|(kept, _)| keeps(&instruction, flow, *kept)));
            Step {
                start: instruction.ip(),
                end: instruction.next_ip(),
                flow,
                jump: direct_target(&instruction)
                    .filter(|_| matches!(flow, Flow::Jump | Flow::Conditional)),
                next: goes_on(&instruction, flow).then_some(instruction.next_ip()),
                callee,
            }
        })
}

/// What an instruction calls; `loaded` is what those before it have loaded.
fn callee_of(
    instruction: &iced_x86::Instruction,
    flow: Flow,
    loaded: Option<(Register, Callee)>,
) -> Option<Callee> {
    match flow {
        Flow::Call => direct_target(instruction).map(Callee::At),
        Flow::IndirectCall if instruction.is_ip_rel_memory_operand() => {
            Some(Callee::Through(instruction.ip_rel_memory_address()))
        }
        Flow::IndirectCall if instruction.op0_kind() == OpKind::Register => loaded
            .filter(|(register, _)| *register == instruction.op0_register())
            .map(|(_, callee)| callee),
        _ => None,
    }
}

/// Whether a register still has its value after an instruction.
fn keeps(instruction: &iced_x86::Instruction, flow: Flow, register: Register) -> bool {
    let written = (0..instruction.op_count())
        .filter(|&operand| instruction.op_kind(operand) == OpKind::Register)
        .any(|operand| instruction.op_register(operand).full_register() == register);
    flow == Flow::Next && !written
}

/// The register that an instruction loads with a pointer that may be called, and what that is:
/// a linker that knows the function turns the load of its pointer into that of its address.
fn loaded_pointer(instruction: &iced_x86::Instruction) -> Option<(Register, Callee)> {
    if instruction.op0_kind() != OpKind::Register || !instruction.is_ip_rel_memory_operand() {
        return None;
    }
    let address = instruction.ip_rel_memory_address();
    let callee = match instruction.mnemonic() {
        Mnemonic::Mov => Callee::Through(address),
        Mnemonic::Lea => Callee::At(address),
        _ => return None,
    };
    Some((instruction.op0_register(), callee))
}

fn join(steps: &[Step], starts: &BTreeSet<u64>, ranges: &[Range<u64>]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut before: Option<&Step> = None;
    for step in steps {
        let follows = before.is_some_and(|before| before.end == step.start);
        match blocks.last_mut() {
            Some(block) if follows && !starts.contains(&step.start) => block.end = step.end,
            _ => blocks.push(Block {
                start: step.start,
                end: step.end,
                successors: Vec::new(),
                is_indirect: false,
                callee: None,
            }),
        }
        let Some(block) = blocks.last_mut() else {
            continue;
        };
        let exits = step.next.into_iter().chain(step.jump);
        block.successors = exits.filter(|&exit| is_inside(ranges, exit)).collect();
        block.successors.sort_unstable();
        block.successors.dedup();
        block.is_indirect = step.flow == Flow::IndirectJump;
        block.callee = step.callee;
        before = Some(step);
    }
    blocks
}
