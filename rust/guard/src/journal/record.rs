//! The records of a journal, and their bytes: little-endian, of one size for each kind.

use crate::os::ptrace::Tid;
use crate::os::registers;
use crate::os::signals::{self, SIGINFO_SIZE};

/// The number of kinds.
pub const KINDS: usize = 4;
/// The most bytes of code in a slot.
const CODE: usize = 48;
/// The most bytes of an XSAVE area that are kept: with AMX it has 11 KiB.
const EXTENDED: usize = 16 * 1024;
/// Registers by their numbers, up to the last general one.
const NUMBERS: u16 = 60;

/// Something of the debugger's that is in a program.
pub trait Record: Sized {
    /// Index of its table.
    const KIND: usize;
    /// Bytes.
    const SIZE: usize;
    /// The most there can be at a time.
    const MOST: usize;

    /// What tells it from others of its kind; not 0.
    fn key(&self) -> u64;
    /// Returns its bytes, at most [`Record::SIZE`].
    fn encode(&self) -> Vec<u8>;
    /// Reads it from its bytes; `None` where they are not one.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// A trap byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Its address.
    pub address: u64,
    /// The program's own byte.
    pub original: u8,
}

/// A relocated instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its address.
    pub address: u64,
    /// Address of the instruction.
    pub original: u64,
    /// Length of the instruction.
    pub length: u8,
    /// Offset in the slot where the relocated instruction ends.
    pub jump_at: u8,
    /// The bytes in the slot.
    pub code: Vec<u8>,
    /// The bytes that were there before.
    pub before: Vec<u8>,
}

/// The state of a thread that has been made to run something else.
#[derive(Clone)]
pub struct SavedThread {
    /// Number of the saved state.
    pub number: u64,
    /// The thread.
    pub tid: Tid,
    /// Its blocked signals.
    pub mask: u64,
    /// Its general registers.
    pub general: libc::user_regs_struct,
    /// Its XSAVE area.
    pub extended: Vec<u8>,
}

/// A signal that was taken from a thread and not delivered yet.
#[derive(Clone)]
pub struct HeldSignal {
    /// The thread.
    pub tid: Tid,
    /// The information it was sent with.
    pub info: libc::siginfo_t,
}

impl Record for Trap {
    const KIND: usize = 0;
    const SIZE: usize = 9;
    const MOST: usize = 4096;

    fn key(&self) -> u64 {
        self.address
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.address.to_le_bytes().to_vec();
        bytes.push(self.original);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (address, rest) = word(bytes)?;
        Some(Self {
            address,
            original: *rest.first()?,
        })
    }
}

impl Record for Slot {
    const KIND: usize = 1;
    const SIZE: usize = 8 + 8 + 3 + CODE + CODE;
    const MOST: usize = 512;

    fn key(&self) -> u64 {
        self.address
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.address.to_le_bytes().to_vec();
        bytes.extend(self.original.to_le_bytes());
        bytes.extend([self.length, self.jump_at, self.code.len() as u8]);
        bytes.extend(&self.code);
        bytes.extend(&self.before);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (address, rest) = word(bytes)?;
        let (original, rest) = word(rest)?;
        let ([length, jump_at, size], rest) = rest.split_first_chunk()?;
        let size = usize::from(*size);
        if size > CODE || usize::from(*jump_at) > size {
            return None;
        }
        Some(Self {
            address,
            original,
            length: *length,
            jump_at: *jump_at,
            code: rest.get(..size)?.to_vec(),
            before: rest.get(size..2 * size)?.to_vec(),
        })
    }
}

impl Record for SavedThread {
    const KIND: usize = 2;
    const SIZE: usize = 8 + 8 + 8 + 8 * NUMBERS as usize + 8 + EXTENDED;
    const MOST: usize = 8;

    fn key(&self) -> u64 {
        self.number
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::SIZE);
        for value in [self.number, self.tid as u64, self.mask] {
            bytes.extend(value.to_le_bytes());
        }
        for number in 0..NUMBERS {
            let value = registers::general(&self.general, number).unwrap_or(0);
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend((self.extended.len() as u64).to_le_bytes());
        bytes.extend(&self.extended);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = word(bytes)?;
        let (tid, rest) = word(rest)?;
        let (mask, mut rest) = word(rest)?;
        // SAFETY: all-zero is a valid value of this plain C struct.
        let mut general = unsafe { std::mem::zeroed() };
        for number in 0..NUMBERS {
            let value;
            (value, rest) = word(rest)?;
            registers::set_general(&mut general, number, value);
        }
        let (size, rest) = word(rest)?;
        Some(Self {
            number,
            tid: Tid::try_from(tid).ok()?,
            mask,
            general,
            extended: rest.get(..usize::try_from(size).ok()?)?.to_vec(),
        })
    }
}

impl Record for HeldSignal {
    const KIND: usize = 3;
    const SIZE: usize = 8 + SIGINFO_SIZE;
    const MOST: usize = 256;

    fn key(&self) -> u64 {
        self.tid as u64
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.key().to_le_bytes().to_vec();
        bytes.extend(signals::to_bytes(&self.info));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (tid, rest) = word(bytes)?;
        Some(Self {
            tid: Tid::try_from(tid).ok()?,
            info: signals::from_bytes(rest.first_chunk()?),
        })
    }
}

fn word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let trap = Trap {
            address: 0x40_1000,
            original: 0x55,
        };
        assert_eq!(Trap::decode(&trap.encode()), Some(trap));
        let slot = Slot {
            address: 0x41_0000,
            original: 0x40_1000,
            length: 4,
            jump_at: 4,
            code: vec![1; 9],
            before: vec![0; 9],
        };
        assert_eq!(Slot::decode(&slot.encode()), Some(slot));
    }

    #[test]
    fn a_thread_keeps_every_register() {
        // SAFETY: all-zero is a valid value of this plain C struct.
        let mut general: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        for number in 0..NUMBERS {
            registers::set_general(&mut general, number, u64::from(number) + 1);
        }
        let saved = SavedThread {
            number: 1,
            tid: 42,
            mask: 7,
            general,
            extended: vec![3; 2696],
        };
        let bytes = saved.encode();
        assert!(bytes.len() <= SavedThread::SIZE);
        let read = SavedThread::decode(&bytes).unwrap();
        assert_eq!((read.tid, read.mask), (42, 7));
        assert_eq!(read.extended, saved.extended);
        for number in 0..NUMBERS {
            let (ours, theirs) = (&saved.general, &read.general);
            assert_eq!(
                registers::general(ours, number),
                registers::general(theirs, number)
            );
        }
    }

    #[test]
    fn other_bytes_are_no_record() {
        assert!(Trap::decode(&[1; 8]).is_none());
        assert!(Slot::decode(&[0xff; Slot::SIZE]).is_none());
        assert!(SavedThread::decode(&vec![0xff; SavedThread::SIZE]).is_none());
    }
}
