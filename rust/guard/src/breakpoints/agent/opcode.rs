//! The operations of agent expressions by the names and numbers of the GDB manual, appendix
//! "The GDB Agent Expression Mechanism", section "Bytecode Descriptions".
//!
//! Only those that [`super::evaluate`] knows are listed; all others are refused.

pub const ADD: u8 = 0x02;
pub const SUB: u8 = 0x03;
pub const MUL: u8 = 0x04;
pub const DIV_SIGNED: u8 = 0x05;
pub const DIV_UNSIGNED: u8 = 0x06;
pub const REM_SIGNED: u8 = 0x07;
pub const REM_UNSIGNED: u8 = 0x08;
pub const LSH: u8 = 0x09;
pub const RSH_SIGNED: u8 = 0x0a;
pub const RSH_UNSIGNED: u8 = 0x0b;
pub const LOG_NOT: u8 = 0x0e;
pub const BIT_AND: u8 = 0x0f;
pub const BIT_OR: u8 = 0x10;
pub const BIT_XOR: u8 = 0x11;
pub const BIT_NOT: u8 = 0x12;
pub const EQUAL: u8 = 0x13;
pub const LESS_SIGNED: u8 = 0x14;
pub const LESS_UNSIGNED: u8 = 0x15;
pub const EXT: u8 = 0x16;
pub const REF8: u8 = 0x17;
pub const REF16: u8 = 0x18;
pub const REF32: u8 = 0x19;
pub const REF64: u8 = 0x1a;
pub const IF_GOTO: u8 = 0x20;
pub const GOTO: u8 = 0x21;
pub const CONST8: u8 = 0x22;
pub const CONST16: u8 = 0x23;
pub const CONST32: u8 = 0x24;
pub const CONST64: u8 = 0x25;
pub const REG: u8 = 0x26;
pub const END: u8 = 0x27;
pub const DUP: u8 = 0x28;
pub const POP: u8 = 0x29;
pub const ZERO_EXT: u8 = 0x2a;
pub const SWAP: u8 = 0x2b;
pub const GETV: u8 = 0x2c;
pub const SETV: u8 = 0x2d;
pub const TRACEV: u8 = 0x2e;
pub const PICK: u8 = 0x32;
pub const ROT: u8 = 0x33;
