//! Searches for functions, symbols and files, which may take long and can be cancelled.

use std::collections::HashSet;
use std::sync::Arc;

use regex::Regex;

use super::Image;
use crate::demangle::demangle;
use crate::dwarf::{Function, outer_path};
use crate::elf::{Symbol, SymbolKind};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::path_query::{PathQuery, completed_path};

/// Symbols looked at between two looks at whether to go on.
const SYMBOLS_AT_ONCE: usize = 1 << 10;

impl Image {
    /// Symbols whose linkage name, or demangled path, is exactly `name`.
    pub fn symbols_named(&self, name: &str, monitor: &Monitor) -> Result<Vec<Symbol>> {
        let demangled = demangle(name);
        let query = PathQuery::parse(&demangled);
        let is_it = |linkage: &str| {
            !monitor.is_end_wanted() && (linkage == name || demangle(linkage) == name)
        };
        let found = self.symbols().containing(query.anchor(), &is_it);
        monitor.check()?;
        Ok(found)
    }

    /// Symbols whose demangled path matches a regular expression; at most `limit`.
    pub fn symbols_matching(
        &self,
        pattern: &str,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<Symbol>> {
        let pattern = Regex::new(pattern)?;
        self.each_symbol(monitor, |symbol| pattern.is_match(&symbol.name))
            .take(limit)
            .collect()
    }

    /// Out-of-line functions whose path ends with the path `query`, bodies of `async fn`s included.
    pub fn find_functions(&self, query: &str, monitor: &Monitor) -> Result<Vec<Function>> {
        let Some(info) = self.debug() else {
            return Ok(Vec::new());
        };
        let query = PathQuery::parse(query);
        if self.symbols().is_empty() {
            return info.concrete_functions(&|function| is_meant(&query, function), monitor);
        }
        // Symbols know neither generic arguments (legacy) nor the numbers of impls, so they
        // only propose; what the entries say decides.
        let may_match = |linkage: &str| {
            let path = demangle(linkage);
            let is_match = |path: &str| query.may_match(path);
            !monitor.is_end_wanted()
                && (is_match(&path) || closure_function(&path).is_some_and(is_match))
        };
        let symbols = self.symbols().containing(query.anchor(), &may_match);
        let is_match = |symbol: &Symbol, function: &Function| {
            is_meant(&query, function)
                || query.matches(&completed_path(&symbol.name, &function.name))
        };
        monitor.check()?;
        self.functions_of(symbols.into_iter().map(Ok), &is_match, usize::MAX)
    }

    /// Out-of-line functions whose path matches a regular expression; at most `limit`.
    ///
    /// The body of an `async fn` matches by the path of its function, too.
    pub fn find_functions_matching(
        &self,
        pattern: &str,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<Function>> {
        let pattern = Regex::new(pattern)?;
        let Some(info) = self.debug() else {
            return Ok(Vec::new());
        };
        if self.symbols().is_empty() {
            let mut found = info.concrete_functions(&|one| is_match(&pattern, one), monitor)?;
            found.truncate(limit);
            return Ok(found);
        }
        // Symbols alone do not tell: legacy ones lack generic arguments and the numbers of
        // closures, and those of all others call the body of an `async fn` a closure.
        let symbols = self.each_symbol(monitor, |symbol| symbol.kind == SymbolKind::Function);
        let is_match = |symbol: &Symbol, function: &Function| {
            pattern.is_match(&symbol.name) || is_match(&pattern, function)
        };
        self.functions_of(symbols, &is_match, limit)
    }

    /// Every inline instance of the functions that match `query`.
    pub fn find_inlined(self: &Arc<Self>, query: &str, monitor: &Monitor) -> Result<Vec<Function>> {
        if !self.is_indexed()
            && let Some(found) = self.search_inlined(query)
        {
            return Ok(found);
        }
        self.search_names(monitor, |info, names| Ok(info.find_inlined(names, query)))
    }

    /// Same as [`Image::find_inlined`], by a search instead of the index of names.
    ///
    /// `None` where a search would be slower than building the index.
    pub fn search_inlined(&self, query: &str) -> Option<Vec<Function>> {
        self.debug()?.search_inlined(query)
    }

    /// Inline instances of the functions whose path matches a regular expression, by address;
    /// at most `limit`.
    ///
    /// The body of an `async fn` matches by the path of its function, too.
    pub fn find_inlined_matching(
        self: &Arc<Self>,
        pattern: &str,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<Function>> {
        let pattern = Regex::new(pattern)?;
        let is_match = |function: &Function| is_match(&pattern, function);
        self.search_names(monitor, |info, names| {
            info.inlined_where(names, &is_match, limit, monitor)
        })
    }

    /// Functions without code of their own whose path matches a regular expression, by name:
    /// one inline instance of each, and how many it has; at most `limit` functions.
    pub fn find_only_inlined_matching(
        self: &Arc<Self>,
        pattern: &str,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<(Function, usize)>> {
        let pattern = Regex::new(pattern)?;
        let others = self.symbols().function_names();
        let is_match = |function: &Function| {
            let linkage_name = function.linkage_name.as_deref().map(str::as_bytes);
            is_match(&pattern, function) && linkage_name.is_none_or(|name| !others.contains(name))
        };
        self.search_names(monitor, |info, names| {
            info.inlined_functions_where(names, &is_match, limit, monitor)
        })
    }

    /// Source files whose path ends with the components of `suffix`.
    pub fn find_files(&self, suffix: &str, monitor: &Monitor) -> Result<Vec<Arc<str>>> {
        let Some(info) = self.debug() else {
            return Ok(Vec::new());
        };
        info.read_files(monitor)?;
        Ok(info.find_files(suffix))
    }

    /// The symbols that are wanted, until the end of the search is asked for.
    fn each_symbol<'a>(
        &'a self,
        monitor: &'a Monitor,
        wanted: impl Fn(&Symbol) -> bool + 'a,
    ) -> impl Iterator<Item = Result<Symbol>> + 'a {
        monitor.begin(self.symbols().count());
        let numbered = self.symbols().all().enumerate();
        numbered.filter_map(move |(number, symbol)| {
            if number % SYMBOLS_AT_ONCE == 0 {
                if let Err(cancelled) = monitor.check() {
                    return Some(Err(cancelled));
                }
                monitor.advance(SYMBOLS_AT_ONCE);
            }
            wanted(&symbol).then_some(Ok(symbol))
        })
    }

    /// The functions at these symbols, each once, that are `wanted`; at most `limit`.
    fn functions_of(
        &self,
        symbols: impl Iterator<Item = Result<Symbol>>,
        wanted: &dyn Fn(&Symbol, &Function) -> bool,
        limit: usize,
    ) -> Result<Vec<Function>> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for symbol in symbols {
            let symbol = symbol?;
            let is_code = matches!(symbol.kind, SymbolKind::Function | SymbolKind::Other);
            let function = is_code.then(|| self.function_at(symbol.address)).flatten();
            if let Some(function) = function.filter(|function| wanted(&symbol, function))
                && seen.insert(function.die)
            {
                found.push(function);
                if found.len() >= limit {
                    break;
                }
            }
        }
        found.sort_by_key(|function| function.entry);
        Ok(found)
    }
}

/// Whether a function's path ends with a query, or for the body of an `async fn` that of its
/// function.
fn is_meant(query: &PathQuery<'_>, function: &Function) -> bool {
    let paths = [Some(&*function.path), Some(&*function.name)];
    let paths = paths.into_iter().chain(function.async_paths());
    paths.flatten().any(|path| query.matches(path))
}

/// Whether a function's path matches, or for the body of an `async fn` that of its function.
fn is_match(pattern: &Regex, function: &Function) -> bool {
    pattern.is_match(&function.path)
        || (function.async_paths().into_iter().flatten()).any(|path| pattern.is_match(path))
}

/// The function that a closure is in, by the closure's path.
fn closure_function(path: &str) -> Option<&str> {
    path.ends_with('}').then(|| outer_path(path)).flatten()
}
