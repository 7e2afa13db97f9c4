//! The functions that a loop can apply: operators and methods of Rust's own scalar types.
//!
//! Each is Rust's own function of that type, so that widths, signs and roundings are Rust's.
//! `None` stands for what panics in a debug build: an overflow, a division by zero.

// The macros cast to and from all widths: one notation has to do for those that may lose
// something and those that do not.
#![allow(clippy::cast_lossless)]

use std::cmp::Ordering;

use super::scalar::{Scalar, Word, from_float, to_float};
use crate::std_functions::{
    FloatFunction, find_char_test, find_double_function, find_single_function,
};

/// A function of up to three words, of which it takes the first ones.
type WordFunction = fn(Word, Word, Word) -> Option<Word>;

/// A function, with how its words are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    /// Of words.
    Words(WordFunction),
    /// Of `f64`.
    Double(FloatFunction<f64>),
    /// Of `f32`.
    Single(FloatFunction<f32>),
    /// A test of a `char`.
    Char(fn(char) -> bool),
}

impl Function {
    /// The function that a type has by a name.
    pub(super) fn named(name: &str, type_: Scalar) -> Option<Self> {
        match type_ {
            Scalar::Integer { signed, size } => integer_function(name, signed, size),
            Scalar::Bool => of_bools(name),
            Scalar::Char => of_chars(name),
            Scalar::Single | Scalar::Double => of_floats(name, type_),
        }
    }

    /// Apply it.
    pub(super) fn apply(self, a: Word, b: Word, c: Word) -> Option<Word> {
        match self {
            Self::Words(function) => function(a, b, c),
            Self::Double(function) => {
                Some(from_float(function(to_float(a), to_float(b), to_float(c))))
            }
            Self::Single(function) => {
                let [a, b, c] = [a, b, c].map(|word| to_float(word) as f32);
                Some(from_float(f64::from(function(a, b, c))))
            }
            Self::Char(test) => char::from_u32(a as u32).map(|char| Word::from(test(char))),
        }
    }
}

/// The word of a number of any type; the bits of a `u128`.
macro_rules! word {
    ($value:expr) => {
        Some($value as Word)
    };
}

/// How two values compare, by name.
macro_rules! comparison {
    ($type:ty, $name:expr) => {
        match $name {
            "eq" => |a, b, _| word!(a as $type == b as $type),
            "ne" => |a, b, _| word!(a as $type != b as $type),
            "lt" => |a, b, _| word!((a as $type) < b as $type),
            "le" => |a, b, _| word!(a as $type <= b as $type),
            "gt" => |a, b, _| word!(a as $type > b as $type),
            "ge" => |a, b, _| word!(a as $type >= b as $type),
            "cmp" => |a, b, _| word!((a as $type).cmp(&(b as $type))),
            "min" => |a, b, _| word!((a as $type).min(b as $type)),
            "max" => |a, b, _| word!((a as $type).max(b as $type)),
            _ => return None,
        }
    };
}

/// A count of bits, as shifts and rotations take it.
fn count(word: Word) -> Option<u32> {
    u32::try_from(word).ok()
}

/// What every integer type has.
macro_rules! of_integers {
    ($type:ty, $name:expr) => {{
        let function: WordFunction = match $name {
            "add" => |a, b, _| (a as $type).checked_add(b as $type).map(|x| x as Word),
            "sub" => |a, b, _| (a as $type).checked_sub(b as $type).map(|x| x as Word),
            "mul" => |a, b, _| (a as $type).checked_mul(b as $type).map(|x| x as Word),
            "div" => |a, b, _| (a as $type).checked_div(b as $type).map(|x| x as Word),
            "rem" => |a, b, _| (a as $type).checked_rem(b as $type).map(|x| x as Word),
            "div_euclid" => |a, b, _| {
                (a as $type)
                    .checked_div_euclid(b as $type)
                    .map(|x| x as Word)
            },
            "rem_euclid" => |a, b, _| {
                (a as $type)
                    .checked_rem_euclid(b as $type)
                    .map(|x| x as Word)
            },
            "pow" => |a, b, _| (a as $type).checked_pow(count(b)?).map(|x| x as Word),
            "shl" => |a, b, _| (a as $type).checked_shl(count(b)?).map(|x| x as Word),
            "shr" => |a, b, _| (a as $type).checked_shr(count(b)?).map(|x| x as Word),
            "and" => |a, b, _| word!(a as $type & b as $type),
            "or" => |a, b, _| word!(a as $type | b as $type),
            "xor" => |a, b, _| word!(a as $type ^ b as $type),
            "not" => |a, _, _| word!(!(a as $type)),
            "wrapping_add" => |a, b, _| word!((a as $type).wrapping_add(b as $type)),
            "wrapping_sub" => |a, b, _| word!((a as $type).wrapping_sub(b as $type)),
            "wrapping_mul" => |a, b, _| word!((a as $type).wrapping_mul(b as $type)),
            "wrapping_neg" => |a, _, _| word!((a as $type).wrapping_neg()),
            "wrapping_pow" => |a, b, _| word!((a as $type).wrapping_pow(count(b)?)),
            "wrapping_shl" => |a, b, _| word!((a as $type).wrapping_shl(count(b)?)),
            "wrapping_shr" => |a, b, _| word!((a as $type).wrapping_shr(count(b)?)),
            "saturating_add" => |a, b, _| word!((a as $type).saturating_add(b as $type)),
            "saturating_sub" => |a, b, _| word!((a as $type).saturating_sub(b as $type)),
            "saturating_mul" => |a, b, _| word!((a as $type).saturating_mul(b as $type)),
            "saturating_pow" => |a, b, _| word!((a as $type).saturating_pow(count(b)?)),
            "abs_diff" => |a, b, _| word!((a as $type).abs_diff(b as $type)),
            "count_ones" => |a, _, _| word!((a as $type).count_ones()),
            "count_zeros" => |a, _, _| word!((a as $type).count_zeros()),
            "leading_zeros" => |a, _, _| word!((a as $type).leading_zeros()),
            "leading_ones" => |a, _, _| word!((a as $type).leading_ones()),
            "trailing_zeros" => |a, _, _| word!((a as $type).trailing_zeros()),
            "trailing_ones" => |a, _, _| word!((a as $type).trailing_ones()),
            "rotate_left" => |a, b, _| word!((a as $type).rotate_left(count(b)?)),
            "rotate_right" => |a, b, _| word!((a as $type).rotate_right(count(b)?)),
            "swap_bytes" => |a, _, _| word!((a as $type).swap_bytes()),
            "reverse_bits" => |a, _, _| word!((a as $type).reverse_bits()),
            "ilog2" => |a, _, _| (a as $type).checked_ilog2().map(Word::from),
            "ilog10" => |a, _, _| (a as $type).checked_ilog10().map(Word::from),
            "clamp" => |a, b, c| {
                (b as $type <= c as $type)
                    .then(|| (a as $type).clamp(b as $type, c as $type) as Word)
            },
            _ => comparison!($type, $name),
        };
        Some(function)
    }};
}

macro_rules! of_signed {
    ($type:ty, $name:expr) => {{
        let function: WordFunction = match $name {
            "neg" => |a, _, _| (a as $type).checked_neg().map(|x| x as Word),
            "abs" => |a, _, _| (a as $type).checked_abs().map(|x| x as Word),
            "isqrt" => |a, _, _| (a as $type).checked_isqrt().map(|x| x as Word),
            "signum" => |a, _, _| word!((a as $type).signum()),
            "is_positive" => |a, _, _| word!((a as $type).is_positive()),
            "is_negative" => |a, _, _| word!((a as $type).is_negative()),
            "unsigned_abs" => |a, _, _| word!((a as $type).unsigned_abs()),
            "wrapping_abs" => |a, _, _| word!((a as $type).wrapping_abs()),
            "saturating_abs" => |a, _, _| word!((a as $type).saturating_abs()),
            "saturating_neg" => |a, _, _| word!((a as $type).saturating_neg()),
            _ => return of_integers!($type, $name),
        };
        Some(function)
    }};
}

macro_rules! of_unsigned {
    ($type:ty, $name:expr) => {{
        let function: WordFunction = match $name {
            "isqrt" => |a, _, _| word!((a as $type).isqrt()),
            "is_power_of_two" => |a, _, _| word!((a as $type).is_power_of_two()),
            "is_multiple_of" => |a, b, _| word!((a as $type).is_multiple_of(b as $type)),
            "next_power_of_two" => {
                |a, _, _| (a as $type).checked_next_power_of_two().map(|x| x as Word)
            }
            "next_multiple_of" => |a, b, _| {
                (a as $type)
                    .checked_next_multiple_of(b as $type)
                    .map(|x| x as Word)
            },
            "div_ceil" => {
                |a, b, _| (b as $type != 0).then(|| (a as $type).div_ceil(b as $type) as Word)
            }
            _ => return of_integers!($type, $name),
        };
        Some(function)
    }};
}

fn integer_function(name: &str, signed: bool, size: usize) -> Option<Function> {
    fn of_words(name: &str, signed: bool, size: usize) -> Option<WordFunction> {
        match (signed, size) {
            (true, 1) => of_signed!(i8, name),
            (true, 2) => of_signed!(i16, name),
            (true, 4) => of_signed!(i32, name),
            (true, 8) => of_signed!(i64, name),
            (true, _) => of_signed!(i128, name),
            (false, 1) => of_unsigned!(u8, name),
            (false, 2) => of_unsigned!(u16, name),
            (false, 4) => of_unsigned!(u32, name),
            (false, 8) => of_unsigned!(u64, name),
            (false, _) => of_unsigned!(u128, name),
        }
    }
    let found = of_words(name, signed, size).map(Function::Words);
    if found.is_none() && !signed && size == 1 {
        return of_ascii(name);
    }
    found
}

/// What `u8` shares with `char`.
fn of_ascii(name: &str) -> Option<Function> {
    let function: WordFunction = match name {
        "to_ascii_uppercase" => |a, _, _| word!((a as u8).to_ascii_uppercase()),
        "to_ascii_lowercase" => |a, _, _| word!((a as u8).to_ascii_lowercase()),
        _ if name.starts_with("is_ascii") => return find_char_test(name).map(Function::Char),
        _ => return None,
    };
    Some(Function::Words(function))
}

fn of_bools(name: &str) -> Option<Function> {
    let function: WordFunction = match name {
        "not" => |a, _, _| Some(a ^ 1),
        "and" => |a, b, _| Some(a & b),
        "or" => |a, b, _| Some(a | b),
        "xor" => |a, b, _| Some(a ^ b),
        _ => comparison!(Word, name),
    };
    Some(Function::Words(function))
}

fn of_chars(name: &str) -> Option<Function> {
    fn mapped(word: Word, map: fn(&char) -> char) -> Option<Word> {
        char::from_u32(word as u32).map(|char| Word::from(u32::from(map(&char))))
    }
    let function: WordFunction = match name {
        "to_ascii_uppercase" => |a, _, _| mapped(a, char::to_ascii_uppercase),
        "to_ascii_lowercase" => |a, _, _| mapped(a, char::to_ascii_lowercase),
        "len_utf8" => |a, _, _| char::from_u32(a as u32).map(|char| char.len_utf8() as Word),
        _ if name.starts_with("is_") => return find_char_test(name).map(Function::Char),
        _ => comparison!(Word, name),
    };
    Some(Function::Words(function))
}

fn of_floats(name: &str, type_: Scalar) -> Option<Function> {
    fn order(a: f64, b: f64) -> Option<Word> {
        a.partial_cmp(&b).map(|order| order as Word)
    }
    fn total_order(a: f64, b: f64) -> Ordering {
        a.total_cmp(&b)
    }
    let function: WordFunction = match name {
        "eq" => |a, b, _| word!(order(to_float(a), to_float(b)) == Some(0)),
        "ne" => |a, b, _| word!(order(to_float(a), to_float(b)) != Some(0)),
        "lt" => |a, b, _| word!(to_float(a) < to_float(b)),
        "le" => |a, b, _| word!(to_float(a) <= to_float(b)),
        "gt" => |a, b, _| word!(to_float(a) > to_float(b)),
        "ge" => |a, b, _| word!(to_float(a) >= to_float(b)),
        "partial_cmp" => |a, b, _| order(to_float(a), to_float(b)),
        "total_cmp" => |a, b, _| word!(total_order(to_float(a), to_float(b))),
        "neg" => |a, _, _| Some(from_float(-to_float(a))),
        "is_nan" => |a, _, _| word!(to_float(a).is_nan()),
        "is_infinite" => |a, _, _| word!(to_float(a).is_infinite()),
        "is_finite" => |a, _, _| word!(to_float(a).is_finite()),
        "is_sign_negative" => |a, _, _| word!(to_float(a).is_sign_negative()),
        "is_sign_positive" => |a, _, _| word!(to_float(a).is_sign_positive()),
        _ if type_ == Scalar::Single => return find_single_function(name).map(Function::Single),
        _ => return find_double_function(name).map(Function::Double),
    };
    Some(Function::Words(function))
}
