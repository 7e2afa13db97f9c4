//! What the text of an expression tells, beyond its result.
//!
//! Optimising compilers rewrite the expressions of variables, and not always rightly.  Which
//! operations led to a result is what a wrong one can be known by.

use gimli::{Encoding, Expression, Operation, X86_64};

use super::evaluate::Slice;

type Step = Operation<Slice<'static>>;

/// What one part of an expression, up to its `DW_OP_piece`, begins and ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// The register that it begins with, and the offset that is added to its contents.
    begin: Option<(u16, i64)>,
    /// Operations that follow that, without `DW_OP_stack_value`.
    others: usize,
    /// Whether the result is a value, and not an address.
    is_value: bool,
}

impl Shape {
    /// The register and the offset that are all that there is.
    pub(super) fn base(self) -> Option<(u16, i64)> {
        self.begin.filter(|_| self.others == 0)
    }

    /// The register that a value was computed from.
    pub(super) fn computed_from(self) -> Option<u16> {
        let (register, _) = self.begin.filter(|_| self.is_value)?;
        Some(register)
    }
}

/// The shapes of the parts of an expression, in order.
pub(super) fn shapes(expression: Expression<Slice<'static>>, encoding: Encoding) -> Vec<Shape> {
    let mut found = Vec::new();
    let mut shape = Shape::default();
    let mut is_first = true;
    let mut operations = expression.operations(encoding);
    while let Ok(Some(operation)) = operations.next() {
        match operation {
            Operation::Piece { .. } => {
                found.push(std::mem::take(&mut shape));
                is_first = true;
                continue;
            }
            Operation::RegisterOffset {
                register, offset, ..
            } if is_first => shape.begin = Some((register.0, offset)),
            Operation::StackValue => shape.is_value = true,
            _ => shape.others += 1,
        }
        is_first = false;
    }
    if !is_first {
        found.push(shape);
    }
    found
}

/// The offset that is added at the end of an expression that follows a pointer, which a register
/// points to or has been spilled to: for [`Piece::behind`](super::Piece::behind).
pub(super) fn offset_behind(
    expression: Expression<Slice<'static>>,
    encoding: Encoding,
) -> Option<u64> {
    let mut operations = expression.operations(encoding);
    let mut next = || operations.next().ok().flatten();
    let Some(Operation::RegisterOffset {
        register, offset, ..
    }) = next()
    else {
        return None;
    };
    let is_deref = |operation: Option<Step>| matches!(operation, Some(Operation::Deref { .. }));
    // Optimised code uses rbp as any other register; as a frame's it has nothing at offset 0.
    let is_spilled = register == X86_64::RSP || offset != 0;
    let is_followed = is_deref(next()) && (!is_spilled || is_deref(next()));
    let Some(Operation::PlusConstant { value }) = next() else {
        return None;
    };
    (is_followed && next().is_none()).then_some(value)
}

#[cfg(test)]
mod tests {
    use gimli::{Format, LittleEndian};

    use super::*;

    const ENCODING: Encoding = Encoding {
        address_size: 8,
        format: Format::Dwarf32,
        version: 4,
    };

    fn expression(bytes: &'static [u8]) -> Expression<Slice<'static>> {
        Expression(Slice::new(bytes, LittleEndian))
    }

    #[test]
    fn a_part_tells_its_register_and_whether_it_is_computed() {
        // DW_OP_breg3 16; DW_OP_breg3 0, DW_OP_stack_value, DW_OP_piece 1, DW_OP_piece 7.
        let plain = shapes(expression(&[0x73, 16]), ENCODING);
        assert_eq!(plain[0].base(), Some((3, 16)));
        assert_eq!(plain[0].computed_from(), None);
        let parts = shapes(expression(&[0x73, 0, 0x9f, 0x93, 1, 0x93, 7]), ENCODING);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].base(), Some((3, 0)));
        assert_eq!(parts[0].computed_from(), Some(3));
        assert_eq!((parts[1].base(), parts[1].computed_from()), (None, None));
        // DW_OP_breg3 0, DW_OP_lit2, DW_OP_mul, DW_OP_stack_value
        let product = shapes(expression(&[0x73, 0, 0x32, 0x1e, 0x9f]), ENCODING);
        assert_eq!(product[0].base(), None);
        assert_eq!(product[0].computed_from(), Some(3));
    }

    #[test]
    fn rbp_may_be_a_register_as_any_other() {
        // DW_OP_breg6 0, DW_OP_deref, DW_OP_plus_uconst 16; the same of a spilled pointer.
        let direct = expression(&[0x76, 0, 0x06, 0x23, 16]);
        assert_eq!(offset_behind(direct, ENCODING), Some(16));
        let spilled = expression(&[0x76, 0x70, 0x06, 0x06, 0x23, 8]);
        assert_eq!(offset_behind(spilled, ENCODING), Some(8));
        let in_frame = expression(&[0x76, 0x70, 0x06, 0x23, 8]);
        assert_eq!(offset_behind(in_frame, ENCODING), None);
    }
}
