//! Slots: where relocated instructions lie in a program's memory.
//!
//! A slot stays as it is once written, even when its trap is gone: a thread may be running
//! through it unseen.  It is used again when the same trap comes back, and removed only while
//! every thread is known to be elsewhere, which is at every stop that the client sees.

use std::collections::BTreeMap;
use std::io;

use super::caves::{self, Cave};
use super::displaced::{self, LONGEST_INSTRUCTION, Plan, SLOT_SIZE, SlotCode};
use super::sites::StepOver;
use crate::journal::Journal;
use crate::journal::record;
use crate::os::mappings::{self, Mapping};
use crate::os::memory::Memory;
use crate::os::ptrace::Tid;

/// The bytes from the address of an instruction on; it ends somewhere within.
type InstructionBytes = [u8; LONGEST_INSTRUCTION];

/// A slot that was written.
#[derive(Clone)]
struct Slot {
    code: SlotCode,
    /// The program's bytes that the code was made of.
    instruction: InstructionBytes,
    /// The slot's bytes before it was written.
    before: Vec<u8>,
}

impl Slot {
    /// Whether its code is in memory: a library that is unloaded takes its slots with it.
    fn is_in_memory(&self, memory: &Memory) -> bool {
        let mut now = vec![0; self.code.bytes.len()];
        memory.read_exact(self.code.slot, &mut now) && now == self.code.bytes
    }

    /// Returns what a journal says of it.
    fn record(&self) -> record::Slot {
        record::Slot {
            address: self.code.slot,
            original: self.code.original,
            length: self.code.length as u8,
            jump_at: self.code.jump_at as u8,
            code: self.code.bytes.clone(),
            before: self.before.clone(),
        }
    }
}

/// The cave of one code mapping.
struct ModuleCave {
    module: Mapping,
    cave: Cave,
}

/// All slots of one address space.
#[derive(Default)]
pub struct Slots {
    caves: Vec<ModuleCave>,
    /// The code mappings in which caves were looked for, be there any or not.
    searched: Vec<Mapping>,
    by_address: BTreeMap<u64, Slot>,
    /// Where each slot is noted before it is written.
    journal: Journal,
}

impl Slots {
    /// Notes slots from now on; none may be written.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = journal;
    }

    /// Takes over a slot that somebody else has written.
    pub fn adopt(&mut self, slot: record::Slot) {
        let code = SlotCode {
            bytes: slot.code,
            slot: slot.address,
            original: slot.original,
            length: u64::from(slot.length),
            jump_at: u64::from(slot.jump_at),
        };
        let slot = Slot {
            code,
            // Nothing is known of it; it is never stepped over again.
            instruction: InstructionBytes::default(),
            before: slot.before,
        };
        self.by_address.insert(slot.code.slot, slot);
    }

    /// Counts the slots whose code is in memory.
    pub fn count(&self, memory: &Memory) -> usize {
        let slots = self.by_address.values();
        slots.filter(|slot| slot.is_in_memory(memory)).count()
    }

    /// Whether no slot is written.
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    /// Finds the slot whose code `pc` lies in.
    pub fn find(&self, memory: &Memory, pc: u64) -> Option<&SlotCode> {
        let (_, slot) = self.by_address.range(..=pc).next_back()?;
        slot.code.original_rip(pc)?;
        slot.is_in_memory(memory).then_some(&slot.code)
    }

    /// Finds how to step over the instruction at `address`, and writes a slot where one is
    /// needed.
    ///
    /// `tid` is a live thread, whose mappings are read at need.
    pub fn prepare(
        &mut self,
        tid: Tid,
        memory: &Memory,
        address: u64,
        instruction: InstructionBytes,
    ) -> StepOver {
        let old = self
            .by_address
            .values()
            .find(|slot| slot.code.original == address && slot.instruction == instruction);
        if let Some(old) = old {
            let address = old.code.slot;
            if old.is_in_memory(memory) {
                return StepOver::Slot(address);
            }
            self.forget_one(address);
        }
        match displaced::plan(&instruction, address, None) {
            Plan::Emulate => match displaced::decode(&instruction, address) {
                Some(decoded) => StepOver::Emulate(decoded),
                None => StepOver::InPlace,
            },
            _ => self
                .write_slot(tid, memory, address, instruction)
                .map_or(StepOver::InPlace, StepOver::Slot),
        }
    }

    /// Writes a relocated copy into a free slot and returns the slot's address.
    fn write_slot(
        &mut self,
        tid: Tid,
        memory: &Memory,
        address: u64,
        instruction: InstructionBytes,
    ) -> Option<u64> {
        // The kernel is asked for single mappings in far less time than it takes to list them.
        let module = memory.mapping_at(address).ok().flatten();
        if !module.is_some_and(|module| self.searched.contains(&module)) {
            self.search_mappings(tid, memory);
        }
        self.nearest_first(address).into_iter().find_map(|cave| {
            // Where a mapping is gone, other code may lie.
            let there = self.caves[cave].module;
            let is_there = Some(there) == module
                || memory.mapping_at(there.start).ok().flatten() == Some(there);
            is_there
                .then(|| self.write_in_cave(cave, memory, address, instruction))
                .flatten()
        })
    }

    /// Brings the list of caves up to date with what is mapped now.
    fn search_mappings(&mut self, tid: Tid, memory: &Memory) {
        let maps = mappings::read(tid).unwrap_or_default();
        let maps: Vec<Mapping> = maps.into_iter().map(|named| named.mapping).collect();
        self.caves.retain(|near| maps.contains(&near.module));
        self.searched.retain(|module| maps.contains(module));
        self.find_caves(&maps, memory);
    }

    /// Lists the caves, that of the instruction's own module first: it is in reach of
    /// rip-relative operands.
    fn nearest_first(&self, address: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.caves.len()).collect();
        order.sort_by_key(|&cave| !self.caves[cave].module.contains(address));
        order
    }

    /// Writes a relocated copy into a free slot of a cave whose mapping is still there.
    fn write_in_cave(
        &mut self,
        cave: usize,
        memory: &Memory,
        address: u64,
        instruction: InstructionBytes,
    ) -> Option<u64> {
        let cave = &mut self.caves[cave].cave;
        // A mapping that has changed its shape only still has the slots it had.
        let free =
            std::iter::from_fn(|| cave.take()).find(|free| !self.by_address.contains_key(free))?;
        if let Plan::Copy(code) = displaced::plan(&instruction, address, Some(free)) {
            let mut before = vec![0; code.bytes.len()];
            if memory.read_exact(free, &mut before) {
                let slot = Slot {
                    code,
                    instruction,
                    before,
                };
                self.journal.note(&slot.record());
                if memory.write(free, &slot.code.bytes).is_ok() {
                    self.by_address.insert(free, slot);
                    return Some(free);
                }
                self.journal.forget::<record::Slot>(free);
            }
        }
        cave.give_back(free);
        None
    }

    /// Looks for caves in code mappings that were not there, or not needed, before.
    fn find_caves(&mut self, maps: &[Mapping], memory: &Memory) {
        for map in maps.iter().filter(|map| map.is_executable()) {
            if self.searched.contains(map) {
                continue;
            }
            self.searched.push(*map);
            if map.is_shared() || map.inode == 0 {
                continue;
            }
            let begins = |other: &&Mapping| other.is_of_file_of(map) && other.offset == 0;
            let Some(first) = maps.iter().find(begins) else {
                continue;
            };
            let read = |at: u64, into: &mut [u8]| memory.read_exact(at, into);
            if let Some((start, end)) = caves::find_cave(map.start, first.start, read) {
                // The last page must be this mapping's, or it is another one's bytes.
                if map.contains(start) && end <= map.end {
                    self.caves.push(ModuleCave {
                        module: *map,
                        cave: Cave::new(start, end),
                    });
                }
            }
        }
    }

    /// Restores the bytes of all slots.  Every thread must be outside all slots.
    pub fn remove_all(&mut self, memory: &Memory) -> io::Result<()> {
        while let Some(address) = self.by_address.keys().next().copied() {
            self.remove(memory, address)?;
        }
        Ok(())
    }

    fn remove(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        let Some(slot) = self.by_address.get(&address) else {
            return Ok(());
        };
        debug_assert!(slot.before.len() as u64 <= SLOT_SIZE);
        if slot.is_in_memory(memory) {
            memory.write(address, &slot.before)?;
        }
        self.forget_one(address);
        Ok(())
    }

    /// Forgets a slot that is in memory no more.
    fn forget_one(&mut self, address: u64) {
        self.by_address.remove(&address);
        self.journal.forget::<record::Slot>(address);
        for near in &mut self.caves {
            if near.cave.contains(address) {
                near.cave.give_back(address);
            }
        }
    }

    /// Forgets every slot: an exec has replaced the address space.
    pub fn forget(&mut self) {
        self.caves.clear();
        self.searched.clear();
        self.by_address.clear();
    }
}

impl Clone for Slots {
    /// A forked child has its own copy of every slot; its caves are found again at need.
    fn clone(&self) -> Self {
        Self {
            caves: Vec::new(),
            searched: Vec::new(),
            by_address: self.by_address.clone(),
            journal: Journal::default(),
        }
    }
}
