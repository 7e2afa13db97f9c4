//! Look-ups of units by address, from `.debug_aranges` (DWARF 5, section 6.1.2) and the ranges
//! of root entries.

use std::sync::atomic::Ordering;

use super::address_map::{AddressMap, Span};
use super::code_attributes::CodeAttributes;
use super::debug_info::DebugInfo;
use super::unit::Unit;
use crate::error::Result;

/// Number of questions that are answered by a scan of `.debug_aranges`, which is far cheaper
/// than sorting all of it.
const SCANS_BEFORE_SORTING: usize = 4;

impl DebugInfo {
    /// The unit that has code at `address`.
    pub(crate) fn unit_at(&self, address: u64) -> Option<&Unit> {
        if self.addresses.get().is_none()
            && self.scans.fetch_add(1, Ordering::Relaxed) < SCANS_BEFORE_SORTING
            && let Some(number) = scan(self, address)
        {
            return self.unit(number).ok();
        }
        let number = self.address_map().unit_at(address)?;
        self.unit(number).ok()
    }

    /// The units that have code in `[start, end)`.
    pub(crate) fn units_between(&self, start: u64, end: u64) -> impl Iterator<Item = &Unit> {
        let numbers = self.address_map().units_between(start, end);
        numbers
            .into_iter()
            .filter_map(|number| self.unit(number).ok())
    }

    fn address_map(&self) -> &AddressMap {
        self.addresses.get_or_init(|| {
            let mut is_listed = vec![false; self.heads().len()];
            let mut spans = listed_spans(self, &mut is_listed);
            for (unit, _) in is_listed.iter().enumerate().filter(|(_, listed)| !**listed) {
                spans.extend(root_spans(self, unit).unwrap_or_default());
            }
            AddressMap::new(spans)
        })
    }
}

/// Reads all of `.debug_aranges`, and notes the units it mentions in `is_listed`.
fn listed_spans(info: &DebugInfo, is_listed: &mut [bool]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut afforded = Ok(());
    let result = for_each_arange(info, |number, start, end| {
        // A unit that is mentioned without code is looked up by its root entry after all.
        is_listed[number] = true;
        let unit = number as u32;
        match spans.last_mut() {
            Some(last) if last.end == start && last.unit == unit => last.end = end,
            _ => afforded = info.allowance().push(&mut spans, Span { start, end, unit }),
        }
        afforded.is_ok()
    });
    if let Err(error) = result.and(afforded) {
        info.problems.add(format!(".debug_aranges: {error}"));
    }
    spans
}

/// Looks for one address in `.debug_aranges`.
fn scan(info: &DebugInfo, address: u64) -> Option<usize> {
    let mut found = None;
    // Damage is reported when the whole section is read.
    let _ = for_each_arange(info, |unit, start, end| {
        if (start..end).contains(&address) {
            found = Some(unit);
        }
        found.is_none()
    });
    found
}

/// Calls `visit(unit, start, end)` for each live range until it returns `false`.
fn for_each_arange(info: &DebugInfo, mut visit: impl FnMut(usize, u64, u64) -> bool) -> Result<()> {
    let mut headers = info.dwarf.debug_aranges.headers();
    while let Some(header) = headers.next()? {
        let offset = header.debug_info_offset().0;
        let Some(unit) = info.unit_number_at(offset) else {
            continue;
        };
        let mut entries = header.entries();
        while let Some(entry) = entries.next_raw()? {
            let start = entry.address();
            let Some(end) = start.checked_add(entry.length()) else {
                continue;
            };
            if start < end && info.is_code(start) && !visit(unit, start, end) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Ranges of the root entry of a unit, or of its functions.
fn root_spans(info: &DebugInfo, number: usize) -> Result<Vec<Span>> {
    let unit = info.unit(number)?;
    let line_unit = unit.line_unit();
    let mut raw = line_unit.unit.entries_raw(None)?;
    let mut root = gimli::DebuggingInformationEntry::default();
    raw.read_entry(&mut root)?;
    let mut spans = Vec::new();
    let mut result = Ok(());
    let mut add = |spans: &mut Vec<Span>, start, end| {
        let unit = number as u32;
        if info.is_code(start) {
            result = info.allowance().push(spans, Span { start, end, unit });
        }
        result.is_ok()
    };
    CodeAttributes::of(&root).visit(line_unit, &mut |start, end| add(&mut spans, start, end));
    if spans.is_empty() {
        // Some producers leave the root without ranges; its functions have them.
        for code in &unit.outline().code {
            if !add(&mut spans, code.start, code.end) {
                break;
            }
        }
    }
    unit.note("the code", result.err());
    Ok(spans)
}
