//! Disassembly, and the ways in which control leaves a piece of code.

mod blocks;

use std::fmt::Write;
use std::ops::Range;

pub use blocks::{Block, Callee, basic_blocks};

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Formatter, GasFormatter, IntelFormatter, Mnemonic, OpKind,
};

/// Effect of an instruction on the flow of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goes on with the next instruction; string instructions with `rep` included.
    Next,
    /// Jumps to a known address.
    Jump,
    /// Jumps to a known address, or goes on with the next instruction.
    Conditional,
    /// Calls a known address.
    Call,
    /// Jumps to an address known only when it runs.
    IndirectJump,
    /// Calls an address known only when it runs.
    IndirectCall,
    /// Returns to the caller, or from an interrupt.
    Return,
    /// Enters the kernel and comes back.
    Syscall,
    /// Raises an exception: `ud2`, `int3`, `hlt`.
    Trap,
    /// Not an instruction, or cut off by the end of the code.
    Invalid,
}

impl Flow {
    /// The name used in the Python contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Jump => "jump",
            Self::Conditional => "conditional",
            Self::Call => "call",
            Self::IndirectJump => "indirect-jump",
            Self::IndirectCall => "indirect-call",
            Self::Return => "return",
            Self::Syscall => "syscall",
            Self::Trap => "trap",
            Self::Invalid => "invalid",
        }
    }
}

/// Notation of instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// `mov rax,[rsp+8]`
    #[default]
    Intel,
    /// `mov 8(%rsp),%rax`
    Att,
}

/// One decoded instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Run-time address of its first byte.
    pub address: u64,
    /// Bytes it takes, 1 to 15.
    pub size: usize,
    /// Its text; an absolute address in it that is relative to `rip` follows after `#`.
    pub text: String,
    /// Effect on the flow of control.
    pub flow: Flow,
    /// Destination of a direct jump or call.
    pub target: Option<u64>,
}

/// Ways in which control can leave a set of address ranges.  All lists are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepTargets {
    /// Jump targets and fall-through addresses outside the ranges.
    pub exits: Vec<u64>,
    /// Call instructions, each with its direct target.
    pub calls: Vec<(u64, Option<u64>)>,
    /// Return instructions.
    pub returns: Vec<u64>,
    /// Instructions whose successor is not known before they run.
    pub indirect_jumps: Vec<u64>,
    /// System call instructions.
    pub syscalls: Vec<u64>,
}

/// Decodes `code`, which lies at run-time `address`, up to `limit` instructions.
///
/// A byte that begins no instruction is listed by itself with [`Flow::Invalid`].
pub fn disassemble(
    code: &[u8],
    address: u64,
    limit: Option<usize>,
    syntax: Syntax,
) -> Vec<Instruction> {
    let mut formatter = make_formatter(syntax);
    Decoded::new(code, address)
        .take(limit.unwrap_or(usize::MAX))
        .map(|(instruction, flow)| {
            render_instruction(&instruction, flow, formatter.as_mut(), code, address)
        })
        .collect()
}

/// Decodes `code` at run-time `address` and lists how control leaves `ranges` inside it.
///
/// A jump to any of the ranges stays inside, wherever it comes from.  Traps that end the
/// flow (`ud2`, `hlt`) have no exit; `int3` goes on behind itself.  Where the bytes stop
/// making sense, or `code` does not reach to the end of a range, the address is listed
/// under `indirect_jumps`: only single steps show where it goes from there.
pub fn step_targets(code: &[u8], address: u64, ranges: &[Range<u64>]) -> StepTargets {
    let ranges = merge_ranges(ranges);
    let mut targets = StepTargets::default();
    for range in &ranges {
        collect_targets(code, address, range, &ranges, &mut targets);
    }
    targets.exits.sort_unstable();
    targets.exits.dedup();
    targets
}

/// Decodes `code` at run-time `address` and returns where the instruction around `inside`
/// begins; `None` where the bytes stop making sense before, or end.
#[must_use]
pub fn instruction_start(code: &[u8], address: u64, inside: u64) -> Option<u64> {
    Decoded::new(code, address)
        .take_while(|(_, flow)| !matches!(flow, Flow::Invalid))
        .find(|(instruction, _)| instruction.next_ip() > inside)
        .map(|(instruction, _)| instruction.ip())
        .filter(|start| *start <= inside)
}

/// Instructions one after the other, invalid bytes one by one.
pub(crate) struct Decoded<'a> {
    decoder: Decoder<'a>,
    end: usize,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(code: &'a [u8], address: u64) -> Self {
        let decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
        Self {
            decoder,
            end: code.len(),
        }
    }
}

impl Iterator for Decoded<'_> {
    type Item = (iced_x86::Instruction, Flow);

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.decoder.position();
        if position >= self.end {
            return None;
        }
        let address = self.decoder.ip();
        let mut instruction = self.decoder.decode();
        if instruction.is_invalid() {
            instruction.set_len(1);
            instruction.set_next_ip(address.wrapping_add(1));
            // The position is inside the code, so this cannot fail.
            if self.decoder.set_position(position + 1).is_err() {
                return None;
            }
            self.decoder.set_ip(address.wrapping_add(1));
        }
        Some((instruction, flow_of(&instruction)))
    }
}

fn flow_of(instruction: &iced_x86::Instruction) -> Flow {
    if instruction.is_invalid() {
        return Flow::Invalid;
    }
    match instruction.mnemonic() {
        Mnemonic::Syscall | Mnemonic::Sysenter => return Flow::Syscall,
        Mnemonic::Int if instruction.immediate8() == 0x80 => return Flow::Syscall,
        Mnemonic::Hlt => return Flow::Trap,
        _ => {}
    }
    match instruction.flow_control() {
        FlowControl::UnconditionalBranch if instruction.is_jmp_short_or_near() => Flow::Jump,
        FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => Flow::IndirectJump,
        FlowControl::ConditionalBranch => Flow::Conditional,
        FlowControl::Return => Flow::Return,
        FlowControl::Call if instruction.is_call_near() => Flow::Call,
        // Far calls and hypervisor calls come back; where they went cannot be named.
        FlowControl::Call | FlowControl::IndirectCall => Flow::IndirectCall,
        FlowControl::Interrupt | FlowControl::Exception => Flow::Trap,
        // A transaction that aborts goes to the operand of its `xbegin`.
        FlowControl::XbeginXabortXend if instruction.mnemonic() == Mnemonic::Xbegin => {
            Flow::Conditional
        }
        FlowControl::Next | FlowControl::XbeginXabortXend => Flow::Next,
    }
}

pub(crate) fn direct_target(instruction: &iced_x86::Instruction) -> Option<u64> {
    if instruction.op_count() == 0 {
        return None;
    }
    match instruction.op0_kind() {
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
            Some(instruction.near_branch_target())
        }
        _ => None,
    }
}

fn make_formatter(syntax: Syntax) -> Box<dyn Formatter> {
    let mut formatter: Box<dyn Formatter> = match syntax {
        Syntax::Intel => Box::new(IntelFormatter::new()),
        Syntax::Att => Box::new(GasFormatter::new()),
    };
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_space_after_operand_separator(true);
    options.set_rip_relative_addresses(true);
    options.set_show_branch_size(false);
    formatter
}

fn render_instruction(
    instruction: &iced_x86::Instruction,
    flow: Flow,
    formatter: &mut dyn Formatter,
    code: &[u8],
    start: u64,
) -> Instruction {
    let address = instruction.ip();
    let mut text = String::new();
    if flow == Flow::Invalid {
        let byte = code[address.wrapping_sub(start) as usize];
        text = format!(".byte {byte:#04x}");
    } else {
        formatter.format(instruction, &mut text);
        if instruction.is_ip_rel_memory_operand() {
            let absolute = instruction.ip_rel_memory_address();
            // Writing to a string cannot fail.
            let _ = write!(text, "  # {absolute:#x}");
        }
    }
    Instruction {
        address,
        size: instruction.len(),
        text,
        flow,
        target: direct_target(instruction),
    }
}

/// Sorted ranges of which no two overlap or touch; empty ones are dropped.
fn merge_ranges(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|r| r.start < r.end).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn is_inside(ranges: &[Range<u64>], address: u64) -> bool {
    let index = ranges.partition_point(|range| range.end <= address);
    ranges
        .get(index)
        .is_some_and(|range| range.contains(&address))
}

fn collect_targets(
    code: &[u8],
    base: u64,
    range: &Range<u64>,
    ranges: &[Range<u64>],
    targets: &mut StepTargets,
) {
    let tail = range
        .start
        .checked_sub(base)
        .and_then(|offset| code.get(usize::try_from(offset).ok()?..));
    let mut expected = range.start;
    for (instruction, flow) in Decoded::new(tail.unwrap_or_default(), range.start) {
        let address = instruction.ip();
        if !range.contains(&address) {
            return;
        }
        if flow == Flow::Invalid {
            break;
        }
        expected = instruction.next_ip();
        let next = goes_on(&instruction, flow).then_some(expected);
        let target = direct_target(&instruction);
        match flow {
            Flow::Call | Flow::IndirectCall => targets.calls.push((address, target)),
            Flow::Return => targets.returns.push(address),
            Flow::IndirectJump => targets.indirect_jumps.push(address),
            Flow::Syscall => targets.syscalls.push(address),
            _ => {}
        }
        let jump = target.filter(|_| matches!(flow, Flow::Jump | Flow::Conditional));
        let exits = next.into_iter().chain(jump);
        targets
            .exits
            .extend(exits.filter(|&exit| !is_inside(ranges, exit)));
    }
    if range.contains(&expected) {
        targets.indirect_jumps.push(expected);
    }
}

/// Whether the instruction behind this one can be the next to run, perhaps after a call
/// returned.
pub(crate) fn goes_on(instruction: &iced_x86::Instruction, flow: Flow) -> bool {
    match flow {
        Flow::Next | Flow::Conditional | Flow::Call | Flow::IndirectCall | Flow::Syscall => true,
        Flow::Jump | Flow::IndirectJump | Flow::Return | Flow::Invalid => false,
        Flow::Trap => instruction.flow_control() == FlowControl::Interrupt,
    }
}

#[cfg(test)]
mod tests;
