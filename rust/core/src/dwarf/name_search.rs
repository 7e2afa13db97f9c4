//! Search for the units that mention a name, without reading any of them.
//!
//! The text of a name lies in a string section once, and whatever has that name holds its
//! offset there.  Looking for these few bytes in the whole of `.debug_info` takes a fraction
//! of the time that reading its entries takes.  Bytes that only look like an offset make us
//! read a unit in vain, and are harmless otherwise.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use aho_corasick::packed;
use gimli::Section as _;
use memchr::memmem;

use super::Slice;
use super::debug_info::DebugInfo;
use super::functions::Function;
use super::names::{NameIndex, stem_of};
use crate::die::DieId;
use crate::path_query::PathQuery;

/// Bytes searched before their pages are given back.
const CHUNK: usize = 4 << 20;
/// Most patterns that are looked for one after the other.
const FEW_PATTERNS: usize = 4;
const SEVERAL_PATTERNS: usize = FEW_PATTERNS + 1;
/// Most patterns that are looked for: with more, reading all units is faster.
const MOST_PATTERNS: usize = 32;
/// Largest part of all units, one in so many, that is read: with more, reading all is faster.
const WORTHWHILE_PART: usize = 4;
/// Bytes of units that are read whatever part of all units they are.
const FEW_BYTES: usize = 1 << 20;
/// Bytes of the header of a unit's part of `.debug_str_offsets` (DWARF 5, section 7.26).
const OFFSETS_HEADER: usize = 8;

/// An offset as `.debug_info` has it: four bytes, of those with eight the first four.
type Pattern = [u8; 4];

/// Numbers of units.
type UnitSet = BTreeSet<usize>;

impl DebugInfo {
    /// Same as [`DebugInfo::find_inlined`], by an index of only the units that matter.
    ///
    /// `None` where the index of all names is the better way.
    pub(crate) fn search_inlined(&self, text: &str) -> Option<Vec<Function>> {
        let query = PathQuery::parse(text);
        let mut units = self.units_naming(query.landmark(text))?;
        loop {
            let names = NameIndex::of_units(self, units.iter().copied().collect());
            let further = self.units_referring(&self.origins(&names, text))?;
            if further.is_subset(&units) {
                return Some(self.find_inlined(&names, text));
            }
            units.extend(further);
        }
    }

    /// Units that may hold an entry whose name, generic arguments aside, is `stem`, or a part
    /// of such an entry.
    ///
    /// `None` where reading all units is the better way: very common names, and split units,
    /// whose names are in other files.
    fn units_naming(&self, stem: &str) -> Option<UnitSet> {
        if stem.is_empty() || self.has_split_units() {
            return None;
        }
        let strings = *self.dwarf.debug_str.reader();
        let line_strings = *self.dwarf.debug_line_str.reader();
        let mut patterns = self.string_patterns(strings, stem)?;
        patterns.extend(self.string_patterns(line_strings, stem)?);
        let mut units = self.those_with((0..self.heads().len()).collect(), &patterns)?;
        units.extend(self.units_with_indices(&patterns));
        let spelling = self.units_using(gimli::DW_AT_name, gimli::DW_FORM_string);
        let finder = memmem::Finder::new(stem);
        units.extend(self.those_holding(spelling, &|bytes| finder.find(bytes).is_some()));
        self.is_worthwhile(&units).then_some(units)
    }

    /// Units that may refer to one of `dies` from outside of its unit.
    fn units_referring(&self, dies: &HashSet<DieId>) -> Option<UnitSet> {
        let mut linking = self.units_using(gimli::DW_AT_abstract_origin, gimli::DW_FORM_ref_addr);
        linking.extend(self.units_using(gimli::DW_AT_specification, gimli::DW_FORM_ref_addr));
        if linking.is_empty() {
            return Some(linking);
        }
        let patterns = dies.iter().map(|die| pattern(die.offset())).collect();
        let units = self.those_with(linking, &patterns)?;
        self.is_worthwhile(&units).then_some(units)
    }

    fn is_worthwhile(&self, units: &UnitSet) -> bool {
        let heads = self.heads();
        let size: usize = units.iter().map(|n| heads[*n].end - heads[*n].offset).sum();
        let all = heads.last().map_or(0, |head| head.end);
        size <= FEW_BYTES.max(all / WORTHWHILE_PART)
    }

    fn has_split_units(&self) -> bool {
        let is_skeleton = |header: &gimli::UnitHeader<Slice>| {
            matches!(header.type_(), gimli::UnitType::Skeleton(_))
        };
        self.heads().iter().any(|head| is_skeleton(&head.header))
            || contains(self.abbreviation_bytes(), &[0xb0, 0x42]) // DW_AT_GNU_dwo_name
    }

    /// Units whose abbreviations may have an attribute in this form.
    fn units_using(&self, name: gimli::DwAt, form: gimli::DwForm) -> UnitSet {
        // All of these are below 128, and thus LEB128 numbers of one byte.
        let spec = [name.0 as u8, form.0 as u8];
        let table_of = |number: usize| self.heads()[number].header.debug_abbrev_offset().0;
        let mut tables: Vec<usize> = (0..self.heads().len()).map(table_of).collect();
        tables.sort_unstable();
        let using: BTreeSet<usize> = memmem::find_iter(self.abbreviation_bytes(), &spec)
            .filter_map(|at| tables[..tables.partition_point(|table| *table <= at)].last())
            .copied()
            .collect();
        (0..self.heads().len())
            .filter(|number| using.contains(&table_of(*number)))
            .collect()
    }

    fn abbreviation_bytes(&self) -> &'static [u8] {
        self.dwarf.debug_abbrev.reader().slice()
    }

    /// Patterns that refer to names with this stem in a string section; `None` for too many.
    fn string_patterns(&self, strings: Slice, stem: &str) -> Option<BTreeSet<Pattern>> {
        let bytes = strings.slice();
        let finder = memmem::Finder::new(stem);
        let mut patterns = BTreeSet::new();
        for chunk in chunks(bytes.len(), stem.len()) {
            self.storage.populate_pages(&bytes[chunk.clone()]);
            for found in finder.find_iter(&bytes[chunk.clone()]) {
                let at = chunk.start + found;
                let starts = names_around(bytes, at, stem.len());
                let is_name = |start: &usize| stem_of(text_at(bytes, *start)) == stem.as_bytes();
                patterns.extend(starts.filter(is_name).map(pattern));
            }
            if patterns.len() > MOST_PATTERNS {
                return None;
            }
            self.storage.release_pages(&bytes[chunk]);
        }
        Some(patterns)
    }

    /// Those of `units` whose entries contain one of `patterns`.
    fn those_with(&self, units: UnitSet, patterns: &BTreeSet<Pattern>) -> Option<UnitSet> {
        match patterns.len() {
            0 => Some(UnitSet::new()),
            // Within the cache, one search per pattern is faster than one for all of them.
            1..=FEW_PATTERNS => {
                let finders: Vec<_> = patterns.iter().map(memmem::Finder::new).collect();
                let find = |bytes: &[u8]| finders.iter().any(|each| each.find(bytes).is_some());
                Some(self.those_holding(units, &find))
            }
            SEVERAL_PATTERNS..=MOST_PATTERNS => {
                let searcher = packed::Config::new().builder().extend(patterns).build()?;
                Some(self.those_holding(units, &|bytes| searcher.find(bytes).is_some()))
            }
            _ => None,
        }
    }

    fn those_holding(&self, units: UnitSet, find: &dyn Fn(&[u8]) -> bool) -> UnitSet {
        let bytes = self.dwarf.debug_info.reader().slice();
        let mut found = UnitSet::new();
        for part in self.batches(units) {
            let Some((first, last)) = part.first().zip(part.last()) else {
                continue;
            };
            let span = self.heads()[*first].offset..self.heads()[*last].end;
            let span = bytes.get(span).unwrap_or(&[]);
            self.storage.populate_pages(span);
            let holds = |number: &usize| {
                let head = &self.heads()[*number];
                find(bytes.get(head.offset..head.end).unwrap_or(&[]))
            };
            found.extend(part.into_iter().filter(holds));
            self.storage.release_pages(span);
        }
        found
    }

    /// Neighbouring units, as many together as make up a chunk.
    fn batches(&self, units: UnitSet) -> Vec<Vec<usize>> {
        let mut batches: Vec<Vec<usize>> = Vec::new();
        for number in units {
            let fits = |batch: &&mut Vec<usize>| {
                batch.last() == Some(&number.wrapping_sub(1))
                    && self.heads()[number].end - self.heads()[batch[0]].offset <= CHUNK
            };
            match batches.last_mut().filter(fits) {
                Some(batch) => batch.push(number),
                None => batches.push(vec![number]),
            }
        }
        batches
    }

    /// Units that refer to one of `patterns` by its number in their list of strings.
    fn units_with_indices(&self, patterns: &BTreeSet<Pattern>) -> UnitSet {
        let offsets = self.dwarf.debug_str_offsets.reader().slice();
        let hits: Vec<usize> = (offsets.chunks_exact(4).enumerate())
            .filter(|(_, bytes)| patterns.iter().any(|pattern| pattern == bytes))
            .map(|(index, _)| index * 4)
            .collect();
        if hits.is_empty() {
            return UnitSet::new();
        }
        let has_hit = |number: &usize| {
            let Ok(unit) = self.unit(*number) else {
                return false;
            };
            let own = strings_of_unit(offsets, unit.gimli.str_offsets_base.0);
            hits.iter().any(|hit| own.contains(hit))
        };
        let uses_list = |number: &usize| self.heads()[*number].header.version() >= 5;
        (0..self.heads().len())
            .filter(uses_list)
            .filter(has_hit)
            .collect()
    }
}

/// The part of `.debug_str_offsets` that begins at `base`; all the rest if it does not say.
fn strings_of_unit(offsets: &[u8], base: usize) -> Range<usize> {
    let header = base.checked_sub(OFFSETS_HEADER);
    let size = header
        .and_then(|start| offsets.get(start..)?.first_chunk())
        .map_or(usize::MAX, |size| u32::from_le_bytes(*size) as usize);
    // The size counts what follows it; the largest ones announce the 64-bit format.
    let end = if size < 0xffff_fff0 {
        base + size.saturating_sub(4)
    } else {
        usize::MAX
    };
    base..end
}

/// The pattern of an offset.
fn pattern(offset: usize) -> Pattern {
    (offset as u32).to_le_bytes()
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    memmem::find(bytes, what).is_some()
}

/// Ranges of at most [`CHUNK`] bytes and as many more as a text of `size` bytes may reach over.
fn chunks(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length)
        .step_by(CHUNK)
        .map(move |start| start..(start + CHUNK + size).min(length))
}

/// Offsets at which a name whose last segment is at `at` may begin: `at`, and the start of the
/// string around it.
///
/// Strings share their tails, so a name need not begin where its string does.
fn names_around(strings: &[u8], at: usize, size: usize) -> impl Iterator<Item = usize> {
    let is_end = matches!(strings.get(at + size), Some(b'\0' | b'<'));
    let start = || memchr::memrchr(0, &strings[..at]).map_or(0, |nul| nul + 1);
    let whole = is_end.then(start).filter(|start| strings[*start] == b'<');
    whole.into_iter().chain(is_end.then_some(at))
}

fn text_at(strings: &[u8], start: usize) -> &[u8] {
    let rest = &strings[start..];
    &rest[..memchr::memchr(0, rest).unwrap_or(0)]
}
