//! Look-ups that need the index of all names.

use std::collections::{HashMap, HashSet};

use super::debug_info::DebugInfo;
use super::functions::{ASYNC_BODY, Declaration, Function, async_function, outer_path};
use super::name_walk::{NameKind, Named};
use super::names::NameIndex;
use super::origins::{first_with, linkage_name};
use super::variables::Variable;
use crate::demangle::demangle;
use crate::die::DieId;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::path_query::{PathQuery, completed_path, same_text};

/// Most completions that are found, to show the likeliest of them.
const MOST_COMPLETIONS: usize = 10_000;
/// Most names that are looked at for them: many may be the same.
const MOST_CANDIDATES: usize = 1 << 19;

impl DebugInfo {
    /// Types whose path ends with `query`, one of those that agree in path and size.
    pub(crate) fn find_types(&self, names: &NameIndex, query: &str) -> Vec<DieId> {
        let path_query = PathQuery::parse(query);
        let candidates: Vec<&Named> = names
            .with_stem(NameKind::Type, path_query.stem(query))
            .collect();
        let mut sizes: HashMap<String, HashSet<Option<u64>>> = HashMap::new();
        let mut found = Vec::new();
        // Every unit has its own entry of a type: what has the same path is looked at together.
        for same in candidates.chunk_by(|a, b| (a.name, a.scope) == (b.name, b.scope)) {
            let path = names.path(same[0]);
            if !(path_query.matches(&path) || same_text(&path, query)) {
                continue;
            }
            let sizes = sizes.entry(path).or_default();
            let dies = same.iter().map(|entry| entry.die);
            found.extend(dies.filter(|die| sizes.insert(self.type_size(*die))));
        }
        found
    }

    /// Statics whose path ends with a query.
    ///
    /// Those the optimiser left nothing of are listed too, unless one of the same path is
    /// left: a static of the same name elsewhere is not what is meant then.
    pub(crate) fn find_statics(&self, names: &NameIndex, text: &str) -> Vec<Variable> {
        let query = PathQuery::parse(text);
        let stem = query.stem(text);
        let (mut kept, gone): (Vec<_>, Vec<_>) = names
            .with_stem(NameKind::Static, stem)
            .filter(|entry| query.matches(&names.path(entry)))
            .filter_map(|entry| self.entry(entry.die).ok())
            // What is declared here is defined elsewhere.
            .filter(|entry| !entry.flag(gimli::DW_AT_declaration))
            .map(|entry| self.variable(entry))
            .partition(|variable| variable.has_location || variable.constant.is_some());
        for variable in gone {
            if kept.iter().all(|other| other.path != variable.path) {
                kept.push(variable);
            }
        }
        kept
    }

    /// The static or vtable whose storage begins at `address`.
    pub(crate) fn static_at(&self, names: &NameIndex, address: u64) -> Option<Variable> {
        let die = names.statics_at(address).next()?;
        Some(self.variable(self.entry(die).ok()?))
    }

    /// Every inline instance of the functions that match a query, by address.
    pub(crate) fn find_inlined(&self, names: &NameIndex, text: &str) -> Vec<Function> {
        let mut found: Vec<Function> = self
            .origins_where(names, text, |die| {
                names.inline_instances(die).next().is_some()
            })
            .into_iter()
            .flat_map(|origin| names.inline_instances(origin))
            .filter_map(|die| self.live_function(die))
            .collect();
        found.sort_by_key(|function| (function.entry, function.die));
        found
    }

    /// Inline instances of the functions that are wanted, by address; at most `limit`.
    pub(crate) fn inlined_where(
        &self,
        names: &NameIndex,
        is_wanted: &dyn Fn(&Function) -> bool,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<Function>> {
        let mut found = Vec::new();
        for instances in names.inlined() {
            monitor.check()?;
            // The path is that of the abstract instance, which all of them share.
            let mut live = self.live_instances(instances);
            if let Some(first) = live.next().filter(is_wanted) {
                found.push(first);
                found.extend(live.take(limit.saturating_sub(found.len())));
            }
            if found.len() >= limit {
                break;
            }
        }
        found.sort_by_key(|function| (function.entry, function.die));
        Ok(found)
    }

    /// One inline instance of each function that is wanted, and how many it has; at most `limit`.
    ///
    /// Every unit has its own abstract instance of a function.
    pub(crate) fn inlined_functions_where(
        &self,
        names: &NameIndex,
        is_wanted: &dyn Fn(&Function) -> bool,
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<(Function, usize)>> {
        let mut numbers = HashMap::new();
        let mut found: Vec<(Function, usize)> = Vec::new();
        for instances in names.inlined() {
            monitor.check()?;
            let mut live = self.live_instances(instances);
            let Some(first) = live.next().filter(is_wanted) else {
                continue;
            };
            let count = 1 + live.count();
            let Declaration { path, line } = first.declaration.clone();
            let identity = (first.name.clone(), first.path.clone(), path, line);
            let number = *numbers.entry(identity).or_insert(found.len());
            match found.get_mut(number) {
                Some((_, known)) => *known += count,
                None if number < limit => found.push((first, count)),
                None => break,
            }
        }
        found.sort_by(|one, other| one.0.name.cmp(&other.0.name));
        Ok(found)
    }

    fn live_instances<'a>(
        &'a self,
        instances: &'a [(DieId, DieId)],
    ) -> impl Iterator<Item = Function> + 'a {
        let dies = instances.iter().map(|(_, die)| *die);
        dies.filter_map(|die| self.live_function(die))
    }

    /// A function or inline instance, if it has code.
    fn live_function(&self, die: DieId) -> Option<Function> {
        let (unit, offset) = self.resolve(die).ok()?;
        let function = self.function(unit, offset).ok()?;
        (!function.ranges.is_empty()).then_some(function)
    }

    /// Entries that inline instances of the functions that match `query` refer to, whether
    /// there are any or not.
    pub(super) fn origins(&self, names: &NameIndex, query: &str) -> HashSet<DieId> {
        self.origins_where(names, query, |_| true)
    }

    fn origins_where(
        &self,
        names: &NameIndex,
        text: &str,
        is_wanted: impl Fn(DieId) -> bool,
    ) -> HashSet<DieId> {
        let query = PathQuery::parse(text);
        let mut origins = HashSet::new();
        let called = |stem| names.with_stem(NameKind::Function, stem);
        for entry in called(query.stem(text)).chain(called(ASYNC_BODY)) {
            for die in names.completions(entry.die).chain([entry.die]) {
                if is_wanted(die) && self.is_match(names, entry, die, &query) {
                    origins.insert(die);
                }
            }
        }
        origins
    }

    fn is_match(
        &self,
        names: &NameIndex,
        entry: &Named,
        origin: DieId,
        query: &PathQuery<'_>,
    ) -> bool {
        let name = names.path(entry);
        let function = async_function(&name);
        if query.matches(&name) || function.is_some_and(|path| query.matches(path)) {
            return true;
        }
        let Ok(origin) = self.entry(origin) else {
            return false;
        };
        let chain = origin.with_origins(self);
        let linkage = first_with(&chain, gimli::DW_AT_name).and_then(|_| linkage_name(&chain));
        let path = linkage.as_deref().map(demangle).unwrap_or_default();
        let path = completed_path(&path, &name);
        let outer = function.and_then(|_| outer_path(&path));
        query.matches(&path) || outer.is_some_and(|path| query.matches(path))
    }
}

impl NameIndex {
    /// Trailing parts of paths that begin with `prefix`, at most `limit`, the likeliest first.
    ///
    /// A namespace that fits is given as `name::`, to be completed further.
    pub(crate) fn complete(&self, prefix: &str, kinds: &[NameKind], limit: usize) -> Vec<String> {
        let (outer, last) = match prefix.rfind("::") {
            Some(at) => (&prefix[..at + 2], &prefix[at + 2..]),
            None => ("", prefix),
        };
        let mut found = HashSet::new();
        let is_namespace = |entry: &&Named| entry.kind == NameKind::Namespace;
        let candidates = self
            .beginning_with(last)
            .filter(|entry| is_namespace(entry) || kinds.contains(&entry.kind));
        for entry in candidates.take(MOST_CANDIDATES) {
            let is_namespace = is_namespace(&entry);
            if found.len() >= MOST_COMPLETIONS {
                break;
            }
            let path = self.path(entry);
            let Some(mut tail) = tail_from(&path, outer, last) else {
                continue;
            };
            // Nobody types the numbers of impls and closures.
            if is_namespace && tail.ends_with('}') {
                continue;
            }
            if is_namespace {
                tail.push_str("::");
            }
            found.insert(tail);
        }
        if kinds.contains(&NameKind::Function) {
            found.extend(self.async_functions(outer, last));
        }
        let mut found: Vec<String> = found.into_iter().collect();
        // Instances of generics come after what people type by hand.
        found.sort_by_cached_key(|path| (!path.ends_with("::"), path.contains('<'), path.clone()));
        found.truncate(limit);
        found
    }
}

impl NameIndex {
    /// Trailing parts of the paths of `async fn`s, of which the optimiser may leave nothing but
    /// the body.
    fn async_functions<'a>(
        &'a self,
        outer: &'a str,
        last: &'a str,
    ) -> impl Iterator<Item = String> + 'a {
        let bodies = self.with_stem(NameKind::Function, ASYNC_BODY);
        bodies.filter_map(move |body| tail_from(async_function(&self.path(body))?, outer, last))
    }
}

/// The part of `path` from `outer` on, if its last segment begins with `last`.
fn tail_from(path: &str, outer: &str, last: &str) -> Option<String> {
    let name_start = crate::path_query::last_segment(path);
    let (scope, name) = path.split_at(name_start);
    let fits = name.starts_with(last)
        && scope
            .strip_suffix(outer)
            .is_some_and(|head| outer.is_empty() || head.is_empty() || head.ends_with("::"));
    fits.then(|| format!("{outer}{name}"))
}
