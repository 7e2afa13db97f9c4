//! ELF and DWARF reading for crabtrap.

pub mod disasm;
pub mod memory;
pub mod registers;
