//! The owner of the bytes that everything else borrows: mapped files and decompressed
//! sections.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::allowance::Allowance;
use crate::error::{Error, Result};

/// Smallest unit of memory that can be given back.
const PAGE: usize = 4096;
/// Bytes of a block of a file, as `stat(2)` counts them.
const BLOCK: u64 = 512;

/// Bytes of one image, which are neither moved nor dropped before the image is.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    pieces: Mutex<Vec<Piece>>,
    allowance: Allowance,
}

#[derive(Debug)]
enum Piece {
    /// A file, and the device and number that it is known by.
    Mapped(memmap2::Mmap, (u64, u64)),
    Owned(Box<[u8]>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map, _) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Storage {
    /// What the tables made of these bytes may take.
    pub(crate) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Keeps the bytes of a whole file.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    pub(crate) unsafe fn keep_file(&self, bytes: Vec<u8>) -> &'static [u8] {
        self.allowance.add_file(bytes.len() as u64);
        // SAFETY: forwarded to the caller.
        unsafe { self.keep(bytes) }
    }

    /// Keeps bytes that were produced, for example by decompression.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    pub(crate) unsafe fn keep(&self, bytes: Vec<u8>) -> &'static [u8] {
        // SAFETY: forwarded to the caller.
        unsafe { self.store(Piece::Owned(bytes.into_boxed_slice())) }
    }

    /// Maps a regular file, once, never blocking on pipes or devices.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    pub(crate) unsafe fn map(&self, path: &Path) -> Result<&'static [u8]> {
        let (file, metadata) = open_regular(path)?;
        let id = (metadata.dev(), metadata.ino());
        // Split units may all name one file, which must not be mapped and allowed for each time.
        // SAFETY: forwarded to the caller.
        if let Some(known) = unsafe { self.mapped(id) } {
            return Ok(known);
        }
        // SAFETY: the mapping is private and read-only.  A file that is truncated while it is
        // mapped raises SIGBUS, as in every debugger that maps files; compilers and package
        // managers replace files by renaming, which leaves the mapped one alone.
        let map = unsafe { memmap2::MmapOptions::new().map_copy_read_only(&file) }
            .map_err(|error| io_error(path, error))?;
        // Holes are no bytes of the file; where blocks are not counted, all of it is taken.
        let on_disk = match metadata.blocks().saturating_mul(BLOCK) {
            0 => metadata.len(),
            size => size.min(metadata.len()),
        };
        self.allowance.add_file(on_disk);
        // SAFETY: forwarded to the caller.
        Ok(unsafe { self.store(Piece::Mapped(map, id)) })
    }

    /// The bytes of a file that was mapped before.
    ///
    /// # Safety
    /// The result must not be used after this storage is dropped.
    unsafe fn mapped(&self, id: (u64, u64)) -> Option<&'static [u8]> {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |piece: &&Piece| matches!(piece, Piece::Mapped(_, one) if *one == id);
        // SAFETY: forwarded to the caller.
        (pieces.iter().find(is_it)).map(|known| unsafe { lend(known) })
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
            let Piece::Mapped(map, _) = piece else {
                continue;
            };
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
        // SAFETY: forwarded to the caller.
        let bytes = unsafe { lend(&piece) };
        self.pieces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(piece);
        bytes
    }
}

/// The bytes of a piece, for as long as its storage lives.
///
/// # Safety
/// The result must not be used after the storage of the piece is dropped.
unsafe fn lend(piece: &Piece) -> &'static [u8] {
    let bytes = piece.bytes();
    // SAFETY: maps and boxes do not move their bytes when they are moved, pieces are never
    // removed or changed, and the caller does not use the result after they are dropped.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) }
}

fn open_regular(path: &Path) -> Result<(File, Metadata)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| io_error(path, error))?;
    let metadata = file.metadata().map_err(|error| io_error(path, error))?;
    if metadata.is_file() {
        return Ok((file, metadata));
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
