//! Words of a program's memory: those that have one of some values, and those at many places.

use crate::error::Result;
use crate::memory::Memory;
use crate::monitor::Monitor;

/// Bytes that are read at a time: enough to make the cost of a read small, and to stay in a cache.
const BLOCK: usize = 1 << 20;
const PAGE: u64 = 4096;
const WORD: u64 = 8;
/// Bytes that are read for a number, and for others near it.
const WINDOW: usize = 4 * PAGE as usize;
const CHECKED_EVERY: usize = 1 << 10;

/// Finds the aligned words in `ranges` that have one of the `wanted` values.
///
/// Returns the address and the value of each, at most `limit` of them, in the order of the
/// ranges.  Pages that cannot be read are passed over.
///
/// # Errors
/// [`crate::Error::Cancelled`] where the end was asked for.
pub fn find_words(
    memory: &dyn Memory,
    ranges: &[(u64, u64)],
    wanted: &[u64],
    limit: usize,
    monitor: &Monitor,
) -> Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let Some(wanted) = Wanted::new(wanted) else {
        return Ok(found);
    };
    let mut buffer = vec![0; BLOCK];
    let sizes = ranges.iter().map(|(start, end)| end.saturating_sub(*start));
    monitor.begin(sizes.sum::<u64>() as usize);
    for &(start, end) in ranges {
        let mut position = start.next_multiple_of(WORD);
        while position < end && found.len() < limit {
            monitor.check()?;
            let size = usize::try_from(end - position).map_or(BLOCK, |left| left.min(BLOCK));
            let count = memory.read_partial(position, &mut buffer[..size]);
            wanted.collect(position, &buffer[..count], &mut found);
            let next = after(position, count, size);
            monitor.advance((next - position) as usize);
            position = next;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Reads a little-endian number of `size` bytes, at most 8, at each of `places`.
///
/// Places near each other, in ascending order, are read together.  `None` where a number
/// cannot be read.
///
/// # Errors
/// [`crate::Error::Cancelled`] where the end was asked for.
pub fn read_numbers(
    memory: &dyn Memory,
    places: &[u64],
    size: usize,
    monitor: &Monitor,
) -> Result<Vec<Option<u64>>> {
    let size = size.min(WORD as usize);
    let mut window = Window::new(memory);
    let mut found = Vec::with_capacity(places.len());
    monitor.begin(places.len());
    for (index, &place) in places.iter().enumerate() {
        if index % CHECKED_EVERY == 0 {
            monitor.check()?;
            monitor.advance(CHECKED_EVERY.min(places.len() - index));
        }
        found.push(window.number(place, size));
    }
    Ok(found)
}

/// The memory that was read last.
struct Window<'a> {
    memory: &'a dyn Memory,
    start: u64,
    filled: usize,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    fn new(memory: &'a dyn Memory) -> Self {
        Self {
            memory,
            start: 0,
            filled: 0,
            bytes: vec![0; WINDOW],
        }
    }

    fn number(&mut self, place: u64, size: usize) -> Option<u64> {
        let offset = self.offset(place, size).or_else(|| {
            self.start = place;
            self.filled = self.memory.read_partial(self.start, &mut self.bytes);
            self.offset(place, size)
        })?;
        let mut word = [0; WORD as usize];
        word[..size].copy_from_slice(&self.bytes[offset..offset + size]);
        Some(u64::from_le_bytes(word))
    }

    fn offset(&self, place: u64, size: usize) -> Option<usize> {
        let offset = usize::try_from(place.checked_sub(self.start)?).ok()?;
        (offset.checked_add(size)? <= self.filled).then_some(offset)
    }
}

/// Where to go on: behind what was read, or behind the page that could not be.
fn after(position: u64, count: usize, size: usize) -> u64 {
    let end = position.saturating_add(count as u64);
    if count == size {
        return end;
    }
    (end / PAGE + 1).saturating_mul(PAGE)
}

/// Values to look for, with the range they are in, which almost no other word is in.
struct Wanted {
    sorted: Vec<u64>,
    low: u64,
    span: u64,
}

impl Wanted {
    fn new(values: &[u64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let (&low, &high) = (sorted.first()?, sorted.last()?);
        Some(Self {
            sorted,
            low,
            span: high - low,
        })
    }

    fn collect(&self, address: u64, bytes: &[u8], found: &mut Vec<(u64, u64)>) {
        let (words, _) = bytes.as_chunks::<{ WORD as usize }>();
        for (index, word) in words.iter().enumerate() {
            let value = u64::from_le_bytes(*word);
            if value.wrapping_sub(self.low) <= self.span
                && self.sorted.binary_search(&value).is_ok()
            {
                found.push((address + index as u64 * WORD, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SegmentMemory;

    fn find(memory: &SegmentMemory, ranges: &[(u64, u64)], wanted: &[u64]) -> Vec<(u64, u64)> {
        find_words(memory, ranges, wanted, 100, &Monitor::default()).expect("nobody cancels")
    }

    #[test]
    fn words_with_a_wanted_value_are_found() {
        let memory = SegmentMemory::new().with_words(0x1000, &[1, 7, 5, 9, 7, 6]);
        assert_eq!(
            find(&memory, &[(0x1000, 0x1030)], &[9, 7, 5]),
            [(0x1008, 7), (0x1010, 5), (0x1018, 9), (0x1020, 7)]
        );
    }

    #[test]
    fn only_aligned_whole_words_within_the_ranges_count() {
        let memory = SegmentMemory::new().with_words(0x1000, &[7, 7, 7, 7]);
        let ranges = [(0x1001, 0x1014), (0x1018, 0x1020)];
        assert_eq!(find(&memory, &ranges, &[7]), [(0x1008, 7), (0x1018, 7)]);
    }

    #[test]
    fn pages_that_cannot_be_read_are_passed_over() {
        let memory = SegmentMemory::new()
            .with_words(0x1ff8, &[7])
            .with_words(0x4000, &[7]);
        assert_eq!(
            find(&memory, &[(0x1ff8, 0x5000)], &[7]),
            [(0x1ff8, 7), (0x4000, 7)]
        );
    }

    #[test]
    fn more_than_the_limit_are_not_returned() {
        let memory = SegmentMemory::new().with_words(0x1000, &[7; 64]);
        let found = find_words(&memory, &[(0x1000, 0x1200)], &[7], 10, &Monitor::default());
        assert_eq!(found.expect("nobody cancels").len(), 10);
    }

    #[test]
    fn nothing_wanted_is_nothing_found_and_the_end_of_memory_is_an_end() {
        let memory = SegmentMemory::new().with_words(0x1000, &[0]);
        assert_eq!(find(&memory, &[(0x1000, 0x1008)], &[]), []);
        assert_eq!(find(&memory, &[(u64::MAX - 16, u64::MAX)], &[0]), []);
    }

    fn numbers(memory: &SegmentMemory, places: &[u64], size: usize) -> Vec<Option<u64>> {
        read_numbers(memory, places, size, &Monitor::default()).expect("nobody cancels")
    }

    #[test]
    fn numbers_of_any_size_are_read_in_the_order_of_the_places() {
        let memory = SegmentMemory::new().with_words(0x1000, &[0x0102_0304_0506_0708, 9]);
        assert_eq!(
            numbers(&memory, &[0x1008, 0x1000], 8),
            [Some(9), Some(0x0102_0304_0506_0708)]
        );
        assert_eq!(
            numbers(&memory, &[0x1006, 0x1001], 2),
            [Some(0x0102), Some(0x0607)]
        );
    }

    #[test]
    fn a_number_that_cannot_be_read_is_none() {
        let memory = SegmentMemory::new().with_words(0x1ff8, &[7]);
        let places = [0x1ff8, 0x1ffc, 0x2000, 0, u64::MAX];
        let expected = [Some(7), None, None, None, None];
        assert_eq!(numbers(&memory, &places, 8), expected);
    }

    #[test]
    fn a_number_over_the_end_of_what_was_read_together_is_read() {
        let end = 0x1000 + WINDOW as u64;
        let words: Vec<u64> = (0..WINDOW as u64 / 4).collect();
        let memory = SegmentMemory::new().with_words(0x1000, &words);
        let index = (WINDOW as u64) / 8;
        assert_eq!(
            numbers(&memory, &[0x1008, end - 4], 8),
            [Some(1), Some(index << 32)]
        );
    }
}
