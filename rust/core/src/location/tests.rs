//! Expressions written byte by byte, evaluated without a program.

use std::cell::Cell;

use gimli::{
    DW_OP_GNU_push_tls_address, DW_OP_abs, DW_OP_addr, DW_OP_addrx, DW_OP_bit_piece, DW_OP_breg5,
    DW_OP_breg7, DW_OP_call_frame_cfa, DW_OP_const1u, DW_OP_const8u, DW_OP_constu, DW_OP_constx,
    DW_OP_deref, DW_OP_deref_size, DW_OP_div, DW_OP_dup, DW_OP_entry_value, DW_OP_fbreg,
    DW_OP_implicit_pointer, DW_OP_implicit_value, DW_OP_lit0, DW_OP_lit1, DW_OP_lit5, DW_OP_minus,
    DW_OP_piece, DW_OP_plus, DW_OP_reg1, DW_OP_reg2, DW_OP_reg3, DW_OP_reg5, DW_OP_regx,
    DW_OP_skip, DW_OP_stack_value, DW_OP_xderef, DwOp, Encoding, Format, LittleEndian,
};

use super::Slice;
use super::absent::Absent;
use super::evaluate::{Surroundings, evaluate, evaluate_address};
use super::piece::{Piece, PieceReader, ValueLocation};
use crate::die::DieId;
use crate::memory::{Memory, MemoryFault, SegmentMemory};
use crate::registers::Registers;

const ENCODING: Encoding = Encoding {
    address_size: 8,
    format: Format::Dwarf32,
    version: 5,
};

/// Register n holds n times 0x100, rcx (2) is unknown; two words of memory lie at rsp.
struct Machine {
    registers: Registers,
    memory: SegmentMemory,
    reads: Cell<usize>,
}

impl Machine {
    fn new() -> Self {
        let mut registers = Registers::UNKNOWN;
        for column in 0..17 {
            registers.set(column, Some(column as u64 * 0x100));
        }
        registers.set(2, None);
        Self {
            registers,
            memory: SegmentMemory::new().with_words(0x700, &[0x1122_3344_5566_7788, u64::MAX]),
            reads: Cell::new(0),
        }
    }

    fn pieces(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, Absent> {
        let expression = gimli::Expression(Slice::new(bytes, LittleEndian));
        let raw = evaluate(expression, ENCODING, None, self)?;
        let reader = PieceReader {
            registers: &self.registers,
            memory: &self.memory,
            entry: &|offset| (offset.0 < 100).then_some(DieId(offset.0 as u64)),
        };
        Ok(reader.pieces(&raw))
    }
}

impl Surroundings<'_> for Machine {
    fn register(&mut self, number: u16) -> Result<u64, Absent> {
        let value = self.registers.value(usize::from(number));
        value.ok_or(Absent::Register(number))
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Absent> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.memory.read(address, buffer)?)
    }

    fn frame_base(&mut self) -> Result<u64, Absent> {
        Ok(0x5000)
    }

    fn cfa(&mut self) -> Result<u64, Absent> {
        Ok(0x6000)
    }

    fn tls(&mut self, offset: u64) -> Result<u64, Absent> {
        Ok(0x9000 + offset)
    }

    fn relocate(&mut self, address: u64) -> Result<u64, Absent> {
        Ok(address + 0x10_0000)
    }

    fn indexed_address(&mut self, index: gimli::DebugAddrIndex<usize>) -> Result<u64, Absent> {
        Ok(0x40 + index.0 as u64)
    }
}

/// One operation with its operands.
fn op(code: DwOp, operands: &[u8]) -> Vec<u8> {
    [&[code.0], operands].concat()
}

fn location(operations: &[Vec<u8>]) -> ValueLocation {
    match Machine::new().pieces(&operations.concat()) {
        Ok(pieces) => {
            let [piece] = &pieces[..] else {
                panic!("one piece, not {pieces:?}")
            };
            assert_eq!((piece.size, piece.bit_offset), (0, 0));
            piece.location.clone()
        }
        Err(reason) => ValueLocation::Absent(reason),
    }
}

fn pieces(operations: &[Vec<u8>]) -> Vec<Piece> {
    let pieces = Machine::new().pieces(&operations.concat());
    pieces.expect("the expression has a result")
}

fn part(location: ValueLocation, size: u64) -> Piece {
    Piece {
        size,
        ..Piece::whole(location)
    }
}

#[test]
fn addresses_come_from_wherever_the_expression_says() {
    let cases = [
        (vec![op(DW_OP_fbreg, &[0x70])], 0x5000 - 16),
        (vec![op(DW_OP_breg7, &[8])], 0x708),
        (
            vec![
                op(DW_OP_call_frame_cfa, &[]),
                op(DW_OP_lit5, &[]),
                op(DW_OP_minus, &[]),
            ],
            0x5ffb,
        ),
        (vec![op(DW_OP_addr, &[1, 2, 0, 0, 0, 0, 0, 0])], 0x10_0201),
        (vec![op(DW_OP_addrx, &[3])], 0x10_0043),
        (vec![op(DW_OP_constx, &[3])], 0x43),
        (
            vec![
                op(DW_OP_const8u, &[16, 0, 0, 0, 0, 0, 0, 0]),
                op(DW_OP_GNU_push_tls_address, &[]),
            ],
            0x9010,
        ),
        (
            vec![op(DW_OP_breg7, &[0]), op(DW_OP_deref, &[])],
            0x1122_3344_5566_7788,
        ),
        (
            vec![op(DW_OP_breg7, &[0]), op(DW_OP_deref_size, &[2])],
            0x7788,
        ),
        (
            vec![
                op(DW_OP_breg7, &[8]),
                op(DW_OP_deref, &[]),
                op(DW_OP_lit5, &[]),
                op(DW_OP_plus, &[]),
            ],
            4,
        ),
    ];
    for (operations, address) in cases {
        assert_eq!(
            location(&operations),
            ValueLocation::Memory(address),
            "{operations:x?}"
        );
    }
}

#[test]
fn values_without_an_address_are_registers_or_bytes() {
    assert_eq!(location(&[op(DW_OP_reg3, &[])]), ValueLocation::Register(3));
    assert_eq!(
        location(&[op(DW_OP_regx, &[17])]),
        ValueLocation::Register(17)
    );
    assert_eq!(
        location(&[op(DW_OP_reg2, &[])]),
        ValueLocation::Absent(Absent::Register(2))
    );
    assert_eq!(
        location(&[op(DW_OP_constu, &[0x85, 0x02]), op(DW_OP_stack_value, &[])]),
        ValueLocation::Bytes(vec![5, 1, 0, 0, 0, 0, 0, 0])
    );
    assert_eq!(
        location(&[op(DW_OP_implicit_value, &[3, 7, 8, 9])]),
        ValueLocation::Bytes(vec![7, 8, 9])
    );
    let pointer = |entry| location(&[op(DW_OP_implicit_pointer, &[entry, 0, 0, 0, 0x7c])]);
    assert_eq!(
        pointer(42),
        ValueLocation::ImplicitPointer {
            die: DieId(42),
            offset: -4
        }
    );
    assert!(matches!(
        pointer(142),
        ValueLocation::Absent(Absent::Unsupported(_))
    ));
}

#[test]
fn pieces_keep_their_order_and_gaps() {
    let found = pieces(&[
        op(DW_OP_reg1, &[]),
        op(DW_OP_piece, &[4]),
        op(DW_OP_piece, &[2]),
        op(DW_OP_breg7, &[4]),
        op(DW_OP_piece, &[8]),
        op(DW_OP_lit5, &[]),
        op(DW_OP_stack_value, &[]),
        op(DW_OP_piece, &[1]),
    ]);
    let expected = [
        part(ValueLocation::Register(1), 4),
        part(ValueLocation::Absent(Absent::OptimizedOut), 2),
        part(ValueLocation::Memory(0x704), 8),
        part(ValueLocation::Bytes(vec![5]), 1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn pieces_of_whole_bytes_skip_whole_bytes() {
    let found = pieces(&[
        op(DW_OP_reg1, &[]),
        op(DW_OP_bit_piece, &[16, 8]),
        op(DW_OP_breg7, &[0]),
        op(DW_OP_bit_piece, &[8, 24]),
        op(DW_OP_implicit_value, &[3, 7, 8, 9]),
        op(DW_OP_bit_piece, &[8, 16]),
    ]);
    let register = Piece {
        size: 2,
        bit_offset: 8,
        ..Piece::whole(ValueLocation::Register(1))
    };
    let expected = [
        register,
        part(ValueLocation::Memory(0x703), 1),
        part(ValueLocation::Bytes(vec![9]), 1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn odd_bits_are_read_and_joined() {
    // Bits 4..7 of 0x88 at rsp, then bits 8..13 of rdi (0x500), then 7 bits of a constant.
    let operations = [
        op(DW_OP_breg7, &[0]),
        op(DW_OP_bit_piece, &[3, 4]),
        op(DW_OP_reg5, &[]),
        op(DW_OP_bit_piece, &[5, 8]),
        op(DW_OP_const1u, &[0x7f]),
        op(DW_OP_stack_value, &[]),
        op(DW_OP_bit_piece, &[7, 0]),
    ];
    assert_eq!(
        location(&operations),
        ValueLocation::Bytes(vec![0b0010_1000, 0x7f])
    );
    let unreadable = [op(DW_OP_lit0, &[]), op(DW_OP_bit_piece, &[3, 0])];
    let fault = MemoryFault {
        address: 0,
        size: 1,
    };
    assert_eq!(
        location(&unreadable),
        ValueLocation::Absent(Absent::Memory(fault))
    );
}

#[test]
fn what_is_missing_is_named() {
    let entry_value = [
        op(DW_OP_entry_value, &[1, DW_OP_reg5.0]),
        op(DW_OP_stack_value, &[]),
    ];
    let reason = Absent::EntryValue(Some(5));
    assert_eq!(
        reason.to_string(),
        "optimised out: depends on the value of rdi on entry to the function"
    );
    assert_eq!(location(&entry_value), ValueLocation::Absent(reason));
    let at_offset = [
        op(DW_OP_entry_value, &[2, DW_OP_breg5.0, 0]),
        op(DW_OP_stack_value, &[]),
    ];
    assert_eq!(
        location(&at_offset),
        ValueLocation::Absent(Absent::EntryValue(Some(5)))
    );
    let fault = MemoryFault {
        address: 5,
        size: 8,
    };
    assert_eq!(
        location(&[op(DW_OP_lit5, &[]), op(DW_OP_deref, &[])]),
        ValueLocation::Absent(Absent::Memory(fault))
    );
    assert_eq!(fault.to_string(), "cannot read 8 bytes at 0x5");
}

#[test]
fn endless_and_oversized_expressions_end() {
    let error = |operations: &[Vec<u8>]| match location(operations) {
        ValueLocation::Absent(Absent::Expression(error)) => error,
        other => panic!("an error, not {other:?}"),
    };
    assert_eq!(
        error(&[op(DW_OP_skip, &[0xfd, 0xff])]),
        gimli::Error::TooManyIterations
    );
    let grow = [
        op(DW_OP_lit0, &[]),
        op(DW_OP_dup, &[]),
        op(DW_OP_skip, &[0xfc, 0xff]),
    ];
    assert_eq!(error(&grow), gimli::Error::StackFull);
    let zero = [op(DW_OP_lit1, &[]), op(DW_OP_lit0, &[]), op(DW_OP_div, &[])];
    assert_eq!(error(&zero), gimli::Error::DivisionByZero);
    assert_eq!(error(&[]), gimli::Error::NotEnoughStackItems);
    let spaces = [
        op(DW_OP_lit0, &[]),
        op(DW_OP_lit0, &[]),
        op(DW_OP_xderef, &[]),
    ];
    assert!(matches!(
        location(&spaces),
        ValueLocation::Absent(Absent::Unsupported(_))
    ));
}

#[test]
fn huge_pieces_cost_nothing() {
    let huge = [
        op(DW_OP_breg7, &[0]),
        op(DW_OP_bit_piece, &[&[0xff; 9][..], &[1, 0]].concat()),
    ];
    let many_bits = Absent::Unsupported("a value of many bits");
    assert_eq!(location(&huge), ValueLocation::Absent(many_bits));
    let whole = [
        op(DW_OP_lit5, &[]),
        op(DW_OP_stack_value, &[]),
        op(DW_OP_piece, &[0x80; 1]),
    ];
    assert!(Machine::new().pieces(&whole.concat()).is_err());
    let long = pieces(&[
        op(DW_OP_lit5, &[]),
        op(DW_OP_stack_value, &[]),
        op(DW_OP_piece, &[99]),
    ]);
    assert!(matches!(
        long[..],
        [Piece {
            location: ValueLocation::Absent(_),
            size: 99,
            ..
        }]
    ));
}

#[test]
fn an_address_may_be_the_contents_of_a_register() {
    let mut machine = Machine::new();
    let mut run = |operations: &[Vec<u8>], initial| {
        let bytes = operations.concat();
        let expression = gimli::Expression(Slice::new(&bytes, LittleEndian));
        evaluate_address(expression, ENCODING, initial, &mut machine)
    };
    assert_eq!(run(&[op(DW_OP_reg5, &[])], None), Ok(0x500));
    assert_eq!(
        run(&[op(DW_OP_lit5, &[]), op(DW_OP_plus, &[])], Some(10)),
        Ok(15)
    );
    assert_eq!(run(&[op(DW_OP_abs, &[])], Some(u64::MAX)), Ok(1));
    assert!(run(&[op(DW_OP_implicit_value, &[1, 1])], None).is_err());
    assert!(run(&[op(DW_OP_reg5, &[]), op(DW_OP_piece, &[8])], None).is_err());
}

#[test]
fn random_bytes_never_panic() {
    let mut state = 0x1234_5678_9abc_def1_u64;
    for _ in 0..20_000 {
        let mut bytes = [0; 24];
        for byte in &mut bytes {
            // xorshift64: quick, and the same in every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 32) as u8;
        }
        let size = (state % 24) as usize;
        let mut machine = Machine::new();
        // Most bytes mean an error; what matters is that there is an answer.
        let answer = machine.pieces(&bytes[..size]);
        assert!(answer.map_or(true, |pieces| !pieces.is_empty()));
    }
}
