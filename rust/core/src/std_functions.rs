//! The functions of Rust's `char`, `str`, `f32` and `f64`, by name.
//!
//! The expression language computes what the program would: with the tables of Unicode and the
//! rounding that std has, not with those of another language.  A name that is not known gives
//! `None`.

/// A test of a `char`: `is_alphabetic`.
pub fn char_test(name: &str, c: char) -> Option<bool> {
    find_char_test(name).map(|test| test(c))
}

/// The test of a `char` that has a name.
pub(crate) fn find_char_test(name: &str) -> Option<fn(char) -> bool> {
    let test: fn(char) -> bool = match name {
        "is_alphabetic" => char::is_alphabetic,
        "is_alphanumeric" => char::is_alphanumeric,
        "is_numeric" => char::is_numeric,
        "is_uppercase" => char::is_uppercase,
        "is_lowercase" => char::is_lowercase,
        "is_whitespace" => char::is_whitespace,
        "is_control" => char::is_control,
        "is_ascii" => |c| c.is_ascii(),
        "is_ascii_alphabetic" => |c| c.is_ascii_alphabetic(),
        "is_ascii_alphanumeric" => |c| c.is_ascii_alphanumeric(),
        "is_ascii_control" => |c| c.is_ascii_control(),
        "is_ascii_digit" => |c| c.is_ascii_digit(),
        "is_ascii_graphic" => |c| c.is_ascii_graphic(),
        "is_ascii_hexdigit" => |c| c.is_ascii_hexdigit(),
        "is_ascii_lowercase" => |c| c.is_ascii_lowercase(),
        "is_ascii_punctuation" => |c| c.is_ascii_punctuation(),
        "is_ascii_uppercase" => |c| c.is_ascii_uppercase(),
        "is_ascii_whitespace" => |c| c.is_ascii_whitespace(),
        _ => return None,
    };
    Some(test)
}

/// The characters that a `char` becomes: those of `to_uppercase` may be several.
pub fn char_map(name: &str, c: char) -> Option<String> {
    Some(match name {
        "to_uppercase" => c.to_uppercase().collect(),
        "to_lowercase" => c.to_lowercase().collect(),
        "to_ascii_uppercase" => c.to_ascii_uppercase().into(),
        "to_ascii_lowercase" => c.to_ascii_lowercase().into(),
        "escape_debug" => c.escape_debug().collect(),
        "escape_default" => c.escape_default().collect(),
        "escape_unicode" => c.escape_unicode().collect(),
        _ => return None,
    })
}

/// The text that a text becomes: `trim`, `to_uppercase`.
pub fn text_map(name: &str, text: &str) -> Option<String> {
    Some(match name {
        "trim" => text.trim().into(),
        "trim_start" => text.trim_start().into(),
        "trim_end" => text.trim_end().into(),
        "to_uppercase" => text.to_uppercase(),
        "to_lowercase" => text.to_lowercase(),
        "to_ascii_uppercase" => text.to_ascii_uppercase(),
        "to_ascii_lowercase" => text.to_ascii_lowercase(),
        "escape_debug" => text.escape_debug().collect(),
        "escape_default" => text.escape_default().collect(),
        "escape_unicode" => text.escape_unicode().collect(),
        "debug" => format!("{text:?}"),
        _ => return None,
    })
}

/// The parts of a text: `lines`, `split_whitespace`.
pub fn text_parts(name: &str, text: &str) -> Option<Vec<String>> {
    fn owned<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<String> {
        parts.map(String::from).collect()
    }
    Some(match name {
        "lines" => owned(text.lines()),
        "split_whitespace" => owned(text.split_whitespace()),
        "split_ascii_whitespace" => owned(text.split_ascii_whitespace()),
        _ => return None,
    })
}

/// Parses a float as `str::parse` does, to the nearest `f64` or, with `single`, `f32`.
pub fn parse_float(text: &str, single: bool) -> Option<f64> {
    if single {
        text.parse::<f32>().ok().map(f64::from)
    } else {
        text.parse().ok()
    }
}

/// Writes a float as `format!` does in one of the styles `""`, `"?"`, `"e"` and `"E"`.
///
/// The sign of a positive number, a width and a fill are left to the caller.
pub fn format_float(
    value: f64,
    single: bool,
    style: &str,
    precision: Option<usize>,
) -> Option<String> {
    macro_rules! written {
        ($value:expr) => {
            match (style, precision) {
                ("", None) => format!("{}", $value),
                ("", Some(digits)) => format!("{:.digits$}", $value),
                ("?", None) => format!("{:?}", $value),
                ("?", Some(digits)) => format!("{:.digits$?}", $value),
                ("e", None) => format!("{:e}", $value),
                ("e", Some(digits)) => format!("{:.digits$e}", $value),
                ("E", None) => format!("{:E}", $value),
                ("E", Some(digits)) => format!("{:.digits$E}", $value),
                _ => return None,
            }
        };
    }
    Some(if single {
        written!(value as f32)
    } else {
        written!(value)
    })
}

/// A function of up to three floats, of which it takes the first ones.
pub(crate) type FloatFunction<T> = fn(T, T, T) -> T;

macro_rules! find_float_function {
    ($type:ty, $name:expr) => {{
        let function: FloatFunction<$type> = match $name {
            "abs" => |a, _, _| a.abs(),
            "signum" => |a, _, _| a.signum(),
            "sqrt" => |a, _, _| a.sqrt(),
            "cbrt" => |a, _, _| a.cbrt(),
            "floor" => |a, _, _| a.floor(),
            "ceil" => |a, _, _| a.ceil(),
            "trunc" => |a, _, _| a.trunc(),
            "round" => |a, _, _| a.round(),
            "round_ties_even" => |a, _, _| a.round_ties_even(),
            "fract" => |a, _, _| a.fract(),
            "exp" => |a, _, _| a.exp(),
            "exp2" => |a, _, _| a.exp2(),
            "exp_m1" => |a, _, _| a.exp_m1(),
            "ln" => |a, _, _| a.ln(),
            "ln_1p" => |a, _, _| a.ln_1p(),
            "log10" => |a, _, _| a.log10(),
            "log2" => |a, _, _| a.log2(),
            "log" => |a, b, _| a.log(b),
            "sin" => |a, _, _| a.sin(),
            "cos" => |a, _, _| a.cos(),
            "tan" => |a, _, _| a.tan(),
            "asin" => |a, _, _| a.asin(),
            "acos" => |a, _, _| a.acos(),
            "atan" => |a, _, _| a.atan(),
            "sinh" => |a, _, _| a.sinh(),
            "cosh" => |a, _, _| a.cosh(),
            "tanh" => |a, _, _| a.tanh(),
            "asinh" => |a, _, _| a.asinh(),
            "acosh" => |a, _, _| a.acosh(),
            "atanh" => |a, _, _| a.atanh(),
            "atan2" => |a, b, _| a.atan2(b),
            "hypot" => |a, b, _| a.hypot(b),
            "powf" => |a, b, _| a.powf(b),
            "powi" => |a, b, _| a.powi(b as i32),
            "recip" => |a, _, _| a.recip(),
            "to_degrees" => |a, _, _| a.to_degrees(),
            "to_radians" => |a, _, _| a.to_radians(),
            "min" => |a, b, _| a.min(b),
            "max" => |a, b, _| a.max(b),
            "copysign" => |a, b, _| a.copysign(b),
            "rem_euclid" => |a, b, _| a.rem_euclid(b),
            "div_euclid" => |a, b, _| a.div_euclid(b),
            "midpoint" => |a, b, _| a.midpoint(b),
            "mul_add" => |a, b, c| a.mul_add(b, c),
            "add" => |a, b, _| a + b,
            "sub" => |a, b, _| a - b,
            "mul" => |a, b, _| a * b,
            "div" => |a, b, _| a / b,
            "rem" => |a, b, _| a % b,
            _ => return None,
        };
        Some(function)
    }};
}

/// The function of `f64` that has a name.
pub(crate) fn find_double_function(name: &str) -> Option<FloatFunction<f64>> {
    find_float_function!(f64, name)
}

/// The function of `f32` that has a name.
pub(crate) fn find_single_function(name: &str) -> Option<FloatFunction<f32>> {
    find_float_function!(f32, name)
}

/// A function of one to three floats, in `f64` or, with `single`, in `f32`.
///
/// Arguments that a function does not take are not looked at.
pub fn float_function(name: &str, single: bool, a: f64, b: f64, c: f64) -> Option<f64> {
    if single {
        let function = find_single_function(name)?;
        Some(f64::from(function(a as f32, b as f32, c as f32)))
    } else {
        find_double_function(name).map(|function| function(a, b, c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_follow_the_tables_of_std() {
        assert_eq!(char_test("is_whitespace", '\u{1c}'), Some(false));
        assert_eq!(char_test("is_numeric", '一'), Some(false));
        assert_eq!(char_map("to_ascii_uppercase", 'é').as_deref(), Some("é"));
        assert_eq!(char_map("to_uppercase", 'ß').as_deref(), Some("SS"));
        assert_eq!(char_test("is_nothing", 'a'), None);
    }

    #[test]
    fn a_carriage_return_alone_ends_no_line() {
        let parts = text_parts("lines", "x\r").expect("lines is known");
        assert_eq!(parts, ["x\r"]);
    }

    #[test]
    fn floats_keep_their_signs_and_ignore_nan() {
        let ceiled = float_function("ceil", false, -0.5, 0.0, 0.0).expect("ceil is known");
        assert!(ceiled == 0.0 && ceiled.is_sign_negative());
        assert_eq!(float_function("max", false, f64::NAN, 1.0, 0.0), Some(1.0));
        assert_eq!(
            float_function("ln", false, 0.0, 0.0, 0.0),
            Some(f64::NEG_INFINITY)
        );
    }

    #[test]
    fn single_precision_rounds_once() {
        let sum = float_function("add", true, 0.1, 0.2, 0.0).expect("add is known");
        assert_eq!(sum.to_bits(), f64::from(0.1_f32 + 0.2_f32).to_bits());
        assert_eq!(parse_float("0.1", true), Some(f64::from(0.1_f32)));
        assert_eq!(format_float(0.1, true, "?", None).as_deref(), Some("0.1"));
    }
}
