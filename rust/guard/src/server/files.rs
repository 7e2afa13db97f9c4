//! Reading files where the program lives: the `vFile` packets.
//!
//! Only reading is offered: a debugger needs executables, libraries and `/proc`, and has no
//! business with changing files on the machine it debugs on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use super::packet;
use crate::os::ptrace::Tid;

/// The most open files; a client that leaks them is refused, not served until none are left.
const MAX_OPEN: usize = 256;
const ACCESS_MODE: u64 = 3;

/// Files that a client has opened, and the process whose file system it means.
#[derive(Default)]
pub struct Files {
    open: BTreeMap<u64, File>,
    /// That process, 0 for the guard itself.
    viewer: Tid,
}

impl Files {
    /// Answers one request: the text after `vFile:`.
    ///
    /// # Returns
    /// The reply's bytes, or `None` for an operation that is not offered.
    pub fn answer(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let colon = request.iter().position(|byte| *byte == b':')?;
        let (operation, rest) = (&request[..colon], &request[colon + 1..]);
        let arguments: Vec<&[u8]> = rest.split(|byte| *byte == b',').collect();
        let result = match (operation, arguments.as_slice()) {
            (b"setfs", [pid]) => self.set_viewer(pid),
            (b"open", [path, flags, _]) => self.open(path, flags),
            (b"pread", [fd, count, offset]) => self.read(fd, count, offset),
            (b"fstat", [fd]) => self.describe(fd),
            (b"close", [fd]) => self.close(fd),
            (b"readlink", [path]) => self.read_link(path),
            (b"pwrite" | b"unlink", _) => Err(io::Error::from_raw_os_error(libc::EROFS)),
            _ => return None,
        };
        Some(result.unwrap_or_else(|error| failure(&error)))
    }

    fn set_viewer(&mut self, pid: &[u8]) -> io::Result<Vec<u8>> {
        self.viewer = number(pid)? as Tid;
        Ok(b"F0".to_vec())
    }

    fn open(&mut self, path: &[u8], flags: &[u8]) -> io::Result<Vec<u8>> {
        if number(flags)? & ACCESS_MODE != libc::O_RDONLY as u64 {
            return Err(io::Error::from_raw_os_error(libc::EROFS));
        }
        if self.open.len() >= MAX_OPEN {
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        let path = self.resolve(path)?;
        // A pipe without a writer, and a terminal, would be waited for.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(path)?;
        let is_free = |fd: &u64| !self.open.contains_key(fd);
        let fd = (0..MAX_OPEN as u64).find(is_free).unwrap_or(0);
        self.open.insert(fd, file);
        Ok(format!("F{fd:x}").into_bytes())
    }

    fn read(&mut self, fd: &[u8], count: &[u8], offset: &[u8]) -> io::Result<Vec<u8>> {
        let file = self.find(fd)?;
        // Escaping may double it.
        let count = (number(count)? as usize).min(packet::MAX_PAYLOAD / 2 - 32);
        let mut data = vec![0; count];
        let done = file.read_at(&mut data, number(offset)?)?;
        data.truncate(done);
        Ok(attachment(&data))
    }

    fn describe(&mut self, fd: &[u8]) -> io::Result<Vec<u8>> {
        let metadata = self.find(fd)?.metadata()?;
        let mut data = Vec::with_capacity(64);
        // The protocol's own `struct stat`, big-endian ("Protocol-specific Representation of
        // Datatypes" in the GDB manual).
        for word in [
            metadata.dev() as u32,
            metadata.ino() as u32,
            metadata.mode(),
            metadata.nlink() as u32,
            metadata.uid(),
            metadata.gid(),
            metadata.rdev() as u32,
        ] {
            data.extend(word.to_be_bytes());
        }
        for long in [metadata.size(), metadata.blksize(), metadata.blocks()] {
            data.extend(long.to_be_bytes());
        }
        for time in [metadata.atime(), metadata.mtime(), metadata.ctime()] {
            data.extend((time as u32).to_be_bytes());
        }
        Ok(attachment(&data))
    }

    fn close(&mut self, fd: &[u8]) -> io::Result<Vec<u8>> {
        let found = self.open.remove(&number(fd)?);
        found.map(|_| b"F0".to_vec()).ok_or_else(bad_descriptor)
    }

    fn read_link(&mut self, path: &[u8]) -> io::Result<Vec<u8>> {
        let target = fs::read_link(self.resolve(path)?)?;
        Ok(attachment(target.as_os_str().as_bytes()))
    }

    fn find(&self, fd: &[u8]) -> io::Result<&File> {
        self.open.get(&number(fd)?).ok_or_else(bad_descriptor)
    }

    /// Resolves a path of the client's; a program in a container has another root.
    fn resolve(&self, path: &[u8]) -> io::Result<PathBuf> {
        let path = packet::from_hex(path).ok_or(io::ErrorKind::InvalidInput)?;
        let path = PathBuf::from(OsString::from_vec(path));
        let namespace = |who: &str| fs::read_link(format!("/proc/{who}/ns/mnt")).ok();
        let viewer = self.viewer.to_string();
        if self.viewer == 0 || namespace(&viewer) == namespace("self") {
            return Ok(path);
        }
        let root = PathBuf::from(format!("/proc/{viewer}/root"));
        Ok(root.join(path.strip_prefix("/").unwrap_or(&path)))
    }
}

fn number(text: &[u8]) -> io::Result<u64> {
    packet::parse_hex(text).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(libc::EBADF)
}

fn attachment(data: &[u8]) -> Vec<u8> {
    let mut reply = format!("F{:x};", data.len()).into_bytes();
    reply.extend(data);
    reply
}

/// The protocol knows few errors by number, and those as Linux has them.
fn failure(error: &io::Error) -> Vec<u8> {
    let known = [
        1, 2, 4, 9, 13, 14, 16, 17, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 91,
    ];
    let number = match error.raw_os_error() {
        Some(number) if known.contains(&number) => number,
        Some(libc::ENAMETOOLONG) => 91,
        None if error.kind() == io::ErrorKind::InvalidInput => libc::EINVAL,
        _ => 9999,
    };
    format!("F-1,{number:x}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(files: &mut Files, text: &str) -> Vec<u8> {
        files.answer(text.as_bytes()).expect("a known operation")
    }

    #[test]
    fn a_file_is_opened_read_and_closed() {
        let mut files = Files::default();
        let path = packet::to_hex(b"/proc/self/comm");
        assert_eq!(ask(&mut files, &format!("open:{path},0,0")), b"F0");
        let reply = ask(&mut files, "pread:0,2,0");
        assert!(reply.starts_with(b"F2;"), "{reply:?}");
        assert_eq!(ask(&mut files, "fstat:0").len(), "F40;".len() + 64);
        assert_eq!(ask(&mut files, "close:0"), b"F0");
        assert_eq!(ask(&mut files, "pread:0,2,0"), b"F-1,9");
    }

    #[test]
    fn writing_is_refused_and_errors_are_numbers() {
        let mut files = Files::default();
        let path = packet::to_hex(b"/nonexistent");
        assert_eq!(ask(&mut files, &format!("open:{path},0,0")), b"F-1,2");
        assert_eq!(ask(&mut files, &format!("open:{path},1,0")), b"F-1,1e");
        assert_eq!(ask(&mut files, &format!("unlink:{path}")), b"F-1,1e");
        assert_eq!(ask(&mut files, "pread:zz,1,1"), b"F-1,16");
        assert!(files.answer(b"rename:1,2").is_none());
    }
}
