//! Walking the stack: from the registers of a thread to all of its frames.
//!
//! Rules come from `.eh_frame`, found through `.eh_frame_hdr`, and from `.debug_frame`.
//! Code without either is left by way of its frame pointer, where it has one.

mod backtrace;
mod evaluator;
mod fallback;
mod rule;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::sync::{Arc, Mutex, TryLockError};

pub use backtrace::{Backtrace, Stop};
pub use table::{FrameSections, FrameTables, SectionData};

use crate::image::Image;
use crate::memory::Memory;
use crate::registers::Registers;
use walk::{Scratch, Walk};

/// A file that has call frame information.
pub trait FrameSource: Send + Sync {
    /// Its tables, by file address.
    fn frame_tables(&self) -> &FrameTables<'_>;
}

impl FrameSource for Image {
    fn frame_tables(&self) -> &FrameTables<'_> {
        self.frame_tables.get_or_init(|| {
            let address_of = |name| self.elf.section(name).map(|section| section.address);
            FrameTables::new(FrameSections {
                eh_frame: self.section_data(".eh_frame"),
                eh_frame_hdr: self.section_data(".eh_frame_hdr"),
                debug_frame: self.section_data(".debug_frame"),
                text: address_of(".text"),
                got: address_of(".got"),
            })
        })
    }
}

/// Executable code of one file in the program.
#[derive(Clone)]
pub struct Module {
    /// The file.
    pub source: Arc<dyn FrameSource>,
    /// Run-time minus file address.
    pub bias: u64,
    /// First run-time address of the code.
    pub start: u64,
    /// One past its last run-time address.
    pub end: u64,
}

/// Which file lies where in the program: an immutable snapshot.
///
/// It remembers the rules of addresses it was asked about, which makes the second
/// backtrace cheaper than the first.
pub struct ModuleMap {
    /// By start address.
    modules: Vec<Module>,
    scratch: Mutex<Scratch>,
}

impl ModuleMap {
    /// A map of `modules`, in any order; where two overlap, the one that begins later counts.
    pub fn new(mut modules: Vec<Module>) -> Self {
        modules.sort_by_key(|module| module.start);
        Self {
            modules,
            scratch: Mutex::new(Scratch::new()),
        }
    }

    fn find(&self, address: u64) -> Option<&Module> {
        let after = self
            .modules
            .partition_point(|module| module.start <= address);
        let module = &self.modules[after.checked_sub(1)?];
        (address < module.end).then_some(module)
    }
}

impl fmt::Debug for ModuleMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.modules.iter().map(|module| module.start..module.end);
        f.debug_tuple("ModuleMap")
            .field(&ranges.collect::<Vec<_>>())
            .finish()
    }
}

/// Walks the stack of one thread, innermost frame first, up to `limit` frames.
///
/// Every frame has the registers that can be told for it: the callee-saved ones, rsp and rip
/// as far as they were saved, and all of them in code that a signal interrupted.
pub fn unwind(
    modules: &ModuleMap,
    registers: &Registers,
    memory: &dyn Memory,
    limit: usize,
) -> Backtrace {
    match modules.scratch.try_lock() {
        Ok(mut scratch) => Walk::new(modules, &mut scratch, memory).run(registers, limit),
        Err(TryLockError::Poisoned(poisoned)) => {
            Walk::new(modules, &mut poisoned.into_inner(), memory).run(registers, limit)
        }
        // Another thread is unwinding over the same modules: do without what it remembers.
        Err(TryLockError::WouldBlock) => {
            Walk::new(modules, &mut Scratch::new(), memory).run(registers, limit)
        }
    }
}
