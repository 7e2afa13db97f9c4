//! Value locations as callers see them, converted from the result of an expression.

use gimli::{Location, Value};

use super::absent::Absent;
use super::evaluate::RawPiece;
use crate::die::DieId;
use crate::memory::Memory;
use crate::registers::Registers;

/// Larger values are never put together from bits.
const LARGEST_VALUE: u64 = 64 << 10;

/// Location of one part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueLocation {
    /// In memory, at this run-time address.
    Memory(u64),
    /// In this DWARF register: 0 to 16 as in [`Registers`], 17 to 32 xmm0 to xmm15.
    Register(u16),
    /// Nowhere, but its value is known: bytes, little-endian, perhaps more than the type has.
    Bytes(Vec<u8>),
    /// A pointer that was optimised away.
    ImplicitPointer {
        /// Entry of the variable it points into.
        die: DieId,
        /// Bytes from the start of that variable.
        offset: i64,
    },
    /// Nowhere.
    Absent(Absent),
}

/// One part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its location.
    pub location: ValueLocation,
    /// Bytes, 0 for "the whole value".
    pub size: u64,
    /// First bit of it inside a register, a multiple of 8; 0 for all other locations.
    pub bit_offset: u64,
    /// Run-time address of the pointer that was followed last, where that led to the value.
    pub pointer: Option<u64>,
    /// Where an offset is added to what a pointer points to: the address that this pointer was
    /// read from, and the offset.
    ///
    /// Optimising compilers write that for a part of what lies at that very address, when they
    /// have the address in a register instead of in a variable of its own.
    pub behind: Option<(u64, u64)>,
    /// The register and the offset from its contents that this is, or is at, if that is all
    /// that its expression says.
    pub base: Option<(u16, i64)>,
    /// The register that a value was computed from that is nowhere itself.
    pub computed_from: Option<u16>,
}

impl Piece {
    /// The whole of a value.
    pub fn whole(location: ValueLocation) -> Self {
        Self {
            location,
            size: 0,
            bit_offset: 0,
            pointer: None,
            behind: None,
            base: None,
            computed_from: None,
        }
    }
}

/// Converts the result of an expression to value locations.
pub(super) struct PieceReader<'a> {
    pub(super) registers: &'a Registers,
    pub(super) memory: &'a dyn Memory,
    /// The entry at an offset of `.debug_info`.
    pub(super) entry: &'a dyn Fn(gimli::DebugInfoOffset) -> Option<DieId>,
}

impl PieceReader<'_> {
    /// The locations of a value; pieces that do not begin and end at bytes are read and joined.
    pub(super) fn pieces(&self, raw: &[RawPiece<'_>]) -> Vec<Piece> {
        let is_whole_bytes = |piece: &RawPiece<'_>| {
            [piece.size_in_bits, piece.bit_offset]
                .iter()
                .flatten()
                .all(|bits| bits.is_multiple_of(8))
        };
        if raw.iter().all(is_whole_bytes) {
            return raw.iter().map(|piece| self.piece(piece)).collect();
        }
        let joined = self
            .join_bits(raw)
            .map_or_else(ValueLocation::Absent, ValueLocation::Bytes);
        vec![Piece::whole(joined)]
    }

    fn piece(&self, raw: &RawPiece<'_>) -> Piece {
        let size = raw.size_in_bits.unwrap_or(0) / 8;
        let skip = raw.bit_offset.unwrap_or(0) / 8;
        let mut bit_offset = 0;
        let location = match &raw.location {
            Location::Empty => ValueLocation::Absent(Absent::OptimizedOut),
            Location::Address { address } => ValueLocation::Memory(address.wrapping_add(skip)),
            Location::Register { register } => {
                bit_offset = skip * 8;
                self.register(register.0)
            }
            Location::Value { value } => cut(&value_bytes(*value), skip, size),
            Location::Bytes { value } => cut(value.slice(), skip, size),
            Location::ImplicitPointer { value, byte_offset } => {
                self.implicit_pointer(*value, *byte_offset)
            }
        };
        Piece {
            size,
            bit_offset,
            ..Piece::whole(location)
        }
    }

    /// A register, unless it is a general one that is not known in this frame.
    fn register(&self, number: u16) -> ValueLocation {
        if number <= 16 && self.registers.value(usize::from(number)).is_none() {
            return ValueLocation::Absent(Absent::Register(number));
        }
        ValueLocation::Register(number)
    }

    fn implicit_pointer(&self, target: gimli::DebugInfoOffset, offset: i64) -> ValueLocation {
        match (self.entry)(target) {
            Some(die) => ValueLocation::ImplicitPointer { die, offset },
            None => ValueLocation::Absent(Absent::Unsupported("an entry that does not exist")),
        }
    }

    fn join_bits(&self, raw: &[RawPiece<'_>]) -> Result<Vec<u8>, Absent> {
        let mut joined = Bits::default();
        for piece in raw {
            let count = piece.size_in_bits.unwrap_or(0);
            let skip = piece.bit_offset.unwrap_or(0);
            let total = joined.count.saturating_add(count).saturating_add(skip);
            if total > LARGEST_VALUE * 8 {
                return Err(Absent::Unsupported("a value of many bits"));
            }
            let source = self.read_source(&piece.location, (skip + count).div_ceil(8))?;
            joined.append(&source, skip, count)?;
        }
        Ok(joined.bytes)
    }

    /// The first bytes at a location.
    fn read_source(
        &self,
        location: &Location<super::Slice<'_>>,
        size: u64,
    ) -> Result<Vec<u8>, Absent> {
        match location {
            Location::Empty => Err(Absent::OptimizedOut),
            Location::Address { address } => {
                let mut bytes = vec![0; size as usize];
                self.memory.read(*address, &mut bytes)?;
                Ok(bytes)
            }
            Location::Register { register } => {
                let value = self.registers.value(usize::from(register.0));
                let value = value.ok_or(Absent::Register(register.0))?;
                Ok(value.to_le_bytes().to_vec())
            }
            Location::Value { value } => Ok(value_bytes(*value)),
            Location::Bytes { value } => Ok(value.slice().to_vec()),
            Location::ImplicitPointer { .. } => Err(Absent::Unsupported(
                "bits of a pointer that was optimised away",
            )),
        }
    }
}

/// A string of bits, appended to from the lowest up.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: u64,
}

impl Bits {
    fn append(&mut self, source: &[u8], skip: u64, count: u64) -> Result<(), Absent> {
        for bit in skip..skip + count {
            let byte = source
                .get((bit / 8) as usize)
                .ok_or(Absent::Unsupported("more bits than the place has"))?;
            let value = byte >> (bit % 8) & 1;
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= value << (self.count % 8);
            }
            self.count += 1;
        }
        Ok(())
    }
}

/// `size` bytes of a constant after the first `skip`; all of them for size 0.
fn cut(bytes: &[u8], skip: u64, size: u64) -> ValueLocation {
    let start = usize::try_from(skip).unwrap_or(usize::MAX);
    let wanted = usize::try_from(size).unwrap_or(usize::MAX);
    let part = bytes.get(start..).and_then(|tail| match wanted {
        0 => Some(tail),
        _ => tail.get(..wanted),
    });
    match part {
        Some(part) => ValueLocation::Bytes(part.to_vec()),
        None => ValueLocation::Absent(Absent::Unsupported("more bytes than its constant has")),
    }
}

fn value_bytes(value: Value) -> Vec<u8> {
    match value {
        Value::Generic(number) | Value::U64(number) => number.to_le_bytes().to_vec(),
        Value::I8(number) => number.to_le_bytes().to_vec(),
        Value::U8(number) => number.to_le_bytes().to_vec(),
        Value::I16(number) => number.to_le_bytes().to_vec(),
        Value::U16(number) => number.to_le_bytes().to_vec(),
        Value::I32(number) => number.to_le_bytes().to_vec(),
        Value::U32(number) => number.to_le_bytes().to_vec(),
        Value::I64(number) => number.to_le_bytes().to_vec(),
        Value::F32(number) => number.to_le_bytes().to_vec(),
        Value::F64(number) => number.to_le_bytes().to_vec(),
    }
}
