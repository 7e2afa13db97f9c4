//! Where relocated instructions lie in a program's memory.
//!
//! A slot stays where it is once written, even when its trap is gone: a thread may be
//! running through it unseen.  It is reused when the same trap comes back, and reclaimed
//! only while every thread is known to be elsewhere.

use std::collections::BTreeMap;
use std::io;

use crate::breakpoints::caves::{self, Cave};
use crate::breakpoints::displaced::{self, Plan, SLOT_SIZE, SlotCode};
use crate::breakpoints::sites::StepOver;
use crate::os::memory::Memory;
use crate::os::procfs;
use crate::os::ptrace::Tid;

struct Slot {
    code: SlotCode,
    instruction: [u8; 15],
    before: Vec<u8>,
}

struct ModuleCave {
    module: std::ops::Range<u64>,
    cave: Cave,
}

/// All slots of one address space.
#[derive(Default)]
pub struct Slots {
    caves: Vec<ModuleCave>,
    by_address: BTreeMap<u64, Slot>,
}

impl Slots {
    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    /// The copy that `pc` lies in.
    pub fn find(&self, pc: u64) -> Option<&SlotCode> {
        let (_, slot) = self.by_address.range(..=pc).next_back()?;
        slot.code.original_rip(pc).map(|_| &slot.code)
    }

    /// Finds a way past the instruction at `address`, whose true bytes are `instruction`.
    pub fn prepare(
        &mut self,
        pid: Tid,
        memory: &Memory,
        address: u64,
        instruction: [u8; 15],
    ) -> StepOver {
        let old = self
            .by_address
            .values()
            .find(|slot| slot.code.original == address && slot.instruction == instruction);
        if let Some(old) = old {
            return StepOver::Slot(old.code.slot);
        }
        match displaced::plan(&instruction, address, None) {
            Plan::Emulate => match displaced::decode(&instruction, address) {
                Some(decoded) => StepOver::Emulate(decoded),
                None => StepOver::InPlace,
            },
            _ => self
                .copy(pid, memory, address, instruction)
                .unwrap_or(StepOver::InPlace),
        }
    }

    fn copy(
        &mut self,
        pid: Tid,
        memory: &Memory,
        address: u64,
        instruction: [u8; 15],
    ) -> Option<StepOver> {
        if !self.caves.iter().any(|near| near.module.contains(&address)) {
            self.find_caves(pid, memory);
        }
        // The module's own cave first: it is in reach of rip-relative operands.
        self.caves
            .sort_by_key(|near| !near.module.contains(&address));
        for near in &mut self.caves {
            let Some(place) = near.cave.take() else {
                continue;
            };
            if let Plan::Copy(code) = displaced::plan(&instruction, address, Some(place)) {
                let mut before = vec![0; code.bytes.len()];
                if memory.read_exact(place, &mut before) && memory.write(place, &code.bytes).is_ok()
                {
                    self.by_address.insert(
                        place,
                        Slot {
                            code,
                            instruction,
                            before,
                        },
                    );
                    return Some(StepOver::Slot(place));
                }
            }
            near.cave.give_back(place);
        }
        None
    }

    fn find_caves(&mut self, pid: Tid, memory: &Memory) {
        let maps = procfs::maps(pid).unwrap_or_default();
        for map in maps
            .iter()
            .filter(|map| map.is_executable() && !map.is_shared() && map.inode != 0)
        {
            let module = map.start..map.end;
            if self.caves.iter().any(|near| near.module == module) {
                continue;
            }
            let first = maps.iter().find(|other| {
                other.inode == map.inode && other.path == map.path && other.offset == 0
            });
            let Some(first) = first else { continue };
            let read = |at: u64, into: &mut [u8]| memory.read_exact(at, into);
            if let Some((start, end)) = caves::find_cave(map.start, first.start, read) {
                // The last page must be this mapping's, or it is another one's bytes.
                if module.contains(&start) && end <= module.end {
                    self.caves.push(ModuleCave {
                        module,
                        cave: Cave::new(start, end),
                    });
                }
            }
        }
    }

    /// Takes back slots whose trap is gone.  Every thread must be outside all slots.
    pub fn reclaim(&mut self, memory: &Memory, is_wanted: impl Fn(u64) -> bool) -> io::Result<()> {
        const ENOUGH: usize = 16;
        if self.by_address.len() < ENOUGH {
            return Ok(());
        }
        let unused: Vec<u64> = self
            .by_address
            .iter()
            .filter(|(_, slot)| !is_wanted(slot.code.original))
            .map(|(place, _)| *place)
            .collect();
        for place in unused {
            self.remove(memory, place)?;
        }
        Ok(())
    }

    /// Restores every byte written.  Every thread must be outside all slots.
    pub fn remove_all(&mut self, memory: &Memory) -> io::Result<()> {
        while let Some(place) = self.by_address.keys().next().copied() {
            self.remove(memory, place)?;
        }
        Ok(())
    }

    fn remove(&mut self, memory: &Memory, place: u64) -> io::Result<()> {
        let Some(slot) = self.by_address.remove(&place) else {
            return Ok(());
        };
        for near in &mut self.caves {
            if near.cave.contains(place) {
                near.cave.give_back(place);
            }
        }
        debug_assert!(slot.before.len() as u64 <= SLOT_SIZE);
        // A library that is unloaded by now takes its slots with it.
        let mut now = vec![0; slot.before.len()];
        if memory.read_exact(place, &mut now) && now == slot.code.bytes {
            memory.write(place, &slot.before)?;
        }
        Ok(())
    }

    /// Forgets everything: the address space is another one now.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Clone for Slots {
    /// A forked child has its own copy of every slot; its caves are found again at need.
    fn clone(&self) -> Self {
        let copy = |(place, slot): (&u64, &Slot)| {
            let slot = Slot {
                code: slot.code.clone(),
                instruction: slot.instruction,
                before: slot.before.clone(),
            };
            (*place, slot)
        };
        Self {
            caves: Vec::new(),
            by_address: self.by_address.iter().map(copy).collect(),
        }
    }
}
