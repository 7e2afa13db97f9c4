//! Opens damaged files and asks them everything.
//!
//! A good corpus is small programs: `tests/programs/tiny.rs` of the crate, built with both
//! DWARF versions.

#![no_main]

use crabtrap_core::{Monitor, CompletionKind, DieId, Image};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(image) = Image::parse(data.to_vec(), "fuzz") else {
        return;
    };
    let _ = (image.debug_level(), image.symbol_at(image.entry()));
    for function in image.find_functions("main", &Monitor::default()).unwrap().iter().take(10) {
        let _ = image.variables(function.die);
        let _ = image.inline_chain(function.entry);
        let _ = image.rows_between(function.entry, function.entry.saturating_add(100));
    }
    for path in image.find_files("tiny.rs", &Monitor::default()).unwrap() {
        let _ = image.lines_with_code(&path);
    }
    let _ = image.find_inlined("inlined", &Monitor::default()).unwrap();
    let _ = image.find_statics("TOTAL");
    let _ = image.complete("t", &[CompletionKind::Type], 10, &Monitor::default()).unwrap();
    for die in image.find_types("Choice") {
        let _ = image.type_at(die);
    }
    for number in (0..2000).step_by(11) {
        let _ = image.type_at(DieId(number));
    }
});
