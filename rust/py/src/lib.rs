//! Python bindings over `crabtrap-core`: convert, call with the GIL released, convert back.
//!
//! The contract, with all documentation, is `src/crabtrap/_core.pyi`.

// Python's calling conventions decide what is taken by value.
#![allow(clippy::needless_pass_by_value)]

mod boundary;
mod code;
mod disasm;
mod errors;
mod files;
mod image;
mod locations;
mod loops;
mod memory;
mod stack_slots;
mod std_functions;
mod types;
mod unwinding;
mod words;

use pyo3::prelude::*;

/// Typed contract of the native module: files in, tables out.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::code::{Function, LineSpan, Row, Variable};
    #[pymodule_export]
    use crate::disasm::{
        Block, Instruction, StepTargets, basic_blocks, disassemble, instruction_start, step_targets,
    };
    #[pymodule_export]
    use crate::files::{Section, Segment, Symbol};
    #[pymodule_export]
    use crate::image::Image;
    #[pymodule_export]
    use crate::locations::Piece;
    #[pymodule_export]
    use crate::loops::Loop;
    #[pymodule_export]
    use crate::memory::{CallbackMemory, FileMemory};
    #[pymodule_export]
    use crate::stack_slots::{accesses_before, counter_steps, dispatch_table, is_accessed_between};
    #[pymodule_export]
    use crate::std_functions::{
        char_map, char_test, float_function, format_float, parse_float, text_map, text_parts,
    };
    #[pymodule_export]
    use crate::types::{Member, Type, Variant, VariantPart};
    #[pymodule_export]
    use crate::unwinding::{Backtrace, LandingPad, ModuleMap, unwind};

    #[pymodule_export]
    use crate::words::{find_words, read_numbers};

    #[pymodule_export]
    use super::demangle;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::boundary::quiet_panics();
        let globals = module.dict();
        for (name, alias) in [
            ("Registers", c"tuple[int | None, ...]"),
            ("Range", c"tuple[int, int]"),
            (
                "FunctionCode",
                c"tuple[tuple[tuple[int, bytes], ...], int, tuple[tuple[int, int, int], ...]]",
            ),
            ("Memory", c"FileMemory | CallbackMemory"),
        ] {
            module.add(name, module.py().eval(alias, Some(&globals), None)?)?;
        }
        Ok(())
    }
}

/// A Rust (legacy or v0) or C++ symbol as a path without hash; others unchanged.
#[pyfunction]
fn demangle(py: Python<'_>, name: &str) -> PyResult<String> {
    boundary::call(py, || Ok(crabtrap_core::demangle(name)))
}
