//! Memory mappings: `/proc/PID/maps` (proc(5)), and the faster query for one address.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// One line of `/proc/PID/maps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// `rwxp` or `rwxs`.
    pub permissions: [u8; 4],
    /// Offset in the file.
    pub offset: u64,
    /// Inode of the file, 0 for none.
    pub inode: u64,
    /// Path, `[stack]` and the like, or empty.
    pub path: String,
}

impl Mapping {
    /// Whether it holds `address`.
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether writes to it reach the file.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.permissions[3] == b's'
    }

    /// Whether it can be executed.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.permissions[2] == b'x'
    }
}

/// Reads the memory mappings, sorted by address, through a thread that is alive.
///
/// # Errors
/// The thread is gone or may not be looked at.
pub fn read(tid: i32) -> io::Result<Vec<Mapping>> {
    read_all(&fs::File::open(format!("/proc/{tid}/maps"))?)
}

fn read_all(mut file: &fs::File) -> io::Result<Vec<Mapping>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    Ok(text
        .split(|&b| b == b'\n')
        .filter_map(parse_mapping)
        .collect())
}

/// The facts about a mapping that matter to a trap in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappingInfo {
    /// Writes to it reach a file.
    pub reaches_file: bool,
}

/// Looks up the mapping that holds `address` in an open `maps` file; `None` where nothing is
/// mapped.
///
/// # Errors
/// The process is gone.
pub fn find(file: &fs::File, address: u64) -> io::Result<Option<MappingInfo>> {
    if let Some(answer) = query_mapping(file, address) {
        return answer;
    }
    Ok(read_all(file)?
        .into_iter()
        .find(|map| map.contains(address))
        .map(|map| MappingInfo {
            reaches_file: map.is_shared() && map.inode != 0 && map.permissions[1] == b'w',
        }))
}

/// `struct procmap_query` of linux/fs.h.
#[repr(C)]
#[derive(Default)]
struct ProcmapQuery {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// Asks the kernel for one mapping (Linux 6.11); `None` where it does not know the request.
fn query_mapping(maps: &fs::File, address: u64) -> Option<io::Result<Option<MappingInfo>>> {
    use std::os::fd::AsRawFd as _;
    const WRITABLE: u64 = 2;
    const SHARED: u64 = 8;
    nix::ioctl_readwrite!(procmap_query, b'f', 17, ProcmapQuery);
    let mut query = ProcmapQuery {
        size: size_of::<ProcmapQuery>() as u64,
        query_addr: address,
        ..ProcmapQuery::default()
    };
    // SAFETY: the structure is the kernel's, and says its own size.
    match unsafe { procmap_query(maps.as_raw_fd(), &raw mut query) } {
        Ok(_) => Some(Ok(Some(MappingInfo {
            reaches_file: query.vma_flags & (WRITABLE | SHARED) == WRITABLE | SHARED
                && query.inode != 0,
        }))),
        Err(nix::errno::Errno::ENOENT) => Some(Ok(None)),
        Err(nix::errno::Errno::ESRCH) => Some(Err(io::Error::from_raw_os_error(libc::ESRCH))),
        // An older kernel, or a filter that does not know the request.
        Err(_) => None,
    }
}

fn parse_mapping(line: &[u8]) -> Option<Mapping> {
    let line = String::from_utf8_lossy(line);
    let mut rest: &str = &line;
    let mut field = || {
        let trimmed = rest.trim_start_matches(' ');
        let (word, tail) = trimmed.split_at(trimmed.find(' ').unwrap_or(trimmed.len()));
        rest = tail;
        word.to_owned()
    };
    let (range, permissions, offset) = (field(), field(), field());
    let (_device, inode) = (field(), field());
    let (start, end) = range.split_once('-')?;
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        permissions: permissions.as_bytes().try_into().ok()?,
        offset: u64::from_str_radix(&offset, 16).ok()?,
        inode: inode.parse().ok()?,
        path: rest.trim_start_matches(' ').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_with_and_without_paths() {
        let line = b"7f00-8000 r-xp 00001000 fe:01 42      /tmp/a b (deleted)";
        let mapping = parse_mapping(line).unwrap();
        assert_eq!(
            (mapping.start, mapping.end, mapping.inode),
            (0x7f00, 0x8000, 42)
        );
        assert_eq!(mapping.path, "/tmp/a b (deleted)");
        assert!(mapping.is_executable() && !mapping.is_shared());
        assert_eq!(parse_mapping(b"1000-2000 rw-s 0 00:00 0").unwrap().path, "");
        assert_eq!(parse_mapping(b""), None);
        assert_eq!(parse_mapping(b"zz-1 rwxp 0 0 0"), None);
    }

    #[test]
    fn we_see_ourselves() {
        let pid = std::process::id() as i32;
        assert!(read(pid).unwrap().iter().any(Mapping::is_executable));
        let here = &raw const pid as u64;
        let own = fs::File::open("/proc/self/maps").unwrap();
        assert_eq!(
            find(&own, here).unwrap(),
            Some(MappingInfo {
                reaches_file: false
            })
        );
        assert_eq!(find(&own, 0).unwrap(), None);
    }
}
