use super::*;

const SUB_RSP_18: &[u8] = &[0x48, 0x83, 0xec, 0x18];
const ADD_RSP_18: &[u8] = &[0x48, 0x83, 0xc4, 0x18];
const TEST_EDI: &[u8] = &[0x85, 0xff];
const STORE_AT_8: &[u8] = &[0xc7, 0x44, 0x24, 0x08, 1, 0, 0, 0];
const STORE_AT_12: &[u8] = &[0xc7, 0x44, 0x24, 0x0c, 1, 0, 0, 0];
const ADDRESS_OF_0: &[u8] = &[0x48, 0x89, 0xe7];
const NOP: &[u8] = &[0x90];
const RET: &[u8] = &[0xc3];

/// The slot at `[rsp+8]`, 4 bytes: the frame is 0x18 bytes and the return address.
const AT_8: Range<i64> = -0x18..-0x14;

fn assemble(instructions: &[&[u8]]) -> (Vec<u8>, Vec<u64>) {
    let mut addresses = Vec::new();
    let mut code = Vec::new();
    for instruction in instructions {
        addresses.push(0x1000 + code.len() as u64);
        code.extend_from_slice(instruction);
    }
    (code, addresses)
}

fn before(
    code: &[u8],
    pc: u64,
    scope: Vec<Range<u64>>,
    exact: bool,
    landing_pads: &[(Range<u64>, u64)],
) -> Option<Vec<u64>> {
    let parts = [(0x1000, code)];
    let code = FunctionCode {
        parts: &parts,
        entry: 0x1000,
        landing_pads,
    };
    let slot = Slot { bytes: AT_8, scope };
    accesses_before(code, pc, &[slot], exact).map(|mut found| found.remove(0).last)
}

#[test]
fn a_store_counts_from_the_next_instruction_on() {
    let (code, at) = assemble(&[SUB_RSP_18, STORE_AT_12, STORE_AT_8, NOP, ADD_RSP_18, RET]);
    assert_eq!(before(&code, at[2], vec![], true, &[]), Some(vec![]));
    assert_eq!(before(&code, at[3], vec![], true, &[]), Some(vec![at[2]]));
}

#[test]
fn one_of_two_ways_is_enough() {
    let skip: &[u8] = &[0x74, 8];
    let (code, at) = assemble(&[SUB_RSP_18, TEST_EDI, skip, STORE_AT_8, NOP, ADD_RSP_18, RET]);
    assert_eq!(before(&code, at[3], vec![], true, &[]), Some(vec![]));
    assert_eq!(before(&code, at[4], vec![], true, &[]), Some(vec![at[3]]));
}

#[test]
fn a_scope_that_is_entered_again_has_nothing_yet() {
    let back: &[u8] = &[0x75, 0xf3];
    let (code, at) = assemble(&[SUB_RSP_18, TEST_EDI, NOP, STORE_AT_8, back, ADD_RSP_18, RET]);
    let body = at[1]..at[4];
    assert_eq!(before(&code, at[2], vec![], true, &[]), Some(vec![at[3]]));
    let scope = std::slice::from_ref(&body).to_vec();
    assert_eq!(before(&code, at[2], scope.clone(), true, &[]), Some(vec![]));
    assert_eq!(before(&code, at[4], scope, true, &[]), Some(vec![at[3]]));
}

#[test]
fn a_pointer_to_another_object_may_lead_here_where_objects_were_merged() {
    let (code, at) = assemble(&[SUB_RSP_18, ADDRESS_OF_0, NOP, ADD_RSP_18, RET]);
    assert_eq!(before(&code, at[2], vec![], true, &[]), Some(vec![]));
    assert_eq!(before(&code, at[2], vec![], false, &[]), Some(vec![at[1]]));
}

#[test]
fn calls_lead_to_their_landing_pads() {
    let call: &[u8] = &[0xe8, 0, 1, 0, 0];
    let (code, at) = assemble(&[
        SUB_RSP_18, STORE_AT_8, call, ADD_RSP_18, RET, NOP, ADD_RSP_18, RET,
    ]);
    let pads = [(at[2]..at[3], at[5])];
    assert_eq!(before(&code, at[6], vec![], true, &pads), Some(vec![at[1]]));
}

#[test]
fn a_frame_that_cannot_be_followed_is_no_answer() {
    let aligned: &[u8] = &[0x48, 0x83, 0xe4, 0xe0];
    let (code, at) = assemble(&[aligned, SUB_RSP_18, NOP, ADD_RSP_18, RET]);
    assert_eq!(before(&code, at[2], vec![], true, &[]), None);
    assert_eq!(before(&[0x06], 0x1000, vec![], true, &[]), None);
}

#[test]
fn every_way_from_where_it_starts_has_to_lead_over_an_access() {
    let skip: &[u8] = &[0x74, 8];
    let (code, at) = assemble(&[SUB_RSP_18, TEST_EDI, skip, STORE_AT_8, NOP, ADD_RSP_18, RET]);
    let parts = [(0x1000, &code[..])];
    let code = FunctionCode {
        parts: &parts,
        entry: 0x1000,
        landing_pads: &[],
    };
    let between = |start, pc| is_accessed_between(code, start, pc, &[AT_8]);
    assert_eq!(between(at[0], at[4]), Some(vec![false]));
    assert_eq!(between(at[3], at[4]), Some(vec![true]));
    assert_eq!(between(at[3], at[3]), Some(vec![false]));
    assert_eq!(between(at[4], at[3]), None);
}

fn table(instructions: &[&[u8]]) -> Option<DispatchTable> {
    let (code, _) = assemble(instructions);
    dispatch_table(FunctionCode {
        parts: &[(0x1000, &code)],
        entry: 0x1000,
        landing_pads: &[],
    })
}

const STATE: &[u8] = &[0x0f, 0xb6, 0x47, 0x38]; // movzx eax, byte ptr [rdi+38h]
const LEA_TABLE: &[u8] = &[0x48, 0x8d, 0x0d, 0, 1, 0, 0]; // lea rcx, [rip+100h]
const ENTRY: &[u8] = &[0x48, 0x63, 0x04, 0x81]; // movsxd rax, dword ptr [rcx+rax*4]
const ADD_TABLE: &[u8] = &[0x48, 0x01, 0xc8]; // add rax, rcx
const JUMP: &[u8] = &[0xff, 0xe0]; // jmp rax
const LESS: &[u8] = &[0x83, 0xe8, 0x03]; // sub eax, 3

#[test]
fn the_table_of_a_coroutine_is_found() {
    let found = table(&[SUB_RSP_18, STATE, LEA_TABLE, ENTRY, ADD_TABLE, JUMP]);
    let expected = DispatchTable {
        address: 0x1000 + 4 + 4 + 7 + 0x100,
        entry_size: 4,
    };
    assert_eq!(found, Some(expected));
    let jump: &[u8] = &[0xff, 0x24, 0xc5, 0, 0x20, 0, 0]; // jmp qword ptr [rax*8+2000h]
    let expected = DispatchTable {
        address: 0x2000,
        entry_size: 8,
    };
    assert_eq!(table(&[SUB_RSP_18, STATE, jump]), Some(expected));
}

#[test]
fn a_jump_by_another_number_is_no_table_of_states() {
    let found = table(&[STATE, LESS, LEA_TABLE, ENTRY, ADD_TABLE, JUMP]);
    assert_eq!(found, None);
    assert_eq!(table(&[STATE, JUMP]), None);
    assert_eq!(table(&[STATE, RET]), None);
}

const XOR_EBX: &[u8] = &[0x31, 0xdb];
const INC_RBX: &[u8] = &[0x48, 0xff, 0xc3];
const DEC_RBX: &[u8] = &[0x48, 0xff, 0xcb];
const ADD_RBX_8: &[u8] = &[0x48, 0x83, 0xc3, 0x08];
const CMP_RBX_RDI: &[u8] = &[0x48, 0x39, 0xfb];

fn steps_at(instructions: &[&[u8]], index: usize) -> Vec<(i64, bool)> {
    const RBX: u16 = 3;
    let (code, at) = assemble(instructions);
    let parts = [(0x1000, &code[..])];
    let code = FunctionCode {
        parts: &parts,
        entry: 0x1000,
        landing_pads: &[],
    };
    let steps = counter_steps(code, at[index], RBX);
    steps.iter().map(|step| (step.size, step.ends)).collect()
}

#[test]
fn a_counter_is_what_a_loop_adds_constants_to() {
    let up: &[u8] = &[0x72, 0xf7];
    let counted = [XOR_EBX, NOP, INC_RBX, CMP_RBX_RDI, up, RET];
    assert_eq!(steps_at(&counted, 1), [(1, false)]);
    assert_eq!(steps_at(&counted, 0), []);
    assert_eq!(steps_at(&counted, 5), []);
    let down: &[u8] = &[0x75, 0xfa];
    assert_eq!(steps_at(&[NOP, DEC_RBX, down, RET], 0), [(-1, true)]);
    assert_eq!(steps_at(&[NOP, INC_RBX, down, RET], 1), [(1, true)]);
    let far: &[u8] = &[0x72, 0xf6];
    assert_eq!(
        steps_at(&[NOP, ADD_RBX_8, CMP_RBX_RDI, far, RET], 0),
        [(8, false)]
    );
}

#[test]
fn a_loop_that_sets_a_register_does_not_count_with_it() {
    let down: &[u8] = &[0x75, 0xf8];
    assert_eq!(steps_at(&[NOP, XOR_EBX, DEC_RBX, down, RET], 0), []);
    // An outer loop may set what the inner one counts.
    let inner: &[u8] = &[0x75, 0xfa];
    let outer: &[u8] = &[0x75, 0xf5];
    let nested = [NOP, XOR_EBX, NOP, DEC_RBX, inner, TEST_EDI, outer, RET];
    assert_eq!(steps_at(&nested, 2), [(-1, true)]);
    assert_eq!(steps_at(&nested, 0), []);
}
