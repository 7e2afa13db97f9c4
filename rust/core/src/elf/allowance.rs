//! What reading the files of one image may cost: a small file cannot ask for all memory.
//!
//! A compressed section, a line program or a list that a thousand entries share takes few
//! bytes in a file and any number of them once it is read.  So every table takes its bytes from
//! one allowance, which grows with the files, before it is built.  What finds nothing left is
//! skipped, and listed in [`Image::problems`](crate::Image::problems).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Bytes that the tables of any image may take.
const FLOOR: u64 = 128 << 20;
/// Bytes that they may take more for each byte of its files.  Line tables, the greediest of
/// those that compilers write, take about two.
const PER_BYTE: u64 = 4;
/// Smallest number of items that a list makes room for.
const FEWEST: usize = 16;

/// Bytes that the tables of one image may still take.
#[derive(Debug)]
pub(crate) struct Allowance(AtomicU64);

impl Default for Allowance {
    fn default() -> Self {
        Self(AtomicU64::new(FLOOR))
    }
}

impl Allowance {
    /// Allows for one more file, which has this many bytes on the disk.
    pub(super) fn add_file(&self, size: u64) {
        let more = size.saturating_mul(PER_BYTE);
        self.change(|left| Some(left.saturating_add(more)));
    }

    /// Takes `size` bytes.
    pub(crate) fn take(&self, size: usize) -> Result<()> {
        if self.change(|left| left.checked_sub(size as u64)) {
            Ok(())
        } else {
            Err(Error::Costly)
        }
    }

    /// Whether `size` bytes are left, of which none is taken yet.
    pub(crate) fn require(&self, size: usize) -> Result<()> {
        if size as u64 <= self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(Error::Costly)
        }
    }

    /// Appends an item to a list; bytes are taken whenever the list has to grow.
    pub(crate) fn push<T>(&self, list: &mut Vec<T>, item: T) -> Result<()> {
        if list.len() == list.capacity() {
            let more = list.len().max(FEWEST);
            self.take(more * size_of::<T>())?;
            list.reserve_exact(more);
        }
        list.push(item);
        Ok(())
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        (self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change))
        .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, FLOOR, PER_BYTE};

    #[test]
    fn what_is_not_left_is_not_taken() {
        let allowance = Allowance::default();
        allowance.take(FLOOR as usize).unwrap();
        allowance.take(1).unwrap_err();
        allowance.add_file(10);
        allowance.require(10 * PER_BYTE as usize).unwrap();
        allowance.take(10 * PER_BYTE as usize + 1).unwrap_err();
        allowance.take(10 * PER_BYTE as usize).unwrap();
    }

    #[test]
    fn lists_take_what_they_grow_by() {
        let allowance = Allowance::default();
        let mut list = Vec::new();
        while allowance.push(&mut list, [0_u8; 1 << 12]).is_ok() {}
        assert!(list.capacity() as u64 <= FLOOR >> 12);
        assert!(list.len() as u64 >= FLOOR >> 13);
    }
}
