// One range is a case like any other here, not a mistyped list of numbers.
#![allow(clippy::single_range_in_vec_init)]

use super::*;

const BASE: u64 = 0x40_0000;

fn texts(code: &[u8], syntax: Syntax) -> Vec<String> {
    let instructions = disassemble(code, BASE, None, syntax);
    instructions.into_iter().map(|i| i.text).collect()
}

fn flows(code: &[u8]) -> Vec<(Flow, Option<u64>)> {
    let instructions = disassemble(code, BASE, None, Syntax::Intel);
    instructions
        .into_iter()
        .map(|i| (i.flow, i.target))
        .collect()
}

#[test]
fn both_syntaxes_read_as_users_know_them() {
    // mov rax,[rsp+0x10]; call .+0; lea rdi,[rip+0x100]; mov byte ptr [rax],5
    let code = b"\x48\x8b\x44\x24\x10\xe8\x00\x00\x00\x00\x48\x8d\x3d\x00\x01\x00\x00\xc6\x00\x05";
    assert_eq!(
        texts(code, Syntax::Intel),
        [
            "mov rax, [rsp+0x10]",
            "call 0x40000a",
            "lea rdi, [rip+0x100]  # 0x400111",
            "mov byte ptr [rax], 5"
        ]
    );
    assert_eq!(
        texts(code, Syntax::Att),
        [
            "mov 0x10(%rsp), %rax",
            "call 0x40000a",
            "lea 0x100(%rip), %rdi  # 0x400111",
            "movb $5, (%rax)"
        ]
    );
}

#[test]
fn flow_of_every_kind() {
    let cases: &[(&[u8], Flow, Option<u64>)] = &[
        (b"\x90", Flow::Next, None),
        (b"\xf3\xa4", Flow::Next, None), // rep movsb
        (b"\xeb\xfe", Flow::Jump, Some(BASE)),
        (b"\xe9\x00\x01\x00\x00", Flow::Jump, Some(BASE + 0x105)),
        (b"\x74\x02", Flow::Conditional, Some(BASE + 4)),
        (b"\xe2\xfe", Flow::Conditional, Some(BASE)), // loop
        (b"\xe3\x00", Flow::Conditional, Some(BASE + 2)), // jrcxz
        (
            b"\xc7\xf8\x04\x00\x00\x00",
            Flow::Conditional,
            Some(BASE + 10),
        ), // xbegin
        (b"\xe8\x00\x00\x00\x00", Flow::Call, Some(BASE + 5)),
        (b"\xff\xe0", Flow::IndirectJump, None),
        (b"\x3e\xff\xe0", Flow::IndirectJump, None), // notrack jmp rax
        (b"\xff\x15\x00\x00\x00\x00", Flow::IndirectCall, None),
        (b"\xc3", Flow::Return, None),
        (b"\xf3\xc3", Flow::Return, None), // rep ret
        (b"\xf2\xc3", Flow::Return, None), // bnd ret
        (b"\xc2\x08\x00", Flow::Return, None),
        (b"\x48\xcf", Flow::Return, None), // iretq
        (b"\x0f\x05", Flow::Syscall, None),
        (b"\xcd\x80", Flow::Syscall, None),
        (b"\xcc", Flow::Trap, None),
        (b"\x0f\x0b", Flow::Trap, None), // ud2
        (b"\xf4", Flow::Trap, None),
        (b"\x06", Flow::Invalid, None),
    ];
    for &(code, flow, target) in cases {
        assert_eq!(flows(code), [(flow, target)], "{code:x?}");
    }
}

#[test]
fn odd_bytes_are_listed_one_by_one_and_the_rest_is_decoded() {
    let instructions = disassemble(b"\x06\x90\xe8\x00", BASE, None, Syntax::Intel);
    let seen: Vec<_> = instructions
        .iter()
        .map(|i| (i.address - BASE, i.size, i.flow))
        .collect();
    // The call is cut off by the end: two odd bytes, of which the last ones make an `add`
    // that is cut off too.
    assert_eq!(
        seen,
        [
            (0, 1, Flow::Invalid),
            (1, 1, Flow::Next),
            (2, 1, Flow::Invalid),
            (3, 1, Flow::Invalid)
        ]
    );
    assert_eq!(instructions[0].text, ".byte 0x06");
    assert_eq!(
        disassemble(b"\x90\x90\x90", BASE, Some(2), Syntax::Intel).len(),
        2
    );
}

#[test]
fn a_loop_inside_the_range_is_left_only_below() {
    // dec ecx; jne -4; nop | ret
    let targets = step_targets(b"\xff\xc9\x75\xfc\x90\xc3", BASE, &[BASE..BASE + 5]);
    assert_eq!(
        targets,
        StepTargets {
            exits: vec![BASE + 5],
            ..StepTargets::default()
        }
    );
}

#[test]
fn jumps_between_the_ranges_stay_inside() {
    // 0: je 4; 2: jmp 6 | 4: nop; 5: nop | 6: jmp 2; 8: ret
    let code = b"\x74\x02\xeb\x02\x90\x90\xeb\xfa\xc3";
    let targets = step_targets(code, BASE, &[BASE + 6..BASE + 8, BASE..BASE + 4]);
    assert_eq!(targets.exits, [BASE + 4]);
    let all = step_targets(code, BASE, &[BASE..BASE + 9]);
    assert_eq!(
        all,
        StepTargets {
            returns: vec![BASE + 8],
            ..StepTargets::default()
        }
    );
}

#[test]
fn calls_fall_through_and_tail_jumps_exit() {
    // call +0x100; syscall; call [rip]; jmp rax; jmp +0x1000
    let code = b"\xe8\x00\x01\x00\x00\x0f\x05\xff\x15\x00\x00\x00\x00\xff\xe0\xe9\x00\x10\x00\x00";
    let targets = step_targets(code, BASE, &[BASE..BASE + 20]);
    assert_eq!(
        targets.calls,
        [(BASE, Some(BASE + 0x105)), (BASE + 7, None)]
    );
    assert_eq!(targets.syscalls, [BASE + 5]);
    assert_eq!(targets.indirect_jumps, [BASE + 13]);
    assert_eq!(targets.exits, [BASE + 0x1014]);
    // A call at the very end comes back outside.
    assert_eq!(
        step_targets(code, BASE, &[BASE..BASE + 5]).exits,
        [BASE + 5]
    );
}

#[test]
fn traps_end_the_flow_but_int3_does_not() {
    let end = |code: &[u8]| step_targets(code, BASE, &[BASE..BASE + code.len() as u64]).exits;
    assert_eq!(end(b"\x0f\x0b"), []);
    assert_eq!(end(b"\xf4"), []);
    assert_eq!(end(b"\xc3"), []);
    assert_eq!(end(b"\xcc"), [BASE + 1]);
    assert_eq!(end(b"\xf3\xa4"), [BASE + 2]);
}

#[test]
fn what_cannot_be_decoded_is_left_to_single_steps() {
    let cut = step_targets(b"\x90\xe8\x00", BASE, &[BASE..BASE + 6]);
    assert_eq!(cut.indirect_jumps, [BASE + 1]);
    assert_eq!(cut.exits, []);
    let short = step_targets(b"\x90", BASE, &[BASE..BASE + 6]);
    assert_eq!(short.indirect_jumps, [BASE + 1]);
    let elsewhere = step_targets(b"\x90", BASE, &[0x10..0x20, BASE + 5..BASE + 6]);
    assert_eq!(elsewhere.indirect_jumps, [0x10, BASE + 5]);
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn senseless_ranges_are_harmless() {
    assert_eq!(step_targets(b"\x90", BASE, &[]), StepTargets::default());
    assert_eq!(
        step_targets(b"\x90", BASE, &[9..3, 5..5]),
        StepTargets::default()
    );
    let top = u64::MAX - 1;
    let targets = step_targets(b"\x90\x90", top, &[top..u64::MAX]);
    assert_eq!(targets.exits, [u64::MAX]);
}

#[test]
fn the_instruction_around_an_address() {
    // push rbp; mov eax, 0x90909090; (no instruction)
    let code = b"\x55\xb8\x90\x90\x90\x90\x06\x90";
    let start_of = |inside: u64| instruction_start(code, BASE, BASE + inside);
    assert_eq!(start_of(0), Some(BASE));
    assert_eq!(start_of(1), Some(BASE + 1));
    assert_eq!(start_of(4), Some(BASE + 1));
    assert_eq!(start_of(6), None);
    assert_eq!(start_of(7), None);
    assert_eq!(start_of(100), None);
    assert_eq!(instruction_start(code, BASE, BASE - 1), None);
}

#[test]
fn random_bytes_never_panic_and_are_all_accounted_for() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..3_000_u64 {
        let code: Vec<u8> = (0..round % 64)
            .map(|_| {
                // xorshift64: quick, and the same in every run.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24) as u8
            })
            .collect();
        // The last addresses wrap around; decoding has to bear it.
        let address = if round % 2 == 0 { BASE } else { u64::MAX - 20 };
        for syntax in [Syntax::Intel, Syntax::Att] {
            let instructions = disassemble(&code, address, None, syntax);
            let total: usize = instructions.iter().map(|i| i.size).sum();
            assert_eq!(total, code.len());
            assert!(instructions.iter().all(|i| !i.text.is_empty()));
        }
        let middle = address.wrapping_add(code.len() as u64 / 2);
        let start = instruction_start(&code, address, middle);
        assert!(start.is_none_or(|start| (address..=middle).contains(&start)));
        let end = address.saturating_add(code.len() as u64);
        let range = address..end;
        let targets = step_targets(&code, address, std::slice::from_ref(&range));
        assert!(targets.exits.iter().all(|exit| !range.contains(exit)));
        assert!(
            targets
                .returns
                .iter()
                .all(|address| range.contains(address))
        );
    }
}

#[test]
fn basic_blocks_end_at_jumps_and_begin_where_jumps_lead() {
    // dec ecx; jnz .-2 (to the dec); nop; call .+0; nop; ret
    let code = b"\xff\xc9\x75\xfc\x90\xe8\x00\x00\x00\x00\x90\xc3";
    let blocks = basic_blocks(code, BASE, &[BASE..BASE + 12], &[BASE + 10]);
    let found: Vec<_> = blocks
        .iter()
        .map(|block| (block.start - BASE, block.end - BASE, &block.successors[..]))
        .collect();
    assert_eq!(
        found,
        [
            (0, 4, &[BASE, BASE + 4][..]),
            (4, 10, &[BASE + 10][..]),
            (10, 12, &[][..])
        ]
    );
}

#[test]
fn basic_blocks_stay_inside_of_their_ranges() {
    // jmp .+2 (out of the ranges); jmp rax; (hole) nop
    let code = b"\xeb\x02\xff\xe0\x90\x90";
    let blocks = basic_blocks(code, BASE, &[BASE..BASE + 4, BASE + 5..BASE + 6], &[]);
    let starts: Vec<_> = blocks.iter().map(|block| block.start - BASE).collect();
    assert_eq!(starts, [0, 2, 5]);
    assert!(blocks.iter().all(|block| block.successors.is_empty()));
    assert!(blocks[1].is_indirect && !blocks[0].is_indirect);
    assert_eq!(basic_blocks(b"", BASE, &[BASE..BASE + 4], &[]), []);
}

#[test]
fn basic_blocks_tell_what_they_call_last() {
    let code: Vec<u8> = [
        b"\xe8\x00\x00\x00\x00".as_slice(),              // call .+0
        b"\xff\x15\x10\x00\x00\x00",                     // call [rip+0x10]
        b"\x48\x8b\x05\x20\x00\x00\x00\xff\xd0",         // mov rax,[rip+0x20]; call rax
        b"\xff\xd0",                                     // call rax
        b"\x48\x8d\x0d\x00\x00\x00\x00\xff\xc7\xff\xd1", // lea rcx,[rip]; inc edi; call rcx
    ]
    .concat();
    let leaders = [BASE + 5, BASE + 11, BASE + 20, BASE + 22];
    let blocks = basic_blocks(&code, BASE, &[BASE..BASE + 33], &leaders);
    let callees: Vec<_> = blocks.iter().map(|block| block.callee).collect();
    assert_eq!(
        callees,
        [
            Some(Callee::At(BASE + 5)),
            Some(Callee::Through(BASE + 0x1b)),
            Some(Callee::Through(BASE + 0x32)),
            None,
            Some(Callee::At(BASE + 0x1d))
        ]
    );
}
