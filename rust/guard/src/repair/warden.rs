//! The warden: a small process that waits for the guard's death and repairs at once.
//!
//! Threads run into traps as soon as nobody is there to catch them, so it is a matter of
//! microseconds.  The warden learns of the death before the kernel lets go of the program
//! ([`DeathLock`]), and lifts the traps through `/proc/PID/mem`, which needs no stopped thread.
//! Whatever does need one follows when the guard is gone for good.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use log::{LevelFilter, debug};

use super::{Outcome, repair_by_journal};
use crate::breakpoints::sites::TRAP;
use crate::journal::identity::Identity;
use crate::journal::record::Trap;
use crate::journal::{Journal, reader};
use crate::os::death_lock::DeathLock;
use crate::os::helper::{self, Helper};
use crate::os::memory::Memory;
use crate::os::procfs;
use crate::os::ptrace::Tid;

/// Its name, by which others know that a program is being repaired.
pub const NAME: &std::ffi::CStr = c"crabtrap-warden";

/// Posts a warden beside a process.
///
/// # Errors
/// The kernel refuses another process, or a descriptor.
pub fn post(pid: Tid, journal: &Journal) -> io::Result<Helper> {
    let lock = DeathLock::of_this_process()?;
    let guard = helper::open_process(std::process::id() as Tid)?;
    let identity = Identity::of(pid)?;
    let file = journal.duplicate()?;
    let kept = [file.as_raw_fd(), guard.as_raw_fd()];
    let warden = Helper::fork(NAME, &kept, || {
        // The log's descriptor is closed.
        log::set_max_level(LevelFilter::Off);
        hurry();
        if lock.wait_for_death().is_err() {
            return;
        }
        let lifted = lift_traps(pid, &file);
        helper::wait_for_end(&guard);
        let outcome = if identity.is_alive() {
            repair_by_journal(pid, &file)
        } else {
            Outcome::Gone { pid }
        };
        // Whoever looks for the outcome and finds none repairs once more, which does no harm.
        let _ = reader::write_outcome(&file, &outcome.by_warden(lifted).to_json());
    })?;
    debug!("a warden is posted beside {pid}");
    Ok(warden)
}

/// Lifts traps while threads may run, each of which is one byte; returns how many.
fn lift_traps(pid: Tid, file: &File) -> usize {
    let traps = reader::read_traps_to_lift(file).unwrap_or_default();
    let Some(memory) = open_memory(pid) else {
        return 0;
    };
    // What cannot be written now is tried again with the threads stopped.
    let is_lifted = |trap: &&Trap| {
        memory.read_byte(trap.address) == Some(TRAP)
            && memory.write(trap.address, &[trap.original]).is_ok()
    };
    traps.iter().filter(is_lifted).count()
}

/// Opens a process's memory, through another thread where its leader has exited.
fn open_memory(pid: Tid) -> Option<Memory> {
    if let Ok(memory) = Memory::open(pid, pid) {
        return Some(memory);
    }
    let tasks = procfs::tasks(pid).unwrap_or_default();
    tasks.iter().find_map(|tid| Memory::open(pid, *tid).ok())
}

/// Has the kernel run this process before others, where it lets it: it sleeps all its life
/// but for a moment.
fn hurry() {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: the structure outlives the calls.
    unsafe {
        if libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) == -1 {
            libc::setpriority(libc::PRIO_PROCESS, 0, -20);
        }
    }
}
