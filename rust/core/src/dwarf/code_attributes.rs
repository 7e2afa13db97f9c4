//! The code that an entry says it has.

use gimli::{AttributeValue, UnitRef};

use super::Slice;
use super::unit::Unit;
use crate::error::Error;

/// Most ranges of one function, inline instance or block that are read; compilers write some
/// dozens.
const MOST_RANGES: usize = 1000;

/// The attributes that say where code lies (DWARF 5, section 2.17).
#[derive(Debug, Default)]
pub(crate) struct CodeAttributes {
    low: Option<AttributeValue<Slice>>,
    high: Option<AttributeValue<Slice>>,
    ranges: Option<AttributeValue<Slice>>,
}

impl CodeAttributes {
    /// Those of an entry.
    pub(crate) fn of(die: &gimli::DebuggingInformationEntry<Slice>) -> Self {
        let mut code = Self::default();
        for attribute in die.attrs() {
            code.take(attribute.name(), attribute.value());
        }
        code
    }

    pub(super) fn take(&mut self, name: gimli::DwAt, value: AttributeValue<Slice>) {
        match name {
            gimli::DW_AT_low_pc => self.low = Some(value),
            gimli::DW_AT_high_pc => self.high = Some(value),
            gimli::DW_AT_ranges => self.ranges = Some(value),
            _ => {}
        }
    }

    /// `DW_AT_low_pc`.
    pub(crate) fn low(&self, unit: UnitRef<'_, Slice>) -> Option<u64> {
        unit.attr_address(self.low?).ok().flatten()
    }

    /// Start of the first range in the order of the file, which is where a function with
    /// several ranges is entered (DWARF 5, section 2.18).
    pub(crate) fn first(&self, unit: UnitRef<'_, Slice>) -> Option<u64> {
        let mut ranges = unit.attr_ranges(self.ranges?).ok()??;
        ranges.next().ok()?.map(|range| range.begin)
    }

    /// Non-empty ranges of code, sorted; those of discarded functions are left out.
    ///
    /// The error says that there are more of them than are read.
    pub(crate) fn ranges(
        &self,
        unit: UnitRef<'_, Slice>,
        is_code: &dyn Fn(u64) -> bool,
    ) -> (Vec<(u64, u64)>, Option<Error>) {
        let mut out = Vec::new();
        let mut read = 0;
        self.visit(unit, &mut |start, end| {
            read += 1;
            if is_code(start) {
                out.push((start, end));
            }
            read < MOST_RANGES
        });
        out.sort_unstable();
        let cut = (read == MOST_RANGES).then(|| {
            Error::Damaged(format!(
                "of an entry with over {MOST_RANGES} ranges of code, no more are read"
            ))
        });
        (out, cut)
    }

    /// Same as [`CodeAttributes::ranges`] for an entry of `unit`, which notes what is not read.
    pub(crate) fn ranges_in(&self, unit: &Unit, is_code: &dyn Fn(u64) -> bool) -> Vec<(u64, u64)> {
        let (ranges, cut) = self.ranges(unit.as_ref(), is_code);
        unit.note("the code", cut);
        ranges
    }

    /// Shows all non-empty ranges to `visit` until it returns `false`.
    pub(crate) fn visit(&self, unit: UnitRef<'_, Slice>, visit: &mut dyn FnMut(u64, u64) -> bool) {
        if let Some(value) = self.ranges {
            let Ok(Some(mut ranges)) = unit.attr_ranges(value) else {
                return;
            };
            while let Ok(Some(range)) = ranges.next() {
                if range.begin < range.end && !visit(range.begin, range.end) {
                    return;
                }
            }
        } else if let Some(low) = self.low(unit) {
            let end = match self.high {
                Some(AttributeValue::Udata(size)) => low.checked_add(size),
                Some(value) => unit.attr_address(value).ok().flatten(),
                None => None,
            };
            if let Some(end) = end.filter(|end| low < *end) {
                visit(low, end);
            }
        }
    }
}
