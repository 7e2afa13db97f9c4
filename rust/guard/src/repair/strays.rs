//! Strays: trap bytes in a program's code that its files do not have.
//!
//! They are what a debugger without a journal leaves when it is killed.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use crate::breakpoints::sites::TRAP;
use crate::journal::record::Trap;
use crate::os::mappings::{self, Mapping, NamedMapping};
use crate::os::memory::Memory;
use crate::os::procfs;
use crate::os::ptrace::Tid;

const CHUNK: usize = 1 << 16;

/// The outcome of a comparison.
#[derive(Default)]
pub struct Strays {
    /// Traps, with the bytes of the files.
    pub traps: Vec<Trap>,
    /// Files that there is nothing to compare with any more.
    pub unknown: Vec<String>,
}

/// Compares the code of a process with the files it was mapped from.
///
/// # Errors
/// The process is gone or may not be looked at.
pub fn find(pid: Tid) -> io::Result<Strays> {
    let memory = Memory::open(pid, pid)?;
    let mut strays = Strays::default();
    for named in mappings::read(pid)? {
        let mapping = named.mapping;
        if !mapping.is_executable() || mapping.is_shared() || mapping.inode == 0 {
            continue;
        }
        match open_file(pid, &named) {
            Some(file) => compare(&memory, &file, &mapping, &mut strays.traps),
            None => strays.unknown.push(named.path),
        }
    }
    Ok(strays)
}

/// Opens the file that a mapping is of: deleted or replaced ones live on as long as they are
/// mapped, but only the kernel's own links lead there (proc(5), `map_files`, `exe`).
fn open_file(pid: Tid, named: &NamedMapping) -> Option<File> {
    let (mapping, path) = (named.mapping, &named.path);
    let (start, end) = (mapping.start, mapping.end);
    let mapped = format!("/proc/{pid}/map_files/{start:x}-{end:x}");
    let executable = format!("/proc/{pid}/exe");
    let named = format!("/proc/{pid}/root{path}");
    let is_executable = procfs::executable(pid).is_ok_and(|executable| executable == *path);
    let mut candidates = vec![mapped];
    candidates.extend(is_executable.then_some(executable));
    candidates.push(named);
    candidates.iter().find_map(|path| {
        // Its type first: opening a device or a pipe may do something.
        let status = std::fs::metadata(path).ok()?;
        let is_same = status.is_file() && status.ino() == mapping.inode;
        is_same.then(|| File::open(path).ok())?
    })
}

/// Finds the trap bytes of a mapping that are not in its file.
fn compare(memory: &Memory, file: &File, mapping: &Mapping, traps: &mut Vec<Trap>) {
    let (mut ours, mut theirs) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut at = mapping.start;
    while at < mapping.end {
        let size = CHUNK.min((mapping.end - at) as usize);
        let count = memory.read(at, &mut ours[..size]);
        let file_count = read_file(
            file,
            mapping.offset + (at - mapping.start),
            &mut theirs[..count],
        );
        for (index, (our, their)) in ours[..file_count].iter().zip(&theirs).enumerate() {
            if *our == TRAP && *their != TRAP {
                traps.push(Trap {
                    address: at + index as u64,
                    original: *their,
                });
            }
        }
        if count < size {
            return;
        }
        at += size as u64;
    }
}

/// Reads as many bytes of a file as there are and returns their count.
fn read_file(file: &File, offset: u64, into: &mut [u8]) -> usize {
    let mut done = 0;
    while let Ok(count) = file.read_at(&mut into[done..], offset + done as u64) {
        if count == 0 {
            break;
        }
        done += count;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_code_has_no_strays() {
        let strays = find(std::process::id() as Tid).unwrap();
        assert_eq!(strays.traps, []);
        assert_eq!(strays.unknown, Vec::<String>::new());
    }
}
