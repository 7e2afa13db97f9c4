//! Search for the file that holds the debug information of a stripped one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::file::Elf;
use super::problems::Problems;
use super::storage::Storage;

/// A file with debug information, found beside or far from the program it belongs to.
#[derive(Debug)]
pub(crate) struct SeparateFile {
    pub(crate) path: PathBuf,
    pub(crate) elf: Elf,
}

/// Looks for the debug file of `elf`, which lies at `path`.
///
/// # Safety
/// The result must not be used after `storage` is dropped.
pub(crate) unsafe fn find_separate_file(
    elf: &Elf,
    path: &Path,
    directories: &[PathBuf],
    storage: &Storage,
    problems: &Problems,
) -> Option<SeparateFile> {
    let link = elf.section(".gnu_debuglink").and_then(|section| {
        let bytes = elf.stored_bytes(section)?;
        parse_debuglink(bytes)
    });
    let by_id = elf.build_id.iter().flat_map(|id| {
        directories
            .iter()
            .filter_map(|base| build_id_path(base, id))
    });
    let by_link = link
        .iter()
        .flat_map(|link| debuglink_paths(path, directories, &link.name));
    for candidate in by_id.chain(by_link) {
        if candidate == path || !candidate.is_file() {
            continue;
        }
        // SAFETY: forwarded to the caller.
        let data = match unsafe { storage.map(&candidate) } {
            Ok(data) => data,
            Err(error) => {
                problems.add(error.to_string());
                continue;
            }
        };
        let name = candidate.display().to_string();
        let found = match Elf::parse(data, &name, problems) {
            Ok(found) => found,
            Err(error) => {
                problems.add(error.to_string());
                continue;
            }
        };
        if belongs_to(elf, &found, link.as_ref()) {
            return Some(SeparateFile {
                path: candidate,
                elf: found,
            });
        }
        problems.add(format!("{name} belongs to another build and is not used"));
    }
    None
}

/// The contents of `.gnu_debuglink`.
struct DebugLink {
    name: PathBuf,
    checksum: u32,
}

/// Parses `.gnu_debuglink`: a NUL-terminated file name, padded to four bytes, then a CRC-32 of
/// that file.
fn parse_debuglink(bytes: &[u8]) -> Option<DebugLink> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let name = std::str::from_utf8(&bytes[..end]).ok()?;
    let checksum = bytes.get((end + 1).next_multiple_of(4)..)?.first_chunk()?;
    // A name with directories in it would let a file point anywhere.
    let name = Path::new(name).file_name()?;
    Some(DebugLink {
        name: PathBuf::from(name),
        checksum: u32::from_le_bytes(*checksum),
    })
}

/// `.build-id/XX/YYY.debug` in a debug directory.
fn build_id_path(base: &Path, id: &[u8]) -> Option<PathBuf> {
    let (first, rest) = id.split_first()?;
    let mut name = String::new();
    for byte in rest {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Some(
        base.join(".build-id")
            .join(format!("{first:02x}"))
            .join(format!("{name}.debug")),
    )
}

/// Paths at which gdb, too, looks for the file that a debug link names.
fn debuglink_paths(path: &Path, directories: &[PathBuf], name: &Path) -> Vec<PathBuf> {
    // The real directory: `path` may be `/proc/PID/exe`.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = real.parent().unwrap_or(Path::new("/"));
    let inside = directory.strip_prefix("/").unwrap_or(directory);
    let mut paths = vec![directory.join(name), directory.join(".debug").join(name)];
    paths.extend(directories.iter().map(|base| base.join(inside).join(name)));
    paths
}

/// Whether `found` is of the same build as `elf`.
fn belongs_to(elf: &Elf, found: &Elf, link: Option<&DebugLink>) -> bool {
    match (&elf.build_id, &found.build_id) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => link.is_some_and(|link| crc32fast::hash(found.data) == link.checksum),
    }
}
