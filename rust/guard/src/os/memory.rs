//! A process's memory through `/proc/PID/task/TID/mem`.
//!
//! The file stays bound to the address space it was opened for: after an exec it must be
//! opened anew.  It is opened through a live thread because `/proc/PID/mem` of a process
//! whose leader has exited cannot be.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use super::mappings::{self, MappingInfo};
use super::ptrace::{self, Tid};

/// The memory of one address space.
pub struct Memory {
    file: File,
    /// Kept open: opening it anew takes longer than the query.
    maps: File,
    tid: Tid,
}

impl Memory {
    /// Opens the memory of the process that `tid` belongs to.
    pub fn open(pid: Tid, tid: Tid) -> io::Result<Self> {
        let path = format!("/proc/{pid}/task/{tid}/mem");
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let maps = File::open(format!("/proc/{pid}/task/{tid}/maps"))?;
        Ok(Self { file, maps, tid })
    }

    /// Finds the mapping that holds `address`; `None` where nothing is mapped.
    ///
    /// # Errors
    /// The process is gone.
    pub fn mapping_at(&self, address: u64) -> io::Result<Option<MappingInfo>> {
        mappings::find(&self.maps, address)
    }

    /// Duplicates the descriptor, to be shared with a client on this machine.
    pub fn duplicate(&self) -> io::Result<OwnedFd> {
        Ok(OwnedFd::from(self.file.try_clone()?))
    }

    /// Reads exactly `into.len()` bytes at `address`; `false` when some byte cannot be read.
    pub fn read_exact(&self, address: u64, into: &mut [u8]) -> bool {
        self.read(address, into) == into.len()
    }

    /// Reads as many bytes at `address` as can be read and returns their count.
    pub fn read(&self, address: u64, into: &mut [u8]) -> usize {
        let mut done = 0;
        while done < into.len() {
            match self
                .file
                .read_at(&mut into[done..], address.wrapping_add(done as u64))
            {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        done
    }

    /// Reads a little-endian word.
    pub fn read_word(&self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read_exact(address, &mut bytes)
            .then(|| u64::from_le_bytes(bytes))
    }

    /// Reads one byte.
    pub fn read_byte(&self, address: u64) -> Option<u8> {
        let mut byte = [0];
        self.read_exact(address, &mut byte).then_some(byte[0])
    }

    /// Writes all of `data`, whatever the page protection.
    ///
    /// Kernels may be set up to refuse such writes through the file; then single words go
    /// through ptrace, which needs the thread that opened the file to be stopped.
    pub fn write(&self, address: u64, data: &[u8]) -> io::Result<()> {
        match self.file.write_all_at(data, address) {
            Ok(()) => Ok(()),
            Err(error) => self.poke(address, data).map_err(|_| error),
        }
    }

    fn poke(&self, address: u64, data: &[u8]) -> io::Result<()> {
        let first = address & !7;
        let end = address + data.len() as u64;
        let mut word_address = first;
        while word_address < end {
            let old = self
                .read_word(word_address)
                .ok_or(io::ErrorKind::PermissionDenied)?;
            let mut bytes = old.to_le_bytes();
            for (index, byte) in bytes.iter_mut().enumerate() {
                let here = word_address + index as u64;
                if (address..end).contains(&here) {
                    *byte = data[(here - address) as usize];
                }
            }
            ptrace::poke_word(self.tid, word_address, u64::from_le_bytes(bytes))?;
            word_address += 8;
        }
        Ok(())
    }
}
