//! The map of the code in a program: which file lies at which addresses.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::scratch::Scratch;
use super::table::FrameTables;

/// A file that has call frame information.
pub trait FrameSource: Send + Sync {
    /// Its tables, by file address.
    fn frame_tables(&self) -> &FrameTables<'_>;
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

/// Files by the run-time addresses of their code: an immutable snapshot.
///
/// It keeps the rules of addresses it was asked about, which makes the second backtrace
/// cheaper than the first.
pub struct ModuleMap {
    /// By start address.
    modules: Vec<Module>,
    pub(super) scratch: Mutex<Scratch>,
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

    /// The module that has code at a run-time address.
    pub(super) fn find(&self, address: u64) -> Option<&Module> {
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
