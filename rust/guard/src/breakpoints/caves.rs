//! Caves: room for relocated instructions in a program's own mappings.
//!
//! A *cave* is the unused tail of the last page of a module's code segment: mapped,
//! executable, private, never executed, and near enough for rip-relative operands.

use super::displaced::SLOT_SIZE;

/// A cave and which of its slots are taken.
#[derive(Debug)]
pub struct Cave {
    start: u64,
    used: Vec<bool>,
}

impl Cave {
    /// Makes a cave of the unused bytes `[start, end)`; it may turn out to hold no slot.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        let aligned = start.next_multiple_of(16);
        let count = end.saturating_sub(aligned) / SLOT_SIZE;
        Self {
            start: aligned,
            used: vec![false; count as usize],
        }
    }

    /// Takes a slot; `None` when all are taken.
    pub fn take(&mut self) -> Option<u64> {
        let index = self.used.iter().position(|used| !used)?;
        self.used[index] = true;
        Some(self.start + index as u64 * SLOT_SIZE)
    }

    /// Gives a slot back once no thread is in it.
    pub fn give_back(&mut self, slot: u64) {
        if let Some(offset) = slot.checked_sub(self.start)
            && let Some(used) = self.used.get_mut((offset / SLOT_SIZE) as usize)
        {
            *used = false;
        }
    }

    /// Whether `address` is in the cave.
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        address >= self.start && address < self.start + self.used.len() as u64 * SLOT_SIZE
    }
}

/// Finds the unused tail of the last page of the executable segment that holds `address`.
///
/// `base` is where the ELF header is mapped; the program headers are read from memory.
///
/// # Returns
/// `[start, end)` in run-time addresses, or `None` when the module is not as expected.
pub fn find_cave(
    address: u64,
    base: u64,
    mut read: impl FnMut(u64, &mut [u8]) -> bool,
) -> Option<(u64, u64)> {
    const PAGE: u64 = 4096;
    let mut header = [0; 64];
    if !read(base, &mut header) || &header[..4] != b"\x7fELF" {
        return None;
    }
    let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let kind = half(16);
    let table = u64::from_le_bytes(header[32..40].try_into().ok()?);
    let (size, count) = (u64::from(half(54)), u64::from(half(56)));
    if size != 56 || count > 128 {
        return None;
    }
    let bias = if kind == 2 { 0 } else { base };
    for index in 0..count {
        let mut entry = [0; 56];
        let at = base.checked_add(table)?.checked_add(index * size)?;
        if !read(at, &mut entry) {
            return None;
        }
        let word = |at: usize| {
            u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
        };
        let long = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap_or([0; 8]));
        let (is_load, is_executable) = (word(0) == 1, word(4) & 1 != 0);
        let start = long(16).checked_add(bias)?;
        let end = start.checked_add(long(40))?;
        // A segment need not begin with a page; its mapping does.
        let mapped = start & !(PAGE - 1)..end;
        if is_load && is_executable && mapped.contains(&address) {
            return Some((end, end.next_multiple_of(PAGE)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds the cave of a position-independent program with one segment, mapped at `base`.
    fn cave_of_segment(base: u64, offset: u64, size: u64, address: u64) -> Option<(u64, u64)> {
        let mut image = [0; 64 + 56];
        image[..4].copy_from_slice(b"\x7fELF");
        image[16] = 3;
        image[32] = 64;
        image[54] = 56;
        image[56] = 1;
        image[64] = 1;
        image[68] = 1;
        image[64 + 16..64 + 24].copy_from_slice(&offset.to_le_bytes());
        image[64 + 40..64 + 48].copy_from_slice(&size.to_le_bytes());
        find_cave(address, base, |at, into| {
            let start = (at - base) as usize;
            into.copy_from_slice(&image[start..start + into.len()]);
            true
        })
    }

    #[test]
    fn the_cave_is_the_rest_of_the_last_page() {
        let found = cave_of_segment(0x40_0000, 0x1000, 0x1234, 0x40_1000);
        assert_eq!(found, Some((0x40_2234, 0x40_3000)));
        assert_eq!(cave_of_segment(0x40_0000, 0x1000, 0x1234, 0x40_3000), None);
    }

    #[test]
    fn a_segment_that_begins_within_a_page_has_one_too() {
        let found = cave_of_segment(0x40_0000, 0x1bf0, 0x1234, 0x40_1000);
        assert_eq!(found, Some((0x40_2e24, 0x40_3000)));
    }

    #[test]
    fn caves_hand_out_each_slot_once() {
        let mut cave = Cave::new(0x1001, 0x1100);
        let slots: Vec<_> = std::iter::from_fn(|| cave.take()).collect();
        assert_eq!(slots.len(), 5);
        assert!(slots.iter().all(|&slot| cave.contains(slot)));
        cave.give_back(slots[2]);
        assert_eq!(cave.take(), Some(slots[2]));
    }
}
