//! Unwind rules in the compact form nearly all code needs, and a cache of them.

use gimli::{CfaRule, Register, RegisterRule};

use super::table::Row;
use crate::registers::{RBP, RBX, REGISTER_COUNT, RIP, RSP};

/// Registers that a called function hands back unchanged (System V ABI AMD64, section 3.2.1).
pub(super) const CALLEE_SAVED: [usize; 6] = [RBX, RBP, 12, 13, 14, 15];

const SLOTS: usize = 4096;

/// The rule for one register of the caller: an offset from the CFA, or one of two marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Saved(i32);

impl Saved {
    /// Still in the register.
    pub(super) const SAME: Self = Self(i32::MAX);
    /// Lost; for the return address, there is no caller.
    pub(super) const UNDEFINED: Self = Self(i32::MIN);

    fn at(offset: i64) -> Option<Self> {
        let saved = Self(i32::try_from(offset).ok()?);
        (saved != Self::SAME && saved != Self::UNDEFINED).then_some(saved)
    }

    /// The address it was saved at, unless this is a mark.
    #[inline]
    pub(super) fn address(self, cfa: u64) -> u64 {
        cfa.wrapping_add_signed(i64::from(self.0))
    }
}

/// Rules of one address that need no expressions: adding and loading lead to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compact {
    pub(super) cfa_offset: i32,
    pub(super) cfa_register: u8,
    /// In the order of [`CALLEE_SAVED`].
    pub(super) saved: [Saved; CALLEE_SAVED.len()],
    /// The rule for the return address.
    pub(super) return_address: Saved,
}

impl Compact {
    /// The compact form of a row; `None` for signal trampolines, expressions, odd registers.
    pub(super) fn from_row(row: &Row<'_, '_>) -> Option<Self> {
        if row.is_signal || usize::from(row.return_column) != RIP {
            return None;
        }
        let CfaRule::RegisterAndOffset { register, offset } = *row.rules.cfa() else {
            return None;
        };
        let mut compact = Self {
            cfa_offset: i32::try_from(offset).ok()?,
            cfa_register: u8::try_from(register.0).ok()?,
            saved: [Saved::SAME; CALLEE_SAVED.len()],
            return_address: match row.rules.register(column(RIP)) {
                Some(RegisterRule::Offset(offset)) => Saved::at(offset)?,
                Some(RegisterRule::Undefined) => Saved::UNDEFINED,
                _ => return None,
            },
        };
        for (register, rule) in row.rules.registers() {
            compact.add(usize::from(register.0), rule)?;
        }
        Some(compact)
    }

    fn add(&mut self, number: usize, rule: &RegisterRule<usize>) -> Option<()> {
        if number == RIP || number >= REGISTER_COUNT {
            // The return address has its rule already, and vector registers are not followed.
            return Some(());
        }
        let slot = CALLEE_SAVED.iter().position(|&saved| saved == number);
        match (slot, rule) {
            (Some(slot), RegisterRule::Offset(offset)) => self.saved[slot] = Saved::at(*offset)?,
            (Some(slot), RegisterRule::Undefined) => self.saved[slot] = Saved::UNDEFINED,
            (Some(_), RegisterRule::SameValue) => {}
            // What a call may overwrite is unknown without being called undefined.
            (None, RegisterRule::Undefined) if number != RSP => {}
            _ => return None,
        }
        Some(())
    }
}

/// A DWARF register by column number.
pub(super) fn column(number: usize) -> Register {
    Register(number as u16)
}

/// Rules by run-time address, for one map of modules.
pub(super) struct RuleCache {
    /// Empty until first used; then one entry per slot.
    slots: Vec<Option<(u64, Compact)>>,
}

impl RuleCache {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// The rule of an address, if it is remembered.
    #[inline]
    pub(super) fn find(&self, address: u64) -> Option<&Compact> {
        match self.slots.get(slot_of(address))? {
            Some((known, rule)) if *known == address => Some(rule),
            _ => None,
        }
    }

    /// Remembers the rule of an address, in place of the one in its slot.
    pub(super) fn insert(&mut self, address: u64, rule: Compact) {
        if self.slots.is_empty() {
            self.slots = vec![None; SLOTS];
        }
        self.slots[slot_of(address)] = Some((address, rule));
    }
}

/// Spreads addresses, which share most of their bits, over the slots (Fibonacci hashing).
#[inline]
fn slot_of(address: u64) -> usize {
    const BITS: u32 = SLOTS.ilog2();
    (address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: Compact = Compact {
        cfa_offset: 8,
        cfa_register: RSP as u8,
        saved: [Saved::SAME; CALLEE_SAVED.len()],
        return_address: Saved(-8),
    };

    #[test]
    fn the_cache_forgets_only_what_shares_a_slot() {
        let mut cache = RuleCache::new();
        assert_eq!(cache.find(0), None);
        let addresses = || (0..10_000).map(|index| index * 7);
        for address in addresses() {
            cache.insert(address, LEAF);
            assert_eq!(cache.find(address), Some(&LEAF));
        }
        let kept = addresses().filter(|&a| cache.find(a).is_some()).count();
        assert!(kept > SLOTS / 2, "{kept}");
        assert_eq!(cache.find(1), None);
    }

    #[test]
    fn offsets_that_look_like_marks_have_no_compact_form() {
        assert_eq!(Saved::at(i64::from(i32::MAX)), None);
        assert_eq!(Saved::at(i64::from(i32::MIN)), None);
        assert_eq!(Saved::at(1 << 40), None);
        assert_eq!(
            Saved::at(-16).map(|saved| saved.address(8)),
            Some(u64::MAX - 7)
        );
    }
}
