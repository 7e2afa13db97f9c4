//! The scalar types of a loop, and the words that hold their values.

/// A value of any scalar type: a number sign-extended, the bits of a `u128`, those of an `f64`
/// (an `f32` is widened, which loses nothing), the number of a `bool` or `char`.
pub type Word = i128;

/// A scalar type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// An integer of so many bytes.
    Integer {
        /// Whether it has a sign.
        signed: bool,
        /// 1, 2, 4, 8 or 16.
        size: usize,
    },
    /// `true` or `false`.
    Bool,
    /// A Unicode scalar value.
    Char,
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

impl Scalar {
    /// The type of a name as Rust writes it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let integer = |signed, size| Some(Self::Integer { signed, size });
        match name {
            "bool" => Some(Self::Bool),
            "char" => Some(Self::Char),
            "f32" => Some(Self::Single),
            "f64" => Some(Self::Double),
            "usize" => integer(false, 8),
            "isize" => integer(true, 8),
            _ => {
                let signed = name.starts_with('i');
                let size = match name.strip_prefix(['i', 'u'])? {
                    "8" => 1,
                    "16" => 2,
                    "32" => 4,
                    "64" => 8,
                    "128" => 16,
                    _ => return None,
                };
                integer(signed, size)
            }
        }
    }

    /// How many bytes a value takes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Integer { size, .. } => size,
            Self::Bool => 1,
            Self::Char | Self::Single => 4,
            Self::Double => 8,
        }
    }

    /// The value in `bytes`, which are as many as the type takes; `None` where it is not valid.
    pub(super) fn load(self, bytes: &[u8]) -> Option<Word> {
        let number = match *bytes {
            [a] => Word::from(a),
            [a, b] => Word::from(u16::from_le_bytes([a, b])),
            [a, b, c, d] => Word::from(u32::from_le_bytes([a, b, c, d])),
            _ if bytes.len() == 8 => Word::from(u64::from_le_bytes(bytes.try_into().ok()?)),
            _ => Word::from_le_bytes(bytes.try_into().ok()?),
        };
        match self {
            Self::Integer { signed, size } => Some(wrapped(number, signed, size)),
            Self::Bool => (number < 2).then_some(number),
            Self::Char => char::from_u32(number as u32).map(|_| number),
            Self::Single => Some(from_float(f64::from(f32::from_bits(number as u32)))),
            Self::Double => Some(number),
        }
    }
}

/// A number cut to the width of its type.
pub(super) fn wrapped(number: Word, signed: bool, size: usize) -> Word {
    let unused = 128 - 8 * size as u32;
    if signed || unused == 0 {
        number << unused >> unused
    } else {
        number & (Word::MAX >> (unused - 1))
    }
}

/// The float that a word holds.
pub(super) fn to_float(word: Word) -> f64 {
    f64::from_bits(word as u64)
}

/// The word of a float.
pub(super) fn from_float(value: f64) -> Word {
    Word::from(value.to_bits())
}

/// A value as another type, by the rules of `as`.
#[allow(clippy::cast_precision_loss)] // what is lost is lost in Rust, too
pub(super) fn cast(word: Word, from: Scalar, to: Scalar) -> Word {
    match (from, to) {
        (Scalar::Single | Scalar::Double, Scalar::Integer { signed, size }) => {
            from_float_to_integer(to_float(word), signed, size)
        }
        (Scalar::Single | Scalar::Double, Scalar::Single) => {
            from_float(f64::from(to_float(word) as f32))
        }
        (
            Scalar::Integer {
                signed: false,
                size: 16,
            },
            Scalar::Single,
        ) => from_float(f64::from(word as u128 as f32)),
        (
            Scalar::Integer {
                signed: false,
                size: 16,
            },
            Scalar::Double,
        ) => from_float(word as u128 as f64),
        (Scalar::Integer { .. }, Scalar::Single) => from_float(f64::from(word as f32)),
        (Scalar::Integer { .. }, Scalar::Double) => from_float(word as f64),
        (_, Scalar::Integer { signed, size }) => wrapped(word, signed, size),
        _ => word,
    }
}

/// The nearest integer that the type has.
fn from_float_to_integer(value: f64, signed: bool, size: usize) -> Word {
    match (signed, size) {
        (true, 16) => value as i128,
        (false, 16) => value as u128 as Word,
        _ => {
            let bits = 8 * size as u32 - u32::from(signed);
            let greatest = (1 << bits) - 1;
            (value as i128).clamp(if signed { -greatest - 1 } else { 0 }, greatest)
        }
    }
}
