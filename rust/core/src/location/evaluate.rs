//! Evaluation of one DWARF expression, for variables, frame bases and unwind tables alike
//! (DWARF 5, section 2.5).

use gimli::{
    DebugAddrIndex, DieReference, Encoding, Evaluation, EvaluationResult, EvaluationStorage,
    Expression, Location, Operation, UnitOffset, Value, ValueType,
};

use super::absent::Absent;

/// Bytes of a section, as everything in this crate reads them.
pub(crate) type Slice<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;
/// One part of the result of an expression.
pub(crate) type RawPiece<'a> = gimli::Piece<Slice<'a>>;

/// Operations one expression may take, calls included.
const MAX_ITERATIONS: u32 = 10_000;
/// Items an expression may have on its stack.
const STACK_DEPTH: usize = 1024;
/// Nesting of `DW_OP_call*`.
const CALL_DEPTH: usize = 64;

/// The context of an expression: everything that it may ask for.
///
/// The defaults are those of unwind tables, which know registers and memory only
/// (DWARF 5, section 6.4.2).
pub(crate) trait Surroundings<'a> {
    /// Contents of a register, by DWARF number.
    fn register(&mut self, number: u16) -> Result<u64, Absent>;

    /// Fills `buffer` from run-time `address`.
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Absent>;

    /// Value of `DW_AT_frame_base` of the enclosing function.
    fn frame_base(&mut self) -> Result<u64, Absent> {
        Err(Absent::Unsupported("a frame base"))
    }

    /// Canonical frame address.
    fn cfa(&mut self) -> Result<u64, Absent> {
        Err(Absent::Unsupported("a frame address"))
    }

    /// Run-time address of a thread-local variable at `offset` in its module's block.
    fn tls(&mut self, _offset: u64) -> Result<u64, Absent> {
        Err(Absent::Unsupported("thread-local storage"))
    }

    /// Run-time address of a file address.
    fn relocate(&mut self, _address: u64) -> Result<u64, Absent> {
        Err(Absent::Unsupported("an address of the file"))
    }

    /// An entry of the unit's part of `.debug_addr`, not relocated.
    fn indexed_address(&mut self, _index: DebugAddrIndex<usize>) -> Result<u64, Absent> {
        Err(Absent::Unsupported("an address of the file"))
    }

    /// Type of a typed operation.
    fn base_type(&mut self, _offset: UnitOffset<usize>) -> Result<ValueType, Absent> {
        Err(Absent::Unsupported("types"))
    }

    /// Expression of another entry, for `DW_OP_call*`.
    fn called(&mut self, _entry: DieReference<usize>) -> Result<Slice<'a>, Absent> {
        Err(Absent::Unsupported("another entry"))
    }
}

/// Fixed limits for everything that an expression can make grow.
struct Bounded;

impl<'a> EvaluationStorage<Slice<'a>> for Bounded {
    type Stack = Box<[Value; STACK_DEPTH]>;
    type ExpressionStack = [(Slice<'a>, Slice<'a>); CALL_DEPTH];
    type Result = Vec<RawPiece<'a>>;
}

/// Runs `expression`, with `initial` on its stack, to the end.
///
/// # Errors
/// The reason why there is no result.
pub(crate) fn evaluate<'a>(
    expression: Expression<Slice<'a>>,
    encoding: Encoding,
    initial: Option<u64>,
    surroundings: &mut dyn Surroundings<'a>,
) -> Result<Vec<RawPiece<'a>>, Absent> {
    let mut evaluation = Evaluation::<_, Bounded>::new_in(expression.0, encoding);
    evaluation.set_max_iterations(MAX_ITERATIONS);
    if let Some(value) = initial {
        evaluation.set_initial_value(value);
    }
    let mut state = evaluation.evaluate()?;
    while state != EvaluationResult::Complete {
        state = answer(&mut evaluation, &state, encoding, surroundings)?;
    }
    Ok(evaluation.as_result().to_vec())
}

/// Runs an expression whose result is an address or a plain number.
///
/// # Errors
/// As [`evaluate`], and where the result is anything else.
pub(crate) fn evaluate_address<'a>(
    expression: Expression<Slice<'a>>,
    encoding: Encoding,
    initial: Option<u64>,
    surroundings: &mut dyn Surroundings<'a>,
) -> Result<u64, Absent> {
    let pieces = evaluate(expression, encoding, initial, surroundings)?;
    match pieces.as_slice() {
        [piece] if piece.size_in_bits.is_none() => match piece.location {
            Location::Address { address } => Ok(address),
            // A frame base that names a register means its contents (DWARF 5, section 3.3.5).
            Location::Register { register } => surroundings.register(register.0),
            Location::Value { value } => Ok(value.to_u64(u64::MAX)?),
            _ => Err(Absent::Unsupported("an address, not a value")),
        },
        _ => Err(Absent::Unsupported("an address, not pieces")),
    }
}

/// Answers the question that the evaluation stopped with.
fn answer<'a>(
    evaluation: &mut Evaluation<Slice<'a>, Bounded>,
    question: &EvaluationResult<Slice<'a>>,
    encoding: Encoding,
    surroundings: &mut dyn Surroundings<'a>,
) -> Result<EvaluationResult<Slice<'a>>, Absent> {
    use EvaluationResult as Ask;
    let state = match *question {
        Ask::Complete => return Ok(Ask::Complete),
        Ask::RequiresMemory { space: Some(_), .. } => {
            return Err(Absent::Unsupported("another address space"));
        }
        Ask::RequiresMemory {
            address,
            size,
            base_type,
            space: None,
        } => {
            let value = dereference(address, size, base_type, surroundings)?;
            evaluation.resume_with_memory(value)?
        }
        Ask::RequiresRegister {
            register,
            base_type,
        } => {
            let value_type = resolve_type(base_type, surroundings)?;
            let contents = surroundings.register(register.0)?;
            evaluation.resume_with_register(typed(value_type, contents)?)?
        }
        Ask::RequiresFrameBase => evaluation.resume_with_frame_base(surroundings.frame_base()?)?,
        Ask::RequiresTls(offset) => evaluation.resume_with_tls(surroundings.tls(offset)?)?,
        Ask::RequiresCallFrameCfa => evaluation.resume_with_call_frame_cfa(surroundings.cfa()?)?,
        Ask::RequiresAtLocation(entry) => {
            evaluation.resume_with_at_location(surroundings.called(entry)?)?
        }
        Ask::RequiresRelocatedAddress(address) => {
            evaluation.resume_with_relocated_address(surroundings.relocate(address)?)?
        }
        Ask::RequiresIndexedAddress { index, relocate } => {
            let mut address = surroundings.indexed_address(index)?;
            if relocate {
                address = surroundings.relocate(address)?;
            }
            evaluation.resume_with_indexed_address(address)?
        }
        Ask::RequiresBaseType(offset) => {
            let value_type = resolve_type(offset, surroundings)?;
            evaluation.resume_with_base_type(value_type)?
        }
        Ask::RequiresEntryValue(expression) => {
            return Err(Absent::EntryValue(entry_register(expression, encoding)));
        }
        Ask::RequiresParameterRef(_) => return Err(Absent::Unsupported("a caller's parameter")),
        Ask::RequiresWasmLocal { .. }
        | Ask::RequiresWasmGlobal { .. }
        | Ask::RequiresWasmStack { .. } => {
            return Err(Absent::Unsupported("WebAssembly operations"));
        }
    };
    Ok(state)
}

/// The register whose value on entry an inner expression asks for, if it asks for just that.
fn entry_register(expression: Expression<Slice<'_>>, encoding: Encoding) -> Option<u16> {
    match expression.operations(encoding).next() {
        Ok(Some(Operation::Register { register } | Operation::RegisterOffset { register, .. })) => {
            Some(register.0)
        }
        _ => None,
    }
}

fn resolve_type(
    offset: UnitOffset<usize>,
    surroundings: &mut dyn Surroundings<'_>,
) -> Result<ValueType, Absent> {
    // Offset 0 stands for the generic type (DWARF 5, section 2.5.1.4.2).
    if offset.0 == 0 {
        return Ok(ValueType::Generic);
    }
    surroundings.base_type(offset)
}

fn dereference(
    address: u64,
    size: u8,
    base_type: UnitOffset<usize>,
    surroundings: &mut dyn Surroundings<'_>,
) -> Result<Value, Absent> {
    let value_type = resolve_type(base_type, surroundings)?;
    let mut bytes = [0; 8];
    let wanted = bytes
        .get_mut(..usize::from(size))
        .ok_or(Absent::Unsupported("a read of more than 8 bytes"))?;
    surroundings.read(address, wanted)?;
    typed(value_type, u64::from_le_bytes(bytes))
}

/// Low bytes of a register or of memory as a value of a type.
fn typed(value_type: ValueType, bits: u64) -> Result<Value, Absent> {
    Ok(match value_type {
        ValueType::F32 => Value::F32(f32::from_bits(bits as u32)),
        ValueType::F64 => Value::F64(f64::from_bits(bits)),
        integer => Value::from_u64(integer, bits)?,
    })
}
