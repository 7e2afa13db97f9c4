//! Code without unwind information.

use super::*;

/// Code bytes of a call that ends right before `address`.
fn call_before(address: u64) -> (u64, Vec<u8>) {
    (
        address - 8,
        b"\x90\x90\x90\xe8\x00\x00\x00\x00\x90".to_vec(),
    )
}

fn with_calls(mut memory: SegmentMemory, addresses: &[u64]) -> SegmentMemory {
    for &address in addresses {
        let (start, code) = call_before(address);
        memory = memory.with(start, code);
    }
    memory
}

fn tables() -> ModuleMap {
    map(&eh_frame(&[pushing(0x1000, 0x100, &[]), outermost(0x3000)]))
}

#[test]
fn frame_pointers_lead_through_code_without_tables() {
    let memory = stack(&[
        0x5050,
        7,
        8,
        STACK + 0x30,
        0x6050,
        9,
        STACK + 0x50,
        0x3010,
        0,
    ]);
    let memory = with_calls(memory, &[0x5050, 0x6050, 0x3010]);
    let start = registers(&[(RIP, 0x1000), (RSP, STACK), (RBP, STACK + 0x18), (RBX, 3)]);
    let found = unwind(&tables(), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x5050, 0x6050, 0x3010]);
    assert!(found.is_complete(), "{}", found.stop());
    // What a function without tables did to rbx nobody knows.
    assert_eq!(found.registers(1).and_then(|r| r.value(RBX)), Some(3));
    assert_eq!(found.registers(2).and_then(|r| r.value(RBX)), None);
    assert_eq!(found.registers(3).and_then(|r| r.sp()), Some(STACK + 0x40));
}

#[test]
fn a_zero_frame_pointer_marks_the_outermost_frame() {
    let memory = with_calls(stack(&[0x5050]), &[0x5050]);
    let start = registers(&[(RIP, 0x1000), (RSP, STACK), (RBP, 0)]);
    let found = unwind(&tables(), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x5050]);
    assert!(found.is_complete());
}

#[test]
fn a_call_to_nowhere_leads_back_to_its_caller() {
    let memory = with_calls(stack(&[0x3010]), &[0x3010]);
    for nowhere in [0, 0x41, 0xdead_beef_0000, u64::MAX] {
        let start = registers(&[(RIP, nowhere), (RSP, STACK), (RBX, 3), (0, 1)]);
        let found = unwind(&tables(), &start, &memory, 10);
        assert_eq!(pcs(&found), [nowhere, 0x3010]);
        assert!(found.is_complete());
        let caller = registers(&[(RIP, 0x3010), (RSP, STACK + 8), (RBX, 3)]);
        assert_eq!(found.registers(1), Some(caller));
    }
}

#[test]
fn words_that_follow_no_call_are_no_return_addresses() {
    let memory = stack(&[0x3010, STACK + 0x10, 0x3020]).with(0x3000, vec![0x90; 0x40]);
    let start = registers(&[(RIP, 0x5000), (RSP, STACK), (RBP, STACK + 8)]);
    let found = unwind(&tables(), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x5000]);
    assert_eq!(found.stop(), &Stop::NoRules(0x5000));
    assert!(!found.is_complete());
}

#[test]
fn generated_code_is_walked_by_frame_pointers() {
    let (jit, outer) = (0xf000_0100, 0xf000_0200);
    let memory = stack(&[1, STACK + 0x18, outer, STACK + 0x28, 0x3010]);
    let memory = with_calls(memory, &[outer, 0x3010]);
    let start = registers(&[(RIP, jit), (RSP, STACK), (RBP, STACK + 8)]);
    let found = unwind(&tables(), &start, &memory, 10);
    assert_eq!(pcs(&found), [jit, outer, 0x3010]);
    assert!(found.is_complete(), "{}", found.stop());
}

#[test]
fn trampolines_are_known_by_their_instructions() {
    for code in [
        &b"\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"[..],
        b"\xb8\x0f\x00\x00\x00\x0f\x05",
    ] {
        // struct ucontext behind the return address: flags, link, stack, then r8 to r15, rdi,
        // rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
        let mut words = vec![0x4000, 0, 0, 0, 0, 0];
        words.extend(8..=15);
        words.extend([5, 4, 6, 3, 1, 90, 2, STACK + 0x200, 0x1000]);
        let memory = stack(&words)
            .with_words(STACK + 0x200, &[0x3010])
            .with(0x4000, code.to_vec());
        let start = registers(&[(RIP, 0x1000), (RSP, STACK)]);
        let found = unwind(&tables(), &start, &memory, 10);
        assert_eq!(pcs(&found), [0x1000, 0x4000, 0x1000, 0x3010]);
        assert!(found.is_signal_frame(1));
        let expected: Vec<(usize, u64)> = (0..17)
            .map(|column| match column {
                0 => (0, 90),
                RSP => (RSP, STACK + 0x200),
                RIP => (RIP, 0x1000),
                other => (other, other as u64),
            })
            .collect();
        assert_eq!(found.registers(2), Some(registers(&expected)));
    }
}

#[test]
fn a_handler_of_a_call_to_nowhere_leads_through_address_zero() {
    let mut words = vec![0x4000, 0, 0, 0, 0, 0];
    words.extend([0; 15]);
    words.extend([STACK + 0x200, 0]);
    let memory = stack(&words)
        .with_words(STACK + 0x200, &[0x3010])
        .with(0x4000, b"\xb8\x0f\x00\x00\x00\x0f\x05".to_vec());
    let start = registers(&[(RIP, 0x1000), (RSP, STACK)]);
    let found = unwind(&tables(), &start, &memory, 10);
    assert_eq!(pcs(&found), [0x1000, 0x4000, 0, 0x3010]);
}
