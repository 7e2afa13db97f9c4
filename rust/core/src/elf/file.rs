//! ELF headers: what kind of file this is, its segments, sections and build id.

use object::SectionIndex;
use object::elf;
use object::endian::LittleEndian;
use object::read::elf::{FileHeader as _, NoteIterator, ProgramHeader as _, SectionHeader as _};

use super::problems::Problems;
use crate::error::{Error, Result};

type Header = elf::FileHeader64<LittleEndian>;
type ProgramHeader = elf::ProgramHeader64<LittleEndian>;
type SectionHeader = elf::SectionHeader64<LittleEndian>;

const LE: LittleEndian = LittleEndian;
/// A build id is 20 bytes in practice; anything longer than this is damage.
const LONGEST_BUILD_ID: usize = 64;
/// Most sections that are read; linkers write some dozens.
const MOST_SECTIONS: usize = 100_000;
/// Most bytes of a section's name; more than one section may have the same long one.
const LONGEST_SECTION_NAME: usize = 256;
/// Most notes that are looked at for a build id, which is among the first few.
const MOST_NOTES: usize = 4096;
/// `PATH_MAX` of the kernel, which reads the path of the dynamic linker.
const LONGEST_PATH: usize = 4096;

/// Purpose of an ELF file (`e_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// `ET_EXEC`: an executable at fixed addresses.
    Executable,
    /// `ET_DYN`: a shared library or a position-independent executable.
    Shared,
    /// `ET_CORE`: a core dump.
    Core,
    /// `ET_REL`: an object file, `.dwo` files included.
    Object,
}

/// Type of a [`Segment`] (`p_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// `PT_LOAD`.
    Load,
    /// `PT_TLS`.
    Tls,
}

/// One `PT_LOAD` or `PT_TLS` program header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Loadable or thread-local.
    pub kind: SegmentKind,
    /// File address of its first byte.
    pub address: u64,
    /// Bytes in memory.
    pub memory_size: u64,
    /// Offset of its bytes in the file.
    pub file_offset: u64,
    /// Bytes in the file; the rest is zero.
    pub file_size: u64,
    /// `PF_R`.
    pub readable: bool,
    /// `PF_W`.
    pub writable: bool,
    /// `PF_X`.
    pub executable: bool,
}

/// One section header.
#[allow(
    clippy::struct_excessive_bools,
    reason = "flags of the file, independent of each other"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name; invalid UTF-8 is replaced.
    pub name: String,
    /// File address, 0 where it is not loaded.
    pub address: u64,
    /// Bytes, as stored.
    pub size: u64,
    /// Offset of its bytes in the file.
    pub file_offset: u64,
    /// `SHF_EXECINSTR`.
    pub executable: bool,
    /// `SHF_ALLOC`: part of the program's memory.
    pub allocated: bool,
    /// `SHF_COMPRESSED`.
    pub(crate) compressed: bool,
    /// Whether the file has its bytes: it is not `SHT_NOBITS`.
    pub(crate) has_bytes: bool,
    /// Index of the section it refers to (`sh_link`): for symbols, that of their names.
    pub(crate) link: usize,
}

impl Section {
    /// Whether `address` lies in a loaded section.
    pub(crate) fn contains(&self, address: u64) -> bool {
        self.allocated && address.wrapping_sub(self.address) < self.size
    }
}

/// One ELF file: its bytes, and what its headers say.
#[derive(Debug)]
pub(crate) struct Elf {
    pub(crate) data: &'static [u8],
    pub(crate) kind: ImageKind,
    pub(crate) entry: u64,
    pub(crate) segments: Vec<Segment>,
    pub(crate) sections: Vec<Section>,
    pub(crate) build_id: Option<Vec<u8>>,
    pub(crate) interpreter: Option<String>,
    pub(crate) is_pie: bool,
}

impl Elf {
    /// Reads the headers of `data`; damage beyond the first header goes to `problems`.
    pub(crate) fn parse(data: &'static [u8], name: &str, problems: &Problems) -> Result<Self> {
        let refuse = |reason: &str| Error::NotAnImage {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let header = check_header(data).map_err(refuse)?;
        let programs = header.program_headers(LE, data).unwrap_or_else(|error| {
            problems.add(format!("{name}: program headers: {error}"));
            &[]
        });
        let sections = read_sections(header, data, name, problems);
        let kind = kind_of(header).map_err(refuse)?;
        let interpreter = find_interpreter(programs, data);
        Ok(Self {
            data,
            kind,
            entry: header.e_entry(LE),
            segments: programs.iter().filter_map(segment).collect(),
            build_id: find_build_id(header, programs, data),
            is_pie: kind == ImageKind::Shared
                && (interpreter.is_some() || says_pie(programs, data)),
            sections,
            interpreter,
        })
    }

    /// The first section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Stored bytes of a section; `None` where they lie outside the file.
    pub(crate) fn stored_bytes(&self, section: &Section) -> Option<&'static [u8]> {
        if !section.has_bytes {
            return Some(&[]);
        }
        slice(self.data, section.file_offset, section.size)
    }

    /// Addresses that can be code: by sections where there are any, else by segments.
    pub(crate) fn code_map(&self) -> CodeMap {
        let mut ranges: Vec<(u64, u64)> = self
            .sections
            .iter()
            .filter(|section| section.executable && section.allocated)
            .map(|section| (section.address, section.size))
            .collect();
        if ranges.is_empty() {
            ranges = self
                .segments
                .iter()
                .filter(|segment| segment.executable)
                .map(|segment| (segment.address, segment.memory_size))
                .collect();
        }
        CodeMap::new(ranges)
    }

    /// Bytes of a loadable segment as the file has them, zero-filled to `.bss`.
    pub(crate) fn read(&self, address: u64, size: u64) -> Result<Vec<u8>> {
        let fault = Error::MemoryFault { address, size };
        let segment = self.segments.iter().find(|segment| {
            let offset = address.wrapping_sub(segment.address);
            segment.kind == SegmentKind::Load
                && offset <= segment.memory_size
                && size <= segment.memory_size - offset
        });
        let Some(segment) = segment else {
            return Err(fault);
        };
        let offset = address - segment.address;
        let stored = size.min(segment.file_size.saturating_sub(offset));
        let start = segment.file_offset.checked_add(offset);
        let Some(bytes) = start.and_then(|start| slice(self.data, start, stored)) else {
            return Err(fault);
        };
        let mut out = bytes.to_vec();
        // A claimed size is only honoured when the memory for it can be had.
        out.try_reserve_exact((size - stored) as usize)
            .map_err(|_| fault)?;
        out.resize(size as usize, 0);
        Ok(out)
    }
}

/// Addresses that can be code; functions that the linker discarded lie elsewhere.
///
/// The ranges are sorted and do not overlap.
#[derive(Debug)]
pub(crate) struct CodeMap(Vec<(u64, u64)>);

impl CodeMap {
    fn new(mut sized: Vec<(u64, u64)>) -> Self {
        sized.sort_unstable();
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for (start, size) in sized {
            let end = start.saturating_add(size);
            match ranges.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => ranges.push((start, end)),
            }
        }
        Self(ranges)
    }

    /// Whether there can be code at `address`.
    pub(crate) fn contains(&self, address: u64) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= address);
        self.0[..after]
            .last()
            .is_some_and(|(_, end)| address < *end)
    }
}

/// `size` bytes of `data` from `offset`, if they are there.
pub(crate) fn slice(data: &'static [u8], offset: u64, size: u64) -> Option<&'static [u8]> {
    let end = offset.checked_add(size)?;
    data.get(offset as usize..end as usize)
}

fn check_header(data: &'static [u8]) -> std::result::Result<&'static Header, &'static str> {
    if data.get(..4) != Some(&elf::ELFMAG) {
        return Err("not an ELF file");
    }
    let class = data.get(4).copied().unwrap_or(0);
    if class == elf::ELFCLASS32.0 {
        return Err("a 32-bit ELF file; only 64-bit x86-64 is supported");
    }
    let header = Header::parse(data).map_err(|_| "a truncated or damaged ELF header")?;
    if !header.is_little_endian() || header.e_machine(LE) != elf::EM_X86_64 {
        return Err("an ELF file for another processor; only 64-bit x86-64 is supported");
    }
    Ok(header)
}

fn kind_of(header: &Header) -> std::result::Result<ImageKind, &'static str> {
    match header.e_type(LE) {
        elf::ET_EXEC => Ok(ImageKind::Executable),
        elf::ET_DYN => Ok(ImageKind::Shared),
        elf::ET_CORE => Ok(ImageKind::Core),
        elf::ET_REL => Ok(ImageKind::Object),
        _ => Err("an ELF file of an unknown type"),
    }
}

fn segment(header: &ProgramHeader) -> Option<Segment> {
    let kind = match header.p_type(LE) {
        elf::PT_LOAD => SegmentKind::Load,
        elf::PT_TLS => SegmentKind::Tls,
        _ => return None,
    };
    let flags = header.p_flags(LE).0;
    Some(Segment {
        kind,
        address: header.p_vaddr(LE),
        memory_size: header.p_memsz(LE),
        file_offset: header.p_offset(LE),
        file_size: header.p_filesz(LE).min(header.p_memsz(LE)),
        readable: flags & elf::PF_R.0 != 0,
        writable: flags & elf::PF_W.0 != 0,
        executable: flags & elf::PF_X.0 != 0,
    })
}

fn read_sections(
    header: &Header,
    data: &'static [u8],
    name: &str,
    problems: &Problems,
) -> Vec<Section> {
    let table = match header.sections(LE, data) {
        Ok(table) => table,
        Err(error) => {
            problems.add(format!("{name}: section headers: {error}"));
            return Vec::new();
        }
    };
    let names = (header.shstrndx(LE, data).ok())
        .and_then(|index| table.section(SectionIndex(index as usize)).ok())
        .and_then(|names| names.data(LE, data).ok())
        .unwrap_or(b"");
    let count = table.len();
    if count > MOST_SECTIONS {
        problems.add(format!(
            "{name}: of {count} section headers, {MOST_SECTIONS} are read"
        ));
    }
    // The first header is the reserved null one (gABI, chapter 4); it stays so that links
    // keep their numbers.
    table
        .iter()
        .take(MOST_SECTIONS)
        .map(|header| section(header, name_at(names, header.sh_name(LE))))
        .collect()
}

/// The name at an offset of the section names, as much of it as is believed.
fn name_at(names: &[u8], offset: u32) -> &[u8] {
    let rest = names.get(offset as usize..).unwrap_or(b"");
    let rest = &rest[..rest.len().min(LONGEST_SECTION_NAME)];
    &rest[..memchr::memchr(0, rest).unwrap_or(rest.len())]
}

fn section(header: &SectionHeader, name: &[u8]) -> Section {
    let flags = header.sh_flags(LE).0;
    Section {
        name: String::from_utf8_lossy(name).into_owned(),
        address: header.sh_addr(LE),
        size: header.sh_size(LE),
        file_offset: header.sh_offset(LE),
        executable: flags & elf::SHF_EXECINSTR.0 != 0,
        allocated: flags & elf::SHF_ALLOC.0 != 0,
        compressed: flags & elf::SHF_COMPRESSED.0 != 0,
        has_bytes: header.sh_type(LE) != elf::SHT_NOBITS && header.sh_type(LE) != elf::SHT_NULL,
        link: header.sh_link(LE) as usize,
    }
}

fn find_interpreter(programs: &[ProgramHeader], data: &'static [u8]) -> Option<String> {
    let header = programs
        .iter()
        .find(|header| header.p_type(LE) == elf::PT_INTERP)?;
    let bytes = header.data(LE, data).ok()?;
    let bytes = &bytes[..bytes.len().min(LONGEST_PATH)];
    let text = bytes.split(|byte| *byte == 0).next()?;
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Whether `.dynamic` has `DF_1_PIE`, as that of static position-independent executables.
fn says_pie(programs: &[ProgramHeader], data: &'static [u8]) -> bool {
    let Some(entries) = programs
        .iter()
        .find_map(|header| header.dynamic(LE, data).ok().flatten())
    else {
        return false;
    };
    entries.iter().any(|entry| {
        entry.d_tag.get(LE) == elf::DT_FLAGS_1 && entry.d_val.get(LE) & elf::DF_1_PIE.0 != 0
    })
}

fn find_build_id(
    header: &Header,
    programs: &[ProgramHeader],
    data: &'static [u8],
) -> Option<Vec<u8>> {
    let from_segments = programs
        .iter()
        .filter_map(|header| header.notes(LE, data).ok().flatten());
    let sections = header.section_headers(LE, data).unwrap_or(&[]);
    let from_sections = sections
        .iter()
        .filter_map(|header| header.notes(LE, data).ok().flatten());
    let mut left = MOST_NOTES;
    from_segments
        .chain(from_sections)
        .find_map(|notes| build_id_in(notes, &mut left))
}

/// The build id among `notes`, of which each that is looked at counts against `left`.
fn build_id_in(mut notes: NoteIterator<'_, Header>, left: &mut usize) -> Option<Vec<u8>> {
    while *left > 0
        && let Ok(Some(note)) = notes.next()
    {
        *left -= 1;
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(LE) == elf::NT_GNU_BUILD_ID {
            let id = note.desc();
            return (!id.is_empty() && id.len() <= LONGEST_BUILD_ID).then(|| id.to_vec());
        }
    }
    None
}
