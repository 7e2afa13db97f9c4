//! [`Image`], the facade: one ELF file with the debug information that belongs to it.
//!
//! It joins the layers below, reads each of them when it is first needed, and passes questions
//! on.  How ELF, DWARF, unwind tables or location expressions are read is their business.

mod frame_source;
mod functions;
mod indexing;
mod queries;
mod search;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use indexing::CompletionKind;
pub use queries::DebugLevel;

use indexing::Indexing;

use crate::dwarf::{DebugFile, DebugInfo};
use crate::elf::{
    Elf, ImageKind, Problems, Section, Segment, SeparateFile, Source, Storage, Symbol, Symbols,
    find_separate_file, relocated_pointer,
};
use crate::error::Result;
use crate::unwind::FrameTables;

/// Directory in which distributions keep separate debug files.
pub const DEFAULT_DEBUG_DIRECTORY: &str = "/usr/lib/debug";

/// One ELF file with the debug information that belongs to it.
///
/// Opening reads headers only; symbols, units and the index of names are read when they are
/// first asked for.  All addresses are file addresses.
///
/// Inside this crate the bytes of the file are passed around as `&'static [u8]`.  They live in
/// `storage`, which an image and everything that points into it own together; what the public
/// functions return owns its data, so no such reference leaves the crate.
#[derive(Debug)]
pub struct Image {
    path: PathBuf,
    name: String,
    elf: Elf,
    directories: Vec<PathBuf>,
    separate: OnceLock<Option<SeparateFile>>,
    debug: OnceLock<Option<DebugInfo>>,
    frame_tables: OnceLock<FrameTables<'static>>,
    symbols: OnceLock<Symbols>,
    indexing: Indexing,
    problems: Arc<Problems>,
    storage: Arc<Storage>,
}

impl Image {
    /// Maps a regular file and reads its headers.
    ///
    /// `directories` hold separate debug files by build id; `name` is shown instead of `path`.
    pub fn open(path: &Path, directories: &[PathBuf], name: Option<&str>) -> Result<Arc<Self>> {
        let storage = Arc::new(Storage::default());
        // SAFETY: the image keeps the storage for as long as it keeps the bytes.
        let data = unsafe { storage.map(path) }?;
        let name = name.map_or_else(|| path.display().to_string(), str::to_owned);
        Self::build(data, path.to_owned(), name, directories.to_vec(), storage)
    }

    /// Reads an ELF image held in memory, for example the vDSO.
    pub fn parse(data: Vec<u8>, name: &str) -> Result<Arc<Self>> {
        let storage = Arc::new(Storage::default());
        // SAFETY: the image keeps the storage for as long as it keeps the bytes.
        let data = unsafe { storage.keep_file(data) };
        Self::build(
            data,
            PathBuf::from(name),
            name.to_owned(),
            Vec::new(),
            storage,
        )
    }

    fn build(
        data: &'static [u8],
        path: PathBuf,
        name: String,
        directories: Vec<PathBuf>,
        storage: Arc<Storage>,
    ) -> Result<Arc<Self>> {
        let problems = Arc::new(Problems::default());
        let elf = Elf::parse(data, &name, &problems)?;
        Ok(Arc::new(Self {
            path,
            name,
            elf,
            directories,
            separate: OnceLock::new(),
            debug: OnceLock::new(),
            frame_tables: OnceLock::new(),
            symbols: OnceLock::new(),
            indexing: Indexing::default(),
            problems,
            storage,
        }))
    }

    /// The file this image was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `NT_GNU_BUILD_ID`.
    pub fn build_id(&self) -> Option<&[u8]> {
        self.elf.build_id.as_deref()
    }

    /// Purpose of the file.
    pub fn kind(&self) -> ImageKind {
        self.elf.kind
    }

    /// Whether the file is a position-independent executable.
    pub fn is_pie(&self) -> bool {
        self.elf.is_pie
    }

    /// File address of the entry point.
    pub fn entry(&self) -> u64 {
        self.elf.entry
    }

    /// Path of the dynamic linker.
    pub fn interpreter(&self) -> Option<&str> {
        self.elf.interpreter.as_deref()
    }

    /// Loadable and thread-local segments in file order.
    pub fn segments(&self) -> &[Segment] {
        &self.elf.segments
    }

    /// Section headers in file order, the null one excluded.
    pub fn sections(&self) -> &[Section] {
        self.elf.sections.get(1..).unwrap_or(&[])
    }

    /// Descriptions of what was damaged or missing and therefore skipped, so far.
    pub fn problems(&self) -> Vec<String> {
        self.problems.list()
    }

    /// Bytes of one loadable segment as the file has them, zero-filled to `.bss`.
    pub fn read(&self, address: u64, size: u64) -> Result<Vec<u8>> {
        self.elf.read(address, size)
    }

    /// The file address that the pointer at `address` refers to once it is relocated.
    ///
    /// `None` where it refers to another file, or is not in this one.
    pub fn relocated_pointer(&self, address: u64) -> Option<u64> {
        relocated_pointer(&self.elf, address)
    }

    /// The symbol that covers `address`, or the nearest below it in its section.
    pub fn symbol_at(&self, address: u64) -> Option<Symbol> {
        let symbol = self.symbols().at(address)?;
        let sections = &self.elf.sections;
        let home = sections.iter().find(|section| section.contains(address));
        home.is_none_or(|section| section.contains(symbol.address))
            .then_some(symbol)
    }

    /// The file the debug information came from.
    pub fn debug_path(&self) -> Option<&Path> {
        self.debug()?;
        Some(
            self.separate()
                .map_or(self.path.as_path(), |file| file.path.as_path()),
        )
    }

    /// The debug information, read when first asked for.
    fn debug(&self) -> Option<&DebugInfo> {
        self.debug
            .get_or_init(|| {
                let separate = self.separate();
                let file = DebugFile {
                    elf: separate.map_or(&self.elf, |file| &file.elf),
                    path: separate.map_or(self.path.as_path(), |file| file.path.as_path()),
                    program: &self.path,
                    code: self.elf.code_map(),
                };
                DebugInfo::open(file, &self.storage, &self.problems)
            })
            .as_ref()
    }

    /// The symbol tables, found when first asked for.
    fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| {
            let separate = || self.separate().map(|file| &file.elf);
            Symbols::open(self.source(&self.elf), separate)
        })
    }

    /// Sections of this file or of its debug file, kept by this image.
    fn source<'a>(&'a self, elf: &'a Elf) -> Source<'a> {
        Source {
            elf,
            name: &self.name,
            storage: &self.storage,
            problems: &self.problems,
        }
    }

    /// The separate debug file, looked for when this file has no debug information.
    fn separate(&self) -> Option<&SeparateFile> {
        self.separate
            .get_or_init(|| {
                let has_own = [".debug_info", ".zdebug_info"].iter().any(|name| {
                    self.elf
                        .section(name)
                        .is_some_and(|section| section.has_bytes)
                });
                if has_own || self.directories.is_empty() {
                    return None;
                }
                // SAFETY: the image keeps the storage for as long as it keeps the bytes.
                unsafe {
                    find_separate_file(
                        &self.elf,
                        &self.path,
                        &self.directories,
                        &self.storage,
                        &self.problems,
                    )
                }
            })
            .as_ref()
    }
}
