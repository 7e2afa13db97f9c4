//! The owner of the bytes that everything else borrows: mapped files and decompressed
//! sections.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// Smallest unit of memory that can be given back.
const PAGE: usize = 4096;

/// Bytes of one image, which are neither moved nor dropped before the image is.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    pieces: Mutex<Vec<Piece>>,
}

#[derive(Debug)]
enum Piece {
    Mapped(memmap2::Mmap),
    Owned(Box<[u8]>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Storage {
    /// Keeps bytes that were produced, for example by decompression.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    pub(crate) unsafe fn keep(&self, bytes: Vec<u8>) -> &'static [u8] {
        // SAFETY: forwarded to the caller.
        unsafe { self.store(Piece::Owned(bytes.into_boxed_slice())) }
    }

    /// Maps a regular file, never blocking on pipes or devices.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    pub(crate) unsafe fn map(&self, path: &Path) -> Result<&'static [u8]> {
        let file = open_regular(path)?;
        // SAFETY: the mapping is private and read-only.  A file that is truncated while it is
        // mapped raises SIGBUS, as in every debugger that maps files; compilers and package
        // managers replace files by renaming, which leaves the mapped one alone.
        let map = unsafe { memmap2::MmapOptions::new().map_copy_read_only(&file) }
            .map_err(|error| io_error(path, error))?;
        // SAFETY: forwarded to the caller.
        Ok(unsafe { self.store(Piece::Mapped(map)) })
    }

    /// Gives back the memory of `bytes` if they are part of a mapped file; they stay readable.
    pub(crate) fn release_pages(&self, bytes: &[u8]) {
        self.with_pages(bytes, |map, offset, size| {
            // Whole pages only: the ones at the ends belong to others as well.
            let end = (offset + size) & !(PAGE - 1);
            let offset = offset.next_multiple_of(PAGE);
            if offset < end {
                let advice = memmap2::UncheckedAdvice::DontNeed;
                // SAFETY: the mapping is private and never written to, so that dropped pages
                // are read from the file again, with the same contents.
                let dropped = unsafe { map.unchecked_advise_range(advice, offset, end - offset) };
                // It is only advice; refused, it costs memory and nothing else.
                drop(dropped);
            }
        });
    }

    /// Maps all pages of `bytes` at once, which is cheaper than one fault after the other.
    pub(crate) fn populate_pages(&self, bytes: &[u8]) {
        self.with_pages(bytes, |map, offset, size| {
            let start = offset & !(PAGE - 1);
            // Kernels before 5.14 do not know this advice, and do without.
            drop(map.advise_range(memmap2::Advice::PopulateRead, start, offset + size - start));
        });
    }

    /// The map that `bytes` are part of, and where in it they are.
    fn with_pages(&self, bytes: &[u8], act: impl FnOnce(&memmap2::Mmap, usize, usize)) {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let start = bytes.as_ptr() as usize;
        for piece in pieces.iter() {
            let Piece::Mapped(map) = piece else { continue };
            let offset = start.checked_sub(map.as_ptr() as usize);
            let inside = offset.filter(|o| *o < map.len() && bytes.len() <= map.len() - o);
            if let Some(offset) = inside {
                return act(map, offset, bytes.len());
            }
        }
    }

    /// # Safety
    /// The result must not be used after this storage is dropped.
    unsafe fn store(&self, piece: Piece) -> &'static [u8] {
        let bytes = piece.bytes();
        let (start, size) = (bytes.as_ptr(), bytes.len());
        self.pieces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(piece);
        // SAFETY: maps and boxes do not move their bytes when they are moved, pieces are never
        // removed or changed, and the caller does not use the result after they are dropped.
        unsafe { std::slice::from_raw_parts(start, size) }
    }
}

fn open_regular(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| io_error(path, error))?;
    let metadata = file.metadata().map_err(|error| io_error(path, error))?;
    if metadata.is_file() {
        return Ok(file);
    }
    Err(Error::NotAnImage {
        name: path.display().to_string(),
        reason: String::from("not a regular file"),
    })
}

fn io_error(path: &Path, error: io::Error) -> Error {
    Error::Io {
        path: path.display().to_string(),
        source: Arc::new(error),
    }
}
