//! Questions about the code, data and types of an image.

use super::Image;
use crate::die::DieId;
use crate::dwarf::{DebugInfo, Function, Row, Type, Variable};
use crate::error::{Error, Result};
use crate::location::{self, FrameContext, Piece};

/// Amount of debug information in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebugLevel {
    /// Lines, functions, variables and types.
    Full,
    /// Lines and inlined functions only: rustc's `line-tables-only`.
    Lines,
    /// A symbol table only.
    Symbols,
    /// Nothing.
    None,
}

impl Image {
    /// The amount of debug information there is.
    pub fn debug_level(&self) -> DebugLevel {
        match self.debug() {
            Some(info) if info.describes_data() => DebugLevel::Full,
            Some(_) => DebugLevel::Lines,
            None if self.symbols().is_empty() => DebugLevel::None,
            None => DebugLevel::Symbols,
        }
    }

    /// Number of units of the debug information.
    pub fn unit_count(&self) -> usize {
        self.debug().map_or(0, |info| info.heads().len())
    }

    /// Number of units whose entries have been read so far.
    pub fn units_loaded(&self) -> usize {
        self.debug().map_or(0, |info| info.loaded().count())
    }

    /// Distinct producers of the units looked at so far.
    pub fn producers(&self) -> Vec<String> {
        let units = self.debug().into_iter().flat_map(DebugInfo::loaded);
        let mut producers: Vec<String> = units.filter_map(|unit| unit.producer.clone()).collect();
        producers.sort();
        producers.dedup();
        producers
    }

    /// Each MD5 that a unit has of the contents of `path`, once; none where that is not known.
    pub fn source_checksums(&self, path: &str) -> Vec<[u8; 16]> {
        self.debug()
            .map_or_else(Vec::new, |info| info.source_checksums(path))
    }

    /// Sorted lines of `path` that have a statement row.
    pub fn lines_with_code(&self, path: &str) -> Vec<u32> {
        self.debug()
            .map_or_else(Vec::new, |info| info.lines_with_code(path))
    }

    /// Statement rows of exactly this line, in all units, by address.
    pub fn rows_for_line(&self, path: &str, line: u32) -> Vec<Row> {
        self.debug()
            .map_or_else(Vec::new, |info| info.rows_for_line(path, line))
    }

    /// Inline instances of calls on lines `[first, end)` of `path`, by line and address.
    pub fn inline_instances_called_between(
        &self,
        path: &str,
        first: u32,
        end: u32,
    ) -> Vec<Function> {
        self.debug().map_or_else(Vec::new, |info| {
            info.inline_instances_called_between(path, first, end)
        })
    }

    /// The row that covers `address`.
    pub fn row_at(&self, address: u64) -> Option<Row> {
        self.debug()?.row_at(address)
    }

    /// All rows that overlap `[start, end)`, by address.
    pub fn rows_between(&self, start: u64, end: u64) -> Vec<Row> {
        self.debug()
            .map_or_else(Vec::new, |info| info.rows_between(start, end))
    }

    /// Parameters and locals of one function or inline instance.
    pub fn variables(&self, function: DieId) -> Result<Vec<Variable>> {
        if !function.has_entry() {
            return Ok(Vec::new());
        }
        self.debug_of(function)?.variables(function)
    }

    /// `(name, type)` of a function's generic parameters.
    pub fn template_arguments(&self, function: DieId) -> Result<Vec<(String, DieId)>> {
        if !function.has_entry() {
            return Ok(Vec::new());
        }
        self.debug_of(function)?
            .function_template_arguments(function)
    }

    /// The type that holds what a closure or coroutine has captured.
    ///
    /// # Errors
    /// `function` is no entry of this image.
    pub fn captures_type(&self, function: DieId) -> Result<Option<DieId>> {
        self.debug_of(function)?.captures_type(function)
    }

    /// Type of a function's result; `None` for `()`.
    pub fn return_type(&self, function: DieId) -> Result<Option<DieId>> {
        if !function.has_entry() {
            return Ok(None);
        }
        self.debug_of(function)?.return_type(function)
    }

    /// Whether a function takes or returns something else than its source says.
    pub fn has_changed_signature(&self, function: DieId) -> Result<bool> {
        if !function.has_entry() {
            return Ok(false);
        }
        self.debug_of(function)?.has_changed_signature(function)
    }

    /// Describes a type.
    pub fn type_at(&self, die: DieId) -> Result<Type> {
        self.debug_of(die)?.type_at(die)
    }

    /// Whether the function pointer type `die` is that of function items, which have no size,
    /// by all its uses in its unit; and whether alignments of variables there are in eighths.
    ///
    /// # Errors
    /// `die` is no entry of this image.
    pub fn function_uses(&self, die: DieId) -> Result<(bool, bool)> {
        self.debug_of(die)?.function_uses(die)
    }

    /// Value locations of a variable: one piece, or several in order.
    ///
    /// A value that is nowhere gives one absent piece with its reason.
    ///
    /// # Errors
    /// `die` is no entry of this image.
    pub fn locate(&self, die: DieId, context: &FrameContext<'_>) -> Result<Vec<Piece>> {
        location::locate(self.debug_of(die)?, self.symbols(), die, context)
    }

    fn debug_of(&self, die: DieId) -> Result<&DebugInfo> {
        self.debug().ok_or(Error::UnknownDie(die))
    }
}
