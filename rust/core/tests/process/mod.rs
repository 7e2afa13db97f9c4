//! Mappings and registers of running processes; not every test needs all of it.

#![allow(dead_code)]

use std::arch::asm;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crabtrap_core::memory::{Memory, read_vec};
use crabtrap_core::registers::{RBP, RBX, RIP, RSP, Registers};
use crabtrap_core::unwind::{Module, ModuleMap};
use crabtrap_core::{DEFAULT_DEBUG_DIRECTORY, Image, SegmentKind};

/// One line of `/proc/PID/maps`.
pub struct Mapping {
    pub start: u64,
    pub end: u64,
    pub offset: u64,
    pub is_executable: bool,
    pub path: String,
}

/// Reads `/proc/PID/maps`; `pid` may be "self".
pub fn read_mappings(pid: &str) -> Vec<Mapping> {
    let text = fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps can be read");
    text.lines().map(parse_mapping).collect()
}

/// Reads one line of `/proc/PID/maps`.
pub fn parse_mapping(line: &str) -> Mapping {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let hex = |text: &str| u64::from_str_radix(text, 16).expect("a hexadecimal number");
    let (start, end) = fields[0].split_once('-').expect("a range");
    Mapping {
        start: hex(start),
        end: hex(end),
        offset: hex(fields[2]),
        is_executable: fields[1].contains('x'),
        path: fields.get(5).copied().unwrap_or("").to_owned(),
    }
}

/// All executable files of a process, and its vDSO.
pub fn module_map(mappings: &[Mapping], memory: &dyn Memory) -> ModuleMap {
    let code = mappings.iter().filter(|mapping| mapping.is_executable);
    ModuleMap::new(code.filter_map(|mapping| module(mapping, memory)).collect())
}

fn module(mapping: &Mapping, memory: &dyn Memory) -> Option<Module> {
    let (image, bias) = open_mapping(mapping, memory)?;
    Some(Module {
        source: image,
        bias,
        start: mapping.start,
        end: mapping.end,
    })
}

/// The file behind a mapping of code, and its bias.
pub fn open_mapping(mapping: &Mapping, memory: &dyn Memory) -> Option<(Arc<Image>, u64)> {
    let image = open_image(mapping, memory)?;
    let segment = *image.segments().iter().find(|segment| {
        let file = segment.file_offset & !4095..segment.file_offset + segment.file_size;
        segment.kind == SegmentKind::Load && segment.executable && file.contains(&mapping.offset)
    })?;
    let file_address = segment
        .address
        .wrapping_add(mapping.offset)
        .wrapping_sub(segment.file_offset);
    Some((image, mapping.start.wrapping_sub(file_address)))
}

fn open_image(mapping: &Mapping, memory: &dyn Memory) -> Option<Arc<Image>> {
    if mapping.path == "[vdso]" {
        let bytes = read_vec(
            memory,
            mapping.start,
            (mapping.end - mapping.start) as usize,
        );
        return Some(Image::parse(bytes, "[vdso]").expect("the vDSO is an image"));
    }
    if !mapping.path.starts_with('/') {
        return None;
    }
    let directories = [PathBuf::from(DEFAULT_DEBUG_DIRECTORY)];
    let image = Image::open(Path::new(&mapping.path), &directories, None);
    Some(image.expect("mapped files are images"))
}

/// Registers of the calling function, as far as unwinding needs them.
// Without inlining, these would be the registers of this function.
#[allow(clippy::inline_always)]
#[inline(always)]
pub fn own_registers() -> Registers {
    let mut values = [0_u64; 8];
    // SAFETY: only stores registers into the array.
    unsafe {
        asm!(
            "lea {scratch}, [rip]",
            "mov [{to}], rbx",
            "mov [{to} + 8], rbp",
            "mov [{to} + 16], rsp",
            "mov [{to} + 24], r12",
            "mov [{to} + 32], r13",
            "mov [{to} + 40], r14",
            "mov [{to} + 48], r15",
            "mov [{to} + 56], {scratch}",
            to = in(reg) values.as_mut_ptr(),
            scratch = out(reg) _,
        );
    }
    let mut registers = Registers::UNKNOWN;
    for (column, value) in [RBX, RBP, RSP, 12, 13, 14, 15, RIP].into_iter().zip(values) {
        registers.set(column, Some(value));
    }
    registers
}
