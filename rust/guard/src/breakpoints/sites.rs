//! Trap bytes: the one place where they enter and leave a program's memory.
//!
//! A site belongs to an address space and exists from the client's first `Z0` to its `z0`.  Its
//! trap is *inserted* only while threads may run: at a stop the client sees, memory holds the
//! program's own bytes.

use std::collections::BTreeMap;
use std::io;

use super::displaced::LONGEST_INSTRUCTION;
use crate::journal::Journal;
use crate::journal::record::Trap;
use crate::os::memory::Memory;

/// The `int3` instruction.
pub const TRAP: u8 = 0xcc;
const PAGE: u64 = 4096;

/// The way a thread steps over the trap of a site; found out at the first need.
#[derive(Clone, Copy, Debug, Default)]
pub enum StepOver {
    /// Not found out yet.
    #[default]
    Unknown,
    /// This instruction is emulated.
    Emulate(iced_x86::Instruction),
    /// A relocated copy lies at this address.
    Slot(u64),
    /// The instruction is stepped where it is, with every other thread held.
    InPlace,
}

/// A trapped address.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The program's own byte under the trap; valid while `inserted`.
    original: u8,
    /// Whether the trap byte is in memory now.
    inserted: bool,
    /// Agent expressions; a hit is reported when one is non-zero or fails.
    conditions: Vec<Box<[u8]>>,
    step_over: StepOver,
}

impl Site {
    /// Returns the conditions of a hit, as agent expressions.
    pub fn conditions(&self) -> &[Box<[u8]>] {
        &self.conditions
    }

    /// Whether the trap lies over an `int3` of the program's own.
    pub fn hides_program_trap(&self) -> bool {
        self.inserted && self.original == TRAP
    }
}

/// All sites of one address space, by address.
#[derive(Default)]
pub struct Sites {
    table: BTreeMap<u64, Site>,
    are_inserted: bool,
    /// Where each trap is noted before it is inserted.
    journal: Journal,
}

impl Clone for Sites {
    /// A forked child has its own copy of every trap, and no journal.
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            are_inserted: self.are_inserted,
            journal: Journal::default(),
        }
    }
}

impl Sites {
    /// Notes traps from now on; none may be inserted.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = journal;
    }

    /// Whether there is no site.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Takes over a trap that somebody else has inserted, over this byte.
    pub fn adopt(&mut self, trap: &Trap) {
        self.are_inserted = true;
        let site = self.table.entry(trap.address).or_default();
        site.original = trap.original;
        site.inserted = true;
    }

    /// Whether the traps are in memory, that is, threads may be running.
    pub fn are_inserted(&self) -> bool {
        self.are_inserted
    }

    /// Finds the site at `address`.
    pub fn find(&self, address: u64) -> Option<&Site> {
        self.table.get(&address)
    }

    /// Returns how to step over the trap at `address`; `None` where none is inserted.
    pub fn step_over_at(&self, address: u64) -> Option<StepOver> {
        let site = self.find(address).filter(|site| site.inserted)?;
        Some(site.step_over)
    }

    /// Notes how to step over the trap at `address`.
    pub fn set_step_over(&mut self, address: u64, step_over: StepOver) {
        if let Some(site) = self.table.get_mut(&address) {
            site.step_over = step_over;
        }
    }

    /// Forgets which sites have slots: the process may go on as a forked child without them.
    pub fn forget_slots(&mut self) {
        for site in self.table.values_mut() {
            if matches!(site.step_over, StepOver::Slot(_)) {
                site.step_over = StepOver::Unknown;
            }
        }
    }

    /// Adds a site at `address`; an existing one takes the new conditions.
    ///
    /// The trap is inserted at once while threads run, else when they next do; that the byte
    /// can be read is checked either way.
    pub fn add(
        &mut self,
        memory: &Memory,
        address: u64,
        conditions: Vec<Box<[u8]>>,
    ) -> io::Result<()> {
        if let Some(site) = self.table.get_mut(&address) {
            site.conditions = conditions;
            return Ok(());
        }
        let mut site = Site {
            conditions,
            ..Site::default()
        };
        if self.are_inserted {
            insert(memory, &self.journal, address, &mut site)?;
        } else if memory.read_byte(address).is_none() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.table.insert(address, site);
        Ok(())
    }

    /// Removes the site at `address`, if there is one.
    pub fn remove(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        if let Some(site) = self.table.get_mut(&address) {
            lift(memory, address, site)?;
            self.table.remove(&address);
            self.journal.forget::<Trap>(address);
        }
        Ok(())
    }

    /// Removes every site; the traps must be lifted.
    pub fn remove_all(&mut self) {
        for address in std::mem::take(&mut self.table).into_keys() {
            self.journal.forget::<Trap>(address);
        }
    }

    /// Inserts every trap; returns the addresses where that failed.
    ///
    /// No thread may be running.  The site of an address that is gone (an unloaded library)
    /// stays, and its trap is tried again next time.
    pub fn insert_all(&mut self, memory: &Memory) -> Vec<u64> {
        self.are_inserted = true;
        let journal = self.journal.clone();
        self.change_all(memory, insert_into, |memory, address, site| {
            insert(memory, &journal, address, site)
        })
    }

    /// Lifts every trap; returns the addresses where that failed.  No thread may be running.
    pub fn lift_all(&mut self, memory: &Memory) -> Vec<u64> {
        self.are_inserted = false;
        self.change_all(memory, lift_from, lift)
    }

    /// Changes all traps, those of one page with one read and one write.
    fn change_all(
        &mut self,
        memory: &Memory,
        change: fn(&mut u8, &mut Site) -> bool,
        change_alone: impl Fn(&Memory, u64, &mut Site) -> io::Result<()>,
    ) -> Vec<u64> {
        let mut failed = Vec::new();
        let journal = &self.journal;
        let mut sites: Vec<(u64, &mut Site)> = self
            .table
            .iter_mut()
            .map(|(at, site)| (*at, site))
            .collect();
        for group in sites.chunk_by_mut(|(a, _), (b, _)| a / PAGE == b / PAGE) {
            if change_group(memory, journal, group, change) {
                continue;
            }
            for (address, site) in group {
                if change_alone(memory, *address, site).is_err() {
                    failed.push(*address);
                }
            }
        }
        failed
    }

    /// Lifts the one trap at `address` for a moment; see [`Sites::put_back`].
    pub fn lift_one(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        self.table
            .get_mut(&address)
            .map_or(Ok(()), |site| lift(memory, address, site))
    }

    /// Puts a trap back that [`Sites::lift_one`] has lifted.
    pub fn put_back(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        match self.table.get_mut(&address) {
            Some(site) if self.are_inserted && !site.inserted => {
                insert(memory, &self.journal, address, site)
            }
            _ => Ok(()),
        }
    }

    /// Forgets every site: an exec has replaced the address space, or none is in it any more.
    pub fn forget(&mut self) {
        self.table.clear();
        self.are_inserted = false;
    }

    /// Replaces trap bytes in `bytes`, which were read at `address`, by the program's own.
    pub fn mask(&self, address: u64, bytes: &mut [u8]) {
        let end = address.saturating_add(bytes.len() as u64);
        for (at, site) in self.table.range(address..end) {
            let byte = &mut bytes[(at - address) as usize];
            if site.inserted && *byte == TRAP {
                *byte = site.original;
            }
        }
    }

    /// Writes program bytes: traps stay, and what lies under them changes.
    pub fn write(&mut self, memory: &Memory, address: u64, data: &[u8]) -> io::Result<()> {
        let end = address.saturating_add(data.len() as u64);
        let mut with_traps = data.to_vec();
        let first = address.saturating_sub(LONGEST_INSTRUCTION as u64 - 1);
        for (at, site) in self.table.range_mut(first..end) {
            site.step_over = StepOver::Unknown;
            if site.inserted && *at >= address {
                with_traps[(at - address) as usize] = TRAP;
            }
        }
        let (count, outcome) = memory.write_counted(address, &with_traps);
        for (at, site) in self.table.range_mut(address..address + count as u64) {
            if site.inserted {
                site.original = data[(at - address) as usize];
                note(&self.journal, *at, site);
            }
        }
        outcome
    }
}

/// Changes the traps of one page; `false` when that must be done one by one, with nothing
/// changed.
fn change_group(
    memory: &Memory,
    journal: &Journal,
    group: &mut [(u64, &mut Site)],
    change: fn(&mut u8, &mut Site) -> bool,
) -> bool {
    let (Some((first, _)), Some((last, _))) = (group.first(), group.last()) else {
        return true;
    };
    let first = *first;
    let mut page = [0; PAGE as usize];
    let bytes = &mut page[..=(*last - first) as usize];
    if !memory.read_exact(first, bytes) {
        return false;
    }
    let before: Vec<Site> = group.iter().map(|(_, site)| (**site).clone()).collect();
    let mut changed = false;
    for (address, site) in group.iter_mut() {
        changed |= change(&mut bytes[(*address - first) as usize], site);
        note(journal, *address, site);
    }
    if !changed || memory.write(first, bytes).is_ok() {
        return true;
    }
    for ((_, site), old) in group.iter_mut().zip(before) {
        **site = old;
    }
    false
}

/// Notes a trap that is about to be in memory.
fn note(journal: &Journal, address: u64, site: &Site) {
    if site.inserted {
        journal.note(&Trap {
            address,
            original: site.original,
        });
    }
}

/// Inserts a trap into the byte that was read; `true` when the byte has to be written.
fn insert_into(byte: &mut u8, site: &mut Site) -> bool {
    if site.inserted {
        return false;
    }
    if site.original != *byte {
        // Another library may lie here since; whatever was derived from the old code is void.
        site.step_over = StepOver::Unknown;
    }
    site.original = std::mem::replace(byte, TRAP);
    site.inserted = true;
    true
}

/// Lifts a trap from the byte that was read; `true` when the byte has to be written.
fn lift_from(byte: &mut u8, site: &mut Site) -> bool {
    let is_ours = site.inserted && *byte == TRAP;
    if is_ours {
        *byte = site.original;
    } else if site.inserted {
        // What the program itself has written over the trap, or mapped in its place, is not
        // ours any more.
        site.step_over = StepOver::Unknown;
    }
    site.inserted = false;
    is_ours
}

fn insert(memory: &Memory, journal: &Journal, address: u64, site: &mut Site) -> io::Result<()> {
    let Some(mut byte) = memory.read_byte(address) else {
        // Whatever will lie here is other code.
        site.step_over = StepOver::Unknown;
        return Err(io::ErrorKind::NotFound.into());
    };
    let mut changed = site.clone();
    if insert_into(&mut byte, &mut changed) {
        note(journal, address, &changed);
        memory.write(address, &[byte])?;
        *site = changed;
    }
    Ok(())
}

/// Lifts a trap; its record stays, since it is most likely to come back.
fn lift(memory: &Memory, address: u64, site: &mut Site) -> io::Result<()> {
    if !site.inserted {
        return Ok(());
    }
    // A byte that cannot be read is unmapped since, and the trap with it.
    let mut byte = memory.read_byte(address).unwrap_or(0);
    if lift_from(&mut byte, site) {
        let written = memory.write(address, &[byte]);
        site.inserted = written.is_err();
        return written;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

    use super::*;

    const NONE: Vec<u64> = Vec::new();
    const NOP: u8 = 0x90;

    /// Pages of our own, which are written as those of a program are.
    struct Pages {
        start: u64,
        count: u64,
        memory: Memory,
    }

    impl Pages {
        fn new(count: u64) -> Self {
            let own = std::process::id() as i32;
            let pages = Self {
                start: map(0, count, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1),
                count,
                memory: Memory::open(own, own).unwrap(),
            };
            let nops = vec![NOP; (count * PAGE) as usize];
            pages.memory.write(pages.start, &nops).unwrap();
            pages
        }

        /// Returns the address of the first byte of a page.
        fn page(&self, index: u64) -> u64 {
            self.start + index * PAGE
        }

        fn byte(&self, address: u64) -> u8 {
            self.memory.read_byte(address).unwrap()
        }

        /// Replaces a page by one full of traps that nobody can write, as long as it is not
        /// made writable.
        fn freeze(&self, index: u64) {
            let at = self.page(index);
            // SAFETY: the name is terminated, and the descriptor nobody else's.
            let file = unsafe { OwnedFd::from_raw_fd(libc::memfd_create(c"page".as_ptr(), 0)) };
            // SAFETY: the descriptor is open.
            assert_eq!(unsafe { libc::ftruncate(file.as_raw_fd(), PAGE as i64) }, 0);
            map(at, 1, libc::MAP_SHARED | libc::MAP_FIXED, file.as_raw_fd());
            self.memory.write(at, &[TRAP; PAGE as usize]).unwrap();
            self.protect(index, libc::PROT_READ);
        }

        fn protect(&self, index: u64, access: i32) {
            let at = self.page(index) as *mut libc::c_void;
            // SAFETY: nothing refers to this page.
            assert_eq!(unsafe { libc::mprotect(at, PAGE as usize, access) }, 0);
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            let size = (self.count * PAGE) as usize;
            // SAFETY: nothing refers to these pages.
            unsafe { libc::munmap(self.start as *mut libc::c_void, size) };
        }
    }

    fn map(at: u64, count: u64, flags: i32, file: i32) -> u64 {
        let (at, size) = (at as *mut libc::c_void, (count * PAGE) as usize);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the pages are new, or some of our own that nothing refers to.
        let start = unsafe { libc::mmap(at, size, access, flags, file, 0) };
        assert_ne!(start, libc::MAP_FAILED);
        start as u64
    }

    fn insert_at(memory: &Memory, addresses: &[u64]) -> Sites {
        let mut sites = Sites::default();
        for &address in addresses {
            sites.add(memory, address, Vec::new()).unwrap();
        }
        assert_eq!(sites.insert_all(memory), NONE);
        sites
    }

    #[test]
    fn what_lies_under_a_trap_is_written_without_it() {
        let pages = Pages::new(1);
        let at = pages.page(0) + 1;
        let mut sites = insert_at(&pages.memory, &[at]);
        sites.write(&pages.memory, at - 1, &[1, 2, 3]).unwrap();
        assert_eq!(pages.byte(at), TRAP);
        sites.remove(&pages.memory, at).unwrap();
        assert_eq!([at - 1, at, at + 1].map(|at| pages.byte(at)), [1, 2, 3]);
    }

    #[test]
    fn an_instruction_that_is_written_is_stepped_over_anew() {
        let pages = Pages::new(1);
        let at = pages.page(0);
        for (offset, is_new) in [(0, true), (14, true), (15, false)] {
            let mut sites = insert_at(&pages.memory, &[at]);
            sites.set_step_over(at, StepOver::InPlace);
            sites.write(&pages.memory, at + offset, &[1]).unwrap();
            let is_unknown = matches!(sites.step_over_at(at), Some(StepOver::Unknown));
            assert_eq!(is_unknown, is_new, "{offset}");
            sites.lift_all(&pages.memory);
        }
    }

    #[test]
    fn a_write_that_is_broken_off_changes_what_it_has_reached() {
        let pages = Pages::new(3);
        let (reached, missed) = (pages.page(1) - 1, pages.page(2));
        let mut sites = insert_at(&pages.memory, &[reached, missed]);
        pages.freeze(1);
        let data = vec![7; PAGE as usize + 2];
        assert!(sites.write(&pages.memory, reached, &data).is_err());
        assert_eq!(sites.lift_all(&pages.memory), NONE);
        assert_eq!([reached, missed].map(|at| pages.byte(at)), [7, NOP]);
    }

    #[test]
    fn a_trap_that_cannot_be_lifted_is_lifted_later() {
        let pages = Pages::new(1);
        let at = pages.page(0);
        let mut sites = insert_at(&pages.memory, &[at]);
        pages.freeze(0);
        assert!(sites.remove(&pages.memory, at).is_err());
        assert_eq!(sites.lift_all(&pages.memory), [at]);
        pages.protect(0, libc::PROT_READ | libc::PROT_WRITE);
        assert_eq!(sites.insert_all(&pages.memory), NONE);
        assert_eq!(sites.lift_all(&pages.memory), NONE);
        assert_eq!(pages.byte(at), NOP);
    }
}
