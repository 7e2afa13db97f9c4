//! Numbers of up to 128 bits, as enumerators and discriminants have them.

use gimli::AttributeValue;

use crate::dwarf::Slice;

/// A number of up to 128 bits in any of the forms that carry one; negative ones wrap.
pub(super) fn wide_unsigned(value: AttributeValue<Slice>) -> Option<u128> {
    match value {
        AttributeValue::Data16(number) => Some(number),
        AttributeValue::Sdata(number) => Some(i128::from(number) as u128),
        AttributeValue::Block(block) => {
            let bytes = block.slice();
            (bytes.len() <= 16).then(|| {
                bytes
                    .iter()
                    .rev()
                    .fold(0, |number, byte| (number << 8) | u128::from(*byte))
            })
        }
        value => value.udata_value().map(u128::from),
    }
}

/// A number as [`wide_unsigned`], of a signed type: written in the shortest form that can
/// hold it, its sign is the highest bit of that form.
pub(super) fn wide_signed(value: AttributeValue<Slice>) -> Option<u128> {
    let number = match value {
        AttributeValue::Data1(number) => i128::from(number as i8),
        AttributeValue::Data2(number) => i128::from(number as i16),
        AttributeValue::Data4(number) => i128::from(number as i32),
        AttributeValue::Data8(number) => i128::from(number as i64),
        other => return wide_unsigned(other),
    };
    Some(number as u128)
}

/// The low `size` bytes of a number.
pub(super) fn truncate(value: u128, size: Option<u64>) -> u128 {
    match size {
        Some(size) if size < 16 => value & ((1_u128 << (size * 8)) - 1),
        _ => value,
    }
}
