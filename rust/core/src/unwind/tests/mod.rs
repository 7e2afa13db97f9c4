//! Walks over synthetic stacks with synthetic tables.

mod convention;
mod damage;
mod synthetic;

use gimli::X86_64;
use gimli::write::CallFrameInstruction as Cfi;
use gimli::write::Expression;

use super::{Backtrace, ModuleMap, Stop, unwind};
use crate::memory::SegmentMemory;
use crate::registers::{RBP, RBX, RIP, RSP, Registers};
use synthetic::{Bytes, Function, debug_frame, eh_frame, plain, pushing};

const STACK: u64 = 0x7000_0000;

fn registers(values: &[(usize, u64)]) -> Registers {
    let mut registers = Registers::UNKNOWN;
    for &(column, value) in values {
        registers.set(column, Some(value));
    }
    registers
}

fn stack(words: &[u64]) -> SegmentMemory {
    SegmentMemory::new().with_words(STACK, words)
}

/// The tables as the only module, loaded where they say.
fn map(bytes: &Bytes) -> ModuleMap {
    ModuleMap::new(vec![bytes.module(0, 0x1000, 0x9000)])
}

fn outermost(start: u64) -> Function {
    plain(start, 0x100, vec![(0, Cfi::Undefined(X86_64::RA))])
}

fn pcs(found: &Backtrace) -> Vec<u64> {
    found.pcs().collect()
}

/// A leaf at 0x1000 called by 0x2000, which pushes rbp and rbx, called by the outermost.
fn three_functions() -> Vec<Function> {
    vec![
        pushing(0x1000, 0x100, &[]),
        pushing(0x2000, 0x100, &[X86_64::RBP, X86_64::RBX]),
        outermost(0x3000),
    ]
}

fn walk_three(bytes: &Bytes) -> Backtrace {
    let memory = stack(&[0x2050, 33, 66, 0x3010, 0]);
    let start = registers(&[
        (RIP, 0x1004),
        (RSP, STACK),
        (RBP, 6),
        (RBX, 3),
        (0, 1),
        (12, 12),
    ]);
    unwind(&map(bytes), &start, &memory, 100)
}

fn check_three(found: &Backtrace) {
    assert_eq!(found.stop(), &Stop::Outermost);
    assert_eq!(pcs(found), [0x1004, 0x2050, 0x3010]);
    let cfas: Vec<_> = found.cfas().collect();
    assert_eq!(cfas, [Some(STACK + 8), Some(STACK + 32), Some(STACK + 40)]);
    let caller = registers(&[
        (RIP, 0x2050),
        (RSP, STACK + 8),
        (RBP, 6),
        (RBX, 3),
        (12, 12),
    ]);
    assert_eq!(found.registers(1), Some(caller));
    let outer = registers(&[
        (RIP, 0x3010),
        (RSP, STACK + 32),
        (RBP, 66),
        (RBX, 33),
        (12, 12),
    ]);
    assert_eq!(found.registers(2), Some(outer));
    assert_eq!(found.registers(0).and_then(|r| r.value(0)), Some(1));
    assert_eq!(found.registers(3), None);
}

#[test]
fn callee_saved_registers_are_restored_and_others_forgotten() {
    check_three(&walk_three(&eh_frame(&three_functions())));
}

#[test]
fn the_search_table_and_debug_frame_give_the_same() {
    check_three(&walk_three(&eh_frame(&three_functions()).with_header()));
    check_three(&walk_three(&debug_frame(&three_functions())));
    let mut both = eh_frame(&three_functions()[..1]).with_header();
    both.debug_frame = debug_frame(&three_functions()[1..]).debug_frame;
    check_three(&walk_three(&both));
}

#[test]
fn rules_follow_the_prologue() {
    let rules = vec![
        (1, Cfi::CfaOffset(16)),
        (1, Cfi::Offset(X86_64::RBP, -16)),
        (4, Cfi::CfaRegister(X86_64::RBP)),
        (9, Cfi::Cfa(X86_64::RSP, 8)),
    ];
    let map = map(&eh_frame(&[plain(0x1000, 0x100, rules), outermost(0x3000)]));
    let memory = stack(&[0, 66, 0x3010]);
    let cases = [
        (0x1000, STACK + 16, 66),
        (0x1001, STACK + 8, 1),
        (0x1004, STACK, STACK + 8),
        (0x1009, STACK + 16, 66),
    ];
    for (pc, sp, bp) in cases {
        let start = registers(&[(RIP, pc), (RSP, sp), (RBP, bp)]);
        let found = unwind(&map, &start, &memory, 10);
        assert_eq!(found.cfas().next(), Some(Some(STACK + 24)), "{pc:#x}");
        let caller = registers(&[(RIP, 0x3010), (RSP, STACK + 24), (RBP, 66)]);
        assert_eq!(found.registers(1), Some(caller), "{pc:#x}");
    }
}

#[test]
fn a_return_address_belongs_to_the_call_before_it() {
    // The function at 0x2000 ends with a call that never returns; the next has other rules.
    let functions = [
        pushing(0x1000, 0x100, &[]),
        pushing(0x2000, 0x10, &[X86_64::RBP]),
        pushing(0x2010, 0x10, &[]),
        outermost(0x3000),
    ];
    let memory = stack(&[0x2010, 66, 0x3010]);
    let start = registers(&[(RIP, 0x1000), (RSP, STACK)]);
    let found = unwind(&map(&eh_frame(&functions)), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x2010, 0x3010]);
    assert_eq!(found.registers(2).and_then(|r| r.value(RBP)), Some(66));
}

#[test]
fn biases_move_modules() {
    let tables = eh_frame(&three_functions());
    let (low, high) = (0x5555_0000_0000, 0xffff_ffff_ff60_0000);
    let map = ModuleMap::new(vec![
        tables.module(high, high + 0x1000, high + 0x9000),
        tables.module(low, low + 0x1000, low + 0x9000),
    ]);
    let memory = stack(&[high + 0x2050, 33, 66, low + 0x3010]);
    let start = registers(&[(RIP, low + 0x1000), (RSP, STACK)]);
    let found = unwind(&map, &start, &memory, 10);
    assert_eq!(pcs(&found), [low + 0x1000, high + 0x2050, low + 0x3010]);
    assert!(found.is_complete());
}

#[test]
fn expressions_and_odd_rules_are_evaluated() {
    let mut cfa = Expression::new();
    cfa.op_breg(X86_64::RDI, 8);
    cfa.op_deref();
    let mut saved_at = Expression::new();
    saved_at.op_constu(24);
    saved_at.op(gimli::DW_OP_minus);
    let mut value = Expression::new();
    value.op_plus_uconst(100);
    let rules = vec![
        (0, Cfi::CfaExpression(cfa)),
        (0, Cfi::Expression(X86_64::RBX, saved_at)),
        (0, Cfi::ValExpression(X86_64::R12, value)),
        (0, Cfi::ValOffset(X86_64::RSP, 16)),
        (0, Cfi::Register(X86_64::R13, X86_64::RAX)),
        (0, Cfi::SameValue(X86_64::RCX)),
        (0, Cfi::Undefined(X86_64::R14)),
    ];
    let map = map(&eh_frame(&[plain(0x1000, 0x100, rules), outermost(0x3000)]));
    let top = STACK + 0x28;
    let memory = stack(&[0, top, 33, 0, 0x3010]);
    let start = [
        (RIP, 0x1000),
        (5, STACK),
        (0, 13),
        (2, 2),
        (14, 14),
        (15, 15),
    ];
    let found = unwind(&map, &registers(&start), &memory, 10);
    assert_eq!(found.cfas().next(), Some(Some(top)));
    let expected = [
        (RIP, 0x3010),
        (RSP, top + 16),
        (RBX, 33),
        (12, top + 100),
        (13, 13),
        (2, 2),
        (15, 15),
    ];
    assert_eq!(found.registers(1), Some(registers(&expected)));
}

#[test]
fn signal_trampolines_restore_everything_and_are_left_exactly() {
    // The frame keeps the interrupted registers in the order of their columns.
    let mut rules = Vec::new();
    for column in 0..17_u16 {
        let mut saved_at = Expression::new();
        saved_at.op_breg(X86_64::RSP, i64::from(column) * 8);
        rules.push((0, Cfi::Expression(gimli::Register(column), saved_at)));
    }
    let mut cfa = Expression::new();
    cfa.op_breg(X86_64::RSP, RSP as i64 * 8);
    cfa.op_deref();
    rules.push((0, Cfi::CfaExpression(cfa)));
    let trampoline = Function {
        start: 0x4000,
        size: 0x10,
        is_signal: true,
        rules,
    };
    // The handler runs on a stack above the interrupted one.
    let signal_stack = STACK + 0x10_0000;
    let mut saved: Vec<u64> = (0..17).map(|column| column * 11).collect();
    saved[RSP] = STACK;
    saved[RIP] = 0x2000;
    let functions = [
        pushing(0x1000, 0x100, &[]),
        trampoline,
        pushing(0x1f00, 0x100, &[X86_64::RBP, X86_64::RBX, X86_64::R12]),
        pushing(0x2000, 0x100, &[]),
        outermost(0x3000),
    ];
    let memory = stack(&[0x3010])
        .with_words(signal_stack, &[0x4000])
        .with_words(signal_stack + 8, &saved);
    let start = registers(&[(RIP, 0x1000), (RSP, signal_stack)]);
    // The trampoline begins at the return address itself, as outside of glibc.
    let found = unwind(&map(&eh_frame(&functions)), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x4000, 0x2000, 0x3010]);
    assert!(found.is_complete(), "{}", found.stop());
    let signals: Vec<bool> = (0..4).map(|index| found.is_signal_frame(index)).collect();
    assert_eq!(signals, [false, true, false, false]);
    let interrupted: Vec<(usize, u64)> = saved.iter().copied().enumerate().collect();
    assert_eq!(found.registers(2), Some(registers(&interrupted)));
}

#[test]
fn stacks_end_at_a_zero_return_address() {
    let found = unwind(
        &map(&eh_frame(&three_functions())),
        &registers(&[(RIP, 0x1000), (RSP, STACK)]),
        &stack(&[0]),
        10,
    );
    assert_eq!(pcs(&found), [0x1000]);
    assert!(found.is_complete());
    assert_eq!(found.stop().to_string(), "reached the outermost frame");
}

#[test]
fn the_second_walk_gives_the_same_as_the_first() {
    let tables = eh_frame(&three_functions());
    let map = map(&tables);
    let memory = stack(&[0x2050, 33, 66, 0x3010, 0]);
    let start = registers(&[
        (RIP, 0x1004),
        (RSP, STACK),
        (RBP, 6),
        (RBX, 3),
        (0, 1),
        (12, 12),
    ]);
    for _ in 0..3 {
        check_three(&unwind(&map, &start, &memory, 100));
    }
    // Two at once: the one that finds the cache in use does without.
    let held = map.scratch.lock().expect("nobody has panicked");
    check_three(&unwind(&map, &start, &memory, 100));
    drop(held);
}
