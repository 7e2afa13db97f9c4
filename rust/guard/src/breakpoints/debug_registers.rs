//! Debug registers: four traps on execution or on access to data (Intel SDM vol. 3, "Debug Registers").
//!
//! They belong to a thread, are not inherited by new ones, and outlive the tracer; so those of
//! each thread are brought up to date before it runs, and cleared before it is released.

use crate::os::ptrace::{self, Tid};

const SLOTS: usize = 4;
/// DR6: which of the registers have triggered.
const STATUS: usize = 6;
/// DR7: which registers are enabled, and for what.
const CONTROL: usize = 7;
/// The bits of DR7 that are always set: GE, and the one that reads as one.
const CONTROL_BASE: u64 = 0x600;

/// The kind of access that a debug register traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Execution of an instruction.
    Execute,
    /// Writes.
    Write,
    /// Reads; the hardware reports writes too.
    Read,
    /// Reads and writes.
    Access,
}

impl WatchKind {
    fn bits(self) -> u64 {
        match self {
            Self::Execute => 0b00,
            Self::Write => 0b01,
            Self::Read | Self::Access => 0b11,
        }
    }

    /// Returns how many bytes a register watches for one who names `size` of them.  Execution
    /// is trapped at an address: the processor wants a length of one there, and what clients
    /// name is the length of a breakpoint instruction, if anything.
    fn watched_size(self, size: u64) -> u64 {
        match self {
            Self::Execute => 1,
            Self::Write | Self::Read | Self::Access => size,
        }
    }
}

/// The use of one debug register.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Kind of access.
    pub kind: WatchKind,
    /// First byte.
    pub address: u64,
    /// Bytes: 1, 2, 4 or 8; of no account where execution is trapped.
    pub size: u64,
    /// Agent expressions; a hit is reported when one is non-zero or fails.
    pub conditions: Vec<Box<[u8]>>,
}

/// The debug registers of a process.
#[derive(Clone, Debug, Default)]
pub struct DebugRegisters {
    slots: [Option<Watch>; SLOTS],
    generation: u32,
}

impl DebugRegisters {
    /// Whether no register is in use.
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(Option::is_none)
    }

    /// Returns the number of changes so far; a thread written at another number is out of date.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the use of one register.
    pub fn find(&self, slot: usize) -> Option<&Watch> {
        self.slots.get(slot).and_then(Option::as_ref)
    }

    /// Whether execution at `address` is trapped.
    pub fn executes_at(&self, address: u64) -> bool {
        let matches = |watch: &Watch| watch.kind == WatchKind::Execute && watch.address == address;
        self.slots.iter().flatten().any(matches)
    }

    /// Takes a free register, or gives the one in use for the same bytes new conditions.
    pub fn add(&mut self, mut watch: Watch) -> Result<(), &'static str> {
        watch.size = watch.kind.watched_size(watch.size);
        if !matches!(watch.size, 1 | 2 | 4 | 8) || !watch.address.is_multiple_of(watch.size) {
            return Err("a debug register watches 1, 2, 4 or 8 aligned bytes");
        }
        let same = |other: &&mut Option<Watch>| {
            other.as_ref().is_some_and(|o| {
                (o.kind, o.address, o.size) == (watch.kind, watch.address, watch.size)
            })
        };
        if let Some(Some(old)) = self.slots.iter_mut().find(same) {
            old.conditions = watch.conditions;
            return Ok(());
        }
        let free = self.slots.iter_mut().find(|slot| slot.is_none());
        *free.ok_or("all four debug registers are in use")? = Some(watch);
        self.generation += 1;
        Ok(())
    }

    /// Frees a register; unknown ones are fine.
    pub fn remove(&mut self, kind: WatchKind, address: u64, size: u64) {
        let size = kind.watched_size(size);
        for slot in &mut self.slots {
            let found =
                |watch: &Watch| (watch.kind, watch.address, watch.size) == (kind, address, size);
            if slot.as_ref().is_some_and(found) {
                *slot = None;
                self.generation += 1;
            }
        }
    }

    /// Frees all registers.
    pub fn clear(&mut self) {
        self.slots = [const { None }; SLOTS];
        self.generation += 1;
    }

    /// Writes the registers of one stopped thread.
    pub fn write(&self, tid: Tid) -> ptrace::Result<()> {
        // Off first: the kernel checks each address against the conditions still enabled.
        disarm(tid)?;
        ptrace::write_debug_register(tid, STATUS, 0)?;
        for (index, slot) in self.slots.iter().enumerate() {
            ptrace::write_debug_register(tid, index, slot.as_ref().map_or(0, |w| w.address))?;
        }
        self.arm(tid)
    }

    /// Enables the registers of one stopped thread, which has their addresses; which of them have
    /// triggered stays noted.
    pub fn arm(&self, tid: Tid) -> ptrace::Result<()> {
        match self.control() {
            0 => Ok(()),
            control => ptrace::write_debug_register(tid, CONTROL, control | CONTROL_BASE),
        }
    }

    /// Returns the bits of DR7 for the registers in use.
    fn control(&self) -> u64 {
        let mut control = 0;
        for (index, slot) in self.slots.iter().enumerate() {
            if let Some(watch) = slot {
                let length = match watch.size {
                    1 => 0b00,
                    2 => 0b01,
                    4 => 0b11,
                    _ => 0b10,
                };
                control |= 1 << (index * 2);
                control |= (watch.kind.bits() | length << 2) << (16 + index * 4);
            }
        }
        control
    }
}

/// Disables the registers of one stopped thread, which keeps their addresses and which of them
/// have triggered.
pub fn disarm(tid: Tid) -> ptrace::Result<()> {
    ptrace::write_debug_register(tid, CONTROL, 0)
}

/// Reads and clears which registers have triggered, bit `n` for register `n`.
pub fn take_triggered(tid: Tid) -> ptrace::Result<u64> {
    let status = ptrace::read_debug_register(tid, STATUS)?;
    if status & 0xf != 0 {
        ptrace::write_debug_register(tid, STATUS, 0)?;
    }
    Ok(status & 0xf)
}

/// Whether one stopped thread has anything in them, be it disabled.
pub fn are_in_use(tid: Tid) -> ptrace::Result<bool> {
    for index in (0..SLOTS).chain([CONTROL]) {
        if ptrace::read_debug_register(tid, index)? & !CONTROL_BASE != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Clears the registers of one stopped thread.
pub fn clear(tid: Tid) -> ptrace::Result<()> {
    DebugRegisters::default().write(tid)
}
