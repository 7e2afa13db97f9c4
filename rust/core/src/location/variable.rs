//! The value location of a variable at one pc, from its entry.

use gimli::{
    AttributeValue, DW_AT_const_value, DW_AT_frame_base, DW_AT_location, DebugAddrIndex,
    DieReference, Encoding, Expression, Format, LittleEndian, UnitOffset, ValueType,
};

use super::absent::Absent;
use super::evaluate::{Slice, Surroundings, evaluate, evaluate_address};
use super::piece::{Piece, PieceReader, ValueLocation};
use super::shape::{offset_behind, shapes};
use crate::die::DieId;
use crate::dwarf::{DebugInfo, Entry};
use crate::elf::Symbols;
use crate::error::Error;
use crate::memory::Memory;
use crate::registers::Registers;

/// Encoding of expressions that belong to no unit.
const ENCODING: Encoding = Encoding {
    address_size: 8,
    format: Format::Dwarf32,
    version: 5,
};

/// The state of the program that a location depends on.
#[derive(Clone, Copy)]
pub struct FrameContext<'a> {
    /// File address; for a caller, inside its call and not behind it.
    pub pc: u64,
    /// Run-time minus file address of the image.
    pub bias: u64,
    /// Registers of the frame.
    pub registers: &'a Registers,
    /// Canonical frame address of the frame.
    pub cfa: Option<u64>,
    /// Memory of the program.
    pub memory: &'a dyn Memory,
    /// Run-time address of the image's block of thread-local storage in the thread.
    pub tls: Option<u64>,
}

/// Locates the variable `die`; a value that is nowhere gives one absent piece.
///
/// # Errors
/// `die` is no entry of `info`.
pub(crate) fn locate(
    info: &DebugInfo,
    symbols: &Symbols,
    die: DieId,
    context: &FrameContext<'_>,
) -> Result<Vec<Piece>, Error> {
    let entry = info.entry(die)?;
    let pieces = locate_entry(info, symbols, entry, context);
    Ok(pieces.unwrap_or_else(|reason| vec![Piece::whole(ValueLocation::Absent(reason))]))
}

/// Evaluates an expression that belongs to no entry, as in call sites or from a user.
///
/// There is no frame base, and no other entries to refer to; `context.pc` is not used.
pub fn evaluate_expression(bytes: &[u8], context: &FrameContext<'_>) -> Vec<Piece> {
    let expression = Expression(Slice::new(bytes, LittleEndian));
    let mut surroundings = FrameSurroundings {
        context,
        owner: None,
        in_frame_base: false,
        followed: None,
    };
    let pieces = evaluate(expression, ENCODING, None, &mut surroundings);
    let reader = PieceReader {
        registers: context.registers,
        memory: context.memory,
        entry: &|_| None,
    };
    match pieces {
        Ok(raw) => reader.pieces(&raw),
        Err(reason) => vec![Piece::whole(ValueLocation::Absent(reason))],
    }
}

fn locate_entry(
    info: &DebugInfo,
    symbols: &Symbols,
    entry: Entry<'_>,
    context: &FrameContext<'_>,
) -> Result<Vec<Piece>, Absent> {
    let chain = entry.with_origins(info);
    let Some(entry) = chain.iter().find(|entry| entry.has(DW_AT_location)) else {
        return constant(info, &chain);
    };
    let location = entry.attribute(DW_AT_location);
    let expression = expression_at(entry, location, context.pc)?;
    if expression.0.is_empty() {
        return Err(Absent::OptimizedOut);
    }
    let mut surroundings = FrameSurroundings {
        context,
        owner: Some(Owner {
            info,
            symbols,
            entry,
        }),
        in_frame_base: false,
        followed: None,
    };
    let encoding = entry.unit.gimli.encoding();
    let offset_behind = offset_behind(expression, encoding);
    let raw = evaluate(expression, encoding, None, &mut surroundings)?;
    let reader = PieceReader {
        registers: context.registers,
        memory: context.memory,
        entry: &|offset| entry.unit.reference(AttributeValue::DebugInfoRef(offset)),
    };
    let mut pieces = reader.pieces(&raw);
    let shapes = shapes(expression, encoding);
    if shapes.len() == pieces.len() {
        for (piece, shape) in pieces.iter_mut().zip(shapes) {
            piece.base = shape.base();
            piece.computed_from = shape.computed_from();
        }
    }
    if let (Some((at, address)), [piece]) = (surroundings.followed, pieces.as_mut_slice())
        && piece.location == ValueLocation::Memory(address)
    {
        piece.pointer = Some(at);
    }
    if let (Some((at, _)), [piece], Some(offset)) =
        (surroundings.followed, pieces.as_mut_slice(), offset_behind)
    {
        piece.behind = Some((at, offset));
    }
    Ok(pieces)
}

/// The value of a variable that the compiler knew.
fn constant(info: &DebugInfo, chain: &[Entry<'_>]) -> Result<Vec<Piece>, Absent> {
    let entry = chain.iter().find(|entry| entry.has(DW_AT_const_value));
    let entry = entry.ok_or(Absent::OptimizedOut)?;
    let constant = info.variable(entry.clone()).constant;
    let bytes = constant.ok_or(Absent::Unsupported("a constant of an unknown form"))?;
    Ok(vec![Piece::whole(ValueLocation::Bytes(bytes))])
}

/// The expression of a location attribute that holds at `pc`.
fn expression_at(
    entry: &Entry<'_>,
    location: Option<AttributeValue<Slice<'static>>>,
    pc: u64,
) -> Result<Expression<Slice<'static>>, Absent> {
    let location = location.ok_or(Absent::OptimizedOut)?;
    if let Some(expression) = location.exprloc_value() {
        return Ok(expression);
    }
    let mut list = entry
        .unit
        .as_ref()
        .attr_locations(location)?
        .ok_or(Absent::Unsupported("a location of an unknown form"))?;
    while let Some(item) = list.next()? {
        if (item.range.begin..item.range.end).contains(&pc) {
            return Ok(item.data);
        }
    }
    Err(Absent::NotHere)
}

/// The entry that an expression belongs to, and the file that this belongs to.
#[derive(Clone, Copy)]
struct Owner<'a> {
    info: &'a DebugInfo,
    symbols: &'a Symbols,
    entry: &'a Entry<'a>,
}

impl Owner<'_> {
    /// Whether the linker left out the variable, as far as symbols show.
    ///
    /// It may have become local to a module, which adds a suffix to its symbol.
    fn has_no_symbol(&self) -> bool {
        let linkage = self.entry.text(gimli::DW_AT_linkage_name);
        let (Some(name), Some(linkage)) = (self.entry.name(), linkage) else {
            return false;
        };
        let symbols = self.symbols;
        let is_it = |symbol: &str| symbol.starts_with(&*linkage);
        !symbols.is_empty() && symbols.containing(Some(&*name), &is_it).is_empty()
    }
}

/// Everything an expression of a variable may ask for.
struct FrameSurroundings<'a> {
    context: &'a FrameContext<'a>,
    /// The entry that the expression belongs to.
    owner: Option<Owner<'a>>,
    /// The frame base is being worked out; it cannot depend on itself.
    in_frame_base: bool,
    /// The pointer that was read last: its address, and the address in it.
    followed: Option<(u64, u64)>,
}

impl<'a> FrameSurroundings<'a> {
    fn owner(&self) -> Result<Owner<'a>, Absent> {
        self.owner
            .ok_or(Absent::Unsupported("an entry to refer to"))
    }
}

impl<'e> Surroundings<'e> for FrameSurroundings<'_> {
    fn register(&mut self, number: u16) -> Result<u64, Absent> {
        let value = self.context.registers.value(usize::from(number));
        value.ok_or(Absent::Register(number))
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Absent> {
        self.context.memory.read(address, buffer)?;
        if let Ok(pointer) = <[u8; 8]>::try_from(&*buffer) {
            self.followed = Some((address, u64::from_le_bytes(pointer)));
        }
        Ok(())
    }

    fn frame_base(&mut self) -> Result<u64, Absent> {
        let entry = self.owner()?.entry;
        if std::mem::replace(&mut self.in_frame_base, true) {
            return Err(Absent::FrameBase);
        }
        let unit = entry.unit;
        let offset = unit.outline().function_around(entry.die.offset());
        let function = offset.and_then(|offset| unit.entry(offset).ok());
        let function = function.ok_or(Absent::FrameBase)?;
        let base = function.attribute(DW_AT_frame_base);
        let base = base.ok_or(Absent::FrameBase)?;
        let expression = expression_at(&function, Some(base), self.context.pc)?;
        let result = evaluate_address(expression, unit.gimli.encoding(), None, self);
        self.in_frame_base = false;
        result
    }

    fn cfa(&mut self) -> Result<u64, Absent> {
        self.context.cfa.ok_or(Absent::FrameAddress)
    }

    fn tls(&mut self, offset: u64) -> Result<u64, Absent> {
        // The first variable of the block has offset 0, and so have those that the linker
        // left out: std makes two for each `thread_local!`, of which one is used.
        if offset == 0 && self.owner.is_some_and(|owner| owner.has_no_symbol()) {
            return Err(Absent::Discarded);
        }
        let block = self.context.tls.ok_or(Absent::ThreadLocal)?;
        Ok(block.wrapping_add(offset))
    }

    fn relocate(&mut self, address: u64) -> Result<u64, Absent> {
        // What linkers write in place of the address of something they left out.
        if address == 0 || address >= u64::MAX - 1 {
            return Err(Absent::Discarded);
        }
        Ok(address.wrapping_add(self.context.bias))
    }

    fn indexed_address(&mut self, index: DebugAddrIndex<usize>) -> Result<u64, Absent> {
        let entry = self.owner()?.entry;
        Ok(entry.unit.as_ref().address(index)?)
    }

    fn base_type(&mut self, offset: UnitOffset) -> Result<ValueType, Absent> {
        let entry = self.owner()?.entry;
        let die = entry.unit.gimli.entry(offset)?;
        ValueType::from_entry(&die)?.ok_or(Absent::Unsupported("an unusual base type"))
    }

    fn called(&mut self, target: DieReference<usize>) -> Result<Slice<'e>, Absent> {
        let Owner { info, entry, .. } = self.owner()?;
        let value = match target {
            DieReference::UnitRef(offset) => AttributeValue::UnitRef(offset),
            DieReference::DebugInfoRef(offset) => AttributeValue::DebugInfoRef(offset),
        };
        let missing = Absent::Unsupported("an entry that does not exist");
        let die = entry.unit.reference(value);
        let die = die.ok_or_else(|| missing.clone())?;
        let called = info.entry(die).map_err(|_| missing)?;
        // An entry without a location has no effect (DWARF 5, section 2.5.1.5).
        let Some(location) = called.attribute(DW_AT_location) else {
            return Ok(Slice::default());
        };
        Ok(expression_at(&called, Some(location), self.context.pc)?.0)
    }
}
