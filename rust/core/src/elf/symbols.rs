//! Symbol tables, searched by address and by name.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use memchr::memmem;
use object::elf;
use object::endian::LittleEndian;
use object::pod;

use super::file::Elf;
use super::problems::Problems;
use super::source::Source;
use crate::demangle::demangle;

type Entry = elf::Sym64<LittleEndian>;

const LE: LittleEndian = LittleEndian;
/// Names longer than this are damage; rustc's longest are a few kilobytes.
const LONGEST_NAME: usize = 1 << 16;
/// Bytes of names that a search reads for each byte of the table of names.  Symbols may share
/// a name, of others that are tails of it, but few do.
const NAME_USES: usize = 8;
/// Bytes of names that any search may read.
const NAMES_FLOOR: usize = 1 << 20;

/// Kind of thing that a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// `STT_FUNC` and `STT_GNU_IFUNC`.
    Function,
    /// `STT_OBJECT`.
    Object,
    /// `STT_TLS`.
    Tls,
    /// Anything else with a name and an address.
    Other,
}

/// One entry of `.symtab` or `.dynsym`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Demangled, without the hash.
    pub name: String,
    /// As in the file.
    pub linkage_name: String,
    /// File address; for [`SymbolKind::Tls`] the offset in the thread's block.
    pub address: u64,
    /// Bytes, 0 where the file does not say.
    pub size: u64,
    /// Kind of thing that it names.
    pub kind: SymbolKind,
    /// Not `STB_LOCAL`.
    pub is_global: bool,
}

/// A symbol table and the names it points into.
#[derive(Debug)]
struct Table {
    entries: &'static [Entry],
    names: &'static [u8],
    problems: Arc<Problems>,
}

/// The symbol tables of one image.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    tables: Vec<Table>,
    by_address: OnceLock<Vec<Ranked>>,
}

/// One symbol of the table by address, and how well it names that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    address: u64,
    size: u64,
    /// Orders symbols at one address: sized functions come last, so that they are found first.
    rank: u8,
    table: u8,
    index: u32,
}

impl Symbols {
    /// Finds the tables of a file; the `.symtab` of its separate debug file serves a stripped one.
    ///
    /// The storage of `source` must outlive the tables.
    pub(crate) fn open<'a>(source: Source<'a>, separate: impl FnOnce() -> Option<&'a Elf>) -> Self {
        let own = |name| find_table(source, name);
        let full = own(".symtab").or_else(|| {
            let elf = separate()?;
            find_table(Source { elf, ..source }, ".symtab")
        });
        let tables = match full {
            Some(table) => vec![table],
            None => own(".dynsym").into_iter().collect(),
        };
        Self {
            tables,
            by_address: OnceLock::new(),
        }
    }

    /// Whether there is no symbol table.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The symbol that covers `address`, or the nearest below it.
    pub(crate) fn at(&self, address: u64) -> Option<Symbol> {
        let symbols = self.by_address();
        let after = symbols.partition_point(|symbol| symbol.address <= address);
        let nearest = symbols[..after].last()?;
        // A symbol that really covers the address beats a nearer one that has ended.
        let covering = symbols[..after]
            .iter()
            .rev()
            .take(16)
            .find(|symbol| address - symbol.address < symbol.size);
        self.read(*covering.unwrap_or(nearest))
    }

    /// All symbols that lie in memory, by address.
    fn by_address(&self) -> &[Ranked] {
        self.by_address.get_or_init(|| {
            let mut symbols: Vec<Ranked> = (self.tables.iter().zip(0_u8..))
                .flat_map(|(table, number)| {
                    table
                        .entries
                        .iter()
                        .zip(0_u32..)
                        .filter_map(move |(entry, index)| {
                            Some(Ranked {
                                address: entry.st_value.get(LE),
                                size: entry.st_size.get(LE),
                                rank: address_rank(entry)?,
                                table: number,
                                index,
                            })
                        })
                })
                .collect();
            symbols.sort_unstable_by_key(|symbol| (symbol.address, symbol.rank, symbol.index));
            symbols
        })
    }

    fn read(&self, symbol: Ranked) -> Option<Symbol> {
        let table = self.tables.get(usize::from(symbol.table))?;
        table.symbol(table.entries.get(symbol.index as usize)?)
    }

    /// Symbols whose linkage name has `anchor` as one of its identifiers and is `wanted`.
    ///
    /// Only the string table is searched; the symbols of the few names that are left are then
    /// found in one pass.  Nothing is demangled but what `wanted` demangles.
    pub(crate) fn containing(
        &self,
        anchor: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Vec<Symbol> {
        let mut found = Vec::new();
        for table in &self.tables {
            let starts = table.names_containing(anchor.unwrap_or(""), wanted);
            if !starts.is_empty() {
                let is_wanted = move |entry: &&Entry| {
                    let start = entry.st_name.get(LE) as usize;
                    starts.binary_search(&start).is_ok()
                };
                found.extend(table.symbols(table.entries.iter().filter(is_wanted)));
            }
        }
        found
    }

    /// Linkage names of all functions that have code of their own.
    pub(crate) fn function_names(&self) -> HashSet<&'static [u8]> {
        let functions = self.tables.iter().flat_map(|table| {
            let entries = table.entries.iter();
            let is_function = |entry: &&Entry| {
                entry.st_shndx.get(LE) != elf::SHN_UNDEF
                    && kind_of(entry) == Some(SymbolKind::Function)
            };
            let names = entries.filter(is_function);
            names.filter_map(|entry| table.name(entry.st_name.get(LE) as usize))
        });
        functions.collect()
    }

    /// How many there are, those included that are not defined here.
    pub(crate) fn count(&self) -> usize {
        self.tables.iter().map(|table| table.entries.len()).sum()
    }

    /// All defined symbols.
    pub(crate) fn all(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.tables
            .iter()
            .flat_map(|table| table.symbols(table.entries.iter()))
    }
}

impl Table {
    /// The defined symbols among `entries`, as long as their names could lie in the table.
    fn symbols<'a>(
        &'a self,
        entries: impl Iterator<Item = &'a Entry> + 'a,
    ) -> impl Iterator<Item = Symbol> + 'a {
        let believed = self.names.len().saturating_mul(NAME_USES);
        let mut left = believed.saturating_add(NAMES_FLOOR);
        let read = move |entry| {
            let symbol = self.symbol(entry);
            let size = (symbol.as_ref()).map_or(0, |symbol| symbol.linkage_name.len());
            if let Some(rest) = left.checked_sub(size) {
                left = rest;
                return Some(symbol);
            }
            self.problems
                .add("a search for symbols ended early: too many of them share their names");
            None
        };
        entries.map_while(read).flatten()
    }

    fn symbol(&self, entry: &Entry) -> Option<Symbol> {
        if entry.st_shndx.get(LE) == elf::SHN_UNDEF {
            return None;
        }
        let linkage_name = self.name(entry.st_name.get(LE) as usize)?;
        let linkage_name = String::from_utf8_lossy(linkage_name).into_owned();
        Some(Symbol {
            name: demangle(&linkage_name),
            linkage_name,
            address: entry.st_value.get(LE),
            size: entry.st_size.get(LE),
            kind: kind_of(entry)?,
            is_global: entry.st_bind() != elf::STB_LOCAL,
        })
    }

    /// The name that begins at `start`; `None` where there is none or it is damaged.
    fn name(&self, start: usize) -> Option<&'static [u8]> {
        let rest = self.names.get(start..)?;
        let end = memchr::memchr(0, &rest[..rest.len().min(LONGEST_NAME)])?;
        (end > 0).then_some(&rest[..end])
    }

    /// Sorted starts of the names that have an identifier and are wanted.
    fn names_containing(&self, identifier: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<usize> {
        let mut starts = Vec::new();
        let mut take = |start: usize| {
            let name = self
                .name(start)
                .and_then(|name| std::str::from_utf8(name).ok());
            if name.is_some_and(wanted) {
                starts.push(start);
            }
        };
        let finder = memmem::Finder::new(identifier);
        let mut from = 0;
        while let Some(at) = self.names.get(from..).and_then(|rest| finder.find(rest)) {
            let hit = from + at;
            let after = hit + identifier.len();
            from = hit + 1;
            // A plain name stands alone; linkers also merge it into the tail of a longer one.
            if self.names.get(after) == Some(&0) && !identifier.is_empty() {
                take(hit);
            }
            if is_mangled_identifier(self.names, hit, identifier.len()) {
                let window = hit.saturating_sub(LONGEST_NAME);
                let nul = memchr::memrchr(0, &self.names[window..hit]);
                take(nul.map_or(window, |nul| window + nul + 1));
                from =
                    memchr::memchr(0, &self.names[hit..]).map_or(self.names.len(), |end| hit + end);
            }
            from = from.max(hit + 1);
        }
        starts.sort_unstable();
        starts.dedup();
        starts
    }
}

/// Whether the bytes at `at` are an identifier of a mangled name.
///
/// Its length is in front (v0 may put `_` between), or generic arguments are behind, which the
/// length of a legacy name includes.
fn is_mangled_identifier(names: &[u8], at: usize, size: usize) -> bool {
    if size == 0 || names[at + size..].starts_with(b"$LT$") {
        return true;
    }
    let length = size.to_string();
    let before = &names[..at];
    before.ends_with(length.as_bytes())
        || before
            .strip_suffix(b"_")
            .is_some_and(|before| before.ends_with(length.as_bytes()))
}

fn find_table(source: Source<'_>, name: &str) -> Option<Table> {
    let section = source.elf.section(name)?;
    let strings = source.elf.sections.get(section.link)?;
    // SAFETY: symbols and the image that owns them share the storage.
    let load = |section| unsafe { source.section(section) };
    let bytes = load(section)?;
    let count = bytes.len() / size_of::<Entry>();
    let (entries, _) = pod::slice_from_bytes::<Entry>(bytes, count).ok()?;
    (!entries.is_empty()).then_some(Table {
        entries,
        names: load(strings)?,
        problems: Arc::clone(source.problems),
    })
}

fn kind_of(entry: &Entry) -> Option<SymbolKind> {
    match entry.st_type() {
        elf::STT_FUNC | elf::STT_GNU_IFUNC => Some(SymbolKind::Function),
        elf::STT_OBJECT => Some(SymbolKind::Object),
        elf::STT_TLS => Some(SymbolKind::Tls),
        elf::STT_FILE | elf::STT_SECTION => None,
        _ => Some(SymbolKind::Other),
    }
}

/// Rank of a symbol among those at its address, the best name last; `None` for symbols that do
/// not lie in memory.
fn address_rank(entry: &Entry) -> Option<u8> {
    let section = entry.st_shndx.get(LE);
    if section == elf::SHN_UNDEF || section == elf::SHN_ABS || entry.st_name.get(LE) == 0 {
        return None;
    }
    let sized = u8::from(entry.st_size.get(LE) > 0);
    match kind_of(entry)? {
        SymbolKind::Tls => None,
        SymbolKind::Other => Some(sized),
        SymbolKind::Object => Some(2 + sized),
        SymbolKind::Function => Some(4 + sized),
    }
}
