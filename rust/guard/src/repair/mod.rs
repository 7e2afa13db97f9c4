//! Repairing programs whose guard was killed: attaching to them, taking out what was left, and
//! letting them go.
//!
//! [`warden`] does so the moment the guard dies; whoever comes later does what it could not do.
//! Both go through [`Tracer`], as any session does.

mod outcome;
mod strays;
pub mod warden;

use std::fs::{self, File};
use std::io;

use crate::journal::folder::{self, Found};
use crate::journal::reader::{self, Remains};
use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::trace::tracer::Tracer;

pub use outcome::Outcome;

/// Repairs every process that has an orphaned journal.
///
/// # Errors
/// The folder of journals cannot be read.
pub fn repair_orphans() -> io::Result<Vec<Outcome>> {
    let mut orphans = folder::list()?;
    orphans.retain(|identity| matches!(folder::find(identity.pid), Ok(Found::Orphan(_))));
    let each = orphans.iter().map(|identity| repair(identity.pid));
    Ok(each.collect())
}

/// Repairs one process, by its journal and by the files of its code.
pub fn repair(pid: Tid) -> Outcome {
    if has_ended(pid) {
        return Outcome::Gone { pid };
    }
    repair_living(pid).unwrap_or_else(|text| {
        if has_ended(pid) {
            Outcome::Gone { pid }
        } else {
            Outcome::Refused { pid, text }
        }
    })
}

fn repair_living(pid: Tid) -> Result<Outcome, String> {
    refuse_traced(pid)?;
    let describe = |error: io::Error| error.to_string();
    let entry = match folder::find(pid).map_err(describe)? {
        Found::None => return mend(pid, Remains::default(), true),
        Found::Orphan(entry) => entry,
        // By the warden: the guard itself is not there any more, or it would trace.
        Found::Kept(entry) => {
            folder::wait_for_orphan(&entry.file).map_err(describe)?;
            entry
        }
    };
    let outcome = match reader::read_outcome(&entry.file).map_err(describe)? {
        Some(text) => Outcome::already(pid, &entry.identity, &text),
        None => mend(pid, Remains::of(pid, &entry).map_err(describe)?, true)?,
    };
    fs::remove_file(entry.path).map_err(describe)?;
    Ok(outcome)
}

/// Repairs a process by what its journal says.
fn repair_by_journal(pid: Tid, file: &File) -> Outcome {
    let remains = Remains::read(file).map_err(|error| error.to_string());
    let outcome = remains.and_then(|remains| mend(pid, remains, false));
    outcome.unwrap_or_else(|text| Outcome::Refused { pid, text })
}

/// Whether a process has ended, or will at once: one that was launched ends with its guard.
fn has_ended(pid: Tid) -> bool {
    let status = procfs::status(pid);
    !status.is_ok_and(|status| !matches!(status.state, b'Z' | b'X'))
}

/// Refuses a process that somebody traces, unless it is being repaired.
fn refuse_traced(pid: Tid) -> Result<(), String> {
    let status = procfs::status(pid).map_err(|error| error.to_string())?;
    let name = procfs::comm(status.tracer);
    if status.tracer == 0 || name.as_bytes() == warden::NAME.to_bytes() {
        return Ok(());
    }
    let tracer = status.tracer;
    Err(format!(
        "process {pid} is being debugged by {name} (pid {tracer}), which takes out what it has put in"
    ))
}

/// Stops a process, takes out what is left in it, and lets it go.
///
/// # Errors
/// A sentence that says why it cannot be stopped.
fn mend(pid: Tid, mut remains: Remains, compares_files: bool) -> Result<Outcome, String> {
    let mut unknown = Vec::new();
    if compares_files || remains.is_incomplete {
        // Before anything is stopped: it may take a while.  Where it fails, so does attaching,
        // which knows the reasons.
        let strays = strays::find(pid).unwrap_or_default();
        let is_noted = |at| remains.traps.iter().any(|trap| trap.address == at);
        let new = strays
            .traps
            .into_iter()
            .filter(|trap| !is_noted(trap.address));
        let new: Vec<_> = new.collect();
        remains.traps.extend(new);
        unknown = strays.unknown;
    }
    let mut tracer = Tracer::default();
    let mended = match tracer.attach_and_mend(pid, remains) {
        Ok(mended) => mended,
        Err(_) if has_ended(pid) => return Ok(Outcome::Gone { pid }),
        Err(text) => return Err(text),
    };
    tracer
        .detach(pid)
        .map_err(|error| error.desc().to_owned())?;
    Ok(Outcome::Done {
        pid,
        is_by_warden: false,
        mended,
        unknown,
    })
}
