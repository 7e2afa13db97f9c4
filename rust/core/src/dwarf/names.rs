//! The index of all names: functions, types, statics, and where functions were inlined.
//!
//! Until all units have been walked, two names are the same if their text lies at the same
//! offset: no text is read.  Then each distinct name is hashed once.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gimli::Section as _;

use super::Slice;
use super::debug_info::DebugInfo;
use super::name_walk::{Collected, Name, NameKind, Named, ScopeId};
use crate::die::DieId;
use crate::monitor::Monitor;
use crate::path_query::{join_scopes, last_segment};

/// Number of workers; the machine has other things to do while names are indexed.
const WORKERS: usize = 2;
/// Bytes of debug information from which on a second thread saves more than it costs.
const WORTH_A_THREAD: usize = 5 << 20;

/// Names hashed before the pages with their text are given back.
const NAMES_PER_RELEASE: usize = 1 << 15;

/// All names of one image.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    /// Sorted by name.
    entries: Vec<Named>,
    /// Hash of the stem and first entry of each distinct name, sorted.
    stems: Vec<(u32, u32)>,
    collected: Collected,
    strings: Slice,
}

impl NameIndex {
    /// Walks all units; ends early, with what there is by then, when that is wanted.
    pub(crate) fn build(info: &DebugInfo, monitor: &Monitor) -> Self {
        Self::walk(info, (0..info.heads().len()).collect(), monitor)
    }

    /// Walks some units only.
    pub(crate) fn of_units(info: &DebugInfo, units: Vec<usize>) -> Self {
        Self::walk(info, units, &Monitor::default())
    }

    fn walk(info: &DebugInfo, units: Vec<usize>, monitor: &Monitor) -> Self {
        let collected = collect(info, units, monitor);
        let strings = *info.dwarf.debug_str.reader();
        let mut index = Self {
            entries: Vec::new(),
            stems: Vec::new(),
            collected,
            strings,
        };
        index.entries = std::mem::take(&mut index.collected.entries);
        index.stems = index.hash_names(info);
        index
    }

    /// Entries of this kind whose name, generic arguments aside, is `stem`.
    pub(crate) fn with_stem<'a>(
        &'a self,
        kind: NameKind,
        stem: &'a str,
    ) -> impl Iterator<Item = &'a Named> + 'a {
        let hash = hash_bytes(stem.as_bytes());
        let first = self.stems.partition_point(|entry| entry.0 < hash);
        self.stems[first..]
            .iter()
            .take_while(move |entry| entry.0 == hash)
            .map(|entry| self.same_name(entry.1 as usize))
            .filter(move |range| {
                let name = self.entries[range.start].name;
                stem_of(self.text(name)) == stem.as_bytes()
            })
            .flat_map(|range| &self.entries[range])
            .filter(move |entry| entry.kind == kind)
    }

    /// One entry of each distinct name and scope whose name begins with `prefix`.
    pub(crate) fn beginning_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Named> + 'a {
        self.entries
            .chunk_by(|one, other| one.name == other.name)
            .filter(move |run| self.text(run[0].name).starts_with(prefix.as_bytes()))
            .flat_map(|run| {
                run.chunk_by(|one, other| (one.kind, one.scope) == (other.kind, other.scope))
            })
            .map(|same| &same[0])
    }

    /// Qualified name of an entry.
    pub(crate) fn path(&self, entry: &Named) -> String {
        let mut path = self.scope_path(entry.scope);
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(&String::from_utf8_lossy(self.text(entry.name)));
        path
    }

    fn scope_path(&self, scope: ScopeId) -> String {
        let names = self.collected.scopes.chain(scope).into_iter();
        join_scopes(names.map(|name| String::from_utf8_lossy(self.text(name)).into_owned()))
    }

    /// Entries that complete the declaration `die`: abstract instances of a method.
    pub(crate) fn completions(&self, die: DieId) -> impl Iterator<Item = DieId> + '_ {
        pairs_of(&self.collected.completions, die)
    }

    /// Abstract instances that were inlined, each with its inline instances.
    pub(crate) fn inlined(&self) -> impl Iterator<Item = &[(DieId, DieId)]> + '_ {
        let instances = &self.collected.inline_instances;
        instances.chunk_by(|one, other| one.0 == other.0)
    }

    /// Inline instances of the abstract instance `origin`.
    pub(crate) fn inline_instances(&self, origin: DieId) -> impl Iterator<Item = DieId> + '_ {
        pairs_of(&self.collected.inline_instances, origin)
    }

    /// Statics whose storage begins at `address`.
    pub(crate) fn statics_at(&self, address: u64) -> impl Iterator<Item = DieId> + '_ {
        let addresses = &self.collected.addresses;
        let first = addresses.partition_point(|entry| entry.0 < address);
        addresses[first..]
            .iter()
            .take_while(move |entry| entry.0 == address)
            .map(|entry| entry.1)
    }

    fn text(&self, name: Name) -> &'static [u8] {
        self.collected.text(name, self.strings)
    }

    /// The run of entries with one name that begins at `start`.
    fn same_name(&self, start: usize) -> Range<usize> {
        let name = self.entries[start].name;
        let same = self.entries[start..]
            .iter()
            .take_while(|entry| entry.name == name)
            .count();
        start..start + same
    }

    fn hash_names(&self, info: &DebugInfo) -> Vec<(u32, u32)> {
        let runs = self.entries.chunk_by(|one, other| one.name == other.name);
        let mut starts = Vec::new();
        let mut next = 0_usize;
        for run in runs {
            // 2^32 entries would need a file of over 16 GiB.
            starts.extend(u32::try_from(next));
            next += run.len();
        }
        let (first, second) = starts.split_at(starts.len() / 2);
        let mut stems: Vec<(u32, u32)> = if starts.len() > NAMES_PER_RELEASE {
            thread::scope(|scope| {
                let second = scope.spawn(|| self.hash_some(info, second));
                let mut stems = self.hash_some(info, first);
                // A worker that panicked has nothing to add.
                stems.extend(second.join().unwrap_or_default());
                stems
            })
        } else {
            self.hash_some(info, &starts)
        };
        stems.sort_unstable();
        stems
    }
}

impl NameIndex {
    /// Hashes the names at `starts`, giving back the memory of their text as it goes.
    fn hash_some(&self, info: &DebugInfo, starts: &[u32]) -> Vec<(u32, u32)> {
        let name = |start: &u32| self.entries[*start as usize].name;
        let mut stems = Vec::with_capacity(starts.len());
        for part in starts.chunks(NAMES_PER_RELEASE) {
            stems.extend(part.iter().map(|start| {
                let hash = hash_bytes(stem_of(self.text(name(start))));
                (hash, *start)
            }));
            if let [first, .., last] = part {
                info.release_strings(Collected::span(name(first), name(last)));
            }
        }
        stems
    }
}

fn pairs_of(pairs: &[(DieId, DieId)], key: DieId) -> impl Iterator<Item = DieId> + '_ {
    let first = pairs.partition_point(|pair| pair.0 < key);
    pairs[first..]
        .iter()
        .take_while(move |pair| pair.0 == key)
        .map(|pair| pair.1)
}

/// Walks units, the largest first.
fn collect(info: &DebugInfo, mut order: Vec<usize>, monitor: &Monitor) -> Collected {
    let size_of = |number: &usize| {
        let head = &info.heads()[*number];
        head.end - head.offset
    };
    order.sort_by_key(|number| std::cmp::Reverse(size_of(number)));
    let size: usize = order.iter().map(size_of).sum();
    monitor.begin(size);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut collected = Collected::default();
        while !monitor.is_end_wanted()
            && let Some(number) = order.get(next.fetch_add(1, Ordering::Relaxed))
        {
            if let Err(error) = collected.walk(info, *number) {
                info.problems
                    .add(format!("names of unit {number} are incomplete: {error}"));
            }
            info.release_unit(*number);
            monitor.advance(size_of(number));
        }
        collected.sort();
        collected
    };
    let workers = if size < WORTH_A_THREAD { 1 } else { WORKERS };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut collected = work();
        for other in others {
            match other.join() {
                Ok(other) => {
                    if let Err(error) = collected.merge(other, info.allowance()) {
                        info.problems
                            .add(format!("some names are left out: {error}"));
                    }
                }
                Err(_) => info.problems.add("some names could not be indexed"),
            }
        }
        collected
    })
}

/// The last segment of a name, without its generic arguments.
///
/// Names that are no identifiers, like `&str` and `(u8, u16)`, are taken whole.
pub(crate) fn stem_of(name: &[u8]) -> &[u8] {
    match name.first() {
        // `<T as Trait>::{vtable}` is one name.
        Some(b'<') => match std::str::from_utf8(name) {
            Ok(text) => &name[last_segment(text)..],
            Err(_) => name,
        },
        // So are closures, but for generic arguments behind them.
        Some(b'{') => {
            let end = memchr::memchr(b'}', name).map_or(name.len(), |at| at + 1);
            &name[..end]
        }
        Some(first) if first.is_ascii_alphanumeric() || *first == b'_' || !first.is_ascii() => {
            let end = memchr::memchr(b'<', name).unwrap_or(name.len());
            &name[..end]
        }
        _ => name,
    }
}

/// FNV-1a over eight bytes at a time, folded to 32 bits.
fn hash_bytes(bytes: &[u8]) -> u32 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME);
        hash ^= hash >> 32;
    }
    (hash ^ (hash >> 32)) as u32
}
