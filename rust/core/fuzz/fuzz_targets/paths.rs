//! Demangles and matches text that was never a symbol.

#![no_main]

use crabtrap_core::demangle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (one, other) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let _ = demangle(text);
    let _ = crabtrap_core::path_matches(one, other);
});
