//! Memory of a program, as unwinding and locations read it.

use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a program that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {size} bytes at {address:#x}")]
pub struct MemoryFault {
    /// First byte asked for.
    pub address: u64,
    /// Bytes asked for.
    pub size: usize,
}

/// Read access to the memory of a stopped program.
pub trait Memory {
    /// Fills `buffer` with bytes from `address` on and returns how many could be read.
    ///
    /// Fewer than `buffer.len()` means that the byte after the last one returned is
    /// unreadable; the rest of `buffer` is then unspecified.
    fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize;

    /// Fills all of `buffer`.
    ///
    /// # Errors
    /// Any byte of the range cannot be read.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), MemoryFault> {
        let size = buffer.len();
        if self.read_partial(address, buffer) == size {
            Ok(())
        } else {
            Err(MemoryFault { address, size })
        }
    }

    /// Reads one little-endian 8-byte word.
    ///
    /// # Errors
    /// Any of its bytes cannot be read.
    fn read_word(&self, address: u64) -> Result<u64, MemoryFault> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// Reads up to `size` bytes into a new vector, which ends before the first unreadable byte.
///
/// The vector grows as bytes arrive, so that a senseless `size` costs no memory.
pub fn read_vec(memory: &dyn Memory, address: u64, size: usize) -> Vec<u8> {
    const CHUNK: usize = 1 << 20;
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let start = bytes.len();
        let wanted = CHUNK.min(size - start);
        bytes.resize(start + wanted, 0);
        let Some(from) = address.checked_add(start as u64) else {
            bytes.truncate(start);
            break;
        };
        let count = memory.read_partial(from, &mut bytes[start..]).min(wanted);
        if count < wanted {
            bytes.truncate(start + count);
            break;
        }
    }
    bytes
}

/// Memory read with `pread` on an open `/proc/PID/mem`.
#[derive(Debug)]
pub struct FileMemory {
    file: File,
    is_gone: AtomicBool,
}

impl FileMemory {
    /// Reads through `file`, where file offset and address are the same.
    pub fn new(file: File) -> Self {
        Self {
            file,
            is_gone: AtomicBool::new(false),
        }
    }

    /// Whether a read has found that there is no memory any more: the process has ended, or
    /// executed another program since.
    pub fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    /// Reads through a descriptor that somebody else owns.
    ///
    /// The descriptor is duplicated, so that closing it early cannot turn reads towards
    /// whatever file takes its number next.
    ///
    /// # Errors
    /// `fd` is not an open descriptor, or no further descriptor can be had.
    pub fn duplicate(fd: RawFd) -> io::Result<Self> {
        if fd < 0 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        // SAFETY: `fd` is not -1, and the borrow ends with the next line; a number that is
        // not open makes the duplication fail with EBADF.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        Ok(Self::new(File::from(borrowed.try_clone_to_owned()?)))
    }
}

impl Memory for FileMemory {
    fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() {
            let Some(offset) = address.checked_add(done as u64) else {
                break;
            };
            match self.file.read_at(&mut buffer[done..], offset) {
                // The address space itself is gone: `mem_rw` of the kernel.
                Ok(0) => {
                    self.is_gone.store(true, Ordering::Relaxed);
                    break;
                }
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // EIO: an unmapped page; EINVAL: an address above 2^63.
                Err(_) => break,
            }
        }
        done
    }
}

/// Memory made of byte strings at given addresses: captured stacks, tests.
#[derive(Clone, Debug, Default)]
pub struct SegmentMemory {
    segments: Vec<(u64, Vec<u8>)>,
}

impl SegmentMemory {
    /// Memory in which nothing can be read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes at `address`; where segments overlap, the one added first is read.
    #[must_use]
    pub fn with(mut self, address: u64, bytes: Vec<u8>) -> Self {
        self.segments.push((address, bytes));
        self
    }

    /// Adds little-endian words at `address`.
    #[must_use]
    pub fn with_words(self, address: u64, words: &[u64]) -> Self {
        self.with(
            address,
            words.iter().flat_map(|w| w.to_le_bytes()).collect(),
        )
    }

    fn tail_at(&self, address: u64) -> Option<&[u8]> {
        self.segments.iter().find_map(|(start, bytes)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(offset..).filter(|tail| !tail.is_empty())
        })
    }
}

impl Memory for SegmentMemory {
    fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() {
            let tail = address
                .checked_add(done as u64)
                .and_then(|from| self.tail_at(from));
            let Some(tail) = tail else { break };
            let count = tail.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&tail[..count]);
            done += count;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    fn own_memory() -> FileMemory {
        FileMemory::new(File::open("/proc/self/mem").expect("own memory can be opened"))
    }

    #[test]
    fn file_memory_reads_this_very_process() {
        let value = [0x1122_3344_5566_7788_u64, 99];
        let memory = own_memory();
        let address = std::ptr::from_ref(&value) as u64;
        assert_eq!(memory.read_word(address), Ok(value[0]));
        assert_eq!(memory.read_word(address + 8), Ok(99));
    }

    #[test]
    fn file_memory_ends_at_the_first_unreadable_byte() {
        let memory = own_memory();
        let mut buffer = [0; 16];
        for address in [0, 8, 1 << 62, 1 << 63, u64::MAX - 3] {
            assert_eq!(memory.read_partial(address, &mut buffer), 0, "{address:#x}");
        }
        assert_eq!(
            memory.read(0, &mut buffer),
            Err(MemoryFault {
                address: 0,
                size: 16
            })
        );
    }

    #[test]
    fn a_duplicated_descriptor_outlives_the_original() {
        let value = 0xabcd_u64;
        let file = File::open("/proc/self/mem").expect("own memory can be opened");
        let memory = FileMemory::duplicate(file.as_raw_fd()).expect("descriptor is open");
        drop(file);
        assert_eq!(
            memory.read_word(std::ptr::from_ref(&value) as u64),
            Ok(0xabcd)
        );
        assert!(FileMemory::duplicate(-1).is_err());
        assert!(FileMemory::duplicate(1 << 30).is_err());
    }

    #[test]
    fn segments_join_and_end() {
        let memory = SegmentMemory::new()
            .with(100, vec![1, 2])
            .with(102, vec![3])
            .with(u64::MAX - 1, vec![4, 5]);
        assert_eq!(read_vec(&memory, 100, 10), [1, 2, 3]);
        assert_eq!(read_vec(&memory, 101, 1), [2]);
        assert_eq!(read_vec(&memory, 99, 4), []);
        assert_eq!(read_vec(&memory, u64::MAX, 4), [5]);
        assert_eq!(read_vec(&memory, 100, usize::MAX), [1, 2, 3]);
        assert!(memory.read_word(100).is_err());
    }
}
