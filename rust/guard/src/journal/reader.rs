//! Reading a journal whose guard is dead, and leaving in it what was done about it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::folder::Entry;
use super::record::{HeldSignal, SavedThread, Slot, Trap};
use super::{INCOMPLETE_AT, MAGIC, OUTCOME_AT, OUTCOME_SIZE, table};
use crate::os::ptrace::Tid;

/// What a guard has left in a program.
#[derive(Clone, Default)]
pub struct Remains {
    /// Trap bytes.
    pub traps: Vec<Trap>,
    /// Relocated instructions.
    pub slots: Vec<Slot>,
    /// States of threads that run what they were made to run.
    pub threads: Vec<SavedThread>,
    /// Signals that were not delivered.
    pub signals: Vec<HeldSignal>,
    /// There may be more.
    pub is_incomplete: bool,
}

impl Remains {
    /// Reads a journal.
    ///
    /// # Errors
    /// It cannot be read, or is of another version.
    pub fn read(file: &File) -> io::Result<Self> {
        let mut magic = MAGIC;
        file.read_exact_at(&mut magic, 0)?;
        if magic != MAGIC {
            let text = "the journal is of another version of crabtrap";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let mut is_incomplete = [0];
        file.read_exact_at(&mut is_incomplete, INCOMPLETE_AT)?;
        Ok(Self {
            traps: table::read(file)?,
            slots: table::read(file)?,
            threads: table::read(file)?,
            signals: table::read(file)?,
            is_incomplete: is_incomplete != [0],
        })
    }

    /// Reads a journal of process `pid`, with the numbers that its threads have here.
    ///
    /// # Errors
    /// As [`Remains::read`], or the process is gone.
    pub fn of(pid: Tid, entry: &Entry) -> io::Result<Self> {
        let mut remains = Self::read(&entry.file)?;
        if !(remains.threads.is_empty() && remains.signals.is_empty()) {
            let numbers = entry.identity.numbers_here(pid)?;
            // Threads that have ended need nothing any more.
            remains.threads = renumbered(remains.threads, &numbers, |thread| &mut thread.tid);
            remains.signals = renumbered(remains.signals, &numbers, |held| &mut held.tid);
        }
        Ok(remains)
    }
}

/// Gives records the numbers of their threads that `numbers` has, and leaves out the others.
fn renumbered<R>(
    records: Vec<R>,
    numbers: &HashMap<Tid, Tid>,
    thread_of: impl Fn(&mut R) -> &mut Tid,
) -> Vec<R> {
    let each = records.into_iter();
    each.filter_map(|mut record| {
        let tid = thread_of(&mut record);
        *tid = *numbers.get(tid)?;
        Some(record)
    })
    .collect()
}

/// Reads the traps alone, where they may be lifted before threads are stopped: a thread that
/// was made to call a function returns to a trap, which must stay until it is put back.
pub fn read_traps_to_lift(file: &File) -> io::Result<Vec<Trap>> {
    if table::is_empty::<SavedThread>(file)? {
        table::read(file)
    } else {
        Ok(Vec::new())
    }
}

/// Writes down the outcome of a repair, for those who ask later.
///
/// # Errors
/// It is too long, or cannot be written.
pub fn write_outcome(file: &File, text: &str) -> io::Result<()> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() >= OUTCOME_SIZE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    bytes.resize(OUTCOME_SIZE, 0);
    file.write_all_at(&bytes, OUTCOME_AT)
}

/// Reads what [`write_outcome`] has written, if anything.
///
/// # Errors
/// It cannot be read.
pub fn read_outcome(file: &File) -> io::Result<Option<String>> {
    let mut bytes = [0; OUTCOME_SIZE];
    file.read_exact_at(&mut bytes, OUTCOME_AT)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    Ok((end != 0).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::super::Journal;
    use super::*;

    #[test]
    fn what_was_noted_is_read_and_the_outcome_too() {
        // Any number that no process has: the folder refuses it, and memory serves.
        let mut journal = Journal::create(Tid::MAX).unwrap();
        let trap = Trap {
            address: 0x40_1000,
            original: 0x55,
        };
        journal.note(&trap);
        let file = journal.duplicate().unwrap();
        assert_eq!(Remains::read(&file).unwrap().traps.len(), 1);
        assert_eq!(read_traps_to_lift(&file).unwrap(), [trap]);
        assert_eq!(read_outcome(&file).unwrap(), None);
        write_outcome(&file, "done").unwrap();
        assert_eq!(read_outcome(&file).unwrap().as_deref(), Some("done"));
        journal.forget::<Trap>(0x40_1000);
        assert_eq!(Remains::read(&file).unwrap().traps, []);
        journal.close();
        assert!(!journal.is_kept());
    }
}
