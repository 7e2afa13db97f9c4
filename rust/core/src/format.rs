//! Bulk formatting of scalars of one type, in the notation of Rust's `{:?}`.

/// Meaning of the bytes of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarEncoding {
    /// `true` and `false`.
    Bool,
    /// A Unicode scalar value in single quotes.
    Char,
    /// Two's complement.
    Signed,
    /// Unsigned, addresses included.
    Unsigned,
    /// IEEE 754 of 2, 4, 8 or 16 bytes.
    Float,
}

/// Formats the scalars that lie one after the other in `bytes`, at most `limit` of them.
///
/// Each takes `size` bytes, little-endian; a rest that is no whole scalar is left out, and a
/// `size` of 0 or over 16 gives nothing.  Bytes that their type does not allow come out as
/// `<invalid bool: 7>`, never as a valid value.
pub fn format_scalars(
    bytes: &[u8],
    encoding: ScalarEncoding,
    size: usize,
    limit: usize,
) -> Vec<String> {
    if !(1..=16).contains(&size) {
        return Vec::new();
    }
    let scalars = bytes.chunks_exact(size).take(limit);
    match encoding {
        ScalarEncoding::Bool => scalars
            .map(|scalar| format_bool(unsigned(scalar)))
            .collect(),
        ScalarEncoding::Char => scalars
            .map(|scalar| format_char(unsigned(scalar)))
            .collect(),
        ScalarEncoding::Signed => scalars.map(format_signed).collect(),
        ScalarEncoding::Unsigned => scalars.map(format_unsigned).collect(),
        ScalarEncoding::Float => scalars.map(format_float).collect(),
    }
}

fn unsigned(scalar: &[u8]) -> u128 {
    let mut wide = [0; 16];
    wide[..scalar.len()].copy_from_slice(scalar);
    u128::from_le_bytes(wide)
}

/// Formats by 64-bit arithmetic where it suffices: 128-bit arithmetic is several times slower.
fn format_unsigned(scalar: &[u8]) -> String {
    let value = unsigned(scalar);
    u64::try_from(value).map_or_else(|_| value.to_string(), |short| short.to_string())
}

fn format_signed(scalar: &[u8]) -> String {
    let unused = 128 - 8 * scalar.len() as u32;
    let value = (unsigned(scalar) << unused) as i128 >> unused;
    i64::try_from(value).map_or_else(|_| value.to_string(), |short| short.to_string())
}

fn format_bool(value: u128) -> String {
    match value {
        0 => String::from("false"),
        1 => String::from("true"),
        other => format!("<invalid bool: {other}>"),
    }
}

fn format_char(value: u128) -> String {
    let char = u32::try_from(value).ok().and_then(char::from_u32);
    char.map_or_else(
        || format!("<invalid char: {value:#x}>"),
        |char| format!("{char:?}"),
    )
}

fn format_float(scalar: &[u8]) -> String {
    let bits = unsigned(scalar);
    match scalar.len() {
        2 => format_half(bits as u16),
        4 => format!("{:?}", f32::from_bits(bits as u32)),
        8 => format!("{:?}", f64::from_bits(bits as u64)),
        16 => match quad_to_double(bits) {
            Some(value) => format!("{value:?}"),
            None => format!("<f128 beyond f64: {bits:#034x}>"),
        },
        size => format!(
            "<float of {size} bytes: {bits:0digits$x}>",
            digits = size * 2
        ),
    }
}

/// The shortest decimal that reads back as the same `f16`.
fn format_half(bits: u16) -> String {
    let value = half_to_double(bits);
    // Rust's formatting finds the shortest text for a double; a half needs up to five digits.
    let shortest = (0..5).find_map(|digits| {
        let rounded: f64 = format!("{value:.digits$e}").parse().ok()?;
        is_nearest_half(bits, rounded).then_some(rounded)
    });
    format!("{:?}", shortest.unwrap_or(value))
}

fn half_to_double(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let exponent = i32::from(bits >> 10 & 0x1f);
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Whether `candidate` rounds to these bits: it is nearer to them than to either neighbour.
fn is_nearest_half(bits: u16, candidate: f64) -> bool {
    let value = half_to_double(bits);
    let distance = (candidate - value).abs();
    let nearer_than = |neighbour: u16| {
        // Above the largest number the next one would be, not infinity.
        let neighbour = half_to_double(neighbour).clamp(-65536.0, 65536.0);
        distance < (candidate - neighbour).abs()
    };
    let magnitude = bits & 0x7fff;
    let below = magnitude == 0 || nearer_than(bits - 1);
    below && nearer_than(bits + 1)
}

/// The value of an `f128` that an `f64` can hold exactly.
fn quad_to_double(bits: u128) -> Option<f64> {
    const DROPPED: u32 = 112 - 52;
    let sign = if bits >> 127 == 0 { 1.0 } else { -1.0 };
    let exponent = (bits >> 112 & 0x7fff) as i32;
    let fraction = bits & ((1 << 112) - 1);
    match (exponent, fraction) {
        (0, 0) => return Some(0.0 * sign),
        (0x7fff, 0) => return Some(f64::INFINITY * sign),
        (0x7fff, _) => return Some(f64::NAN),
        _ => {}
    }
    let biased = exponent - 16383 + 1023;
    if fraction.trailing_zeros() < DROPPED || !(1..=2046).contains(&biased) {
        return None;
    }
    let double = (biased as u64) << 52 | (fraction >> DROPPED) as u64;
    Some(f64::from_bits(double) * sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(bytes: &[u8], encoding: ScalarEncoding, size: usize) -> Vec<String> {
        format_scalars(bytes, encoding, size, usize::MAX)
    }

    /// Formats values with this module and with Rust itself.
    macro_rules! agrees {
        ($encoding:ident, $type:ty, $values:expr) => {
            for value in $values {
                let value: $type = value;
                let found = format(
                    &value.to_le_bytes(),
                    ScalarEncoding::$encoding,
                    size_of::<$type>(),
                );
                assert_eq!(found, [format!("{value:?}")]);
            }
        };
    }

    #[test]
    fn integers_agree_with_rust() {
        agrees!(Unsigned, u8, [0, 7, u8::MAX]);
        agrees!(Unsigned, u16, [0, 7, u16::MAX]);
        agrees!(Unsigned, u32, [0, 7, u32::MAX]);
        agrees!(Unsigned, u64, [0, 7, u64::MAX]);
        agrees!(Unsigned, u128, [0, 7, 1 << 64, u128::MAX]);
        agrees!(Signed, i8, [0, -1, i8::MIN, i8::MAX]);
        agrees!(Signed, i16, [0, -1, i16::MIN, i16::MAX]);
        agrees!(Signed, i32, [0, -1, i32::MIN, i32::MAX]);
        agrees!(Signed, i64, [0, -1, i64::MIN, i64::MAX]);
        agrees!(Signed, i128, [0, -1, 1 << 64, i128::MIN, i128::MAX]);
        assert_eq!(
            format(&[0xff, 0xff, 0xff], ScalarEncoding::Signed, 3),
            ["-1"]
        );
        assert_eq!(
            format(&[0xff, 0xff, 0xff], ScalarEncoding::Unsigned, 3),
            ["16777215"]
        );
    }

    #[test]
    fn floats_agree_with_rust() {
        let special = [0.0, -0.0, 1.0, 0.1, 1e16, 1e15, 1e-5, 1e-7, 123_456.79];
        agrees!(Float, f32, special);
        agrees!(
            Float,
            f32,
            [f32::MAX, f32::MIN_POSITIVE, f32::NAN, f32::NEG_INFINITY]
        );
        agrees!(Float, f64, special.map(f64::from));
        agrees!(Float, f64, [0.1, f64::MAX, 5e-324, f64::NAN, f64::INFINITY]);
    }

    #[test]
    fn halves_are_as_short_as_can_be() {
        let cases = [
            (0x0000, "0.0"),
            (0x8000, "-0.0"),
            (0x3c00, "1.0"),
            (0x2e66, "0.1"),
            (0xc100, "-2.5"),
            (0x3555, "0.3333"),
            (0x7bff, "65500.0"),
            (0x0001, "6e-8"),
            (0x0400, "6.104e-5"),
            (0x7c00, "inf"),
            (0xfc00, "-inf"),
            (0x7e00, "NaN"),
        ];
        for (bits, text) in cases {
            let bytes = u16::to_le_bytes(bits);
            assert_eq!(
                format(&bytes, ScalarEncoding::Float, 2),
                [text],
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn every_half_reads_back() {
        for bits in (0..0x7c00_u16).chain(0x8000..0xfc00) {
            let text = &format(&bits.to_le_bytes(), ScalarEncoding::Float, 2)[0];
            let value: f64 = text.parse().expect("a number");
            assert!(is_nearest_half(bits, value), "{bits:#x} is not {text}");
            assert!(value.is_sign_negative() == (bits >= 0x8000), "{text}");
        }
    }

    #[test]
    fn quads_are_shown_where_a_double_can_hold_them() {
        let quad = |sign: u128, exponent: u128, fraction: u128| {
            let bits = sign << 127 | exponent << 112 | fraction;
            format(&bits.to_le_bytes(), ScalarEncoding::Float, 16).remove(0)
        };
        assert_eq!(quad(0, 0, 0), "0.0");
        assert_eq!(quad(1, 0, 0), "-0.0");
        assert_eq!(quad(0, 0x3fff, 0), "1.0");
        assert_eq!(quad(1, 0x4000, 1 << 110), "-2.5");
        assert_eq!(quad(0, 0x7fff, 0), "inf");
        assert_eq!(quad(1, 0x7fff, 1), "NaN");
        assert_eq!(
            quad(0, 0x3fff, 1),
            "<f128 beyond f64: 0x3fff0000000000000000000000000001>"
        );
        assert_eq!(
            quad(0, 0x7ffe, 0),
            "<f128 beyond f64: 0x7ffe0000000000000000000000000000>"
        );
        assert_eq!(
            quad(0, 0, 1),
            "<f128 beyond f64: 0x00000000000000000000000000000001>"
        );
    }

    #[test]
    fn characters_are_quoted_and_escaped_as_rust_does() {
        agrees_char(&[
            'a', '\'', '"', '\\', '\n', '\0', 'é', '\u{202e}', '\u{7f}', '🦀',
        ]);
        let bytes = [0x00, 0xd8, 0, 0, 0, 0, 0x11, 0];
        let expected = ["<invalid char: 0xd800>", "<invalid char: 0x110000>"];
        assert_eq!(format(&bytes, ScalarEncoding::Char, 4), expected);
    }

    fn agrees_char(chars: &[char]) {
        for &char in chars {
            let bytes = u32::from(char).to_le_bytes();
            assert_eq!(
                format(&bytes, ScalarEncoding::Char, 4),
                [format!("{char:?}")]
            );
        }
    }

    #[test]
    fn odd_input_gives_what_is_there() {
        let texts = format(&[0, 1, 7], ScalarEncoding::Bool, 1);
        assert_eq!(texts, ["false", "true", "<invalid bool: 7>"]);
        assert_eq!(format(&[1, 0, 2], ScalarEncoding::Unsigned, 2), ["1"]);
        assert_eq!(format(&[1; 40], ScalarEncoding::Unsigned, 0), [""; 0]);
        assert_eq!(format(&[1; 40], ScalarEncoding::Unsigned, 17), [""; 0]);
        assert_eq!(
            format_scalars(&[1; 40], ScalarEncoding::Signed, 1, 3).len(),
            3
        );
        let texts = format(
            &[1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x3f],
            ScalarEncoding::Float,
            10,
        );
        assert_eq!(texts, ["<float of 10 bytes: 3fff0000000000000001>"]);
    }
}
