//! Concrete functions and inline instances (DWARF 5, section 3.3.8).

use std::sync::Arc;

use gimli::{AttributeValue, UnitOffset};

use super::code_attributes::CodeAttributes;
use super::debug_info::DebugInfo;
use super::entry::Entry;
use super::lines::Row;
use super::origins::{first_with, linkage_name};
use super::outline::Scope;
use super::unit::Unit;
use crate::demangle::demangle;
use crate::die::DieId;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::path_query::{completed_path, join_scopes, last_segment};

/// Most parts of a function that are searched for its own rows, which the first one has.
const MOST_PARTS: usize = 16;
/// Most ranges of inlined code that are told apart from a function's own.
const MOST_INLINED: usize = 1 << 16;

/// Name of the body of an `async fn`, which is inside of it, without generic arguments.
pub(crate) const ASYNC_BODY: &str = "{async_fn#0}";

/// A half-open range of file addresses.
pub type CodeRange = (u64, u64);

/// A concrete function, or one inline instance of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its `DW_TAG_subprogram` or `DW_TAG_inlined_subroutine`.
    pub die: DieId,
    /// The abstract instance that inline instances share, or `die` itself.
    pub origin: DieId,
    /// Path by the tree of entries, generics included.
    pub name: String,
    /// Mangled name.
    pub linkage_name: Option<String>,
    /// The demangled linkage name without hash, else `name`; with the numbers of closures and
    /// the generic arguments that legacy linkage names lack.
    pub path: String,
    /// First instruction.
    pub entry: u64,
    /// Code of this instance, sorted.
    pub ranges: Vec<CodeRange>,
    /// Source position of the declaration.
    pub declaration: Declaration,
    /// The inlined call, for an inline instance.
    pub call: Option<Call>,
    /// Number of its unit.
    pub unit: usize,
}

/// Source position of a declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Source file.
    pub path: Option<Arc<str>>,
    /// Line, 0 where unknown.
    pub line: u32,
}

/// The call that an inline instance replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Source file.
    pub path: Option<Arc<str>>,
    /// Line, 0 where unknown.
    pub line: u32,
    /// Column, 0 where unknown.
    pub column: u32,
}

impl Function {
    /// The paths that users know the body of an `async fn` by; none for anything else.
    ///
    /// The compiler makes a closure of the body, and of the function itself hardly anything.
    pub(crate) fn async_paths(&self) -> [Option<&str>; 2] {
        let name = async_function(&self.name);
        [name, name.and(outer_path(&self.path))]
    }
}

/// The path of an `async fn`, from that of its body, which has its generic arguments.
pub(crate) fn async_function(path: &str) -> Option<&str> {
    let (outer, last) = path.split_at(last_segment(path));
    let generics = last.strip_prefix(ASYNC_BODY)?;
    (generics.is_empty() || generics.starts_with('<')).then_some(())?;
    outer.strip_suffix("::")
}

/// A path without its last segment.
pub(crate) fn outer_path(path: &str) -> Option<&str> {
    path[..last_segment(path)].strip_suffix("::")
}

impl DebugInfo {
    /// The concrete function that covers `address`.
    pub(crate) fn function_at(&self, address: u64) -> Option<Function> {
        let unit = self.unit_at(address)?;
        let scope = unit.outline().function_at(address)?;
        self.function(unit, scope.start()).ok()
    }

    /// The functions around `address`: the innermost inline instance first, the concrete
    /// function last.
    pub(crate) fn inline_chain(&self, address: u64) -> Vec<Function> {
        let Some(unit) = self.unit_at(address) else {
            return Vec::new();
        };
        let Some(scope) = unit.outline().function_at(address) else {
            return Vec::new();
        };
        let mut scopes = vec![scope];
        scopes.extend(inlined_at(unit, scope, address));
        scopes.reverse();
        scopes
            .into_iter()
            .filter_map(|scope| self.function(unit, scope.start()).ok())
            .collect()
    }

    /// All concrete functions that are wanted, by address; reads every unit.
    pub(crate) fn concrete_functions(
        &self,
        wanted: &dyn Fn(&Function) -> bool,
        monitor: &Monitor,
    ) -> Result<Vec<Function>> {
        let mut found = Vec::new();
        monitor.begin(self.heads().len());
        for number in 0..self.heads().len() {
            monitor.check()?;
            monitor.advance(1);
            let Ok(unit) = self.unit(number) else {
                continue;
            };
            let mut scopes: Vec<u32> = unit.outline().code.iter().map(|code| code.scope).collect();
            scopes.sort_unstable();
            scopes.dedup();
            let scopes = scopes
                .into_iter()
                .filter_map(|scope| unit.outline().scopes.get(scope as usize));
            found.extend(
                scopes
                    .filter_map(|scope| self.function(unit, scope.start()).ok())
                    .filter(|function| wanted(function)),
            );
        }
        found.sort_by_key(|function| function.entry);
        Ok(found)
    }

    /// Inline instances of calls on lines `[first, end)` of `path`, by line and address.
    pub(crate) fn inline_instances_called_between(
        &self,
        path: &str,
        first: u32,
        end: u32,
    ) -> Vec<Function> {
        let mut found: Vec<Function> = self
            .units_with_file(path)
            .flat_map(|(unit, _)| {
                let scopes = unit.outline().scopes.iter();
                scopes
                    .filter(|scope| scope.tag == gimli::DW_TAG_inlined_subroutine)
                    .filter(|scope| is_called_between(unit, scope, path, first, end))
                    .filter_map(|scope| self.function(unit, scope.start()).ok())
            })
            .filter(|instance| !instance.ranges.is_empty())
            .collect();
        found.sort_by_key(|instance| {
            let line = instance.call.as_ref().map(|call| call.line);
            (line, instance.entry)
        });
        found
    }

    /// Describes a subprogram or an inline instance.
    pub(crate) fn function(&self, unit: &Unit, offset: UnitOffset) -> Result<Function> {
        let entry = unit.entry(offset)?;
        let code = CodeAttributes::of(&entry.die);
        let ranges = code.ranges_in(unit, &|address| self.is_code(address));
        let entry_point = entry_point(&entry, &code, &ranges);
        let is_inlined = entry.tag() == gimli::DW_TAG_inlined_subroutine;
        let call = is_inlined.then(|| call_site(&entry));
        let die = entry.id();
        let chain = entry.with_origins(self);
        let name = self.qualified_name(&chain);
        let linkage_name = linkage_name(&chain);
        let mut declaration = declaration(&chain);
        if declaration.path.is_none() && linkage_name.is_none() {
            declaration = self.declaration_by_rows(unit, offset, &ranges, is_inlined);
        }
        Ok(Function {
            die,
            origin: abstract_origin(&chain),
            path: linkage_name.as_deref().map_or_else(
                || name.clone(),
                |linkage| completed_path(&demangle(linkage), &name),
            ),
            name,
            linkage_name,
            entry: entry_point,
            ranges,
            declaration,
            call,
            unit: unit.number,
        })
    }

    /// The file that most of a function is in by its own rows, for units with line tables only.
    ///
    /// The first row of an out-of-line function is the line of its declaration; an inline
    /// instance begins wherever the optimiser liked.
    fn declaration_by_rows(
        &self,
        unit: &Unit,
        offset: UnitOffset,
        ranges: &[CodeRange],
        is_inlined: bool,
    ) -> Declaration {
        let inlined = code_inlined_into(unit, offset);
        let is_own = |row: &Row| {
            let is_inside = |range: &CodeRange| (range.0..range.1).contains(&row.address);
            row.line != 0 && !inlined.iter().any(is_inside)
        };
        let row = ranges.iter().take(MOST_PARTS).find_map(|(start, end)| {
            let rows = self.rows_between(*start, *end);
            rows.into_iter().find(is_own)
        });
        row.map_or_else(Declaration::default, |row| Declaration {
            path: Some(row.path),
            line: if is_inlined { 0 } else { row.line },
        })
    }

    /// Path of an entry by the tree of its declaration, its own name included.
    pub(crate) fn qualified_name(&self, chain: &[Entry<'_>]) -> String {
        let name = first_with(chain, gimli::DW_AT_name)
            .and_then(Entry::name)
            .unwrap_or_default();
        let mut path = chain
            .last()
            .map(|last| self.scope_path(last.unit, last.die.offset()))
            .unwrap_or_default();
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(&name);
        path
    }

    /// Names of the scopes around an entry, joined by `::`.
    pub(crate) fn scope_path(&self, unit: &Unit, offset: UnitOffset) -> String {
        let outline = unit.outline();
        let scopes = outline
            .ancestors(outline.scope_around(offset))
            .filter(|scope| {
                !matches!(
                    scope.tag,
                    gimli::DW_TAG_lexical_block | gimli::DW_TAG_inlined_subroutine
                )
            })
            .filter_map(|scope| {
                let entry = unit.entry(scope.start()).ok()?;
                let chain = entry.with_origins(self);
                let name = first_with(&chain, gimli::DW_AT_name)?.name()?;
                Some(name.into_owned())
            });
        join_scopes(scopes)
    }
}

/// The inline instances around `address` inside one function, outermost first.
pub(super) fn inlined_at(unit: &Unit, function: Scope, address: u64) -> Vec<Scope> {
    let outline = unit.outline();
    let mut found = Vec::new();
    let Some(index) = outline.scope_at(function.start()) else {
        return found;
    };
    let inside = outline.inside(index);
    let mut next = inside.start;
    while next < inside.end {
        let Some(scope) = outline.scopes.get(next as usize).copied() else {
            break;
        };
        let is_around = match scope.tag {
            gimli::DW_TAG_lexical_block => covers(unit, scope, address).unwrap_or(true),
            gimli::DW_TAG_inlined_subroutine => covers(unit, scope, address).unwrap_or(false),
            _ => false,
        };
        if is_around && scope.tag == gimli::DW_TAG_inlined_subroutine {
            found.push(scope);
        }
        next = if is_around {
            next + 1
        } else {
            outline.inside(next).end
        };
    }
    found
}

/// Code of the inline instances inside one function or instance.
fn code_inlined_into(unit: &Unit, offset: UnitOffset) -> Vec<CodeRange> {
    let outline = unit.outline();
    let Some(index) = outline.scope_at(offset) else {
        return Vec::new();
    };
    let inside = outline.inside(index);
    let scopes = inside.filter_map(|number| outline.scopes.get(number as usize));
    scopes
        .filter(|scope| scope.tag == gimli::DW_TAG_inlined_subroutine)
        .filter_map(|scope| unit.entry(scope.start()).ok())
        .flat_map(|entry| CodeAttributes::of(&entry.die).ranges_in(unit, &|_| true))
        .take(MOST_INLINED)
        .collect()
}

/// Whether a scope's code covers `address`; `None` where the scope has no code attributes.
fn covers(unit: &Unit, scope: Scope, address: u64) -> Option<bool> {
    let entry = unit.entry(scope.start()).ok()?;
    let ranges = CodeAttributes::of(&entry.die).ranges_in(unit, &|_| true);
    let covers = ranges
        .iter()
        .any(|(start, end)| (*start..*end).contains(&address));
    (!ranges.is_empty()).then_some(covers)
}

fn is_called_between(unit: &Unit, scope: &Scope, path: &str, first: u32, end: u32) -> bool {
    let Ok(entry) = unit.entry(scope.start()) else {
        return false;
    };
    let line = small(entry.unsigned(gimli::DW_AT_call_line));
    (first..end).contains(&line)
        && file_path(&entry, gimli::DW_AT_call_file).is_some_and(|file| *file == *path)
}

/// The declaration that a chain of origins names.
pub(crate) fn declaration(chain: &[Entry<'_>]) -> Declaration {
    let path = first_with(chain, gimli::DW_AT_decl_file)
        .and_then(|entry| file_path(entry, gimli::DW_AT_decl_file));
    let line = first_with(chain, gimli::DW_AT_decl_line)
        .and_then(|entry| entry.unsigned(gimli::DW_AT_decl_line));
    Declaration {
        path,
        line: small(line),
    }
}

fn call_site(entry: &Entry<'_>) -> Call {
    Call {
        path: file_path(entry, gimli::DW_AT_call_file),
        line: small(entry.unsigned(gimli::DW_AT_call_line)),
        column: small(entry.unsigned(gimli::DW_AT_call_column)),
    }
}

fn file_path(entry: &Entry<'_>, name: gimli::DwAt) -> Option<Arc<str>> {
    let number = match entry.attribute(name)? {
        AttributeValue::FileIndex(number) => number,
        value => value.udata_value()?,
    };
    entry.unit.files().path(number)
}

/// A line or column number; 0 where there is none or it is absurd.
pub(crate) fn small(number: Option<u64>) -> u32 {
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0)
}

/// The entry that `DW_AT_abstract_origin` leads to, or the first one.
fn abstract_origin(chain: &[Entry<'_>]) -> DieId {
    let is_instance = |entry: &&Entry<'_>| entry.has(gimli::DW_AT_abstract_origin);
    let instances = chain.iter().take_while(is_instance).count();
    chain[instances.min(chain.len() - 1)].id()
}

fn entry_point(entry: &Entry<'_>, code: &CodeAttributes, ranges: &[CodeRange]) -> u64 {
    let unit = entry.unit.as_ref();
    let low = code.low(unit).filter(|low| *low != 0);
    let first = || {
        code.first(unit)
            .or_else(|| ranges.first().map(|range| range.0))
    };
    let stated = match entry.attribute(gimli::DW_AT_entry_pc) {
        // A constant counts from the start of the code (DWARF 5, section 2.18).
        Some(AttributeValue::Udata(offset)) => {
            low.or_else(first).and_then(|base| base.checked_add(offset))
        }
        Some(value) => unit.attr_address(value).ok().flatten(),
        None => None,
    };
    stated.or(low).or_else(first).unwrap_or(0)
}
