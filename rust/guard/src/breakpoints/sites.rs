//! Trap bytes: the one place where they enter and leave a program's memory.
//!
//! A site belongs to an address space.  It is *wanted* from the client's first `Z0` to its
//! `z0`, and *inserted* only while threads may run: at a stop the client sees, memory holds
//! the program's own bytes.

use std::collections::BTreeMap;
use std::io;

use crate::os::memory::Memory;

/// The `int3` instruction.
pub const TRAP: u8 = 0xcc;
const PAGE: u64 = 4096;

/// How a thread gets past the instruction under a trap; made at the first need.
#[derive(Clone, Copy, Debug, Default)]
pub enum StepOver {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// Carried out on the registers alone.
    Emulate(iced_x86::Instruction),
    /// A relocated copy lies at this address.
    Slot(u64),
    /// Only the original place will do, with every other thread stopped.
    InPlace,
}

/// One trap.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The program's own byte under the trap; valid while `inserted`.
    pub original: u8,
    /// Whether the trap byte is in memory now.
    pub inserted: bool,
    /// Agent expressions; the client hears of a hit when one is non-zero or fails.
    pub conditions: Vec<Box<[u8]>>,
    /// How the instruction is executed without lifting the trap.
    pub step_over: StepOver,
}

/// All traps of one address space, by address.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    table: BTreeMap<u64, Site>,
    active: bool,
}

impl Sites {
    /// Whether wanted traps are in memory, that is, threads may be running.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The trap at `address`.
    pub fn find(&self, address: u64) -> Option<&Site> {
        self.table.get(&address)
    }

    /// The trap at `address`, to be changed.
    pub fn find_mut(&mut self, address: u64) -> Option<&mut Site> {
        self.table.get_mut(&address)
    }

    /// Wants a trap at `address`; an existing one takes the new conditions.
    ///
    /// The byte is written at once while threads run, else when they next do; that the place
    /// can be written is checked either way.
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
        if self.active {
            insert(memory, address, &mut site)?;
        } else if memory.read_byte(address).is_none() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.table.insert(address, site);
        Ok(())
    }

    /// No longer wants the trap at `address`; its slot is returned to be freed.
    pub fn remove(&mut self, memory: &Memory, address: u64) -> io::Result<Option<Site>> {
        let Some(site) = self.table.get_mut(&address) else {
            return Ok(None);
        };
        lift(memory, address, site)?;
        Ok(self.table.remove(&address))
    }

    /// Puts every wanted trap in; returns those that could not be.
    ///
    /// No thread may be running.  A place that has gone (an unloaded library) stays wanted
    /// and is tried again next time.
    pub fn insert_all(&mut self, memory: &Memory) -> Vec<u64> {
        self.active = true;
        self.change_all(memory, insert_into, insert)
    }

    /// Takes every trap out of memory; no thread may be running.
    pub fn lift_all(&mut self, memory: &Memory) -> Vec<u64> {
        self.active = false;
        self.change_all(memory, lift_from, lift)
    }

    /// Changes all traps, those of one page with one read and one write.
    fn change_all(
        &mut self,
        memory: &Memory,
        change: fn(&mut u8, &mut Site) -> bool,
        change_alone: fn(&Memory, u64, &mut Site) -> io::Result<()>,
    ) -> Vec<u64> {
        let mut failed = Vec::new();
        let mut sites: Vec<(u64, &mut Site)> = self
            .table
            .iter_mut()
            .map(|(at, site)| (*at, site))
            .collect();
        for group in sites.chunk_by_mut(|(a, _), (b, _)| a / PAGE == b / PAGE) {
            if change_group(memory, group, change) {
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

    /// Takes the one trap at `address` out for a moment; see [`Sites::put_back`].
    pub fn lift_one(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        self.table
            .get_mut(&address)
            .map_or(Ok(()), |site| lift(memory, address, site))
    }

    /// Puts a trap that [`Sites::lift_one`] took out back in.
    pub fn put_back(&mut self, memory: &Memory, address: u64) -> io::Result<()> {
        match self.table.get_mut(&address) {
            Some(site) if self.active && !site.inserted => insert(memory, address, site),
            _ => Ok(()),
        }
    }

    /// Forgets everything: the address space is another one now.
    pub fn forget(&mut self) {
        self.table.clear();
        self.active = false;
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

    /// Writes program bytes under traps: the traps stay, what they hide changes.
    pub fn write(&mut self, memory: &Memory, address: u64, data: &[u8]) -> io::Result<()> {
        let end = address.saturating_add(data.len() as u64);
        let mut with_traps = data.to_vec();
        for (at, site) in self.table.range_mut(address..end) {
            site.step_over = StepOver::Unknown;
            if site.inserted {
                let byte = &mut with_traps[(at - address) as usize];
                site.original = std::mem::replace(byte, TRAP);
            }
        }
        memory.write(address, &with_traps)
    }
}

/// Changes the traps of one page; `false` when that must be done one by one.
fn change_group(
    memory: &Memory,
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
    }
    if !changed || memory.write(first, bytes).is_ok() {
        return true;
    }
    for ((_, site), old) in group.iter_mut().zip(before) {
        **site = old;
    }
    false
}

/// Puts a trap into the byte that was read; `true` when the byte has to be written.
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

/// Takes a trap out of the byte that was read; `true` when the byte has to be written.
fn lift_from(byte: &mut u8, site: &mut Site) -> bool {
    // What the program itself has written over the trap is not ours any more.
    let is_ours = site.inserted && *byte == TRAP;
    site.inserted = false;
    if is_ours {
        *byte = site.original;
    }
    is_ours
}

fn insert(memory: &Memory, address: u64, site: &mut Site) -> io::Result<()> {
    let mut byte = memory.read_byte(address).ok_or(io::ErrorKind::NotFound)?;
    let mut changed = site.clone();
    if insert_into(&mut byte, &mut changed) {
        memory.write(address, &[byte])?;
        *site = changed;
    }
    Ok(())
}

fn lift(memory: &Memory, address: u64, site: &mut Site) -> io::Result<()> {
    if !site.inserted {
        return Ok(());
    }
    let Some(mut byte) = memory.read_byte(address) else {
        site.inserted = false; // unmapped since
        return Ok(());
    };
    if lift_from(&mut byte, site) {
        return memory.write(address, &[byte]);
    }
    Ok(())
}
