//! A process's memory through `/proc/PID/task/TID/mem`.
//!
//! The file stays bound to the address space it was opened for: after an exec it must be
//! opened anew.  It is opened through a live thread because `/proc/PID/mem` of a process
//! whose leader has exited cannot be.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use super::mappings::{self, Mapping};
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
    pub fn mapping_at(&self, address: u64) -> io::Result<Option<Mapping>> {
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
        self.write_counted(address, data).1
    }

    /// Does as [`Memory::write`], and returns beside the outcome how many bytes, from the first
    /// on, are written.
    pub fn write_counted(&self, address: u64, data: &[u8]) -> (usize, io::Result<()>) {
        let mut done = 0;
        while done < data.len() {
            let (here, rest) = (address.wrapping_add(done as u64), &data[done..]);
            let error = match self.file.write_at(rest, here) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(count) => {
                    done += count;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            done += self.poke(here, rest);
            if done < data.len() {
                return (done, Err(error));
            }
        }
        (done, Ok(()))
    }

    /// Writes word by word as many bytes as can be written and returns their count.
    fn poke(&self, address: u64, data: &[u8]) -> usize {
        let mut done = 0;
        while done < data.len() {
            let here = address.wrapping_add(done as u64);
            let word_address = here & !7;
            let offset = (here - word_address) as usize;
            let count = (8 - offset).min(data.len() - done);
            let Some(old) = self.read_word(word_address) else {
                break;
            };
            let mut bytes = old.to_le_bytes();
            bytes[offset..offset + count].copy_from_slice(&data[done..done + count]);
            let word = u64::from_le_bytes(bytes);
            if ptrace::poke_word(self.tid, word_address, word).is_err() {
                break;
            }
            done += count;
        }
        done
    }
}
