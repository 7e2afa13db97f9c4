//! Stacks and tables that make no sense.

use super::synthetic::EH_FRAME_HDR;
use super::*;
use crate::memory::Memory;

#[test]
fn a_smashed_return_address_is_shown_and_ends_the_walk() {
    let memory = stack(&[0x4141_4141_4141_4141, 0x4141_4141_4141_4141]);
    let start = registers(&[(RIP, 0x1000), (RSP, STACK), (RBP, 0x4141_4141_4141_4141)]);
    let found = unwind(&map(&eh_frame(&three_functions())), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x4141_4141_4141_4141]);
    assert_eq!(
        found.stop().to_string(),
        "0x4141414141414141 is in no known module"
    );
}

#[test]
fn an_unreadable_stack_ends_the_walk() {
    let start = registers(&[(RIP, 0x1000), (RSP, 0x10)]);
    let found = unwind(&map(&eh_frame(&three_functions())), &start, &stack(&[]), 10);
    assert_eq!(found.stop(), &Stop::ReturnAddress(0x10));
    // Where the frame lies does not depend on memory, and expressions may need it.
    assert_eq!(found.cfas().collect::<Vec<_>>(), [Some(0x18)]);
}

#[test]
fn unknown_registers_end_the_walk() {
    let map = map(&eh_frame(&three_functions()));
    let found = unwind(&map, &Registers::UNKNOWN, &stack(&[]), 10);
    assert!(found.is_empty());
    assert_eq!(found.stop().to_string(), "rip is not known in this frame");
    let found = unwind(&map, &registers(&[(RIP, 0x1000)]), &stack(&[]), 10);
    assert_eq!(found.len(), 1);
    assert_eq!(found.stop(), &Stop::Register(RSP as u16));
}

/// A function whose frame address is that of its frame pointer's target, wherever it is.
fn by_frame_pointer(start: u64) -> Function {
    let rules = vec![
        (0, Cfi::Cfa(X86_64::RBP, 16)),
        (0, Cfi::Offset(X86_64::RBP, -16)),
    ];
    plain(start, 0x100, rules)
}

#[test]
fn frames_that_do_not_rise_end_the_walk() {
    // Both frames claim the same address; nothing before the return address is a call.
    let memory = stack(&[STACK, 0x2050]).with(0x2000, vec![0x90; 0x100]);
    let start = registers(&[(RIP, 0x2000), (RSP, STACK), (RBP, STACK)]);
    let found = unwind(
        &map(&eh_frame(&[by_frame_pointer(0x2000)])),
        &start,
        &memory,
        10,
    );
    assert_eq!(pcs(&found), [0x2000, 0x2050]);
    let stop = Stop::NotRising {
        cfa: STACK + 16,
        previous: STACK + 16,
    };
    assert_eq!(found.stop(), &stop);
}

#[test]
fn a_cycle_over_a_plausible_stack_switch_ends_the_walk() {
    let call = b"\xe8\x00\x00\x00\x00".to_vec();
    let memory = stack(&[STACK, 0x2050])
        .with(0x2040, vec![0x90; 0xb])
        .with(0x204b, call);
    let start = registers(&[(RIP, 0x2000), (RSP, STACK), (RBP, STACK)]);
    let found = unwind(
        &map(&eh_frame(&[by_frame_pointer(0x2000)])),
        &start,
        &memory,
        10_000,
    );
    assert_eq!(found.stop(), &Stop::Cycle(0x2050));
    assert!(found.len() < 10);
}

#[test]
fn a_function_that_moves_to_a_new_stack_is_left() {
    // The frame at 0x2000 lies on the lower stack and calls 0x1000 on the upper one.
    let upper = STACK + 0x1000;
    let memory = stack(&[0, 66, 0x3010])
        .with_words(upper, &[0x2050])
        .with(0x3008, b"\x90\x90\x90\xe8\x00\x00\x00\x00".to_vec());
    let functions = [
        pushing(0x1000, 0x100, &[]),
        by_frame_pointer(0x2000),
        outermost(0x3000),
    ];
    let start = registers(&[(RIP, 0x1000), (RSP, upper), (RBP, STACK + 8)]);
    let found = unwind(&map(&eh_frame(&functions)), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x2050, 0x3010]);
    assert!(found.is_complete(), "{}", found.stop());
}

#[test]
fn signal_frames_that_repeat_end_the_walk() {
    // The trampoline returns to itself with the same stack.
    let mut words = vec![0, 0, 0, 0, 0];
    words.extend([0; 15]);
    words.extend([STACK, 0x4000]);
    let memory = stack(&words).with(0x4000, b"\xb8\x0f\x00\x00\x00\x0f\x05".to_vec());
    let start = registers(&[(RIP, 0x4000), (RSP, STACK)]);
    let found = unwind(&map(&Bytes::default()), &start, &memory, 10_000);
    assert_eq!(found.stop(), &Stop::Cycle(0x4000));
    assert_eq!(found.len(), 2);
}

#[test]
fn damaged_entries_are_named_where_nothing_else_helps() {
    let mut bytes = eh_frame(&three_functions()).with_header();
    // An operation that does not exist, instead of the first rule of 0x2000.
    let rules = bytes
        .eh_frame
        .windows(2)
        .position(|pair| pair == [0x41, 0x0e]);
    bytes.eh_frame[rules.expect("advance and offset are there")] = 0x3f;
    let start = registers(&[(RIP, 0x2050), (RSP, STACK), (RBP, 1)]);
    let found = unwind(&map(&bytes), &start, &stack(&[0, 0, 0]), 10);
    assert!(
        matches!(found.stop(), Stop::Damaged(0x2050, _)),
        "{}",
        found.stop()
    );
}

#[test]
fn search_tables_that_lie_find_nothing_wrong() {
    let good = eh_frame(&three_functions()).with_header();
    for (at, value) in [
        (8, u32::MAX),
        (8, 0),
        (16, 0x7fff_ffff),
        (16, 0x8000_0000),
        (12, 0),
    ] {
        let mut bytes = good.clone();
        bytes.eh_frame_hdr[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let found = walk_three(&bytes);
        assert!(!found.is_empty());
        assert!(found.pcs().all(|pc| [0x1004, 0x2050, 0x3010].contains(&pc)));
    }
    assert_eq!(
        good.eh_frame_hdr.len() as u64,
        12 + 3 * 8,
        "{EH_FRAME_HDR:#x}"
    );
}

/// xorshift64: quick, and the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        for _ in 0..=self.next() % 4 {
            let at = self.next() as usize % bytes.len();
            bytes[at] = match self.next() % 4 {
                0 => 0,
                1 => 0xff,
                2 => 0x80,
                _ => self.next() as u8,
            };
        }
        if self.next().is_multiple_of(8) {
            bytes.truncate(self.next() as usize % bytes.len());
        }
    }
}

/// Endless memory that holds plausible addresses more often than not.
struct Noise;

impl Memory for Noise {
    fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize {
        for (index, byte) in buffer.iter_mut().enumerate() {
            let at = address.wrapping_add(index as u64);
            let mut random = Random((at & !7) | 1);
            let word = match random.next() % 3 {
                0 => 0x1000 + random.next() % 0x3000,
                1 => at.wrapping_add(random.next() % 0x100),
                _ => random.next(),
            };
            *byte = word.to_le_bytes()[(at & 7) as usize];
        }
        buffer.len()
    }
}

fn odd_functions() -> Vec<Function> {
    let mut expression = Expression::new();
    expression.op_breg(X86_64::RSP, 8);
    expression.op_deref();
    let mut functions = three_functions();
    functions.push(plain(
        0x2200,
        0x100,
        vec![
            (0, Cfi::CfaExpression(expression.clone())),
            (2, Cfi::RememberState),
            (2, Cfi::ValExpression(X86_64::RBX, expression)),
            (4, Cfi::RestoreState),
            (4, Cfi::Restore(X86_64::RBX)),
            (9, Cfi::ArgsSize(3)),
        ],
    ));
    functions
}

#[test]
fn damaged_tables_never_panic_and_always_end() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    let seeds = [
        eh_frame(&odd_functions()),
        eh_frame(&odd_functions()).with_header(),
        debug_frame(&odd_functions()),
    ];
    for round in 0..3_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        random.damage(&mut bytes.eh_frame);
        random.damage(&mut bytes.eh_frame_hdr);
        random.damage(&mut bytes.debug_frame);
        let map = map(&bytes);
        for start in [0x1004, 0x2050, 0x2201, 0x2203, 0x2250, 0x3010] {
            let start = registers(&[(RIP, start), (RSP, random.next()), (RBP, random.next())]);
            assert!(unwind(&map, &start, &Noise, 50).len() <= 50);
            assert!(!unwind(&map, &start, &stack(&[0x2050, 1, 2]), 50).is_empty());
        }
    }
}

#[test]
fn random_tables_never_panic() {
    let mut random = Random(0xfeed_face_cafe_beef);
    for _ in 0..2_000 {
        let size = random.next() as usize % 200;
        let noise: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
        let bytes = Bytes {
            eh_frame: noise.clone(),
            eh_frame_hdr: noise.clone(),
            debug_frame: noise,
        };
        let start = registers(&[(RIP, 0x1000 + random.next() % 0x3000), (RSP, STACK)]);
        assert!(!unwind(&map(&bytes), &start, &Noise, 50).is_empty());
    }
}
