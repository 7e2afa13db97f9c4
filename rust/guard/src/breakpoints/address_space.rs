//! One address space: its memory, and the traps and slots that were put into it.
//!
//! Whoever reads through here sees the program's own bytes, and whoever writes changes what
//! lies under the traps.

use std::io;
use std::os::fd::OwnedFd;

use iced_x86::Instruction;
use log::debug;

use super::displaced::{LONGEST_INSTRUCTION, SlotCode};
use super::emulate;
use super::sites::{Site, Sites, StepOver, TRAP};
use super::slots::Slots;
use crate::journal::Journal;
use crate::journal::reader::Remains;
use crate::os::memory::Memory;
use crate::os::ptrace::Tid;

/// The memory of a program with the traps in it.
pub struct AddressSpace {
    memory: Memory,
    sites: Sites,
    slots: Slots,
    journal: Journal,
}

/// The traps and slots that a fork has copied.
#[derive(Clone)]
pub struct CopiedTraps {
    sites: Sites,
    slots: Slots,
}

impl AddressSpace {
    /// Opens the address space of a process through one of its live threads.
    pub fn open(pid: Tid, tid: Tid) -> io::Result<Self> {
        Ok(Self {
            memory: Memory::open(pid, tid)?,
            sites: Sites::default(),
            slots: Slots::default(),
            journal: Journal::default(),
        })
    }

    /// Takes note that an exec has replaced the address space: traps and slots went with it.
    ///
    /// # Errors
    /// The new one cannot be opened.
    pub fn replace(&mut self, pid: Tid, tid: Tid) -> io::Result<()> {
        self.sites.forget();
        self.slots.forget();
        self.journal.clear();
        self.memory = Memory::open(pid, tid)?;
        Ok(())
    }

    /// Returns what a forked copy of the memory holds.
    pub fn copy_traps(&self) -> CopiedTraps {
        CopiedTraps {
            sites: self.sites.clone(),
            slots: self.slots.clone(),
        }
    }

    /// Takes note that this is a forked copy, which holds the same traps and slots.
    pub fn inherit_traps(&mut self, traps: CopiedTraps) {
        self.sites = traps.sites;
        self.slots = traps.slots;
    }

    // --- the journal -----------------------------------------------------------------

    /// Whether there is something that threads would run into.
    pub fn has_sites(&self) -> bool {
        !self.sites.is_empty()
    }

    /// Returns the journal, which may not be kept yet.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notes from now on what is written; nothing may have been yet.
    pub fn keep_journal(&mut self, journal: &Journal) {
        self.sites.keep_journal(journal.clone());
        self.slots.keep_journal(journal.clone());
        self.journal = journal.clone();
    }

    /// Ends the journal, as nothing is left in the program or the program itself is gone.
    pub fn close_journal(&mut self) {
        self.sites.keep_journal(Journal::default());
        self.slots.keep_journal(Journal::default());
        self.journal.close();
    }

    /// Takes over the traps and slots that a dead guard has left; returns how many of each are
    /// in memory.  They are taken out as one's own are.
    pub fn adopt(&mut self, remains: &Remains) -> (usize, usize) {
        let is_in = |address: u64| self.memory.read_byte(address) == Some(TRAP);
        let traps = remains.traps.iter().filter(|trap| is_in(trap.address));
        let traps = traps.inspect(|trap| self.sites.adopt(trap)).count();
        let before = self.slots.count(&self.memory);
        for slot in &remains.slots {
            self.slots.adopt(slot.clone());
        }
        (traps, self.slots.count(&self.memory) - before)
    }

    /// Forgets every site: those that were adopted are not the client's.
    pub fn forget_sites(&mut self) {
        self.sites.forget();
    }

    // --- memory ----------------------------------------------------------------------

    /// Duplicates the descriptor of the memory, to be shared with a client on this machine.
    pub fn duplicate_memory(&self) -> io::Result<OwnedFd> {
        self.memory.duplicate()
    }

    /// Reads as many bytes at `address` as can be read and returns their count.
    pub fn read(&self, address: u64, into: &mut [u8]) -> usize {
        let count = self.memory.read(address, into);
        self.sites.mask(address, &mut into[..count]);
        count
    }

    /// Reads exactly `into.len()` bytes at `address`; `false` when some byte cannot be read.
    pub fn read_exact(&self, address: u64, into: &mut [u8]) -> bool {
        self.read(address, into) == into.len()
    }

    /// Reads exactly `into.len()` bytes as the processor sees them, traps included.
    pub fn read_with_traps(&self, address: u64, into: &mut [u8]) -> bool {
        self.memory.read_exact(address, into)
    }

    /// Writes program bytes: traps stay, and what lies under them changes.
    pub fn write(&mut self, address: u64, data: &[u8]) -> io::Result<()> {
        self.sites.write(&self.memory, address, data)
    }

    // --- traps -----------------------------------------------------------------------

    /// Adds a site, or gives an existing one new conditions.
    ///
    /// # Errors
    /// A sentence that says why there can be no trap at `address`.
    pub fn add_site(&mut self, address: u64, conditions: Vec<Box<[u8]>>) -> Result<(), String> {
        if self.sites.find(address).is_none() {
            self.refuse_shared(address)?;
        }
        self.sites
            .add(&self.memory, address, conditions)
            .map_err(|error| format!("no trap can be written at {address:#x}: {error}"))
    }

    /// Refuses a trap in a writable mapping of a file, where it would end up in the file.
    fn refuse_shared(&self, address: u64) -> Result<(), String> {
        let mapping = self.memory.mapping_at(address);
        match mapping.map_err(|error| error.to_string())? {
            None => Err(format!("nothing is mapped at {address:#x}")),
            Some(mapping) if mapping.reaches_file() => Err(format!(
                "{address:#x} lies in a file's shared mapping: a trap would change the file"
            )),
            Some(_) => Ok(()),
        }
    }

    /// Removes a site; one that is not there is fine.
    pub fn remove_site(&mut self, address: u64) -> io::Result<()> {
        self.sites.remove(&self.memory, address)
    }

    /// Removes every site; the traps must be lifted.
    pub fn remove_sites(&mut self) {
        self.sites.remove_all();
    }

    /// Finds the site at `address`.
    pub fn site_at(&self, address: u64) -> Option<&Site> {
        self.sites.find(address)
    }

    /// Whether the traps are in memory, that is, threads may be running.
    pub fn has_traps_inserted(&self) -> bool {
        self.sites.are_inserted()
    }

    /// Inserts every trap; returns the addresses where that failed.  No thread may be running.
    pub fn insert_traps(&mut self) -> Vec<u64> {
        self.sites.insert_all(&self.memory)
    }

    /// Lifts every trap; returns the addresses where that failed.  No thread may be running.
    pub fn lift_traps(&mut self) -> Vec<u64> {
        self.sites.lift_all(&self.memory)
    }

    /// Lifts the one trap at `address` for a moment; see [`AddressSpace::put_back_trap`].
    pub fn lift_trap(&mut self, address: u64) -> io::Result<()> {
        self.sites.lift_one(&self.memory, address)
    }

    /// Puts a trap back that [`AddressSpace::lift_trap`] has lifted.
    pub fn put_back_trap(&mut self, address: u64) -> io::Result<()> {
        self.sites.put_back(&self.memory, address)
    }

    // --- stepping over traps ---------------------------------------------------------

    /// Returns how to step over the trap at `address`, which is found out once per site;
    /// `None` where no trap is inserted.
    ///
    /// `tid` is a live thread, whose mappings are read at need.
    pub fn step_over_at(&mut self, tid: Tid, address: u64) -> Option<StepOver> {
        let known = self.sites.step_over_at(address)?;
        if !matches!(known, StepOver::Unknown) {
            return Some(known);
        }
        let mut bytes = [0; LONGEST_INSTRUCTION];
        self.read(address, &mut bytes);
        let found = self.slots.prepare(tid, &self.memory, address, bytes);
        debug!("step over {address:#x}: {found:?}");
        self.sites.set_step_over(address, found);
        Some(found)
    }

    /// Carries out an instruction on a thread's registers; `false`, with nothing changed, when
    /// the processor itself must raise a fault.
    pub fn emulate(
        &mut self,
        instruction: &Instruction,
        registers: &mut libc::user_regs_struct,
    ) -> bool {
        emulate::emulate(instruction, registers, self)
    }

    /// Finds the slot whose code `pc` lies in.
    pub fn slot_at(&self, pc: u64) -> Option<&SlotCode> {
        self.slots.find(&self.memory, pc)
    }

    /// Whether any slot is in memory.
    pub fn has_slots(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Restores the bytes of all slots.  Every thread must be outside all slots.
    pub fn remove_slots(&mut self) -> io::Result<()> {
        self.sites.forget_slots();
        self.slots.remove_all(&self.memory)
    }
}

impl emulate::Memory for AddressSpace {
    fn load(&self, address: u64, buffer: &mut [u8]) -> bool {
        self.read_exact(address, buffer)
    }

    fn store(&mut self, address: u64, bytes: &[u8]) -> bool {
        self.memory.write(address, bytes).is_ok()
    }
}
