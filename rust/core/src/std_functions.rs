//! The functions of Rust's `char`, `str`, `f32` and `f64`, by name.
//!
//! The expression language computes what the program would: with the tables of Unicode and the
//! rounding that std has, not with those of another language.  A name that is not known gives
//! `None`.

/// A test of a `char`: `is_alphabetic`.
pub fn char_test(name: &str, c: char) -> Option<bool> {
    Some(match name {
        "is_alphabetic" => c.is_alphabetic(),
        "is_alphanumeric" => c.is_alphanumeric(),
        "is_numeric" => c.is_numeric(),
        "is_uppercase" => c.is_uppercase(),
        "is_lowercase" => c.is_lowercase(),
        "is_whitespace" => c.is_whitespace(),
        "is_control" => c.is_control(),
        "is_ascii" => c.is_ascii(),
        "is_ascii_alphabetic" => c.is_ascii_alphabetic(),
        "is_ascii_alphanumeric" => c.is_ascii_alphanumeric(),
        "is_ascii_control" => c.is_ascii_control(),
        "is_ascii_digit" => c.is_ascii_digit(),
        "is_ascii_graphic" => c.is_ascii_graphic(),
        "is_ascii_hexdigit" => c.is_ascii_hexdigit(),
        "is_ascii_lowercase" => c.is_ascii_lowercase(),
        "is_ascii_punctuation" => c.is_ascii_punctuation(),
        "is_ascii_uppercase" => c.is_ascii_uppercase(),
        "is_ascii_whitespace" => c.is_ascii_whitespace(),
        _ => return None,
    })
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

macro_rules! float_function {
    ($name:expr, $a:expr, $b:expr, $c:expr) => {
        Some(match $name {
            "abs" => $a.abs(),
            "signum" => $a.signum(),
            "sqrt" => $a.sqrt(),
            "cbrt" => $a.cbrt(),
            "floor" => $a.floor(),
            "ceil" => $a.ceil(),
            "trunc" => $a.trunc(),
            "round" => $a.round(),
            "round_ties_even" => $a.round_ties_even(),
            "fract" => $a.fract(),
            "exp" => $a.exp(),
            "exp2" => $a.exp2(),
            "exp_m1" => $a.exp_m1(),
            "ln" => $a.ln(),
            "ln_1p" => $a.ln_1p(),
            "log10" => $a.log10(),
            "log2" => $a.log2(),
            "log" => $a.log($b),
            "sin" => $a.sin(),
            "cos" => $a.cos(),
            "tan" => $a.tan(),
            "asin" => $a.asin(),
            "acos" => $a.acos(),
            "atan" => $a.atan(),
            "sinh" => $a.sinh(),
            "cosh" => $a.cosh(),
            "tanh" => $a.tanh(),
            "asinh" => $a.asinh(),
            "acosh" => $a.acosh(),
            "atanh" => $a.atanh(),
            "atan2" => $a.atan2($b),
            "hypot" => $a.hypot($b),
            "powf" => $a.powf($b),
            "powi" => $a.powi($b as i32),
            "recip" => $a.recip(),
            "to_degrees" => $a.to_degrees(),
            "to_radians" => $a.to_radians(),
            "min" => $a.min($b),
            "max" => $a.max($b),
            "copysign" => $a.copysign($b),
            "rem_euclid" => $a.rem_euclid($b),
            "div_euclid" => $a.div_euclid($b),
            "mul_add" => $a.mul_add($b, $c),
            "add" => $a + $b,
            "sub" => $a - $b,
            "mul" => $a * $b,
            "div" => $a / $b,
            "rem" => $a % $b,
            _ => return None,
        })
    };
}

/// A function of one to three floats, in `f64` or, with `single`, in `f32`.
///
/// Arguments that a function does not take are not looked at.
pub fn float_function(name: &str, single: bool, a: f64, b: f64, c: f64) -> Option<f64> {
    fn double(name: &str, a: f64, b: f64, c: f64) -> Option<f64> {
        float_function!(name, a, b, c)
    }
    fn single_precision(name: &str, a: f32, b: f32, c: f32) -> Option<f32> {
        float_function!(name, a, b, c)
    }
    if single {
        single_precision(name, a as f32, b as f32, c as f32).map(f64::from)
    } else {
        double(name, a, b, c)
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
