//! Memory mappings: `/proc/PID/maps` (proc(5)), and the faster query for one address.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// A mapping, by all that tells it from another one at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// `rwxp` or `rwxs`.
    pub permissions: [u8; 4],
    /// Offset in the file.
    pub offset: u64,
    /// Major and minor number of the file's device.
    pub device: (u32, u32),
    /// Inode of the file, 0 for none.
    pub inode: u64,
}

/// One line of `/proc/PID/maps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMapping {
    /// What the line says but for the name.
    pub mapping: Mapping,
    /// Path, `[stack]` and the like, or empty.
    pub path: String,
}

impl Mapping {
    /// Whether it holds `address`.
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether it is not private to the process.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.permissions[3] == b's'
    }

    /// Whether what is written to it ends up in a file.
    #[must_use]
    pub fn reaches_file(&self) -> bool {
        self.is_shared() && self.inode != 0 && self.permissions[1] == b'w'
    }

    /// Whether it is of the same file as another one.
    #[must_use]
    pub fn is_of_file_of(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
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
pub fn read(tid: i32) -> io::Result<Vec<NamedMapping>> {
    read_all(&fs::File::open(format!("/proc/{tid}/maps"))?)
}

fn read_all(mut file: &fs::File) -> io::Result<Vec<NamedMapping>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    Ok(text
        .split(|&b| b == b'\n')
        .filter_map(parse_mapping)
        .collect())
}

/// Looks up the mapping that holds `address` in an open `maps` file; `None` where nothing is
/// mapped.
///
/// # Errors
/// The process is gone.
pub fn find(file: &fs::File, address: u64) -> io::Result<Option<Mapping>> {
    if let Some(answer) = query_mapping(file, address) {
        return answer;
    }
    Ok(read_all(file)?
        .into_iter()
        .map(|named| named.mapping)
        .find(|mapping| mapping.contains(address)))
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

impl ProcmapQuery {
    /// Returns the mapping of an answer, as a line of `maps` shows it.
    fn mapping(&self) -> Mapping {
        // PROCMAP_QUERY_VMA_READABLE, _WRITABLE, _EXECUTABLE and _SHARED, in this order.
        let flag = |bit: u64, set, unset| {
            if self.vma_flags & bit == 0 {
                unset
            } else {
                set
            }
        };
        Mapping {
            start: self.vma_start,
            end: self.vma_end,
            permissions: [
                flag(1, b'r', b'-'),
                flag(2, b'w', b'-'),
                flag(4, b'x', b'-'),
                flag(8, b's', b'p'),
            ],
            offset: self.vma_offset,
            device: (self.dev_major, self.dev_minor),
            inode: self.inode,
        }
    }
}

/// Asks the kernel for one mapping (Linux 6.11); `None` where it does not know the request.
fn query_mapping(maps: &fs::File, address: u64) -> Option<io::Result<Option<Mapping>>> {
    use std::os::fd::AsRawFd as _;
    nix::ioctl_readwrite!(procmap_query, b'f', 17, ProcmapQuery);
    let mut query = ProcmapQuery {
        size: size_of::<ProcmapQuery>() as u64,
        query_addr: address,
        ..ProcmapQuery::default()
    };
    // SAFETY: the structure is the kernel's, and says its own size.
    match unsafe { procmap_query(maps.as_raw_fd(), &raw mut query) } {
        Ok(_) => Some(Ok(Some(query.mapping()))),
        Err(nix::errno::Errno::ENOENT) => Some(Ok(None)),
        Err(nix::errno::Errno::ESRCH) => Some(Err(io::Error::from_raw_os_error(libc::ESRCH))),
        // An older kernel, or a filter that does not know the request.
        Err(_) => None,
    }
}

fn parse_mapping(line: &[u8]) -> Option<NamedMapping> {
    let line = String::from_utf8_lossy(line);
    let mut rest: &str = &line;
    let mut field = || {
        let trimmed = rest.trim_start_matches(' ');
        let (word, tail) = trimmed.split_at(trimmed.find(' ').unwrap_or(trimmed.len()));
        rest = tail;
        word.to_owned()
    };
    let (range, permissions, offset) = (field(), field(), field());
    let (device, inode) = (field(), field());
    let (start, end) = range.split_once('-')?;
    let (major, minor) = device.split_once(':')?;
    let mapping = Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        permissions: permissions.as_bytes().try_into().ok()?,
        offset: u64::from_str_radix(&offset, 16).ok()?,
        device: (
            u32::from_str_radix(major, 16).ok()?,
            u32::from_str_radix(minor, 16).ok()?,
        ),
        inode: inode.parse().ok()?,
    };
    Some(NamedMapping {
        mapping,
        path: rest.trim_start_matches(' ').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_with_and_without_paths() {
        let line = b"7f00-8000 r-xp 00001000 fe:01 42      /tmp/a b (deleted)";
        let named = parse_mapping(line).unwrap();
        let mapping = Mapping {
            start: 0x7f00,
            end: 0x8000,
            permissions: *b"r-xp",
            offset: 0x1000,
            device: (0xfe, 1),
            inode: 42,
        };
        assert_eq!(named.mapping, mapping);
        assert_eq!(named.path, "/tmp/a b (deleted)");
        let nameless = parse_mapping(b"1000-2000 rw-s 0 00:00 0").unwrap();
        assert_eq!(nameless.path, "");
        assert_eq!(parse_mapping(b""), None);
        assert_eq!(parse_mapping(b"zz-1 rwxp 0 0:0 0"), None);
    }

    #[test]
    fn what_reaches_a_file_is_shared_and_writable_and_has_one() {
        let reaches = |line: &[u8]| parse_mapping(line).unwrap().mapping.reaches_file();
        assert!(reaches(b"1000-2000 rw-s 0 fe:01 42 /tmp/a"));
        assert!(!reaches(b"1000-2000 r-xs 0 fe:01 42 /tmp/a"));
        assert!(!reaches(b"1000-2000 rw-p 0 fe:01 42 /tmp/a"));
        assert!(!reaches(b"1000-2000 rw-s 0 00:00 0"));
    }

    #[test]
    fn each_mapping_is_found_as_its_line_shows_it() {
        let maps = fs::File::open("/proc/self/maps").unwrap();
        let code = each_mapping_is_found_as_its_line_shows_it as *const () as u64;
        let line = read_all(&maps).unwrap().into_iter();
        let shown = line.map(|named| named.mapping).find(|m| m.contains(code));
        let shown = shown.unwrap();
        assert!(shown.is_executable() && !shown.is_shared() && shown.inode != 0);
        assert_eq!(find(&maps, code).unwrap(), Some(shown));
        assert_eq!(find(&maps, 0).unwrap(), None);
    }
}
