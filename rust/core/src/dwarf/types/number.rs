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

/// The low `size` bytes of a number.
pub(super) fn truncate(value: u128, size: Option<u64>) -> u128 {
    match size {
        Some(size) if size < 16 => value & ((1_u128 << (size * 8)) - 1),
        _ => value,
    }
}
