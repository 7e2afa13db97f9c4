//! Stack memory, read ahead in growing chunks.

use crate::memory::Memory;

/// A single step up needs little, and reading a page takes a tenth of the time of 64 KiB.
const FIRST_CHUNK: usize = 4 << 10;
const SECOND_CHUNK: usize = 64 << 10;
const LARGEST_CHUNK: usize = 1 << 20;
const PAGE: u64 = 4096;
/// Registers are saved below the return address, which may be asked for first.
const BEHIND: u64 = 512;

/// Words of the stack; each chunk that follows the one before is larger.
pub(super) struct Stack<'a> {
    memory: &'a dyn Memory,
    start: u64,
    /// Bytes of the buffer that hold memory from `start` on.
    size: usize,
    /// Borrowed from [`super::scratch::Scratch`]: to allocate and zero it would take longer
    /// than a step.
    buffer: &'a mut Vec<u8>,
    next_chunk: usize,
}

impl<'a> Stack<'a> {
    /// Words of `memory`; what `buffer` holds does not matter.
    pub(super) fn new(memory: &'a dyn Memory, buffer: &'a mut Vec<u8>) -> Self {
        Self {
            memory,
            start: 0,
            size: 0,
            buffer,
            next_chunk: FIRST_CHUNK,
        }
    }

    /// The memory behind the stack, for what is not part of it.
    pub(super) fn memory(&self) -> &'a dyn Memory {
        self.memory
    }

    /// Reads the word at `address`, if it can be read.
    #[inline]
    pub(super) fn word(&mut self, address: u64) -> Option<u64> {
        if let Some(word) = self.loaded_word(address) {
            return Some(word);
        }
        self.load(address);
        self.loaded_word(address)
    }

    #[inline]
    fn loaded_word(&self, address: u64) -> Option<u64> {
        let offset = usize::try_from(address.wrapping_sub(self.start)).ok()?;
        let bytes = self.buffer.get(..self.size)?.get(offset..)?;
        let bytes = bytes.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*bytes))
    }

    fn load(&mut self, address: u64) {
        let end = self.start.wrapping_add(self.size as u64);
        // A jump elsewhere, as to a signal stack, begins anew with a small chunk.
        if address.wrapping_sub(end) > self.size as u64 {
            self.next_chunk = FIRST_CHUNK;
        }
        // Going back inside the page cannot meet unmapped memory, but captured stacks and
        // remote servers may know only a part of a page.
        self.fill((address & !(PAGE - 1)).max(address.saturating_sub(BEHIND)));
        if self.loaded_word(address).is_none() && self.start != address {
            self.fill(address);
        }
        self.next_chunk = (self.next_chunk * 2).clamp(SECOND_CHUNK, LARGEST_CHUNK);
    }

    fn fill(&mut self, start: u64) {
        if self.buffer.len() < self.next_chunk {
            self.buffer.resize(self.next_chunk, 0);
        }
        let chunk = &mut self.buffer[..self.next_chunk];
        self.start = start;
        self.size = self.memory.read_partial(start, chunk).min(chunk.len());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Every word holds its own address, in `[start, end)`.
    struct Counting {
        start: u64,
        end: u64,
        reads: RefCell<Vec<usize>>,
    }

    impl Memory for Counting {
        fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize {
            self.reads.borrow_mut().push(buffer.len());
            let size = buffer.len() as u64;
            let count = if (self.start..self.end).contains(&address) {
                size.min(self.end - address)
            } else {
                0
            };
            for (index, byte) in buffer[..count as usize].iter_mut().enumerate() {
                let at = address + index as u64;
                *byte = (at & !7).to_le_bytes()[(at & 7) as usize];
            }
            count as usize
        }
    }

    fn megabytes(count: u64) -> Counting {
        let start = 0x7000_0000;
        Counting {
            start,
            end: start + (count << 20),
            reads: RefCell::default(),
        }
    }

    #[test]
    fn chunks_double_while_walking_up() {
        let memory = megabytes(1);
        let mut buffer = Vec::new();
        let mut stack = Stack::new(&memory, &mut buffer);
        let mut address = memory.start;
        while address < memory.end {
            assert_eq!(stack.word(address), Some(address));
            address += 8;
        }
        let sizes = [4 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20];
        assert_eq!(*memory.reads.borrow(), sizes);
    }

    #[test]
    fn words_just_below_the_first_one_asked_for_are_there_already() {
        let memory = megabytes(1);
        let mut buffer = Vec::new();
        let mut stack = Stack::new(&memory, &mut buffer);
        let top = memory.start + 0x1800;
        assert_eq!(stack.word(top), Some(top));
        assert_eq!(stack.word(top - 64), Some(top - 64));
        assert_eq!(memory.reads.borrow().len(), 1);
    }

    #[test]
    fn the_ends_of_memory_give_nothing() {
        let memory = megabytes(1);
        let mut buffer = Vec::new();
        let mut stack = Stack::new(&memory, &mut buffer);
        for address in [
            0,
            7,
            memory.start - 8,
            memory.start - 4,
            memory.end - 7,
            memory.end,
            u64::MAX,
            u64::MAX - 8,
        ] {
            assert_eq!(stack.word(address), None, "{address:#x}");
        }
        assert_eq!(stack.word(memory.end - 8), Some(memory.end - 8));
    }
}
