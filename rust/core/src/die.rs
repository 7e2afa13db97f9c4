//! Numbers of debugging information entries.

/// The number of one debugging information entry of one image.
///
/// The low 40 bits are the offset in its `.debug_info`, the high 24 bits say which one: 0 for
/// the image's own, `n + 1` for the split file of unit `n`.  Functions that have no entry, known by
/// their symbol alone, are numbered by their address, as if in a `.debug_info` of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DieId(pub u64);

const OFFSET_BITS: u32 = 40;
/// The `.debug_info` that functions without an entry are numbered in.
const NO_FILE: usize = 1 << 23;

impl DieId {
    /// The number of the entry at `offset` of the `.debug_info` with number `file`.
    pub(crate) fn new(file: usize, offset: usize) -> Self {
        Self(((file as u64) << OFFSET_BITS) | (offset as u64 & ((1 << OFFSET_BITS) - 1)))
    }

    /// The number of the function at `address`, which has no entry.
    pub(crate) fn without_entry(address: u64) -> Self {
        Self::new(NO_FILE, address as usize)
    }

    /// Whether there is an entry of this number: nothing but code is known where there is none.
    pub(crate) fn has_entry(self) -> bool {
        self.file() != NO_FILE
    }

    /// Number of its `.debug_info`.
    pub(crate) fn file(self) -> usize {
        (self.0 >> OFFSET_BITS) as usize
    }

    /// Offset in its `.debug_info`.
    pub(crate) fn offset(self) -> usize {
        (self.0 & ((1 << OFFSET_BITS) - 1)) as usize
    }
}
